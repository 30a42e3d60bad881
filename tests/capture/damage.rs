//! Damaged and cut files.

use finrst::capture::Status;

use crate::build::{Bytes, EPOCH, MICRO, MODIFIED, data, header, pcap, pcapng, record};
use crate::{assert_same_in_pieces, read, try_read};

type Damage = fn(&mut Vec<u8>);

fn stamp(n: u32) -> u64 {
    u64::from(EPOCH + n) * 1_000_000
}

/// Ten sound packets, `middle`, ten sound packets.
fn around(middle: &[u8]) -> Vec<u8> {
    let mut file = Bytes::new(false).section().interface(1, 0, &|o| o);
    for n in 0..10 {
        file = file.enhanced(0, stamp(n), &data(n));
    }
    file = file.raw(middle);
    for n in 10..20 {
        file = file.enhanced(0, stamp(n), &data(n));
    }
    file.out
}

fn one() -> Vec<u8> {
    Bytes::new(false).enhanced(0, stamp(9), &data(3)).out
}

#[test]
fn one_damaged_block_costs_one_block() {
    let damages: [(&str, Damage); 7] = [
        ("captured length beyond the block", |b| {
            b[20..24].copy_from_slice(&u32::MAX.to_le_bytes());
        }),
        ("captured length a little beyond", |b| b[20] = 0xf0),
        ("length 0", |b| b[4..8].fill(0)),
        ("length 8", |b| b[4] = 8),
        ("odd length", |b| b[4] += 1),
        ("length of 4 GiB", |b| b[4..8].fill(0xff)),
        ("trailer", |b| *b.last_mut().expect("trailer") ^= 0x55),
    ];
    for (name, damage) in damages {
        let mut block = one();
        damage(&mut block);
        let bytes = around(&block);
        let outcome = read(&bytes);
        assert_eq!(outcome.frames.len(), 20, "{name}");
        assert_eq!(outcome.status(), Status::Recovered, "{name}");
        assert_eq!(outcome.files[0].records_bad, 1, "{name}");
        assert_eq!(outcome.files[0].bytes_skipped, block.len() as u64, "{name}");
        assert_eq!(outcome.issues.count("block_damaged"), 1, "{name}");
        assert_same_in_pieces(name, &bytes);
    }
}

#[test]
fn a_length_that_points_past_the_end_is_damage_and_no_cut() {
    let mut block = one();
    block[4..8].copy_from_slice(&0x0010_0000_u32.to_le_bytes());
    let outcome = read(&around(&block));
    assert_eq!((outcome.frames.len(), outcome.status()), (20, Status::Recovered));
}

#[test]
fn a_lost_interface_keeps_the_numbers_of_the_others() {
    let mut lost = Bytes::new(false).interface(7, 0, &|o| o).out;
    lost[4] = 0;
    let bytes = Bytes::new(false).section().interface(1, 0, &|o| o).raw(&lost);
    let bytes = bytes.interface(101, 0, &|o| o).enhanced(2, 5, b"ip").enhanced(1, 5, b"??").out;
    let outcome = read(&bytes);
    let links: Vec<u16> = outcome.frames.iter().map(|f| f.link).collect();
    assert_eq!(links, [101, u16::MAX]);
}

#[test]
fn rubbish_at_the_end_is_corrupt() {
    let bytes = [pcapng(false, 5), b"this is no block at all, but plain text".to_vec()].concat();
    let outcome = read(&bytes);
    assert_eq!((outcome.frames.len(), outcome.status()), (5, Status::Corrupt));
    assert_same_in_pieces("rubbish", &bytes);
}

#[test]
fn a_cut_packet_is_not_searched_for_packets() {
    let inner = pcapng(false, 3);
    let bytes = Bytes::new(false).section().interface(1, 0, &|o| o).enhanced(0, 5, b"real");
    let bytes = bytes.enhanced(0, 6, &[inner, vec![0; 64]].concat()).out;
    let outcome = read(&bytes[..bytes.len() - 40]);
    assert_eq!((outcome.frames.len(), outcome.status()), (1, Status::TruncatedTail));
    let issue = &outcome.issues.examples()[0];
    assert_eq!((issue.kind, issue.packet), ("truncated_tail", Some(2)));
}

#[test]
fn classic_damage_stops_and_says_where() {
    let mut bytes = pcap(false, MICRO, 3);
    let offset = bytes.len();
    bytes =
        [bytes, record(Bytes::new(false), EPOCH, 0, (64 << 20, 64 << 20), &[1; 70]).out].concat();
    let outcome = read(&bytes);
    let file = &outcome.files[0];
    assert_eq!((outcome.frames.len(), file.status), (3, Status::Corrupt));
    assert_eq!((file.stopped_at, file.bytes_tail, file.records_bad), (Some(offset as u64), 86, 1));
    assert_eq!(outcome.issues.examples()[0].packet, Some(4));
    assert_same_in_pieces("classic damage", &bytes);
}

#[test]
fn zeros_are_no_packets() {
    let good = pcap(false, MICRO, 11);
    let tail = [good.clone(), vec![0; 65_536]].concat();
    let outcome = read(&tail);
    assert_eq!((outcome.frames.len(), outcome.status()), (11, Status::TruncatedTail));
    assert_eq!(outcome.files[0].bytes_tail, 65_536);
    assert_same_in_pieces("zero tail", &tail);
    let hole = [good.clone(), vec![0; 4096], good[24..].to_vec()].concat();
    let outcome = read(&hole);
    assert_eq!((outcome.frames.len(), outcome.status()), (22, Status::Recovered));
    assert_eq!((outcome.files[0].bytes_skipped, outcome.files[0].records_bad), (4096, 1));
    assert_same_in_pieces("hole", &hole);
    // An empty record that has a length on the wire is a packet.
    let empty = record(header(true, MICRO, (2, 4), 1), EPOCH, 0, (0, 60), b"");
    assert_eq!(read(&empty.out).frames.len(), 1);
}

#[test]
fn every_prefix_gives_a_prefix() {
    let files = [
        pcap(false, MICRO, 6),
        pcap(true, MODIFIED, 6),
        pcapng(false, 6),
        [pcapng(true, 3), pcapng(false, 3)].concat(),
        around(&one()[..20]),
    ];
    for bytes in files {
        let whole = read(&bytes).frames;
        for end in 0..bytes.len() {
            let Ok(outcome) = try_read(&bytes[..end], 64) else {
                assert!(end < 28, "refused at {end}");
                continue;
            };
            assert!(whole.starts_with(&outcome.frames), "frames of the first {end} bytes");
        }
    }
}

#[test]
fn many_interfaces_are_bounded() {
    let one = Bytes::new(false).interface(1, 0, &|o| o).out;
    let section = |interfaces| Bytes::new(false).section().raw(&one.repeat(interfaces)).out;
    let outcome = read(&section(70_000));
    assert_eq!(outcome.interfaces.len(), 65_536);
    assert_eq!(outcome.issues.count("interface_limit"), 70_000 - 65_536);
    let outcome = read(&[section(60_000), section(60_000)].concat());
    assert_eq!(outcome.interfaces.len(), 100_000);
    assert_eq!(outcome.issues.count("interface_limit"), 20_000);
}

#[test]
fn texts_are_bounded_and_what_is_cut_is_counted() {
    let long = vec![b'x'; 3000];
    let section = |comments: usize| {
        let body = Bytes::new(false).u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX);
        let body = (0..comments).fold(body, |body, _| body.option(1, &long));
        Bytes::new(false).block(0x0a0d_0d0a, &body).out
    };
    let outcome = read(&section(10));
    let texts = &outcome.files[0].sections[0].comments;
    assert_eq!((texts.len(), texts[0].len()), (10, 2048));
    assert_eq!(outcome.issues.count("text_limit"), 10);
    let texts = &read(&section(70)).files[0].sections[0].comments;
    assert!(texts.iter().map(String::len).sum::<usize>() <= 64 * 1024);
    let outcome = read(&section(20).repeat(1100));
    let file = &outcome.files[0];
    assert_eq!((file.sections.len(), outcome.issues.count("section_limit")), (1024, 76));
    let all: usize = file.sections.iter().flat_map(|s| &s.comments).map(String::len).sum();
    assert!(all <= 16 << 20, "{all}");
}

#[test]
fn options_are_bounded_and_forgiving() {
    let long = Bytes::new(false).section().interface(1, 0, &|mut o| {
        for _ in 0..1_000_000 {
            o = o.option(2, b"");
        }
        o
    });
    assert_eq!(read(&long.out).interfaces.len(), 1);
    let over = Bytes::new(false).section();
    let over = over.interface(1, 0, &|o| o.option(9, &[9]).u16(2).u16(4000)).enhanced(0, 7, b"x");
    let outcome = read(&over.out);
    assert_eq!((outcome.times(), outcome.issues.count("option_damaged")), (vec![Some(7)], 1));
    let wrong = Bytes::new(false).section().interface(1, 0, &|o| o.option(9, &[9, 0, 0, 0]));
    assert_eq!(read(&wrong.enhanced(0, 7, b"x").out).times(), [Some(7000)]);
}

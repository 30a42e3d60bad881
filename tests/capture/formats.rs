//! Sound files of every variant.

use finrst::capture::{Direction, NO_INTERFACE, Status};

use crate::build::{Bytes, EPOCH, MICRO, MODIFIED, NANO, data, header, pcap, pcapng, record};
use crate::{assert_same_in_pieces, read, refusal};

const SECOND: i64 = 1_000_000_000;

#[test]
fn classic_in_both_byte_orders_and_three_magics() {
    for big in [false, true] {
        for (magic, unit) in [(MICRO, 1000), (NANO, 1), (MODIFIED, 1000)] {
            let bytes = pcap(big, magic, 600);
            let outcome = read(&bytes);
            assert_eq!(outcome.frames.len(), 600);
            for (frame, n) in outcome.frames.iter().zip(0..) {
                assert_eq!(frame.time, Some(i64::from(EPOCH + n) * SECOND + i64::from(n) * unit));
                assert_eq!(frame.data, data(n));
                assert_eq!(frame.original_length as usize, data(n).len() + 10);
                assert_eq!((frame.interface, frame.link), (0, 1));
            }
            let file = &outcome.files[0];
            assert_eq!((file.status, file.format), (Status::Complete, "pcap"));
            assert_eq!(file.byte_order, if big { "big" } else { "little" });
            assert_eq!(file.bytes_total, bytes.len() as u64);
            assert_eq!(outcome.interfaces[0].packets, 600);
            assert!(outcome.issues.examples().is_empty(), "{:?}", outcome.issues);
            assert_same_in_pieces("classic", &bytes);
        }
    }
}

#[test]
fn versions_up_to_2_3_stored_the_lengths_the_other_way() {
    for (version, lengths) in [
        ((2, 2), (60, 4)),
        ((543, 0), (60, 4)),
        ((2, 3), (60, 4)),
        ((2, 3), (4, 60)),
        ((2, 4), (4, 60)),
    ] {
        let file = header(false, MICRO, version, 1);
        let outcome = read(&record(file, 1, 2, lengths, b"data").out);
        assert_eq!(outcome.frames[0].data, b"data", "version {version:?}");
        assert_eq!(outcome.frames[0].original_length, 60);
    }
    assert!(refusal(&header(false, MICRO, (1, 0), 1).out).contains("version 1.0"));
    let unknown = record(header(false, MICRO, (9, 9), 1), 1, 2, (4, 4), b"data");
    assert_eq!(read(&unknown.out).issues.count("pcap_version"), 1);
}

#[test]
fn check_sequence_bits_are_no_link_type() {
    let outcome = read(&header(true, MICRO, (2, 4), 0x2400_0001).out);
    assert_eq!((outcome.interfaces[0].link.0, outcome.interfaces[0].fcs_length), (1, Some(4)));
    assert_eq!(outcome.status(), Status::Empty);
}

#[test]
fn odd_fields_are_kept_and_noted() {
    let file = header(false, MICRO, (2, 4), 1);
    let file = record(file, EPOCH, 2_000_000, (4, 2), b"data");
    let file = record(file, u32::MAX, 0, (0, 60), b"");
    let outcome = read(&record(file, EPOCH, 0, (4, 4), b"data").out);
    assert_eq!(outcome.frames[0].original_length, 4);
    assert_eq!(outcome.frames[0].time, Some((i64::from(EPOCH) + 2) * SECOND));
    assert_eq!(outcome.frames[1].time, Some(i64::from(u32::MAX) * SECOND));
    for kind in ["time_fraction", "captured_longer", "time_backward"] {
        assert_eq!(outcome.issues.count(kind), 1, "{kind}");
    }
    let step = u64::from(u32::MAX - EPOCH) * 1_000_000_000;
    assert_eq!(outcome.files[0].max_backstep, step);
    assert_eq!(outcome.issues.examples()[0].packet, Some(1));
}

#[test]
fn a_million_blocks_without_a_packet_are_worth_a_word() {
    // The section and the interface are two of them.
    for (blocks, said) in [(999_997, 0), (999_998, 1)] {
        let mut file = Bytes::new(false).section().interface(1, 0, &|o| o).out;
        for _ in 0..blocks {
            file.extend([0xad, 0x0b, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0]);
        }
        let outcome = read(&file);
        assert_eq!(outcome.issues.count("many_blocks"), said);
        assert_eq!(outcome.files[0].blocks.total(), blocks + 2);
    }
}

/// Every kind of block, options and all.
fn rich(big: bool) -> Vec<u8> {
    let order = |v: u64| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let head = Bytes::new(big)
        .u32(0x1a2b_3c4d)
        .u16(1)
        .u16(0)
        .u64(u64::MAX)
        .option(1, b"a note")
        .option(2, b"machine")
        .option(3, b"system")
        .option(4, b"program")
        .option(0, b"")
        .option(1, b"behind the end");
    let counters = Bytes::new(big)
        .u32(1)
        .u64(0)
        .option(4, &order(1000))
        .option(5, &order(42))
        .option(6, &order(900))
        .option(7, &order(3))
        .option(8, &order(800));
    let text = Bytes::new(big).raw(b"something");
    let flags = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    Bytes::new(big)
        .block(0x0a0d_0d0a, &head)
        .interface(1, 0, &|o| o.option(2, b"eth0").option(9, &[9]).option(14, &order(3600)))
        .interface(101, 20, &|o| {
            o.option(3, b"tunnel").option(9, &[0x94]).option(11, b"\0tcp").option(12, b"Linux")
        })
        .enhanced_with(0, 5, b"first", &|o| o.option(2, &flags(1)).option(4, &order(7)))
        .enhanced_with(1, 3 << 20, b"second", &|o| o.option(1, b"note").option(2, &flags(2)))
        .block(4, &text.clone().pad())
        .simple(60, b"third")
        .old(1, 2, 1 << 19, b"fourth")
        .block(5, &counters)
        .block(10, &text.clone().pad())
        .block(0xbad, &text.clone().pad())
        .block(0x4000_0bad, &text.clone().pad())
        .block(0x8000_0001, &Bytes::new(big))
        .old(0, 0xffff, 9, b"fifth")
        .out
}

#[test]
fn every_kind_of_block_in_both_byte_orders() {
    for big in [false, true] {
        let mut bytes = rich(big);
        // The simple packet holds 60 bytes of which 5 came: a contradiction, hence a bad block.
        let outcome = read(&bytes);
        assert_eq!(outcome.files[0].records_bad, 1);
        let at = bytes.windows(5).position(|w| w == b"third").expect("simple packet") - 4;
        bytes[at..at + 4].copy_from_slice(&if big {
            5_u32.to_be_bytes()
        } else {
            5_u32.to_le_bytes()
        });
        let outcome = read(&bytes);
        let datas: Vec<&[u8]> = outcome.frames.iter().map(|f| &f.data[..]).collect();
        assert_eq!(datas, [&b"first"[..], b"second", b"third", b"fourth", b"fifth"]);
        let shift = 3600 * SECOND;
        assert_eq!(
            outcome.times(),
            [Some(shift + 5), Some(3 * SECOND), None, Some(SECOND / 2), Some(shift + 9)]
        );
        assert_eq!(outcome.frames[0].direction, Direction::Inbound);
        assert_eq!(outcome.frames[1].direction, Direction::Outbound);
        let [first, second] = &outcome.interfaces[..] else { panic!("two interfaces") };
        assert_eq!(
            (&first.name[..], &first.resolution[..], first.drops.between_packets),
            ("eth0", "ns", 7)
        );
        assert_eq!((second.link.0, second.snap_length, &second.filter[..]), (101, 20, "tcp"));
        assert_eq!((&second.resolution[..], second.drops.between_packets), ("2^-20 s", 2));
        assert_eq!(second.drops.interface_dropped, Some(42));
        assert_eq!((second.drops.received, second.drops.delivered), (Some(1000), Some(800)));
        assert_eq!((second.packets, first.packets), (2, 3));
        let file = &outcome.files[0];
        assert_eq!((file.status, file.format, file.packets), (Status::Complete, "pcapng", 5));
        assert_eq!((file.blocks.custom, file.blocks.unknown, file.blocks.total()), (2, 1, 9));
        let section = &file.sections[0];
        assert_eq!((&section.hardware[..], &section.os[..]), ("machine", "system"));
        assert_eq!(
            (&section.application[..], &section.comments[..]),
            ("program", &["a note".to_owned()][..])
        );
        assert_same_in_pieces("rich", &bytes);
    }
}

#[test]
fn sections_start_over() {
    let bytes = [pcapng(false, 3), pcapng(true, 4), pcapng(false, 0)].concat();
    let outcome = read(&bytes);
    let rows: Vec<u32> = outcome.frames.iter().map(|f| f.interface).collect();
    assert_eq!(rows, [0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(outcome.interfaces[1].section, 1);
    assert_eq!(outcome.files[0].blocks.sections, 3);
    assert_eq!(outcome.files[0].time_backward, 1);
    assert_same_in_pieces("sections", &bytes);
}

#[test]
fn a_packet_of_no_interface_is_delivered_as_such() {
    let bytes = Bytes::new(false).section().enhanced(0, 5, b"lost").interface(1, 0, &|o| o);
    let outcome = read(&bytes.enhanced(1, 5, b"lost too").enhanced(0, 5, b"found").out);
    let rows: Vec<u32> = outcome.frames.iter().map(|f| f.interface).collect();
    assert_eq!(rows, [NO_INTERFACE, NO_INTERFACE, 0]);
    assert_eq!(outcome.issues.count("undefined_interface"), 2);
}

#[test]
fn times_that_do_not_fit_are_absent() {
    let bytes = Bytes::new(false).section().interface(1, 0, &|o| o.option(9, &[0])).enhanced(
        0,
        u64::MAX,
        b"x",
    );
    let outcome = read(&bytes.out);
    assert_eq!(outcome.times(), [None]);
    assert_eq!(outcome.issues.count("time_out_of_range"), 1);
}

#[test]
fn other_things_are_refused_by_name() {
    for (bytes, words) in [
        (&b""[..], "empty file, no capture header"),
        (b"\x7fELF\x02\x01", "ELF"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"{\"a\": 1}", "JSON"),
        (b"No. Time Source", "text"),
        (b"PK\x03\x04zip", "zip"),
        (b"snoop\0\0\0\0\0\0\x02", "snoop"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"\xde\xad\xbe\xef\0\0\0\x01", "de ad be ef"),
        (b"\0\0\0\0", "zeros"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0", "cut short after 10 of 24 bytes"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "cut short after 8 bytes"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x12\x34\x56\x78", "byte-order magic is 0x12345678"),
    ] {
        let text = refusal(bytes);
        assert!(text.contains(words), "{text:?} should contain {words:?}");
    }
}

#[test]
fn a_fraction_of_a_second_is_less_than_one() {
    for (magic, units) in [(MICRO, 1_000_000), (NANO, 1_000_000_000)] {
        for (fraction, noted) in [(units - 1, 0), (units, 1)] {
            let file = header(false, magic, (2, 4), 1);
            let outcome = read(&record(file, EPOCH, fraction, (4, 4), b"data").out);
            assert_eq!(outcome.issues.count("time_fraction"), noted, "{fraction} of {units}");
            assert_eq!(outcome.issues.count("captured_longer"), 0);
        }
    }
}

#[test]
fn a_record_has_262144_octets_at_most() {
    for (length, frames) in [(262_144, 1), (262_145, 0)] {
        let data = vec![7; length as usize];
        let file = record(header(false, MICRO, (2, 4), 1), EPOCH, 0, (length, length), &data);
        assert_eq!(read(&file.out).frames.len(), frames, "{length} bytes");
    }
}

#[test]
fn captured_longer_than_the_packet_is_noted_from_the_first_octet_on() {
    for (original, noted) in [(4, 0), (3, 1)] {
        let file = record(header(false, MICRO, (2, 4), 1), EPOCH, 0, (4, original), b"data");
        assert_eq!(read(&file.out).issues.count("captured_longer"), noted);
    }
}

#[test]
fn options_of_a_packet_are_read_to_their_last_four_octets() {
    // One that says it is longer than the room that is left.
    let cut = |body: Bytes| body.u16(2).u16(4);
    let none = |body: Bytes| body;
    for (options, noted) in [(&cut as &dyn Fn(Bytes) -> Bytes, 1), (&none, 0)] {
        let file = Bytes::new(false).section().interface(1, 0, &|o| o);
        let outcome = read(&file.enhanced_with(0, 5, b"data", options).out);
        let issues: u64 = outcome.issues.examples().len() as u64;
        assert_eq!((outcome.frames.len(), issues), (1, noted));
    }
}

#[test]
fn a_block_is_filled_to_its_last_octet() {
    for data in [&b"data"[..], b"dat", b""] {
        let length = u32::try_from(data.len()).unwrap();
        let file = Bytes::new(false).section().interface(1, 0, &|o| o);
        let outcome = read(&file.enhanced(0, 5, data).simple(length, data).old(0, 0, 5, data).out);
        let datas: Vec<&[u8]> = outcome.frames.iter().map(|f| &f.data[..]).collect();
        assert_eq!((datas, outcome.files[0].records_bad), (vec![data; 3], 0));
    }
}

//! Copies with comments: packets and blocks stay as they are, and comments are all that comes.

use finrst::capture::{Annotator, MARK, Placed, ReadOptions, Reader, Source, Status};
use proptest::prelude::*;

use crate::build::{Bytes, EPOCH, MICRO, MODIFIED, NANO, data, header, pcap, pcapng, record};
use crate::{Outcome, Owned, drain, read};

const ABOUT: &str = "rules 1";

/// A copy, with a comment on each packet that the function has one for.
fn copied(
    sources: &[&[u8]],
    chunk: usize,
    comment: impl Fn(u64) -> Option<String>,
) -> (Vec<u8>, Placed) {
    let named = (b'a'..).zip(sources);
    let sources = named.map(|(name, bytes)| Source::bytes(char::from(name), *bytes)).collect();
    let options = ReadOptions { chunk, keep_blocks: true, ..ReadOptions::default() };
    let mut reader = Reader::open(sources, options).unwrap();
    let files: Vec<String> = reader.files().iter().map(|file| file.name.clone()).collect();
    let mut copy = Annotator::new(Vec::new(), ABOUT, &files);
    while let Some(batch) = reader.next_batch().unwrap() {
        copy.pass(&batch).unwrap();
        for (index, frame) in batch.iter().enumerate() {
            let text = comment(frame.number);
            let texts: Vec<&str> = text.iter().map(String::as_str).collect();
            copy.frame(&batch, index, &frame, &texts).unwrap();
        }
    }
    copy.finish().unwrap()
}

fn numbered(packet: u64) -> Option<String> {
    packet.is_multiple_of(3).then(|| format!("packet {packet}"))
}

fn silent(_: u64) -> Option<String> {
    None
}

/// What stays of a frame, whatever its interface is called.
fn kept(outcome: &Outcome) -> Vec<(Owned, String)> {
    let of = |frame: &Owned| {
        let interface = outcome.interfaces.get(frame.interface as usize).map(|interface| {
            let mut interface = interface.clone();
            (interface.file, interface.section, interface.id_in_section) = (0, 0, 0);
            interface.packets = 0;
            interface.drops = finrst::capture::Drops::default();
            format!("{interface:?}")
        });
        let frame = Owned { file: 0, number_in_file: 0, interface: 0, ..frame.clone() };
        (frame, interface.unwrap_or_default())
    };
    outcome.frames.iter().map(of).collect()
}

/// A block: its kind, whether it is big-endian, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    kind: u32,
    big: bool,
    bytes: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize, big: bool) -> u32 {
    let octets = bytes[at..at + 4].try_into().unwrap();
    if big { u32::from_be_bytes(octets) } else { u32::from_le_bytes(octets) }
}

/// The blocks of a sound file.
fn blocks(mut bytes: &[u8]) -> Vec<Block> {
    let (mut found, mut big) = (Vec::new(), false);
    while !bytes.is_empty() {
        if bytes.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            big = bytes[8] == 0x1a;
        }
        let length = u32_at(bytes, 4, big) as usize;
        let (block, rest) = bytes.split_at(length);
        assert_eq!(u32_at(block, length - 4, big) as usize, length);
        found.push(Block { kind: u32_at(block, 0, big), big, bytes: block.to_vec() });
        bytes = rest;
    }
    found
}

/// Where the options of a block begin, if it has any.
fn options_at(block: &Block) -> Option<usize> {
    match block.kind {
        0x0a0d_0d0a => Some(24),
        1 => Some(16),
        2 | 6 => Some(28 + (u32_at(&block.bytes, 20, block.big) as usize).next_multiple_of(4)),
        _ => None,
    }
}

/// The same block without its first option, which is a comment that ends so; the option's text.
fn without_comment(block: &Block) -> (Block, Option<String>) {
    let nothing = || (block.clone(), None);
    let Some(at) = options_at(block).filter(|at| at + 8 <= block.bytes.len()) else {
        return nothing();
    };
    let u16_at = |at: usize| {
        let octets = block.bytes[at..at + 2].try_into().unwrap();
        usize::from(if block.big { u16::from_be_bytes(octets) } else { u16::from_le_bytes(octets) })
    };
    let (code, length) = (u16_at(at), u16_at(at + 2));
    let text = String::from_utf8_lossy(&block.bytes[at + 4..at + 4 + length]).into_owned();
    if code != 1 || !text.starts_with(MARK) {
        return nothing();
    }
    let end = at + 4 + length.next_multiple_of(4);
    let mut bytes = [&block.bytes[..at], &block.bytes[end..block.bytes.len() - 4]].concat();
    if bytes.len() == at + 4 && bytes[at..] == [0; 4] {
        bytes.truncate(at); // the end of options that came with ours
    }
    bytes.extend([0; 4]);
    let length = u32::try_from(bytes.len()).unwrap();
    let length = if block.big { length.to_be_bytes() } else { length.to_le_bytes() };
    bytes[4..8].copy_from_slice(&length);
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&length);
    (Block { bytes, ..*block }, Some(text))
}

/// Holds a copy of one pcapng file against it: the same blocks in the same order, but for our
/// comments and the length of sections, which is not stated.
fn assert_same_blocks(source: &[u8], copy: &[u8], comment: impl Fn(u64) -> Option<String>) {
    let (before, after) = (blocks(source), blocks(copy));
    let mut packet = 0;
    for (before, after) in before.iter().zip(&after) {
        let (mut bare, text) = without_comment(after);
        let mut before = before.clone();
        let wanted = match before.kind {
            0x0a0d_0d0a => {
                before.bytes[16..24].fill(0xff);
                Some(ABOUT.to_owned())
            }
            2 | 3 | 6 => {
                packet += 1;
                comment(packet).filter(|_| before.kind != 3)
            }
            _ => None,
        };
        assert_eq!(text, wanted.map(|wanted| format!("{MARK}{wanted}")), "{before:?}");
        // Options that hold nothing but their end come back as none.
        if options_at(&before).is_some_and(|at| before.bytes.get(at..) != bare.bytes.get(at..))
            && text.is_some()
        {
            (before, _) = without_end(&before);
            (bare, _) = without_end(&bare);
        }
        assert_eq!(before, bare);
    }
    assert_eq!(before.len(), after.len());
}

fn without_end(block: &Block) -> (Block, bool) {
    let at = options_at(block).unwrap();
    if block.bytes.len() != at + 8 || block.bytes[at..at + 4] != [0; 4] {
        return (block.clone(), false);
    }
    let mut bytes = block.bytes[..at + 4].to_vec();
    let length = u32::try_from(bytes.len()).unwrap();
    let length = if block.big { length.to_be_bytes() } else { length.to_le_bytes() };
    bytes[4..8].copy_from_slice(&length);
    bytes[at..].copy_from_slice(&length);
    (Block { bytes, ..*block }, true)
}

/// All that a capture can hold beside packets.
fn rich(big: bool) -> Vec<u8> {
    let body = |bytes: &[u8]| Bytes::new(big).raw(bytes).pad();
    let comment = |o: Bytes| o.option(1, b"by hand").option(2, &[1, 0, 0, 0]).u32(0);
    let header = Bytes::new(big).u32(0x1a2b_3c4d).u16(1).u16(0).u64(5).option(1, b"of a person");
    let file = Bytes::new(big)
        .block(0x0a0d_0d0a, &header.option(3, b"an OS").option(4, b"dumpcap").u32(0))
        .interface(1, 65_535, &|o| o.option(2, b"eth0").option(9, &[9]).option(13, &[4]).u32(0))
        .interface(101, 96, &|o| {
            o.option(14, &if big { 7_u64.to_be_bytes() } else { 7_u64.to_le_bytes() })
        })
        .block(10, &Bytes::new(big).u32(0x544c_534b).u32(6).raw(b"secret").pad())
        .block(4, &body(b"\x00\x01\x00\x08\x0a\x00\x00\x01one\x00"))
        .enhanced(0, u64::from(EPOCH) * 1_000_000_000 + 1, &data(1))
        .block(0xbad, &Bytes::new(big).u32(32_473).raw(b"custom").pad())
        .enhanced_with(1, u64::from(EPOCH) * 1_000_000, &data(2), &comment)
        .old(1, 3, u64::from(EPOCH) * 1_000_000 + 9, &data(3))
        .simple(60, &data(3)[..60])
        .block(0x1234_5678, &body(&[7; 40]))
        .enhanced_with(1, u64::from(EPOCH) * 1_000_000 + 12, &data(5), &comment)
        .old(0, 0xffff, (u64::from(EPOCH) + 1) * 1_000_000_000, &data(6));
    file.block(5, &Bytes::new(big).u32(1).u32(0).u32(0).option(4, &[9; 8]).u32(0)).out
}

#[test]
fn every_block_of_a_pcapng_stays_as_it_was() {
    for big in [false, true] {
        let file = rich(big);
        for chunk in [1, 64, 1 << 20] {
            let (copy, placed) = copied(&[&file], chunk, numbered);
            assert_eq!(placed, Placed { comments: 2, without_room: 0 });
            assert_same_blocks(&file, &copy, numbered);
            let (before, after) = (read(&file), read(&copy));
            assert_eq!(kept(&before), kept(&after));
            assert_eq!(after.status(), Status::Complete);
            let drops = |outcome: &Outcome| outcome.interfaces[1].drops;
            assert_eq!(drops(&before), drops(&after));
        }
    }
}

#[test]
fn sections_of_either_byte_order_follow_each_other() {
    let file = [rich(true), rich(false), pcapng(true, 5)].concat();
    let (copy, _) = copied(&[&file], 512, numbered);
    assert_same_blocks(&file, &copy, numbered);
    assert_eq!(kept(&read(&file)), kept(&read(&copy)));
}

#[test]
fn a_comment_for_a_block_that_holds_none_is_counted() {
    let file = Bytes::new(false).section().interface(1, 0, &|o| o).simple(60, &data(3)[..60]).out;
    let (copy, placed) = copied(&[&file], 512, |_| Some("x".into()));
    assert_eq!(placed, Placed { comments: 0, without_room: 1 });
    assert_eq!(kept(&read(&file)), kept(&read(&copy)));
}

#[test]
fn a_second_copy_replaces_our_comments_and_no_other() {
    let file = [rich(true), rich(false)].concat();
    let (once, _) = copied(&[&file], 512, numbered);
    let (twice, _) = copied(&[&once], 512, numbered);
    assert_eq!(once, twice);
    let (other, _) = copied(&[&once], 512, |packet| (packet == 2).then(|| "now".into()));
    assert_eq!(other, copied(&[&file], 512, |packet| (packet == 2).then(|| "now".into())).0);
    let (gone, _) = copied(&[&once], 512, silent);
    assert_eq!(gone, copied(&[&file], 512, silent).0);
    let by_hand = |bytes: &[u8]| bytes.windows(7).filter(|window| *window == b"by hand").count();
    assert_eq!(by_hand(&twice), by_hand(&file));
}

#[test]
fn a_classic_capture_becomes_pcapng() {
    for (magic, big) in [MICRO, NANO, MODIFIED].into_iter().flat_map(|m| [(m, false), (m, true)]) {
        let file = pcap(big, magic, 9);
        let (copy, placed) = copied(&[&file], 512, numbered);
        assert_eq!(placed.comments, 3);
        let (before, after) = (read(&file), read(&copy));
        assert_eq!(after.files[0].byte_order, if big { "big" } else { "little" });
        assert_eq!(after.files[0].format, "pcapng");
        assert_eq!(after.files[0].sections[0].comments, [format!("{MARK}{ABOUT}")]);
        assert_eq!(kept(&before), kept(&after), "{magic:#x}");
        assert_eq!(before.interfaces[0].resolution, after.interfaces[0].resolution);
    }
    // A frame check sequence of four bytes, and a version that swaps the lengths.
    let head = header(false, MICRO, (2, 4), 0x2400_0000 | 1);
    let file = record(head, EPOCH, 5, (60, 64), &data(3)[..60]).out;
    let (copy, _) = copied(&[&file], 512, silent);
    let after = read(&copy);
    assert_eq!(after.interfaces[0].fcs_length, Some(4));
    assert_eq!(kept(&read(&file)), kept(&after));
    let file = record(header(true, MICRO, (2, 2), 1), EPOCH, 5, (64, 60), &data(3)[..60]).out;
    assert_eq!(kept(&read(&file)), kept(&read(&copied(&[&file], 512, silent).0)));
    // Without any packet it is one without any packet.
    let (copy, _) = copied(&[&header(true, NANO, (2, 4), 113).out], 512, silent);
    assert_eq!((read(&copy).status(), read(&copy).interfaces[0].link.0), (Status::Empty, 113));
}

/// A capture of one interface: its name, the unit of its times, and when its packets came, in
/// milliseconds.
fn times(big: bool, name: &str, unit: u8, at: &[u64]) -> Vec<u8> {
    let file = Bytes::new(big).section();
    let mut file = file.interface(1, 0, &|o| o.option(2, name.as_bytes()).option(9, &[unit]));
    let scale = 10_u64.pow(u32::from(unit) - 3);
    for (n, at) in (0..).zip(at) {
        file = file.enhanced(0, (u64::from(EPOCH) * 1000 + at) * scale, &data(n));
    }
    file.out
}

fn merged(sources: &[&[u8]]) -> Outcome {
    let named = (b'a'..).zip(sources);
    let sources = named.map(|(name, bytes)| Source::bytes(char::from(name), *bytes)).collect();
    drain(Reader::open(sources, ReadOptions::default()).unwrap())
}

#[test]
fn files_one_after_the_other_keep_their_sections() {
    let sources: [&[u8]; 2] = [&times(false, "y", 9, &[3, 4, 5]), &times(true, "x", 6, &[1, 2])];
    let (copy, _) = copied(&sources, 512, numbered);
    assert_eq!(kept(&merged(&sources)), kept(&read(&copy)));
    let kinds: Vec<u32> = blocks(&copy).iter().map(|block| block.kind).collect();
    let section = 0x0a0d_0d0a;
    assert_eq!(kinds, [section, 1, 6, 6, section, 1, 6, 6, 6]);
}

#[test]
fn files_that_overlap_share_a_section() {
    let sources: [&[u8]; 3] = [
        &times(false, "x", 6, &[1, 4, 7, 8]),
        &times(false, "y", 9, &[2, 3, 5, 9]),
        &pcap(false, MICRO, 3),
    ];
    let (copy, placed) = copied(&sources, 512, numbered);
    assert_eq!(placed, Placed { comments: 3, without_room: 0 });
    let (before, after) = (merged(&sources), read(&copy));
    assert_eq!(kept(&before), kept(&after));
    assert_eq!(after.files[0].blocks.sections, 3);
    // Those begun earlier are described again where the last one began, and all say whose they are.
    let described = |name| after.interfaces.iter().filter(|i| i.name == name).count();
    assert_eq!((described(""), described("x"), described("y")), (2, 2, 1));
    for origin in ["finrst: of a", "finrst: of b"] {
        assert!(copy.windows(origin.len()).any(|window| window == origin.as_bytes()));
    }
}

#[test]
fn what_cannot_share_a_section_has_its_own() {
    // Byte orders that take turns, and simple blocks, whose interface is the first.
    let mut simple = Bytes::new(false).section().interface(1, 0, &|o| o.option(2, b"s"));
    for n in 0..4 {
        let stamp = u64::from(EPOCH) * 1_000_000 + n * 2000;
        simple = simple.enhanced(0, stamp, &data(1)).simple(60, &data(3)[..60]);
    }
    let sources: [&[u8]; 3] =
        [&times(true, "x", 6, &[1, 3, 5, 7]), &times(false, "y", 9, &[1, 2, 4, 6]), &simple.out];
    for comment in [numbered, silent] {
        let (copy, _) = copied(&sources, 512, comment);
        assert_eq!(kept(&merged(&sources)), kept(&read(&copy)));
        assert_eq!(read(&copy).status(), Status::Complete);
    }
}

#[test]
fn what_was_read_of_a_damaged_capture_is_copied() {
    let mut file = rich(false);
    let length = file.len();
    // Cut in the last block; and the description of the second interface too short.
    let (copy, _) = copied(&[&file[..length - 6]], 512, numbered);
    assert_eq!(read(&file[..length - 6]).status(), Status::TruncatedTail);
    assert_eq!(read(&copy).status(), Status::Complete);
    assert_eq!(kept(&read(&file)), kept(&read(&copy)));
    let second = file.windows(8).position(|w| w == [1, 0, 0, 0, 32, 0, 0, 0]).unwrap();
    file[second + 4] = 12;
    let (before, (copy, _)) = (read(&file), copied(&[&file], 512, numbered));
    let after = read(&copy);
    assert_eq!(before.status(), Status::Recovered);
    assert_eq!((after.status(), after.frames.len()), (Status::Complete, before.frames.len()));
    // Those of the first keep their interface; those of the second have one that nobody described.
    for (before, after) in before.frames.iter().zip(&after.frames) {
        assert_eq!(before.data, after.data);
        if before.link == 1 {
            assert_eq!((before.time, before.link), (after.time, after.link));
        } else {
            assert_eq!(after.link, 147);
        }
    }
}

/// One block of a generated section of two interfaces.
fn any_block(big: bool) -> impl Strategy<Value = Vec<u8>> {
    let value = prop::collection::vec(any::<u8>(), 0..24);
    let option = (1_u16..20, value).prop_map(move |(code, value)| {
        // Nothing that only looks like ours.
        Bytes::new(big).option(code, &value).out
    });
    let options = (prop::collection::vec(option, 0..4), any::<bool>()).prop_map(|(list, end)| {
        let mut all = list.concat();
        if end && !all.is_empty() {
            all.extend([0; 4]);
        }
        all
    });
    let payload = prop::collection::vec(any::<u8>(), 0..70);
    (0_u8..8, any::<u32>(), 0_u32..2, options, payload).prop_map(
        move |(which, number, interface, options, payload)| {
            let file = Bytes::new(big);
            let stamp = u64::from(EPOCH) * 1_000_000 + u64::from(number % 10_000_000);
            match which {
                0..=3 => file.enhanced_with(interface, stamp, &payload, &|b| b.raw(&options)).out,
                4 => {
                    file.old(
                        u16::try_from(interface).unwrap(),
                        u16::try_from(number & 0xffff).unwrap(),
                        stamp,
                        &payload,
                    )
                    .out
                }
                5 => file.simple(u32::try_from(payload.len()).unwrap(), &payload).out,
                6 => {
                    let kind = [10, 4, 9, 0xbad, 0x4000_0bad, 0x203, 77][number as usize % 7];
                    file.block(kind, &Bytes::new(big).raw(&payload).pad()).out
                }
                _ => file.block(5, &Bytes::new(big).u32(interface).u64(stamp).raw(&options)).out,
            }
        },
    )
}

fn any_section() -> impl Strategy<Value = Vec<u8>> {
    any::<bool>().prop_flat_map(|big| {
        let begin = Bytes::new(big)
            .section()
            .interface(1, 0, &|o| o.option(2, b"first"))
            .interface(101, 0, &|o| o.option(9, &[9]).u32(0))
            .out;
        prop::collection::vec(any_block(big), 0..20)
            .prop_map(move |blocks| [begin.clone(), blocks.concat()].concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_blocks_stay(sections in prop::collection::vec(any_section(), 1..4), chunk in 1_usize..300) {
        let file = sections.concat();
        let (copy, _) = copied(&[&file], chunk, numbered);
        assert_same_blocks(&file, &copy, numbered);
        prop_assert_eq!(kept(&read(&file)), kept(&read(&copy)));
        prop_assert_eq!(&copied(&[&copy], 512, numbered).0, &copy);
    }

    #[test]
    fn any_files_become_one(files in prop::collection::vec(any_section(), 2..4)) {
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let (copy, _) = copied(&files, 512, numbered);
        prop_assert_eq!(kept(&merged(&files)), kept(&read(&copy)));
    }

    #[test]
    fn any_damage_is_left_out(
        file in any_section(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        classic in any::<bool>(),
    ) {
        let mut file = if classic { pcap(false, MICRO, 12) } else { file };
        let begin = if classic { 24 } else { 28 };
        for (index, value) in hits {
            let at = begin + index.index(file.len() - begin);
            file[at] = value;
        }
        let (before, (copy, _)) = (read(&file), copied(&[&file], 512, numbered));
        let after = read(&copy);
        prop_assert_eq!(before.frames.len(), after.frames.len());
        for (before, after) in before.frames.iter().zip(&after.frames) {
            prop_assert_eq!(&before.data, &after.data);
            if before.link != u16::MAX {
                prop_assert_eq!((before.time, before.link), (after.time, after.link));
            }
        }
    }
}

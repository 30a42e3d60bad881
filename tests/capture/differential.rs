//! The readers against pcap-parser's on captures made at random, and the differences argued.
//!
//! Where the two are known to differ the expectation takes the specification's side, and
//! [`what_pcap_parser_reads_otherwise`] shows each difference, so that one that goes away is noticed.

use finrst::capture::{Direction, Drops, Interface};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{
    Block, LegacyPcapBlock, PcapNGOption, build_ts_resolution, parse_block_be, parse_block_le,
    parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};
use proptest::prelude::*;

use crate::build::{Bytes, MICRO, MODIFIED, NANO, header, record};
use crate::read;

/// A packet as both readers tell it: time, data, length on the wire.
type Packet = (Option<i64>, Vec<u8>, u32);

/// A packet of a classic file: seconds, fraction, data, bytes that were not captured.
type Sketch = (u32, u32, Vec<u8>, u32);

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let data = prop::collection::vec(any::<u8>(), 0..70);
    prop::collection::vec((1_u32.., 0_u32..1_000_000, data, 0_u32..2000), 0..12)
}

fn classic(big: bool, magic: u32, version: (u16, u16), packets: &[Sketch]) -> Vec<u8> {
    let mut file = header(big, magic, version, 1);
    for (seconds, fraction, data, more) in packets {
        let captured = u32::try_from(data.len()).unwrap();
        let original = captured + more;
        let lengths = if version < (2, 3) || version == (543, 0) {
            (original, captured)
        } else {
            (captured, original)
        };
        let extra: &[u8] = if magic == MODIFIED { &[7; 8] } else { &[] };
        file = record(file, *seconds, *fraction, lengths, &[extra, data].concat());
    }
    file.out
}

type Parse =
    fn(
        &[u8],
    ) -> pcap_parser::nom::IResult<&[u8], LegacyPcapBlock<'_>, pcap_parser::PcapError<&[u8]>>;

/// All packets of a file as pcap-parser reads them.
fn by_pcap_parser(bytes: &[u8]) -> Vec<Packet> {
    let (mut rest, header) = parse_pcap_header(bytes).expect("a header");
    let parse: Parse = match (header.is_modified_format(), header.is_bigendian()) {
        (true, _) => parse_pcap_frame_modified,
        (false, false) => parse_pcap_frame,
        (false, true) => parse_pcap_frame_be,
    };
    let unit = if header.is_nanosecond_precision() { 1 } else { 1000 };
    let mut packets = Vec::new();
    while !rest.is_empty() {
        let (after, block) = parse(rest).expect("a record");
        let time = i64::from(block.ts_sec) * 1_000_000_000 + i64::from(block.ts_usec) * unit;
        packets.push((Some(time), block.data.to_vec(), block.origlen));
        rest = after;
    }
    packets
}

fn ours(bytes: &[u8]) -> Vec<Packet> {
    let outcome = read(bytes);
    assert_eq!(outcome.files[0].records_bad, 0);
    assert_eq!((outcome.interfaces[0].link.0, outcome.interfaces[0].snap_length), (1, 65_535));
    outcome.frames.into_iter().map(|f| (f.time, f.data, f.original_length)).collect()
}

/// A block of a pcapng file, as it is drawn.
#[derive(Clone, Debug)]
enum Draft {
    Section(bool, Options),
    Interface(u16, u32, Options),
    Enhanced(u32, u64, Vec<u8>, u32, Options),
    Simple(Vec<u8>),
    Statistics(u32, u64, Options),
    /// Of any type and content.
    Other(u32, Vec<u8>),
}

type Options = Vec<(u16, Vec<u8>)>;

/// Options with the codes and lengths that mean something, and others.
fn options() -> impl Strategy<Value = Options> {
    let any_value = prop::collection::vec(any::<u8>(), 0..20);
    let eight = prop::collection::vec(any::<u8>(), 8);
    let one = prop::collection::vec(any::<u8>(), 1);
    let four = prop::collection::vec(any::<u8>(), 4);
    let value = prop_oneof![any_value, eight, one, four, Just(b"\0port 80".to_vec())];
    let code = prop_oneof![12 => 1_u16..16, 1 => Just(0), 1 => any::<u16>()];
    prop::collection::vec((code, value), 0..8)
}

fn draft() -> impl Strategy<Value = Draft> {
    let data = || prop::collection::vec(any::<u8>(), 0..40);
    let other =
        prop_oneof![Just(4_u32), Just(9), Just(10), Just(0xbad), 0x0001_0000_u32..0x0002_0000];
    prop_oneof![
        1 => (any::<bool>(), options()).prop_map(|(big, o)| Draft::Section(big, o)),
        3 => (any::<u16>(), 40_u32.., options()).prop_map(|(l, s, o)| Draft::Interface(l, s, o)),
        6 => (0_u32..3, any::<u64>(), data(), 0_u32..2000, options())
            .prop_map(|(i, t, d, more, o)| Draft::Enhanced(i, t, d, more, o)),
        1 => data().prop_map(Draft::Simple),
        2 => (0_u32..3, any::<u64>(), options()).prop_map(|(i, t, o)| Draft::Statistics(i, t, o)),
        1 => (other, data()).prop_map(|(kind, body)| Draft::Other(kind, body)),
    ]
}

fn with(body: Bytes, options: &Options) -> Bytes {
    options.iter().fold(body, |body, (code, value)| body.option(*code, value))
}

/// Writes the drafts; each section header says the byte order from there on.
fn pcapng(drafts: &[Draft]) -> Vec<u8> {
    let mut file = Bytes::new(false).section();
    for draft in drafts {
        let body = Bytes::new(file.big);
        file = match draft {
            Draft::Section(big, options) => {
                file.big = *big;
                let body = Bytes::new(*big).u32(0x1a2b_3c4d).u16(1).u16(2).u64(u64::MAX);
                file.block(0x0a0d_0d0a, &with(body, options))
            }
            Draft::Interface(link, snap, options) => {
                file.interface(*link, *snap, &|body| with(body, options))
            }
            Draft::Enhanced(interface, stamp, data, more, options) => {
                let captured = u32::try_from(data.len()).unwrap();
                let body = body
                    .u32(*interface)
                    .u32((stamp >> 32) as u32)
                    .u32((stamp & 0xffff_ffff) as u32)
                    .u32(captured)
                    .u32(captured + more)
                    .raw(data)
                    .pad();
                file.block(6, &with(body, options))
            }
            Draft::Simple(data) => file.simple(u32::try_from(data.len()).unwrap(), data),
            Draft::Statistics(interface, stamp, options) => {
                let body = body.u32(*interface).u64(*stamp);
                file.block(5, &with(body, options))
            }
            Draft::Other(kind, bytes) => file.block(*kind, &body.raw(bytes).pad()),
        };
    }
    file.out
}

/// What a pcapng file says of an interface.
#[derive(Clone, Debug, Default, PartialEq)]
struct Port {
    link: u16,
    snap: u32,
    texts: [String; 4],
    fcs: Option<u8>,
    packets: u64,
    drops: Drops,
}

/// What a pcapng file says, folded from pcap-parser's blocks.
#[derive(Debug, Default, PartialEq)]
struct Told {
    packets: Vec<(u32, Direction, Packet)>,
    ports: Vec<Port>,
    sections: Vec<([String; 3], Vec<String>)>,
    /// Blocks of interfaces, packets and statistics that contradict themselves.
    refused: u64,
}

/// pcap-parser's blocks, folded.
#[derive(Debug, Default)]
struct Fold {
    told: Told,
    /// Unit and shift of each interface's stamps.
    clocks: Vec<(u8, i64)>,
    big: bool,
    /// The section's first interface.
    first: usize,
}

/// The options before the end of options, which pcap-parser reads past.
fn known<'a>(options: &'a [PcapNGOption<'_>]) -> impl Iterator<Item = (u16, &'a [u8])> {
    let before = options.iter().take_while(|option| option.code.0 != 0);
    before.map(|option| (option.code.0, option.as_bytes().expect("a length that fits")))
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&b| b == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

fn number(big: bool, value: &[u8]) -> Option<u64> {
    let value = value.try_into().ok()?;
    Some(if big { u64::from_be_bytes(value) } else { u64::from_le_bytes(value) })
}

fn word(big: bool, bytes: &[u8]) -> u32 {
    let bytes = bytes[..4].try_into().unwrap();
    if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

/// The definition of a timestamp, as pcap-parser's own helpers do not have it.
fn nanos(unit: u8, shift: i64, stamp: u64) -> Option<i64> {
    let base: u128 = if unit & 0x80 == 0 { 10 } else { 2 };
    let scaled = u128::from(stamp) * 1_000_000_000;
    let part = base.checked_pow(u32::from(unit & 0x7f)).map_or(0, |units| scaled / units);
    i64::try_from(i128::try_from(part).ok()? + i128::from(shift) * 1_000_000_000).ok()
}

impl Fold {
    fn of(bytes: &[u8]) -> Told {
        let (mut fold, mut rest) = (Self::default(), bytes);
        while !rest.is_empty() {
            // A section header says its own byte order.
            let parse = if fold.big { parse_block_be } else { parse_block_le };
            if let Ok((after, block)) = parse(rest) {
                fold.add(&block);
                rest = after;
            } else {
                // Framing is sound: what is refused is passed over by its length.
                let [kind, length] = [0, 4].map(|at| word(fold.big, &rest[at..]));
                fold.told.refused += u64::from(matches!(kind, 1 | 5 | 6));
                rest = &rest[length as usize..];
            }
        }
        fold.told
    }

    fn add(&mut self, block: &Block<'_>) {
        let (big, first) = (self.big, self.first);
        match block {
            Block::SectionHeader(section) => {
                (self.big, self.first) = (section.big_endian(), self.told.ports.len());
                let (mut words, mut comments) = (<[String; 3]>::default(), Vec::new());
                for (code, value) in known(&section.options) {
                    match code {
                        1 => comments.push(text(value)),
                        2..=4 => words[usize::from(code) - 2] = text(value),
                        _ => {}
                    }
                }
                self.told.sections.push((words, comments));
            }
            Block::InterfaceDescription(described) => {
                let mut port = Port {
                    link: u16::try_from(described.linktype.0).unwrap(),
                    snap: described.snaplen,
                    ..Port::default()
                };
                let mut clock = (6, 0);
                for (code, value) in known(&described.options) {
                    match (code, value) {
                        (2, _) => port.texts[0] = text(value),
                        (3, _) => port.texts[1] = text(value),
                        (9, &[unit]) => clock.0 = unit,
                        (11, [0, filter @ ..]) => port.texts[2] = text(filter),
                        (12, _) => port.texts[3] = text(value),
                        (13, &[fcs]) => port.fcs = Some(fcs),
                        (14, _) => {
                            clock.1 = number(big, value).map_or(clock.1, u64::cast_signed);
                        }
                        _ => {}
                    }
                }
                self.told.ports.push(port);
                self.clocks.push(clock);
            }
            Block::EnhancedPacket(packet) => {
                let row = first + packet.if_id as usize;
                let stamp = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let mut direction = Direction::Unknown;
                for (code, value) in known(&packet.options) {
                    if let (2, &[a, _, _, d]) = (code, value) {
                        direction = match if big { d & 3 } else { a & 3 } {
                            1 => Direction::Inbound,
                            2 => Direction::Outbound,
                            _ => Direction::Unknown,
                        };
                    }
                    if let (4, Some(lost), Some(port)) =
                        (code, number(big, value), self.told.ports.get_mut(row))
                    {
                        let sum = &mut port.drops.between_packets;
                        *sum = sum.saturating_add(lost);
                    }
                }
                let time =
                    self.clocks.get(row).and_then(|&(unit, shift)| nanos(unit, shift, stamp));
                // A packet is never longer captured than it was.
                let original = packet.origlen.max(packet.caplen);
                self.packet(row, direction, (time, packet.packet_data().to_vec(), original));
            }
            Block::SimplePacket(packet) => {
                let data = packet.packet_data().to_vec();
                self.packet(first, Direction::Unknown, (None, data, packet.origlen));
            }
            Block::InterfaceStatistics(statistics) => {
                let Some(port) = self.told.ports.get_mut(first + statistics.if_id as usize) else {
                    return;
                };
                for (code, value) in known(&statistics.options) {
                    let counter = match code {
                        4 => &mut port.drops.received,
                        5 => &mut port.drops.interface_dropped,
                        6 => &mut port.drops.filter_accepted,
                        7 => &mut port.drops.os_dropped,
                        8 => &mut port.drops.delivered,
                        _ => continue,
                    };
                    *counter = number(big, value).or(*counter);
                }
            }
            _ => {}
        }
    }

    fn packet(&mut self, row: usize, direction: Direction, packet: Packet) {
        let known = self.told.ports.get_mut(row);
        let row = if known.is_some() { u32::try_from(row).unwrap() } else { u32::MAX };
        if let Some(port) = known {
            port.packets += 1;
        }
        self.told.packets.push((row, direction, packet));
    }
}

impl Told {
    /// The same, by the readers under test.
    fn ours(bytes: &[u8]) -> Self {
        let outcome = read(bytes);
        let packet =
            |f: crate::Owned| (f.interface, f.direction, (f.time, f.data, f.original_length));
        let sections = outcome.files[0].sections.iter();
        Self {
            packets: outcome.frames.into_iter().map(packet).collect(),
            ports: outcome.interfaces.into_iter().map(port).collect(),
            refused: outcome.files[0].records_bad,
            sections: sections
                .map(|s| {
                    let words = [&s.hardware, &s.os, &s.application].map(String::clone);
                    (words, s.comments.clone())
                })
                .collect(),
        }
    }
}

fn port(found: Interface) -> Port {
    Port {
        link: found.link.0,
        snap: found.snap_length,
        texts: [found.name, found.description, found.filter, found.os],
        fcs: found.fcs_length,
        packets: found.packets,
        drops: found.drops,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn classic_files_of_all_variants_read_as_pcap_parser_reads_them(
        big in any::<bool>(),
        magic in prop_oneof![Just(MICRO), Just(NANO), Just(MODIFIED)],
        version in prop_oneof![Just((2, 4)), Just((2, 3)), Just((2, 2)), Just((543, 0))],
        packets in sketches(),
    ) {
        let file = classic(big, magic, version, &packets);
        let lengths_swapped = matches!(version, (2, 2) | (543, 0));
        // pcap-parser reads neither of these: it gets the same packets in a plain file.
        let expected = if lengths_swapped || (big && magic == MODIFIED) {
            let plain = if magic == NANO { NANO } else { MICRO };
            by_pcap_parser(&classic(false, plain, (2, 4), &packets))
        } else {
            by_pcap_parser(&file)
        };
        prop_assert_eq!(expected.len(), packets.len());
        prop_assert_eq!(ours(&file), expected);
    }

    #[test]
    fn pcapng_files_read_as_pcap_parser_reads_them(drafts in prop::collection::vec(draft(), 0..20)) {
        let file = pcapng(&drafts);
        prop_assert_eq!(Told::ours(&file), Fold::of(&file));
    }

    #[test]
    fn any_body_of_a_block_is_sound_for_both_or_for_neither(
        big in any::<bool>(),
        kind in prop_oneof![Just(1_u32), Just(5), Just(6)],
        words in prop::collection::vec(prop_oneof![3 => 0_u32..64, 1 => any::<u32>()], 0..20),
    ) {
        let body = words.iter().fold(Bytes::new(big), |body, word| body.u32(*word));
        let file = Bytes::new(big).section().interface(1, 0, &|o| o).block(kind, &body);
        let file = file.enhanced(0, 5, b"next").out;
        prop_assert_eq!(Told::ours(&file), Fold::of(&file));
    }
}

/// A sound block behind which the body is what pcap-parser makes of it.
fn block_of(kind: u32, body: &Bytes) -> Vec<u8> {
    Bytes::new(body.big).block(kind, body).out
}

#[test]
fn what_pcap_parser_reads_otherwise() {
    // The modified format in big-endian order is no capture to it.
    assert!(parse_pcap_header(&classic(true, MODIFIED, (2, 4), &[])).is_err());
    // The lengths of old versions it takes as they stand: more data than the file holds.
    let old = classic(false, MICRO, (2, 2), &[(1, 2, b"data".to_vec(), 56)]);
    assert!(parse_pcap_frame(&old[24..]).is_err());
    assert_eq!(ours(&old), [(Some(1_000_002_000), b"data".to_vec(), 60)]);
    // It collects options behind their end, and has none of the binary resolutions.
    let body = Bytes::new(false).u16(1).u16(0).u32(0).option(0, b"").option(2, b"behind");
    let block = block_of(1, &body);
    let Ok((_, Block::InterfaceDescription(described))) = parse_block_le(&block) else {
        panic!("an interface")
    };
    assert_eq!(described.options.len(), 2);
    assert_eq!(build_ts_resolution(0x94), None);
    // Numbers in options are little-endian to it, whatever the section says.
    let body = Bytes::new(true).u32(0).u64(0).option(5, &42_u64.to_be_bytes());
    let block = block_of(5, &body);
    let Ok((_, Block::InterfaceStatistics(statistics))) = parse_block_be(&block) else {
        panic!("statistics")
    };
    assert_eq!(statistics.isb_ifdrop(), Some(Ok(42_u64.swap_bytes())));
    // A simple packet that holds less than it says is sound to it, the obsolete packet is unknown,
    // and names without an end are refused.
    let body = Bytes::new(false).u32(60).raw(b"data");
    assert!(matches!(parse_block_le(&block_of(3, &body)), Ok((_, Block::SimplePacket(_)))));
    let old = Bytes::new(false).old(0, 0, 5, b"data").out;
    assert!(matches!(parse_block_le(&old), Ok((_, Block::Unknown(_)))));
    assert!(parse_block_le(&block_of(4, &Bytes::new(false).raw(b"name"))).is_err());
}

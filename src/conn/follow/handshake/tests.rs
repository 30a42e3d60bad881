use super::sound;
use crate::conn::script::{Packet, parse};
use crate::packet::{Address, Flags, PathId, Segment, Seq};

/// A SYN of a capture: 192.0.2.10:50900 to 198.51.100.20:8080, with its checksum.
fn captured() -> Segment<'static> {
    const OPTIONS: [u8; 20] = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 3, 232, 0, 0, 0, 0, 1, 3, 3, 7];
    let packets = parse("> S").unwrap();
    let Packet::Tcp(owned) = &packets[0] else { panic!("no segment") };
    let Segment { packet, time, direction, .. } = owned.segment();
    Segment {
        packet,
        packet_in_file: packet,
        file: 0,
        interface: 0,
        time,
        path: PathId(0),
        direction,
        link_source: 0,
        ip_version: 4,
        source: Address::v4([192, 0, 2, 10]),
        destination: Address::v4([198, 51, 100, 20]),
        ttl: 64,
        ip_id: Some(101),
        dont_fragment: true,
        traffic_class: 0,
        flow_label: 0,
        source_port: 50_900,
        destination_port: 8080,
        sequence: Seq(1_000_000),
        acknowledgment: Seq(0),
        flags: Flags::SYN,
        window: 64_240,
        checksum: 0x3421,
        header_length: 40,
        options: &OPTIONS,
        payload_length: 0,
        payload: &[],
    }
}

#[test]
fn a_checksum_is_right_wrong_or_left_to_the_hardware() {
    let right = captured();
    assert_eq!(sound(&right), Some(true));
    assert_eq!(sound(&Segment { checksum: 0x3422, ..right }), Some(false));
    assert_eq!(sound(&Segment { window: 1, ..right }), Some(false));
    // The sum of the addresses, protocol and length, not complemented.
    let words = [0xc000, 0x020a, 0xc633, 0x6414, 6, 40_u32];
    let sum = words.iter().sum::<u32>();
    let partial = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    assert_eq!(sound(&Segment { checksum: partial, ..right }), None);
    // The snap length cut the options, or the payload.
    assert_eq!(sound(&Segment { options: &right.options[..8], ..right }), None);
    assert_eq!(sound(&Segment { payload_length: 3, ..right }), None);
}

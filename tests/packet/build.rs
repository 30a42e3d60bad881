//! Packets from bytes, and the checks that they came out right.

use finrst::capture::{Direction, Frame, LinkType};
use finrst::packet::{Class, Decoder, Flags, Path, Segment, Seq};

pub fn frame(link: u16, data: &[u8]) -> Frame<'_> {
    Frame {
        number: 1,
        file: 0,
        number_in_file: 1,
        time: Some(0),
        interface: 0,
        link: LinkType(link),
        direction: Direction::Unknown,
        data,
        original_length: u32::try_from(data.len()).unwrap(),
    }
}

pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A segment with 20 bytes of header and 5 of payload.
pub fn tcp() -> Vec<u8> {
    join(&[
        &[0x12, 0x34, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x51, 0x18, 1, 0, 0xab, 0xcd, 0, 0],
        b"hello",
    ])
}

pub fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    v4_fragment(protocol, 0x4000, payload)
}

pub fn v4_fragment(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let [f0, f1] = fragment.to_be_bytes();
    join(&[
        &[0x45, 2, l0, l1, 0, 99, f0, f1, 61, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
        payload,
    ])
}

pub fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let network = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    join(&[&[0x60, 0, 0, 5, l0, l1, next, 62], &network, &[1], &network, &[2], payload])
}

pub fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let [p0, p1] = port.to_be_bytes();
    let [l0, l1] = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    v4(17, &join(&[&[0xc0, 0, p0, p1, l0, l1, 0, 0], payload]))
}

pub fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&[2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1], &kind.to_be_bytes(), payload])
}

/// The IPv4 packet that the tests look for.
pub fn packet() -> Vec<u8> {
    v4(6, &tcp())
}

/// The same behind LLC and SNAP.
pub fn snap() -> Vec<u8> {
    join(&[&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &packet()])
}

/// Decodes one frame that must hold [`tcp`]; what was around it.
pub fn found(link: u16, data: &[u8]) -> (Path, Direction, u64) {
    let mut decoder = Decoder::default();
    let outcome = decoder.decode(&frame(link, data), 5);
    let Some(segment) = outcome.segment() else {
        panic!("link type {link}: {:?} in {data:x?}", outcome.class());
    };
    check(&segment);
    (decoder.paths().get(segment.path).clone(), segment.direction, segment.link_source)
}

/// The segment is that of [`tcp`], in [`v4`] or [`v6`].
pub fn check(segment: &Segment<'_>) {
    assert_eq!((segment.source_port, segment.destination_port), (0x1234, 80));
    assert_eq!((segment.sequence, segment.acknowledgment), (Seq(7), Seq(9)));
    assert_eq!(segment.flags, Flags::ACK.with(Flags::PSH).with(Flags::AE));
    assert_eq!((segment.window, segment.checksum, segment.time), (256, 0xabcd, 5));
    assert_eq!((segment.payload.octets(), segment.payload_length), (&b"hello"[..], 5));
    if segment.ip_version == 4 {
        assert_eq!(segment.source.ip(4).to_string(), "10.0.0.1");
        assert_eq!((segment.ttl, segment.ip_id, segment.traffic_class), (61, Some(99), 2));
    } else {
        assert_eq!(segment.source.ip(6).to_string(), "2001:db8::1");
        assert_eq!((segment.ttl, segment.ip_id, segment.flow_label), (62, None, 5));
    }
}

/// The class of one frame.
pub fn class(link: u16, data: &[u8]) -> Class {
    Decoder::default().decode(&frame(link, data), 0).class()
}

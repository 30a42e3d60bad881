//! The hash of addresses and ports: the same in both directions, and nothing that a sender chooses
//! makes many of them alike.

use std::collections::HashMap;

use finrst::capture::Direction;
use finrst::conn::{Limits, Tracker};
use finrst::packet::{Address, Flags, PathId, Payload, Segment, Seq};

type End = (u128, u16);
/// Its name, an IP version, and two endpoints for each number.
type Family = (&'static str, u8, Box<dyn Fn(u16) -> [End; 2]>);

fn segment(ip_version: u8, source: End, destination: End) -> Segment<'static> {
    Segment {
        packet: 1,
        packet_in_file: 1,
        file: 0,
        interface: 0,
        time: 0,
        path: PathId::default(),
        direction: Direction::Unknown,
        link_source: 0,
        ip_version,
        source: Address(source.0),
        destination: Address(destination.0),
        ttl: 64,
        ip_id: None,
        dont_fragment: true,
        traffic_class: 0,
        flow_label: 0,
        source_port: source.1,
        destination_port: destination.1,
        sequence: Seq(1),
        acknowledgment: Seq(0),
        flags: Flags(2),
        window: 0,
        checksum: 0,
        header_length: 20,
        options: &[],
        payload_length: 0,
        payload: Payload::default(),
    }
}

fn v4(address: u32) -> u128 {
    Address::v4(address.to_be_bytes()).0
}

/// Families of 65,536 different pairs of endpoints, each with something that a weak hash would
/// leave out or cancel.
fn families() -> Vec<Family> {
    let server = (v4(0x0a00_0001), 443);
    let server6: End = (0x2001_0db8_u128 << 96 | 1, 443);
    let mut all: Vec<Family> = vec![
        ("ports of a client", 4, Box::new(move |n| [(v4(0x0a00_0002), n), server])),
        ("ports of a server", 4, Box::new(move |n| [(v4(0x0a00_0002), 40_000), (server.0, n)])),
        (
            "addresses of clients",
            4,
            Box::new(move |n| [(v4(0x0a01_0000 | u32::from(n)), 40_000), server]),
        ),
        (
            "both ports change against each other",
            4,
            Box::new(|n| [(v4(0x0a00_0002), n), (v4(0x0a00_0001), !n)]),
        ),
        ("both ports are the same", 4, Box::new(|n| [(v4(0x0a00_0002), n), (v4(0x0a00_0001), n)])),
        (
            "both ports are on one host",
            4,
            Box::new(|n| [(v4(0x7f00_0001), n), (v4(0x7f00_0001), n.wrapping_add(1))]),
        ),
        (
            "both addresses change against each other",
            4,
            Box::new(|n| {
                let n = u32::from(n);
                [(v4(0x0a00_0000 + n), 1), (v4(0x0b00_ffff - n), 1)]
            }),
        ),
    ];
    // The address makes up for the port, wherever in a word the port might be mixed in.
    for shift in (0..128).step_by(16) {
        all.push((
            "an address that takes the port back",
            6,
            Box::new(move |n| [(server6.0 ^ u128::from(n) << shift, n), server6]),
        ));
    }
    all
}

#[test]
fn nobody_chooses_connections_that_collide() {
    for (name, version, pair) in families() {
        for _ in 0..4 {
            // Each tracker has another key.
            let tracker = Tracker::new(Limits::default());
            let (mut whole, mut low): (HashMap<u32, u32>, HashMap<u32, u32>) = Default::default();
            for n in 0..=u16::MAX {
                let [one, other] = pair(n);
                let hash = tracker.hash(&segment(version, one, other));
                assert_eq!(hash, tracker.hash(&segment(version, other, one)), "{name}");
                *whole.entry(hash).or_default() += 1;
                *low.entry(hash & 0xffff).or_default() += 1;
            }
            // 2^16 of 2^32: half a collision is expected; in 2^16 places 8 or 9 in the fullest.
            assert!(whole.len() > 65_536 - 16, "{name}: {} hashes", whole.len());
            assert!(whole.values().all(|&count| count <= 3), "{name}");
            let fullest = low.values().max().copied().unwrap_or(0);
            assert!(fullest <= 20, "{name}: {fullest} in one place");
        }
    }
}

//! Names that DNS messages in packets give addresses.

use std::net::IpAddr;

use finrst::hosts::{MOST, Origin, Seen};
use finrst::packet::Decoder;

use crate::build::{ethernet, frame, join, v4, v6};

/// An answer that gives 192.0.2.`last` the name `a.example`, asked for or not.
fn answer(last: u8, asked: bool) -> Vec<u8> {
    let name = b"\x01a\x07example\0";
    let question: &[u8] = if asked { &join(&[name, &[0, 1, 0, 1]]) } else { &[] };
    let head = [0, 7, 0x81, 0x80, 0, u8::from(asked), 0, 1, 0, 0, 0, 0];
    join(&[&head, question, name, &[0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, last]])
}

fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let head = [source, destination, length, 0].map(u16::to_be_bytes);
    join(&[head.as_flattened(), payload])
}

fn tcp(source: u16, payload: &[u8]) -> Vec<u8> {
    let rest = [0xc0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    join(&[&source.to_be_bytes(), &rest, payload])
}

fn told(packets: &[Vec<u8>]) -> Vec<(String, Option<IpAddr>)> {
    let mut decoder = Decoder::default();
    for packet in packets {
        decoder.decode(&frame(1, packet), 5);
    }
    let rows = decoder.hosts().rows().iter();
    rows.map(|row| {
        assert_eq!(row.origin, Origin::Dns);
        (format!("{} {} {}", row.address, row.name, row.count), row.seen.client)
    })
    .collect()
}

#[test]
fn answers_over_udp_name_addresses_and_say_whom_they_told() {
    let packet = ethernet(0x800, &v4(17, &udp(53, 5000, &answer(1, true))));
    let client = IpAddr::from([10, 0, 0, 2]);
    assert_eq!(
        told(&[packet.clone(), packet]),
        [("192.0.2.1 a.example 2".to_owned(), Some(client))]
    );
}

#[test]
fn only_what_comes_from_a_port_of_dns_is_looked_at() {
    for (source, destination) in [(5000, 53), (54, 5000), (5000, 5353)] {
        let packet = ethernet(0x800, &v4(17, &udp(source, destination, &answer(1, true))));
        assert_eq!(told(&[packet]), [], "{source} to {destination}");
    }
}

#[test]
fn multicast_dns_tells_everybody() {
    let mut ip = v6(17, &udp(5353, 5353, &answer(1, false)));
    let group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb];
    ip[24..40].copy_from_slice(&group);
    assert_eq!(told(&[ethernet(0x86dd, &ip)]), [("192.0.2.1 a.example 1".to_owned(), None)]);
}

#[test]
fn answers_over_tcp_are_those_that_lie_whole_in_a_segment() {
    let message = |last| {
        let message = answer(last, true);
        join(&[&u16::try_from(message.len()).unwrap().to_be_bytes(), &message])
    };
    let (one, two) = (message(1), message(2));
    let cut = &two[..two.len() - 1];
    let segment = |payload: &[u8]| ethernet(0x800, &v4(6, &tcp(53, payload)));
    let names = |packet| told(&[packet]).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let [first, second] = ["192.0.2.1 a.example 1", "192.0.2.2 a.example 1"];
    assert_eq!(names(segment(&join(&[&one, &two]))), [first, second]);
    assert_eq!(names(segment(&join(&[&one, cut]))), [first]);
    assert_eq!(names(segment(&two[1..])), [""; 0]);
    assert_eq!(names(segment(&[0, 0, 0, 0])), [""; 0]);
    assert_eq!(names(ethernet(0x800, &v4(6, &tcp(80, &one)))), [""; 0]);
}

#[test]
fn answers_inside_tunnels_and_fragments_count_too() {
    let inner = v4(17, &udp(53, 5000, &answer(1, true)));
    assert_eq!(told(&[ethernet(0x800, &v4(4, &inner))]).len(), 1);
    let datagram = udp(53, 5000, &answer(1, true));
    let (head, tail) = datagram.split_at(16);
    let fragment = crate::build::v4_fragment;
    let pieces = [fragment(17, 0x2000, head), fragment(17, 2, tail)].map(|ip| ethernet(0x800, &ip));
    assert_eq!(told(&pieces).len(), 1);
}

#[test]
fn a_flood_of_names_is_bounded_and_counted() {
    let mut decoder = Decoder::default();
    let flood = MOST + 1000;
    for n in 0..flood {
        let mut message = answer(0, true);
        let at = message.len() - 4;
        message[at..].copy_from_slice(&u32::try_from(n).unwrap().to_be_bytes());
        decoder.decode(&frame(1, &ethernet(0x800, &v4(17, &udp(53, 5000, &message)))), 5);
    }
    assert_eq!(decoder.hosts().rows().len(), MOST);
    assert_eq!(decoder.take_issues().count("name_limit"), 1000);
    let first = Seen { client: Some([10, 0, 0, 2].into()), time: Some(5), packet: Some(1) };
    assert_eq!(decoder.hosts().rows().first().map(|row| row.seen), Some(first));
}

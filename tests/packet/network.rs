use finrst::capture::Frame;
use finrst::packet::{Class, Decoded, Decoder, Seq};

use super::build::{class, ethernet, found, frame, join, packet, tcp, udp, v4, v6};

#[test]
fn extension_headers() {
    for kind in [0, 43, 44, 60, 135, 139, 140] {
        found(101, &v6(kind, &join(&[&[6, 0, 0, 0, 0, 0, 0, 0], &tcp()])));
    }
    let signed = join(&[&[6, 2], &[0; 14], &tcp()]);
    found(101, &v6(51, &signed));
    found(101, &v4(51, &signed));
    let chain = |n: usize| {
        let links = [60, 0, 0, 0, 0, 0, 0, 0].repeat(n - 1);
        v6(60, &join(&[&links, &[6, 0, 0, 0, 0, 0, 0, 0], &tcp()]))
    };
    found(101, &chain(16));
    assert_eq!(class(101, &chain(17)), Class::TooManyLayers);
    assert_eq!(class(101, &v6(60, &[6, 9])), Class::IpMalformed);
    assert_eq!(class(101, &v6(51, &[6, 0, 0, 0])), Class::IpMalformed);
    assert_eq!(class(101, &v6(59, &[])), Class::OtherIp);
}

/// What a source route leads to is whom the segment is for, as long as it is not there.
#[test]
fn source_routes() {
    let routed = |options: &[u8]| {
        let plain = packet();
        let mut data = join(&[&plain[..20], options, &plain[20..]]);
        data[0] = 0x45 + u8::try_from(options.len() / 4).unwrap();
        data[3] += u8::try_from(options.len()).unwrap();
        let mut decoder = Decoder::default();
        let outcome = decoder.decode(&frame(101, &data), 0);
        outcome.segment().unwrap().destination
    };
    let direct = routed(&[]);
    let last = finrst::packet::Address::v4([10, 0, 0, 9]);
    for kind in [131, 137] {
        assert_eq!(routed(&[kind, 11, 4, 10, 0, 0, 5, 10, 0, 0, 9, 0]), last);
        assert_eq!(routed(&[1, kind, 7, 4, 10, 0, 0, 9]), last);
        assert_eq!(routed(&[68, 4, 5, 0, kind, 7, 4, 10, 0, 0, 9, 0]), last);
        assert_eq!(routed(&[kind, 7, 8, 10, 0, 0, 9, 0]), direct, "its end is reached");
        assert_eq!(routed(&[0, kind, 7, 4, 10, 0, 0, 9]), direct);
        assert_eq!(routed(&[kind, 40, 4, 10, 0, 0, 9, 0]), direct);
    }
    assert_eq!(routed(&[7, 7, 4, 10, 0, 0, 9, 0]), direct, "the route that it took");
    assert_eq!(routed(&[7, 0, 4, 10]), direct);
}

#[test]
fn lengths() {
    found(1, &join(&[&ethernet(0x800, &packet()), &[0; 20]]));
    for mut offloaded in [packet(), v6(6, &tcp())] {
        let at = if offloaded[0] == 0x60 { 4 } else { 2 };
        offloaded[at..at + 2].fill(0);
        found(101, &offloaded);
    }
    let with = |at: usize, octet: u8| {
        let mut data = packet();
        data[at] = octet;
        class(101, &data)
    };
    assert_eq!(with(3, 19), Class::IpMalformed);
    assert_eq!(with(0, 0x44), Class::IpMalformed);
    assert_eq!(with(0, 0x55), Class::IpMalformed);
    assert_eq!(with(3, 39), Class::TcpMalformed);
    assert_eq!(with(32, 0x41), Class::TcpMalformed);
    assert_eq!(with(32, 0x71), Class::TcpMalformed);
}

/// The snap length may cut anywhere: what is left says how much was on the wire.
#[test]
fn snap_lengths() {
    let mut whole = packet();
    whole[32] = 0x61;
    let original_length = u32::try_from(whole.len()).unwrap();
    for cut in 0..=whole.len() {
        let mut decoder = Decoder::default();
        let outcome = decoder.decode(&Frame { original_length, ..frame(101, &whole[..cut]) }, 0);
        match (cut, outcome.segment()) {
            (..20, None) => assert_eq!(outcome.class(), Class::IpTruncated),
            (20..40, None) => assert_eq!(outcome.class(), Class::TcpTruncated),
            (40.., Some(segment)) => {
                assert_eq!((segment.payload_length, segment.header_length), (1, 24));
                assert_eq!(segment.options.len(), (cut - 40).min(4));
                assert_eq!(segment.options_cut(), cut < 44);
                assert_eq!(segment.payload.octets().len(), cut.saturating_sub(44));
            }
            _ => panic!("cut at {cut}: {:?}", outcome.class()),
        }
    }
}

#[test]
fn icmp_errors() {
    let mut decoder = Decoder::default();
    let data = v4(1, &join(&[&[3, 4, 0, 0, 0, 0, 5, 0], &packet()[..28]]));
    let Decoded::IcmpError(error) = decoder.decode(&frame(101, &data), 5) else {
        panic!("no error");
    };
    assert_eq!((error.kind, error.code, error.ttl, error.sequence), (3, 4, 61, Seq(7)));
    assert_eq!((error.source_port, error.destination_port), (0x1234, 80));
    let data = v6(58, &join(&[&[1, 4, 0, 0, 0, 0, 0, 0], &v6(6, &tcp())[..48]]));
    let Decoded::IcmpError(error) = decoder.decode(&frame(101, &data), 5) else {
        panic!("no error");
    };
    assert_eq!((error.ip_version, error.kind, error.code), (6, 1, 4));
    assert_eq!(error.destination.ip(6).to_string(), "2001:db8::2");
    for payload in [
        join(&[&[8, 0, 0, 0, 0, 0, 0, 0], &packet()]),
        join(&[&[3, 4, 0, 0, 0, 0, 5, 0], &packet()[..27]]),
        join(&[&[3, 3, 0, 0, 0, 0, 5, 0], &udp(53, &[0; 8])]),
    ] {
        let data = v4(1, &payload);
        let outcome = decoder.decode(&frame(101, &data), 0);
        assert!(matches!(outcome, Decoded::Other(Class::Icmp)));
    }
}

use finrst::capture::Frame;
use finrst::packet::{Class, Decoded, Decoder, Limits};

use super::build::{check, frame, join, packet, tcp, v4, v4_fragment, v6};

#[test]
fn in_any_order() {
    let segment = tcp();
    let pieces = [
        v4_fragment(6, 0x2000, &segment[..8]),
        v4_fragment(6, 0x2001, &segment[8..16]),
        v4_fragment(6, 0x0002, &segment[16..]),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        let mut decoder = Decoder::default();
        for at in [order[0], order[0], order[1]] {
            assert_eq!(decoder.decode(&frame(101, &pieces[at]), 5).class(), Class::IpFragment);
        }
        let last = decoder.decode(&frame(101, &pieces[order[2]]), 5);
        assert!(matches!(last, Decoded::Reassembled(_)));
        check(&last.segment().unwrap());
    }
}

#[test]
fn around_a_tunnel_and_in_ipv6() {
    let whole = v4(47, &join(&[&[0, 0, 8, 0], &packet()]));
    let mut decoder = Decoder::default();
    let first = v4_fragment(47, 0x2000, &whole[20..44]);
    assert_eq!(decoder.decode(&frame(101, &first), 5).class(), Class::IpFragment);
    let last = v4_fragment(47, 0x0003, &whole[44..]);
    let outcome = decoder.decode(&frame(101, &last), 5);
    let segment = outcome.segment().unwrap();
    check(&segment);
    assert_eq!(decoder.paths().get(segment.path).tunnel, "gre");

    let segment = tcp();
    let first = v6(44, &join(&[&[6, 0, 0, 1, 0, 0, 0, 1], &segment[..16]]));
    assert_eq!(decoder.decode(&frame(101, &first), 5).class(), Class::IpFragment);
    let last = v6(44, &join(&[&[6, 0, 0, 16, 0, 0, 0, 1], &segment[16..]]));
    check(&decoder.decode(&frame(101, &last), 5).segment().unwrap());
}

/// A fragment that the snap length cut still completes its datagram.
#[test]
fn cut_by_the_snap_length() {
    let segment = join(&[&tcp()[..20], &[7; 44]]);
    let first = v4_fragment(6, 0x2000, &segment[..32]);
    let last = v4_fragment(6, 0x0004, &segment[32..]);
    let mut decoder = Decoder::default();
    let cut = Frame { original_length: 52, ..frame(101, &first[..44]) };
    assert_eq!(decoder.decode(&cut, 5).class(), Class::IpFragment);
    let outcome = decoder.decode(&frame(101, &last), 5);
    let segment = outcome.segment().unwrap();
    assert_eq!((segment.payload_length, segment.payload), (44, &[7; 4][..]));
}

#[test]
fn bounded_in_number_and_time() {
    let mut decoder = Decoder::new(Limits { datagrams: 4, ..Limits::default() });
    let mut first = v4_fragment(6, 0x2000, &tcp()[..8]);
    for id in 0..10 {
        first[5] = id;
        decoder.decode(&frame(101, &first), i64::from(id));
    }
    assert_eq!(decoder.take_issues().count("fragments_evicted"), 6);
    let late = 31_000_000_000;
    let mut last = v4_fragment(6, 0x0001, &tcp()[8..]);
    last[5] = 9;
    assert_eq!(decoder.decode(&frame(101, &last), late).class(), Class::IpFragment);
    assert_eq!(decoder.take_issues().count("fragments_expired"), 1);
    // A second end elsewhere contradicts the first.
    let mut longer = v4_fragment(6, 0x0001, &[0; 40]);
    longer[5] = 9;
    assert_eq!(decoder.decode(&frame(101, &longer), late).class(), Class::IpFragment);
    assert_eq!(decoder.take_issues().count("bad_fragment"), 1);
}

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
    assert_eq!((segment.payload_length, segment.payload.octets()), (44, &[7; 4][..]));
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

fn bad_fragments(pieces: &[(Vec<u8>, i64)]) -> (Class, u64) {
    let mut decoder = Decoder::default();
    let mut last = Class::Tcp;
    for (piece, time) in pieces {
        last = decoder.decode(&frame(101, piece), *time).class();
    }
    (last, decoder.take_issues().count("bad_fragment"))
}

#[test]
fn a_datagram_ends_at_65535_octets_at_most() {
    for (length, bad) in [(7, 0), (8, 1)] {
        let last = v4_fragment(6, 0x1fff, &vec![0; length]);
        assert_eq!(bad_fragments(&[(last, 0)]), (Class::IpFragment, bad), "{length} bytes");
    }
}

#[test]
fn a_datagram_waits_in_64_pieces_and_not_in_65() {
    let pieces: Vec<_> = (0..65).map(|n| (v4_fragment(6, 0x2000 | (2 * n), &[0; 8]), 0)).collect();
    assert_eq!(bad_fragments(&pieces[..64]).1, 0);
    assert_eq!(bad_fragments(&pieces).1, 1);
    // A piece that joins others is no new one.
    let joining = [&pieces[..64], &[(v4_fragment(6, 0x2001, &[0; 8]), 0)]].concat();
    assert_eq!(bad_fragments(&joining).1, 0);
}

#[test]
fn a_datagram_waits_for_30_seconds() {
    let segment = tcp();
    for (time, class) in [(30_000_000_000, Class::Tcp), (30_000_000_001, Class::IpFragment)] {
        let pieces = [
            (v4_fragment(6, 0x2000, &segment[..8]), 0),
            (v4_fragment(6, 0x0001, &segment[8..]), time),
        ];
        assert_eq!(bad_fragments(&pieces), (class, 0), "{time}");
    }
}

#[test]
fn fragments_that_contradict_each_other_are_bad() {
    let last = || v4_fragment(6, 0x0002, &[0; 8]);
    for (other, bad) in [
        (v4_fragment(6, 0x2001, &[0; 8]), 0),
        (v4_fragment(6, 0x2001, &[0; 16]), 0),
        (v4_fragment(6, 0x2001, &[0; 24]), 1),
        (v4_fragment(6, 0x2001, &[0; 7]), 1),
        (v4_fragment(6, 0x2001, &[]), 1),
        (v4_fragment(6, 0x0001, &[0; 8]), 1),
        (v4_fragment(6, 0x0001, &[0; 16]), 0),
    ] {
        assert_eq!(bad_fragments(&[(last(), 0), (other.clone(), 1)]).1, bad, "{other:x?}");
    }
    // An end before what came already.
    let first = v4_fragment(6, 0x2001, &[0; 16]);
    assert_eq!(bad_fragments(&[(first, 0), (last(), 1)]).1, 0);
    let first = v4_fragment(6, 0x2001, &[0; 24]);
    assert_eq!(bad_fragments(&[(first, 0), (last(), 1)]).1, 1);
}

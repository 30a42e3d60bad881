//! Random bytes and random damage: never a panic, accounts that add up, any piece size.

use proptest::prelude::*;

use crate::build::{MICRO, MODIFIED, pcap, pcapng};
use crate::{assert_same_in_pieces, try_read};

fn sample(which: u8) -> Vec<u8> {
    match which % 4 {
        0 => pcap(false, MICRO, 12),
        1 => pcap(true, MODIFIED, 12),
        2 => pcapng(false, 12),
        _ => [pcapng(true, 6), pcapng(false, 6)].concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_behind_a_header(which in 0_u8..4, rest in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut bytes = sample(which);
        bytes.truncate(if which < 2 { 24 } else { 48 });
        bytes.extend(rest);
        assert_same_in_pieces("random", &bytes);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = try_read(&bytes, 16);
    }

    #[test]
    fn any_damage(which in 0_u8..4, hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample(which);
        for (index, value) in hits {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        assert_same_in_pieces("damaged", &bytes);
    }
}

//! Packets behind damage in a classic pcap, looked for only when asked.

use finrst::capture::{ReadOptions, Source, Status};

use crate::build::{MICRO, MODIFIED, NANO, pcap};
use crate::{Outcome, Owned, read, read_sources};

/// Reads in several chunk sizes, looking for packets behind damage.
fn resynced(bytes: &[u8]) -> Outcome {
    let outcome = |chunk| {
        let options = ReadOptions { chunk, resync: true, ..ReadOptions::default() };
        read_sources(vec![Source::bytes("damaged", bytes)], options).unwrap()
    };
    let whole = outcome(16 << 20);
    for chunk in [1, 7, 4096] {
        assert_eq!(outcome(chunk).digest(), whole.digest(), "in pieces of {chunk}");
    }
    whole
}

#[test]
fn classic_damage_is_passed_over_when_asked() {
    for (big, magic) in [(false, MICRO), (true, MICRO), (false, NANO), (true, MODIFIED)] {
        let good = pcap(big, magic, 30);
        let whole = read(&good).frames;
        let header = if magic == MODIFIED { 24 } else { 16 };
        let mut damaged = good.clone();
        let mut at = 24;
        for frame in whole.iter().take(9) {
            at += header + frame.data.len();
        }
        // The tenth record claims impossible lengths.
        damaged[at + 8..at + 16].fill(0xee);
        let outcome = read(&damaged);
        assert_eq!((outcome.frames.len(), outcome.status()), (9, Status::Corrupt));
        let outcome = resynced(&damaged);
        let file = &outcome.files[0];
        assert_eq!((outcome.frames.len(), file.status), (29, Status::Recovered), "{magic:x}");
        assert_eq!(file.bytes_skipped, (header + whole[9].data.len()) as u64);
        assert_eq!((file.records_bad, outcome.issues.count("resync")), (1, 1));
        let same = |a: &Owned, b: &Owned| (a.time, &a.data) == (b.time, &b.data);
        let others = whole.iter().enumerate().filter(|&(n, _)| n != 9).map(|(_, frame)| frame);
        assert!(outcome.frames.iter().zip(others).all(|(a, b)| same(a, b)));
    }
}

#[test]
fn two_headers_that_make_sense_are_not_enough() {
    let mut bytes = pcap(false, MICRO, 12);
    let offset = bytes.len();
    bytes.extend([0xee; 100]);
    bytes.extend(&pcap(false, MICRO, 2)[24..]);
    let outcome = resynced(&bytes);
    let file = &outcome.files[0];
    assert_eq!((outcome.frames.len(), file.status), (12, Status::Corrupt));
    assert_eq!(file.stopped_at, Some(offset as u64));
    assert_eq!((file.bytes_skipped, file.bytes_tail), (0, (bytes.len() - offset) as u64));
    bytes.extend(&pcap(false, MICRO, 1)[24..]);
    assert_eq!(resynced(&bytes).frames.len(), 15);
}

#[test]
fn a_search_takes_nothing_that_does_not_hold_together() {
    let mut bytes = pcap(false, MICRO, 3);
    bytes.extend([0xee; 16]);
    for _ in 0..6 {
        // At every fourth byte a header that makes sense, and a second one; never a third.
        bytes.extend(200_000_u32.to_le_bytes().repeat(97_000));
        bytes.extend(std::iter::repeat_n(0, 300_000));
    }
    let options = ReadOptions { resync: true, ..ReadOptions::default() };
    let outcome = read_sources(vec![Source::bytes("hostile", bytes)], options).unwrap();
    assert_eq!((outcome.frames.len(), outcome.status()), (3, Status::Corrupt));
}

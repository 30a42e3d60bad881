//! Captures torn into files at random: overlapping, out of order, with odd clocks, filtered.

use finrst::engine::{Bound, Options};
use finrst::filter::Filter;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::cut::{Capture, Record, classic, octets};
use crate::everywhere::recorded;
use crate::held::{hold_all, named};
use crate::support::data;

/// How a capture is torn.
#[derive(Clone, Debug)]
struct Tear {
    capture: prop::sample::Index,
    files: usize,
    /// Which file each packet goes to; one behind the other without.
    shuffled: Option<u64>,
    /// Files in which neighbours change places, and how many.
    swapped: Vec<prop::sample::Index>,
    /// From some packets on the clock is so many seconds off, or at one packet alone.
    leaps: Vec<(prop::sample::Index, i64, bool)>,
    each: usize,
    buckets: u32,
    filter: usize,
    bounds: (Option<i64>, Option<i64>),
    /// The order in which files are named.
    backwards: bool,
    /// A file is cut in the middle of its last record.
    short: Option<prop::sample::Index>,
}

const FILTERS: [&str; 5] = ["", "tcp port 80 or port 4001", "vlan", "not port 443", "ip6"];

fn tears() -> impl Strategy<Value = Tear> {
    let leap = (
        any::<prop::sample::Index>(),
        prop_oneof![
            Just(25_300_i64),
            Just(-9),
            Just(1),
            Just(86_400),
            Just(1_500_000_000),
            Just(-30_000)
        ],
        any::<bool>(),
    );
    let places = (
        any::<prop::sample::Index>(),
        1..7_usize,
        prop::option::of(any::<u64>()),
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        prop::collection::vec(leap, 0..3),
    );
    let how = (
        1..4_usize,
        prop::sample::select(vec![1, 2, 64]),
        0..FILTERS.len(),
        (prop::option::weighted(0.2, -1..60_i64), prop::option::weighted(0.2, 1..600_i64)),
        any::<bool>(),
        prop::option::weighted(0.2, any::<prop::sample::Index>()),
    );
    (places, how).prop_map(
        |(
            (capture, files, shuffled, swapped, leaps),
            (each, buckets, filter, bounds, backwards, short),
        )| Tear {
            capture,
            files,
            shuffled,
            swapped,
            leaps,
            each,
            buckets,
            filter,
            bounds,
            backwards,
            short,
        },
    )
}

fn torn(tear: &Tear, capture: &Capture) -> Vec<Vec<u8>> {
    let mut records = capture.records.clone();
    for (at, seconds, rest) in &tear.leaps {
        let at = at.index(records.len());
        let to = if *rest { records.len() } else { at + 1 };
        records[at..to].iter_mut().for_each(|record| record.later(*seconds));
    }
    for at in &tear.swapped {
        let at = at.index(records.len());
        if at > 0 {
            records.swap(at, at - 1);
        }
    }
    let mut files: Vec<Vec<&Record>> = vec![Vec::new(); tear.files];
    let mut random = tear.shuffled.unwrap_or(0) | 1;
    for (at, record) in records.iter().enumerate() {
        let file = if tear.shuffled.is_some() {
            // xorshift
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).unwrap() % tear.files
        } else {
            at * tear.files / records.len()
        };
        files[file].push(record);
    }
    let mut files: Vec<Vec<u8>> = files.iter().map(|of| capture.piece(of, false)).collect();
    if let Some(short) = &tear.short {
        let file = short.index(files.len());
        let length = files[file].len();
        files[file].truncate((length - 3).max(24));
    }
    if tear.backwards {
        files.reverse();
    }
    files
}

#[test]
fn a_capture_torn_at_random_is_itself() {
    let mut captures: Vec<Capture> = recorded()
        .into_iter()
        .map(|(_, capture)| capture)
        .filter(|capture| !capture.header.is_empty() && capture.records.len() <= 400)
        .collect();
    captures.push(classic(&octets(&data("demo.pcap"))).unwrap());
    let config = ProptestConfig {
        cases: 100,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(18),
        ..ProptestConfig::default()
    };
    proptest!(config, |(tear in tears())| {
        let capture = tear.capture.get(&captures);
        let files = named(torn(&tear, capture));
        let second = |bound: i64| Bound::After(bound * 100_000_000);
        let options = Options {
            filter: Some(Filter::parse(FILTERS[tear.filter]).unwrap()),
            start: tear.bounds.0.map(second),
            end: tear.bounds.1.map(second),
            ..Options::default()
        };
        hold_all("torn", &files, tear.each, tear.buckets, &options);
    });
}

//! A capture cut into days, each read where the one before it ended.

use std::collections::BTreeMap;

use finrst::conn::Limits;
use finrst::engine::{Bound, Options};
use finrst::filter::Filter;

use crate::cut::{Capture, octets};
use crate::days::{day, hold_files, on};
use crate::everywhere::recorded;
use crate::hazards::{demo, fragmented, simple};
use crate::held::named;
use crate::steps::Scratch;
use crate::support::data;

const SECOND: i64 = 1_000_000_000;
/// Captures with more packets are not cut everywhere.
const MOST: usize = 60;

#[test]
fn the_demonstration_cut_at_every_packet_goes_on() {
    let capture = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let scratch = Scratch::new();
    let mut left = 0;
    for at in 0..=capture.records.len() {
        let (files, options) = (named(capture.cut(&[at])), on(1 + at % 2));
        assert!(hold_files(&format!("cut at {at}"), &files, &options, &scratch));
        let saved = scratch.file("one");
        left += day(&files[..1], &options, None, Some(&saved)).unwrap().carried[1].connections;
    }
    assert!(left > 500, "{left} connections went on");
}

#[test]
fn recorded_captures_cut_at_every_packet_go_on() {
    let (mut cut, scratch) = (0, Scratch::new());
    for (name, capture) in recorded() {
        let count = capture.records.len();
        if count > MOST {
            continue;
        }
        for at in 0..=count {
            let (what, files) = (format!("{name} at {at}"), named(capture.cut(&[at])));
            cut += usize::from(hold_files(&what, &files, &on(1 + at % 2), &scratch));
        }
        // Every packet is a day of its own.
        let every: Vec<usize> = (0..=count).collect();
        let what = format!("{name} in its packets");
        hold_files(&what, &named(capture.cut(&every)), &on(1), &scratch);
    }
    assert!(cut > 300, "{cut} cuts");
}

#[test]
fn a_state_does_not_hang_on_the_number_of_threads() {
    let capture = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let scratch = Scratch::new();
    let mut states = BTreeMap::new();
    for at in (3..capture.records.len()).step_by(7) {
        let files = named(capture.cut(&[at]));
        for threads in 1..=4 {
            let options = on(threads);
            let state = scratch.file("state");
            day(&files[..1], &options, None, Some(&state)).unwrap();
            let octets = std::fs::read(&state).unwrap();
            assert_eq!(states.entry(at).or_insert_with(|| octets.clone()), &octets, "{at}");
        }
    }
}

/// Holds a capture in two days, cut at some of its packets, and in three.
fn hold_cuts(what: &str, capture: &Capture, options: &Options, step: usize) -> usize {
    let (scratch, count) = (Scratch::new(), capture.records.len());
    let mut held = 0;
    for at in (1..count).step_by(step) {
        let three = [at, at + (count - at) / 2];
        for cuts in [&[at][..], &three] {
            let options = Options { threads: Some(1 + at % 3), ..options.clone() };
            let what = format!("{what}, cut at {cuts:?}");
            held += usize::from(hold_files(&what, &named(capture.cut(cuts)), &options, &scratch));
        }
    }
    held
}

#[test]
fn longer_captures_cut_here_and_there_go_on() {
    let mut held = 0;
    for (number, (name, capture)) in recorded().into_iter().enumerate() {
        let count = capture.records.len();
        if count > MOST {
            let step = count / (3 + number % 3);
            held += hold_cuts(&name, &capture, &Options::default(), step);
        }
    }
    assert!(held > 20, "{held} cuts");
}

#[test]
fn fragments_on_both_sides_of_a_cut_are_one_segment_the_next_day() {
    assert!(hold_cuts("fragments", &fragmented(), &Options::default(), 17) > 40);
}

#[test]
fn addresses_and_ports_used_again_another_day_are_another_connection() {
    // The same numbers, soon after and long after: copies, SYNs sent again, and new connections.
    for later in [1, 30, 130, 400, 90_000] {
        let mut capture = demo();
        let again = capture.records.clone();
        let span = 2300;
        capture.records.extend(again.into_iter().map(|mut record| {
            record.later(span + later);
            record
        }));
        let what = format!("again after {later} s");
        assert!(hold_cuts(&what, &capture, &Options::default(), 29) > 10);
        let limits =
            Limits { linger: 2 * SECOND, handshake: SECOND, idle: 9 * SECOND, ..Limits::default() };
        let options = Options { limits, ..Options::default() };
        assert!(hold_cuts(&format!("{what}, impatient"), &capture, &options, 31) > 10);
    }
}

#[test]
fn connections_met_out_of_their_order_go_on() {
    // Interleaved with itself: many are open at a time.
    let mut capture = demo();
    let mut order: Vec<usize> = (0..capture.records.len()).collect();
    order.sort_by_key(|at| (at % 12, *at));
    let records = order.iter().map(|&at| capture.records[at].clone());
    let mut records: Vec<_> = records.collect();
    let first = records[0].clone();
    for (at, record) in records.iter_mut().enumerate() {
        let frame = record.data().to_vec();
        *record = first.with(&frame);
        record.later(i64::try_from(at).unwrap() / 3);
    }
    capture.records = records;
    assert!(hold_cuts("interleaved", &capture, &Options::default(), 5) > 40);
}

#[test]
fn a_clock_that_leaps_between_days_is_believed_as_in_one() {
    let capture = demo();
    let count = capture.records.len();
    let mut held = 0;
    for (from, to) in [(count / 2, count / 2 + 1), (count / 2 - 1, count / 2 + 1)] {
        for seconds in [7 * 3600, 38 * 365 * 86_400] {
            let mut odd = capture.clone();
            odd.records[from..to].iter_mut().for_each(|record| record.later(seconds));
            let scratch = Scratch::new();
            for at in [from - 1, from, from + 1, to, to + 1] {
                let what = format!("{seconds} s at {from} to {to}, cut at {at}");
                let files = named(odd.cut(&[at]));
                held += usize::from(hold_files(&what, &files, &Options::default(), &scratch));
            }
        }
    }
    assert!(held >= 8, "{held} cuts");
}

#[test]
fn frames_without_a_time_take_it_from_the_day_before() {
    let capture = demo();
    let frames: Vec<&[u8]> = capture.records.iter().map(crate::cut::Record::data).collect();
    let scratch = Scratch::new();
    for every in [2, 5] {
        let timed =
            |at: usize| (at % every == 1).then(|| 1_700_000_000_000_000 + at as u64 * 90_000);
        let all: Vec<_> =
            frames.iter().enumerate().map(|(at, &frame)| (frame, timed(at))).collect();
        for size in [41, 60] {
            let files = named(all.chunks(size).map(simple).collect());
            let (start, end) = (Some(Bound::After(SECOND)), Some(Bound::After(12 * SECOND)));
            for options in [Options::default(), Options { start, end, ..Options::default() }] {
                assert!(hold_files(&format!("every {every}, {size}"), &files, &options, &scratch));
            }
        }
    }
}

#[test]
fn what_takes_part_is_the_same_on_all_days() {
    for text in ["port 4001 or port 4012", "not port 4022"] {
        let filter = Some(Filter::parse(text).unwrap());
        let start = Some(Bound::After(3 * SECOND));
        let options = Options { filter, start, ..Options::default() };
        assert!(hold_cuts(text, &demo(), &options, 19) > 12);
    }
}

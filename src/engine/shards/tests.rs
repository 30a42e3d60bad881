use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;

use super::{ENOUGH, Shards};
use crate::base::error::Error;
use crate::cause::RULES;
use crate::conn::script::{Packet, parse};
use crate::conn::{Connection, Counts, Limits, Release, Seed, Tracker};
use crate::packet::{IcmpError, PathId, Segment};

use mixed::{Event, Mix, Moved, SECOND, follow};

#[path = "../../../tests/support/mixed.rs"]
mod mixed;

/// The clock stands, goes back, comes near each of the deadlines, and leaps.
const MIX: Mix = Mix {
    conversations: 40,
    turns: 400,
    ports: 12,
    paths: 2,
    at_once: 6,
    steps: &[0, 0, 1, 1, 30, 121, 122, 181, 4000, -7, -300, 30_000],
    strays: false,
};

type Told = (Counts, Vec<String>);

fn told(
    finish: impl FnOnce(&mut dyn FnMut(&[&Connection])) -> (Counts, crate::conn::Rows),
) -> Told {
    let mut shown = Vec::new();
    let (counts, rows) = finish(&mut |some: &[&Connection]| {
        shown.extend(some.iter().map(|c| format!("{c:?}")));
    });
    let kept: Vec<String> = rows.iter().map(|c| format!("{c:?}")).collect();
    assert_eq!(kept, shown, "what is shown and what is kept");
    let ended = rows.teardown_places();
    assert!(ended.is_sorted(), "in the order of packets");
    for (packet, row, at) in ended {
        assert_eq!(rows.get(row as usize).unwrap().teardowns[at as usize].packet, packet);
    }
    let grouped: Vec<String> = rows
        .into_groups(1)
        .flat_map(|group| group.iter().map(|c| format!("{c:?}")).collect::<Vec<_>>())
        .collect();
    assert_eq!(kept, grouped, "in groups");
    (counts, kept)
}

fn alone(events: &[Event]) -> Told {
    let mut tracker = Tracker::new(Limits::default());
    follow(events, &mut tracker);
    told(|each| tracker.finish(each))
}

fn shared(events: &[Event], threads: usize, helped: bool) -> Result<Told, Error> {
    // Where others help, quiet connections are kept in their compact form too.
    let open = if helped { 0 } else { usize::MAX };
    let limits = Limits { unpacked: open, quiet: 0, ..Limits::default() };
    let mut shards = Shards::new(&limits, threads, Seed::random());
    if helped {
        shards.taken = ENOUGH;
        // Some of them are read ahead, others not.
        shards.few = 5;
    }
    for batch in events.chunks(50) {
        let mut ahead = Vec::new();
        for event in batch {
            match event.moved() {
                Moved::Tcp(segment) => shards.take(&segment, &mut ahead),
                Moved::Icmp(error) => {
                    shards.flush(&mut ahead);
                    shards.icmp(&error);
                }
            }
        }
        shards.flush(&mut ahead);
        shards.go_on()?;
    }
    shards.settle()?;
    Ok(told(|each| {
        let (counts, rows, _) = shards.finish(each);
        (counts, rows)
    }))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn however_many_there_are_the_rows_are_those_of_one(events in MIX.events()) {
        let expected = alone(&events);
        for threads in [1, 2, 3, 5] {
            for helped in [false, true] {
                let found = shared(&events, threads, helped).unwrap();
                prop_assert_eq!(&found, &expected, "{} threads, helped: {}", threads, helped);
            }
        }
    }
}

#[test]
fn the_events_reach_what_they_are_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = Counts::default();
    let (mut icmp, mut earlier) = (0, 0);
    for _ in 0..20 {
        let events = MIX.events().new_tree(&mut runner).unwrap().current();
        icmp += events.iter().filter(|e| matches!(e.packet, Packet::Icmp(_))).count();
        let (more, rows) = alone(&events);
        counts.add(more);
        earlier += rows.iter().filter(|row| row.contains("earlier_end: Some")).count();
    }
    for release in [Release::Closed, Release::Idle, Release::Reuse, Release::End] {
        let times = counts.released[release as usize];
        assert!(times > 20, "{release:?}: {times}");
    }
    assert!(icmp > 5 && earlier > 20, "{icmp} ICMP errors, {earlier} with an earlier one");
}

#[test]
fn packets_of_a_clock_that_is_behind_are_not_late() {
    let script = parse("> S, < S., > ., > P. 10, < P. 10, > F., < F., > .").unwrap();
    let mut events = Vec::new();
    for (turn, packet) in (0..).zip(script) {
        for (port, behind) in [(50_000, 0), (50_001, 7200)] {
            let time = (1_700_000_000 + 5 * turn - behind) * SECOND;
            let (packet, number) = (packet.clone(), events.len() as u64 + 1);
            events.push(Event { packet, number, time, port, path: PathId(0) });
        }
    }
    let (counts, _) = alone(&events);
    assert_eq!((counts.created, counts.released[Release::End as usize]), (2, 2));
}

#[test]
fn limits_on_all_connections_leave_them_to_one_tracker() {
    let limited = [
        Limits { keep: false, ..Limits::default() },
        Limits { connections: Some(9), ..Limits::default() },
        Limits { memory: Some(9), ..Limits::default() },
    ];
    assert!(
        limited.iter().all(|limits| Shards::new(limits, 8, Seed::random()).trackers.len() == 1)
    );
    assert_eq!(Shards::new(&Limits::default(), 1, Seed::random()).trackers.len(), 1);
    assert_eq!(Shards::new(&Limits::default(), 2, Seed::random()).trackers.len(), 2);
}

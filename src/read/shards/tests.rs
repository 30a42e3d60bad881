use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::RngSeed;

use super::{ENOUGH, Shards};
use crate::cause::RULES;
use crate::conn::script::{Packet, parse};
use crate::conn::{Connection, Counts, Limits, Release, Seed, Tracker};
use crate::error::Error;
use crate::packet::{IcmpError, PathId, Segment};

const SECOND: i64 = 1_000_000_000;
/// Seconds from one packet to the next: nothing, back, about each of the deadlines, leaps.
const STEPS: [i64; 12] = [0, 0, 1, 1, 30, 121, 122, 181, 4000, -7, -300, 30_000];

/// A packet of a script, at another place and time.
#[derive(Clone, Debug)]
struct Event {
    packet: Packet,
    number: u64,
    time: i64,
    port: u16,
    path: PathId,
}

enum Moved<'a> {
    Tcp(Segment<'a>),
    Icmp(IcmpError),
}

impl Event {
    /// The server's port stays; the client gets this one, whichever it had.
    fn moved(&self) -> Moved<'_> {
        let ports = |source: u16, destination: u16| {
            if source == 443 { (source, self.port) } else { (self.port, destination) }
        };
        match &self.packet {
            Packet::Tcp(owned) => {
                let segment = owned.segment();
                let (source_port, destination_port) =
                    ports(segment.source_port, segment.destination_port);
                let (packet, time, path) = (self.number, self.time, self.path);
                Moved::Tcp(Segment { packet, time, path, source_port, destination_port, ..segment })
            }
            Packet::Icmp(error) => {
                let (source_port, destination_port) =
                    ports(error.source_port, error.destination_port);
                let (packet, time) = (self.number, self.time);
                Moved::Icmp(IcmpError { packet, time, source_port, destination_port, ..*error })
            }
        }
    }
}

/// Conversations of the causes on a few ports, mixed packet by packet, with a clock that jumps.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let scripts: Vec<&str> = RULES.iter().flat_map(|rule| rule.examples.iter().copied()).collect();
    let one = (select(scripts), 0_u16..12, 0_u32..2);
    let turns = prop::collection::vec((any::<prop::sample::Index>(), select(&STEPS[..])), 400);
    (prop::collection::vec(one, 40), turns).prop_map(|(conversations, turns)| {
        let mut waiting: Vec<_> = conversations
            .into_iter()
            .map(|(script, port, path)| (parse(script).unwrap().into_iter(), port, path))
            .collect();
        let mut time = 1_700_000_000 * SECOND;
        let mut events = Vec::new();
        for (turn, step) in turns {
            let index = turn.index(waiting.len().min(6));
            let (script, port, path) = &mut waiting[index];
            let Some(packet) = script.next() else {
                waiting.remove(index);
                if waiting.is_empty() {
                    break;
                }
                continue;
            };
            time += step * SECOND + 1_234_567;
            let (number, port, path) = (events.len() as u64 + 1, 50_000 + *port, PathId(*path));
            events.push(Event { packet, number, time, port, path });
        }
        events
    })
}

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
    let mut ended: Vec<_> = rows.teardown_places();
    ended.sort_unstable();
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
    for event in events {
        match event.moved() {
            Moved::Tcp(segment) => tracker.take(&segment, tracker.hash(&segment)),
            Moved::Icmp(error) => {
                tracker.icmp(&error);
            }
        }
    }
    told(|each| tracker.finish(each))
}

fn shared(events: &[Event], threads: usize, helped: bool) -> Result<Told, Error> {
    // Where others help, quiet connections are kept in their compact form too.
    let open = if helped { 0 } else { usize::MAX };
    let limits = Limits { unpacked: open, quiet: 0, ..Limits::default() };
    let mut shards = Shards::new(&limits, threads, Seed::random());
    if helped {
        shards.taken = ENOUGH;
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
    Ok(told(|each| shards.finish(each)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn however_many_there_are_the_rows_are_those_of_one(events in events()) {
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
        let events = events().new_tree(&mut runner).unwrap().current();
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

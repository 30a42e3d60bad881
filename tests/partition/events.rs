//! Conversations mixed packet by packet on a few addresses and ports, VLANs and tunnels.

use finrst::cause::RULES;
use finrst::conn::script::{Packet, parse};
use finrst::conn::{BySide, Chosen, Connection, Limits, Seed, Trace, Traced, Tracker};
use finrst::packet::{IcmpError, PathId, Segment};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::whole::count;

use mixed::{Event, Mix, Moved, SECOND, follow};

#[path = "../support/mixed.rs"]
mod mixed;

/// Clocks go back, too, where only the capture's clock tells what is late.
const MIX: Mix = Mix {
    conversations: 30,
    turns: 300,
    ports: 4,
    paths: 4,
    at_once: 8,
    steps: &[0, 0, 0, 1, 2, 7, 31, 122, 4000, -3, -25, -110],
    strays: true,
};

fn limits() -> impl Strategy<Value = Limits> {
    let seconds = || select(vec![0, 1, 30, 120, 3600]).prop_map(|s: i64| s * SECOND);
    let some = |few: Vec<u32>| prop::option::weighted(0.25, select(few));
    let times = (seconds(), seconds(), seconds(), seconds());
    let room = (some(vec![1, 3, 9]), some(vec![3_000, 20_000]), select(vec![1, 2, 65_536]));
    (times, room, select(vec![0, 3, 1 << 20]), any::<bool>()).prop_map(
        |((linger, handshake, half_closed, idle), (connections, memory, teardowns), open, keep)| {
            let memory = memory.map(u64::from);
            Limits {
                linger,
                handshake,
                half_closed,
                idle,
                connections,
                memory,
                teardowns,
                unpacked: open,
                keep,
                quiet: 0,
            }
        },
    )
}

fn first_pass(events: &[Event], limits: &Limits, seed: Seed) -> Vec<Connection> {
    let mut tracker = Tracker::with_seed(limits.clone(), seed);
    follow(events, &mut tracker);
    tracker.finish(|_| ()).1.iter().collect()
}

/// Segments, ICMP errors with the connections that they are about, and whether the counts hold.
type Found = (Vec<Traced>, Vec<(u64, u64)>, Result<(), String>);

fn second_pass(events: &[Event], chosen: Vec<Chosen>, limits: &Limits, seed: Seed) -> Found {
    let mut trace = Trace::new(chosen, limits, seed);
    let (mut segments, mut errors) = (Vec::new(), Vec::new());
    for event in events {
        if trace.is_over(event.number) {
            break;
        }
        match event.moved() {
            Moved::Tcp(segment) => segments.extend(trace.segment(&segment)),
            Moved::Icmp(error) => errors.extend(trace.icmp(&error).map(|id| (event.number, id))),
        }
    }
    (segments, errors, trace.check().map_err(|error| error.to_string()))
}

fn told(segments: &[Traced]) -> Vec<String> {
    segments.iter().map(|segment| format!("{segment:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_packet_is_in_the_connection_that_counts_it(
        events in MIX.events(), limits in limits(), key in any::<u64>(), some in any::<u64>(),
    ) {
        let seed = Seed::of(key);
        let mut rows = first_pass(&events, &limits, seed);
        // A tracker that hands rows out does so in order of release.
        rows.sort_by_key(|row| row.id);
        let chosen = || rows.iter().map(Chosen::from);
        let (segments, errors, held) = second_pass(&events, chosen().collect(), &limits, seed);
        prop_assert_eq!(held, Ok(()));
        let tcp = events.iter().filter(|event| matches!(event.packet, Packet::Tcp(_)));
        prop_assert!(tcp.map(|event| event.number).eq(segments.iter().map(|s| s.packet)));
        count("events", &rows, &segments);
        let counted: u64 = rows.iter().filter_map(|row| row.extra()).map(|e| u64::from(e.icmp_count)).sum();
        prop_assert_eq!(errors.len() as u64, counted);

        // One or some of them alone, on the short way and on the whole one.
        let one = (some & 1 == 0).then(|| some % rows.len() as u64);
        let is_chosen = |id: u64| one.map_or(some >> (id % 64) & 1 == 1, |one| id == one);
        let few: Vec<Chosen> = chosen().filter(|chosen| is_chosen(chosen.id)).collect();
        let endless = Limits { connections: limits.connections.or(Some(u32::MAX)), ..limits.clone() };
        let expected: Vec<Traced> =
            segments.iter().filter(|segment| is_chosen(segment.connection)).cloned().collect();
        for limits in [&limits, &endless] {
            let (found, errors_of_few, held) = second_pass(&events, few.clone(), limits, seed);
            prop_assert_eq!(held, Ok(()));
            prop_assert_eq!(told(&found), told(&expected));
            prop_assert!(errors.iter().filter(|(_, id)| is_chosen(*id)).eq(&errors_of_few));
        }
    }
}

#[test]
fn other_packets_than_before_are_told() {
    let script = |text: &str| -> Vec<Event> {
        let packets = parse(text).unwrap().into_iter();
        (1..)
            .zip(packets)
            .map(|(number, packet)| {
                let time = i64::try_from(number).unwrap() * SECOND;
                Event { packet, number, time, port: 50_000, path: PathId(0) }
            })
            .collect()
    };
    let (limits, seed) = (Limits::default(), Seed::of(1));
    let whole = script("> S, < S., > ., > P. 120, < ., < P. 5, > ., < R.");
    let chosen: Vec<Chosen> = first_pass(&whole, &limits, seed).iter().map(Chosen::from).collect();
    assert_eq!(second_pass(&whole, chosen.clone(), &limits, seed).2, Ok(()));
    // One fewer, one more, another last one, none, and another connection instead.
    let mut fewer = whole.clone();
    fewer.remove(4);
    let mut more = whole.clone();
    more.insert(4, Event { number: 4, ..whole[3].clone() });
    let mut shorter = chosen.clone();
    (shorter[0].last_packet, shorter[0].packets) = (7, BySide { client: 4, server: 3 });
    let mut absent = chosen.clone();
    absent[0].first_packet = 2;
    for (events, chosen, said) in [
        (&fewer, &chosen, "connection 0 has 3 packets of the server instead of 4; has it changed?"),
        (&more, &chosen, "connection 0 has 5 packets of the client instead of 4;"),
        (&whole, &absent, "connection 0 has 0 packets of the client instead of 4, 0 packets"),
    ] {
        let held = second_pass(events, chosen.clone(), &limits, seed).2.unwrap_err();
        assert!(held.contains(said), "{held}");
    }
    assert_eq!(
        second_pass(&whole, shorter, &limits, seed).2,
        Ok(()),
        "what comes after is not read"
    );
}

#[test]
fn an_icmp_error_is_about_the_connection_on_its_vlan() {
    let script = parse("> S, < icmp 3/13").unwrap();
    let event = |place: usize, number: u64, path: u32| Event {
        packet: script[place].clone(),
        number,
        time: i64::try_from(number).unwrap(),
        port: 50_000,
        path: PathId(path),
    };
    // On VLAN 1 and 2; the last one from elsewhere is about the latest.
    let events = [
        event(0, 1, 1),
        event(0, 2, 2),
        event(1, 3, 1),
        event(1, 4, 2),
        event(1, 5, 1),
        event(1, 6, 3),
    ];
    let rows = first_pass(&events, &Limits::default(), Seed::of(1));
    let counted: Vec<u32> =
        rows.iter().map(|row| row.extra().map_or(0, |e| e.icmp_count)).collect();
    assert_eq!(counted, [2, 2]);
    let chosen = rows.iter().map(Chosen::from).collect();
    let (_, errors, held) = second_pass(&events, chosen, &Limits::default(), Seed::of(1));
    assert_eq!((errors, held), (vec![(3, 0), (4, 1), (5, 0), (6, 1)], Ok(())));
}

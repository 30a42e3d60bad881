//! How connections are kept while they are followed changes nothing in their rows.

use finrst::conn::script::{Owned, Packet, parse};
use finrst::conn::{Connection, Limits, Rows, Tracker};
use finrst::packet::{Address, Segment};

use super::recorded::scripts;

/// All recorded conversations at once, each between hosts of its own: the script's number, and the
/// segment.
fn all() -> Vec<(usize, Owned)> {
    let mut all: Vec<_> = scripts()
        .iter()
        .enumerate()
        .flat_map(|(number, script)| parse(script).unwrap().into_iter().map(move |p| (number, p)))
        .filter_map(|(number, packet)| match packet {
            Packet::Tcp(owned) => Some((number, *owned)),
            Packet::Icmp(_) => None,
        })
        .collect();
    all.sort_by_key(|(_, owned)| owned.segment().time);
    all
}

/// Follows them so many times, each time later than the one before and between other hosts.
fn follow(all: &[(usize, Owned)], times: usize, limits: Limits) -> Rows {
    let mut tracker = Tracker::new(limits);
    let count = 1 + all.iter().map(|(number, _)| number).max().unwrap();
    let [first, last] = [all.first(), all.last()].map(|at| at.unwrap().1.segment().time);
    let turns = (0..times).flat_map(|turn| all.iter().map(move |one| (turn, one)));
    for (packet, (turn, (number, owned))) in (1..).zip(turns) {
        let [high, low] = u16::try_from(turn * count + number).unwrap().to_be_bytes();
        let moved = |address: Address| match address.ip(4).to_string().rsplit_once('.') {
            Some(("192.0.2", host)) => Address::v4([10, high, low, host.parse().unwrap()]),
            Some((_, host)) => Address::v4([11, high, low, host.parse().unwrap()]),
            None => address,
        };
        let segment = owned.segment();
        let (source, destination) = (moved(segment.source), moved(segment.destination));
        let time = segment.time + i64::try_from(turn).unwrap() * (last - first + 1);
        let own = Segment { packet, packet_in_file: packet, source, destination, ..segment };
        let segment = Segment { time, ..own };
        tracker.take(&segment, tracker.hash(&segment));
    }
    tracker.finish(|_| ()).1
}

/// All that is asked of rows: connections in order, by number, in groups; and where teardowns are.
fn told(rows: Rows) -> (Vec<String>, Vec<(u64, u32, u32)>) {
    let text = |c: Connection| format!("{c:?}");
    let all: Vec<String> = rows.iter().map(text).collect();
    assert_eq!((rows.len(), rows.is_empty()), (all.len(), false));
    for (row, told) in all.iter().enumerate() {
        assert_eq!(rows.get(row).map(text).as_ref(), Some(told));
    }
    let mut places = rows.teardown_places();
    places.sort_unstable();
    for &(packet, row, at) in &places {
        assert_eq!(rows.get(row as usize).unwrap().teardowns[at as usize].packet, packet);
    }
    let groups: Vec<Rows> = rows.into_groups(100).collect();
    // They go in steps of a chunk, which is more than asked for here.
    assert!(groups.iter().rev().skip(1).all(|group| group.len() == 1024));
    let grouped: Vec<String> =
        groups.iter().flat_map(|g| g.iter().map(text).collect::<Vec<_>>()).collect();
    assert_eq!(grouped.len(), all.len());
    assert!(grouped == all, "in groups they are the same, in the same order");
    (all, places)
}

#[test]
fn quiet_connections_are_kept_in_another_form_and_have_the_same_rows() {
    let all = all();
    let (open, places) =
        told(follow(&all, 1, Limits { unpacked: usize::MAX, ..Limits::default() }));
    assert!(open.len() > 500 && places.len() > 300, "{} rows", open.len());
    for quiet in [0, 1_000_000_000] {
        let limits = Limits { unpacked: 0, quiet, ..Limits::default() };
        let (compact, compact_places) = told(follow(&all, 1, limits));
        assert_eq!(compact.len(), open.len());
        for (one, other) in open.iter().zip(&compact) {
            assert_eq!(one, other);
        }
        assert_eq!(compact_places, places);
    }
}

#[test]
fn many_that_were_kept_in_another_form_are_whole_at_the_end() {
    let all = all();
    let open = follow(&all, 16, Limits { unpacked: usize::MAX, ..Limits::default() });
    // Where connections are limited, fewer than these are unpacked at a time.
    let limits = Limits { connections: Some(u32::MAX), ..Limits::default() };
    let bounded = follow(&all, 16, limits);
    assert!((8193..65_536).contains(&open.len()), "{} rows", open.len());
    assert_eq!(bounded.len(), open.len());
    for (one, other) in open.iter().zip(&bounded) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
}

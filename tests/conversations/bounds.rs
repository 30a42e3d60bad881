//! Where following a connection stops: rows searched, siblings, limits of number, memory and time.

use finrst::conn::play;
use finrst::conn::script::{Owned, Packet, parse};
use finrst::conn::{Connection, Counts, Kind, Limits, Release, Tracker};
use finrst::packet::{PathId, Segment};

use super::one;

fn segments(script: &str) -> Vec<Owned> {
    let tcp = |packet| match packet {
        Packet::Tcp(owned) => Some(*owned),
        Packet::Icmp(_) => None,
    };
    parse(script).unwrap().into_iter().filter_map(tcp).collect()
}

fn follow<'a>(
    segments: impl Iterator<Item = Segment<'a>>,
    limits: Limits,
) -> (Counts, Vec<Connection>) {
    let mut tracker = Tracker::new(limits);
    for (packet, segment) in (1..).zip(segments) {
        let segment = Segment { packet, packet_in_file: packet, ..segment };
        tracker.take(&segment, tracker.hash(&segment));
    }
    let (counts, rows) = tracker.finish(|_| ());
    (counts, rows.into_iter().collect())
}

#[test]
fn a_fin_is_compared_with_the_first_64_rows() {
    let fins = ", > F.".repeat(70);
    for (place, found) in [(1, true), (64, true), (65, false)] {
        let c = one(&format!("> S, < S., > .{fins}, > F. seq=#{place}"));
        let earlier = c.teardowns[70].retransmission_of.get();
        assert_eq!(earlier, found.then(|| c.teardowns[place - 1].packet), "row {place}");
        assert_eq!(c.teardowns[place - 1].retransmissions, u32::from(found));
    }
}

#[test]
fn a_challenge_is_compared_with_the_latest_64_rows() {
    for (between, found) in [(63, true), (64, false)] {
        let fins = ", > F. +0us".repeat(between);
        let c = one(&format!("> S, < S., > ., < R. seq=+500{fins}, > . +0us"));
        assert_eq!(c.teardowns[0].challenged, found, "{between} rows between");
    }
}

#[test]
fn the_latest_16_segments_are_remembered() {
    for (between, found) in [(15, true), (16, false)] {
        let acks = ", > . +0us".repeat(between);
        let c = one(&format!("> S, < S., > ., < P. 5{acks}, < P. copy +0us"));
        assert_eq!(c.endpoints.server.duplicates, u32::from(found), "{between} segments between");
    }
}

#[test]
fn a_script_has_10000_items_at_most() {
    let items = |number| vec!["> ."; number].join(",");
    assert!(play(&items(10_000)).is_ok());
    assert!(play(&items(10_001)).is_err());
}

#[test]
fn connections_of_one_tuple_are_told_apart_on_16_paths() {
    let syn = &segments("> S")[0];
    for (paths, crowded) in [(16, 0), (17, 1), (20, 4)] {
        let all = (0..paths).map(|path| Segment { path: PathId(path), ..syn.segment() });
        let (counts, rows) = follow(all, Limits::default());
        assert_eq!((counts.crowded, rows.len()), (crowded, 16.min(paths as usize)));
    }
}

#[test]
fn beyond_the_number_of_connections_the_one_that_was_silent_longest_goes() {
    let script = "> S, > S port=40001, > S port=40002, > S port=40000 again, > S port=40003";
    let owned = segments(script);
    let limits = |connections| Limits { connections, ..Limits::default() };
    let released = |limits: Limits| -> Vec<(u16, Release)> {
        let (counts, rows) = follow(owned.iter().map(Owned::segment), limits);
        assert_eq!(counts.created, 4);
        rows.iter().map(|c| (c.ports.client, c.release)).collect()
    };
    let all = [40_000, 40_001, 40_002, 40_003].map(|port| (port, Release::End));
    assert_eq!(released(limits(None)), all);
    assert_eq!(released(limits(Some(4))), all);
    let mut three = all;
    three[1].1 = Release::Evicted;
    assert_eq!(released(limits(Some(3))), three);
}

#[test]
fn beyond_the_memory_connections_go_and_no_segment_is_lost() {
    let talk = |port| format!("> S port={port}, < S., > ., > P. 9");
    let script: Vec<String> = (40_000..40_200).map(talk).collect();
    let owned = segments(&script.join(", "));
    let mut evicted = Vec::new();
    for memory in [None, Some(1 << 20), Some(1 << 16), Some(1 << 14)] {
        let limits = Limits { memory, ..Limits::default() };
        let (counts, rows) = follow(owned.iter().map(Owned::segment), limits);
        let packets: u64 = rows.iter().flat_map(|c| &c.endpoints).map(|e| e.packets).sum();
        assert_eq!((packets, counts.created), (800, 200));
        evicted.push(rows.iter().filter(|c| c.release == Release::Evicted).count());
    }
    assert_eq!(evicted[..2], [0, 0]);
    assert!(0 < evicted[2] && evicted[2] < evicted[3] && evicted[3] < 200, "{evicted:?}");
}

#[test]
fn beyond_the_number_of_rows_another_connection_begins() {
    let script = format!("> S, < S., > .{}", ", < R. +1ms".repeat(10));
    let owned = segments(&script);
    for (teardowns, rows) in [(10, vec![10]), (9, vec![9, 1]), (4, vec![4, 4, 2])] {
        let limits = Limits { teardowns, ..Limits::default() };
        let (_, all) = follow(owned.iter().map(Owned::segment), limits);
        let found: Vec<usize> = all.iter().map(|c| c.teardowns.len()).collect();
        assert_eq!(found, rows, "{teardowns} at most");
        assert!(all.iter().rev().skip(1).all(|c| c.release == Release::Evicted));
    }
}

#[test]
fn a_row_is_let_go_when_its_time_is_over_and_not_before() {
    let limits = Limits {
        linger: 1_000_000_000,
        handshake: 2_000_000_000,
        half_closed: 3_000_000_000,
        idle: 4_000_000_000,
        ..Limits::default()
    };
    for (script, seconds, release) in [
        ("> S, < S., > ., > F., < F., > .", 1, Release::Closed),
        ("> S, < S., > ., < R.", 1, Release::Closed),
        ("> S, < S.", 2, Release::Idle),
        ("> S", 2, Release::Idle),
        ("> S, < S., > ., > F.", 3, Release::Idle),
        ("> S, < S., > .", 4, Release::Idle),
        ("> P. 5", 4, Release::Idle),
    ] {
        for (later, expected) in [(0, Release::End), (1, release)] {
            let nanoseconds = seconds * 1_000_000 + later;
            let whole = format!("{script}, > S port=40009 +{nanoseconds}us");
            let owned = segments(&whole);
            let (_, rows) = follow(owned.iter().map(Owned::segment), limits.clone());
            assert_eq!(rows[0].release, expected, "{whole}");
        }
    }
}

#[test]
fn a_storm_of_resets_has_a_row_for_each() {
    let c = one(&format!("> S, < S., > .{}", ", < R. +1ms".repeat(300)));
    assert!(c.teardowns.iter().all(|row| row.kind == Kind::Rst));
    assert_eq!(c.teardowns.len(), 300);
    assert_eq!(c.teardowns.iter().filter(|row| row.effective == Some(true)).count(), 1);
}

//! How connections are kept while they are followed changes nothing in their rows.

use finrst::conn::script::{Owned, Packet, parse};
use finrst::conn::{Connection, Limits, Tracker};
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

fn follow(all: &[(usize, Owned)], limits: Limits) -> Vec<String> {
    let mut tracker = Tracker::new(limits);
    for (packet, (number, owned)) in (1..).zip(all) {
        let [high, low] = u16::try_from(*number).unwrap().to_be_bytes();
        let moved = |address: Address| match address.ip(4).to_string().rsplit_once('.') {
            Some(("192.0.2", host)) => Address::v4([10, high, low, host.parse().unwrap()]),
            Some((_, host)) => Address::v4([11, high, low, host.parse().unwrap()]),
            None => address,
        };
        let segment = owned.segment();
        let (source, destination) = (moved(segment.source), moved(segment.destination));
        let segment = Segment { packet, packet_in_file: packet, source, destination, ..segment };
        tracker.take(&segment, tracker.hash(&segment));
    }
    let rows: Vec<Connection> = tracker.finish(|_| ()).1.into_iter().collect();
    rows.iter().map(|c| format!("{c:?}")).collect()
}

#[test]
fn quiet_connections_are_kept_in_another_form_and_have_the_same_rows() {
    let all = all();
    let open = follow(&all, Limits { open: usize::MAX, ..Limits::default() });
    assert!(open.len() > 500, "{} rows", open.len());
    for quiet in [0, 1_000_000_000] {
        let compact = follow(&all, Limits { open: 0, quiet, ..Limits::default() });
        assert_eq!(compact.len(), open.len());
        for (one, other) in open.iter().zip(&compact) {
            assert_eq!(one, other);
        }
    }
}

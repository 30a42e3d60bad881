//! The packets of all connections are the TCP packets that take part, each once, and each where the
//! connection's row counts it.

use std::collections::BTreeMap;

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::conn::{Chosen, Connection, Side, Traced};
use finrst::engine::again;
use finrst::engine::{Options, Output, Session};
use finrst::packet::{Class, Decoder};

/// What a pass found and what a second one gives of it.
pub struct Held {
    pub output: Output,
    pub rows: Vec<Connection>,
    pub segments: Vec<Traced>,
}

fn whole(source: Source, options: &Options) -> Output {
    let mut session = Session::open(vec![source], options.clone()).unwrap();
    while session.step(1 << 22).unwrap() {}
    session.finish()
}

fn again(source: Source, options: &Options, chosen: Vec<Chosen>) -> Vec<Traced> {
    again::segments(vec![source], options.clone(), chosen, &|| true).unwrap()
}

/// The packets that a decoder alone takes for TCP.
fn tcp(source: Source, reading: &ReadOptions) -> Vec<u64> {
    let mut reader = Reader::open(vec![source], reading.clone()).unwrap();
    let (mut decoder, mut time, mut found) = (Decoder::default(), 0, Vec::new());
    while let Some(batch) = reader.next_batch().unwrap() {
        for frame in &batch {
            time = frame.time.unwrap_or(time);
            if decoder.decode(&frame, time).class() == Class::Tcp {
                found.push(frame.number);
            }
        }
    }
    found
}

/// Holds the packets of all connections against their rows and the ledger.
pub fn hold(what: &str, source: &dyn Fn() -> Source, options: &Options) -> Held {
    let output = whole(source(), options);
    let rows: Vec<Connection> = output.connections.iter().collect();
    let all: Vec<Chosen> = rows.iter().map(Chosen::from).collect();
    let segments = again(source(), options, all);
    let numbers: Vec<u64> = segments.iter().map(|segment| segment.packet).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{what}: each packet once");
    assert_eq!(numbers.len() as u64, output.ledger.total(Class::Tcp), "{what}: the ledger");
    if options.filter.is_none() && options.start.is_none() && options.end.is_none() {
        assert_eq!(numbers, tcp(source(), &options.reading), "{what}: TCP packets");
    }
    count(what, &rows, &segments);
    Held { output, rows, segments }
}

/// Each row counts the packets that its connection has.
pub fn count(what: &str, rows: &[Connection], segments: &[Traced]) {
    let mut of: BTreeMap<u64, Vec<&Traced>> = BTreeMap::new();
    for segment in segments {
        of.entry(segment.connection).or_default().push(segment);
    }
    for row in rows {
        let what = format!("{what}: connection {}", row.id);
        let own = of.remove(&row.id).unwrap_or_default();
        for side in [Side::Client, Side::Server] {
            let sent = own.iter().filter(|segment| segment.sender == side);
            let (packets, bytes) = sent.fold((0, 0), |(packets, bytes), segment| {
                (packets + 1, bytes + u64::from(segment.payload_length))
            });
            assert_eq!(packets, row.side(side).packets, "{what}: packets of {side:?}");
            assert_eq!(bytes, row.side(side).bytes, "{what}: bytes of {side:?}");
        }
        assert_eq!(own.first().map(|segment| segment.packet), Some(row.first_packet), "{what}");
        assert_eq!(own.last().map(|segment| segment.packet), Some(row.last_packet), "{what}");
        let ends = own.iter().filter(|segment| segment.flags.fin() || segment.flags.rst());
        let mut told: Vec<u64> = row.teardowns.iter().map(|teardown| teardown.packet).collect();
        told.sort_unstable();
        assert!(ends.map(|segment| segment.packet).eq(told.iter().copied()), "{what}: {told:?}");
    }
    assert!(of.is_empty(), "{what}: packets of {:?}", of.keys());
}

impl Held {
    /// Some connections alone have the same packets, to the last number.
    pub fn alone(&self, what: &str, source: &dyn Fn() -> Source, options: &Options, ids: &[u64]) {
        let is_chosen = |id: u64| ids.contains(&id);
        let chosen = self.rows.iter().filter(|row| is_chosen(row.id)).map(Chosen::from).collect();
        let found = again(source(), options, chosen);
        let expected = self.segments.iter().filter(|segment| is_chosen(segment.connection));
        let (found, expected): (Vec<_>, Vec<_>) = (
            found.iter().map(|segment| format!("{segment:?}")).collect(),
            expected.map(|segment| format!("{segment:?}")).collect(),
        );
        assert_eq!(found, expected, "{what}: connections {ids:?} alone");
    }

    /// A few of the connections, each alone, and then together.
    pub fn sampled(&self, what: &str, source: &dyn Fn() -> Source, options: &Options, most: usize) {
        let ids: Vec<u64> = self.rows.iter().map(|row| row.id).collect();
        let step = ids.len().div_ceil(most.max(1)).max(1);
        let some: Vec<u64> = ids.iter().copied().skip(step / 2).step_by(step).collect();
        for &id in &some {
            self.alone(what, source, options, &[id]);
        }
        self.alone(what, source, options, &some);
    }
}

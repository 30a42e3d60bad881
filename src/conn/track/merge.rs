//! The rows of trackers that shared the connections of one capture.

use crate::conn::facts::connection::Connection;
use crate::conn::memory::rows::{Rows, number};
use crate::conn::track::tracker::{Counts, Tracker};

/// The rows of one tracker on their way into the order of all.
struct Line {
    rows: Rows,
    next: usize,
    /// Rows of the trackers before it.
    base: usize,
    /// The first packet of the next one.
    first: Option<u64>,
}

/// Lets go of everything that is still followed when the capture ends `now`, and shows every row.
/// Connections are numbered and stand in the order of their first packets, as one tracker alone
/// would have them.
pub fn finish(
    mut trackers: Vec<Tracker>,
    now: i64,
    mut each: impl FnMut(&[&Connection]),
) -> (Counts, Rows) {
    if let [alone] = &mut trackers[..]
        && !alone.is_ended()
    {
        alone.end(now, Some(&mut each));
        return (alone.counts(), alone.take_rows());
    }
    let mut counts = Counts::default();
    let (mut lines, mut base) = (Vec::new(), 0);
    for tracker in &mut trackers {
        tracker.end(now, None);
        counts.add(tracker.counts());
    }
    for mut tracker in trackers {
        let rows = tracker.take_rows();
        let (first, length) = (rows.first_packet(0), rows.len());
        lines.push(Line { rows, next: 0, base, first });
        base += length;
    }
    let mut order: Vec<u32> = Vec::with_capacity(base);
    loop {
        let first = |line: &&mut Line| line.first.unwrap_or(u64::MAX);
        let Some(line) = lines.iter_mut().filter(|line| line.first.is_some()).min_by_key(first)
        else {
            break;
        };
        order.push(number(line.base + line.next));
        line.next += 1;
        line.first = line.rows.first_packet(line.next);
    }
    let mut rows = Rows::of_shards(lines.into_iter().map(|line| line.rows).collect(), order);
    rows.show(0..rows.len(), &mut each);
    (counts, rows)
}

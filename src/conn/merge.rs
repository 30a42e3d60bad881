//! The rows of trackers that shared the connections of one capture.

use super::connection::Connection;
use super::rows::{Rows, number};
use super::tracker::{Counts, Tracker};

/// The rows of one tracker on their way into the order of all.
struct Line {
    rows: Rows,
    next: usize,
    /// Rows of the trackers before it.
    base: usize,
    /// The first packet of the next one, which is open in `copy` if it had to be opened.
    first: Option<u64>,
    copy: Connection,
}

impl Line {
    fn look(&mut self) {
        self.first = self.rows.first_packet(self.next, &mut self.copy);
    }
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
        && !alone.is_closed()
    {
        alone.close(now, Some(&mut each));
        return (alone.counts(), alone.take_rows());
    }
    let mut counts = Counts::default();
    let (mut lines, mut base) = (Vec::new(), 0);
    for tracker in &mut trackers {
        tracker.close(now, None);
        counts.add(tracker.counts());
    }
    for mut tracker in trackers {
        let (rows, copy) = (tracker.take_rows(), Connection::blank());
        let length = rows.len();
        let mut line = Line { rows, next: 0, base, first: None, copy };
        line.look();
        lines.push(line);
        base += length;
    }
    let mut order: Vec<u32> = Vec::with_capacity(base);
    loop {
        let first = |line: &&mut Line| line.first.unwrap_or(u64::MAX);
        let Some(line) = lines.iter_mut().filter(|line| line.first.is_some()).min_by_key(first)
        else {
            break;
        };
        let Line { rows, next, base, copy, .. } = line;
        rows.note(*next, Some(order.len() as u64), copy, &mut each);
        order.push(number(*base + *next));
        *next += 1;
        line.look();
    }
    (counts, Rows::of_shards(lines.into_iter().map(|line| line.rows).collect(), order))
}

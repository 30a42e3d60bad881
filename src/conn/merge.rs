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
    mut each: impl FnMut(&Connection),
) -> (Counts, Rows) {
    let mut counts = Counts::default();
    let (mut lines, mut base) = (Vec::new(), 0);
    for tracker in &mut trackers {
        tracker.close(now);
        counts.add(tracker.counts());
    }
    if trackers.len() == 1
        && let Some(alone) = trackers.pop()
    {
        return (counts, shown(alone.into_rows(), &mut each));
    }
    for tracker in trackers {
        let (rows, copy) = (tracker.into_rows(), Connection::blank());
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

/// Shows the rows of a tracker that was alone; their numbers and order are right.
fn shown(mut rows: Rows, each: &mut impl FnMut(&Connection)) -> Rows {
    let mut copy = Connection::blank();
    for row in 0..rows.len() {
        if rows.first_packet(row, &mut copy).is_some() {
            rows.note(row, None, &mut copy, each);
        }
    }
    rows
}

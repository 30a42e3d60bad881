//! The rows of trackers that shared the connections of one capture.

use crate::conn::facts::connection::Connection;
use crate::conn::memory::rows::{Rows, number};
use crate::conn::track::tracker::{Counts, Remaining, Tracker};

/// The rows of one tracker on their way into the order of all.
struct Line {
    rows: Rows,
    next: usize,
    /// Rows of the trackers before it.
    base: usize,
    /// Number and first packet of the next one.
    head: Option<(u64, u64)>,
}

impl Tracker {
    /// Lets go of everything that is still followed, and shows every row. Rows are in order of
    /// connection.
    pub fn finish(self, each: impl FnMut(&[&Connection])) -> (Counts, Rows) {
        let now = self.now();
        finish(vec![self], now, each)
    }
}

/// Lets go of everything that is still followed when the capture ends `now`, and shows every row.
/// Connections are numbered and stand in the order of their first packets, as one tracker alone
/// would have them.
pub fn finish(
    trackers: Vec<Tracker>,
    now: i64,
    mut each: impl FnMut(&[&Connection]),
) -> (Counts, Rows) {
    let (counts, rows, _) = together(trackers, now, None, &mut each);
    (counts, rows)
}

/// The same for trackers that went on with connections of an earlier reading, or leave some to a
/// later one: so many connections had begun before. What they leave comes with it.
pub fn finish_part(
    trackers: Vec<Tracker>,
    now: i64,
    begun: u64,
    mut each: impl FnMut(&[&Connection]),
) -> (Counts, Rows, Remaining) {
    together(trackers, now, Some(begun), &mut each)
}

fn together(
    mut trackers: Vec<Tracker>,
    now: i64,
    begun: Option<u64>,
    mut each: &mut dyn FnMut(&[&Connection]),
) -> (Counts, Rows, Remaining) {
    if let [alone] = &mut trackers[..]
        && !alone.is_ended()
    {
        alone.end(now, Some(each));
        return (alone.counts(), alone.take_rows(), alone.take_left());
    }
    let mut counts = Counts::default();
    let (mut lines, mut left, mut base) = (Vec::new(), Vec::new(), 0);
    for tracker in &mut trackers {
        tracker.end(now, None);
        counts.add(tracker.counts());
        left.push(tracker.take_left());
    }
    for mut tracker in trackers {
        let rows = tracker.take_rows();
        let (head, length) = (rows.numbers(0), rows.len());
        lines.push(Line { rows, next: 0, base, head });
        base += length;
    }
    let mut order: Vec<u32> = Vec::with_capacity(base);
    let mut numbers = begun.map(|begun| Numbers::of(begun, &left));
    loop {
        let ahead = lines.iter_mut().filter_map(|line| Some((line.head?, line)));
        let Some(((own, first), line)) = ahead.min_by_key(|&((_, first), _)| first) else { break };
        order.push(number(line.base + line.next));
        if let Some(numbers) = &mut numbers {
            numbers.row(own, first);
        }
        line.next += 1;
        line.head = line.rows.numbers(line.next);
    }
    let (ids, left) = numbers.map(Numbers::end).unzip();
    let left = left.unwrap_or_default();
    let mut rows = Rows::of_shards(lines.into_iter().map(|line| line.rows).collect(), order, ids);
    rows.show(0..rows.len(), &mut each);
    (counts, rows, left)
}

/// Numbers of connections over all trackers, where some of them are no rows here.
struct Numbers<'l> {
    /// How many had begun before.
    begun: u64,
    next: u64,
    rows: Vec<u64>,
    /// First packet, own number, tracker and place of each that is left, the last first.
    waiting: Vec<(u64, u64, usize, usize)>,
    left: &'l [Remaining],
    all: Remaining,
}

impl<'l> Numbers<'l> {
    fn of(begun: u64, left: &'l [Remaining]) -> Self {
        let mut waiting = Vec::new();
        for (tracker, left) in left.iter().enumerate() {
            let heads = left.heads().enumerate();
            waiting.extend(heads.map(|(at, (own, first))| (first, own, tracker, at)));
        }
        waiting.sort_unstable_by(|a, b| b.cmp(a));
        Self { begun, next: begun, rows: Vec::new(), waiting, left, all: Remaining::default() }
    }

    /// Those from before have their numbers.
    fn number(&mut self, own: u64) -> u64 {
        if own < self.begun {
            return own;
        }
        self.next += 1;
        self.next - 1
    }

    fn before(&mut self, first: u64) {
        while let Some((_, own, tracker, at)) =
            self.waiting.pop_if(|&mut (waiting, ..)| waiting < first)
        {
            let id = self.number(own);
            if let Some(left) = self.left.get(tracker) {
                self.all.add(id, left, at);
            }
        }
    }

    fn row(&mut self, own: u64, first: u64) {
        self.before(first);
        let id = self.number(own);
        self.rows.push(id);
    }

    /// The numbers of all rows, and all that are left in order.
    fn end(mut self) -> (Vec<u64>, Remaining) {
        self.before(u64::MAX);
        (self.rows, self.all)
    }
}

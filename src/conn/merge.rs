//! The rows of trackers that shared the connections of one capture.

use super::connection::Connection;
use super::rows::{CHUNK, Rows};
use super::tracker::{Counts, Tracker};

/// Lets go of everything that is still followed when the capture ends `now`, and shows every row.
/// Connections are numbered and stand in the order of their first packets, as one tracker alone
/// would have them.
pub fn finish(
    mut trackers: Vec<Tracker>,
    now: i64,
    mut each: impl FnMut(&Connection),
) -> (Counts, Rows) {
    if trackers.len() == 1
        && let Some(alone) = trackers.pop()
    {
        return alone.finish_at(now, each);
    }
    let begun = |tracker: &Tracker| usize::try_from(tracker.counts().created).unwrap_or(0);
    let mut order: Vec<u32> = Vec::with_capacity(trackers.iter().map(begun).sum());
    let mut base = 0;
    let mut lines = Vec::new();
    for tracker in &mut trackers {
        let places = base..;
        base += begun(tracker).next_multiple_of(CHUNK);
        lines.push(places.zip(tracker.ended(now)).peekable());
    }
    loop {
        let mut next: Option<(u64, usize)> = None;
        for (line, rows) in lines.iter_mut().enumerate() {
            if let Some((_, c)) = rows.peek()
                && next.is_none_or(|(first, _)| c.first_packet < first)
            {
                next = Some((c.first_packet, line));
            }
        }
        let Some((_, line)) = next else { break };
        let Some((place, c)) = lines.get_mut(line).and_then(Iterator::next) else { break };
        c.id = order.len() as u64;
        each(c);
        order.push(u32::try_from(place).unwrap_or(u32::MAX));
    }
    drop(lines);
    let mut counts = Counts::default();
    let mut shards = Vec::new();
    for tracker in trackers {
        counts.add(tracker.counts());
        shards.push(tracker.into_rows());
    }
    (counts, Rows::of_shards(shards, order))
}

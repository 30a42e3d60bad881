//! Rows handed out in groups, whose memory is given back when their takers are done.

use std::sync::Arc;

use super::{Chunk, Order, Rows, number};
use crate::conn::primitives::slab::CHUNK;

/// See [`Rows::into_groups`].
#[derive(Debug)]
pub struct Groups {
    rows: Rows,
    /// Chunks of each group, or that many times as many connections in order.
    each: usize,
    /// Those that were handed out.
    taken: usize,
}

impl Groups {
    pub(super) fn of(rows: Rows, each: usize) -> Self {
        Self { rows, each: (each / CHUNK).max(1), taken: 0 }
    }

    fn left(&self) -> usize {
        let all = match &self.rows.order {
            Some(order) => order.rows.len().div_ceil(CHUNK),
            None => self.rows.chunks.len(),
        };
        all.saturating_sub(self.taken)
    }

    /// Whether all were handed out.
    pub fn is_over(&self) -> bool {
        self.left() == 0
    }

    /// The connections in these places of the order. A chunk goes with those who have its last.
    #[expect(clippy::indexing_slicing, reason = "`find` gives a chunk that there is")]
    fn gather(&mut self, from: usize, to: usize) -> Rows {
        let mut known = vec![None; self.rows.chunks.len()];
        let (mut chunks, mut places) = (Vec::new(), Vec::with_capacity(to - from));
        for row in from..to {
            let Some((chunk, within)) = self.rows.find(row) else { continue };
            let at = *known[chunk].get_or_insert_with(|| {
                chunks.push(Arc::clone(&self.rows.chunks[chunk]));
                chunks.len() - 1
            });
            places.push((at, within));
            if within + 1 == self.rows.chunks[chunk].len() {
                self.rows.chunks[chunk] = Arc::new(Chunk::Unpacked(Vec::new()));
            }
        }
        let gathered = Rows::of(chunks);
        let order = places.iter().map(|&(at, within)| number(gathered.starts[at] + within));
        let all = self.rows.order.as_ref().and_then(|all| all.ids.as_ref());
        let ids = all.map(|ids| ids.get(from..to).unwrap_or_default().to_vec());
        let order = Order { rows: order.collect(), first: from as u64, ids };
        let (length, clock) = (order.rows.len(), self.rows.clock);
        Rows { order: Some(order), length, clock, ..gathered }
    }
}

impl Iterator for Groups {
    type Item = Rows;

    fn next(&mut self) -> Option<Rows> {
        let (start, end) = (self.taken, self.taken + self.left().min(self.each));
        if start == end {
            return None;
        }
        self.taken = end;
        if let Some(order) = &self.rows.order {
            let to = order.rows.len().min(end * CHUNK);
            return Some(self.gather(start * CHUNK, to));
        }
        let chunks = self.rows.chunks.get_mut(start..end)?.iter_mut();
        let empty = || Arc::new(Chunk::Unpacked(Vec::new()));
        Some(Rows::of(chunks.map(|chunk| std::mem::replace(chunk, empty())).collect()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left().div_ceil(self.each);
        (left, Some(left))
    }
}

//! Connections at their end, in the chunks in which they were followed.

use std::sync::Arc;

use super::connection::Connection;

/// Connections in one chunk: large enough for the allocator to give its memory back to the system
/// at once, small enough for a small capture.
pub(super) const CHUNK: usize = 1024;

type Chunk = Arc<Vec<Connection>>;

/// Connections in order.
#[derive(Clone, Default)]
pub struct Rows {
    chunks: Vec<Chunk>,
    /// Which place is whose, where several trackers filled the chunks; else they are in order.
    order: Option<Vec<u32>>,
}

impl Rows {
    pub(super) fn of_chunks(chunks: Vec<Vec<Connection>>) -> Self {
        Self { chunks: chunks.into_iter().map(Arc::new).collect(), order: None }
    }

    /// Of several trackers. `order` has the place of each connection, `CHUNK` places to a chunk;
    /// those of one tracker are in order.
    pub(super) fn of_shards(shards: Vec<Self>, order: Vec<u32>) -> Self {
        let chunks = shards.into_iter().flat_map(|shard| shard.chunks).collect();
        Self { chunks, order: Some(order) }
    }

    /// How many.
    pub fn len(&self) -> usize {
        let held = || self.chunks.iter().map(|chunk| chunk.len()).sum();
        self.order.as_ref().map_or_else(held, Vec::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first.
    pub fn first(&self) -> Option<&Connection> {
        self.iter().next()
    }

    /// All of them.
    pub fn iter(&self) -> Box<dyn Iterator<Item = &Connection> + '_> {
        match &self.order {
            Some(order) => Box::new(order.iter().filter_map(|&place| self.at(place as usize))),
            None => Box::new(self.chunks.iter().flat_map(|chunk| chunk.iter())),
        }
    }

    fn at(&self, place: usize) -> Option<&Connection> {
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    /// All of them in blocks of at most so many.
    pub fn blocks(&self, rows: usize) -> impl Iterator<Item = Vec<&Connection>> {
        let mut all = self.iter();
        std::iter::from_fn(move || {
            let block: Vec<_> = all.by_ref().take(rows).collect();
            (!block.is_empty()).then_some(block)
        })
    }

    /// Puts the rows of one tracker behind those of another; they are to be gone through only, and
    /// not asked for by number.
    pub fn append(&mut self, others: Self) {
        self.chunks.extend(others.chunks);
    }

    /// Groups of at most `rows` connections (in steps of a chunk), each to be let go when its
    /// taker is done with it.
    pub fn into_groups(self, rows: usize) -> Groups {
        Groups { chunks: self.chunks, order: self.order, taken: 0, each: (rows / CHUNK).max(1) }
    }
}

/// See [`Rows::into_groups`].
#[derive(Debug)]
pub struct Groups {
    /// Those that were handed out are empty.
    chunks: Vec<Chunk>,
    order: Option<Vec<u32>>,
    /// Chunks that were handed out, or that many times as many connections in order.
    taken: usize,
    each: usize,
}

impl Groups {
    /// Chunks, or that many times as many connections, that are not handed out yet.
    fn left(&self) -> usize {
        let all = self.order.as_ref().map_or(self.chunks.len(), |o| o.len().div_ceil(CHUNK));
        all.saturating_sub(self.taken)
    }

    /// Whether all were handed out.
    pub fn is_over(&self) -> bool {
        self.left() == 0
    }

    /// The connections in these places. Chunks go with those who have their last place.
    fn gather(&mut self, places: &[u32]) -> Rows {
        let mut rows = Rows { chunks: Vec::new(), order: Some(Vec::with_capacity(places.len())) };
        let mut known = vec![None; self.chunks.len()];
        for &place in places {
            let (chunk, within) = (place as usize / CHUNK, place as usize % CHUNK);
            let (Some(held), Some(known)) = (self.chunks.get_mut(chunk), known.get_mut(chunk))
            else {
                continue;
            };
            let number = *known.get_or_insert_with(|| {
                rows.chunks.push(Arc::clone(held));
                rows.chunks.len() - 1
            });
            if within + 1 == held.len() {
                *held = Chunk::default();
            }
            let place = u32::try_from(number * CHUNK + within).unwrap_or(u32::MAX);
            rows.order.get_or_insert_default().push(place);
        }
        rows
    }
}

impl Iterator for Groups {
    type Item = Rows;

    fn next(&mut self) -> Option<Rows> {
        let range = self.taken..self.taken + self.left().min(self.each);
        if range.is_empty() {
            return None;
        }
        self.taken = range.end;
        let Some(order) = self.order.take() else {
            let chunks = self.chunks.get_mut(range)?.iter_mut().map(std::mem::take).collect();
            return Some(Rows { chunks, order: None });
        };
        let end = order.len().min(range.end * CHUNK);
        let rows = order.get(range.start * CHUNK..end).map(|places| self.gather(places));
        self.order = Some(order);
        rows
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left().div_ceil(self.each);
        (left, Some(left))
    }
}

impl From<Vec<Connection>> for Rows {
    /// Memory is given back on the way: both together never take more than half as much again.
    fn from(mut rows: Vec<Connection>) -> Self {
        let mut chunks = Vec::with_capacity(rows.len().div_ceil(CHUNK));
        while !rows.is_empty() {
            let begin = (rows.len() - 1) / CHUNK * CHUNK;
            chunks.push(rows.split_off(begin));
            if rows.len() <= rows.capacity() / 2 {
                rows.shrink_to_fit();
            }
        }
        chunks.reverse();
        Self::of_chunks(chunks)
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl std::ops::Index<usize> for Rows {
    type Output = Connection;

    fn index(&self, index: usize) -> &Connection {
        let place = self.order.as_ref().map_or(index, |order| order[index] as usize);
        &self.chunks[place / CHUNK][place % CHUNK]
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Connection;
    type IntoIter = Box<dyn Iterator<Item = &'a Connection> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Rows {
    type Item = Connection;
    type IntoIter = Box<dyn Iterator<Item = Connection>>;

    /// Rows of one tracker are moved, those of several copied.
    fn into_iter(self) -> Self::IntoIter {
        match self.order {
            None => Box::new(self.chunks.into_iter().flat_map(Arc::unwrap_or_clone)),
            Some(_) => Box::new((0..self.len()).map(move |index| self[index].clone())),
        }
    }
}

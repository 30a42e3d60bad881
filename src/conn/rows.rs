//! Connections at their end, in the chunks in which they were followed.

use super::connection::Connection;

/// Connections in one chunk: large enough for the allocator to give its memory back to the system
/// at once, small enough for a small capture.
pub(super) const CHUNK: usize = 1024;

/// Connections in order.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    chunks: Vec<Vec<Connection>>,
}

impl Rows {
    pub(super) fn of_chunks(chunks: Vec<Vec<Connection>>) -> Self {
        Self { chunks }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
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
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.chunks.iter().flatten()
    }

    /// All of them in blocks of at most so many.
    pub fn blocks(&self, rows: usize) -> impl Iterator<Item = &[Connection]> {
        self.chunks.iter().flat_map(move |chunk| chunk.chunks(rows))
    }

    /// Puts others behind them; they are to be gone through only, and not asked for by number.
    pub fn append(&mut self, others: Self) {
        self.chunks.extend(others.chunks);
    }

    /// Groups of at most `rows` connections (in steps of a chunk), each to be let go when its
    /// taker is done with it.
    pub fn into_groups(self, rows: usize) -> Groups {
        Groups { chunks: self.chunks.into_iter(), each: (rows / CHUNK).max(1) }
    }
}

/// See [`Rows::into_groups`].
#[derive(Debug)]
pub struct Groups {
    chunks: std::vec::IntoIter<Vec<Connection>>,
    each: usize,
}

impl Groups {
    /// Whether all were handed out.
    pub fn is_over(&self) -> bool {
        self.chunks.len() == 0
    }
}

impl Iterator for Groups {
    type Item = Rows;

    fn next(&mut self) -> Option<Rows> {
        let chunks: Vec<_> = self.chunks.by_ref().take(self.each).collect();
        (!chunks.is_empty()).then_some(Rows { chunks })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.chunks.len().div_ceil(self.each);
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
        Self { chunks }
    }
}

impl std::ops::Index<usize> for Rows {
    type Output = Connection;

    fn index(&self, index: usize) -> &Connection {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a Connection;
    type IntoIter = std::iter::Flatten<std::slice::Iter<'a, Vec<Connection>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.iter().flatten()
    }
}

impl IntoIterator for Rows {
    type Item = Connection;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<Connection>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

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
}

impl From<Vec<Connection>> for Rows {
    fn from(rows: Vec<Connection>) -> Self {
        let mut rows = rows.into_iter();
        let chunks = std::iter::from_fn(|| {
            let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        Self { chunks: chunks.collect() }
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

//! Connections at their end, in the chunks in which they were followed.

use super::connection::Connection;

/// Connections in one chunk: as many as one batch of a table, so that the memory of the one is
/// given back as the other is made.
pub const CHUNK: usize = 8192;

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

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.chunks.iter().flatten()
    }

    /// Chunk by chunk; the memory of each is its taker's to give back.
    pub fn into_chunks(self) -> std::vec::IntoIter<Vec<Connection>> {
        self.chunks.into_iter()
    }
}

impl From<Vec<Connection>> for Rows {
    fn from(mut rows: Vec<Connection>) -> Self {
        let mut chunks = Vec::new();
        while rows.len() > CHUNK {
            let later = rows.split_off(CHUNK);
            chunks.push(std::mem::replace(&mut rows, later));
        }
        chunks.push(rows);
        Self { chunks }
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

//! Rows as connections again.

use super::{Chunk, Rows};
use crate::conn::facts::connection::Connection;
use crate::conn::memory::prefetch::prefetch;
use crate::conn::primitives::slab::CHUNK;

/// Connections unpacked for a look, in room that is used again.
#[derive(Debug, Default)]
pub(crate) struct Unpacker {
    connections: Vec<Connection>,
}

impl Unpacker {
    /// The connections in these rows, all asked for at once; rows that are not there are left out.
    pub(crate) fn look<'o>(
        &'o mut self,
        rows: &'o Rows,
        which: impl IntoIterator<Item = usize>,
    ) -> Vec<&'o Connection> {
        let Self { connections } = self;
        let which = which.into_iter();
        let (least, most) = which.size_hint();
        // Made at once: lists of what is found grow, since nobody knows how much that is.
        let mut found = Vec::with_capacity(most.unwrap_or(least).min(CHUNK));
        let mut near = 0;
        found.extend(which.filter_map(|row| {
            let (chunk, within) = rows.find_near(row, near)?;
            near = chunk;
            Some((row, rows.chunk(chunk)?, within))
        }));
        let mut count = 0;
        for &(row, chunk, within) in &found {
            let Chunk::Packed(packed) = chunk else { continue };
            if count == connections.len() {
                connections.push(Connection::default());
            }
            if let Some(c) = connections.get_mut(count) {
                packed.unpack(within, c);
                c.id = rows.id(row).unwrap_or(c.id);
            }
            count += 1;
        }
        let mut unpacked = connections.iter();
        let mut looked = Vec::with_capacity(found.len());
        looked.extend(found.into_iter().filter_map(|(_, chunk, within)| match chunk {
            Chunk::Unpacked(unpacked) => unpacked.get(within).map(|unpacked| &unpacked.connection),
            Chunk::Packed(_) => unpacked.next(),
        }));
        if count < looked.len() {
            prefetch(looked.iter().copied());
        }
        looked
    }
}

/// See [`Rows::iter`].
#[derive(Debug)]
pub struct Iter<'a> {
    rows: &'a Rows,
    next: usize,
    unpacker: Unpacker,
}

impl<'a> Iter<'a> {
    pub(super) fn of(rows: &'a Rows) -> Self {
        Self { rows, next: 0, unpacker: Unpacker::default() }
    }
}

impl Iterator for Iter<'_> {
    type Item = Connection;

    fn next(&mut self) -> Option<Connection> {
        let row = self.next;
        self.next += 1;
        self.unpacker.look(self.rows, [row]).pop().cloned()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = Connection;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

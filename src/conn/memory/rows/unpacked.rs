//! Rows as connections again.

use super::{Chunk, Rows};
use crate::conn::facts::connection::Connection;
use crate::conn::memory::prefetch::ask_for;

/// Connections opened for a look, in room that is used again.
#[derive(Debug, Default)]
pub struct Opened {
    connections: Vec<Connection>,
}

impl Opened {
    /// The connections in these rows, all asked for at once; rows that are not there are left out.
    pub fn look<'o>(
        &'o mut self,
        rows: &'o Rows,
        which: impl IntoIterator<Item = usize>,
    ) -> Vec<&'o Connection> {
        let Self { connections } = self;
        let located = |row| rows.locate(row).map(|(chunk, within)| (row, chunk, within));
        let found: Vec<_> = which.into_iter().filter_map(located).collect();
        let mut count = 0;
        for &(row, chunk, within) in &found {
            let Chunk::Forms(forms) = chunk else { continue };
            if count == connections.len() {
                connections.push(Connection::blank());
            }
            let c = &mut connections[count];
            forms.open(within, c);
            c.id = rows.id(row).unwrap_or(c.id);
            count += 1;
        }
        let mut opened = connections.iter();
        let looked = found.into_iter().filter_map(|(_, chunk, within)| match chunk {
            Chunk::Whole(open) => open.get(within).map(|open| &open.connection),
            Chunk::Forms(_) => opened.next(),
        });
        let looked: Vec<_> = looked.collect();
        if count < looked.len() {
            ask_for(looked.iter().copied());
        }
        looked
    }
}

/// See [`Rows::iter`].
#[derive(Debug)]
pub struct Iter<'a> {
    rows: &'a Rows,
    next: usize,
    opened: Opened,
}

impl<'a> Iter<'a> {
    pub(super) fn of(rows: &'a Rows) -> Self {
        Self { rows, next: 0, opened: Opened::default() }
    }
}

impl Iterator for Iter<'_> {
    type Item = Connection;

    fn next(&mut self) -> Option<Connection> {
        let row = self.next;
        self.next += 1;
        self.opened.look(self.rows, [row]).pop().cloned()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = Connection;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

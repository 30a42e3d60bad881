//! Connections at their end.

use super::compact::{Packer, Rare, SLACK};
use super::connection::{Connection, Release};
use super::ending;
use super::store::{CHUNK, Open};

/// Connections in order.
#[derive(Debug, Default)]
pub struct Rows {
    chunks: Vec<Chunk>,
    /// The number of the first row of each chunk.
    starts: Vec<usize>,
    length: usize,
    clock: i64,
    packer: Packer,
}

/// Some of them: as they were followed, or in their compact form.
#[derive(Debug)]
enum Chunk {
    Whole(Vec<Open>),
    Forms(Forms),
}

#[derive(Debug, Default)]
struct Forms {
    octets: Vec<u8>,
    /// Where each ends, and [`FOLLOWED`].
    ends: Vec<u32>,
    rare: Vec<Rare>,
    /// Row and packet of each FIN and RST.
    teardowns: Vec<(u32, u64)>,
    /// When the capture ended.
    clock: i64,
}

/// Rows of FINs and RSTs of a connection that is not worth a compact form.
const MANY_TEARDOWNS: usize = 256;

/// Marks a form of a connection that was followed to the end: how it ended is not in it.
const FOLLOWED: u32 = 1 << 31;

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Whole(open) => open.len(),
            Self::Forms(forms) => forms.ends.len(),
        }
    }
}

impl Forms {
    fn add(&mut self, form: &[u8], mark: u32) {
        self.octets.truncate(self.end(self.ends.len()));
        self.octets.extend_from_slice(form);
        self.ends.push(u32::try_from(self.octets.len()).unwrap_or(0) | mark);
        self.octets.resize(self.octets.len() + SLACK, 0);
    }

    fn note_teardowns(&mut self, c: &Connection) {
        let row = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.teardowns.extend(c.teardowns.iter().map(|t| (row, t.packet)));
    }

    fn note_rare(&mut self, rare: Rare) -> u32 {
        self.rare.push(rare);
        u32::try_from(self.rare.len() - 1).unwrap_or(u32::MAX)
    }

    /// Where the form before this row ends.
    fn end(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| (self.ends[before] & !FOLLOWED) as usize)
    }

    fn open(&self, row: usize, c: &mut Connection, packer: &mut Packer) {
        let rare = packer.unpack(&self.octets[self.end(row)..], c, None);
        let rare = rare.and_then(|at| self.rare.get(at as usize)).cloned();
        rare.unwrap_or_default().put(c);
        if self.ends[row] & FOLLOWED != 0 {
            ending::decide(c, Release::End, self.clock);
        }
    }

    /// Gives back what was reserved for more.
    fn shrink(&mut self) {
        self.octets.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.rare.shrink_to_fit();
        self.teardowns.shrink_to_fit();
    }
}

impl Rows {
    fn of(chunks: Vec<Chunk>) -> Self {
        let mut length = 0;
        let starts = chunks
            .iter()
            .map(|chunk| {
                let start = length;
                length += chunk.len();
                start
            })
            .collect();
        Self { chunks, starts, length, ..Self::default() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// FIN and RST segments of all of them.
    pub fn teardowns(&self) -> usize {
        let of = |chunk: &Chunk| match chunk {
            Chunk::Whole(open) => open.iter().map(|open| open.connection.teardowns.len()).sum(),
            Chunk::Forms(forms) => forms.teardowns.len(),
        };
        self.chunks.iter().map(of).sum()
    }

    /// Each FIN and RST segment: its packet, its connection's row, and its place among those of
    /// that connection.
    pub fn teardown_places(&self) -> Vec<(u64, usize, usize)> {
        let mut places = Vec::with_capacity(self.teardowns());
        for (&start, chunk) in self.starts.iter().zip(&self.chunks) {
            match chunk {
                Chunk::Whole(open) => places.extend((start..).zip(open).flat_map(|(row, open)| {
                    let packets = open.connection.teardowns.iter().map(|t| t.packet);
                    packets.enumerate().map(move |(at, packet)| (packet, row, at))
                })),
                Chunk::Forms(forms) => {
                    let (mut before, mut at) = (u32::MAX, 0);
                    places.extend(forms.teardowns.iter().map(|&(row, packet)| {
                        at = if row == before { at + 1 } else { 0 };
                        before = row;
                        (packet, start + row as usize, at)
                    }));
                }
            }
        }
        places
    }

    /// None yet, of a capture that ends at this time.
    pub(super) fn ending_at(clock: i64) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Adds one, and leaves nothing of use of it.
    pub fn push(&mut self, connection: &mut Connection) {
        if connection.teardowns.len() > MANY_TEARDOWNS {
            let row = std::mem::replace(connection, Connection::blank());
            self.push_whole(vec![Open::row(row)]);
            return;
        }
        let mut packer = std::mem::take(&mut self.packer);
        self.add(|forms| {
            forms.note_teardowns(connection);
            let rare = Rare::take(connection).map(|rare| forms.note_rare(*rare));
            forms.add(packer.pack(connection, None, rare), 0);
        });
        self.packer = packer;
    }

    /// Adds the compact form of one that is shown too, its rare facts apart.
    pub(super) fn push_form(
        &mut self,
        form: &[u8],
        shown: &Connection,
        rare: Option<&Rare>,
        followed: bool,
    ) {
        self.add(|forms| {
            forms.note_teardowns(shown);
            let start = forms.end(forms.ends.len());
            forms.add(form, if followed { FOLLOWED } else { 0 });
            if let Some(rare) = rare.cloned() {
                let rare = forms.note_rare(rare);
                Packer::refer(&mut forms.octets[start..], rare);
            }
        });
    }

    /// Adds a chunk of open ones.
    pub(super) fn push_whole(&mut self, open: Vec<Open>) {
        self.starts.push(self.length);
        self.length += open.len();
        self.chunks.push(Chunk::Whole(open));
    }

    fn add(&mut self, add: impl FnOnce(&mut Forms)) {
        if !matches!(self.chunks.last(), Some(Chunk::Forms(forms)) if forms.ends.len() < CHUNK) {
            if let Some(Chunk::Forms(full)) = self.chunks.last_mut() {
                full.shrink();
            }
            self.starts.push(self.length);
            self.chunks.push(Chunk::Forms(Forms { clock: self.clock, ..Forms::default() }));
        }
        if let Some(Chunk::Forms(forms)) = self.chunks.last_mut() {
            add(forms);
            self.length += 1;
        }
    }

    /// Puts others behind them.
    pub fn append(&mut self, others: Self) {
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.extend(others.chunks);
        *self = Self::of(chunks);
    }

    /// Takes the first ones out: at most `rows` (in steps of a chunk).
    #[must_use]
    pub fn take_front(&mut self, rows: usize) -> Self {
        let mut front = std::mem::take(&mut self.chunks);
        let rest = front.split_off((rows / CHUNK).max(1).min(front.len()));
        *self = Self::of(rest);
        Self::of(front)
    }

    /// All of them, opened one by one.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rows: self, next: 0, opened: Opened::default() }
    }

    /// One of them.
    pub fn get(&self, row: usize) -> Option<Connection> {
        let mut opened = Opened::default();
        opened.look(self, [row]).pop().cloned()
    }

    fn locate(&self, row: usize) -> Option<(&Chunk, usize)> {
        let at = self.starts.partition_point(|&start| start <= row).checked_sub(1)?;
        let within = row - self.starts[at];
        self.chunks.get(at).filter(|chunk| within < chunk.len()).map(|chunk| (chunk, within))
    }

    /// Groups of at most `rows` connections (in steps of a chunk), each to be let go when its
    /// taker is done with it.
    pub fn into_groups(self, rows: usize) -> Groups {
        Groups { chunks: self.chunks.into_iter(), each: (rows / CHUNK).max(1) }
    }
}

impl FromIterator<Connection> for Rows {
    fn from_iter<T: IntoIterator<Item = Connection>>(connections: T) -> Self {
        let mut rows = Self::default();
        connections.into_iter().for_each(|mut c| rows.push(&mut c));
        rows
    }
}

impl From<Vec<Connection>> for Rows {
    fn from(connections: Vec<Connection>) -> Self {
        connections.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = Connection;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// See [`Rows::iter`].
#[derive(Debug)]
pub struct Iter<'a> {
    rows: &'a Rows,
    next: usize,
    opened: Opened,
}

impl Iterator for Iter<'_> {
    type Item = Connection;

    fn next(&mut self) -> Option<Connection> {
        let row = self.next;
        self.next += 1;
        self.opened.look(self.rows, [row]).pop().cloned()
    }
}

/// Connections opened for a look, in room that is used again.
#[derive(Debug, Default)]
pub struct Opened {
    packer: Packer,
    connections: Vec<Connection>,
}

impl Opened {
    /// The connections in these rows; rows that are not there are left out.
    pub fn look<'o>(
        &'o mut self,
        rows: &'o Rows,
        which: impl IntoIterator<Item = usize>,
    ) -> Vec<&'o Connection> {
        let Self { packer, connections } = self;
        let found: Vec<_> = which.into_iter().filter_map(|row| rows.locate(row)).collect();
        let forms = found.iter().filter_map(|&(chunk, row)| match chunk {
            Chunk::Forms(forms) => Some((forms, row)),
            Chunk::Whole(_) => None,
        });
        for (at, (forms, row)) in forms.enumerate() {
            if at == connections.len() {
                connections.push(Connection::blank());
            }
            forms.open(row, &mut connections[at], packer);
        }
        let mut opened = connections.iter();
        let looked = found.into_iter().filter_map(|(chunk, row)| match chunk {
            Chunk::Whole(open) => open.get(row).map(|open| &open.connection),
            Chunk::Forms(_) => opened.next(),
        });
        looked.collect()
    }
}

/// See [`Rows::into_groups`].
#[derive(Debug)]
pub struct Groups {
    chunks: std::vec::IntoIter<Chunk>,
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
        (!chunks.is_empty()).then(|| Rows::of(chunks))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.chunks.len().div_ceil(self.each);
        (left, Some(left))
    }
}

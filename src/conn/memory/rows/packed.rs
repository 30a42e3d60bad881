//! A chunk of connections packed.

use crate::conn::facts::connection::Connection;
use crate::conn::follow::ending;
use crate::conn::memory::pack::{Rare, SLACK, numbers, refer, unpack, unpack_blank};
use crate::conn::memory::store::Unpacked;
use crate::conn::primitives::plain::{Narrow, Plain};
use crate::conn::primitives::slab::CHUNK;
use crate::conn::primitives::words::Release;

/// Bytes that make a chunk full, however few rows it has.
const FULL: usize = 1 << 24;
/// The bits of [`PackedRows::ends`] that hold where a row ends; those above tell why the connection is
/// let go where that is not in it yet.
const END: u32 = (1 << END_BITS) - 1;
const END_BITS: u32 = 29;

#[derive(Debug, Default)]
pub(super) struct PackedRows {
    octets: Vec<u8>,
    ends: Vec<u32>,
    rare: Vec<Rare>,
    /// Row and packet of each FIN and RST.
    teardowns: Vec<(u32, u64)>,
    /// When the capture ended.
    clock: i64,
}

impl PackedRows {
    pub(super) fn ending_at(clock: i64) -> Self {
        Self { clock, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= CHUNK || self.octets.len() >= FULL
    }

    pub(super) fn teardowns(&self) -> &[(u32, u64)] {
        &self.teardowns
    }

    /// Adds a packed row; where it begins.
    pub(super) fn add(&mut self, bytes: &[u8], release: Option<Release>) -> usize {
        let start = self.start(self.len());
        self.octets.truncate(start);
        self.octets.extend_from_slice(bytes);
        let code = u32::from_word(Release::code(release));
        self.ends.push(u32::try_from(self.octets.len()).unwrap_or(0) | code << END_BITS);
        self.octets.resize(self.octets.len() + SLACK, 0);
        start
    }

    /// Keeps rare facts; what leads to them.
    pub(super) fn keep_rare(&mut self, rare: Rare) -> u32 {
        self.rare.push(rare);
        super::number(self.rare.len() - 1)
    }

    /// Keeps the rare facts of the packed form that begins here.
    pub(super) fn refer(&mut self, start: usize, rare: Rare) {
        let rare = self.keep_rare(rare);
        if let Some(bytes) = self.octets.get_mut(start..) {
            refer(bytes, rare);
        }
    }

    /// Notes a FIN or RST of a row, each once and in order.
    pub(super) fn note_teardown(&mut self, row: usize, packet: u64) {
        self.teardowns.push((super::number(row), packet));
    }

    /// The number and the first packet of a row's connection.
    pub(super) fn numbers(&self, row: usize) -> (u64, u64) {
        numbers(self.form(row))
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| (self.end(before) & END) as usize)
    }

    /// Where a row ends, with why its connection is let go.
    #[expect(clippy::indexing_slicing, reason = "whoever asks for a row has found it")]
    fn end(&self, row: usize) -> u32 {
        self.ends[row]
    }

    /// The packed form of a row, with what lies behind it.
    #[expect(clippy::indexing_slicing, reason = "whoever asks for a row has found it")]
    fn form(&self, row: usize) -> &[u8] {
        &self.octets[self.start(row)..]
    }

    /// Unpacks a row in place of a connection.
    pub(super) fn unpack(&self, row: usize, c: &mut Connection) {
        let rare = unpack(self.form(row), c, None);
        self.complete(row, rare, c);
    }

    /// Puts what is not in the packed form into the connection of a row.
    fn complete(&self, row: usize, rare: Option<u32>, c: &mut Connection) {
        let rare = rare.and_then(|at| self.rare.get(at as usize)).cloned();
        rare.unwrap_or_default().put(c);
        if let Some(release) = Release::decode(u64::from(self.end(row) >> END_BITS)) {
            ending::decide(c, release, self.clock);
        }
    }

    /// Unpacks every row.
    pub(super) fn unpack_all(&self) -> Vec<Unpacked> {
        let mut all = Vec::with_capacity(self.len());
        for row in 0..self.len() {
            let mut connection = Connection::default();
            let rare = unpack_blank(self.form(row), &mut connection, None);
            self.complete(row, rare, &mut connection);
            all.push(Unpacked::row(connection));
        }
        all
    }

    /// Gives back what was reserved for more.
    pub(super) fn shrink(&mut self) {
        self.octets.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.rare.shrink_to_fit();
        self.teardowns.shrink_to_fit();
    }
}

//! Connections at their end, in order.

mod groups;
mod packed;
mod unpacked;

use std::ops::Range;
use std::sync::Arc;

pub use groups::Groups;
pub(crate) use unpacked::{Iter, Unpacker};

use packed::PackedRows;

use crate::conn::facts::connection::Connection;
use crate::conn::memory::pack::{Packer, Rare};
use crate::conn::memory::prefetch::BLOCK;
use crate::conn::memory::store::Unpacked;
use crate::conn::primitives::slab::CHUNK;
use crate::conn::primitives::words::Release;

/// Rows of FINs and RSTs of a connection that is not worth packing.
const MANY_TEARDOWNS: usize = 256;

/// A FIN or RST segment: its packet, its connection's row, its place among those of that.
pub(crate) type Place = (u64, u32, u32);

/// Connections in order.
#[derive(Default)]
pub struct Rows {
    chunks: Vec<Arc<Chunk>>,
    /// The number of the first row of each chunk.
    starts: Vec<usize>,
    length: usize,
    /// The order of the rows, where several trackers filled the chunks.
    order: Option<Order>,
    /// When the capture ended.
    clock: i64,
    packer: Packer,
}

/// Rows of several trackers in the order of their connections.
#[derive(Debug)]
struct Order {
    rows: Vec<u32>,
    /// The number of the connection that is first; the others follow it.
    first: u64,
    /// The number of each, where they do not follow each other: some were rows before, or will be.
    ids: Option<Vec<u64>>,
}

/// Some of them: as they were followed, or packed.
#[derive(Debug)]
enum Chunk {
    Unpacked(Vec<Unpacked>),
    Packed(PackedRows),
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Unpacked(unpacked) => unpacked.len(),
            Self::Packed(packed) => packed.len(),
        }
    }
}

impl Rows {
    fn of(chunks: Vec<Arc<Chunk>>) -> Self {
        let (mut length, mut starts) = (0, Vec::with_capacity(chunks.len()));
        for chunk in &chunks {
            starts.push(length);
            length += chunk.len();
        }
        Self { chunks, starts, length, ..Self::default() }
    }

    /// Of several trackers, whose chunks stand one behind the other: `order` has the row of each
    /// connection. Their numbers are given anew: these, or one after the other.
    pub(in crate::conn) fn of_shards(
        shards: Vec<Self>,
        order: Vec<u32>,
        ids: Option<Vec<u64>>,
    ) -> Self {
        let rows = Self::of(shards.into_iter().flat_map(|shard| shard.chunks).collect());
        Self { order: Some(Order { rows: order, first: 0, ids }), ..rows }
    }

    /// None yet, of a capture that ends at this time.
    pub(in crate::conn) fn ending_at(clock: i64) -> Self {
        Self { clock, ..Self::default() }
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
        let of = |chunk: &Arc<Chunk>| match &**chunk {
            Chunk::Unpacked(unpacked) => {
                unpacked.iter().map(|unpacked| unpacked.connection.teardowns.len()).sum()
            }
            Chunk::Packed(packed) => packed.teardowns().len(),
        };
        self.chunks.iter().map(of).sum()
    }

    /// Each FIN and RST segment, in the order of packets: its packet, its connection's row, and its
    /// place among those of that connection.
    pub fn teardown_places(&self) -> Vec<Place> {
        let mut places = Vec::with_capacity(self.teardowns());
        for (start, chunk) in self.starts.iter().map(|&start| number(start)).zip(&self.chunks) {
            match &**chunk {
                Chunk::Unpacked(unpacked) => {
                    for (row, unpacked) in (start..).zip(unpacked) {
                        for (at, teardown) in (0..).zip(&unpacked.connection.teardowns) {
                            places.push((teardown.packet, row, at));
                        }
                    }
                }
                Chunk::Packed(packed) => {
                    let (mut before, mut at) = (u32::MAX, 0);
                    for &(row, packet) in packed.teardowns() {
                        at = if row == before { at + 1 } else { 0 };
                        before = row;
                        places.push((packet, start + row, at));
                    }
                }
            }
        }
        if let Some(Order { rows, .. }) = &self.order {
            let mut back = vec![0; rows.len()];
            for (at, &row) in (0..).zip(rows) {
                if let Some(place) = back.get_mut(row as usize) {
                    *place = at;
                }
            }
            for (_, row, _) in &mut places {
                *row = back.get(*row as usize).copied().unwrap_or(*row);
            }
        }
        by_packet(places)
    }

    /// Adds one, and leaves nothing of use of it.
    pub fn push(&mut self, connection: &mut Connection) {
        self.put(connection, true);
    }

    /// Adds one as it is, to be looked at soon.
    pub fn push_whole(&mut self, connection: Connection) {
        let row = Unpacked::row(connection);
        if let Some(Chunk::Unpacked(last)) = self.chunks.last_mut().and_then(Arc::get_mut)
            && last.len() < CHUNK
        {
            last.push(row);
            self.length += 1;
            return;
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        chunk.push(row);
        self.push_unpacked(chunk);
    }

    /// Adds one packed, its FINs and RSTs noted or still to be noted by [`Rows::show`].
    pub(in crate::conn) fn put(&mut self, connection: &mut Connection, note: bool) {
        if connection.teardowns.len() > MANY_TEARDOWNS {
            let row = std::mem::take(connection);
            self.push_unpacked(vec![Unpacked::row(row)]);
            return;
        }
        let mut packer = std::mem::take(&mut self.packer);
        self.add(|packed| {
            if note {
                let row = packed.len();
                connection.teardowns.iter().for_each(|t| packed.note_teardown(row, t.packet));
            }
            let rare = Rare::take(connection).map(|rare| packed.keep_rare(rare));
            packed.add(packer.pack(connection, None, rare), None);
        });
        self.packer = packer;
    }

    /// Adds a packed row, its rare facts apart, and why it is let go if it was followed to the
    /// end; its FINs and RSTs must still be noted.
    pub(in crate::conn) fn push_packed(
        &mut self,
        bytes: &[u8],
        rare: Option<Rare>,
        release: Option<Release>,
    ) {
        self.add(|packed| {
            let start = packed.add(bytes, release);
            if let Some(rare) = rare {
                packed.refer(start, rare);
            }
        });
    }

    /// Adds a chunk of unpacked ones.
    pub(in crate::conn) fn push_unpacked(&mut self, unpacked: Vec<Unpacked>) {
        self.starts.push(self.length);
        self.length += unpacked.len();
        self.chunks.push(Arc::new(Chunk::Unpacked(unpacked)));
    }

    fn add(&mut self, add: impl FnOnce(&mut PackedRows)) {
        let room = matches!(self.chunks.last().map(|last| &**last), Some(Chunk::Packed(packed)) if !packed.is_full());
        if !room {
            if let Some(Chunk::Packed(full)) = self.chunks.last_mut().and_then(Arc::get_mut) {
                full.shrink();
            }
            self.starts.push(self.length);
            self.chunks.push(Arc::new(Chunk::Packed(PackedRows::ending_at(self.clock))));
        }
        if let Some(Chunk::Packed(packed)) = self.chunks.last_mut().and_then(Arc::get_mut) {
            add(packed);
            self.length += 1;
        }
    }

    /// Puts the rows of one tracker behind those of another, or those of several behind none.
    pub fn append(&mut self, others: Self) {
        if self.is_empty() {
            *self = others;
            return;
        }
        let mut chunks = std::mem::take(&mut self.chunks);
        chunks.extend(others.chunks);
        *self = Self::of(chunks);
    }

    /// These and others, which both keep theirs: in no order.
    #[must_use]
    pub fn beside(&self, others: &Self) -> Self {
        Self::of(self.chunks.iter().chain(&others.chunks).cloned().collect())
    }

    /// The chunk of a row and where it is in it.
    fn locate(&self, row: usize) -> Option<(&Chunk, usize)> {
        let (chunk, within) = self.find(row)?;
        Some((self.chunk(chunk)?, within))
    }

    /// The same to change, where nobody else has it.
    fn locate_mut(&mut self, row: usize) -> Option<(&mut Chunk, usize)> {
        let (chunk, within) = self.find(row)?;
        Some((Arc::get_mut(self.chunks.get_mut(chunk)?)?, within))
    }

    fn chunk(&self, chunk: usize) -> Option<&Chunk> {
        self.chunks.get(chunk).map(|chunk| &**chunk)
    }

    fn find(&self, row: usize) -> Option<(usize, usize)> {
        self.find_near(row, 0)
    }

    /// The same, looked for in this chunk first.
    fn find_near(&self, row: usize, near: usize) -> Option<(usize, usize)> {
        let row = match &self.order {
            Some(order) => *order.rows.get(row)? as usize,
            None => row,
        };
        if let Some(within) = row.checked_sub(*self.starts.get(near)?)
            && within < self.chunks.get(near)?.len()
        {
            return Some((near, within));
        }
        let chunk = self.starts.partition_point(|&start| start <= row).checked_sub(1)?;
        let within = row - self.starts.get(chunk)?;
        (within < self.chunks.get(chunk)?.len()).then_some((chunk, within))
    }

    /// The number of the connection in a row, where it was given anew.
    fn id(&self, row: usize) -> Option<u64> {
        let order = self.order.as_ref()?;
        match &order.ids {
            Some(ids) => ids.get(row).copied(),
            None => Some(order.first + row as u64),
        }
    }

    /// Shows these rows in order, some at a time: numbers them anew where several trackers filled
    /// the chunks, and notes the FINs and RSTs of those packed.
    pub(in crate::conn) fn show(
        &mut self,
        rows: Range<usize>,
        each: &mut impl FnMut(&[&Connection]),
    ) {
        let has_packed = self.chunks.iter().any(|chunk| matches!(**chunk, Chunk::Packed(_)));
        let mut unpacker = Unpacker::default();
        for start in rows.clone().step_by(BLOCK) {
            let block = start..rows.end.min(start + BLOCK);
            if self.order.is_some() {
                block.clone().for_each(|row| self.number(row));
            }
            let looked = unpacker.look(self, block.clone());
            each(&looked);
            if has_packed {
                let rows = block.zip(looked).flat_map(|(row, c)| {
                    c.teardowns.iter().map(move |teardown| (row, teardown.packet))
                });
                let teardowns: Vec<_> = rows.collect();
                for (row, packet) in teardowns {
                    if let Some((Chunk::Packed(packed), within)) = self.locate_mut(row) {
                        packed.note_teardown(within, packet);
                    }
                }
            }
        }
    }

    fn number(&mut self, row: usize) {
        if let Some(id) = self.id(row)
            && let Some((Chunk::Unpacked(unpacked), within)) = self.locate_mut(row)
            && let Some(unpacked) = unpacked.get_mut(within)
        {
            unpacked.connection.id = id;
        }
    }

    /// The number that a connection has in its row, and its first packet.
    pub(in crate::conn) fn numbers(&self, row: usize) -> Option<(u64, u64)> {
        let (chunk, within) = self.locate(row)?;
        match chunk {
            Chunk::Unpacked(unpacked) => {
                let c = &unpacked.get(within)?.connection;
                Some((c.id, c.first_packet))
            }
            Chunk::Packed(packed) => Some(packed.numbers(within)),
        }
    }

    /// All of them, unpacked one by one.
    pub fn iter(&self) -> Iter<'_> {
        Iter::of(self)
    }

    /// Shows each to somebody who leaves it as it was.
    ///
    /// # Errors
    /// The first of theirs.
    pub(crate) fn each<E>(
        &mut self,
        mut show: impl FnMut(&mut Connection) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut room = Connection::default();
        for row in 0..self.len() {
            let id = self.id(row);
            match self.locate_mut(row) {
                Some((Chunk::Unpacked(unpacked), within)) => {
                    if let Some(one) = unpacked.get_mut(within) {
                        show(&mut one.connection)?;
                    }
                }
                Some((Chunk::Packed(packed), within)) => {
                    packed.unpack(within, &mut room);
                    room.id = id.unwrap_or(room.id);
                    show(&mut room)?;
                }
                // Somebody else has it, too.
                None => {
                    if let Some(mut one) = self.get(row) {
                        show(&mut one)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// One of them.
    pub fn get(&self, row: usize) -> Option<Connection> {
        let mut unpacker = Unpacker::default();
        unpacker.look(self, [row]).pop().cloned()
    }

    /// The same rows, each unpacked once and for all who look at it; those of several trackers as they
    /// are.
    #[must_use]
    pub fn into_unpacked(mut self) -> Self {
        if self.order.is_none() {
            for chunk in &mut self.chunks {
                if let Chunk::Packed(packed) = &**chunk {
                    *chunk = Arc::new(Chunk::Unpacked(packed.unpack_all()));
                }
            }
        }
        self
    }

    /// Groups of at most `rows` connections (in steps of a chunk), each to be let go when its
    /// taker is done with it.
    pub fn into_groups(self, rows: usize) -> Groups {
        Groups::of(self, rows)
    }
}

/// Bits of a packet's number by which places are sorted at a time, and the values of these.
const DIGIT: u32 = 11;
const DIGITS: usize = 1 << DIGIT;

/// Places in the order of their packets. These lie close together, so that going through all places
/// once for each digit is less than comparing them.
#[expect(clippy::indexing_slicing, reason = "a remainder bounds every digit")]
fn by_packet(mut places: Vec<Place>) -> Vec<Place> {
    if places.len() < DIGITS {
        places.sort_unstable();
        return places;
    }
    let packets = || places.iter().map(|&(packet, ..)| packet);
    let (first, last) = (packets().min().unwrap_or(0), packets().max().unwrap_or(0));
    let digits = (last - first).checked_ilog2().map_or(0, |bits| bits / DIGIT + 1);
    let mut other = vec![Place::default(); places.len()];
    for digit in 0..digits {
        let of = |&(packet, ..): &Place| {
            let shifted = (packet - first) >> (digit * DIGIT);
            usize::try_from(shifted % DIGITS as u64).unwrap_or(0)
        };
        let mut starts = [0_usize; DIGITS];
        for place in &places {
            starts[of(place)] += 1;
        }
        let mut before = 0;
        for start in &mut starts {
            before += std::mem::replace(start, before);
        }
        for place in &places {
            let start = &mut starts[of(place)];
            if let Some(room) = other.get_mut(*start) {
                *room = *place;
            }
            *start += 1;
        }
        std::mem::swap(&mut places, &mut other);
    }
    places
}

/// The number of a row; there are fewer than 2^32.
pub(in crate::conn) fn number(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
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

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{DIGITS, by_packet};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn places_are_sorted_however_far_apart_their_packets_lie(
            count in prop::sample::select(vec![0, 1, 2, DIGITS - 1, DIGITS, 3 * DIGITS]),
            spread in 0..65_u32,
            seed in any::<u64>(),
        ) {
            let mut state = seed;
            let mut random = || {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                (state ^ state >> 29).checked_shr(64 - spread).unwrap_or(0)
            };
            // No two places have one packet.
            let packets: BTreeSet<u64> = (0..count).map(|_| random()).collect();
            let mut places: Vec<_> =
                (0..).zip(packets).map(|(row, packet)| (packet, row, row % 3)).collect();
            places.sort_unstable_by_key(|&(packet, ..)| packet.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut sorted = places.clone();
            sorted.sort_unstable();
            prop_assert_eq!(by_packet(places), sorted);
        }
    }
}

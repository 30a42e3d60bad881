//! Where connections are followed: unpacked while segments come, packed when it is
//! quiet, and found by their addresses and ports.

mod carry;
mod end;
mod packing;

pub(crate) use end::Show;

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::tuple::{Tuple, tuple_of};
use crate::conn::follow::recent::{Pool, Recent};
use crate::conn::follow::step::Live;
use crate::conn::memory::eviction::Scales;
use crate::conn::memory::index::Index;
use crate::conn::memory::limits::{Due, Last};
use crate::conn::memory::pack::{Arena, MOST_TEARDOWNS, Packer, Rare, unpack};
use crate::conn::primitives::slab::Slab;
use crate::conn::primitives::words::Side;
use crate::packet::Segment;

/// Segments whose connections are asked for at once, so that waiting for memory happens once and
/// not for each.
pub const PREFETCHED: usize = 32;
/// No connection.
pub(crate) const NONE: u32 = u32::MAX;

/// Marks the place of an unpacked connection; others are those of packed connections.
const UNPACKED: u32 = 1 << 31;
/// Bytes of a slot and of its places in the index and in the wheel.
const SLOT: u64 = size_of::<Slot>() as u64 + 32;

/// A followed connection, or one that was: what is known of it without unpacking it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    /// The capture's time at its latest packet, which that packet may have been behind; the later
    /// of both, as long as it is not unpacked.
    pub seen: i64,
    /// Its number.
    pub id: u64,
    /// Next connection of the same addresses and ports (on other VLANs or tunnels).
    pub next: u32,
    /// Hash of its tuple.
    pub hash: u32,
    /// Place of its packed form, or that of the unpacked connection with [`UNPACKED`].
    at: u32,
    /// Which limit holds for it, as long as it is not unpacked.
    due: Due,
    /// Whether it is still followed.
    pub followed: bool,
}

impl Slot {
    /// When its connection was last heard of, which is given where it is unpacked.
    fn last(&self, unpacked: Option<&Connection>) -> Last {
        match unpacked {
            Some(c) => Last { at: c.end.max(self.seen), due: Due::of(c) },
            None => Last { at: self.seen, due: self.due },
        }
    }
}

/// An unpacked connection.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Unpacked {
    recent: Recent,
    /// Number of its slot; [`NONE`] when this is vacant.
    number: u32,
    pub connection: Connection,
}

/// All connections in memory.
#[derive(Debug, Default)]
pub(crate) struct Store {
    slots: Slab<Slot>,
    unpacked: Slab<Unpacked>,
    /// The unpacked connection that is looked at next.
    hand: u32,
    /// Whether there were once more unpacked connections than are left alone.
    packs: bool,
    /// The latest segments of unpacked connections.
    pool: Pool,
    arena: Arena,
    packer: Packer,
    rare: Slab<Option<Rare>>,
    index: Index,
    /// Bytes that hang on unpacked connections and on rare facts; as the scales tell.
    hanging: u64,
    /// Bytes of connections that are only rows.
    rows: u64,
    scales: Scales,
}

impl Store {
    /// An empty one; `weighs` when [`Store::bytes`] will be asked for.
    pub(crate) fn new(weighs: bool) -> Self {
        Self { scales: Scales(weighs), ..Self::default() }
    }

    /// What tells how much hangs on a connection.
    pub(crate) fn scales(&self) -> Scales {
        self.scales
    }

    /// What is known of a connection without unpacking it.
    #[inline]
    pub(crate) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number)
    }

    /// The same, to change.
    #[inline]
    pub(crate) fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(number)
    }

    #[inline]
    fn unpacked_at(&self, number: u32) -> Option<&Unpacked> {
        self.unpacked.get(self.slot(number)?.at.checked_sub(UNPACKED)?)
    }

    #[inline]
    fn unpacked_at_mut(&mut self, number: u32) -> Option<&mut Unpacked> {
        self.unpacked.get_mut(self.slot(number)?.at.checked_sub(UNPACKED)?)
    }

    #[inline]
    fn whole_at(&self, number: u32) -> Option<&Connection> {
        self.unpacked_at(number).map(|unpacked| &unpacked.connection)
    }

    /// The connection of a slot, which must be unpacked.
    #[inline]
    pub(crate) fn connection(&self, number: u32) -> Option<&Connection<impl Stage>> {
        self.whole_at(number)
    }

    /// The same, to change.
    #[inline]
    pub(crate) fn connection_mut(&mut self, number: u32) -> Option<&mut Connection<impl Stage>> {
        self.unpacked_at_mut(number).map(|unpacked| &mut unpacked.connection)
    }

    /// The slot of an unpacked connection, and everything of it to take a segment.
    #[inline]
    pub(crate) fn live(&mut self, number: u32) -> Option<(&mut Slot, Live<'_, impl Stage>)> {
        let slot = self.slots.get_mut(number)?;
        let at = slot.at.checked_sub(UNPACKED)?;
        let Unpacked { recent, connection, .. } = self.unpacked.get_mut(at)?;
        Some((slot, Live { connection, recent, pool: &mut self.pool }))
    }

    /// When a connection was last heard of.
    pub(crate) fn last(&self, number: u32) -> Option<Last> {
        Some(self.slot(number)?.last(self.whole_at(number)))
    }

    /// Whether this connection is in a slot and still followed.
    pub(crate) fn is_followed(&self, number: u32, id: u64) -> bool {
        self.slot(number).is_some_and(|slot| slot.followed && slot.id == id)
    }

    /// Reads from every part of the connections of these segments that they change, ahead of its
    /// use: one part of all of them after the other, so that waiting for memory happens once for
    /// each part. A segment is told by its hash and the port it comes from.
    #[inline]
    pub(crate) fn touch(&self, segments: impl Iterator<Item = (u32, u16)>) -> u64 {
        let (mut all, mut hashes) = (0, [(0, 0); PREFETCHED]);
        let mut count = 0;
        for (place, (hash, port)) in hashes.iter_mut().zip(segments) {
            *place = (hash, port);
            all ^= self.index.touch(hash);
            count += 1;
        }
        let hashes = hashes.get(..count).unwrap_or_default();
        let mut places = [NONE; PREFETCHED];
        for (place, &(hash, _)) in places.iter_mut().zip(hashes) {
            *place = self.index.first(hash).unwrap_or(NONE);
        }
        for place in places.iter_mut().take(count) {
            *place = self.slot(*place).map_or(NONE, |slot| slot.at.wrapping_sub(UNPACKED));
        }
        let mut recent = [None; PREFETCHED];
        for ((recent, &place), &(_, port)) in recent.iter_mut().zip(&places).zip(hashes) {
            if let Some(unpacked) = self.unpacked.get(place) {
                *recent = Some(&unpacked.recent);
                all ^= unpacked.connection.touch(port);
            }
        }
        recent.into_iter().flatten().fold(all, |all, recent| all ^ self.pool.touch(recent))
    }

    /// A free slot for a connection of which nothing is known yet, unpacked. `None` when all 2^31 are
    /// taken.
    pub(crate) fn insert(&mut self, id: u64, hash: u32, next: u32) -> Option<u32> {
        let number = self.slots.put(Slot::default())?;
        let at = UNPACKED + self.occupy(number)?;
        *self.slot_mut(number)? = Slot { id, next, hash, at, followed: true, ..Slot::default() };
        Some(number)
    }

    /// A place for an unpacked connection, in which there is a blank one.
    fn occupy(&mut self, number: u32) -> Option<u32> {
        let Some(at) = self.unpacked.vacant() else {
            let blank = || {
                let connection = Connection::default();
                Unpacked { recent: Recent::default(), number, connection }
            };
            return self.unpacked.add_made(blank);
        };
        let unpacked = self.unpacked.get_mut(at)?;
        // Room for its rows is used again.
        let mut teardowns = std::mem::take(&mut unpacked.connection.teardowns);
        teardowns.clear();
        unpacked.connection = Connection { teardowns, ..Connection::default() };
        (unpacked.number, unpacked.recent) = (number, Recent::default());
        Some(at)
    }

    /// Makes the place of an unpacked connection vacant, its segments forgotten.
    fn vacate(&mut self, number: u32) {
        let Some(at) = self.slot(number).and_then(|slot| slot.at.checked_sub(UNPACKED)) else {
            return;
        };
        let Some(unpacked) = self.unpacked_at_mut(number) else { return };
        unpacked.number = NONE;
        let recent = std::mem::take(&mut unpacked.recent);
        if unpacked.connection.teardowns.capacity() > MOST_TEARDOWNS {
            unpacked.connection.teardowns = Vec::new();
        }
        self.pool.free(recent);
        self.unpacked.free(at);
    }

    /// Unpacks a connection where it is packed.
    #[inline]
    pub(crate) fn unpack_if_packed(&mut self, number: u32) {
        if self.slot(number).is_some_and(|slot| slot.at < UNPACKED) {
            self.unpack_slot(number);
        }
    }

    /// No longer follows a connection that is unpacked; it stays as a row, which does not count as
    /// memory of what is followed.
    pub(crate) fn keep_row(&mut self, number: u32) {
        let Some(c) = self.connection(number) else { return };
        let heavy = self.scales.weigh(c);
        let (hanging, used) = (self.hanging, self.arena.used());
        if self.packs && self.pack_slot(number, false).is_some() {
            let light = (self.hanging + heavy).saturating_sub(hanging);
            self.rows += (self.arena.used() - used) as u64 + light;
        } else if let Some(unpacked) = self.unpacked_at_mut(number) {
            let recent = std::mem::take(&mut unpacked.recent);
            self.pool.free(recent);
            self.rows += size_of::<Unpacked>() as u64 + heavy;
        }
        self.rows += SLOT;
        if let Some(slot) = self.slot_mut(number) {
            slot.followed = false;
        }
    }

    /// Takes a connection that is unpacked out, and makes its slot free again.
    pub(crate) fn remove(&mut self, number: u32) -> Option<Connection> {
        let row = std::mem::take(&mut self.unpacked_at_mut(number)?.connection);
        self.hanging = self.hanging.saturating_sub(self.scales.weigh(&row));
        self.vacate(number);
        let slot = self.slot_mut(number)?;
        (slot.at, slot.followed) = (NONE, false);
        self.slots.free(number);
        Some(row)
    }

    /// The first connection with a hash.
    #[inline]
    pub(crate) fn first(&self, hash: u32) -> Option<u32> {
        self.index.first(hash)
    }

    /// The first connection of a segment's tuple, and which of its sides sent the segment.
    pub(crate) fn find_of(&mut self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        self.find_with(hash, |c| c.side_of(segment))
    }

    /// The first connection of a tuple.
    pub(crate) fn find(&mut self, tuple: &Tuple, hash: u32) -> Option<u32> {
        let found = self.find_with(hash, |c| (tuple_of(c) == *tuple).then_some(()));
        found.map(|(number, ())| number)
    }

    /// The first connection with this hash for which a test gives something, and what it gives.
    fn find_with<T>(
        &mut self,
        hash: u32,
        test: impl Fn(&Connection) -> Option<T>,
    ) -> Option<(u32, T)> {
        let mut at = self.index.begin(hash);
        loop {
            let number = self.index.next(hash, &mut at)?;
            self.unpack_if_packed(number);
            if let Some(found) = self.whole_at(number).and_then(&test) {
                return Some((number, found));
            }
        }
    }

    /// The index of hashes.
    pub(crate) fn index_mut(&mut self) -> &mut Index {
        &mut self.index
    }

    /// Notes what hangs on a connection now instead of before.
    pub(crate) fn weigh(&mut self, before: u64, now: u64) {
        self.hanging = self.hanging.saturating_sub(before).saturating_add(now);
    }

    /// Bytes that followed connections take; asked for where the scales weigh.
    pub(crate) fn bytes(&self) -> u64 {
        let slots = self.slots.used() as u64 * SLOT;
        let unpacked = self.unpacked.used() * size_of::<Unpacked>();
        let used = (unpacked + self.pool.bytes() + self.arena.used()) as u64;
        (slots + used + self.hanging).saturating_sub(self.rows)
    }

    /// Copies of the connections that are followed now.
    pub(crate) fn followed(&self) -> impl Iterator<Item = Connection> {
        (0..self.slots.len()).filter_map(|number| {
            self.slot(number).filter(|slot| slot.followed)?;
            let mut copy = Connection::default();
            self.copy(number, &mut copy)?;
            Some(copy)
        })
    }

    fn copy(&self, number: u32, copy: &mut Connection) -> Option<()> {
        if let Some(unpacked) = self.unpacked_at(number) {
            copy.clone_from(&unpacked.connection);
            return Some(());
        }
        let rare = unpack(self.arena.packed(self.slot(number)?.at)?, copy, None);
        let rare = rare.and_then(|at| self.rare.get(at)?.clone());
        rare.unwrap_or_default().put(copy);
        Some(())
    }
}

impl Unpacked {
    /// One that is only a row.
    pub(crate) fn row(connection: Connection) -> Self {
        Self { recent: Recent::default(), number: NONE, connection }
    }
}

#[cfg(test)]
mod tests {
    use super::{Slot, Unpacked};
    use crate::conn::facts::connection::Connection;
    use crate::conn::facts::endpoint::Endpoint;
    use crate::conn::facts::extra::Extra;
    use crate::conn::facts::reset::Reset;
    use crate::conn::facts::teardown::Teardown;
    use crate::conn::facts::trouble::Trouble;
    use crate::conn::follow::recent::Recent;

    #[test]
    fn what_is_known_of_a_connection_is_as_wide_as_this() {
        let widths = [
            (size_of::<Connection>(), 1152),
            (size_of::<Endpoint>(), 312),
            (size_of::<Trouble>(), 64),
            (size_of::<Extra>(), 560),
            (size_of::<Teardown>(), 144),
            (size_of::<Reset>(), 184),
            (size_of::<Recent>(), 52),
            (size_of::<Slot>(), 32),
            (size_of::<Unpacked>(), 1216),
        ];
        for (at, (width, known)) in widths.into_iter().enumerate() {
            assert_eq!(width, known, "the type at {at} of the list");
        }
    }
}

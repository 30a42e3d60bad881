//! Where connections are followed: open while segments come, in their compact form when it is
//! quiet, and found by their addresses and ports.

mod close;

use super::compact::{Arena, MOST_TEARDOWNS, Packer, Rare};
use super::connection::{Connection, Side};
use super::index::Index;
use super::limits::{Due, Last, Limits};
use super::live::Live;
use super::recent::{Pool, Recent};
use super::room;
use super::tuple::{Tuple, tuple_of};
use crate::packet::Segment;

/// No connection.
pub const NONE: u32 = u32::MAX;

/// Connections or slots that are allocated at a time.
pub(super) const CHUNK: usize = 1024;
/// Marks the place of an open connection; others are those of compact forms.
const OPEN: u32 = 1 << 31;
/// Open connections looked at for each new one: more than one, so that they get fewer.
const LOOKS: usize = 2;
/// Packets of others after which a connection is quiet, however little time they took.
const MANY_PACKETS: u64 = 32_768;
/// Bytes of a slot and of its places in the index and in the wheel.
const SLOT: u64 = size_of::<Slot>() as u64 + 32;
/// Bytes of the arena that may lie idle however little of it is used.
const IDLE: usize = 8 << 20;

/// A followed connection, or one that was: what is known of it without opening its form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    /// Time of its latest packet, as long as it is not open.
    end: i64,
    /// The capture's time at its latest packet, which that packet may have been behind.
    pub seen: i64,
    /// Its number.
    pub id: u64,
    /// Next connection of the same addresses and ports (on other VLANs or tunnels).
    pub next: u32,
    /// Hash of its tuple.
    pub hash: u32,
    /// Place of its form, or that of the open connection with [`OPEN`].
    at: u32,
    /// Which limit holds for it, as long as it is not open.
    due: Due,
    /// Whether it is still followed.
    pub followed: bool,
}

/// An open connection.
#[derive(Debug)]
#[repr(C)]
pub struct Open {
    recent: Recent,
    /// Number of its slot; [`NONE`] when this is vacant.
    number: u32,
    pub connection: Connection,
}

/// All connections in memory.
#[derive(Debug, Default)]
pub struct Store {
    slots: Vec<Vec<Slot>>,
    /// Slots that were used, and those of them that are free again.
    length: u32,
    free: Vec<u32>,
    open: Vec<Vec<Open>>,
    /// The same of open connections.
    opened: u32,
    vacant: Vec<u32>,
    /// The open connection that is looked at next.
    hand: u32,
    /// Whether there were once more open connections than are left alone.
    compacts: bool,
    /// The latest segments of open connections.
    pool: Pool,
    arena: Arena,
    packer: Packer,
    rare: Vec<Option<Box<Rare>>>,
    rare_free: Vec<u32>,
    index: Index,
    /// Bytes that hang on open connections and on rare facts; counted where `weighs`.
    hanging: u64,
    /// Bytes of connections that are only rows.
    rows: u64,
    weighs: bool,
}

impl Store {
    /// An empty one; `weighs` when [`Store::bytes`] will be asked for.
    pub fn new(weighs: bool) -> Self {
        Self { weighs, ..Self::default() }
    }

    /// Whether what hangs on connections is counted.
    pub fn weighs(&self) -> bool {
        self.weighs
    }

    /// What is known of a connection without opening it.
    #[inline]
    pub fn slot(&self, number: u32) -> Option<&Slot> {
        let number = number as usize;
        self.slots.get(number / CHUNK)?.get(number % CHUNK)
    }

    /// The same, to change.
    #[inline]
    pub fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        let number = number as usize;
        self.slots.get_mut(number / CHUNK)?.get_mut(number % CHUNK)
    }

    #[inline]
    fn open_at(&self, number: u32) -> Option<&Open> {
        let at = self.slot(number)?.at.checked_sub(OPEN)? as usize;
        self.open.get(at / CHUNK)?.get(at % CHUNK)
    }

    #[inline]
    fn open_at_mut(&mut self, number: u32) -> Option<&mut Open> {
        let at = self.slot(number)?.at.checked_sub(OPEN)? as usize;
        self.open.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    /// The connection of a slot, which must be open.
    #[inline]
    pub fn connection(&self, number: u32) -> Option<&Connection> {
        self.open_at(number).map(|open| &open.connection)
    }

    /// The same, to change.
    #[inline]
    pub fn connection_mut(&mut self, number: u32) -> Option<&mut Connection> {
        self.open_at_mut(number).map(|open| &mut open.connection)
    }

    /// Everything of an open connection, to take a segment when it is `now` in the capture.
    #[inline]
    pub fn live(&mut self, number: u32, now: i64) -> Option<Live<'_>> {
        let slot = self.slot_mut(number)?;
        slot.seen = now;
        let at = slot.at.checked_sub(OPEN)? as usize;
        let Open { recent, connection, .. } = self.open.get_mut(at / CHUNK)?.get_mut(at % CHUNK)?;
        Some(Live { connection, recent, pool: &mut self.pool })
    }

    /// When a connection was last heard of.
    pub fn last(&self, number: u32) -> Option<Last> {
        let &Slot { end, seen, due, .. } = self.slot(number)?;
        Some(match self.connection(number) {
            Some(c) => Last { end: c.end, seen, due: Due::of(c) },
            None => Last { end, seen, due },
        })
    }

    /// Whether this connection is in a slot and still followed.
    pub fn is_followed(&self, number: u32, id: u64) -> bool {
        self.slot(number).is_some_and(|slot| slot.followed && slot.id == id)
    }

    /// The slot that the index gives for a hash, most often the right one; reading it ahead
    /// brings the index into the cache.
    #[inline]
    pub fn likely(&self, hash: u32) -> u32 {
        self.index.likely(hash)
    }

    /// Reads from every part of a connection that a segment changes, ahead of its use.
    #[inline]
    pub fn touch(&self, number: u32) -> u64 {
        match self.open_at(number) {
            Some(open) => self.pool.touch(open.recent) ^ open.connection.touch(),
            None => 0,
        }
    }

    /// Puts a connection in a free slot, open. `None` when all 2^31 are taken.
    pub fn insert(&mut self, connection: Connection, hash: u32, next: u32) -> Option<u32> {
        let number = self.free.pop().or_else(|| {
            let number = self.length;
            if (number as usize).is_multiple_of(CHUNK) {
                self.slots.push(Vec::with_capacity(CHUNK));
            }
            self.slots.last_mut()?.push(Slot::default());
            self.length = number.checked_add(1).filter(|&length| length < OPEN)?;
            Some(number)
        })?;
        let id = connection.id;
        if self.weighs {
            self.hanging += room::hanging(&connection);
        }
        let at = self.occupy(number, connection)?;
        let followed = Slot { id, next, hash, at: OPEN + at, followed: true, ..Slot::default() };
        *self.slot_mut(number)? = followed;
        Some(number)
    }

    /// Puts an open connection somewhere.
    fn occupy(&mut self, number: u32, connection: Connection) -> Option<u32> {
        if let Some(at) = self.vacant.pop() {
            let open = self.open.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)?;
            // Room for its rows is used again.
            let mut teardowns = std::mem::take(&mut open.connection.teardowns);
            teardowns.clear();
            open.connection = Connection { teardowns, ..connection };
            (open.number, open.recent) = (number, Recent::default());
            return Some(at);
        }
        let at = self.opened;
        self.opened = at.checked_add(1).filter(|&opened| opened < OPEN)?;
        if (at as usize).is_multiple_of(CHUNK) {
            self.open.push(Vec::with_capacity(CHUNK));
        }
        self.open.last_mut()?.push(Open { recent: Recent::default(), number, connection });
        Some(at)
    }

    /// Makes the place of an open connection vacant, its segments forgotten.
    fn vacate(&mut self, number: u32) {
        let Some(at) = self.slot(number).and_then(|slot| slot.at.checked_sub(OPEN)) else { return };
        let Some(open) = self.open_at_mut(number) else { return };
        open.number = NONE;
        let recent = std::mem::take(&mut open.recent);
        if open.connection.teardowns.capacity() > MOST_TEARDOWNS {
            open.connection.teardowns = Vec::new();
        }
        self.pool.release(recent);
        self.vacant.push(at);
    }

    /// Opens a connection where it is not.
    #[inline]
    pub fn wake(&mut self, number: u32) {
        if self.slot(number).is_some_and(|slot| slot.at < OPEN) {
            self.open_form(number);
        }
    }

    fn open_form(&mut self, number: u32) -> Option<()> {
        let form = self.slot(number)?.at;
        let at = match self.vacant.pop() {
            Some(at) => at,
            None => self.occupy(number, Connection::blank())?,
        };
        let open = self.open.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)?;
        let (pool, c) = (&mut self.pool, &mut open.connection);
        open.recent = Recent::default();
        let rare = self.packer.unpack(self.arena.form(form)?, c, Some((pool, &mut open.recent)));
        open.number = number;
        let rare = rare.and_then(|rare| {
            self.rare_free.push(rare);
            self.rare.get_mut(rare as usize)?.take()
        });
        let light = rare.as_ref().map_or(0, |rare| rare.bytes());
        rare.map_or_else(Rare::default, |rare| *rare).put(c);
        if self.weighs {
            self.hanging = (self.hanging + room::hanging(c)).saturating_sub(light as u64);
        }
        self.arena.release(form);
        self.slot_mut(number)?.at = OPEN + at;
        Some(())
    }

    /// Turns an open connection to its compact form, `segments` with its latest segments. It stays
    /// open where it has very many rows.
    fn close_form(&mut self, number: u32, segments: bool) -> Option<()> {
        let at = self.slot(number)?.at.checked_sub(OPEN)? as usize;
        let open = self.open.get_mut(at / CHUNK)?.get_mut(at % CHUNK)?;
        let c = &mut open.connection;
        if c.teardowns.len() > MOST_TEARDOWNS {
            return None;
        }
        let heavy = if self.weighs { room::hanging(c) } else { 0 };
        let (end, due) = (c.end, Due::of(c));
        let rare = Rare::take(c);
        let light = rare.as_ref().map_or(0, |rare| rare.bytes());
        let reference = rare.and_then(|rare| {
            let at = self.rare_free.pop().unwrap_or_else(|| {
                self.rare.push(None);
                u32::try_from(self.rare.len() - 1).unwrap_or(u32::MAX)
            });
            *self.rare.get_mut(at as usize)? = Some(rare);
            Some(at)
        });
        let seen = segments.then(|| self.pool.of(open.recent));
        let kept = self.arena.keep(self.packer.pack(c, seen, reference));
        let Some(place) = kept else {
            let rare = reference.and_then(|at| {
                self.rare_free.push(at);
                self.rare.get_mut(at as usize)?.take()
            });
            rare.map_or_else(Rare::default, |rare| *rare).put(c);
            return None;
        };
        if self.weighs {
            self.hanging = (self.hanging + light as u64).saturating_sub(heavy);
        }
        self.vacate(number);
        let slot = self.slot_mut(number)?;
        (slot.end, slot.due, slot.at) = (end, due, place);
        Some(())
    }

    /// Turns some of the open connections for which nothing came for a while to their compact
    /// form, and the arena to a smaller one when most of it lies idle.
    pub fn tidy(&mut self, clock: i64, packet: u64, limits: &Limits) {
        self.compacts |= self.opened as usize - self.vacant.len() >= limits.most_open();
        if !self.compacts {
            return;
        }
        for _ in 0..LOOKS {
            let at = self.hand as usize;
            let Some(open) = self.open.get(at / CHUNK).and_then(|chunk| chunk.get(at % CHUNK))
            else {
                self.hand = 0;
                return;
            };
            self.hand += 1;
            let c = &open.connection;
            let is_quiet = clock.saturating_sub(c.end) > limits.quiet
                || packet.saturating_sub(c.last_packet) > MANY_PACKETS;
            if open.number != NONE && is_quiet {
                self.close_form(open.number, true);
            }
        }
        if self.arena.bytes() > 2 * self.arena.used() + IDLE {
            self.move_forms();
        }
    }

    /// A form finds room in a new arena: it did in the old one, which was larger.
    fn move_forms(&mut self) {
        let mut arena = Arena::default();
        for slot in self.slots.iter_mut().flatten().filter(|slot| slot.at < OPEN) {
            if let Some(place) = self.arena.whole(slot.at).and_then(|form| arena.keep(form)) {
                self.arena.give_back(slot.at);
                slot.at = place;
            }
        }
        self.arena = arena;
    }

    /// No longer follows a connection that is open; it stays as a row, which does not count as
    /// memory of what is followed.
    pub fn settle(&mut self, number: u32) {
        let Some(open) = self.open_at_mut(number) else { return };
        let heavy = room::hanging(&open.connection);
        let (hanging, used) = (self.hanging, self.arena.used());
        if self.compacts && self.close_form(number, false).is_some() {
            let light = (self.hanging + heavy).saturating_sub(hanging);
            self.rows += (self.arena.used() - used) as u64 + light;
        } else if let Some(open) = self.open_at_mut(number) {
            let recent = std::mem::take(&mut open.recent);
            self.pool.release(recent);
            self.rows += size_of::<Open>() as u64 + heavy;
        }
        self.rows += SLOT;
        if let Some(slot) = self.slot_mut(number) {
            slot.followed = false;
        }
    }

    /// Takes a connection that is open out, and makes its slot free again.
    pub fn remove(&mut self, number: u32) -> Option<Connection> {
        let weighs = self.weighs;
        let c = &mut self.open_at_mut(number)?.connection;
        let row = std::mem::replace(c, Connection::blank());
        if weighs {
            self.hanging = self.hanging.saturating_sub(room::hanging(&row));
        }
        self.vacate(number);
        let slot = self.slot_mut(number)?;
        (slot.at, slot.followed) = (NONE, false);
        self.free.push(number);
        Some(row)
    }

    /// The first connection with a hash, where it is open.
    #[inline]
    pub fn first(&self, hash: u32) -> Option<(u32, &Slot, &Connection)> {
        let number = self.index.next(hash, &mut self.index.begin(hash))?;
        let slot = self.slot(number)?;
        let at = slot.at.checked_sub(OPEN)? as usize;
        let open = self.open.get(at / CHUNK)?.get(at % CHUNK)?;
        Some((number, slot, &open.connection))
    }

    /// The first connection of a segment's tuple, and which of its sides sent the segment.
    pub fn find_of(&mut self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        let mut at = self.index.begin(hash);
        loop {
            let number = self.index.next(hash, &mut at)?;
            self.wake(number);
            if let Some(side) = self.connection(number).and_then(|c| c.side_of(segment)) {
                return Some((number, side));
            }
        }
    }

    /// The first connection of a tuple.
    pub fn find(&mut self, tuple: &Tuple, hash: u32) -> Option<u32> {
        let mut at = self.index.begin(hash);
        loop {
            let number = self.index.next(hash, &mut at)?;
            self.wake(number);
            if self.connection(number).is_some_and(|c| tuple_of(c) == *tuple) {
                return Some(number);
            }
        }
    }

    /// The index of hashes.
    pub fn index_mut(&mut self) -> &mut Index {
        &mut self.index
    }

    /// Notes what hangs on a connection now instead of before.
    pub fn weigh(&mut self, before: u64, now: u64) {
        self.hanging = self.hanging.saturating_sub(before).saturating_add(now);
    }

    /// Bytes that followed connections take; asked for where `weighs`.
    pub fn bytes(&self) -> u64 {
        let slots = (self.length as usize - self.free.len()) as u64 * SLOT;
        let open = (self.opened as usize - self.vacant.len()) * size_of::<Open>();
        let used = (open + self.pool.bytes() + self.arena.used()) as u64;
        (slots + used + self.hanging).saturating_sub(self.rows)
    }

    /// Copies of the connections that are followed now.
    pub fn followed(&self) -> impl Iterator<Item = Connection> {
        let mut packer = Packer::default();
        (0..self.length).filter_map(move |number| {
            self.slot(number).filter(|slot| slot.followed)?;
            let mut copy = Connection::blank();
            self.copy(number, &mut copy, &mut packer)?;
            Some(copy)
        })
    }

    fn copy(&self, number: u32, copy: &mut Connection, packer: &mut Packer) -> Option<()> {
        if let Some(c) = self.connection(number) {
            copy.clone_from(c);
            return Some(());
        }
        let rare = packer.unpack(self.arena.form(self.slot(number)?.at)?, copy, None);
        let rare = rare.and_then(|at| self.rare.get(at as usize)?.as_deref().cloned());
        rare.unwrap_or_default().put(copy);
        Some(())
    }
}

impl Open {
    /// One that is only a row.
    pub fn row(connection: Connection) -> Self {
        Self { recent: Recent::default(), number: NONE, connection }
    }
}

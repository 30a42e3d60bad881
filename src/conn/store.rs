//! Where connections live: chunks that never move and an index by hash of addresses and ports.

use super::connection::{Connection, Side};
use super::live::Live;
use super::recent::{Pool, Recent};
use super::rows::{CHUNK, Rows};
use crate::packet::{Address, Segment};

/// No connection.
pub const NONE: u32 = u32::MAX;

/// Addresses and ports without a direction: the lower endpoint first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    low: (Address, u16),
    high: (Address, u16),
    version: u8,
}

impl Tuple {
    /// Of two endpoints in either order.
    pub fn new(version: u8, one: (Address, u16), other: (Address, u16)) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { low, high, version }
    }

    /// Of a segment.
    pub fn of(segment: &Segment<'_>) -> Self {
        Self::new(
            segment.ip_version,
            (segment.source, segment.source_port),
            (segment.destination, segment.destination_port),
        )
    }

    /// A hash keyed by `seed`, so that nobody can choose colliding tuples.
    pub fn hash(&self, seed: u64) -> u32 {
        let ports =
            u64::from(self.low.1) << 24 | u64::from(self.high.1) << 8 | u64::from(self.version);
        let mut state = seed ^ ports;
        for word in [halves(self.low.0.0), halves(self.high.0.0)].into_iter().flatten() {
            state = folded(state ^ word, seed | 1).wrapping_add(word.rotate_left(23));
        }
        let mixed = folded(state, 0x9e37_79b9_7f4a_7c15 ^ seed);
        high(mixed) ^ low(mixed)
    }
}

/// The 128-bit product of two words, folded.
fn folded(a: u64, b: u64) -> u64 {
    let [high, low] = halves(u128::from(a).wrapping_mul(u128::from(b)));
    high ^ low
}

/// The two halves of a number, the higher first.
#[allow(clippy::cast_possible_truncation)] // that is what halves are
fn halves(number: u128) -> [u64; 2] {
    [(number >> 64) as u64, number as u64]
}

/// The higher half of an index entry or a hash.
#[allow(clippy::cast_possible_truncation)] // 32 bits are left
fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The lower half.
#[allow(clippy::cast_possible_truncation)] // that is what halves are
fn low(word: u64) -> u32 {
    word as u32
}

/// What is kept of a connection beside its facts while it is followed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slot {
    /// Latest segments.
    pub recent: Recent,
    /// Next connection of the same addresses and ports (on other VLANs or tunnels).
    pub next: u32,
    /// Hash of its tuple.
    pub hash: u32,
    /// Whether it is still followed.
    pub followed: bool,
    /// The capture's time at its latest packet, which that packet may have been behind.
    pub seen: i64,
}

/// All connections in memory.
#[derive(Debug, Default)]
pub struct Store {
    /// Facts, in chunks that become the rows as they are.
    connections: Vec<Vec<Connection>>,
    slots: Vec<Vec<Slot>>,
    /// Their latest segments.
    pool: Pool,
    length: u32,
    free: Vec<u32>,
    /// Hash in the upper half, slot number plus one in the lower; 0 is empty.
    index: Vec<u64>,
    used: usize,
}

impl Store {
    /// The connection in a place.
    #[inline]
    pub fn connection(&self, number: u32) -> Option<&Connection> {
        let number = number as usize;
        self.connections.get(number / CHUNK)?.get(number % CHUNK)
    }

    /// The same, to change.
    #[inline]
    pub fn connection_mut(&mut self, number: u32) -> Option<&mut Connection> {
        let number = number as usize;
        self.connections.get_mut(number / CHUNK)?.get_mut(number % CHUNK)
    }

    /// What is kept beside it.
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

    /// Everything of a connection, to take a segment when it is `now` in the capture.
    #[inline]
    pub fn live(&mut self, number: u32, now: i64) -> Option<Live<'_>> {
        let number = number as usize;
        let connection = self.connections.get_mut(number / CHUNK)?.get_mut(number % CHUNK)?;
        let slot = self.slots.get_mut(number / CHUNK)?.get_mut(number % CHUNK)?;
        slot.seen = now;
        let recent = &mut slot.recent;
        Some(Live { connection, recent, pool: &mut self.pool })
    }

    /// Forgets the latest segments of a connection.
    pub fn forget_segments(&mut self, recent: Recent) {
        self.pool.release(recent);
    }

    /// Whether this connection is in a place and still followed.
    pub fn is_followed(&self, place: u32, id: u64) -> bool {
        self.slot(place).is_some_and(|slot| slot.followed)
            && self.connection(place).is_some_and(|c| c.id == id)
    }

    /// The place that the index gives for a hash, most often the right one; reading it ahead
    /// brings the index into the cache.
    #[inline]
    pub fn likely(&self, hash: u32) -> u32 {
        let mask = self.index.len().wrapping_sub(1);
        let entry = self.index.get(hash as usize & mask).copied().unwrap_or(0);
        low(entry).wrapping_sub(1)
    }

    /// Reads from every part of a connection that a segment changes, ahead of its use.
    #[inline]
    pub fn touch(&self, number: u32) -> u64 {
        let Some(c) = self.connection(number) else { return 0 };
        let recent = self.slot(number).map_or(0, |slot| self.pool.touch(slot.recent));
        recent ^ c.touch()
    }

    /// Puts a connection in a free place. `None` when all 2^32 are taken.
    pub fn insert(&mut self, connection: Connection, slot: Slot) -> Option<u32> {
        if let Some(number) = self.free.pop() {
            *self.connection_mut(number)? = connection;
            *self.slot_mut(number)? = slot;
            return Some(number);
        }
        if self.length == NONE - 1 {
            return None;
        }
        if (self.length as usize).is_multiple_of(CHUNK) {
            self.connections.push(Vec::with_capacity(CHUNK));
            self.slots.push(Vec::with_capacity(CHUNK));
        }
        self.connections.last_mut()?.push(connection);
        self.slots.last_mut()?.push(slot);
        self.length += 1;
        Some(self.length - 1)
    }

    /// Makes a place free again.
    pub fn release(&mut self, number: u32) {
        self.free.push(number);
    }

    /// The first connection of a segment's tuple, and which of its sides sent the segment.
    #[inline]
    pub fn find_of(&self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        self.probe(hash, |c| c.side_of(segment))
    }

    /// The first connection of a tuple.
    pub fn find(&self, tuple: &Tuple, hash: u32) -> Option<u32> {
        let found = self.probe(hash, |c| (tuple_of(c) == *tuple).then_some(()));
        found.map(|(number, ())| number)
    }

    /// The first connection with this hash for which a test gives something, and what it gives.
    #[inline]
    fn probe<T>(&self, hash: u32, test: impl Fn(&Connection) -> Option<T>) -> Option<(u32, T)> {
        let mask = self.index.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let entry = *self.index.get(at)?;
            if entry == 0 {
                return None;
            }
            if high(entry) == hash {
                let number = low(entry).wrapping_sub(1);
                if let Some(found) = self.connection(number).and_then(&test) {
                    return Some((number, found));
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Makes `number` the first connection of its tuple, in place of `old` when there is one.
    pub fn point(&mut self, hash: u32, old: Option<u32>, number: u32) {
        if let Some(old) = old {
            if let Some(at) = self.position(hash, old) {
                self.index[at] = pack(hash, number);
            }
            return;
        }
        if (self.used + 1) * 4 > self.index.len() * 3 {
            self.grow();
        }
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = pack(hash, number);
        self.used += 1;
    }

    /// Takes a tuple's entry out of the index.
    pub fn forget(&mut self, hash: u32, number: u32) {
        let Some(mut gap) = self.position(hash, number) else { return };
        let mask = self.index.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let entry = self.index[at];
            if entry == 0 {
                break;
            }
            let home = (entry >> 32) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.index[gap] = entry;
                gap = at;
            }
        }
        self.index[gap] = 0;
        self.used -= 1;
    }

    /// Connections that are followed now.
    pub fn followed(&self) -> impl Iterator<Item = &Connection> {
        let all = self.connections.iter().flatten().zip(self.slots.iter().flatten());
        all.filter(|(_, slot)| slot.followed).map(|(connection, _)| connection)
    }

    /// Ends the index: what follows are the rows.
    pub fn into_rows(self) -> Rows {
        Rows::of_chunks(self.connections)
    }

    /// Ends everything; hands out the connections that were still followed, each with when it was
    /// last seen.
    pub fn into_followed(self) -> impl Iterator<Item = (Connection, i64)> {
        drop(self.index);
        let all = self.connections.into_iter().flatten().zip(self.slots.into_iter().flatten());
        all.filter_map(|(connection, slot)| slot.followed.then_some((connection, slot.seen)))
    }

    /// Ends the index and what is kept beside the connections; hands out all of them, each with
    /// when it was last seen if it was still followed; closed before, it follows none.
    pub fn close(&mut self) -> impl Iterator<Item = (&mut Connection, Option<i64>)> {
        self.index = Vec::new();
        self.free = Vec::new();
        self.pool = Pool::default();
        let slots = std::mem::take(&mut self.slots).into_iter().flatten();
        let seen = slots.map(|slot| slot.followed.then_some(slot.seen));
        self.connections.iter_mut().flatten().zip(seen.chain(std::iter::repeat(None)))
    }

    fn position(&self, hash: u32, number: u32) -> Option<usize> {
        let mask = self.index.len().checked_sub(1)?;
        let wanted = pack(hash, number);
        let mut at = hash as usize & mask;
        loop {
            match *self.index.get(at)? {
                0 => return None,
                entry if entry == wanted => return Some(at),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.index.len() * 2).max(1024);
        let old = std::mem::replace(&mut self.index, vec![0; size]);
        let mask = size - 1;
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            let mut at = (entry >> 32) as usize & mask;
            while self.index[at] != 0 {
                at = (at + 1) & mask;
            }
            self.index[at] = entry;
        }
    }
}

fn pack(hash: u32, number: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(number + 1)
}

/// The tuple of a connection.
pub fn tuple_of(c: &Connection) -> Tuple {
    Tuple::new(c.ip_version, (c.addresses[0], c.ports[0]), (c.addresses[1], c.ports[1]))
}

//! Between unpacked connections and packed ones.

use super::{NONE, Store, UNPACKED};
use crate::conn::follow::recent::Recent;
use crate::conn::memory::limits::{Due, Limits};
use crate::conn::memory::pack::{Arena, MOST_TEARDOWNS, Rare, unpack};
use crate::conn::primitives::slab::Slab;

/// Unpacked connections looked at for each new one: more than one, so that they get fewer.
const LOOKS: usize = 2;
/// Packets of others after which a connection is quiet, however little time they took.
const MANY_PACKETS: u64 = 32_768;
/// Bytes of the arena that may lie idle however little of it is used.
const IDLE: usize = 8 << 20;

impl Store {
    /// Unpacks the connection of a slot, which must be packed.
    pub(super) fn unpack_slot(&mut self, number: u32) -> Option<()> {
        let place = self.slot(number)?.at;
        let at = match self.unpacked.vacant() {
            Some(at) => at,
            None => self.occupy(number)?,
        };
        let unpacked = self.unpacked.get_mut(at)?;
        let (pool, c) = (&mut self.pool, &mut unpacked.connection);
        unpacked.recent = Recent::default();
        let rare = unpack(self.arena.packed(place)?, c, Some((pool, &mut unpacked.recent)));
        unpacked.number = number;
        let rare = take_rare(&mut self.rare, rare);
        let light = self.scales.bytes(rare.as_ref().map_or(0, Rare::bytes));
        rare.unwrap_or_default().put(c);
        self.hanging = (self.hanging + self.scales.weigh(c)).saturating_sub(light);
        self.arena.free(place);
        self.slot_mut(number)?.at = UNPACKED + at;
        Some(())
    }

    /// Packs an unpacked connection, `segments` with its latest segments. It stays
    /// unpacked where it has very many rows.
    pub(super) fn pack_slot(&mut self, number: u32, segments: bool) -> Option<()> {
        let unpacked = self.unpacked.get_mut(self.slot(number)?.at.checked_sub(UNPACKED)?)?;
        let c = &mut unpacked.connection;
        if c.teardowns.len() > MOST_TEARDOWNS {
            return None;
        }
        let heavy = self.scales.weigh(c);
        let (end, due) = (c.end, Due::of(c));
        let rare = Rare::take(c);
        let light = self.scales.bytes(rare.as_ref().map_or(0, Rare::bytes));
        let reference = rare.and_then(|rare| self.rare.put(Some(rare)));
        let seen = segments.then(|| self.pool.of(&unpacked.recent));
        let Some(place) = self.arena.keep(self.packer.pack(c, seen, reference)) else {
            take_rare(&mut self.rare, reference).unwrap_or_default().put(c);
            return None;
        };
        self.hanging = (self.hanging + light).saturating_sub(heavy);
        self.vacate(number);
        let slot = self.slot_mut(number)?;
        (slot.seen, slot.due, slot.at) = (slot.seen.max(end), due, place);
        Some(())
    }

    /// Packs some of the unpacked connections for which nothing came for a while, and moves
    /// what is packed to a smaller arena when most of it lies idle.
    pub(crate) fn tidy(&mut self, clock: i64, packet: u64, limits: &Limits) {
        self.packs |= self.unpacked.used() >= limits.most_unpacked();
        if !self.packs {
            return;
        }
        for _ in 0..LOOKS {
            let Some(unpacked) = self.unpacked.get(self.hand) else {
                self.hand = 0;
                return;
            };
            self.hand += 1;
            let c = &unpacked.connection;
            let is_quiet = clock.saturating_sub(c.end) > limits.quiet
                || packet.saturating_sub(c.last_packet) > MANY_PACKETS;
            if unpacked.number != NONE && is_quiet {
                self.pack_slot(unpacked.number, true);
            }
        }
        if self.arena.bytes() > 2 * self.arena.used() + IDLE {
            self.move_packed();
        }
    }

    /// What is packed finds room in a new arena: it did in the old one, which was larger.
    fn move_packed(&mut self) {
        let mut arena = Arena::default();
        for slot in self.slots.iter_mut().filter(|slot| slot.at < UNPACKED) {
            if let Some(place) = self.arena.whole(slot.at).and_then(|bytes| arena.keep(bytes)) {
                self.arena.give_back(slot.at);
                slot.at = place;
            }
        }
        self.arena = arena;
    }
}

/// Takes rare facts out of their place.
pub(super) fn take_rare(places: &mut Slab<Option<Rare>>, reference: Option<u32>) -> Option<Rare> {
    let at = reference?;
    let rare = places.get_mut(at)?.take();
    places.free(at);
    rare
}

//! Between open connections and their compact forms.

use super::{NONE, OPEN, Store};
use crate::conn::follow::recent::Recent;
use crate::conn::memory::limits::{Due, Limits};
use crate::conn::memory::pack::{Arena, MOST_TEARDOWNS, Rare, unpack};
use crate::conn::primitives::slab::Places;

/// Open connections looked at for each new one: more than one, so that they get fewer.
const LOOKS: usize = 2;
/// Packets of others after which a connection is quiet, however little time they took.
const MANY_PACKETS: u64 = 32_768;
/// Bytes of the arena that may lie idle however little of it is used.
const IDLE: usize = 8 << 20;

impl Store {
    /// Opens the form of a slot, which must have one.
    pub(super) fn open_form(&mut self, number: u32) -> Option<()> {
        let form = self.slot(number)?.at;
        let at = match self.open.vacant() {
            Some(at) => at,
            None => self.occupy(number)?,
        };
        let open = self.open.get_mut(at)?;
        let (pool, c) = (&mut self.pool, &mut open.connection);
        open.recent = Recent::default();
        let rare = unpack(self.arena.form(form)?, c, Some((pool, &mut open.recent)));
        open.number = number;
        let rare = take_rare(&mut self.rare, rare);
        let light = self.scales.bytes(rare.as_ref().map_or(0, Rare::bytes));
        rare.unwrap_or_default().put(c);
        self.hanging = (self.hanging + self.scales.weigh(c)).saturating_sub(light);
        self.arena.release(form);
        self.slot_mut(number)?.at = OPEN + at;
        Some(())
    }

    /// Turns an open connection to its compact form, `segments` with its latest segments. It stays
    /// open where it has very many rows.
    pub(super) fn close_form(&mut self, number: u32, segments: bool) -> Option<()> {
        let open = self.open.get_mut(self.slot(number)?.at.checked_sub(OPEN)?)?;
        let c = &mut open.connection;
        if c.teardowns.len() > MOST_TEARDOWNS {
            return None;
        }
        let heavy = self.scales.weigh(c);
        let (end, due) = (c.end, Due::of(c));
        let rare = Rare::take(c);
        let light = self.scales.bytes(rare.as_ref().map_or(0, Rare::bytes));
        let reference = rare.and_then(|rare| self.rare.put(Some(rare)));
        let seen = segments.then(|| self.pool.of(open.recent));
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

    /// Turns some of the open connections for which nothing came for a while to their compact
    /// form, and the arena to a smaller one when most of it lies idle.
    pub fn tidy(&mut self, clock: i64, packet: u64, limits: &Limits) {
        self.compacts |= self.open.used() >= limits.most_open();
        if !self.compacts {
            return;
        }
        for _ in 0..LOOKS {
            let Some(open) = self.open.get(self.hand) else {
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
        for slot in self.slots.iter_mut().filter(|slot| slot.at < OPEN) {
            if let Some(place) = self.arena.whole(slot.at).and_then(|form| arena.keep(form)) {
                self.arena.give_back(slot.at);
                slot.at = place;
            }
        }
        self.arena = arena;
    }
}

/// Takes rare facts out of their place.
fn take_rare(places: &mut Places<Option<Rare>>, reference: Option<u32>) -> Option<Rare> {
    let at = reference?;
    let rare = places.get_mut(at)?.take();
    places.release(at);
    rare
}

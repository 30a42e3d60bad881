//! A connection is let go: its deadline passed, or there is no room.

use super::{MAX_SIBLINGS, Tracker};
use crate::conn::facts::tuple::{Tuple, tuple_of};
use crate::conn::memory::eviction;
use crate::conn::memory::limits::Due;
use crate::conn::memory::store::{NONE, Slot};
use crate::conn::primitives::bits::low;
use crate::conn::primitives::words::Release;

impl Tracker {
    /// Lets go of connections whose deadlines passed. That gives room and changes no row: none is
    /// looked at again after its deadline.
    pub(super) fn expire(&mut self, time: i64) {
        for (number, id) in self.wheel.due(time) {
            let known = |slot: &Slot| slot.followed && low(slot.id) == id;
            if !self.store.slot(number).is_some_and(known) {
                continue;
            }
            let Some(last) = self.store.last(number) else { continue };
            let deadline = self.limits.deadline(last);
            if deadline < time {
                self.let_go(number, last.due.release(), time);
            } else {
                self.wheel.add((number, id), deadline, time);
            }
        }
    }

    /// Whether its deadline passed.
    #[inline]
    pub(super) fn is_late(&self, number: u32) -> bool {
        let Some(slot) = self.store.slot(number) else { return false };
        self.now.saturating_sub(slot.seen) > self.shortest
            && self.store.last(number).is_some_and(|last| self.now > self.limits.deadline(last))
    }

    /// Lets go of the connections of one tuple whose deadlines passed; whether there were any.
    pub(super) fn purge(&mut self, head: u32) -> bool {
        let (mut number, mut found) = (head, false);
        for _ in 0..MAX_SIBLINGS {
            let Some(next) = self.store.slot(number).map(|slot| slot.next) else { break };
            if self.is_late(number) {
                let due = self.store.last(number).map_or(Due::Idle, |last| last.due);
                self.let_go(number, due.release(), self.now);
                found = true;
            }
            number = next;
        }
        found
    }

    /// Takes a connection out of the index and makes it a row.
    pub(super) fn let_go(&mut self, number: u32, release: Release, time: i64) {
        let Some(&Slot { hash, next, .. }) = self.store.slot(number).filter(|slot| slot.followed)
        else {
            return;
        };
        self.store.unpack_if_packed(number);
        let Some(c) = self.store.decide(number, release, time) else { return };
        let tuple = tuple_of(c);
        self.unlink(&tuple, hash, number, next);
        if self.limits.keep {
            self.store.keep_row(number);
        } else {
            self.finished.extend(self.store.remove(number));
        }
        self.followed -= 1;
        release.count(&mut self.counts.released);
    }

    fn unlink(&mut self, tuple: &Tuple, hash: u32, number: u32, next: u32) {
        let Some(head) = self.store.find(tuple, hash) else { return };
        if head == number {
            if next == NONE {
                self.store.index_mut().forget(hash, number);
            } else {
                self.store.index_mut().point(hash, Some(number), next);
            }
            return;
        }
        let mut at = head;
        while let Some(slot) = self.store.slot_mut(at) {
            if slot.next == number {
                slot.next = next;
                return;
            }
            at = slot.next;
        }
    }

    fn is_full(&self) -> bool {
        self.limits.connections.is_some_and(|limit| self.followed >= limit.max(1))
            || self
                .limits
                .memory
                .is_some_and(|limit| self.followed > 1 && self.store.bytes() >= limit)
    }

    /// Evicts the longest silent of a few connections while there is no room for another one.
    pub(super) fn make_room(&mut self, time: i64) {
        while self.is_full() {
            let mut oldest: Option<(i64, u32, u64)> = None;
            let mut compared = 0;
            while compared < eviction::COMPARED
                && let Some((place, id)) = self.candidates.next()
            {
                if !self.store.is_followed(place, id) {
                    continue;
                }
                compared += 1;
                let Some(at) = self.store.last(place).map(|last| last.at) else { continue };
                let spared = match oldest {
                    Some(known) if known.0 <= at => (at, place, id),
                    known => {
                        oldest = Some((at, place, id));
                        let Some(known) = known else { continue };
                        known
                    }
                };
                self.candidates.enter(spared.1, spared.2);
            }
            let Some((_, place, _)) = oldest else { return };
            self.let_go(place, Release::Evicted, time);
        }
    }
}

//! From followed connections to rows.

use super::{OPEN, Open, Slot, Store};
use crate::conn::compact::Packer;
use crate::conn::connection::{Connection, Release};
use crate::conn::ending;
use crate::conn::limits::Limits;
use crate::conn::places::CHUNK;
use crate::conn::rows::Rows;

impl Store {
    /// Ends everything when the capture ends `now`: the rows in order of connection. Why those
    /// that were still followed are let go is counted. Memory is given back on the way.
    pub fn close(mut self, now: i64, limits: &Limits, released: &mut [u64; 5]) -> Rows {
        (self.index, self.pool) = Default::default();
        let mut order: Vec<u32> = (0..self.slots.len()).collect();
        if self.slots.used() < order.len() {
            order.retain(|&number| self.slot(number).is_some_and(|slot| slot.followed));
            order.sort_unstable_by_key(|&number| self.slot(number).map(|slot| slot.id));
        }
        let mut rows = Rows::ending_at(now);
        for numbers in order.chunks(CHUNK) {
            let mut reasons = Vec::with_capacity(numbers.len());
            for &number in numbers {
                let release = self.release(number, now, limits);
                reasons.push(release);
                let Some(release) = release else { continue };
                released[release as usize] += 1;
                if let Some(c) = self.connection_mut(number) {
                    ending::decide(c, release, now);
                }
            }
            if let Some(chunk) = self.whole(numbers) {
                rows.push_whole(chunk);
                continue;
            }
            for (&number, release) in numbers.iter().zip(reasons) {
                let Some(&Slot { at, .. }) = self.slot(number) else { continue };
                if let Some(c) = self.connection_mut(number) {
                    rows.put(c, false);
                    *c = Connection::blank();
                } else if let Some(form) = self.arena.whole(at) {
                    let rare = Packer::reference(form);
                    let rare = rare.and_then(|at| self.rare.get_mut(at)?.take());
                    rows.push_form(form, rare, release);
                    self.arena.give_back(at);
                }
            }
        }
        rows
    }

    /// Why a connection is let go now, unless it was before.
    fn release(&self, number: u32, now: i64, limits: &Limits) -> Option<Release> {
        self.slot(number).filter(|slot| slot.followed)?;
        Some(limits.at_the_end(self.last(number)?, now))
    }

    /// The open connections of these slots, where they lie together in this order.
    fn whole(&mut self, numbers: &[u32]) -> Option<Vec<Open>> {
        let first = self.slot(*numbers.first()?)?.at.checked_sub(OPEN)?;
        let together = (first..)
            .zip(numbers)
            .all(|(at, &number)| self.slot(number).is_some_and(|slot| slot.at == OPEN + at));
        if together { self.open.take_chunk(first, numbers.len()) } else { None }
    }
}

//! From followed connections to rows.

use super::packing::take_rare;
use super::{NONE, Slot, Store, UNPACKED, Unpacked};
use crate::conn::facts::connection::Connection;
use crate::conn::follow::ending;
use crate::conn::memory::limits::Limits;
use crate::conn::memory::pack::{reference, unpack_blank};
use crate::conn::memory::prefetch::{BLOCK, prefetch};
use crate::conn::memory::rows::Rows;
use crate::conn::primitives::slab::CHUNK;
use crate::conn::primitives::words::Release;

/// What every row is shown to, some at a time, if to anything.
pub(crate) type Show<'s> = Option<&'s mut dyn FnMut(&[&Connection])>;

impl Store {
    /// Ends everything when the capture ends `now`: the rows in order of connection, each shown if
    /// it is to be: while it is at hand, or once memory was given back where that counts. Why those
    /// that were still followed are let go is counted.
    pub(crate) fn end(
        mut self,
        now: i64,
        limits: &Limits,
        released: &mut [u64; 5],
        mut each: Show<'_>,
    ) -> Rows {
        (self.index, self.pool) = Default::default();
        let mut order: Vec<u32> = (0..self.slots.len()).collect();
        if self.slots.used() < order.len() {
            order.retain(|&number| self.slot(number).is_some_and(|slot| slot.at != NONE));
            order.sort_unstable_by_key(|&number| self.slot(number).map(|slot| slot.id));
        }
        let mut rows = Rows::ending_at(now);
        let whole = order.len() <= limits.most_whole(size_of::<Unpacked>());
        let mut early = if self.packs { None } else { each.take() };
        for numbers in order.chunks(CHUNK) {
            if let Some(mut chunk) = self.whole(numbers) {
                for (block, numbers) in chunk.chunks_mut(BLOCK).zip(numbers.chunks(BLOCK)) {
                    prefetch(block.iter().map(|unpacked| &unpacked.connection));
                    for (Unpacked { connection, .. }, &number) in block.iter_mut().zip(numbers) {
                        if let Some(slot) = self.slot(number).filter(|slot| slot.followed) {
                            decide(connection, slot, limits, now).count(released);
                        }
                    }
                    if let Some(each) = &mut early {
                        each(
                            &block.iter().map(|unpacked| &unpacked.connection).collect::<Vec<_>>(),
                        );
                    }
                }
                rows.push_unpacked(chunk);
                continue;
            }
            let from = rows.len();
            for &number in numbers {
                self.end_one(number, whole, now, limits, released, &mut rows);
            }
            if let Some(each) = &mut early {
                rows.show(from..rows.len(), each);
            }
        }
        drop(self);
        if let Some(mut each) = each {
            rows.show(0..rows.len(), &mut each);
        }
        rows
    }

    /// Ends a connection and makes it a row: unpacked if it is to be whole, else packed.
    fn end_one(
        &mut self,
        number: u32,
        whole: bool,
        now: i64,
        limits: &Limits,
        released: &mut [u64; 5],
        rows: &mut Rows,
    ) {
        let Some(&slot) = self.slot(number) else { return };
        if !whole && let Some(bytes) = self.arena.whole(slot.at) {
            let release = slot.followed.then(|| limits.at_the_end(slot.last(None), now));
            if let Some(release) = release {
                release.count(released);
            }
            rows.push_packed(bytes, take_rare(&mut self.rare, reference(bytes)), release);
            self.arena.give_back(slot.at);
            return;
        }
        let mut row = Connection::default();
        if let Some(Unpacked { connection, .. }) = self.unpacked_at_mut(number) {
            std::mem::swap(&mut row, connection);
        } else {
            let Some(form) = self.arena.packed(slot.at) else { return };
            let rare = unpack_blank(form, &mut row, None);
            take_rare(&mut self.rare, rare).unwrap_or_default().put(&mut row);
            self.arena.give_back(slot.at);
        }
        if slot.followed {
            decide(&mut row, &slot, limits, now).count(released);
        }
        if whole {
            rows.push_whole(row);
        } else {
            rows.put(&mut row, false);
        }
    }

    /// Decides how an unpacked connection ended that is let go now.
    pub(crate) fn decide(
        &mut self,
        number: u32,
        release: Release,
        now: i64,
    ) -> Option<&Connection> {
        let c = &mut self.unpacked_at_mut(number)?.connection;
        ending::decide(c, release, now);
        Some(c)
    }

    /// The unpacked connections of these slots, where they lie together in this order.
    fn whole(&mut self, numbers: &[u32]) -> Option<Vec<Unpacked>> {
        let first = self.slot(*numbers.first()?)?.at.checked_sub(UNPACKED)?;
        let together = (first..)
            .zip(numbers)
            .all(|(at, &number)| self.slot(number).is_some_and(|slot| slot.at == UNPACKED + at));
        if together { self.unpacked.take_chunk(first, numbers.len()) } else { None }
    }
}

/// Ends an unpacked connection that is still followed.
fn decide(c: &mut Connection, slot: &Slot, limits: &Limits, now: i64) -> Release {
    let release = limits.at_the_end(slot.last(Some(c)), now);
    ending::decide(c, release, now);
    release
}

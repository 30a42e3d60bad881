//! From followed connections to rows.

use super::{CHUNK, OPEN, Slot, Store};
use crate::conn::compact::Packer;
use crate::conn::connection::{Connection, Release};
use crate::conn::ending;
use crate::conn::rows::Rows;

impl Store {
    /// Ends everything at this time: the rows in order of connection, each of which is shown, and
    /// how many were still followed. Memory is given back on the way.
    pub fn close(mut self, clock: i64, mut each: impl FnMut(&Connection)) -> (Rows, u64) {
        (self.index, self.pool) = Default::default();
        let mut order: Vec<u32> = (0..self.length).collect();
        if !self.free.is_empty() {
            order.retain(|&number| self.slot(number).is_some_and(|slot| slot.followed));
            order.sort_unstable_by_key(|&number| self.slot(number).map(|slot| slot.id));
        }
        let mut rows = Rows::ending_at(clock);
        let mut ended = 0;
        let (mut packer, mut copy) = (Packer::default(), Connection::blank());
        for numbers in order.chunks(CHUNK) {
            if let Some(mut chunk) = self.whole(numbers) {
                for (open, &number) in chunk.iter_mut().zip(numbers) {
                    if self.slot(number).is_some_and(|slot| slot.followed) {
                        ending::decide(&mut open.connection, Release::End, clock);
                        ended += 1;
                    }
                    each(&open.connection);
                }
                rows.push_whole(chunk);
                continue;
            }
            for &number in numbers {
                let Some(&Slot { at, followed, .. }) = self.slot(number) else { continue };
                ended += u64::from(followed);
                if let Some(c) = self.connection_mut(number) {
                    if followed {
                        ending::decide(c, Release::End, clock);
                    }
                    each(c);
                    rows.push(c);
                    *c = Connection::blank();
                } else if let (Some(form), Some(rest)) = (self.arena.whole(at), self.arena.form(at))
                {
                    let rare = packer.unpack(rest, &mut copy, None);
                    let rare = rare.and_then(|at| self.rare.get_mut(at as usize)?.take());
                    rows.push_form(form, &copy, rare.as_deref(), followed);
                    rare.map(|rare| *rare).unwrap_or_default().put(&mut copy);
                    self.arena.give_back(at);
                    if followed {
                        ending::decide(&mut copy, Release::End, clock);
                    }
                    each(&copy);
                }
            }
        }
        (rows, ended)
    }

    /// The open connections of these slots, where they lie together in this order.
    fn whole(&mut self, numbers: &[u32]) -> Option<Vec<super::Open>> {
        let first = self.slot(*numbers.first()?)?.at.checked_sub(OPEN)?;
        let together = (first..)
            .zip(numbers)
            .all(|(at, &number)| self.slot(number).is_some_and(|slot| slot.at == OPEN + at));
        let chunk = self.open.get_mut(first as usize / CHUNK)?;
        let alone = (first as usize).is_multiple_of(CHUNK) && chunk.len() == numbers.len();
        (together && alone).then(|| std::mem::take(chunk))
    }
}

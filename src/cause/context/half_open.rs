//! Connections that a service answered and never heard of again.

use super::families::folded;
use super::kept::Kept;
use crate::base::numbers::numbers;
use crate::digest::wire::{Bad, Coder};
use crate::packet::Address;

numbers! {
    /// Half-open connections remembered for each service.
    bound MAX_HALF_OPEN: usize = 4096;
    /// Those looked at before and after a time.
    bound LOOKED_AT: usize = 64;
}

/// When each began, and from where.
#[derive(Clone, Debug, Default)]
pub(super) struct HalfOpen(Kept<(i64, u64), MAX_HALF_OPEN>);

impl HalfOpen {
    /// Remembers one; false when there are enough.
    pub(super) fn add(&mut self, start: i64, client: Address) -> bool {
        self.0.add((start, folded(client)))
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds those of another one, as far as there is room; how many.
    pub(super) fn merge(&mut self, other: &Self, room: usize) -> usize {
        self.0.merge(&other.0, room)
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        self.0.code(coder, |coder, (start, client)| {
            coder.signed(start)?;
            coder.number(client)
        })
    }

    /// Different clients of those that began within so many seconds of a time, as far as they are
    /// looked at.
    pub(super) fn clients_around(&self, time: i64, seconds: f64) -> usize {
        let sorted = self.0.sorted();
        let after = |other: i64| crate::conn::seconds(other.saturating_sub(time));
        let here = sorted.partition_point(|&(start, _)| start < time);
        let before = sorted.iter().take(here).rev().take_while(|(at, _)| after(*at) >= -seconds);
        let later = sorted.iter().skip(here).take_while(|(at, _)| after(*at) <= seconds);
        let near = before.take(LOOKED_AT).chain(later.take(LOOKED_AT));
        let mut clients: Vec<u64> = near.map(|&(_, client)| client).collect();
        clients.sort_unstable();
        clients.dedup();
        clients.len()
    }
}

//! Connections that a service answered and never heard of again.

use std::sync::OnceLock;

use super::families::folded;
use crate::packet::Address;

/// Those remembered for each service.
const MAX_HALF_OPEN: usize = 4096;
/// Those looked at before and after a time.
const LOOKED_AT: usize = 64;

/// When each began, and from where.
#[derive(Clone, Debug, Default)]
pub struct HalfOpen {
    all: Vec<(i64, u64)>,
    /// The same, earliest first, until another one comes.
    sorted: OnceLock<Vec<(i64, u64)>>,
}

impl HalfOpen {
    /// Remembers one; false when there are enough.
    pub fn add(&mut self, start: i64, client: Address) -> bool {
        if self.all.len() >= MAX_HALF_OPEN {
            return false;
        }
        self.all.push((start, folded(client)));
        self.sorted.take();
        true
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds those of another one, as far as there is room; how many.
    pub fn merge(&mut self, other: &Self, room: usize) -> usize {
        let room = room.min(MAX_HALF_OPEN.saturating_sub(self.all.len()));
        self.all.extend(other.all.iter().take(room));
        self.sorted.take();
        room.min(other.all.len())
    }

    /// Different clients of those that began within so many seconds of a time, as far as they are
    /// looked at.
    pub fn clients_around(&self, time: i64, seconds: f64) -> usize {
        let sorted = self.sorted.get_or_init(|| {
            let mut all = self.all.clone();
            all.sort_unstable();
            all
        });
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

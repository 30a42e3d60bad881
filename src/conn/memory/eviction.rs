//! Which connection goes when there is no room for another one.

use std::collections::VecDeque;

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::teardown::{Reset, Teardown};

/// Candidates compared: the one that was silent longest goes.
pub(crate) const COMPARED: usize = 16;

/// Followed connections in the order in which they were begun or spared.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    line: VecDeque<(u32, u64)>,
}

impl Candidates {
    /// Puts a connection at the end of the line: its place and its number.
    pub(crate) fn enter(&mut self, place: u32, id: u64) {
        self.line.push_back((place, id));
    }

    /// The next candidate.
    pub(crate) fn next(&mut self) -> Option<(u32, u64)> {
        self.line.pop_front()
    }

    /// Forgets connections that were let go, once they are more than half of the line.
    pub(crate) fn tidy(&mut self, followed: u32, alive: impl Fn(u32, u64) -> bool) {
        if self.line.len() > 2 * followed as usize + 64 {
            self.line.retain(|&(place, id)| alive(place, id));
        }
    }
}

/// Tells what hangs on a connection, where memory is limited; else nothing weighs anything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scales(pub bool);

impl Scales {
    /// So many bytes.
    #[inline]
    pub(crate) fn bytes(self, bytes: usize) -> u64 {
        if self.0 { bytes as u64 } else { 0 }
    }

    /// Bytes that hang on a connection.
    #[inline]
    pub(crate) fn weigh(self, c: &Connection<impl Stage>) -> u64 {
        if self.0 { hanging(c) as u64 } else { 0 }
    }
}

fn hanging(c: &Connection<impl Stage>) -> usize {
    // Not their capacity, which may be left of another connection.
    let resets = c.teardowns.iter().filter(|row| !row.is_fin()).count();
    let teardowns = c.teardowns.len() * size_of::<Teardown>() + resets * size_of::<Reset>();
    let ranges: usize = c
        .endpoints
        .iter()
        .flat_map(|e| [e.ranges.as_deref(), e.below.as_deref()])
        .flatten()
        .map(crate::conn::primitives::ranges::Ranges::bytes)
        .sum();
    let extra = c.extra.as_deref().map_or(0, size_of_val);
    let trouble = c.endpoints.iter().filter_map(|e| e.trouble.as_deref()).map(size_of_val);
    teardowns + ranges + extra + trouble.sum::<usize>()
}

//! Which connection goes when there is no room for another one.

use std::collections::VecDeque;

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::reset::Reset;
use crate::conn::facts::teardown::Teardown;
use crate::conn::primitives::ranges::Ranges;

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
    let rows = match c.teardowns.len() {
        0 => 0,
        count => count * size_of::<Teardown>() + resets(c) * size_of::<Reset>(),
    };
    let extra = c.extra.as_deref().map_or(0, size_of_val);
    rows + extra + of_side(&c.endpoints.client) + of_side(&c.endpoints.server)
}

fn of_side(e: &Endpoint) -> usize {
    let ranges = |ranges: &Option<Box<Ranges>>| ranges.as_deref().map_or(0, Ranges::bytes);
    ranges(&e.ranges) + ranges(&e.below) + e.trouble.as_deref().map_or(0, size_of_val)
}

/// Rows of RSTs: each that was counted has one. The rows of a storm must not be looked at for each of
/// its segments.
fn resets(c: &Connection<impl Stage>) -> usize {
    let counted: u64 = c.endpoints.iter().map(|endpoint| u64::from(endpoint.rsts)).sum();
    usize::try_from(counted).unwrap_or(usize::MAX).min(c.teardowns.len())
}

#[cfg(test)]
mod tests {
    use super::resets;
    use crate::conn::track::play::play;

    #[test]
    fn rows_of_resets_are_counted_without_a_look_at_each() {
        let storm = ", < R. id=7, < R. copy, > FR., < F., > F., > F. again".repeat(30);
        let scripts = ["> S, < R.", "> S, < S., > ., > F., < F., > ."].map(str::to_owned);
        let mut seen = 0;
        for script in
            scripts.into_iter().chain([format!("> S, < S., > .{storm}"), format!("> S{storm}")])
        {
            for c in play(&script).unwrap() {
                assert_eq!(resets(&c), c.teardowns.iter().filter(|row| !row.is_fin()).count());
                seen += resets(&c);
            }
        }
        assert_eq!(seen, 1 + 90 + 90);
    }
}

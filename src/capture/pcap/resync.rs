//! Packets behind damage in a classic pcap, looked for only when asked: the format has no marks
//! by which a record could be known, so that what is found may be wrong.

use super::record::Fields;
use super::{MAX_PACKET, Pcap};
use crate::capture::batch::{Notes, Step};
use crate::capture::window::Window;

/// Record headers in a row that must make sense before packets are taken again.
const HEADERS: usize = 3;
/// Seconds that such records may lie apart.
const APART: u32 = 86_400;
/// Bytes looked through at a time, so that a caller can interrupt.
const TURN: usize = 1 << 20;

/// A search behind damage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Where the damage lies.
    from: u64,
    /// Bytes passed over so far.
    passed: u64,
}

impl Search {
    /// Begins behind the first byte of what is at hand.
    pub(super) fn behind(window: &mut Window) -> Self {
        let from = window.offset();
        window.advance(1);
        Self { from, passed: 1 }
    }
}

impl Pcap {
    /// Looks through the next bytes for records that make sense.
    pub(super) fn look_on(
        &mut self,
        mut search: Search,
        window: &mut Window,
        notes: &mut Notes<'_>,
    ) -> Step {
        // Whatever a header claims, all of the row is at hand.
        let row = HEADERS * (self.layout.header() + MAX_PACKET as usize);
        let more = window.fill(row + TURN);
        let bytes = window.bytes();
        let turn = if more { TURN } else { bytes.len() };
        let found = (0..turn).find(|&at| bytes.get(at..).is_some_and(|rest| self.is_row(rest)));
        let passed = found.unwrap_or(turn);
        window.advance(passed);
        search.passed += passed as u64;
        let (from, passed) = (search.from, search.passed);
        if found.is_some() {
            notes.summary.bytes_skipped += passed;
            notes.issue("resync", from, || {
                format!("{passed} bytes passed over to the next {HEADERS} headers that make sense")
            });
        } else if more {
            self.search = Some(search);
        } else {
            notes.summary.bytes_tail += passed;
            notes.summary.stopped_at = Some(from);
            return Step::Corrupt;
        }
        Step::More
    }

    /// Whether bytes begin with headers of records that make sense, one behind the other.
    fn is_row(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        let mut before = None;
        for _ in 0..HEADERS {
            let Some(fields) = self.layout.fields(rest) else { return false };
            let Fields { seconds, fraction, captured, original } = fields;
            let sensible = (1..=MAX_PACKET).contains(&captured)
                && (captured..=MAX_PACKET).contains(&original)
                && fraction < self.units_per_second
                && before.is_none_or(|before: u32| before.abs_diff(seconds) <= APART);
            if !sensible {
                return false;
            }
            before = Some(seconds);
            let Some(next) = rest.get(self.layout.header() + captured as usize..) else {
                return false;
            };
            rest = next;
        }
        true
    }
}

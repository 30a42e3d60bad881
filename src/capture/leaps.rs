//! Leaps of the clock within a file.

use super::batch::Notes;
use crate::base::issue::EXAMPLES;

/// A step back in time that is more than packets out of order: one second.
const BACK: u64 = 1_000_000_000;
/// A step forward that is rather a leap of the clock than silence.
pub const LEAP: i64 = 6 * 3600 * 1_000_000_000;

/// Nanoseconds as seconds, all digits of them.
pub(super) fn seconds(nanoseconds: u64) -> String {
    format!("{}.{:09}", nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
}

/// The clock leapt before a packet.
struct Leap {
    packet: u64,
    from: i64,
    to: i64,
}

/// All leaps of a file, counted; the first are kept. They are told at the end: which packets are
/// read together depends on the size of reads, and the order of issues must not.
#[derive(Default)]
pub(crate) struct Leaps {
    first: Vec<Leap>,
    count: u64,
}

impl Leaps {
    /// Looks at the time of a packet and of the one before it.
    #[inline]
    pub(crate) fn step(&mut self, packet: u64, from: i64, to: i64) {
        if from.abs_diff(to) > if to < from { BACK } else { LEAP.unsigned_abs() } {
            self.add(Leap { packet, from, to });
        }
    }

    #[cold]
    fn add(&mut self, leap: Leap) {
        self.count += 1;
        if self.count <= EXAMPLES {
            self.first.push(leap);
        }
    }

    /// Tells them, each with its packet.
    pub(crate) fn report(&self, notes: &mut Notes<'_>) {
        const KIND: &str = "clock_leap";
        for &Leap { packet, from, to } in &self.first {
            notes.issue_of(packet, KIND, None, || {
                let way = if to < from { "back" } else { "forward" };
                format!("the clock leaps {way} by {} s", seconds(from.abs_diff(to)))
            });
        }
        let more = self.count - self.first.len() as u64;
        notes.issues.add_many(notes.file, KIND, more, String::new);
    }
}

//! The capture's time, as all its packets together tell it.

use crate::capture::LEAP;

/// Follows the times of packets; it never goes back. One packet alone is not believed when it leaps
/// forward: a damaged time must not end every connection that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    now: i64,
    leap: Option<i64>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: i64::MIN, leap: None }
    }
}

impl Clock {
    /// One that stands at a time; the least there is where no packet came yet. In doubt, the packet
    /// before leapt to another.
    pub fn standing(now: i64, leap: Option<i64>) -> Self {
        Self { now, leap }
    }

    /// What time it is.
    pub fn now(self) -> i64 {
        self.now
    }

    /// The time of the latest packet, where it leapt and is not believed yet.
    pub fn in_doubt(self) -> Option<i64> {
        self.leap
    }

    /// Takes the time of the next packet: what time it is now. Two packets in a row must agree on
    /// a leap.
    #[inline]
    pub fn advance(&mut self, time: i64) -> i64 {
        let leaps = time.saturating_sub(self.now) > LEAP && self.now != i64::MIN;
        if leaps || self.leap.is_some() {
            self.leap(time, leaps);
        } else {
            self.now = self.now.max(time);
        }
        self.now
    }

    /// The time leaps, or did so in the packet before.
    #[cold]
    fn leap(&mut self, time: i64, leaps: bool) {
        let before = std::mem::replace(&mut self.leap, leaps.then_some(time));
        let time = match before {
            Some(before) if leaps => time.min(before),
            _ if leaps => return,
            _ => time,
        };
        self.now = self.now.max(time);
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, LEAP};

    #[test]
    fn one_packet_alone_is_not_believed() {
        let mut clock = Clock::default();
        let times = [5, 3, 9, 10 * LEAP, 10, 3 * LEAP, 2 * LEAP, 7, 9 * LEAP, 11];
        let told: Vec<i64> = times.into_iter().map(|time| clock.advance(time)).collect();
        let two = 2 * LEAP;
        assert_eq!(told, [5, 5, 9, 9, 10, 10, two, two, two, two]);
    }
}

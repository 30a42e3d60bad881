//! What the quality of the capture takes from a verdict or adds to it. A guard lowers the
//! confidence; it never makes another cause.

use super::evidence::Evidence;
use super::rule::Case;
use crate::conn::{Ending, Opening, Side};

/// The range that is left after all modifiers: nothing seen from outside is ever certain.
const RANGE: (f64, f64) = (0.05, 0.97);

/// Names and amounts of those that apply.
pub struct Guards {
    taken: [Option<(&'static str, f64)>; 7],
    change: f64,
}

impl Guards {
    /// What the quality of the capture says of a case, whatever its cause.
    pub fn of(case: &Case<'_>) -> Self {
        let c = case.connection;
        let attempt = c.side(Side::Client).syns > 0 && !c.side(Side::Server).spoke();
        let one_sided = !c.two_sided() && !attempt;
        let gaps = c.endpoints.iter().any(|e| e.unseen_acked > 0)
            || c.endpoints.iter().any(|e| e.ranges.is_some());
        let packets: u64 = c.endpoints.iter().map(|e| e.packets).sum();
        let copies: u64 = c.endpoints.iter().map(|e| u64::from(e.duplicates)).sum();
        let reused = c.extra().is_some_and(|extra| extra.earlier_open);
        let silent = matches!(c.ending, Ending::PeerUnresponsive | Ending::HandshakeUnanswered);
        let all = [
            (one_sided, -0.2, "guard_one_direction_only"),
            (gaps, -0.1, "guard_capture_gaps"),
            (c.opening == Opening::MidStream, -0.15, "guard_began_mid_stream"),
            (copies * 100 > packets, -0.1, "guard_duplicated_packets"),
            (c.time_backward > 0, -0.1, "guard_time_goes_back"),
            (reused, -0.05, "guard_reused_ports"),
            (c.censored && silent, -0.2, "guard_capture_ends_soon_after"),
        ];
        let taken = all.map(|(applies, amount, name)| applies.then_some((name, amount)));
        let mut change: f64 = taken.iter().flatten().map(|(_, amount)| amount).sum();
        if !one_sided && !gaps && c.opening == Opening::Syn && c.two_sided() {
            change += 0.1;
        }
        Self { taken, change }
    }

    /// A finding's confidence after every guard.
    pub fn confidence(&self, base: f64) -> f64 {
        (base + self.change).clamp(RANGE.0, RANGE.1)
    }

    /// Adds those that took something to the evidence.
    pub fn tell(&self, evidence: &mut Vec<Evidence>) {
        let taken = self.taken.iter().flatten();
        evidence.extend(taken.map(|&(name, amount)| Evidence::number(name, amount)));
    }
}

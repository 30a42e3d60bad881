//! What the quality of the capture takes from a verdict or adds to it. A guard lowers the
//! confidence; it never makes another cause.

use super::evidence::Evidence;
use super::rule::Case;
use crate::conn::{Ending, Opening, Side};

/// The range that is left after all modifiers: nothing seen from outside is ever certain.
const RANGE: (f64, f64) = (0.05, 0.97);

/// What a whole capture of both directions adds.
const WHOLE: f64 = 0.1;

/// Every guard, and what it takes.
const GUARDS: [(&str, f64); 7] = [
    ("guard_one_direction_only", -0.2),
    ("guard_capture_gaps", -0.1),
    ("guard_began_mid_stream", -0.15),
    ("guard_duplicated_packets", -0.1),
    ("guard_time_goes_back", -0.1),
    ("guard_reused_ports", -0.05),
    ("guard_capture_ends_soon_after", -0.2),
];

/// Which of them apply, and what they come to.
pub struct Guards {
    applies: [bool; GUARDS.len()],
    any: bool,
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
        let applies = [
            one_sided,
            gaps,
            c.opening == Opening::MidStream,
            copies * 100 > packets,
            c.time_backward > 0,
            reused,
            c.censored && silent,
        ];
        let whole = !one_sided && !gaps && c.opening == Opening::Syn && c.two_sided();
        let mut change = if whole { WHOLE } else { 0.0 };
        for (&applies, (_, amount)) in applies.iter().zip(GUARDS) {
            change += if applies { amount } else { 0.0 };
        }
        let any = applies.iter().fold(false, |any, applies| any | applies);
        Self { applies, any, change }
    }

    /// A finding's confidence after every guard.
    pub fn confidence(&self, base: f64) -> f64 {
        (base + self.change).clamp(RANGE.0, RANGE.1)
    }

    /// Whether any took something.
    pub fn lower(&self) -> bool {
        self.any
    }

    /// Adds those that took something to the evidence.
    pub fn tell(&self, evidence: &mut Vec<Evidence>) {
        if !self.any {
            return;
        }
        for (&applies, (name, amount)) in self.applies.iter().zip(GUARDS) {
            if applies {
                evidence.push(Evidence::number(name, amount));
            }
        }
    }
}

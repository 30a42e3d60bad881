//! What the quality of the capture takes from a verdict or adds to it. A guard lowers the
//! confidence; it never makes another cause.

use super::evidence::Evidence;
use super::rule::Case;
use crate::base::numbers::numbers;
use crate::conn::{Ending, Opening, Side};

numbers! {
    /// The least confidence that is left after all guards.
    confidence LEAST = 0.05;
    /// The highest: nothing seen from outside is ever certain.
    confidence MOST = 0.97;
    /// What a whole capture of both directions adds.
    weight WHOLE = 0.1;
    /// Only one direction was captured.
    weight ONE_DIRECTION = -0.2;
    /// The capture lacks bytes that were acknowledged.
    weight GAPS = -0.1;
    /// The connection was open before the capture began: its end is there all the same.
    weight MID_STREAM = -0.05;
    /// Many packets were captured twice.
    weight COPIES = -0.1;
    /// One packet in so many that is a copy makes them many.
    count COPIED: u64 = 100;
    /// The capture's clock goes back.
    weight TIME_BACK = -0.1;
    /// An earlier connection on the same ports had not ended.
    weight REUSED = -0.05;
    /// It fell silent shortly before the capture ends.
    weight CENSORED = -0.2;
}

/// Every guard, and what it takes.
const GUARDS: [(&str, f64); 7] = [
    ("guard_one_direction_only", ONE_DIRECTION),
    ("guard_capture_gaps", GAPS),
    ("guard_began_mid_stream", MID_STREAM),
    ("guard_duplicated_packets", COPIES),
    ("guard_time_goes_back", TIME_BACK),
    ("guard_reused_ports", REUSED),
    ("guard_capture_ends_soon_after", CENSORED),
];

/// Which of them apply, and what they come to.
pub(super) struct Guards {
    applies: [bool; GUARDS.len()],
    any: bool,
    stray: bool,
    change: f64,
}

impl Guards {
    /// What the quality of the capture says of a case, whatever its cause.
    pub(super) fn of(case: &Case<'_>) -> Self {
        let c = case.connection;
        // Who goes on after its SYN has heard an answer, which the capture did not.
        let client = c.side(Side::Client);
        let attempt =
            client.syns > 0 && client.alive == client.syns && !c.side(Side::Server).spoke();
        let one_sided = !c.two_sided() && !attempt;
        let gaps = c.endpoints.iter().any(|e| e.unseen_acked > 0 || e.ranges.is_some())
            || c.endpoints.iter().any(|e| e.lost_bytes() > 0);
        let packets: u64 = c.endpoints.iter().map(|e| e.packets).sum();
        let copies: u64 = c.endpoints.iter().map(|e| u64::from(e.duplicates)).sum();
        let reused = c.extra().is_some_and(|extra| extra.earlier_open);
        let silent = matches!(c.ending, Ending::PeerUnresponsive | Ending::HandshakeUnanswered);
        let applies = [
            one_sided,
            gaps,
            c.opening == Opening::MidStream,
            copies * COPIED > packets,
            c.counts.time_backward > 0,
            reused,
            c.censored && silent,
        ];
        let whole = !one_sided && !gaps && c.opening == Opening::Syn && c.two_sided();
        let mut change = if whole { WHOLE } else { 0.0 };
        for (&applies, (_, amount)) in applies.iter().zip(GUARDS) {
            change += if applies { amount } else { 0.0 };
        }
        let any = applies.iter().fold(false, |any, applies| any | applies);
        Self { applies, any, stray: c.ending == Ending::Stray, change }
    }

    /// A finding's confidence after every guard.
    pub(super) fn confidence(&self, base: f64) -> f64 {
        (base + self.change).clamp(LEAST, MOST)
    }

    /// Whether any took something.
    pub(super) fn lower(&self) -> bool {
        self.any
    }

    /// Whether one applies under which nobody has measured how often a verdict is right: whatever
    /// is labelled passed both ways, but for segments that belong to nothing.
    pub(super) fn unmeasured(&self) -> bool {
        let [one_direction, ..] = self.applies;
        one_direction && !self.stray
    }

    /// Adds those that took something to the evidence.
    pub(super) fn tell(&self, evidence: &mut Vec<Evidence>) {
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

//! What the quality of the capture takes from a verdict or adds to it. A guard lowers the
//! confidence; it never makes another cause.

use super::evidence::Evidence;
use super::rule::{Case, Finding};
use crate::conn::{Ending, Opening, Side};

/// The range that is left after all modifiers: nothing seen from outside is ever certain.
const RANGE: (f64, f64) = (0.05, 0.97);

/// Applies every guard; the ones that took something are added to the evidence.
pub fn apply(case: &Case<'_>, mut finding: Finding) -> Finding {
    let c = case.connection;
    let mut change = 0.0;
    let mut note = |applies: bool, amount: f64, name: &'static str| {
        if applies {
            change += amount;
            finding.evidence.push(Evidence::number(name, amount));
        }
    };
    let attempt = c.side(Side::Client).syns > 0 && !c.side(Side::Server).spoke();
    let one_sided = !c.two_sided() && !attempt;
    let gaps = c.endpoints.iter().any(|e| e.unseen_acked > 0)
        || c.endpoints.iter().any(|e| e.ranges.is_some());
    note(one_sided, -0.2, "guard_one_direction_only");
    note(gaps, -0.1, "guard_capture_gaps");
    note(c.opening == Opening::MidStream, -0.15, "guard_began_mid_stream");
    let packets: u64 = c.endpoints.iter().map(|e| e.packets).sum();
    let copies: u64 = c.endpoints.iter().map(|e| u64::from(e.duplicates)).sum();
    note(copies * 100 > packets, -0.1, "guard_duplicated_packets");
    note(c.time_backward > 0, -0.1, "guard_time_goes_back");
    note(c.extra().is_some_and(|extra| extra.earlier_open), -0.05, "guard_reused_ports");
    let silent = matches!(c.ending, Ending::PeerUnresponsive | Ending::HandshakeUnanswered);
    note(c.censored && silent, -0.2, "guard_capture_ends_soon_after");
    if !one_sided && !gaps && c.opening == Opening::Syn && c.two_sided() {
        change += 0.1;
    }
    finding.confidence = (finding.confidence + change).clamp(RANGE.0, RANGE.1);
    finding
}

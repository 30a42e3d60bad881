use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "simultaneous_close",
    class: Class::Orderly,
    summary: "Both sides closed at the same time.",
    wire: "Each side's FIN was sent before the other's was acknowledged.",
    reference: "RFC 9293 section 3.6, case 3",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > F., < F. ack=-1, > ., < ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The two FINs crossed.
    confidence CROSSED = 0.9;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::Graceful || !c.simultaneous_close {
        return None;
    }
    let mut finding = Finding::new(accepted(case, CROSSED));
    for side in [Side::Client, Side::Server] {
        let name = if side == Side::Client { "client_fin" } else { "server_fin" };
        finding =
            finding.with_some(case.fins(side).next().map(|row| Evidence::of(name).at(row.packet)));
    }
    Some(finding)
}

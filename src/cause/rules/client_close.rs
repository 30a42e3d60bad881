use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "client_close",
    class: Class::Orderly,
    summary: "The client closed first: an orderly end, once the other side has followed.",
    wire: "FIN of both sides, the client's first.",
    reference: "RFC 9293 section 3.6, case 1",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > P. 10, < P. 100, > ., > F., < F., > ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful, Ending::HalfClosed]).first_fin(Side::Client),
    numbers: &[],
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    closed_first(case, Side::Client)
}

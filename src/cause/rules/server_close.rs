use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "server_close",
    class: Class::Orderly,
    summary: "The server closed first: an orderly end, once the other side has followed.",
    wire: "FIN of both sides, the server's first.",
    reference: "RFC 9293 section 3.6, case 1",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > P. 10, < P. 100, > ., < F., > F., < ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful, Ending::HalfClosed]).first_fin(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// At most, where a limit of age is as likely.
    confidence DOUBTFUL = 0.5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let found = closed_first(case, Side::Server)?;
    // A limit of age is as likely.
    let doubtful = super::connection_age_limit::suspected(case);
    Some(if doubtful {
        Finding { confidence: found.confidence.min(DOUBTFUL), ..found }
    } else {
        found
    })
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "still_open",
    class: Class::Undecided,
    summary: "The connection was still open, or closed by one side only, when it was last seen.",
    wire: "Established, no reset with effect, not both FINs, and no run of unanswered \
           segments.",
    reference: "RFC 9293 section 3.3.2",
    next: "Did the capture end too early? See the column censored.",
    examples: &["> S, < S., > ., > P. 10, < ."],
    near_misses: &[(
        "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > P. 10 again +4s",
        "retransmission_timeout",
    )],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Open, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Nothing ended it.
    confidence OPEN = 0.85;
    /// One side was not heard, and may have ended it.
    confidence UNHEARD = 0.5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let confidence = if c.two_sided() { OPEN } else { UNHEARD };
    matches!(c.ending, Ending::Open | Ending::HalfClosed).then(|| {
        Finding::new(confidence)
            .with(Evidence::of("last_seen").at(c.last_packet))
            .with_some(c.censored.then(|| Evidence::of("capture_ended_soon_after")))
    })
}

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "syn_unanswered",
    class: Class::Timeout,
    summary: "Nobody answered the SYN: it was dropped on the way or the host is down.",
    wire: "SYNs of one initial sequence number and no segment of the server; at least two of \
           them or three seconds of silence.",
    reference: "RFC 9293 section 3.10.3; RFC 6298 for the retries",
    next: "Is a filter dropping it, or is the host down? Capture nearer to the server.",
    examples: &["> S, > S again +1s, > S again +2s"],
    near_misses: &[("> S, < R.", "port_closed")],
    twins: &[],
    applies: Applies::Connection,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeUnanswered {
        return None;
    }
    let syns = c.side(Side::Client).syns;
    let only = syns < 2;
    let base = match (only, c.censored) {
        (false, _) => 0.85,
        (true, false) => 0.75,
        (true, true) => 0.4,
    };
    let tries = c.end.saturating_sub(c.start);
    Some(
        Finding::new(base)
            .with(Evidence::count("syns", u64::from(syns)).at(c.first_packet))
            .with(Evidence::time("tried_for_s", tries)),
    )
}

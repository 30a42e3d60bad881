use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "fin_unanswered",
    class: Class::Timeout,
    summary: "A FIN was sent again and again and never acknowledged: the peer or the path was \
           gone.",
    wire: "At least two retransmissions of one FIN, no acknowledgment of it, no reset.",
    reference: "RFC 9293 section 3.8.1",
    next: "When was the peer last heard?",
    examples: &["> S, < S., > ., > F., > F. again +200ms, > F. again +400ms"],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if !matches!(c.ending, Ending::HalfClosed | Ending::PeerUnresponsive) {
        return None;
    }
    let row = [Side::Client, Side::Server]
        .into_iter()
        .filter_map(|side| case.fins(side).next())
        .find(|row| row.retransmissions >= 2)?;
    Some(
        Finding::new(if row.acked_at.get().is_none() { 0.85 } else { 0.7 })
            .with(Evidence::of("fin").at(row.packet))
            .with(Evidence::count("fin_retransmissions", u64::from(row.retransmissions))),
    )
}

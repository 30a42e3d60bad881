use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "client_close",
    summary: "The client closed first, and the other side followed: an orderly end.",
    wire: "FIN of both sides, the client's first.",
    reference: "RFC 9293 section 3.6, case 1",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > P. 10, < P. 100, > ., > F., < F., > ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let half = c.ending == Ending::HalfClosed;
    let closed = half || c.ending == Ending::Graceful;
    if !closed || c.first_fin_by != Some(Side::Client) || c.simultaneous_close {
        return None;
    }
    let fin = case.fins(Side::Client).next()?;
    if half && fin.acked_at.is_none() {
        return None;
    }
    Some(
        Finding::new(if half { 0.6 } else { 0.87 })
            .with(Evidence::of("first_fin").at(fin.packet))
            .with(Evidence::count("unacknowledged_bytes_at_fin", fin.unacked_bytes))
            .with_some(fin.acked_packet.map(|packet| Evidence::of("fin_acknowledged").at(packet))),
    )
}

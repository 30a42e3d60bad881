use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "zero_window_stall",
    class: Class::Timeout,
    summary: "The peer's window is closed and the sender still waits: the connection is stuck, \
           not ended.",
    wire: "The last window one side advertised is zero, it stays so for a second or more \
           while the other probes, and nobody closes.",
    reference: "RFC 9293 section 3.8.6.1",
    next: "Look at the receiving application meanwhile: its log, its load, and its full buffer \
           (ss -tm).",
    examples: &[
        "> S, < S., > ., > P. 500, < . win=0, > . probe +300ms, < . win=0, > . probe +600ms, < . \
             win=0, > . probe +1s, < . win=0",
    ],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Open, Ending::PeerUnresponsive, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The window stayed closed.
    confidence STALLED = 0.75;
    /// It did, until the capture ended soon after.
    confidence MAY_OPEN = 0.55;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if !matches!(c.ending, Ending::Open | Ending::PeerUnresponsive | Ending::HalfClosed) {
        return None;
    }
    let side = [Side::Client, Side::Server].into_iter().find(|&side| {
        let since = c.side(side).zero_since.get();
        let peer = c.side(side.peer());
        since.is_some_and(|t| s(c.end.saturating_sub(t)) >= case.parameters.idle_s)
            && (peer.probes > 0 || peer.retransmitted_packets > 0)
    })?;
    let since = c.side(side).zero_since.get()?;
    Some(
        Finding::new(if c.censored { MAY_OPEN } else { STALLED })
            .with(Evidence::time("zero_window_s", c.end.saturating_sub(since)))
            .with(Evidence::text(
                "closed_by",
                if side == Side::Client { "client" } else { "server" },
            ))
            .with(Evidence::count("probes", u64::from(c.side(side.peer()).probes))),
    )
}

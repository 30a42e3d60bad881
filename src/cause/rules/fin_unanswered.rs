use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "fin_unanswered",
    class: Class::Timeout,
    summary: "A FIN was sent again and again before anything acknowledged it: the peer or the path \
           was gone.",
    wire: "At least {repeats} retransmissions of one FIN before its acknowledgment, if there is \
           one at all, and no reset. Where the other direction was not captured, \
           {repeats_unheard}: then it was not answered there either.",
    reference: "RFC 9293 section 3.8.1",
    next: "Look at when the peer was last heard, and at its host and the path at that moment.",
    examples: &[
        "> S, < S., > ., > F., > F. again +200ms, > F. again +400ms",
        "> S, < S., > ., > P. 9, < P. 9, > ., < F. +1s, > ., > F. +65s, > F. again +200ms, > F. \
             again +400ms, > F. again +800ms",
        "> F., > F. again +10s, > F. again +10s, > F. again +20s",
    ],
    near_misses: &[("> S, < S., > ., > F., < ., > F. again +5s, > F. again +5s", "client_close")],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::HalfClosed, Ending::PeerUnresponsive]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// It was never acknowledged.
    confidence NEVER = 0.85;
    /// It was in the end.
    confidence LATE = 0.7;
    /// Retransmissions of one FIN.
    count REPEATS: u64 = 2;
    /// Where the other direction was not captured.
    count REPEATS_UNHEARD: u64 = 3;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if !matches!(c.ending, Ending::HalfClosed | Ending::PeerUnresponsive) {
        return None;
    }
    let (row, repeats) = [Side::Client, Side::Server].into_iter().find_map(|side| {
        let row = case.fins(side).next()?;
        let repeats = unanswered(case, row);
        let least = if c.side(side.peer()).spoke() { REPEATS } else { REPEATS_UNHEARD };
        (repeats >= least).then_some((row, repeats))
    })?;
    Some(
        Finding::new(if row.acked_at.get().is_none() { NEVER } else { LATE })
            .with(Evidence::of("fin").at(row.packet))
            .with(Evidence::count("fin_retransmissions", repeats))
            .with_some(row.idle.get().map(|idle| Evidence::time("silence_before_s", idle))),
    )
}

/// How often a FIN was sent again before it was acknowledged.
fn unanswered(case: &Case<'_>, first: &Teardown) -> u64 {
    let again = |row: &&Teardown| {
        row.retransmission_of.get() == Some(first.packet)
            && first.acked_at.get().is_none_or(|acked| row.time < acked)
    };
    case.fins(first.sender).filter(again).count() as u64
}

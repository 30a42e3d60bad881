use super::prelude::*;
use super::timestamp_rejected::by_timestamps;

pub(super) const RULE: Rule = Rule {
    name: "syn_unanswered",
    class: Class::Timeout,
    summary: "Nobody answered the SYN: it was dropped on the way or the host is down.",
    wire: "SYNs of one initial sequence number and no segment of the server; at least two of them \
           or {ending.handshake_timer} of silence. A single SYN at the very end of the capture, or \
           copies of it within {common.repeated_s}, is not unanswered yet. Not where an ICMP error, resets that were not obeyed, a scan, or an \
           attempt that was answered meanwhile says more; less sure where the service last \
           accepted a SYN of this address with a higher timestamp, and nothing shows that it takes \
           lower ones.",
    reference: "RFC 9293 section 3.10.3; RFC 6298 for the retries",
    next: "Is a filter dropping it, or is the host down? Capture nearer to the server.",
    examples: &["> S, > S again +1s, > S again +2s"],
    near_misses: &[
        ("> S, < R.", "port_closed"),
        ("> S", "undetermined"),
        // Not a second attempt, but a copy.
        ("> S, > S again +1ms", "undetermined"),
    ],
    twins: &[(
        "timestamp_rejected",
        "a server that takes its address for one host whose clock goes back says nothing either",
    )],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The SYN was repeated.
    confidence REPEATED = 0.85;
    /// It was not.
    confidence ONCE = 0.75;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeUnanswered || c.side(Side::Server).spoke() || lone(case) {
        return None;
    }
    let syns = c.side(Side::Client).syns;
    let only = syns < 2;
    let base = if only { ONCE } else { REPEATED };
    let tries = c.end.saturating_sub(c.start);
    let rejected = by_timestamps(case);
    let finding = Finding::new(rejected.map_or(base, |rejected| base.min(1.0 - rejected)))
        .with(Evidence::count("syns", u64::from(syns)).at(c.first_packet))
        .with(Evidence::time("tried_for_s", tries))
        .with_some(answered_meanwhile(case));
    // A kernel that hears nothing repeats its SYN; where nothing is heard of the host, the capture
    // may hold no answers.
    let host = case.context.host(c.addresses.server).is_some();
    let refused = || case.context.service(c).is_some_and(|service| service.refused > 0);
    let shown = !only || host || refused() || opened_elsewhere(case);
    Some(if shown && rejected.is_none() { finding } else { finding.as_stated() })
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "service_event",
    class: Class::Abort,
    summary: "The service ended many of its connections at the same moment, idle and busy ones: a \
           restart, a failover or a drain.",
    wire: "Within {event_s} of this one, {event_connections} or more connections of the service \
           that had stood for a second or more were ended by the server, by FIN or reset alike; \
           they are most of those that were open, and had been silent for times that differ, or \
           its port refuses afterwards; then younger ones that ended in their midst belong to \
           them. Or most of them were reset with a request unanswered. Connections that were all \
           silent for the same time met an idle limit; those that were all busy ended with their \
           work; what clients end is theirs.",
    reference: "systemd, Kubernetes and load balancers: restart, failover, drain, deregistration",
    next: "What was done to the service at that moment? See its log and the deployment's.",
    examples: &[
        "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 90 port=4..6 +9s, < P. 300 port=4..6, < F. port=1 \
             +100ms, < F. +1ms port=2..6, > F. port=1..6, < . port=1..6",
        "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 90 port=4..6 +9s, < P. 300 port=4..6, < R. port=1 \
             +100ms, < R. +1ms port=2..6",
        "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, < F. port=1 +9s, < F. +1ms port=2..6, > F. port=1..6, \
             < . port=1..6, > S port=9, < R.",
        "> P. 9 port=1..5 +900ms, < P. 9 port=1..5 +1s, < F. port=1 +1ms, < R. +1ms \
             port=2..5",
        "> S client=1..6, < S. client=1..6, > . client=1..6, > P. 90 client=1..6 +500ms, \
             < P. 300 client=1..6, > . client=1..6, > P. 90 client=4..6 +9s, < P. 300 \
             client=4..6, < F. client=1 +100ms, < F. +1ms client=2..6, > F. client=1..6, < . \
             client=1..6",
        // Killed in the midst of their work.
        "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 200 port=1..6 +300ms, < . port=1..6 +1ms, < R. \
             port=1..6 +9ms",
        // The last one had begun half a second before.
        "> S client=1..6, < S. client=1..6, > . client=1..6, > P. 90 client=1..6 +500ms, \
             < P. 300 client=1..6, > . client=1..6, > S client=7 +9s, < S., > ., > P. 90, < P. 300 \
             +1ms, > ., < F. client=1 +500ms, < F. client=2..7 +1ms, > F. client=1..7, < . \
             client=1..7, > S client=8 +1s, < R.",
        // A host that was started anew meets requests.
        "> S client=1..6, < S. client=1..6, > . client=1..6, > P. 90 client=1..6 +500ms, \
             < P. 300 client=1..6, > . client=1..6, > P. 90 client=4..6 +3s, < P. 300 \
             client=4..6, > P. 90 client=1 +1s, < R +1ms, > P. 90 client=2 +100ms, < R +1ms, \
             > P. 90 client=3 +100ms, < R +1ms, > P. 90 client=4 +100ms, < R +1ms, > P. 90 \
             client=5 +100ms, < R +1ms, > P. 90 client=6 +100ms, < R +1ms",
    ],
    near_misses: &[
        // Two connections are no event.
        (
            "> S port=1..2, < S. port=1..2, > . port=1..2, > P. 90 port=1..2 +500ms, < P. 300 \
             port=1..2, > . port=1..2, > P. 90 port=2 +9s, < P. 300 port=2, < F. port=1 \
             +100ms, < F. +1ms port=2, > F. port=1..2",
            "server_close",
        ),
        // One idle limit, met by six that had been silent for the same time.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +1ms, < P. 300 \
             port=1..6 +1ms, > . port=1..6 +1ms, < F. port=1 +4990ms, < F. +1ms port=2..6, > \
             F. port=1..6, < . port=1..6",
            "idle_close",
        ),
        // Closed by the client, whose doing it is.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 90 port=4..6 +9s, < P. 300 port=4..6, > F. port=1 \
             +100ms, > F. +1ms port=2..6, < F. port=1..6, > . port=1..6",
            "client_close",
        ),
        // Six of twenty: each for a reason of its own.
        (
            "> S port=1..20, < S. port=1..20, > . port=1..20, > P. 90 port=1..20 +500ms, < P. \
             300 port=1..20, > . port=1..20, > P. 90 port=4..6 +9s, < P. 300 port=4..6, < F. \
             port=1 +100ms, < F. +1ms port=2..6, > F. port=1..6",
            "server_close",
        ),
        // All had just been answered: that was their work.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 90 port=1..6 +2s, < P. 300 port=1..6 +1ms, < F. \
             port=1..6 +1ms, > F. port=1..6",
            "server_close",
        ),
        // Each aborted after its answer.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 200 port=1..6 +300ms, < P. 300 port=1..6 +1ms, > . \
             port=1..6, < R. port=1..6 +9ms",
            "application_abort",
        ),
        // One after the other.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, > P. 90 port=1..6 +500ms, < P. 300 \
             port=1..6, > . port=1..6, > P. 90 port=4..6 +9s, < P. 300 port=4..6, < F. port=1 \
             +100ms, < F. +1s port=2..6, > F. port=1..6, < . port=1..6",
            "server_close",
        ),
    ],
    // What it explains holds beside it, and is its alternative.
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING
        .end_by_server()
        .unless_reset(&[Ending::Graceful, Ending::HalfClosed])
        .by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The port refuses afterwards, or many ended at once.
    confidence SHOWN = 0.75;
    /// Neither.
    confidence SOME = 0.65;
    /// So many are many.
    count MANY: usize = 20;
    /// In the midst of an event is what ended within one part in so many of its time.
    fraction MIDST = 4.0;
}

#[allow(clippy::cast_precision_loss)] // at most some ten thousand
fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let end = began(case, Side::Server)?;
    let p = case.parameters;
    let service = case.context.service(c)?;
    // Not more of them ended than there were.
    let lives = service.lives().filter(|lives| lives.all().len() as f64 >= p.event_connections)?;
    let own = Life::of(c)?;
    let refused = service.last_refused.is_some_and(|time| time > end.time);
    if !own.stood() && !refused {
        return None;
    }
    let ended = lives.ended_around(end.time, p.event_s);
    let before = end.time.saturating_sub(crate::conn::nanoseconds(p.event_s));
    let open = lives.open_at(before);
    // Where the port is closed afterwards, no idle limit explains it.
    let varied = ended.deviation_s >= p.event_idle_variation * ended.mean_idle_s || refused;
    // Killed with requests in hand: neither work that was done nor an idle limit.
    let killed = ended.cut * 2 > ended.count;
    if (ended.count as f64) < p.event_connections
        || (ended.count as f64) < p.event_share * open as f64
        || !killed && (ended.idle == 0 || !varied)
    {
        return None;
    }
    // A young one may just have been done: it belongs to them where it ended in their midst and the
    // service was gone afterwards.
    let amid = || lives.ended_around(end.time, p.event_s / MIDST).count as f64;
    if !own.stood() && amid() < p.event_connections {
        return None;
    }
    Some(
        Finding::new(if refused || ended.count >= MANY { SHOWN } else { SOME })
            .with(Evidence::of("ended_by_the_service").at(end.packet))
            .with(Evidence::count("ended_within_a_second", ended.count as u64))
            .with(Evidence::count("were_open_before", open as u64))
            .with(Evidence::count("of_these_idle", ended.idle as u64))
            .with_some(killed.then(|| Evidence::count("of_these_cut", ended.cut as u64)))
            .with_some(refused.then(|| Evidence::of("refuses_connections_afterwards"))),
    )
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "accept_queue_dropped",
    class: Class::Refused,
    summary: "The listener was closed with connections still waiting to be accepted; its host \
           reset them.",
    wire: "An abort by the server soon after the handshake, without any payload of its own, \
           at the same instant as at least one other connection of that listener, and not right \
           after its own client's FIN. Not when the \
           service goes on accepting and serving new connections at once.",
    reference: "Linux inet_csk_listen_stop",
    next: "Did the service stop or restart at that moment?",
    examples: &[
        "> S, < S., > ., > S port=40001, < S., > ., < R. port=40000 +1s, < R. port=40001 +1ms",
        "> S, < S., > ., > S port=40001, < S., > ., > S port=40002, < S., > ., < R. port=40000 \
             +1s, < R. port=40001 +1ms, < R. port=40002 +1ms",
        "> S, < S., > ., > S port=40001, < S., > ., < R. port=40000 +1s, < R. port=40001 +50ms",
        "> S, < S., > ., > S port=40001, < S., > ., < R. port=40000 +1s, < R. port=40001 +1ms, > S \
             port=40002 +900ms, < S., > ., > P. 20, < P. 20",
    ],
    near_misses: &[
        ("> S, < S., > ., < R. +1s", "application_abort"),
        (
            "> S, < S., > ., > S port=40001, < S., > ., < R. port=40000 +1s, < R. port=40001 +51ms",
            "application_abort",
        ),
        // Each answers its own client's FIN.
        (
            "> S, < S., > ., > S port=40001, < S., > ., > F. port=40000 +1s, > F. port=40001 \
             +50us, < R. port=40000 +1ms, < R. port=40001 +50us",
            "application_abort",
        ),
        // The listener is there a few milliseconds later.
        (
            "> S, < S., > ., > S port=40001, < S., > ., < R. port=40000 +1s, < R. port=40001 +1ms, \
             > S port=40002 +9ms, < S., > ., > P. 20, < P. 20",
            "application_abort",
        ),
        (
            "> S, < S., > ., > S port=40001 service=80, < S., > ., < R. port=40000 service=443 \
             +1s, < R. port=40001 service=80 +1ms",
            "application_abort",
        ),
    ],
    twins: &[(
        "application_abort",
        "a single connection of a closed listener looks like one that was aborted",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.form(Form::Abort),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Several of the listener were reset at once.
    confidence SEVERAL = 0.75;
    /// Two were.
    confidence TWO = 0.65;
    /// It answers its own client's FIN: a candidate.
    confidence ANSWERS = 0.1;
    /// So many are several.
    count MANY: usize = 3;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Abort)?;
    let c = case.connection;
    let served = c.side(Side::Server).unique_bytes > 0 || c.handshake_time.is_none();
    if reset.sender == Side::Client || served {
        return Some(Finding::candidate(0.0));
    }
    let burst = case.parameters.burst_s;
    // It was this client's close that the server answered, and not a moment of its own.
    let answers = |fin: &Teardown| s(reset.time.saturating_sub(fin.time)) <= burst;
    if case.fins(Side::Client).any(answers) {
        return Some(Finding::candidate(ANSWERS));
    }
    let service = case.context.service(c)?;
    let same = service.aborted_around(reset.time, burst);
    let again = crate::conn::nanoseconds(case.parameters.listener_gone_s);
    let alive = service.served_between(reset.time..=reset.time.saturating_add(again));
    (same >= 2 && !alive).then(|| {
        Finding::new(if same >= MANY { SEVERAL } else { TWO })
            .with(Evidence::of("abort_without_own_payload").at(reset.packet))
            .with(Evidence::count("reset_at_the_same_instant", same as u64))
    })
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "keepalive_timeout",
    class: Class::Timeout,
    summary: "Keep-alive probes went unanswered, so the prober's host gave up, with a reset or in \
           silence.",
    wire: "At least {keepalive_probes} unanswered probes (one byte before the next, no or one byte \
           of payload), then an abort of the prober; or {retransmission_run} and nothing more, \
           while nothing was outstanding and the peer's window was open.",
    reference: "RFC 1122 section 4.2.3.6",
    next: "Look at when the peer was last heard, before the first probe, and at its host and the \
           path at that moment.",
    examples: &[
        "> S, < S., > ., > P. 5, < ., > . probe +5s, > . probe +1s, > . probe +1s, > R. +1s",
        "> S, < S., > ., > P. 5, < P. 9, > ., > . probe +60s, > . probe +10s, > . probe +10s, > . \
             probe +10s",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 5, < ., > . probe +5s, < ., > R. +1s", "application_abort"),
        ("> S, < S., > ., > P. 5, < ., > . probe +5s, > . probe +1s", "still_open"),
        (
            "> S, < S., > ., > P. 5, > P. 5 again +1s, > . probe +1s, > . probe +2s",
            "retransmission_timeout",
        ),
        (
            "> S, < S., > ., > P. 5, < . win=0, > . probe +1s, > . probe +2s, > . probe +4s",
            "retransmission_timeout",
        ),
    ],
    twins: &[("application_abort", "an application may abort while nobody answers")],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::PeerUnresponsive]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The prober reset after its probes.
    confidence RESET = 0.85;
    /// It said nothing after them.
    confidence SILENCE = 0.75;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    if case.reset.is_none() {
        return in_silence(case);
    }
    if case.reset.is_some_and(|reset| reset.probe_run == 0) {
        return Some(Finding::candidate(0.0));
    }
    let reset = case.reset.filter(|reset| {
        f64::from(reset.probe_run) >= case.parameters.keepalive_probes
            && reset.peer_zero_window.get().is_none()
            && reset.form != Some(Form::Reply)
    })?;
    let endpoint = case.side(reset.sender);
    let span = reset.time.saturating_sub(endpoint.run_since);
    Some(
        Finding::new(RESET)
            .with(Evidence::count("unanswered_probes", u64::from(reset.probe_run)))
            .with(Evidence::time("probing_s", span))
            .with(Evidence::of("reset_by_the_prober").at(reset.packet)),
    )
}

/// Probes without an answer, and the prober's host says nothing when it gives up.
fn in_silence(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let side = [Side::Client, Side::Server].into_iter().find(|&side| {
        let (endpoint, peer) = (c.side(side), c.side(side.peer()));
        f64::from(endpoint.probe_run) >= case.parameters.retransmission_run
            && endpoint.retransmission_run == 0
            && endpoint.unacked() == 0
            && peer.zero_since.get().is_none()
            && peer.spoke()
    })?;
    if c.ending != Ending::PeerUnresponsive {
        return None;
    }
    let endpoint = c.side(side);
    let silence = c.extra().and_then(|extra| extra.silence_before_run[side]);
    Some(
        Finding::new(SILENCE)
            .with(Evidence::count("unanswered_probes", u64::from(endpoint.probe_run)))
            .with(Evidence::time(
                "probing_s",
                endpoint.last_time.saturating_sub(endpoint.run_since),
            ))
            .with_some(silence.map(|silence| Evidence::time("silence_before_s", silence))),
    )
}

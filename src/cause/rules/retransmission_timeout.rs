use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "retransmission_timeout",
    class: Class::Timeout,
    summary: "One side's retransmissions went unanswered: the path or the peer died silently.",
    wire: "At least {retransmission_run} unanswered retransmissions or probes of one side, then \
           silence or an abort of that side (after two, when it comes as late as a third would); \
           another reset, if any, is only the peer's reply to something later.",
    reference: "RFC 9293 section 3.8.3 (R2), RFC 1122 section 4.2.3.5, RFC 5482",
    next: "Look at when the peer was last heard, and for a failure of path or device at that \
           moment.",
    examples: &[
        // Between two boxes of which neither lets anything through: each side repeats its own.
        "> S, < S. +20ms, > ., > P. 80, < P. 90 +20ms, > ., > P. 500 +1s, < P. 500 ack=-500 +5ms, \
             > P. 500 again ack=-500 +220ms, < P. 500 again ack=-500 +5ms, > P. 500 again ack=-500 \
             +440ms, < P. 500 again ack=-500 +5ms, > P. 500 again ack=-500 +880ms, < P. 500 again \
             ack=-500 +5ms, > P. 500 again ack=-500 +1.8s, < P. 500 again ack=-500 +5ms",
        "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > P. 10 again +4s",
        "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > R. +4s",
    ],
    near_misses: &[
        // The peer came back without the connection.
        (
            "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > P. 10 again +4s, < R \
             +1ms",
            "no_socket",
        ),
        ("> S, < S., > ., > P. 10, > P. 10 again +1s, > R. +2s", "application_abort"),
        (
            "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > R. +9ms",
            "application_abort",
        ),
    ],
    twins: &[
        (
            "nat_state_lost",
            "a box between that forgot the connection drops both sides' segments as a dead path \
             does",
        ),
        (
            "path_mtu_black_hole",
            "a path that dies when the first full segment is sent looks the same until something \
             smaller comes through",
        ),
        ("application_abort", "an application may abort while nobody answers"),
    ],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::PeerUnresponsive]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Silence after them.
    confidence SILENCE = 0.75;
    /// A reset after them.
    confidence RESET = 0.65;
    /// An abort may come after so many retransmissions less, when the next one was due.
    count LESS = 1.0;
    /// No retransmission timer is shorter than this (RFC 6298 asks for a second, Linux takes this).
    window LEAST_TIMER: i64 = 200_000_000;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let runs = |side: Side| c.side(side).retransmission_run + c.side(side).probe_run;
    let (side, run, packet) = if let Some(reset) = case.reset {
        if case.connection.endpoints.iter().all(|e| e.longest_run == 0) {
            return Some(Finding::candidate(0.0));
        }
        let side = gave_up(case, reset)?;
        (side, reset.retransmission_run.max(c.side(side).longest_run), Some(reset.packet))
    } else {
        if c.ending != Ending::PeerUnresponsive {
            return None;
        }
        let side = [Side::Client, Side::Server].into_iter().max_by_key(|&side| runs(side))?;
        // A FIN alone is another cause's, and so are probes while nothing waits to be sent.
        let waits = c.side(side.peer()).zero_since.get().is_some();
        if c.side(side).unacked() == 0 && !waits {
            return None;
        }
        (side, runs(side), None)
    };
    let endpoint = c.side(side);
    let silence = c.extra().and_then(|extra| extra.silence_before_run[side]);
    let reported = |icmp: &crate::conn::Icmp| icmp.unreachable() || icmp.too_big();
    let icmp = c.extra().and_then(|extra| extra.icmp).filter(reported);
    Some(
        Finding::new(if packet.is_some() { RESET } else { SILENCE })
            .with(Evidence::count("unanswered_retransmissions", u64::from(run)).maybe_at(packet))
            .with(Evidence::time(
                "tried_for_s",
                endpoint.last_time.saturating_sub(endpoint.run_since),
            ))
            .with(Evidence::count("unacknowledged_bytes", endpoint.unacked()))
            .with_some(silence.map(|silence| Evidence::time("silence_before_s", silence)))
            .with_some(icmp.map(|icmp| {
                Evidence::text("icmp", icmp_meaning(icmp.version, icmp.kind, icmp.code))
                    .at(icmp.packet)
            })),
    )
}

/// The side whose retransmissions went unanswered before this reset: the sender of an abort after
/// them, or either side when the reset is only the reply to something later.
fn gave_up(case: &Case<'_>, reset: &Teardown) -> Option<Side> {
    let enough = case.parameters.retransmission_run;
    let reply = reset.form == Some(Form::Reply);
    if stopped_trying(case, reset) {
        return Some(reset.sender);
    }
    let long = |side: Side| {
        f64::from(case.side(side).longest_run) >= enough && case.side(side).unacked() > 0
    };
    if f64::from(reset.retransmission_run) >= enough || (reply && long(reset.sender)) {
        return Some(reset.sender);
    }
    // One that answers a retransmission ends it: the peer is there, and knows nothing of it.
    let tries = reset.trigger == Some(Trigger::Data) && !reset.trigger_old;
    (reply && !tries && long(reset.sender.peer())).then(|| reset.sender.peer())
}

/// An abort after one retransmission less, when the next one was due: the sender was silent for at
/// least half as long as it had tried.
fn stopped_trying(case: &Case<'_>, reset: &Teardown) -> bool {
    let endpoint = case.side(reset.sender);
    let tried = endpoint.last_time.saturating_sub(endpoint.run_since);
    reset.form == Some(Form::Abort)
        && f64::from(reset.retransmission_run) >= case.parameters.retransmission_run - LESS
        && reset.unacked_bytes > 0
        && reset.sender_idle.get().is_some_and(|idle| idle >= LEAST_TIMER && idle >= tried / 2)
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "keepalive_race",
    class: Class::Abort,
    summary: "The server closed an idle connection just as the client sent its next request; the \
           request was lost.",
    wire: "The server's FIN after a second or more of silence, then a request of the client \
           that crossed it or came within a round trip, answered by a reply reset. Or an abort \
           of the server within moments of a request that it never answered, when it had \
           answered earlier ones, after a silence of a known keep-alive limit of servers.",
    reference: "RFC 9112 section 9.5",
    next: "Let the client's idle limit be shorter than the server's, or make it retry.",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., < F. +5s, > P. 80 ack=-1 +2ms, < R +10ms",
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +5s, < . +1ms, < R. +1ms",
        // Near the client: the request passes before the FIN that it crosses.
        "> S, < S. +40ms, > ., > P. 80, < P. 300 +40ms, > ., > P. 80 +2s, < F. ack=-80 +3ms, < R \
             +41ms",
    ],
    near_misses: &[
        // No silence before the request.
        (
            "> S, < S. +40ms, > ., > P. 80, < P. 300 +40ms, > ., > P. 80 +200ms, < F. ack=-80 \
             +3ms, < R +41ms",
            "data_after_close",
        ),
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., < F. +5ms, > . , > P. 80 +2s, < R +10ms",
            "data_after_close",
        ),
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +7s, < . +1ms, < R. +1ms",
            "abort_unread_data",
        ),
        ("> S, < S., > ., > P. 80 +5s, < . +1ms, < R. +1ms", "abort_unread_data"),
    ],
    twins: &[(
        "abort_unread_data",
        "a server that fails at a request right then aborts in the same way",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The request did not acknowledge the FIN: they crossed.
    confidence CROSSED = 0.85;
    /// It came within a round trip of the FIN.
    confidence SOON = 0.7;
    /// The server aborted just after the request, at one of the limits.
    confidence ABORTED = 0.55;
    /// After so long `Node.js`, Apache, gunicorn, Tomcat, `uWSGI`, `HAProxy`, nginx and balancers
    /// close an idle connection by default.
    windows LIMITS = &[2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 65.0, 75.0];
    /// Within this time a request met the server's timer, whatever the round trip.
    window MET: i64 = 20_000_000;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    // A goodbye is no request.
    if super::unread_close_notify::alone(case) {
        return None;
    }
    closed(case).or_else(|| aborted(case))
}

/// The server's timer came to its end just after the request had been received.
fn aborted(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Abort).filter(|reset| {
        reset.sender == Side::Server && !reset.sender_fin_before && !reset.peer_fin_before
    })?;
    let c = case.connection;
    let server = c.side(Side::Server);
    let met = reset.since_peer_data.get().filter(|&since| since <= MET)?;
    let idle = reset.since_own_data.get()?.saturating_sub(met);
    let lost = server.unique_bytes > 0 && reset.unread_bytes > 0;
    let limit = timer(LIMITS, s(idle));
    if !lost || s(idle) < case.parameters.idle_s {
        return None;
    }
    Some(
        Finding::new(ABORTED)
            .with(Evidence::number("keep_alive_limit_s", limit?))
            .with(Evidence::time("idle_before_request_s", idle))
            .with(Evidence::time("request_before_reset_s", met))
            .with(Evidence::count("unread_bytes", reset.unread_bytes).at(reset.packet)),
    )
}

fn closed(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| {
        reset.sender == Side::Server
            && reset.trigger == Some(Trigger::Data)
            && reset.sender_fin_before
    })?;
    let c = case.connection;
    let fin = reset.sender_fin_time.get()?;
    let since_last = c.idle_before_fin.get().filter(|_| c.first_fin_by == Some(Side::Server))?;
    let request = reset.time.saturating_sub(reset.turnaround.get()?).saturating_sub(fin);
    let client = c.side(Side::Client);
    let round_trip = c.min_rtt().unwrap_or(0).max(client.max_rtt).max(MET);
    // Captured near the client, the request passes before the FIN that it crossed: the server had
    // been silent since before it.
    let before = request < 0 && request.saturating_neg() <= round_trip;
    let silent = reset.idle.get().filter(|_| before);
    let idle = silent.map_or(since_last, |idle| idle.saturating_sub(request).max(since_last));
    let crossed = reset
        .trigger_relative_ack
        .get()
        .is_some_and(|ack| c.side(Side::Server).fin.is_some_and(|fin| ack <= fin.at.cast_signed()));
    if s(idle) < case.parameters.idle_s || !(crossed || request <= round_trip) {
        return None;
    }
    Some(
        Finding::new(if crossed { CROSSED } else { SOON })
            .with(Evidence::time("idle_before_fin_s", idle))
            .with(
                if request < 0 {
                    Evidence::time("request_before_fin_s", request.saturating_neg())
                } else {
                    Evidence::time("request_after_fin_s", request)
                }
                .maybe_at(reset.trigger_packet.get()),
            )
            .with(Evidence::of("reset_answers_request").at(reset.packet)),
    )
}

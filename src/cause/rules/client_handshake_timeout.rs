use super::connect_race_lost::used_instead;
use super::prelude::*;
use super::syn_scan::crafted;

pub(super) const RULE: Rule = Rule {
    name: "client_handshake_timeout",
    class: Class::Timeout,
    summary: "The client gave up waiting: its own limit for the handshake had passed, so it \
           reset.",
    wire: "SYN, then a reset of the client, with or without a SYN-ACK before it, no acknowledgment \
           and no data; the wait from the first SYN is at least the threshold \
           ({handshake_timeout_s}). Not when the SYN-ACK does not fit, for a scan, a race or a \
           health check, nor when the reset acknowledges the SYN-ACK (the socket was there and was \
           aborted) or came a number of hops that is not the SYN's (a box that clears half-open \
           connections). Little speaks for it where the client often waited as long for others, or \
           had opened another connection to the same address and port meanwhile; less where one \
           that it began later had opened by then, or an \
           attempt over the other IP version was won meanwhile that may be its own. The wait is \
           nearly the same wherever the capture was made, and an upper bound of the client's \
           limit.",
    reference: "article, RST case 2; RFC 9293 section 3.10.7.4",
    next: "Compare the wait with the connect timeout of the client or its security software; \
           see which part of it was the server's.",
    examples: &[
        "> S, < S. +150ms, > R +1ms",
        "> S, > R +200ms",
        "> S, > S again +1s, < S. +600ms, > R",
    ],
    near_misses: &[
        ("> S, < S. +150ms, > R. ts", "application_abort"),
        ("> S nots, < S. nots +150ms, > R. nots", "application_abort"),
        ("> S ttl=55, < S. +150ms, > R ttl=250 +1ms", "undetermined"),
        ("> S, < S. +20ms, > R +1ms", "undetermined"),
    ],
    twins: &[("syn_scan", "over a long path a scan's reset is as late")],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeAbandoned]).by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The client's own limit shows: what waited less long completed, and all that waited longer
    /// was dropped.
    confidence MEASURED = 0.85;
    /// Others completed, none of them after the threshold.
    confidence NONE_LONGER = 0.75;
    /// Nothing is known of its other attempts.
    confidence ALONE = 0.65;
    /// Others waited as long and completed.
    confidence OTHERS_WAITED = 0.4;
    /// At most, where the client opened another port of the host instead, or the same one meanwhile,
    /// or may have opened one over the other IP version.
    confidence INSTEAD = 0.55;
    /// No SYN-ACK had come.
    weight NO_ANSWER = 0.05;
    /// Dropped before the threshold: a candidate.
    confidence SOONER = 0.25;
    /// Another one had opened meanwhile: a candidate.
    confidence SPARE = 0.2;
    /// The owner of a spoofed address answers: a candidate.
    confidence FLOODED = 0.2;
    /// The SYN was a program's own: a candidate.
    confidence CRAFTED = 0.15;
    /// A server whose answer took more than this part of the wait answered late.
    fraction SERVERS_PART = 0.5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)?;
    let c = case.connection;
    if aborts_what_came(reset) || apart(case, reset).is_some() {
        return None;
    }
    // Of a flood it is the owner of a spoofed address who answers.
    if super::syn_ack_unanswered::flooded(case).is_some() {
        return Some(Finding::candidate(FLOODED));
    }
    if crafted(case, reset) {
        return Some(Finding::candidate(CRAFTED));
    }
    let wait = c.client_wait()?;
    if s(wait) < case.parameters.handshake_timeout_s {
        return dropped_syn_ack(case).then(|| Finding::candidate(SOONER));
    }
    if c.syn_ack.is_some_and(|syn_ack| syn_ack.ack_offset != 0) {
        return None;
    }
    let limit = case.context.wait_limit(c, case.parameters);
    if limit.interval().is_none() && dropped_syn_ack(case) && spare(case, reset, wait) {
        return Some(Finding::candidate(SPARE));
    }
    // It may as well have been dropped for what the client opened instead, or may have opened:
    // among many clients behind one device races cannot be told apart.
    let p = case.parameters;
    let span = (p.race_families_from_s, p.race_families_s);
    // Nor was it the path or the server that let it wait, where the same service opened another.
    let instead = used_instead(case, p.race_window_s).is_some()
        || limit.interval().is_none()
            && (case.context.won_beside(c, span, reset.time) || opened_beside(case, reset));
    let most = if instead { INSTEAD } else { 1.0 };
    // Why this one was dropped, and not those that waited as long, is not told by its wait.
    let others = limit.refuted() || case.context.often_waited(c, wait);
    let base = f64::min(
        most,
        match (limit.interval(), others) {
            (Some(_), _) => MEASURED,
            (None, true) => OTHERS_WAITED,
            (None, false) if limit.completed > 0 && limit.completed_above_threshold == 0 => {
                NONE_LONGER
            }
            (None, false) => ALONE,
        },
    );
    let mut finding = Finding::new(base)
        .with(Evidence::time("client_wait_s", wait).at(reset.packet))
        .with(Evidence::number("threshold_s", case.parameters.handshake_timeout_s))
        .with(Evidence::count("syns", u64::from(c.side(Side::Client).syns)))
        .with_some(answered_meanwhile(case));
    // Over a long path, what a scan or a race does at once comes as late.
    if limit.interval().is_none() && !others && limit.completed == 0 && !instead {
        finding = finding.as_stated();
    }
    if let Some(delay) = c.syn_ack_delay() {
        let server = c.side(Side::Server).syn_acks > 1
            || (s(delay) > SERVERS_PART * s(wait) && at_server(case));
        finding = finding
            .with(Evidence::time("syn_ack_delay_s", delay))
            .with_some(server.then(|| Evidence::of("server_answered_late")));
    } else {
        finding =
            finding.plus(NO_ANSWER).with(Evidence::of("reset_before_any_syn_ack").at(reset.packet));
    }
    if let Some((above, upto)) = limit.interval() {
        finding = finding
            .with(Evidence::time("limit_above_s", above))
            .with(Evidence::time("limit_at_most_s", upto));
    }
    Some(finding)
}

/// Whether another connection to the same address and port was begun after this one and had opened
/// by the time that this one was dropped.
fn opened_beside(case: &Case<'_>, reset: &Teardown) -> bool {
    let c = case.connection;
    let service = (c.addresses.server, c.ports.server);
    let mut others = case.context.around(c, 0.0).filter(|other| other.service == service);
    others.any(|other| {
        other.id != c.id
            && other.start > c.start
            && other.completed.get().is_some_and(|time| time < reset.time)
    })
}

/// Captured at the server: its answer leaves at once while the client's takes the round trip.
fn at_server(case: &Case<'_>) -> bool {
    matches!(case.connection.vantage().0, crate::conn::Vantage::Server)
}

/// Whether another connection to the same address and port, begun before this one, had opened
/// meanwhile after half the wait or more: of several, those that are not needed are dropped. One
/// begun later may be a retry.
fn spare(case: &Case<'_>, reset: &Teardown, wait: i64) -> bool {
    let c = case.connection;
    let near = case.context.completed_around(c, case.parameters.race_window_s).iter();
    let mut same = near.filter(|other| other.service == (c.addresses.server, c.ports.server));
    same.any(|other| {
        other.id != c.id
            && other.start <= c.start
            && other.completed.get().is_some_and(|time| time <= reset.time)
            && other.wait.get().is_some_and(|other| other >= wait / 2)
    })
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "port_reuse_collision",
    class: Class::Refused,
    summary: "The client used its port again while the server still held the connection that it \
           had closed there (TIME-WAIT or CLOSE-WAIT): the new SYN met the old connection.",
    wire: "A SYN on the addresses and ports of a connection that a FIN had closed on one side or \
           both. It is answered by a plain acknowledgment of the old numbers, which the client \
           resets, or it is not answered at all while the service accepts others, or although its \
           side of the old connection was never closed. Without the old connection in the capture \
           the acknowledgment alone, if the SYN is not accepted after the reset.",
    reference: "RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 6191, RFC 5961 section 4.2, RFC 1337; \
           Linux tcp_timewait_state_process",
    next: "Why does the port come again so soon: a fixed source port, a NAT with few ports, many \
           short connections? A server left in CLOSE-WAIT never closes its socket: mend that.",
    examples: &[
        "> S, < S., > ., > P. 120, < P. 200, > ., < F. +1s, > ., > F., < ., > S isn=90000 +500ms, \
             < . seq=#202 ack=#-88878, > R +1ms",
        "> S, < S., > ., > P. 10, < ., > F., < ., > S isn=90000 +70s, > S again +1s, > S again \
             +2s, > S again +4s",
        "> S, < S., > ., > F., < F., > ., > S isn=90000 +9s, > S port=40001 +1ms, < S., > ., > S \
             port=40000 again +1s, > S again +2s, > P. 5 port=40001 +9s",
        "> S, < . ack=#5000, > R +1ms, > S again +3s, < . ack=#5000, > R +1ms",
    ],
    near_misses: &[
        (
            "> S, < S., > ., > P. 5, < ., > S isn=90000 +9s, < . seq=#1 ack=#-88994, > R +1ms, > S \
             again +15ms, < S. isn=7, > ., > F., < F., > .",
            "half_open_discovered",
        ),
        (
            "> S, < S., > ., > F., < F., > ., > S isn=90000 +9s, > S again +1s, > S again +2s",
            "syn_unanswered",
        ),
        (
            "> S, < S., > ., > F., < F., > ., > S isn=90000 +61s, > S port=40001 +1ms, < S., > ., \
             > S port=40000 again +1s, > S again +2s",
            "syn_unanswered",
        ),
    ],
    twins: &[(
        "half_open_discovered",
        "whether the old connection had been closed is only known where it was captured",
    )],
    applies: Applies::Any,
    needs: Needs::NOTHING
        .unless_reset(&[
            Ending::Superseded,
            Ending::HandshakeIncomplete,
            Ending::HandshakeUnanswered,
        ])
        .by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The acknowledgment is that of the earlier connection, which had been closing.
    confidence KNOWN = 0.8;
    /// It is not.
    confidence OTHER = 0.65;
    /// The earlier one was not seen.
    confidence UNSEEN = 0.55;
    /// A new connection took its ports before its end.
    confidence REPLACED = 0.55;
    /// No answer: the server had not closed, and accepts others meanwhile.
    confidence CLOSE_WAIT = 0.65;
    /// It had not closed, and is not seen to accept others.
    confidence CLOSE_WAIT_ALONE = 0.5;
    /// No answer: it had closed shortly before, and accepts others meanwhile.
    confidence TIME_WAIT = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let left = c.extra().and_then(|extra| extra.left);
    if case.reset.is_none() && c.ending == Ending::Superseded {
        let closing = c.first_fin_by.is_some() && c.two_sided();
        return closing.then(|| {
            Finding::new(REPLACED)
                .with(Evidence::of("ports_used_again_before_its_end").at(c.last_packet))
        });
    }
    challenged(case, left).or_else(|| unanswered(case, left?))
}

/// The SYN was answered by the old connection's acknowledgment.
fn challenged(case: &Case<'_>, left: Option<Left>) -> Option<Finding> {
    let c = case.connection;
    let extra = c.extra()?;
    let (packet, position) = extra.challenge_to_syn?;
    let reset = challenge_reset(case, packet, position);
    if case.reset.is_some() && reset.is_none() {
        return None;
    }
    let waiting = c.ending == Ending::HandshakeIncomplete && c.good_syn_ack_time.is_none();
    if case.reset.is_none() && !waiting {
        return None;
    }
    let base = match left {
        Some(left) if left.fins == BySide::both(false) => return None,
        Some(left) if repeats_the_old(case, left, position) => KNOWN,
        Some(_) => OTHER,
        // Accepted after the reset: the old one was alive until then, a crashed peer's more often.
        None if extra.syn_retry_after_reset.is_some() && c.good_syn_ack_time.is_some() => {
            return None;
        }
        None => UNSEEN,
    };
    Some(
        Finding::new(base)
            .with(Evidence::of("syn_answered_by_plain_ack").at(packet))
            .with_some(
                reset.map(|reset| Evidence::of("reset_repeats_that_number").at(reset.packet)),
            )
            .with_some(left.map(|left| Evidence::of("earlier_connection_ended").at(left.packet)))
            .with_some(left.map(|left| Evidence::text("server_was_in", state(left)))),
    )
}

/// The SYN was not answered, and the old connection is the likelier reason.
fn unanswered(case: &Case<'_>, left: Left) -> Option<Finding> {
    let c = case.connection;
    if case.reset.is_some() || c.ending != Ending::HandshakeUnanswered || lone(case) {
        return None;
    }
    let age = s(c.start.saturating_sub(left.end));
    let others = case
        .context
        .service(c)
        .is_some_and(|service| service.accepted > 0 && service.last_accepted >= c.start);
    let base = match (left.fins.pair(), others) {
        ([true, false], true) => CLOSE_WAIT,
        ([true, false], false) => CLOSE_WAIT_ALONE,
        ([_, true], true) if age < case.parameters.time_wait_s => TIME_WAIT,
        _ => return None,
    };
    Some(
        Finding::new(base)
            .with(Evidence::count("syns", u64::from(c.side(Side::Client).syns)).at(c.first_packet))
            .with(Evidence::of("earlier_connection_ended").at(left.packet))
            .with(Evidence::text("server_was_in", state(left)))
            .with(Evidence::number("earlier_ended_before_s", age))
            .with_some(others.then(|| Evidence::of("service_accepts_others_meanwhile"))),
    )
}

/// The state that a server should be in that was left so.
fn state(left: Left) -> &'static str {
    match left.fins.pair() {
        [true, true] => "TIME-WAIT or LAST-ACK",
        [true, false] => "CLOSE-WAIT",
        [false, true] => "FIN-WAIT",
        [false, false] => "ESTABLISHED",
    }
}

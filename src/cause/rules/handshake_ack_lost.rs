use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "handshake_ack_lost",
    class: Class::Timeout,
    summary: "What the client sent after its SYN never reached the server: the handshake's last \
           acknowledgment and all data were lost on the way.",
    wire: "As accept_queue_overflow (the client acknowledges and sends data, the server repeats \
           its SYN-ACK), but the service serves other clients meanwhile, while nothing of this \
           client's connections to that host is ever heard. A firewall on an asymmetric path that \
           saw only one direction of the handshake drops so.",
    reference: "RFC 9293 section 3.5; Linux tcp_synack_retries, TCP_DEFER_ACCEPT",
    next: "Capture at the server: do the acknowledgments arrive? If not, look for a stateful \
           firewall that sees one direction only. If they do, look at the listener's backlog.",
    examples: &[
        "> S, < S., > ., > P. 50, > S client=2, < S., > ., > P. 40, < P. 80, > P. 50 client=1 \
             again +200ms, > P. 50 again +400ms, < S. again +300ms, > . +1ms, > P. 50 again \
             +800ms",
    ],
    near_misses: &[
        (
            "> S, < S., > ., > P. 50, > P. 50 again +200ms, > P. 50 again +400ms, < S. again \
             +300ms, > . +1ms, > P. 50 again +800ms",
            "accept_queue_overflow",
        ),
        // What this client sends on another connection is heard.
        (
            "> S port=40001, < S., > ., > P. 40, < P. 80, > ., > S port=40000 +1s, < S., > ., > P. \
             50, > P. 50 again +200ms, > P. 50 again +400ms, < S. again +300ms, > . +1ms, > P. 50 \
             again +800ms",
            "accept_queue_overflow",
        ),
    ],
    twins: &[(
        "accept_queue_overflow",
        "an acknowledgment that never reaches the server and one that it ignores (its accept queue \
             is full, or it defers the accept until data come, TCP_DEFER_ACCEPT) leave the same \
             packets",
    )],
    applies: Applies::Any,
    needs: Needs::NOTHING.unheard().form(Form::Reply).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Others are served, and this client is not heard at all.
    confidence LOST = 0.65;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let unheard = unheard(case)?;
    if !lost(case, &unheard) {
        return None;
    }
    let found = Finding::new(LOST).with(Evidence::of("service_serves_others_meanwhile"));
    Some(tell_unheard(case, found))
}

/// Whether the path is the likelier reason: the queue had room, for another client was accepted and
/// heard while this one tried, and nothing of this client is heard by that host at all.
pub(super) fn lost(case: &Case<'_>, unheard: &Unheard) -> bool {
    let c = case.connection;
    let ignored = if unheard.data { 1 } else { 2 };
    let service = case.context.service(c);
    let room = service.is_some_and(|service| service.served_between(c.start..=c.end));
    room && unheard.syn_acks_repeated >= ignored && !heard_elsewhere(case)
}

/// Whether the host heard this client on another connection about this time: the path is whole.
pub(super) fn heard_elsewhere(case: &Case<'_>) -> bool {
    let c = case.connection;
    let mut near = case.context.around(c, case.parameters.same_path_s);
    near.any(|other| other.id != c.id && other.service.0 == c.addresses.server && other.heard)
}

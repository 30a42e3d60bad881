use super::handshake_ack_lost::{heard_elsewhere, lost};
use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "accept_queue_overflow",
    class: Class::Refused,
    summary: "The server was overloaded: its accept queue was full, so it ignored the \
           handshake's last acknowledgment, or the SYN already.",
    wire: "The client believes the connection is open and its data goes unacknowledged while \
           the server repeats the SYN-ACK. No reset, or one to what the client sends when the \
           server has given the half-open entry up. With SYN cookies there is no repeated SYN-ACK \
           either. A SYN is dropped so when the service had accepted others, served few of them \
           and accepts none meanwhile. Not where the service serves others meanwhile and this \
           client's acknowledgments alone do not arrive (see handshake_ack_lost).",
    reference: "Linux tcp_v4_syn_recv_sock, TCPAcceptQueueOverflow",
    next: "Look at the listener's backlog (ss -lnt; nstat -az TcpExtListenOverflows) and at how \
           fast the server accepts.",
    examples: &[
        "> S, < S., > ., > P. 50, > P. 50 again +200ms, > P. 50 again +400ms, < S. again +300ms, > \
             . +1ms, > P. 50 again +800ms",
        "> S, < S. +1ms, > . +50us, < S. again +1s, > . +50us, < S. again +2s, > . +50us, < S. \
             again +4s, > . +50us, > P. 50 +40s, < R +1ms",
        "> S, < S., > ., > P. 50, < ., > S port=40001 +2s, > S again +1s, > S again +2s, > . \
             port=40000 again +9s",
        // The capture ends soon after; another port answers.
        "> S port=1..3, < S. port=1..3 +1ms, > . port=1..3, > P. 100 port=1..3 +1ms, < . port=1..3 \
             +1ms, > S port=9 +2s, > S again +1s, > S service=22 port=30 +500ms, < S. +1ms, > ., < \
             P. 41 +1ms",
    ],
    near_misses: &[
        // The acknowledgment was late or lost once; nothing says that it was ignored.
        ("> S, < S., > ., < S. again +1s, > .", "still_open"),
        // The last SYN of the capture.
        ("> S, < S., > ., > P. 50, < ., > S port=40001 +2s", "undetermined"),
        // The service goes on accepting.
        (
            "> S, < S., > ., > P. 50, < ., > S port=40001 +2s, > S port=40002 +1ms, < S., > ., > S \
             port=40001 again +1s, > S again +2s",
            "syn_unanswered",
        ),
        // The client reaches nobody any more.
        (
            "> S, < S., > ., > P. 50, < ., > S port=40001 +2s, > S server=2 +1ms, > S server=1 \
             again +1s, > S server=2 again +1ms, > S server=1 again +2s, > S server=2 again +1ms",
            "syn_unanswered",
        ),
    ],
    twins: &[(
        "handshake_ack_lost",
        "an acknowledgment that the server ignores (its accept queue is full, or it defers the \
             accept until data come, TCP_DEFER_ACCEPT) and one that never reaches it leave the \
             same packets",
    )],
    applies: Applies::Any,
    needs: Needs::NOTHING.unheard().form(Form::Reply).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The SYN-ACK was repeated until a Linux server gives up, or the client's data went
    /// unacknowledged beside it.
    confidence REPEATED = 0.65;
    /// It was repeated twice, and the capture ended or a reset came.
    confidence TWICE = 0.6;
    /// No SYN-ACK was repeated, but the listener shows elsewhere that it does not serve.
    confidence KNOWN = 0.55;
    /// The same host hears this client on another connection.
    weight HEARD = 0.15;
    /// A SYN was dropped, and the host answers at other ports.
    confidence DROPPED = 0.75;
    /// A SYN was dropped, and nothing else is heard of the host.
    confidence DROPPED_ALONE = 0.6;
    /// The path is the likelier reason: a candidate.
    confidence LOST = 0.3;
    /// Repeated SYN-ACKs after which a Linux server soon gives up: one that stops before has heard
    /// the acknowledgment. More SYNs than that are not lost by chance.
    count GIVES_UP: u32 = 4;
    /// A host that answers at another port so soon after a SYN lived when it came.
    window ALIVE_S = 10.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    if let Some(finding) = dropped_syn(case) {
        return Some(finding);
    }
    let unheard = unheard(case)?;
    if lost(case, &unheard) {
        return Some(Finding::candidate(LOST));
    }
    // Without a repeated SYN-ACK a dead path looks the same, unless the listener shows it
    // elsewhere.
    let c = case.connection;
    let known = || {
        case.context.service(c).is_some_and(|service| {
            let most =
                service.unserved > 1 && service.accepted < service.unserved.saturating_mul(2);
            most && !service.served_between(c.start..=c.end)
        })
    };
    let base = match (unheard.syn_acks_repeated, unheard.data) {
        (1.., true) | (GIVES_UP.., false) => REPEATED,
        (2.., false) if c.censored || case.reset.is_some() => TWICE,
        (0, true) if known() && case.reset.is_none() => KNOWN,
        _ => return None,
    };
    let finding = if unheard.syn_acks_repeated > 0 && heard_elsewhere(case) {
        Finding::new(base + HEARD).with(Evidence::of("client_is_heard_on_another_connection"))
    } else if known() {
        Finding::new(base)
    } else {
        // Neither the path nor the listener is known by anything else.
        Finding::new(base).as_stated()
    };
    Some(tell_unheard(case, finding))
}

/// A SYN dropped by a listener that had answered others and served none of them.
fn dropped_syn(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let syns = c.side(Side::Client).syns;
    if case.reset.is_some() || c.ending != Ending::HandshakeUnanswered || syns < 2 {
        return None;
    }
    let service = case.context.service(c).filter(|service| service.unserved > 0)?;
    let during = c.start..=c.end;
    let meanwhile = during.contains(&service.last_accepted) || service.served_between(during);
    let served = u64::from(service.accepted) >= u64::from(service.unserved) * 2;
    // The host answers at other ports, so neither it nor the path is gone.
    let mut near = case.context.around(c, ALIVE_S);
    let alive = near.any(|other| other.service.0 == c.addresses.server && other.start >= c.start);
    if meanwhile || served || !alive && case.context.reaches_nobody(c, 0.0) {
        return None;
    }
    let finding = Finding::new(if alive { DROPPED } else { DROPPED_ALONE })
        .with(Evidence::count("syns", u64::from(syns)).at(c.first_packet))
        .with(Evidence::count("accepted_elsewhere", u64::from(service.accepted)))
        .with(Evidence::count("accepted_and_not_served", u64::from(service.unserved)))
        .with_some(alive.then(|| Evidence::of("host_answers_at_other_ports")));
    // A single one that waits for its answer fills no queue, and a few SYNs are lost by chance.
    let shown = service.unserved > 1 || syns > GIVES_UP;
    Some(if shown { finding } else { finding.as_stated() })
}

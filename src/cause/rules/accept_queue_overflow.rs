use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "accept_queue_overflow",
    class: Class::Refused,
    summary: "The server was overloaded: its accept queue was full, so it ignored the \
           handshake's last acknowledgment, or the SYN already.",
    wire: "The client believes the connection is open and its data goes unacknowledged while \
           the server repeats the SYN-ACK; no reset. With SYN cookies there is no repeated \
           SYN-ACK either.",
    reference: "Linux tcp_v4_syn_recv_sock, TCPAcceptQueueOverflow",
    next: "Look at the listener's backlog (ss -lnt) and at how fast the server accepts.",
    examples: &[
        "> S, < S., > ., > P. 50, > P. 50 again +200ms, > P. 50 again +400ms, < S. again +300ms, > . +1ms, > P. 50 again +800ms",
    ],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    if let Some(finding) = dropped_syn(case) {
        return Some(finding);
    }
    let c = case.connection;
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    let only_syn_acks = server.alive == server.syn_acks && server.syn_acks > 0;
    let unheard = client.acked <= 1 && client.alive > client.syns;
    if !only_syn_acks || !unheard || c.handshake_time.is_none() {
        return None;
    }
    let repeats = server.syn_acks.saturating_sub(client.syns);
    let data = client.unique_bytes > 0 && client.retransmitted_packets >= 2;
    // Without a repeated SYN-ACK a dead path looks the same, unless the listener shows it elsewhere.
    let known = case.context.service(c).is_some_and(|service| service.unserved > 1);
    let finding = match (repeats > 0, data) {
        (true, true) => Finding::new(0.85),
        (true, false) => Finding::new(0.7),
        (false, true) if known => Finding::new(0.55),
        (false, _) => return None,
    };
    Some(
        finding
            .with(Evidence::count("syn_acks", u64::from(server.syn_acks)))
            .with(Evidence::count(
                "client_retransmissions",
                u64::from(client.retransmitted_packets),
            ))
            .with(Evidence::count("unacknowledged_bytes", client.unacked())),
    )
}

/// A SYN dropped by a listener that had answered others and served none of them.
fn dropped_syn(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeUnanswered {
        return None;
    }
    let service = case.context.service(c).filter(|service| service.unserved > 0)?;
    Some(
        Finding::new(0.6)
            .with(Evidence::count("syns", u64::from(c.side(Side::Client).syns)).at(c.first_packet))
            .with(Evidence::count("accepted_elsewhere", u64::from(service.accepted)))
            .with(Evidence::count("accepted_and_not_served", u64::from(service.unserved))),
    )
}

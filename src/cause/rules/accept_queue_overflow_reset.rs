use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "accept_queue_overflow_reset",
    class: Class::Refused,
    summary: "The server was overloaded: its accept queue was full, so it reset the handshake's \
           last acknowledgment.",
    wire: "SYN, SYN-ACK, an acknowledgment with the right numbers and no payload, and at once \
           a reply reset with that number (Linux with tcp_abort_on_overflow).",
    reference: "Linux tcp_check_req, tcp_abort_on_overflow; article, RST case 2 (server \
           overloaded)",
    next: "Look at the listener's backlog (ss -lnt; nstat -az TcpExtListenOverflows) and at how \
           fast the server accepts.",
    examples: &["> S, < S., > ., < R +20ms"],
    near_misses: &[
        ("> S, < S. ttl=106, > ., < R ttl=21 +20ms", "nat_state_lost"),
        ("> S, < S., > ., < R.", "application_abort"),
        ("> S, < S., > ., > P. 5, < ., < R.", "abort_unread_data"),
        // From elsewhere, and a second one beyond it.
        (
            "> S, < S. ttl=106 +20ms, > ., > P. 68 +1ms, < R ttl=21 +20ms, < R ttl=21 seq=+12503 \
             +500us",
            "reset_injected",
        ),
    ],
    twins: &[(
        "no_socket",
        "a server that lost the connection right after the handshake, or a proxy whose backend is \
             down, answers the same way",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.form(Form::Reply).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The client had sent no data.
    confidence BARE = 0.75;
    /// It had sent some.
    confidence WITH_DATA = 0.6;
    /// So soon after the handshake, the reset answers its acknowledgment.
    window EARLY_S = 1.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Reply).filter(|reset| reset.sender == Side::Server)?;
    let c = case.connection;
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    let at_handshake =
        reset.relative_sequence.get() == Some(1) && reset.trigger_relative_ack.get() == Some(1);
    let nothing_sent = server.unique_bytes == 0 && server.fins == 0 && server.syn_acks > 0;
    let alone = server.alive == server.syn_acks;
    if !at_handshake || !nothing_sent || !alone || client.fins > 0 || !c.syn_ack_fits() {
        return Some(Finding::candidate(0.0));
    }
    // What was sent from elsewhere says nothing of the server.
    let two = c.extra().is_some_and(|extra| extra.second_syn_ack.is_some());
    if two || apart(case, reset).is_some() {
        return None;
    }
    let early =
        c.handshake_time.get().is_some_and(|time| s(reset.time.saturating_sub(time)) < EARLY_S);
    // Not when somebody else sent it.
    (early && apart(case, reset).is_none()).then(|| {
        Finding::new(if client.unique_bytes == 0 { BARE } else { WITH_DATA })
            .with(Evidence::of("answered_final_ack").maybe_at(reset.trigger_packet.get()))
            .with(Evidence::of("no_socket_behind_the_syn_ack").at(reset.packet))
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t)))
    })
}

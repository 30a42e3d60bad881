use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "accept_queue_overflow_reset",
    class: Class::Refused,
    summary: "The server was overloaded: its accept queue was full, so it reset the handshake's \
           last acknowledgment.",
    wire: "SYN, SYN-ACK, an acknowledgment with the right numbers and no payload, and at once \
           a reply reset with that number (Linux with tcp_abort_on_overflow); data that followed \
           it are refused by one more.",
    reference: "Linux tcp_check_req, tcp_abort_on_overflow; article, RST case 2 (server \
           overloaded)",
    next: "Look at the listener's backlog (ss -lnt; nstat -az TcpExtListenOverflows) and at how \
           fast the server accepts.",
    examples: &[
        "> S, < S., > ., < R +20ms",
        "> S, < S. +20ms, > ., > P. 517 +1ms, < R ack=-517 +19ms, < R +1ms",
    ],
    near_misses: &[
        // To the data alone.
        ("> S, < S. +20ms, > ., > P. 517 +1ms, < R +20ms", "no_socket"),
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
    /// It had sent some, and both were refused.
    confidence WITH_DATA = 0.6;
    /// It had sent some, and one reset answers them.
    confidence DATA_ALONE = 0.35;
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
    if !early || apart(case, reset).is_some() {
        return None;
    }
    // A full queue refuses the acknowledgment, and then each segment of data: one reset, to data,
    // is rather that of a balancer without a backend.
    let one = case.answers(Trigger::Data)
        && case.resets().filter(|row| row.sender == Side::Server).nth(1).is_none();
    let base = match (client.unique_bytes, one) {
        (0, _) => BARE,
        (_, true) => DATA_ALONE,
        (_, false) => WITH_DATA,
    };
    Some(
        Finding::new(base)
            .with(Evidence::of("answered_final_ack").maybe_at(reset.trigger_packet.get()))
            .with(Evidence::of("no_socket_behind_the_syn_ack").at(reset.packet))
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t))),
    )
}

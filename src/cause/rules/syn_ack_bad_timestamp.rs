use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "syn_ack_bad_timestamp",
    class: Class::Abort,
    summary: "The SYN-ACK echoed a timestamp that the client never sent, so the client reset it.",
    wire: "The acknowledgment fits but the timestamp echo is none of the SYNs' values; the \
           client resets at once.",
    reference: "RFC 7323 section 5.2; Linux tcp_rcv_synsent_state_process",
    next: "A box on the way rewrites or forges SYN-ACKs.",
    examples: &["> S, < S. echo=-500, > R", "> S, > S again +1s, < S. echo=+1, > R"],
    near_misses: &[
        ("> S, < S., > R", "undetermined"),
        ("> S, > S again +1s, < S. echo=-500, > R +1ms", "client_handshake_timeout"),
    ],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)?;
    let c = case.connection;
    let syn_ack = c.syn_ack.filter(|syn_ack| syn_ack.ack_offset == 0)?;
    let echo = syn_ack.echo?;
    let known = c.syn_timestamps;
    let first = known[0]?;
    let latest = known[1].unwrap_or(first);
    let inside = echo.wrapping_sub(first) <= latest.wrapping_sub(first);
    let complete = c.side(Side::Client).syns <= 2;
    (!inside && complete && reset.trigger == Some(Trigger::SynAck)).then(|| {
        Finding::new(0.6)
            .with(Evidence::count("timestamp_echo", u64::from(echo)).at(syn_ack.packet))
            .with(Evidence::count("timestamp_sent", u64::from(first)).at(c.first_packet))
    })
}

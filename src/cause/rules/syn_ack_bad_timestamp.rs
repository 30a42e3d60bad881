use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "syn_ack_bad_timestamp",
    class: Class::Abort,
    summary: "The SYN-ACK echoed a timestamp that the client never sent, so the client reset it.",
    wire: "The acknowledgment fits but the timestamp echo lies before the first SYN's value or \
           after the present one; the client resets at once. An echo of 0 says nothing (old \
           Windows always sends it) and is not looked at.",
    reference: "RFC 7323 section 5.2; Linux tcp_rcv_synsent_state_process",
    next: "Capture at the server: does it send the SYN-ACK with this timestamp? If not, look for \
           the box on the way that rewrites or forges it.",
    examples: &["> S, < S. echo=-500, > R", "> S, > S again +1s, < S. echo=+9000, > R"],
    near_misses: &[
        ("> S, < S., > R", "undetermined"),
        ("> S, < S. echo=#0 +1s, > R", "client_handshake_timeout"),
        // Linux takes any value from the first SYN's to the present one.
        ("> S, > S again +1s, < S. echo=+1, > R", "client_handshake_timeout"),
        ("> S, > S again +1s, < S. echo=-500, > R +1ms", "client_handshake_timeout"),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeAbandoned]).by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The echo lies outside of what the client had sent.
    confidence OUTSIDE = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)?;
    let c = case.connection;
    let syn_ack = c.syn_ack.filter(|syn_ack| syn_ack.ack_offset == 0)?;
    let echo = syn_ack.echo.filter(|&echo| echo != 0)?;
    let known = c.syn_timestamps;
    let first = known[0]?;
    let latest = known[1].unwrap_or(first);
    // The clock went on since the latest SYN, by at most a tick each millisecond.
    let since = c.syn_ack_delay().unwrap_or(0).max(0) / 1_000_000;
    let ticks = u32::try_from(since).unwrap_or(u32::MAX);
    let span = latest.wrapping_sub(first).saturating_add(ticks);
    let inside = echo.wrapping_sub(first) <= span;
    let complete = c.side(Side::Client).syns <= 2;
    (!inside && complete && reset.trigger == Some(Trigger::SynAck)).then(|| {
        Finding::new(OUTSIDE)
            .with(Evidence::count("timestamp_echo", u64::from(echo)).at(syn_ack.packet))
            .with(Evidence::count("timestamp_sent", u64::from(first)).at(c.first_packet))
    })
}

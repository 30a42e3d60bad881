use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "syn_scan",
    class: Class::Suspicious,
    summary: "A SYN scan: the scanner learnt that the port is open and its host reset the \
           half-open connection.",
    wire: "SYN, SYN-ACK, reset of the client at once. The same source failed to open three or \
           more services, or its SYN has a scanner's look (only the MSS option or none, \
           window 1024 to 4096).",
    reference: "nmap -sS; RFC 9293 section 3.10.7.3",
    next: "Look at the other targets of this source.",
    examples: &["> S bare win=1024, < S., > R +1ms", "> S bare win=2048 nots, < S., > R"],
    near_misses: &[("> S bare win=1024, < S., > ., > R.", "application_abort")],
    twins: &[("client_handshake_timeout", "over a long path the two look alike")],
    applies: Applies::Reset,
    holds,
};

#[allow(clippy::cast_precision_loss)] // at most 16
fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)
        .filter(|reset| reset.form != Some(Form::Abort) || !reset.has_timestamp)?;
    let c = case.connection;
    c.syn_ack?;
    let client = c.side(Side::Client);
    let enough = case.parameters.scan_fan_out;
    let targets = case.context.fan_out(c);
    let fan_out = targets as f64 >= enough;
    let only_mss = client.syn_options & !0b111 == 0;
    let window = matches!(client.syn_window, 512 | 1024 | 2048 | 3072 | 4096 | 65535);
    let look = only_mss && window;
    let waited = c.client_wait().is_some_and(|w| s(w) >= case.parameters.handshake_timeout_s);
    // A tool with a raw socket goes on although its host has reset the connection.
    let raw = reset.trigger == Some(Trigger::SynAck)
        && reset.form == Some(Form::Reply)
        && c.side(Side::Server).syn_acks == 1
        && client.alive > client.syns;
    if !look && !raw && (!fan_out || waited) {
        return dropped_syn_ack(case).then(|| Finding::candidate(0.3));
    }
    let base = if fan_out && (look || only_mss) {
        0.9
    } else if fan_out {
        0.75
    } else {
        0.65
    };
    let mut finding = Finding::new(base).with(Evidence::of("reset_after_syn_ack").at(reset.packet));
    if fan_out {
        finding = finding.with(Evidence::count("services_tried", targets as u64));
    }
    if raw {
        finding = finding.with(Evidence::of("raw_socket_goes_on_after_its_hosts_reset"));
    }
    if look {
        finding = finding
            .with(Evidence::text(
                "syn_options",
                if client.mss.is_some() { "MSS only" } else { "none" },
            ))
            .with(Evidence::count("syn_window", u64::from(client.syn_window)));
    }
    Some(finding)
}

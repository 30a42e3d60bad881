use super::prelude::*;
use crate::conn::unusual;

pub(super) const RULE: Rule = Rule {
    name: "syn_scan",
    class: Class::Suspicious,
    summary: "A scan: a SYN was sent to learn whether the port is open; what came back was reset, \
           or nothing came.",
    wire: "SYN, SYN-ACK, reset of the client at once; or a SYN and nothing more. The same source \
           failed to open {scan_fan_out} or more services ({scan_fan_out_silent} where nothing \
           answered) and its SYN has a scanner's look (only the MSS option or none, window \
           {windows}; or flags that no host sends with a SYN); or \
           it tried {scan_ports} or more ports of this host, or this port of {scan_ports} or more \
           hosts of one net (addresses that differ in the last byte), and failed at most of them. \
           A reset to the SYN-ACK needs one of the two, look or fan-out, or shows that the SYN was \
           not its host's: no option but the MSS and a TTL of its own, or free to be fragmented, \
           where the reset is a kernel's. A program that then goes on at once wanted more than to \
           learn. A connect scan completes the handshake and aborts within {connected_s} without a \
           byte of its own: told where it failed at {scan_ports} or more ports of this host, or \
           hosts of this net.",
    reference: "nmap -sS and -sT, masscan, zmap; RFC 9293 section 3.10.7.3",
    next: "Look at the other targets of this source.",
    examples: &[
        "> S bare win=1024, < S., > R +1ms",
        "> S bare win=2048 nots, < S., > R",
        "> S bare nots win=1024 service=21..26 +1ms, > S bare nots win=1024 service=80 +4s",
        "> SF bare win=512 +1s",
        // A program's SYN, and its kernel's reset.
        "> S bare nots win=64240 ttl=47, < S. +20ms, > R ttl=64 +40us",
        "> S server=1..20 +1ms, > S server=1..20 again +1ms",
        // A connect scan, which aborts what is open.
        "> S service=21..40 +1ms, < R. service=21..40, > S \
             port=42022 service=8080, < S. +1ms, > ., > R. +1ms",
        // Written by a program; the reset is Linux's.
        "12:00:00.000000 IP (tos 0x0, ttl 48, id 25599, offset 0, flags [none], proto TCP (6), \
             length 44)
    192.0.2.7.34048 > 198.51.100.3.80: Flags [S], seq 1000, win 8329, \
             options [mss 1440], length 0
12:00:00.000614 IP (tos 0x0, ttl 63, id 0, offset 0, \
             flags [DF], proto TCP (6), length 44)
    198.51.100.3.80 > 192.0.2.7.34048: Flags \
             [S.], seq 7000, ack 1001, win 14600, options [mss 1460], length 0
12:00:00.136099 IP \
             (tos 0x0, ttl 48, id 0, offset 0, flags [DF], proto TCP (6), length 40)
    \
             192.0.2.7.34048 > 198.51.100.3.80: Flags [R], seq 1001, win 0, length 0",
    ],
    near_misses: &[
        ("> S bare win=1024, < S., > ., > R.", "application_abort"),
        // A small device that gave up, in its own stack's form.
        (
            "> S bare nots win=5744 ttl=255, < S. +3s, > R. nots win=5744 ttl=255 +1ms",
            "client_handshake_timeout",
        ),
        // A system's SYN: another route.
        ("> S ttl=52, < S. +90ms, > R ttl=55 +90ms", "undetermined"),
        // A socket that was aborted had been opened.
        (
            "> S nots service=1, < R., > S nots service=2, < R., > S nots service=3, < R., > S \
             nots service=4, < S. nots, > R. nots",
            "application_abort",
        ),
        // It said something.
        (
            "> S service=21..40 +1ms, < R. service=21..40, > S \
                 port=42022 service=8080, < S. +1ms, > ., > P. 40, < P. 90, > ., > R. +300ms",
            "application_abort",
        ),
        // Nor one less.
        (
            "> S service=21..39 +1ms, < R. service=21..39, > S \
                 port=42022 service=8080, < S. +1ms, > ., > R. +1ms",
            "application_abort",
        ),
        // A small device allows fragments, and so do its resets.
        (
            "12:00:00.000000 IP (tos 0x0, ttl 48, id 25599, offset 0, flags [none], proto TCP (6), \
             length 44)
    192.0.2.7.34048 > 198.51.100.3.80: Flags [S], seq 1000, win 8329, \
             options [mss 1440], length 0
12:00:00.000614 IP (tos 0x0, ttl 63, id 0, offset 0, \
             flags [DF], proto TCP (6), length 44)
    198.51.100.3.80 > 192.0.2.7.34048: Flags \
             [S.], seq 7000, ack 1001, win 14600, options [mss 1460], length 0
12:00:00.036099 IP \
             (tos 0x0, ttl 48, id 25600, offset 0, flags [none], proto TCP (6), length 40)
    \
             192.0.2.7.34048 > 198.51.100.3.80: Flags [R], seq 1001, win 0, length 0",
            "undetermined",
        ),
        // One address in floods of five services, whose answers are lost.
        (
            "> S bare nots win=1024 service=21..25 +6s, > . client=9 +5s",
            "syn_unanswered",
        ),
        // A host whose network is gone tries several services too.
        (
            "> S, > S service=80 +1ms, > S service=22 +1ms, > S service=443 again +1s, > S \
             service=80 again +1ms, > S service=22 again +1ms",
            "syn_unanswered",
        ),
    ],
    twins: &[("client_handshake_timeout", "over a long path the two look alike")],
    applies: Applies::Any,
    needs: Needs::NOTHING
        .unless_reset(&[Ending::HandshakeUnanswered, Ending::HandshakeIncomplete])
        .if_reset(&[Ending::HandshakeAbandoned, Ending::Reset])
        .by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Many services were tried, by SYNs that look like a scanner's.
    confidence LOOK_AND_FAN_OUT = 0.9;
    /// Many were tried.
    confidence FAN_OUT = 0.75;
    /// Or the SYN is a scanner's by its look, or by what its host does.
    confidence LOOK = 0.65;
    /// It goes on at once: it wanted more than to learn.
    confidence GOES_ON = 0.4;
    /// Without an answer: many ports or hosts, by a scanner's SYNs.
    confidence SWEEP_AND_LOOK = 0.9;
    /// Fewer, by a scanner's SYNs.
    confidence SILENT_LOOK = 0.85;
    /// With flags that no host sends with a SYN.
    confidence SILENT_FLAGS = 0.75;
    /// Many ports or hosts.
    confidence SWEEP = 0.75;
    /// A client drops a handshake: a candidate.
    confidence DROPPED = 0.3;
    /// Many ports or hosts, of which the open ones were opened and aborted.
    confidence CONNECTED = 0.75;
    /// It failed at several services: a candidate.
    confidence MAY_BE = 0.2;
    /// How long a scan may wait for what an open port says first.
    window CONNECTED_S = 10.0;
    /// SYNs from which it is a system's: a scanner sends fewer.
    count SYSTEM: u32 = 3;
    /// A tool that wanted to talk goes on so soon after its host's reset.
    window AT_ONCE_S = 1.0;
    /// Windows in a scanner's SYN.
    counts WINDOWS = &[512.0, 1024.0, 2048.0, 3072.0, 4096.0, 65535.0];
    /// Routers between a SYN and a reset of one host from which one of the two was crafted.
    count CRAFTED: u8 = 2;
}

#[allow(clippy::cast_precision_loss)] // at most some dozens
fn holds(case: &Case<'_>) -> Option<Finding> {
    if case.reset.is_none() {
        return silent(case);
    }
    if case.connection.ending == Ending::Reset {
        return connected(case);
    }
    let reset = abandonment(case).filter(|reset| !aborts_what_came(reset))?;
    let c = case.connection;
    let client = c.side(Side::Client);
    let enough = case.parameters.scan_fan_out;
    let targets = case.context.fan_out(c);
    let fan_out = targets as f64 >= enough;
    let look = looks_like_a_scanner(case);
    // Of a capture of one direction only the reset is there; of a scan, several are.
    if c.syn_ack.is_none() && !(look && fan_out) {
        return None;
    }
    let waited = c.client_wait().is_some_and(|w| s(w) >= case.parameters.handshake_timeout_s);
    // A tool with a raw socket goes on although its host has reset the connection.
    let raw = reset.trigger == Some(Trigger::SynAck)
        && reset.form == Some(Form::Reply)
        && c.side(Side::Server).syn_acks == 1
        && client.alive > client.syns;
    let crafted = crafted(case, reset);
    if !look && !raw && !crafted && (!fan_out || waited) {
        return dropped_syn_ack(case).then(|| Finding::candidate(DROPPED));
    }
    let goes_on = raw && s(client.last_time.saturating_sub(reset.time)) <= AT_ONCE_S;
    let base = if goes_on && !fan_out {
        GOES_ON
    } else if fan_out && (look || only_mss(case)) {
        LOOK_AND_FAN_OUT
    } else if fan_out {
        FAN_OUT
    } else {
        LOOK
    };
    let mut finding =
        Finding::new(base).with(Evidence::of("reset_ends_the_attempt").at(reset.packet));
    if fan_out {
        finding = finding.with(Evidence::count("services_tried", targets as u64));
    }
    if crafted {
        finding = finding.with(Evidence::of("syn_and_reset_are_of_two_stacks").at(reset.packet));
    }
    if raw {
        finding = finding.with(Evidence::of("raw_socket_goes_on_after_its_hosts_reset"));
    }
    Some(with_look(case, finding, look))
}

/// A SYN that brought no answer, or one that its sender took no notice of.
#[allow(clippy::cast_precision_loss)] // at most some dozens
fn silent(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let client = c.side(Side::Client);
    let open = c.ending == Ending::HandshakeIncomplete && c.good_syn_ack_time.is_some();
    // Many sources with one SYN each at one service do not want to learn anything.
    let flood = || super::syn_ack_unanswered::flood(case).is_some();
    if !(c.ending == Ending::HandshakeUnanswered || open) || client.rsts > 0 || open && flood() {
        return None;
    }
    let crafted = client.syn_unusual & unusual::FLAGS != 0;
    let (services, ports) = (case.context.fan_out(c), case.context.ports_failed(c));
    let look = looks_like_a_scanner(case);
    let hosts = case.context.hosts_failed(c);
    let p = case.parameters;
    let fan_out = services as f64 >= p.scan_fan_out_silent;
    // What the client opened over the other IP version instead was no scan.
    let raced = || case.context.other_family(c, p.race_families_from_s, p.race_families_s);
    let sweep = ports.max(hosts) as f64 >= p.scan_ports && raced().is_none();
    // A system repeats its SYN; a small device's looks like a scanner's.
    let once = client.syns < SYSTEM;
    let base = match (look && fan_out && (once || sweep), sweep) {
        (true, true) => SWEEP_AND_LOOK,
        (true, false) => SILENT_LOOK,
        (false, _) if crafted => SILENT_FLAGS,
        (false, true) => SWEEP,
        (false, false) => return None,
    };
    let finding = Finding::new(base)
        .with(Evidence::count("syns", u64::from(client.syns)).at(c.first_packet))
        .with(Evidence::count("services_tried", services as u64))
        .with(Evidence::count("ports_of_this_host", ports as u64))
        .with(Evidence::count("hosts_of_this_net", hosts as u64));
    Some(with_look(case, finding, look))
}

/// A handshake that was completed to learn whether the port is open, and aborted.
#[allow(clippy::cast_precision_loss)] // at most some dozens
fn connected(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset_of(Form::Abort).filter(|reset| reset.sender == Side::Client)?;
    let opened = c.handshake_time.get()?;
    let said = c.side(Side::Client).unique_bytes > 0 || reset.sender_fin_before;
    if said || reset.peer_fin_before || s(reset.time.saturating_sub(opened)) > CONNECTED_S {
        return None;
    }
    let (ports, hosts) = (case.context.ports_failed(c), case.context.hosts_failed(c));
    if (ports.max(hosts) as f64) < case.parameters.scan_ports {
        let fan_out = case.context.fan_out(c) as f64 >= case.parameters.scan_fan_out;
        return fan_out.then(|| Finding::candidate(MAY_BE));
    }
    Some(
        Finding::new(CONNECTED)
            .with(Evidence::of("abort_without_own_payload").at(reset.packet))
            .with(Evidence::count("ports_of_this_host", ports as u64))
            .with(Evidence::count("hosts_of_this_net", hosts as u64)),
    )
}

/// The SYN is a program's own (no option but the MSS, and other routers away than the reset, or
/// free to be fragmented) and the reset that of its host's kernel, which knows nothing of it.
pub(super) fn crafted(case: &Case<'_>, reset: &Teardown) -> bool {
    let client = case.side(Side::Client);
    let kernel = reset.form == Some(Form::Reply)
        && !reset.flags.ack()
        && (case.connection.ip_version == 6
            || reset.dont_fragment && reset.ip_id.is_none_or(|id| id == 0));
    let [syn, answer] = [client.ttl.syn, reset.ttl].map(crate::conn::hops);
    let apart = client.ttl.syn != 0 && syn.abs_diff(answer) >= CRAFTED;
    let fragments = case.connection.ip_version == 4 && !client.traits.never_fragments();
    client.syns > 0 && only_mss(case) && kernel && (apart || fragments)
}

fn looks_like_a_scanner(case: &Case<'_>) -> bool {
    let window = case.side(Side::Client).syn_window;
    only_mss(case) && WINDOWS.contains(&f64::from(window))
}

fn with_look(case: &Case<'_>, finding: Finding, look: bool) -> Finding {
    let client = case.side(Side::Client);
    if !look {
        return finding;
    }
    let options = if client.mss.is_some() { "MSS only" } else { "none" };
    finding
        .with(Evidence::text("syn_options", options))
        .with(Evidence::count("syn_window", u64::from(client.syn_window)))
}

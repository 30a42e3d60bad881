use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "probe_scan",
    class: Class::Suspicious,
    summary: "A segment that opens nothing (without flags, FIN, FIN+PSH+URG, or ACKs at many ports) \
           probed a port: what comes back, or does not, tells of the port or of a filter.",
    wire: "No SYN and no ACK, none but FIN, PSH and URG flags; an answer has sequence number 0 \
           and acknowledges it. With payload only where it was answered: garbage looks like it. Or \
           a single ACK without payload, to a lower port than its own, where the same host sent \
           such to {scan_fan_out_silent} or more ports of this host that were reset; what else \
           belongs to no connection is a stray segment.",
    reference: "RFC 9293 section 3.10.7.1; nmap's NULL, FIN, Xmas and ACK scans",
    next: "Who scans? Look for the same source at other ports.",
    examples: &[
        "> F, < R.",
        "> FPU, < R.",
        "> -, < R.",
        "> - 3, < R.",
        "> . service=21..26, < R service=21..26",
        // A filter drops one of them.
        "> . service=21..41 +1ms, < R service=21..40 +1ms",
    ],
    near_misses: &[
        ("> - 12", "undetermined"),
        ("> . service=21..25, < R service=21..25", "stray_segment"),
        // What a host that lost its state had opened to one service.
        ("< . port=40001..40030 +1ms, > R port=40001..40030 +1ms", "stray_segment"),
        // And what it served.
        ("> . port=40001..40030 +1ms, < R port=40001..40030 +1ms", "stray_segment"),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.ending(&[Ending::Stray]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// No system sends such a segment.
    confidence SURE = 0.9;
    /// ACKs at as many ports as nobody uses of one host.
    confidence MANY_PORTS = 0.8;
    /// At several: a host that lost its state answers so, too.
    confidence SEVERAL_PORTS = 0.65;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let odd = |side: Side| {
        let endpoint = c.side(side);
        endpoint.syns + endpoint.syn_acks == 0
            && endpoint.alive > 0
            && (endpoint.bytes == 0 || case.resets().any(|reset| reset.sender == side.peer()))
            && c.side(side.peer()).alive == 0
            && !c.side(side.peer()).based
    };
    if c.ending != Ending::Stray {
        return None;
    }
    let sides = [Side::Client, Side::Server];
    let Some(prober) = sides.into_iter().find(|&side| odd(side)) else {
        return sides.into_iter().find_map(|side| acknowledged(case, side));
    };
    let answer = case.resets().find(|reset| reset.sender == prober.peer());
    Some(
        Finding::new(SURE)
            .with(Evidence::of("no_syn_and_no_ack").at(c.first_packet))
            .with_some(answer.map(|reset| Evidence::of("reset_answers_probe").at(reset.packet))),
    )
}

/// A single acknowledgment of nothing, one of those that this side sent to many ports.
fn acknowledged(case: &Case<'_>, by: Side) -> Option<Finding> {
    let c = case.connection;
    let (own, peer) = (c.side(by), c.side(by.peer()));
    let answered = case.reset.is_none_or(|reset| reset.trigger == Some(Trigger::Ack));
    let single = own.alive == 1 && own.bytes == 0 && own.fins == 0 && peer.alive == 0;
    if !single || !answered || c.opening != Opening::MidStream || c.port(by) <= c.port(by.peer()) {
        return None;
    }
    let (ports, p) = (case.context.probes(c, by), case.parameters);
    let confidence = match f64::from(ports) {
        many if many >= p.scan_ports => MANY_PORTS,
        several if several >= p.scan_fan_out_silent => SEVERAL_PORTS,
        _ => return None,
    };
    let reset = case.resets().find(|reset| reset.sender == by.peer());
    Some(
        Finding::new(confidence)
            .with(Evidence::of("acknowledges_nothing").at(c.first_packet))
            .with(Evidence::count("ports_of_this_host", u64::from(ports)))
            .with_some(reset.map(|reset| Evidence::of("reset_answers_probe").at(reset.packet))),
    )
}

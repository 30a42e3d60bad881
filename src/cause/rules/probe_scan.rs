use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "probe_scan",
    class: Class::Suspicious,
    summary: "A segment with flags that open nothing (none, FIN, FIN+PSH+URG) probed a port: a \
           closed one answers with a reset, an open one with nothing.",
    wire: "No SYN and no ACK, none but FIN, PSH and URG flags; an answer has sequence number 0 \
           and acknowledges it. With payload only where it was answered: garbage looks like it.",
    reference: "RFC 9293 section 3.10.7.1; nmap's NULL, FIN and Xmas scans",
    next: "Who scans? Look for the same source at other ports.",
    examples: &["> F, < R.", "> FPU, < R.", "> -, < R.", "> - 3, < R."],
    near_misses: &[("> - 12", "undetermined")],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.ending(&[Ending::Stray]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// No system sends such a segment.
    confidence SURE = 0.9;
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
    let prober = [Side::Client, Side::Server].into_iter().find(|&side| odd(side))?;
    if c.ending != Ending::Stray {
        return None;
    }
    let answer = case.resets().find(|reset| reset.sender == prober.peer());
    Some(
        Finding::new(SURE)
            .with(Evidence::of("no_syn_and_no_ack").at(c.first_packet))
            .with_some(answer.map(|reset| Evidence::of("reset_answers_probe").at(reset.packet))),
    )
}

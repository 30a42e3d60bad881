use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "rejected_by_firewall",
    class: Class::Refused,
    summary: "A firewall on the way refused the SYN with a reset in the server's name.",
    wire: "As a closed port, but the reset's TTL differs by 2 or more from what the server's \
           host sends, or it came in less than half the time the host ever took. Needs other \
           segments of that host.",
    reference: "Linux nf_reject_ipv4.c; endings seen in the laboratory: TTL higher than the \
           server's by the remaining hops",
    next: "Look for a reject rule between client and server; compare the TTL with the hop \
           count.",
    examples: &[
        "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=62",
        "> S, < S., > ., > F., < F., > ., > S service=80, < R. +4900us",
        "> S, < S., > ., > F., < F., > ., > S service=80, < R. +1ms ttl=62",
    ],
    near_misses: &[
        (
            "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=61",
            "port_closed",
        ),
        (
            "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=124",
            "port_closed",
        ),
        ("> S, < S., > ., > F., < F., > ., > S service=80, < R. +5ms", "port_closed"),
    ],
    twins: &[(
        "port_closed",
        "a rule on the server's own host answers with the same octets as its closed port",
    )],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = refusal(case)?;
    let host = case.context.host(case.connection.addresses[1])?;
    let away = if reset.ttl < host.ttl_low {
        host.ttl_low - reset.ttl
    } else {
        reset.ttl.saturating_sub(host.ttl_high)
    };
    let ttl = f64::from(away) >= case.parameters.ttl_difference && away < 64;
    let delay = host.syn_ack_delay.filter(|&delay| delay > 1_000_000);
    let early = match (reset.turnaround.get(), delay) {
        (Some(turnaround), Some(delay)) => s(turnaround) < s(delay) * case.parameters.too_early,
        _ => false,
    };
    if !ttl && !early {
        return None;
    }
    let mut finding = Finding::new(if ttl && early { 0.8 } else { 0.6 })
        .with(Evidence::of("reset_acknowledges_syn").at(reset.packet));
    if ttl {
        let delta = i64::from(reset.ttl) - i64::from(host.ttl_high);
        finding = finding.with(Evidence::difference("ttl_delta", delta).at(reset.packet));
    }
    if early {
        finding = finding
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t)))
            .with_some(delay.map(|d| Evidence::time("usual_answer_s", d)));
    }
    Some(finding.by_third_party())
}

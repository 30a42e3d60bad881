use super::prelude::*;
use crate::cause::HostFacts;

pub(super) const RULE: Rule = Rule {
    name: "rejected_by_firewall",
    class: Class::Refused,
    summary: "A firewall on the way refused the SYN with a reset in the server's name.",
    wire: "As a closed port, but the reset passed other routers than the segments of the server's \
           host (more than its paths differ by, or one more or less where they never did in \
           several connections), or it came in less than {too_early} of the time that the host \
           ever took, or its header is none that the host's kernel makes. Needs other segments of \
           that host. Time alone is evidence only where the host's own answers take about the \
           same.",
    reference: "Linux nf_reject_ipv4.c; endings seen in the laboratory: TTL higher than the \
           server's by the remaining hops",
    next: "Look for a reject rule between client and server; compare the TTL with the hop \
           count.",
    examples: &[
        "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=53",
        "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. +1ms ttl=62",
        "> S port=1..3, < S. port=1..3, > . port=1..3, > S service=80, < R. +1ms",
        "> S port=1..4, < S. port=1..4 ttl=63, > . port=1..4, > S service=80, < R. ttl=64 +50ms",
        "> S, < S., > ., > F., < F., > ., > S service=80, < R. win=1000",
    ],
    near_misses: &[
        (
            "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=61",
            "port_closed",
        ),
        (
            "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=62",
            "port_closed",
        ),
        (
            "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=124",
            "port_closed",
        ),
        (
            "> S port=1..4, < S. port=1..2 ttl=63, < S. port=3..4 ttl=60, > S service=80, < R. \
             ttl=64 +50ms",
            "port_closed",
        ),
        ("> S ttl=1, < S. ttl=1, > . ttl=1, > S service=80 ttl=1, < R. ttl=64", "port_closed"),
        ("> S, < S., > ., > F., < F., > ., > S service=80, < R. +1ms", "port_closed"),
        (
            "> S port=1..3, < S. port=1..2, < S. port=3 +70ms, > S service=80, < R. +1ms",
            "port_closed",
        ),
        ("> S, < S. ttl=255, > ., > S service=80, < R. win=1000 ttl=255", "port_closed"),
    ],
    twins: &[(
        "port_closed",
        "a rule on the server's own host answers with the same bytes as its closed port",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeRefused]).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Several signs show that the refusal is not its host's.
    confidence SEVERAL_SIGNS = 0.8;
    /// One does.
    pub(super) confidence ONE_SIGN = 0.6;
    /// Answers of a host that have to take about the same before one that is too early says
    /// something by itself.
    count ALIKE: u32 = 3;
    /// Answers of a host that is nearer than this are never too early.
    window NEXT_DOOR: i64 = 1_000_000;
}

/// The refusal came from elsewhere than its host.
pub(super) fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = refusal(case)?;
    let host = case.context.host(case.connection.addresses.server)?;
    let apart = apart(case, reset);
    let early = early(case, reset, host);
    let usual = host.syn_ack_delay.map_or(0, |least| least.saturating_mul(2));
    let alone = host.syn_ack_delays >= ALIKE && host.syn_ack_delay_most <= usual;
    let foreign = header(case, reset, host);
    // Some routers more or less than one connection passed: not without another sign.
    let farther = beyond_one_path(case, reset).filter(|_| early);
    let apart = apart.or(farther);
    // The host's own firewall (nf_reject_ipv6.c) sets no flow label either: not alone.
    let unlabelled = unlabelled(case, reset, host) && (early || apart.is_some());
    let signs =
        usize::from(unlabelled) + usize::from(apart.is_some()) + usize::from(early) + foreign.len();
    if signs == 0 || signs == 1 && early && !alone {
        return None;
    }
    let mut finding = Finding::new(if signs > 1 { SEVERAL_SIGNS } else { ONE_SIGN })
        .with(Evidence::of("reset_acknowledges_syn").at(reset.packet))
        .with_some(apart.map(|apart| apart.evidence(reset.packet)));
    for sign in foreign.into_iter().chain(unlabelled.then_some("refusal_without_a_flow_label")) {
        finding = finding.with(Evidence::of(sign).at(reset.packet));
    }
    if early {
        finding = finding
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t)))
            .with_some(host.syn_ack_delay.map(|d| Evidence::time("usual_answer_s", d)));
    }
    Some(finding.by_third_party())
}

/// Without the IPv6 flow label that the host's kernel sets.
pub(super) fn unlabelled(case: &Case<'_>, reset: &Teardown, host: &HostFacts) -> bool {
    case.connection.ip_version == 6 && host.labels_flows() && reset.flow_label == 0
}

/// Sooner than the host ever answered.
fn early(case: &Case<'_>, reset: &Teardown, host: &HostFacts) -> bool {
    let delay = host.syn_ack_delay.filter(|&delay| delay > NEXT_DOOR);
    match (reset.turnaround.get(), delay) {
        (Some(turnaround), Some(delay)) => s(turnaround) < s(delay) * case.parameters.too_early,
        _ => false,
    }
}

/// What a kernel that is known by its SYN-ACKs does not write into a refusal.
fn header(case: &Case<'_>, reset: &Teardown, host: &HostFacts) -> Vec<&'static str> {
    let mut signs = Vec::new();
    if case.connection.ip_version == 4 && host.refuses_like_linux() {
        let sign = |there: bool, name| there.then_some(name);
        signs.extend(sign(reset.window != 0, "refusal_with_a_window"));
        signs.extend(sign(!reset.dont_fragment, "refusal_may_be_fragmented"));
    }
    signs
}

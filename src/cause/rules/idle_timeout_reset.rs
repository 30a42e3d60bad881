use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "idle_timeout_reset",
    class: Class::Timeout,
    summary: "A box or the peer had dropped the idle connection; the next segment was reset.",
    wire: "A reset in mid-connection after a silence that matches a known limit (within 2 % \
           or 2 s) of load balancers, firewalls or address translators, or one made by \
           another host than the peer.",
    reference: "limits documented by the makers: see the table of known limits in the manual",
    next: "Let keep-alives be sent more often than the limit, or raise it.",
    examples: &["> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +351s, < R +1ms"],
    near_misses: &[("> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +3s, < R +1ms", "no_socket")],
    twins: &[("no_socket", "the peer may have restarted during the silence")],
    applies: Applies::Reset,
    holds,
};

/// Known idle limits in seconds: name, limit.
pub const LIMITS: [(&str, f64); 9] = [
    ("Linux nf_flowtable offload", 30.0),
    ("AWS ALB", 60.0),
    ("Azure Load Balancer", 240.0),
    ("F5 BIG-IP", 300.0),
    ("AWS NLB", 350.0),
    ("Cisco ASA half-closed", 600.0),
    ("Google Cloud", 600.0),
    ("Cisco ASA", 3600.0),
    ("Linux keepalive", 7200.0),
];

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset =
        case.reset.filter(|reset| reset.form != Some(Form::Abort) && !reset.sender_fin_before)?;
    let c = case.connection;
    let idle = s(reset.idle.get()?);
    // A connection that never opened at the server was not idle there.
    let never_opened = unheard(case).is_some_and(|unheard| unheard.syn_acks_repeated > 1);
    if idle < case.parameters.idle_s || never_opened {
        return Some(Finding::candidate(0.0));
    }
    if c.endpoints.iter().any(|e| !e.spoke() || !e.based) {
        return None;
    }
    let own = [("the limit given for this path", case.parameters.known_idle_limit_s)];
    let device = own
        .iter()
        .chain(&LIMITS)
        .find(|&&(_, limit)| limit > 0.0 && idle >= limit - 1.0 && near(case, idle, limit));
    let other_host = reset.ttl_delta.is_some_and(|delta| {
        f64::from(delta.abs()) >= case.parameters.ttl_difference && delta.abs() < 64
    });
    let base = match (device, other_host) {
        (Some(_), true) => 0.75,
        (Some(_), false) | (None, true) => 0.6,
        (None, false) => return None,
    };
    let mut finding = Finding::new(base)
        .with(Evidence::number("idle_s", idle).maybe_at(reset.trigger_packet.get()))
        .with(Evidence::of("reset").at(reset.packet))
        .with_some(device.map(|&(name, limit)| {
            let mut evidence = Evidence::text("matches_limit_of", name);
            evidence.value = Some(limit);
            evidence
        }));
    if other_host {
        let delta = i64::from(reset.ttl_delta.unwrap_or(0));
        finding = finding.with(Evidence::difference("ttl_delta", delta).at(reset.packet));
        finding = finding.by_third_party();
    }
    Some(finding)
}

use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "nat_state_lost",
    class: Class::Abort,
    summary: "An address translator or balancer lost the connection's state; a host that never \
           spoke in it answered.",
    wire: "A reply reset in mid-connection from another hardware address than the side's \
           other segments, or from a side that never sent anything.",
    reference: "kubernetes #74839 (conntrack INVALID); RFC 5382",
    next: "Look for conntrack INVALID packets, failover or asymmetric paths.",
    examples: &["> S, < S. mac=1, > ., > P. 10, < P. 10 mac=1, > P. 10 +20s, < R mac=2"],
    near_misses: &[
        ("> S, < S. mac=1, > ., > P. 10, < P. 10 mac=1, > P. 10 +20s, < R mac=1", "no_socket"),
        ("> S, < S., > ., > P. 10, < P. 10, > P. 10 +20s, < R mac=2", "no_socket"),
    ],
    twins: &[("no_socket", "without link addresses the two look alike")],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case
        .reset_of(Form::Reply)
        .filter(|reset| reset.link_source_differs && !reset.sender_fin_before)?;
    case.established().then(|| {
        Finding::new(0.5)
            .with(Evidence::of("hardware_address_differs").at(reset.packet))
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t)))
            .by_third_party()
    })
}

use super::prelude::*;
use super::rejected_by_firewall::{self, ONE_SIGN};

pub(super) const RULE: Rule = Rule {
    name: "intermittent_refusal",
    class: Class::Refused,
    summary: "The server refused this SYN with a reset although it accepted others at the same \
           port in the same capture.",
    wire: "As a closed port, but another SYN to the same address and port got a SYN-ACK, and \
           not two signs show that the refusal came from elsewhere (rejected_by_firewall).",
    reference: "RFC 9293 section 3.10.7.1",
    next: "Was the service restarted, or does a load balancer or limiter protect it?",
    examples: &[
        "> S, < S., > ., > F., < F., > ., > S port=40001, < R.",
        "> S, < R., > S port=40001, < S., > .",
    ],
    near_misses: &[
        (
            "> S port=1..4, < S. port=1..4 ttl=60, > . port=1..4, > S port=9, < R. ttl=63 +50ms",
            "rejected_by_firewall",
        ),
        (
            "> S port=1..2, < S. port=1..2 +20ms, > . port=1..2, > S port=9, < R. win=1300 +3ms",
            "rejected_by_firewall",
        ),
        ("> S, < R., > S port=40001, < R.", "port_closed"),
        ("> S, < S., > ., > F., < F., > ., > S service=80, < R.", "port_closed"),
    ],
    twins: &[("port_closed", "while the service is down its port is closed")],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeRefused]).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The same port was open to another SYN.
    confidence OPEN_ELSEWHERE = 0.8;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = refusal(case)?;
    let service = case.context.service(case.connection)?;
    let elsewhere = || rejected_by_firewall::holds(case).is_some_and(|it| it.confidence > ONE_SIGN);
    if service.accepted == 0 || apart(case, reset).is_some() || elsewhere() {
        return None;
    }
    let when = if reset.time > service.last_accepted { "after" } else { "between or before" };
    Some(
        Finding::new(OPEN_ELSEWHERE)
            .with(Evidence::of("reset_acknowledges_syn").at(reset.packet))
            .with(Evidence::count("accepted_elsewhere", u64::from(service.accepted)))
            .with(Evidence::count("refused", u64::from(service.refused)))
            .with(Evidence::text("refused_relative_to_accepted", when)),
    )
}

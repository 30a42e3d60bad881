use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "icmp_unreachable",
    class: Class::Refused,
    summary: "An ICMP error said that the server cannot be reached, so the attempt ended.",
    wire: "A SYN without an answer of the server's TCP, quoted by an ICMP \
           destination-unreachable message (type 3; ICMPv6 type 1).",
    reference: "RFC 1122 section 4.2.3.9, RFC 5461",
    next: "Who reports it, and with which code: no route, no host, port unreachable, or \
           prohibited by a filter?",
    examples: &["> S, ! icmp 3/1", "> S, ! icmp 3/13", "> S, < icmp 3/3"],
    near_misses: &[("> S, < S., > ., > P. 5, ! icmp 3/1", "still_open")],
    twins: &[],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered]).extra(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The message quotes the SYN.
    confidence TOLD = 0.9;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let icmp = c.extra()?.icmp.filter(crate::conn::Icmp::unreachable)?;
    if c.ending != Ending::HandshakeUnanswered {
        return None;
    }
    let by_server = icmp.reporter == c.addresses.server;
    let finding = Finding::new(TOLD)
        .with(
            Evidence::text("icmp", icmp_meaning(icmp.version, icmp.kind, icmp.code))
                .at(icmp.packet),
        )
        .with(Evidence::count("icmp_type", u64::from(icmp.kind)))
        .with(Evidence::count("icmp_code", u64::from(icmp.code)))
        .with(Evidence::text("reported_by", icmp.reporter.ip(icmp.version).to_string()));
    Some(if by_server { finding } else { finding.by_third_party() })
}

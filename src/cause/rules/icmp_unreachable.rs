use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "icmp_unreachable",
    class: Class::Refused,
    summary: "An ICMP error said that the other host cannot be reached: the attempt ended, or what \
           was sent had no answer any more.",
    wire: "A SYN without an answer of the server's TCP, quoted by an ICMP \
           destination-unreachable message (type 3; ICMPv6 type 1). Or retransmissions in \
           mid-connection that had no answer, and such a message for one of them, since which \
           nothing came. A segment that was too big is another matter (path_mtu_black_hole), and a \
           side that is heard afterwards was reached.",
    reference: "RFC 1122 section 4.2.3.9, RFC 5461",
    next: "Who reports it, and with which code: no route, no host, port unreachable, or \
           prohibited by a filter?",
    examples: &[
        "> S, ! icmp 3/1",
        "> S, ! icmp 3/13",
        "> S, < icmp 3/3",
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 90 +9s, > P. 90 again +200ms, > P. 90 again \
             +400ms, > P. 90 again +800ms, ! icmp 3/1 +3s, > P. 90 again +1s",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 5, ! icmp 3/1", "still_open"),
        // It was heard again, and fell silent later.
        (
            "> S, < S., > ., > P. 80, > P. 80 again +200ms, ! icmp 3/1 +1s, > P. 80 again +200ms, < \
             P. 300 +10ms, > ., > P. 90 +9s, > P. 90 again +200ms, > P. 90 again +400ms, > P. 90 \
             again +800ms",
            "retransmission_timeout",
        ),
    ],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered, Ending::PeerUnresponsive]).extra(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The message quotes the SYN.
    confidence TOLD = 0.9;
    /// It quotes a retransmission.
    confidence UNRESPONSIVE = 0.75;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let icmp = c.extra()?.icmp.filter(crate::conn::Icmp::unreachable)?;
    let attempt = c.ending == Ending::HandshakeUnanswered;
    // Whoever is heard afterwards was reached.
    let heard = c.side(icmp.quoted.peer()).last_time >= icmp.time;
    if !attempt && (c.ending != Ending::PeerUnresponsive || heard) {
        return None;
    }
    let by_server = icmp.reporter == c.addresses.server;
    let finding = Finding::new(if attempt { TOLD } else { UNRESPONSIVE })
        .with(
            Evidence::text("icmp", icmp_meaning(icmp.version, icmp.kind, icmp.code))
                .at(icmp.packet),
        )
        .with(Evidence::count("icmp_type", u64::from(icmp.kind)))
        .with(Evidence::count("icmp_code", u64::from(icmp.code)))
        .with(Evidence::text("reported_by", icmp.reporter.ip(icmp.version).to_string()));
    // Whoever reports it has not ended a connection that was open.
    Some(if by_server || !attempt { finding } else { finding.by_third_party() })
}

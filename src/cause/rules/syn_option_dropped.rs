use super::prelude::*;
use crate::conn::unusual;

pub(super) const RULE: Rule = Rule {
    name: "syn_option_dropped",
    class: Class::Timeout,
    summary: "SYNs that ask for something unusual (fast open, congestion notification, multipath \
           or a rare option) are dropped on the way to this service; one without it is answered.",
    wire: "A SYN that is repeated and never answered, always with TFO, data, ECN, MPTCP or another \
           rare option. The same client opened the same service within a minute by a SYN without \
           it, and by none that had it.",
    reference: "RFC 7413 section 7.1, RFC 3168 section 6.1.1.1, RFC 8684 section 3.7 (fall back to \
           plain TCP); Linux tcp_fastopen_blackhole_timeout_sec, tcp_ecn_fallback",
    next: "Look for a firewall or load balancer on this path that drops what it does not know; \
           turn the option off for this destination.",
    examples: &[
        "> SEW, > SEW again +1s, > SEW again +2s, > S port=40001 +4s, < S., > ., > P. 20, < P. 20",
        "> S 100, > S 100 again +1s, > S 100 again +2s, > S port=40001 +4s, < S., > ., > P. 20, < \
             P. 20",
    ],
    near_misses: &[
        ("> SEW, > SEW again +1s, > SEW again +2s", "syn_unanswered"),
        (
            "> SEW, > SEW again +1s, > SEW again +2s, > S port=40001 +4s, < S., > ., < P. 9, > SEW \
             port=40002 +1s, < S., > ., < P. 9",
            "syn_unanswered",
        ),
        (
            "> SEW, > SEW again +1s, > S seq=#0 +2s, > S port=40001 +4s, < S., > ., < P. 9",
            "syn_unanswered",
        ),
    ],
    twins: &[],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// SYNs without the option were answered.
    confidence BLAMED = 0.7;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let client = c.side(Side::Client);
    let asked = client.syn_unusual & !unusual::FLAGS;
    if asked == 0 || c.ending != Ending::HandshakeUnanswered || client.syns < 2 {
        return None;
    }
    let service = (c.addresses.server, c.ports.server);
    let (mut without, mut blamed) = (None, asked);
    for other in case.context.around(c, case.parameters.same_path_s) {
        if other.service == service && other.id != c.id {
            blamed &= !other.unusual;
            without = without.or(Some(other.id));
        }
    }
    let without = without.filter(|_| blamed != 0)?;
    Some(
        Finding::new(BLAMED)
            .with(Evidence::count("syns", u64::from(client.syns)).at(c.first_packet))
            .with(Evidence::text("asked_for", name(blamed)))
            .with(Evidence::count("answered_without_it", without)),
    )
}

fn name(asked: u8) -> &'static str {
    match asked {
        _ if asked & unusual::FAST_OPEN != 0 => "TCP fast open",
        _ if asked & unusual::DATA != 0 => "data with the SYN",
        _ if asked & unusual::MULTIPATH != 0 => "MPTCP",
        _ if asked & unusual::OPTION != 0 => "a rare option",
        _ => "ECN",
    }
}

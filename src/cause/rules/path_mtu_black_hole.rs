use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "path_mtu_black_hole",
    class: Class::Timeout,
    summary: "Full segments did not get through while smaller ones did: the path takes smaller \
           packets only, and its sender did not learn it.",
    wire: "A segment as large as the hosts agreed on, not to be put into fragments, goes again and \
           again, and none of its size was ever acknowledged. A router says that it was too big, \
           or a duplicate acknowledgment shows that something smaller behind it came, or the peer \
           is heard again, or at least smaller segments had come before. Not where the first bytes \
           went unanswered in smaller segments as well. Before retransmission_timeout, which says \
           less.",
    reference: "RFC 2923 section 2.1, RFC 1191, RFC 8201, RFC 8899; Linux tcp_mtu_probing",
    next: "Does a filter drop ICMP (type 3 code 4; ICMPv6 type 2)? Look at tunnels and PPPoE on \
           the path, and at MSS clamping.",
    examples: &[
        "> S, < S., > ., > P. 400, < ., < P. 288, > ., < . 1448, < P. 288, > . ack=-1736 +40ms, < \
             . 1448 again +200ms, < . 1448 again +400ms, < . 1448 again +800ms",
        "> S, < S., > ., > P. 400, < ., > . 1448, ! icmp 3/4, > . 1448 again +200ms, ! icmp 3/4, > \
             . 1448 again +400ms, ! icmp 3/4",
        "> S, < S., > ., > P. 400, < ., < . 1448, < . 1448, < . 1448 seq=#1 +200ms, < . 1448 \
             seq=#1 +400ms, < . 1448 seq=#1 +800ms, > F. ack=-2896 +9s, < . 1448 seq=#1 +800ms",
    ],
    near_misses: &[
        // Full segments had come before.
        (
            "> S, < S., > ., > P. 400, < ., < . 1448, > ., < . 1448, < . 1448 again +200ms, < . \
             1448 again +400ms, < . 1448 again +800ms",
            "retransmission_timeout",
        ),
        // What goes again is small.
        (
            "> S, < S., > ., > P. 400, < ., < P. 288, > ., < P. 300, < P. 300 again +200ms, < P. \
             300 again +400ms, < P. 300 again +800ms",
            "retransmission_timeout",
        ),
        // Smaller segments are not answered either.
        (
            "> S, < S., > ., > P. 400, < ., < P. 288, > ., < . 1448, < . 1448 again +200ms, < . \
             1448 again +400ms, < . 1448 again +800ms, < . 500 seq=#289 +1s, < . 500 seq=#289 \
             +2s",
            "retransmission_timeout",
        ),
        // Nothing was ever answered.
        (
            "> S, < S., > ., > . 1448, > . 1448 again +200ms, > . 1448 again +400ms, > . 1448 \
             again +800ms",
            "retransmission_timeout",
        ),
    ],
    twins: &[(
        "retransmission_timeout",
        "a path that dies when the first full segment is sent looks the same until something \
         smaller comes through",
    )],
    applies: Applies::Any,
    needs: Needs::NOTHING.extra().no_ending(&[Ending::Graceful, Ending::Superseded, Ending::Stray]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// A router said that the segment was too big.
    confidence TOLD = 0.8;
    /// Something smaller behind it came.
    confidence BEHIND = 0.75;
    /// The peer was heard again.
    confidence HEARD = 0.6;
    /// Smaller ones had come before.
    confidence SMALLER = 0.45;
    /// Retransmissions that are enough where a router said it.
    count TOLD_RUN: u32 = 2;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if matches!(c.ending, Ending::Graceful | Ending::Superseded | Ending::Stray) {
        return None;
    }
    let extra = c.extra()?;
    let stuck = |side: Side| extra.stuck[side].filter(|s| s.at == c.side(side).acked);
    let (side, stuck) =
        [Side::Client, Side::Server].into_iter().find_map(|side| Some((side, stuck(side)?)))?;
    if case.reset.is_some_and(|reset| reset.packet < stuck.packet) {
        return None;
    }
    let told = extra.too_big.filter(|icmp| icmp.quoted == side);
    let enough =
        if told.is_some() { f64::from(TOLD_RUN) } else { case.parameters.retransmission_run };
    if f64::from(stuck.times) < enough || stuck.smaller > 1 && told.is_none() {
        return None;
    }
    let (endpoint, peer) = (c.side(side), c.side(side.peer()));
    let behind = peer.repeated_ack == stuck.at;
    let heard = peer.last_time > stuck.time;
    let confidence = match (told.is_some(), behind, heard) {
        (true, _, _) => TOLD,
        (_, true, _) => BEHIND,
        (_, _, true) => HEARD,
        // Smaller ones had come.
        _ if endpoint.acked > 1 => SMALLER,
        _ => return None,
    };
    Some(
        Finding::new(confidence)
            .with(Evidence::count("full_segment_bytes", u64::from(stuck.size)).at(stuck.packet))
            .with(Evidence::count("sent_again", u64::from(stuck.times)))
            .with_some(told.map(|icmp| {
                Evidence::text("icmp", icmp_meaning(icmp.version, icmp.kind, icmp.code))
                    .at(icmp.packet)
            }))
            .with_some(
                told.filter(|icmp| icmp.mtu > 0)
                    .map(|icmp| Evidence::count("next_hop_mtu", u64::from(icmp.mtu))),
            )
            .with_some(behind.then(|| Evidence::of("something_smaller_behind_it_came")))
            .with_some(heard.then(|| Evidence::of("peer_was_heard_again"))),
    )
}

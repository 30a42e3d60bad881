use super::super::apart::ttls_differ;
use super::super::context::own_range;
use super::filtered_by_name;
use super::prelude::*;
use crate::conn::{Foreign, Signs};

pub(super) const RULE: Rule = Rule {
    name: "content_injected",
    class: Class::Suspicious,
    summary: "Payload or a FIN that its claimed sender did not send: somebody on or beside the \
              path injected it.",
    wire: "Two segments of one side with other bytes at the same sequence numbers, and one of them \
           is unlike all that this side sent: other routers passed, no timestamp where it stamps, \
           another identification, window, fragment bit, flow label or hardware address. Or, where \
           the genuine segment did not come, a segment with payload or FIN that is unlike its side \
           in several of these, or in one when its sender goes on from before it. Other bytes \
           alone are not enough: a sender may have changed them itself. Before reset_injected, \
           which explains the resets that follow it.",
    reference: "Weaver, Sommer, Paxson (NDSS 2009); Fox-IT: Deep dive into QUANTUM INSERT (2015)",
    next: "Compare the two segments, and the TTL and identification of the odd one with those \
           around it; capture nearer to its claimed sender.",
    examples: &[
        "> S, < S. ttl=57, > ., > P. 90, < P. 100 text=\"HTTP/1.1 302\" nots ttl=64 id=1 win=8192 \
             +3ms, < P. 400 text=\"HTTP/1.1 200\" seq=#1 ttl=57 +20ms, > .",
        "> S, < S. ttl=112 +55ms, > . +50us, > P. 80 +20ms, < FP. 78 nots ttl=60 id=9 +20ms, < R. \
             nots win=0 ttl=60 id=9 +50us, < . ttl=112 seq=#1 +30ms, > R +20us",
        "> S nots, < S. nots ttl=112, > . nots, > P. 80 nots, < FP. 78 nots ttl=60 win=1000, < . \
             nots ttl=112 seq=#1 +30ms, > R",
    ],
    near_misses: &[
        // Its sender changed them itself.
        (
            "> S, < S., > ., > P. 90, < P. 100 text=\"HTTP/1.1 302\", < P. 400 text=\"HTTP/1.1 \
             200\" seq=#1, > ., < F., > F., < .",
            "server_close",
        ),
        // The same bytes again, from farther away.
        (
            "> S, < S. ttl=57, > ., > P. 90, < P. 100 ttl=57, < P. 100 again ttl=54, > ., < F. \
             ttl=57, > F., < . ttl=57",
            "server_close",
        ),
        // A balancer answered the SYN, and the server all the rest.
        (
            "> S nots, < S. nots ttl=250, > . nots, > P. 90 nots, < P. 100 nots ttl=57, > . nots, \
             < F. nots ttl=57, > F. nots, < . nots ttl=57",
            "server_close",
        ),
        (
            "> S nots, < S. nots ttl=118 win=60720, > . nots, > P. 90 nots, < P. 40 nots ttl=64, < \
             P. 9 nots ttl=64, < P. 9 nots ttl=64, < P. 9 nots ttl=64, < P. 9 nots ttl=64, < P. 9 \
             nots ttl=64, < P. 9 nots ttl=64, < P. 9 nots ttl=64, < P. 9 nots ttl=64, < P. 9 nots \
             ttl=64, < P. 9 nots ttl=64, > . nots, < F. nots ttl=64, > F. nots, < . nots ttl=64",
            "server_close",
        ),
        // Probes without timestamps, as some devices send them.
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., > . probe nots +60s, < ., > F. +1s, < F., > .",
            "client_close",
        ),
    ],
    twins: &[],
    applies: Applies::Content,
    needs: Needs::NOTHING.extra(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The genuine bytes came too, and several signs show which are not.
    confidence CONTRADICTED = 0.85;
    /// They came, and one strong sign shows it: other routers, or no timestamp.
    confidence BY_ONE_SIGN = 0.7;
    /// They came, and one weak sign shows it.
    confidence BY_A_WEAK_SIGN = 0.55;
    /// No other bytes came, and several signs show it.
    confidence SEVERAL_SIGNS = 0.7;
    /// No other bytes came, and two signs show it.
    confidence TWO_SIGNS = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    // A FIN that brought nothing: why it came says more.
    let bare = case.connection.side(Side::Server).unique_bytes == 0;
    let mut finding = injected(case).filter(|_| !(bare && filtered_by_name::held(case)))?;
    // Forged payload alone closes nothing: the FINs were their senders' own.
    let closed = matches!(case.connection.ending, Ending::Graceful | Ending::HalfClosed);
    finding.ended_by_sender = closed && !forged_fin(case);
    Some(finding)
}

/// Whether a FIN was among what was forged.
fn forged_fin(case: &Case<'_>) -> bool {
    let foreign = case.connection.extra().map(|extra| extra.foreign);
    foreign.is_some_and(|sides| sides.into_iter().flatten().any(|foreign| foreign.fin))
}

/// A segment that none of the two sent.
pub(super) fn injected(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let foreign = c.extra()?.foreign;
    [Side::Client, Side::Server]
        .into_iter()
        .find_map(|side| judged(foreign[side]?, c.side(side), side))
}

fn judged(foreign: Foreign, claimed: &Endpoint, side: Side) -> Option<Finding> {
    let (signs, changed) = (foreign.signs, claimed.changed());
    let routers = signs.has(Signs::HOPS);
    let stamp = signs.has(Signs::STAMP);
    let other = foreign.contradicted.get();
    // Its sender knows nothing of it.
    let denied = foreign.denied.get();
    // Another hardware address alone is that of another router, or of a copy.
    let headers = signs.count() - u32::from(signs.has(Signs::LINK));
    if headers == 0 || changed && other.is_none() {
        return None;
    }
    let confidence = match (other.is_some(), signs.count() + u32::from(denied.is_some())) {
        (true, 1) if routers || stamp => BY_ONE_SIGN,
        (true, 1) => BY_A_WEAK_SIGN,
        (true, _) => CONTRADICTED,
        (false, 1) => return None,
        // Of the same shape were all its segments then, as far as one can tell.
        (false, _) if !routers || !stamp && foreign.own_after == 0 => return None,
        (false, 2) => TWO_SIGNS,
        (false, _) => SEVERAL_SIGNS,
    };
    let by = if side == Side::Client { "client" } else { "server" };
    let mut finding = Finding::new(confidence)
        .with(Evidence::text("segment_unlike_its_sender", by).at(foreign.packet))
        .with_some(
            denied.map(|packet| Evidence::of("its_sender_goes_on_from_before_it").at(packet)),
        )
        .with_some(other.map(|packet| Evidence::of("other_octets_at_its_numbers").at(packet)));
    for (sign, name) in SIGNS {
        if signs.has(sign) {
            let mut evidence = Evidence::of(name).at(foreign.packet);
            if sign == Signs::HOPS {
                evidence.text = own_range(claimed).and_then(|own| ttls_differ(foreign.ttl, own));
            }
            finding = finding.with(evidence);
        }
    }
    Some(finding.data_by_third_party())
}

/// How the signs are told.
const SIGNS: [(Signs, &str); 7] = [
    (Signs::HOPS, "hops_differ"),
    (Signs::STAMP, "timestamp_missing"),
    (Signs::DF, "may_be_fragmented"),
    (Signs::LABEL, "flow_label_differs"),
    (Signs::LINK, "hardware_address_differs"),
    (Signs::ID, "ip_id_out_of_sequence"),
    (Signs::WINDOW, "window_unlike_the_senders"),
];

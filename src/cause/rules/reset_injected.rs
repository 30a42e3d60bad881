use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "reset_injected",
    class: Class::Suspicious,
    summary: "A reset that its claimed sender did not send: somebody on or beside the path \
           injected it.",
    wire: "A score over contradictions with the claimed sender's other segments: it goes on \
           sending, the sequence number is a guess, several resets in lockstep, other routers \
           passed, another identification, timestamp, window, fragment bit, flow label or \
           hardware address, or it comes sooner than any answer could. Never the routers alone. \
           A reset that is consistent in everything, or a plain reply, is not called injected, \
           nor is one after a silence (idle_timeout_reset) or a refusal (rejected_by_firewall).",
    reference: "Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets (NDSS 2009); RFC 5961",
    next: "Compare with a capture at the other end: did the claimed sender really send it?",
    examples: &[
        "> S, < S. ttl=52, > ., < . ttl=52, > P. 120, < R. nots ttl=101 id=4711 win=3000 +1ms, < \
             P. 900 ttl=52 +30ms, > R, < P. 900 ttl=52",
        "> S, < S. ttl=50, > ., < . ttl=50, > P. 90, < R. nots ttl=60 id=99 +2ms, < R. nots ttl=60 \
             id=99 seq=+1460 +0ms, < R. nots ttl=60 id=99 seq=+4380 +0ms",
        "> S ttl=54, < S. +50us, > . ttl=54 +100ms, > R. nots win=0 ttl=250 id=0 +2ms",
        "> S, < S. ttl=106, > ., > P. 80, < R ttl=21 +20ms, < R ttl=21 seq=+12503 +500us",
        "> S, < S. +50us, > . +80ms, > P. 80 +20ms, < . +50us, > R +300us, > R +80ms",
        // A reply to nothing: its number had not been acknowledged.
        "> S ttl=52, < S. +50us, > . ttl=52 +30ms, > P. 80 ttl=52, < . +50us, < P. 500 +1ms, > . ttl=52 +30ms, > P. 281 ttl=52 +90ms, > R ttl=128 seq=#362 +57us",
        // Beyond a filter that takes the request away: a reply, with nothing to answer.
        "> S ttl=60, < S. +50us, > . ttl=60 +30ms, > R ttl=120 +1ms",
        // A forger whose number was late by one request; the true client had been reset, too.
        "> S ttl=55, < S. +50us, > . ttl=55 +60ms, > P. 80 ttl=55, < . +50us, < P. 1400 +10ms, > . \
             ttl=55 +60ms, > P. 203 ttl=55, < . +50us, > R seq=#81 ttl=6 +4ms, < P. 1400 +10ms, < \
             P. 1400 +10ms, > R ttl=55 +40ms",
    ],
    near_misses: &[
        // From where its sender is, whatever it answers.
        ("> S ttl=60, < S. +50us, > . ttl=60 +30ms, > R ttl=60 +1ms", "application_abort"),
        // Of one direction alone, behind a FIN: the other side may have closed long before.
        (
            "(> S), < S. ttl=60, (> .), (> P. 80), < P. 300 ttl=60 +20ms, (> F.), < F. ttl=60 +2s, \
             < R. nots win=0 ttl=253 id=7 +3s",
            "application_abort",
        ),
        ("> S, < S., > ., > P. 10, < ., < R.", "abort_unread_data"),
        // A stack that stamps no reset.
        (
            "> S, < S. ttl=57, > ., > P. 80, < P. 300 ttl=57, > ., < R. nots win=502 ttl=57 id=0 \
             +5ms",
            "application_abort",
        ),
        // What only the direction that was not captured can tell.
        (
            "> S, (< S. ack=+5), > R, > S again +12ms, (< S.), > ., > P. 119, (< P. 900), > ., > \
             F., (< F.), > .",
            "client_close",
        ),
        // An old stack that closes so, from where it is.
        (
            "> S nots, < S. nots +50us, > . +30ms, > P. 80, < ., < P. 500 +1ms, > . +30ms, > P. 281 +90ms, > R win=0 seq=#362 +57us",
            "application_abort",
        ),
        // Other routers alone.
        ("> S, < S. ttl=57, > ., > P. 80, < P. 300 ttl=57, > ., < R. ttl=50", "application_abort"),
        // The same routers, another initial TTL, as of lwIP and a socket with its own.
        (
            "> S, < S. ttl=250 win=40000, > ., > P. 80, < P. 300 ttl=250 win=9863, > ., < R. nots \
             win=4135 ttl=250 id=0 +5ms",
            "application_abort",
        ),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING,
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Without any score.
    confidence BASE = 0.4;
    /// And what each point of the score adds.
    weight OF_SCORE = 0.05;
    /// At most.
    confidence MOST = 0.9;
    /// At most, with one kind of evidence.
    confidence ONE_SIGN = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset?;
    // Who refuses in the name of a host that is known otherwise, and is not contradicted by it, is
    // a firewall.
    let c = case.connection;
    let refused = refusal(case).is_some() && c.side(Side::Server).alive == 0;
    if refused && case.context.host(c.addresses.server).is_some() {
        return None;
    }
    let own = judged(case, reset);
    if own.is_some() || reset.form != Some(Form::Reply) {
        return own;
    }
    // The victim of a forged reset answers what still reaches it; seen beyond the forger, its
    // reply stands behind a forged reset that had no effect here.
    let plain = || first_forged(case, reset.sender);
    let forged = case.storm.map_or_else(plain, |storm| storm.first_forged(reset.sender, plain));
    forged
        .filter(|(packet, _)| *packet < reset.packet)
        .map(|(_, finding)| finding.with(Evidence::of("victim_answers").at(reset.packet)))
}

/// The packet of the first reset of a side that was forged and had no effect, and why.
fn first_forged(case: &Case<'_>, side: Side) -> Option<(u64, Finding)> {
    case.resets()
        .filter(|other| other.sender == side && other.effective == Some(false))
        .find_map(|other| Some((other.packet, judged(case, other)?)))
}

fn judged(case: &Case<'_>, reset: &Teardown) -> Option<Finding> {
    let own = case.reset.is_some_and(|own| std::ptr::eq(own, reset));
    let known = case.score.filter(|_| own);
    let made = known.is_none().then(|| super::super::score::score(case, reset));
    let score = known.or(made.as_ref())?;
    if score.total < case.parameters.injection_score || score.kinds == 0 {
        return None;
    }
    // Behind a FIN whose answer was not captured, the connection may have been over.
    if reset.sender_fin_before && !case.side(reset.sender.peer()).spoke() {
        return None;
    }
    let mut confidence = (BASE + OF_SCORE * score.total).min(MOST);
    if score.kinds == 1 {
        confidence = confidence.min(ONE_SIGN);
    }
    let mut finding = Finding::new(confidence)
        .with(Evidence::number("injection_score", score.total).at(reset.packet));
    finding.evidence.extend_from_slice(&score.evidence);
    Some(finding.by_third_party())
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "syn_ack_unanswered",
    class: Class::Timeout,
    summary: "The server answered the SYN and never heard of the client again: a SYN flood, an \
           answer that is lost on its way back, or a client that is gone.",
    wire: "A SYN-ACK that fits, and no acknowledgment, reset or data of the client. A flood: many \
           sources with one SYN each at one service within {flood_s}. A lost answer: the client \
           repeats its SYN although the SYN-ACK was captured, so it is lost behind the point of \
           capture or dropped there. A silent client: the SYN-ACK is repeated, the SYN is not: the \
           source is spoofed, gone, or a scanner that lets nothing out. Or a single \
           SYN-ACK that nothing follows, of a server that sends cookies: not where the capture ends \
           soon, or has SYNs, FINs and resets alone and so shows no acknowledgment. Some servers and boxes \
           clear the half-open connection by a reset after seconds, and in a flood the owner of a \
           spoofed address answers the SYN-ACK by a reset.",
    reference: "RFC 4987; RFC 9293 section 3.10.7.4; Linux tcp_synack_retries, rp_filter",
    next: "Look at the half-open count (ss -n state syn-recv): of a flood, turn on SYN cookies. \
           Of a lost answer, capture at the client, and look for asymmetric routes, reverse-path \
           filters and firewalls that saw one direction only.",
    examples: &[
        "> S, < S. +1ms, > S again +1s, < S. again +1ms, > S again +1s, < S. again +1ms, < S. \
             again +3s",
        "> S, < S. +1ms, < S. again +1s, < S. again +2s, < S. again +4s",
        "> S, < S. +12ms, < R seq=#1 +5s",
        // A server that sends cookies repeats none.
        "> S, < S. +1ms, > S port=40001 +9s",
        "> S client=1, < S. +1ms, > S client=2 +9ms, < S. +1ms, > S client=3 +9ms, < S. +1ms, > S \
             client=4 +9ms, < S. +1ms, > S client=5 +9ms, < S. +1ms, > S client=6 +9ms, < S. +1ms, \
             > S client=7 +9ms, < S. +1ms, > S client=8 +9ms, < S. +1ms",
        // A spoofed address has an owner, who never asked.
        "> S client=9, < S. +1ms, > S client=1..8 +4ms, < S. client=1..8 +50us, > R client=9 \
             ttl=110 +120ms",
    ],
    near_misses: &[
        ("> S, < S. +1ms", "undetermined"),
        // Seven are a busy second.
        (
            "> S client=9, < S. +1ms, > S client=1..7 +4ms, < S. client=1..7 +50us, > R client=9 \
             +120ms",
            "client_handshake_timeout",
        ),
        // The capture ends too soon.
        ("> S, < S. +1ms, > S port=40001 +500ms", "undetermined"),
        // A capture of SYNs and FINs alone.
        (
            "> S client=9, < S., (> .), (> P. 60), (< P. 90), > F., < F., > S client=1, < S. +1ms, \
             > S client=2 +9ms, < S. +1ms, > S client=3 +9ms, < S. +1ms, > S client=4 +9ms, < S. \
             +1ms, > S client=5 +9ms, < S. +1ms, > S client=6 +9ms, < S. +1ms, > S client=7 +9ms, \
             < S. +1ms, > S client=8 +9ms, < S. +1ms",
            "undetermined",
        ),
        ("> S, > S again +1s, < S. +1ms", "undetermined"),
        ("> S, < S. +1ms, < S. again +1s, > . +1ms, > P. 20, < .", "still_open"),
        (
            "> S client=1, < S. +1ms, > S client=2 +9ms, < S. +1ms, > S client=3 +9ms, < S. +1ms, \
             > S client=4 +9ms, < S. +1ms, > S client=5 +9ms, < S. +1ms, > S client=6 +9ms, < S. \
             +1ms, > S client=7 +9ms, < S. +1ms",
            "undetermined",
        ),
        (
            "> S client=1, < S. +1ms, > ., > S client=2 +9ms, < S. +1ms, > ., > S client=3 +9ms, < \
             S. +1ms, > ., > S client=4 +9ms, < S. +1ms, > ., > S client=5 +9ms, < S. +1ms",
            "undetermined",
        ),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING
        .unless_reset(&[Ending::HandshakeIncomplete])
        .if_reset(&[Ending::HandshakeAbortedByServer, Ending::HandshakeAbandoned]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// One of a flood.
    confidence FLOOD = 0.8;
    /// SYN or SYN-ACK were repeated.
    confidence REPEATED = 0.75;
    /// They were, but the capture ended soon: what was lost may still come.
    confidence MAY_COME = 0.55;
    /// The half-open connection was cleared by a reset in the end.
    confidence GIVEN_UP = 0.6;
    /// In a flood, the true owner of the address answers.
    confidence DISOWNED = 0.6;
    /// A single SYN-ACK, which most servers would have repeated.
    confidence ONCE = 0.7;
    /// Fewer SYNs and SYN-ACKs than this may have been lost by chance.
    count FEW: u32 = 5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if case.reset.is_some() {
        return given_up(case).or_else(|| disowned(case));
    }
    if c.ending != Ending::HandshakeIncomplete || shows_more(case) {
        return None;
    }
    let answered = c.good_syn_ack_time.get()?;
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    let syn_ack = c.syn_ack?;
    let repeated = client.syns > 1 && client.last_time > answered;
    // Where a filter kept no acknowledgments, none is missing.
    let filtered = case.context.service(c).is_some_and(|service| service.flags_only > 0);
    let sources = flood(case).filter(|_| !filtered);
    let base = if sources.is_some() {
        FLOOD
    } else if repeated || server.syn_acks > 1 {
        // What was lost once may still come.
        let once = client.syns + server.syn_acks < FEW && c.censored;
        if once { MAY_COME } else { REPEATED }
    } else if c.censored || filtered {
        return None;
    } else {
        // A server that heard nothing repeats its SYN-ACK, unless it sent a cookie.
        ONCE
    };
    let shape = if sources.is_some() {
        "flood"
    } else if repeated {
        "answer lost or dropped behind the capture"
    } else {
        "client silent"
    };
    Some(
        Finding::new(base)
            .with(Evidence::of("syn_ack_fits").at(syn_ack.packet))
            .with(Evidence::text("shape", shape))
            .with(Evidence::count("syns", u64::from(client.syns)).at(c.first_packet))
            .with(Evidence::count("syn_acks", u64::from(server.syn_acks)))
            .with_some(sources.map(|sources| Evidence::count("sources_at_once", sources as u64))),
    )
}

/// The server, or a box in its name, cleared the half-open connection by a reset in the end.
fn given_up(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeAbortedByServer {
        return None;
    }
    let (reset, answered) = (case.reset?, c.good_syn_ack_time.get()?);
    let client = c.side(Side::Client);
    let waited = reset.time.saturating_sub(answered);
    let silent = client.alive == client.syns && client.last_time <= reset.time;
    let syn_ack = c.syn_ack.filter(|_| silent && s(waited) >= case.parameters.idle_s)?;
    Some(
        Finding::new(GIVEN_UP)
            .with(Evidence::of("syn_ack_fits").at(syn_ack.packet))
            .with(Evidence::text("shape", "client silent"))
            .with(Evidence::time("waited_s", waited))
            .with(Evidence::of("reset_of_the_half_open_connection").at(reset.packet)),
    )
}

/// In a flood, the true owner of a spoofed address answers the SYN-ACK by a reset.
fn disowned(case: &Case<'_>) -> Option<Finding> {
    let reset = flooded(case)?;
    let c = case.connection;
    Some(
        Finding::new(DISOWNED)
            .with(Evidence::of("syn_ack_fits").maybe_at(c.syn_ack.map(|answer| answer.packet)))
            .with(Evidence::text("shape", "flood"))
            .with_some(flood(case).map(|s| Evidence::count("sources_at_once", s as u64)))
            .with(Evidence::of("reset_by_who_sent_no_syn").at(reset.packet)),
    )
}

/// The client's reset to a SYN-ACK in the midst of a flood of one SYN of each of many sources.
pub(super) fn flooded<'a>(case: &Case<'a>) -> Option<&'a Teardown> {
    let reset = abandonment(case).filter(|reset| {
        reset.form == Some(Form::Reply) && reset.trigger == Some(Trigger::SynAck)
    })?;
    flood(case).map(|_| reset)
}

/// Sources with one SYN each that left this service half open at the same time, where there are
/// enough and most of what came to it went so: a busy service has some on their way at any time.
#[allow(clippy::cast_precision_loss)] // at most some dozens
pub(super) fn flood(case: &Case<'_>) -> Option<usize> {
    let c = case.connection;
    if c.side(Side::Client).syns > 1 {
        return None;
    }
    let service = case.context.service(c)?;
    let sources = service.half_open_around(c.start, case.parameters.flood_s);
    let most = u64::from(service.half_open) * 2 > u64::from(service.accepted);
    (sources as f64 >= case.parameters.flood_sources && most).then_some(sources)
}

use super::super::LIKELY;
use super::super::context::Attempt;
use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "timestamp_rejected",
    class: Class::Timeout,
    summary: "The server dropped the SYN because its timestamp lies before the last one that it \
           had seen from this address: several hosts behind one address look like one whose clock \
           goes back.",
    wire: "A SYN with a timestamp, repeated and never answered. Within {timestamp_kept_s} before, \
           the server had accepted a SYN of the same address with a higher timestamp, and it \
           accepts another one of the same clock while this one is tried. Or the other clock is \
           accepted again within that time, and none of its own or a later one was dropped between; \
           or, while this one is tried, a SYN of the address without a timestamp is accepted; or, \
           when the server has forgotten the higher one, a SYN of this one's clock. Or timestamps \
           foretell what the service does with each SYN of this address: it accepts those that are \
           not behind the last accepted one and drops the others. By chance each goes so every other \
           time, so that several are needed, and more where nothing is accepted any more; fewer \
           leave syn_unanswered in doubt. (Linux with tcp_tw_recycle, before 4.12.)",
    reference: "RFC 7323 section 5 (PAWS), appendix G of RFC 1323's per-host cache; Linux \
           net.ipv4.tcp_tw_recycle, PAWSPassive",
    next: "Look at the server's counters (nstat -az: PAWSPassive, TcpExtTWRecycled) and turn \
           tcp_tw_recycle off there; a client behind NAT cannot mend it but by leaving timestamps \
           out.",
    examples: &[
        "> S clock=+900000, < S., > ., > P. 40, < P. 9, > S port=40001 +5s, > S again +1s, > S \
             port=40002 clock=+900000 +1s, < S., > ., > S port=40001 again +1s",
        // The other one came just after its second SYN.
        "> S port=1 clock=+900000, < S. +20ms, > ., > P. 40, < P. 9, > S port=2 clock=+1000 +5s, > \
             S again clock=+2000 +1s, > S port=3 clock=+900000 +500ms, < S., > .",
        // Clocks of several hosts, of which it accepts those alone that are ahead.
        "> S port=1 clock=+1000000, < S. +20ms, > ., > S port=2 clock=+300000000 +1s, \
             < S. +20ms, > ., > S port=3 clock=+700000000 +1s, < S. +20ms, > ., > S \
             port=4 clock=+200000000 +1s, > S again clock=+200001000 +1s, > S port=5 \
             clock=+900000000 +500ms, < S. +20ms, > ., > S port=6 clock=+1200000000 +1s, \
             < S. +20ms, > .",
        // Two of them are dropped, and one is served between.
        "> S port=1 clock=+2000000000, < S. +20ms, > ., > S port=2 clock=+1000000000 +1s, > S again \
             clock=+1000001000 +1s, > S port=3 clock=+3000000000 +500ms, < S. +20ms, > ., > S port=4 \
             clock=+2500000000 +1s, > S again clock=+2500001000 +1s, > S port=5 clock=+3600000000 \
             +500ms, < S. +20ms, > .",
        // Every one that is behind is dropped, and none comes any more that is not.
        "> S port=1 clock=+100000000, < S. +20ms, > ., > S port=2 clock=+900000000 +1s, < S. \
             +20ms, > ., > S port=3 clock=+2000000000 +1s, < S. +20ms, > ., > S port=4 \
             clock=+1200000000 +1s, > S again clock=+1200001000 +1s, > S port=5 clock=+500000000 \
             +1s, > S again clock=+500001000 +1s, > S port=6 clock=+1600000000 +1s, > S again \
             clock=+1600001000 +1s",
        // The other clock comes back when this one has given up.
        "> S port=1 clock=+900000, < S. +20ms, > ., > P. 40, < P. 9, > S port=2 clock=+1000 +5s, > S \
             again clock=+2000 +1s, > S again clock=+4000 +2s, > S port=3 clock=+900000 +15s, < S. \
             +20ms, > .",
        // It gives up timestamps, and is answered.
        "> S port=1 clock=+900000, < S. +20ms, > ., > P. 40, < P. 9, > S port=2 clock=+1000 +5s, > S \
             again clock=+2000 +1s, > S port=3 bare +1s, < S. bare +20ms, > ., < P. 9 \
             +20s",
        // The server has forgotten, and takes the same clock.
        "> S port=1 clock=+900000, < S. +20ms, > ., > P. 40, < P. 9, > S port=2 clock=+1000 +5s, > S \
             again clock=+2000 +1s, > S again clock=+4000 +2s, > S port=3 clock=+1000 +70s, < S. \
             +20ms, > .",
    ],
    near_misses: &[
        // The service was gone for a while: the other clock was not answered either.
        (
            "> S port=1 clock=+900000, < S. +20ms, > ., > P. 40, < P. 9, > S port=2 clock=+1000 +5s, \
                 > S again clock=+2000 +1s, > S port=3 clock=+900000 +1s, > S again clock=+901000 \
                 +1s, > S port=4 clock=+900000 +15s, < S. +20ms, > .",
            "syn_unanswered",
        ),
        // It accepts others that are behind as well.
        (
            "> S port=1 clock=+1000000, < S. +20ms, > ., > S port=2 clock=+300000000 \
                 +1s, < S. +20ms, > ., > S port=3 clock=+700000000 +1s, < S. +20ms, > ., \
                 > S port=4 clock=+200000000 +1s, > S again clock=+200001000 +1s, > S \
                 port=5 clock=+900000000 +500ms, < S. +20ms, > ., > S port=6 \
                 clock=+400000000 +1s, < S. +20ms, > .",
            "accept_queue_overflow",
        ),
        // Four clocks that all went so: a service that fell silent does that now and then.
        (
            "> S port=1 clock=+100000000, < S. +20ms, > ., < P. 9, > S port=2 clock=+2000000000 +1s, \
                 < S. +20ms, > ., < P. 9, > S port=3 clock=+1200000000 +1s, > S again \
                 clock=+1200001000 +1s, > S port=4 clock=+500000000 +1s, > S again \
                 clock=+500001000 +1s, > S port=5 clock=+1600000000 +1s, > S again \
                 clock=+1600001000 +1s",
            "syn_unanswered",
        ),
        // One that is ahead is dropped with those that are behind.
        (
            "> S port=1 clock=+100000000, < S. +20ms, > ., < P. 9, > S port=2 clock=+900000000 +1s, \
                 < S. +20ms, > ., < P. 9, > S port=3 clock=+2000000000 +1s, < S. +20ms, > ., < P. 9, \
                 > S port=4 clock=+1200000000 +1s, > S again clock=+1200001000 +1s, > S port=5 \
                 clock=+500000000 +1s, > S again clock=+500001000 +1s, > S port=6 \
                 clock=+2600000000 +1s, > S again clock=+2600001000 +1s",
            "syn_unanswered",
        ),
        // The clock went on: nothing to reject.
        (
            "> S, < S., > ., > P. 40, < P. 9, > S port=40001 +5s, > S again +1s, > S port=40002 \
             +1s, < S., > ., > S port=40001 again +1s",
            "syn_unanswered",
        ),
        // Nobody else is answered meanwhile.
        (
            "> S clock=+900000, < S., > ., > P. 40, < P. 9, > S port=40001 +5s, > S again +1s, > S \
             again +2s",
            "syn_unanswered",
        ),
        // The server has forgotten by then.
        (
            "> S clock=+900000, < S., > ., > P. 40, < P. 9, > S port=40001 +65s, > S again +1s, > \
             S port=40002 +1s, < S., > ., > S port=40001 again +1s",
            "syn_unanswered",
        ),
    ],
    twins: &[(
        "syn_unanswered",
        "a service that falls silent drops what is behind, too, and perhaps nothing else comes then",
    )],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The server accepts another SYN of the same clock meanwhile, or timestamps foretell the fate of
    /// many.
    confidence ONE_CLOCK = 0.75;
    /// At most, where they foretell that of fewer.
    confidence FORETOLD = 0.72;
    /// So many times as likely as anything else makes them many.
    fraction MANY = 9.0;
    /// It accepts that clock again later, and dropped nothing of it between.
    confidence AGAIN = 0.6;
    /// It accepts a SYN without a timestamp, or, when it has forgotten, this clock.
    confidence UNSTAMPED_OR_FORGOTTEN = 0.65;
    /// How many times as long as the server remembers is looked for what it accepts then.
    count REMEMBERED = 2.0;
    /// How long a client waits after its second SYN.
    window NEXT_SYN_S = 3.0;
    /// A service that accepts others meanwhile drops a SYN so many times as often for another reason.
    fraction OTHERWISE = 10.0;
    /// And one that accepts none any more.
    fraction SILENT = 20.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    if case.connection.ending != Ending::HandshakeUnanswered {
        return None;
    }
    // A timestamp that is not behind is not what the SYN was dropped for.
    let found = higher(case).filter(|_| !lone(case)).and_then(|higher| rejected(case, higher));
    Some(found.unwrap_or_else(|| Finding::candidate(0.0)))
}

fn rejected(case: &Case<'_>, higher: &Attempt) -> Option<Finding> {
    let c = case.connection;
    let syns = c.side(Side::Client).syns;
    // Many hosts begin each connection's clock anew; the others must be on one that goes on.
    let same = || meanwhile(case).find(|other| higher.one_clock(other));
    let shown = same().map(|other| (ONE_CLOCK, "accepted_meanwhile", other));
    let later = || afterwards(case, higher).map(|(sure, other)| (sure, "accepted_later", other));
    let shown = shown.or_else(later).filter(|_| syns > 1);
    let count = case.context.foretold(c, case.parameters.timestamp_kept_s);
    let by_clocks = count.map(|count| likely(case, count));
    let shown_by = shown.map(|(confidence, ..)| confidence);
    let confidence = by_clocks.into_iter().chain(shown_by).reduce(f64::max)?;
    let decides = syns > 1 && confidence > LIKELY;
    let finding = if decides { Finding::new(confidence) } else { Finding::candidate(confidence) };
    let accepted = shown.map(|(_, fact, other)| (fact, other));
    let accepted = accepted.or_else(|| Some(("accepted_meanwhile", served_meanwhile(case)?)));
    let code = |fact, stamp: Option<u32>| stamp.map(|stamp| Evidence::count(fact, stamp.into()));
    Some(
        finding
            .with_some(code("timestamp", c.syn_timestamps[0]).map(|fact| fact.at(c.first_packet)))
            .with_some(code("timestamp_seen", higher.stamp))
            .with(Evidence::count("seen_in_connection", higher.id))
            .with_some(accepted.map(|(fact, other)| Evidence::count(fact, other.id)))
            .with_some(code("as_timestamps_foretold", count))
            .with(Evidence::count("syns", u64::from(syns))),
    )
}

/// How likely a service drops a SYN for its timestamp, if timestamps foretold the fate of this one
/// and, with it, of so many: each of them does so by chance every other time.
pub(super) fn by_timestamps(case: &Case<'_>) -> Option<f64> {
    let kept = case.parameters.timestamp_kept_s;
    let count = higher(case).and_then(|_| case.context.foretold(case.connection, kept));
    count.map(|count| likely(case, count))
}

fn likely(case: &Case<'_>, foretold: u32) -> f64 {
    let otherwise = if served_meanwhile(case).is_some() { OTHERWISE } else { SILENT };
    let odds = f64::from(foretold).exp2() / otherwise;
    if odds >= MANY { ONE_CLOCK } else { (odds / (1.0 + odds)).min(FORETOLD) }
}

/// What the server accepted last of the client's address, if it had a higher timestamp.
fn higher<'a>(case: &Case<'a>) -> Option<&'a Attempt> {
    let c = case.connection;
    let stamp = c.syn_timestamps[0]?;
    let kept = case.parameters.timestamp_kept_s;
    let before = |start: i64| start <= c.start && s(c.start.saturating_sub(start)) < kept;
    let last = near(case).filter(|other| before(other.start)).last()?;
    last.stamp.filter(|&seen| stamp.wrapping_sub(seen).cast_signed() < 0).map(|_| last)
}

/// What the server accepted of the client's address, as long as it remembers a timestamp.
fn near<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    let c = case.connection;
    let attempts = case.context.around(c, case.parameters.timestamp_kept_s);
    attempts.filter(|other| other.service.0 == c.addresses.server && other.id != c.id)
}

/// What came of that after the SYN, until the next one would have come.
fn meanwhile<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    let c = case.connection;
    let soon = |start: i64| s(start.saturating_sub(c.end)) <= NEXT_SYN_S;
    near(case).filter(move |other| other.start > c.start && soon(other.start))
}

fn served_meanwhile<'a>(case: &Case<'a>) -> Option<&'a Attempt> {
    meanwhile(case).find(|other| other.service.1 == case.connection.ports.server)
}

/// What the server accepted of the client's address later, that says that it was this SYN's
/// timestamp alone.
fn afterwards<'a>(case: &Case<'a>, higher: &Attempt) -> Option<(f64, &'a Attempt)> {
    let c = case.connection;
    let kept = case.parameters.timestamp_kept_s;
    let own = Attempt { stamp: c.syn_timestamps[0], start: c.start, ..Attempt::default() };
    let service = (c.addresses.server, c.ports.server);
    let later = || {
        let all = case.context.around(c, REMEMBERED * kept);
        all.filter(|other| other.service == service && other.start > c.start && other.id != c.id)
    };
    let soon = |other: &&Attempt| s(other.start.saturating_sub(c.end)) <= NEXT_SYN_S;
    if let Some(other) = later().filter(soon).find(|other| other.stamp.is_none()) {
        return Some((UNSTAMPED_OR_FORGOTTEN, other));
    }
    // Of a service that was gone for a while, no clock is answered.
    let dropped = |until: i64, clock: &Attempt| {
        case.context.unanswered_around(c, kept).any(|other| {
            other.service == service
                && (higher.start..until).contains(&other.start)
                && (other.stamp.is_none() || clock.one_clock(other))
        })
    };
    let next = later().next()?;
    let since = s(next.start.saturating_sub(higher.start));
    if since < kept && higher.one_clock(next) {
        return (!dropped(next.start, higher)).then_some((AGAIN, next));
    }
    let forgotten = since >= kept && own.one_clock(next) && !higher.one_clock(next);
    (forgotten && !dropped(next.start, higher)).then_some((UNSTAMPED_OR_FORGOTTEN, next))
}

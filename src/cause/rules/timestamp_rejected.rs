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
           accepts another one of the same clock while this one is tried, or others each of which, \
           {ascending} at least, has a higher timestamp than the one before. Or the other clock is \
           accepted again within that time, and none of its own or a later one was dropped between; \
           or, while this one is tried, a SYN of the address without a timestamp is accepted; or, \
           when the server has forgotten the higher one, a SYN of this one's clock. (Linux with \
           tcp_tw_recycle, before 4.12.)",
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
    twins: &[],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeUnanswered]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The server accepts another SYN of the same clock meanwhile.
    confidence ONE_CLOCK = 0.75;
    /// It accepts that clock again later, and dropped nothing of it between.
    confidence AGAIN = 0.6;
    /// It accepts a SYN without a timestamp, or, when it has forgotten, this clock.
    confidence UNSTAMPED_OR_FORGOTTEN = 0.65;
    /// How many times as long as the server remembers is looked for what it accepts then.
    count REMEMBERED = 2.0;
    /// How long a client waits after its second SYN.
    window NEXT_SYN_S = 3.0;
    /// A clock of a tick each millisecond may run fast by one part in so many.
    fraction CLOCK: i64 = 10;
    /// And by so many ticks.
    count TICKS: i64 = 10;
    /// Attempts that the server accepted, each with a later timestamp than the one before: of clocks
    /// that have nothing to do with each other, one in a hundred is so.
    count ASCENDING: usize = 5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeUnanswered || c.side(Side::Client).syns < 2 {
        return None;
    }
    let stamp = c.syn_timestamps[0]?;
    let kept = case.parameters.timestamp_kept_s;
    let near = || {
        let attempts = case.context.around(c, kept);
        attempts.filter(|other| other.service.0 == c.addresses.server && other.id != c.id)
    };
    let before = |start: i64| start <= c.start && s(c.start.saturating_sub(start)) < kept;
    let higher = near().filter(|other| before(other.start)).last()?;
    let behind = |seen: u32| stamp.wrapping_sub(seen).cast_signed() < 0;
    higher.stamp.filter(|&seen| behind(seen))?;
    // Until the next SYN would have come.
    let soon = |start: i64| s(start.saturating_sub(c.end)) <= NEXT_SYN_S;
    // Many hosts begin each connection's clock anew; the others must be on one that goes on.
    // Or all that it accepts are each ahead of the one before, as no such clocks are by chance.
    let later = || near().filter(|other| other.start > c.start && soon(other.start));
    let service = |other: &&Attempt| other.service.1 == c.ports.server;
    let meanwhile = later()
        .find(|other| one_clock(higher, other))
        .or_else(|| later().find(service).filter(|_| ascending(near().filter(service))));
    let (confidence, other) = match meanwhile {
        Some(other) => (ONE_CLOCK, other),
        None => afterwards(case, higher)?,
    };
    Some(
        Finding::new(confidence)
            .with(Evidence::count("timestamp", u64::from(stamp)).at(c.first_packet))
            .with_some(higher.stamp.map(|seen| Evidence::count("timestamp_seen", u64::from(seen))))
            .with(Evidence::count("seen_in_connection", higher.id))
            .with(Evidence::count(
                if meanwhile.is_some() { "accepted_meanwhile" } else { "accepted_later" },
                other.id,
            ))
            .with(Evidence::count("syns", u64::from(c.side(Side::Client).syns))),
    )
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
                && (other.stamp.is_none() || one_clock(clock, other))
        })
    };
    let next = later().next()?;
    let since = s(next.start.saturating_sub(higher.start));
    if since < kept && one_clock(higher, next) {
        return (!dropped(next.start, higher)).then_some((AGAIN, next));
    }
    let forgotten = since >= kept && one_clock(&own, next) && !one_clock(higher, next);
    (forgotten && !dropped(next.start, higher)).then_some((UNSTAMPED_OR_FORGOTTEN, next))
}

/// Whether several attempts each have a later timestamp than the one before.
fn ascending<'a>(mut attempts: impl Iterator<Item = &'a Attempt>) -> bool {
    let Some(mut before) = attempts.next().and_then(|first| first.stamp) else { return false };
    let mut count = 1;
    for attempt in attempts {
        let Some(stamp) = attempt.stamp else { return false };
        if stamp.wrapping_sub(before).cast_signed() <= 0 {
            return false;
        }
        (before, count) = (stamp, count + 1);
    }
    count >= ASCENDING
}

/// Whether the timestamps of two attempts come from one clock: the second lies ahead, by no more
/// than a tick each millisecond and a tenth.
fn one_clock(first: &Attempt, second: &Attempt) -> bool {
    let (Some(one), Some(other)) = (first.stamp, second.stamp) else { return false };
    let ticks = i64::from(other.wrapping_sub(one));
    let passed = second.start.saturating_sub(first.start) / 1_000_000;
    (0..=passed.saturating_add(passed / CLOCK).saturating_add(TICKS)).contains(&ticks)
}

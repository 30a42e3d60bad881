use super::super::context::{Attempt, Tie};
use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "connect_race_lost",
    class: Class::Abort,
    summary: "The client tried several addresses, families or ports at once (happy eyeballs); \
           another attempt won and this one was dropped.",
    wire: "An abandoned handshake whose client completed another one before: to the same port of \
           another address, started within {race_window_s} of this one and won after this one \
           began (not where the client opens several connections to this address as well); to the \
           same port over the other IP version, started {race_families_from_s} to \
           {race_families_s} before or after (the same client by its hardware address, by being \
           the only such pair, or by being the only one that began as long after it as clients \
           wait, a quarter of a second or {race_window_s}); or to another port of the same host, started within {race_ports_s} \
           of this one and used; up to {race_window_s} later where this one was not opened \
           within {used_s} and no SYN of it repeated since, or where most of what the client \
           dropped, {usual} attempts at least, has such a rival. Not for a scan, nor where {pool} others at \
           the same address and port, opened at once, were all used: a pool.",
    reference: "RFC 8305 sections 5 and 8; SMB over 445 and 139 at once",
    next: "None: this is how clients race addresses, families and ports.",
    examples: &[
        "> S, > S server=2, < S. server=1, > ., < S. server=2, > R",
        "> S, > S server=2 +250ms, < S., > ., < S. server=1, > R",
        "> S, > S server=2 +300ms, < S., > ., < S. server=1, > R",
        "> S, > S port=40001 +90ms, < S., > ., < S. port=40000, > R",
        "> S v6, > S v4 port=40001 +250ms, < S. +20ms, > ., > P. 100, < S. v6 port=40000 +80ms, > \
             R +1ms",
        "> S service=443, > S service=8443 port=40001 +200ms, < S. +20ms, > ., > P. 100, < S. \
             service=443 port=40000 +80ms, > R +1ms, > S service=443 port=40002 +2s, > S \
             service=8443 port=40003 +150ms, < S. +20ms, > ., > P. 100, < S. service=443 \
             port=40002 +80ms, > R +1ms, > S service=443 port=40004 +2s, > S service=8443 \
             port=40005 +180ms, < S. +20ms, > ., > P. 100, < S. service=443 port=40004 +80ms, > R \
             +1ms",
        // Of two clients, one began as long after it as clients wait.
        "> S v6, > S v4 port=40001 +250ms, < S. +20ms, > ., > S client=2 +1ms, < S. +20ms, > ., < \
             S. v6 client=1 port=40000 +80ms, > R +1ms",
        // Another port, somewhat later, and this one no more.
        "> S service=443, > S service=8443 port=40001 +200ms, < S. +20ms, > ., > P. 100, < S. \
             service=443 port=40000 +80ms, > R +1ms",
        "> S service=445, > S service=139 port=40001 +300us, < S. service=445 port=40000, > ., < \
             S. service=139 port=40001, > R +1ms, > P. 159 service=445 port=40000, < P. 240",
    ],
    near_misses: &[
        // A browser opens several connections to one address, and another site beside.
        (
            "> S server=1, > S server=1 port=40001 +200ms, < S. server=1 port=40000, > ., > P. 80, \
             < ., > S server=2 port=40002 +10ms, < S., > ., < S. server=1 port=40001 +20ms, > R",
            "undetermined",
        ),
        // The other address was open before this one was tried.
        (
            "> S server=2, < S., > ., > S server=1 port=40001 +200ms, < S. +20ms, > R",
            "undetermined",
        ),
        ("> S, > S server=2 +301ms, < S., > ., < S. server=1, > R", "client_handshake_timeout"),
        ("> S, > S port=40001 +110ms, < S., > ., < S. port=40000, > R", "client_handshake_timeout"),
        ("> S bare nots, > S server=2, < S. server=1, > R, < S. server=2, > .", "undetermined"),
        // Two other clients of the same port: nobody knows whose attempt this was.
        (
            "> S v6, > S v4 port=40001 +200ms, < S. +20ms, > ., > S client=2 +1ms, < S. +20ms, > \
             ., < S. v6 client=1 port=40000 +80ms, > R +1ms",
            "client_handshake_timeout",
        ),
        // Both as long after it as clients wait.
        (
            "> S v6, > S v4 port=40001 +250ms, > S client=2 +1ms, < S. client=1 port=40001 +20ms, \
             > ., < S. client=2 +20ms, > ., < S. v6 client=1 port=40000 +80ms, > R +1ms",
            "client_handshake_timeout",
        ),
        // A pool: all were meant.
        (
            "> S port=1..6 +300us, < S. port=1..5 +1ms, > . port=1..5, > P. 90 port=1..5 +1ms, < \
             P. 300 port=1..5 +1ms, < S. port=6 +120ms, > R +40us",
            "client_handshake_timeout",
        ),
        // Another service of the same host, a while later, and this one again.
        (
            "> S service=443, > S service=8443 port=40001 +200ms, < S. +20ms, > ., > P. 100, < S. \
             service=443 port=40000 +80ms, > R +1ms, > S service=443 port=40002 +300ms, < S. \
             +20ms, > .",
            "client_handshake_timeout",
        ),
        // Another machine by its hardware address.
        (
            "> S v6 mac=1, > S v4 mac=2 port=40001 +250ms, < S. +20ms, > . mac=2, < S. v6 \
             port=40000 +80ms, > R mac=1 +1ms",
            "client_handshake_timeout",
        ),
        // And begun before this one.
        (
            "> S service=8443, < S. +20ms, > ., > P. 100, > S service=443 port=40001 +100ms, < S. \
             +220ms, > R +1ms",
            "client_handshake_timeout",
        ),
        // It was still tried when the other one had long been open.
        (
            "> S service=443, > S service=8443 port=40001 +200ms, < S. +20ms, > ., > P. 100, > S \
             service=443 port=40000 again +800ms, < S. +80ms, > R +1ms",
            "client_handshake_timeout",
        ),
        // Three ports tried in vain beside the open one: a scan that connects.
        (
            "> S service=1, < R. +1ms, > S service=2, < R. +1ms, > S service=3, < R. +1ms, > S \
             service=445 port=40002, > S service=139 port=40001 +300us, < S. service=445 \
             port=40002, > ., < S. service=139 port=40001, > R +1ms",
            "syn_scan",
        ),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeAbandoned]).by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Another address won, at the same port.
    confidence SAME_FAMILY = 0.75;
    /// Another port of the host won.
    confidence OTHER_PORT = 0.6;
    /// It won between the two ports of SMB, which clients race.
    confidence SMB = 0.8;
    /// The other IP version won, and the two are the only such pair.
    confidence OTHER_FAMILY = 0.6;
    /// It won, and of many clients' attempts it alone began as long after this one as clients wait.
    confidence DELAYED = 0.55;
    /// It won, and the two have one hardware address.
    confidence LINKED = 0.8;
    /// Most of what the client dropped, it dropped for another port.
    confidence HABIT = 0.7;
    /// Another port won that was begun later, and this one was not used before or after.
    confidence BESIDE = 0.55;
    /// What a client has a use for it opens within this time.
    window USED_S = 2.0;
    /// Another port won that was begun later, and this one was used, too: a candidate.
    confidence LATER = 0.35;
    /// Nothing shows a race: a candidate.
    confidence ALONE = 0.15;
    /// Connections to one service, opened at once and used, of which none won a race.
    count POOL: usize = 3;
    /// Attempts from which something is a client's habit.
    count USUAL: usize = 3;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    // A socket that had got its SYN-ACK was aborted for another reason.
    let reset = abandonment(case).filter(|reset| !aborts_what_came(reset))?;
    let c = case.connection;
    // A scanner's SYN, without a system's options, races with nothing.
    if only_mss(case) {
        return None;
    }
    let found = same_family(case)
        .or_else(|| other_port(case))
        .or_else(|| other_family(case))
        .or_else(|| as_always(case))
        .or_else(|| beside(case));
    let Some((sibling, start, base)) = found else {
        let later = used_instead(case, case.parameters.race_window_s).is_some();
        let share = if later { LATER } else { ALONE };
        return dropped_syn_ack(case).then(|| Finding::candidate(share));
    };
    Some(
        Finding::new(base)
            .with(Evidence::of("reset_of_an_unneeded_attempt").at(reset.packet))
            .with(Evidence::count("sibling_connection", sibling))
            .with(if start < c.start {
                Evidence::time("sibling_started_earlier_s", c.start.saturating_sub(start))
            } else {
                Evidence::time("sibling_started_later_s", start.saturating_sub(c.start))
            }),
    )
}

/// The attempt that was won: its number, when it began, and how sure it is.
type Sibling = (u64, i64, f64);

/// To the same port of another address, or of the same one: there a second attempt may also be the
/// retry after the client's own limit.
fn same_family(case: &Case<'_>) -> Option<Sibling> {
    let c = case.connection;
    #[allow(clippy::cast_precision_loss)] // at most some dozens
    let scan = || case.context.ports_failed(c) as f64 >= case.parameters.scan_fan_out;
    let same = |other: &Attempt| other.service.0 == c.addresses.server;
    let near = case.context.completed_around(c, case.parameters.race_window_s).iter();
    let near = near.filter(|other| other.id != c.id && other.service.1 == c.ports.server);
    // One of several to this address is not dropped for another address.
    let several = near.clone().any(same);
    // A pool opens many at once and uses them all.
    let pool = near.clone().filter(|other| same(other) && other.bytes > 0).count() >= POOL;
    let siblings = near.filter(|other| {
        let apart = s(other.start.saturating_sub(c.start)).abs();
        let raced = if same(other) {
            // A scan that connects tries a port of one address twice as well.
            !pool && apart <= case.parameters.handshake_timeout_s && !scan()
        } else {
            !several
        };
        let won = |t: i64| {
            t >= c.start && s(t.saturating_sub(c.start)) <= case.parameters.race_completion_s
        };
        raced && other.completed.get().is_some_and(won)
    });
    siblings.min_by_key(|other| other.id).map(|other| (other.id, other.start, SAME_FAMILY))
}

/// To another port of the same host, begun with this one, won before this one was dropped, and
/// used. What begins later is as often a service of its own, beside an attempt that was given up.
fn other_port(case: &Case<'_>) -> Option<Sibling> {
    let other = used_instead(case, case.parameters.race_ports_s)?;
    let smb = matches!((other.service.1, case.connection.ports.server), (139, 445) | (445, 139));
    Some((other.id, other.start, if smb { SMB } else { OTHER_PORT }))
}

/// Another port of the same host that the client tried within so many seconds of this one, opened
/// before it dropped this one, and used.
pub(super) fn used_instead<'a>(case: &Case<'a>, within_s: f64) -> Option<&'a Attempt> {
    others_used(case, within_s).min_by_key(|other| other.id)
}

/// All of these.
fn others_used<'a>(case: &Case<'a>, within_s: f64) -> impl Iterator<Item = &'a Attempt> {
    let c = case.connection;
    let dropped = case.reset.map_or(i64::MIN, |reset| reset.time);
    case.context.completed_around(c, within_s).iter().filter(move |other| {
        other.service.0 == c.addresses.server
            && other.service.1 != c.ports.server
            && other.bytes > 0
            && other.completed.get().is_some_and(|time| time <= dropped)
    })
}

/// To another port of the same host, begun somewhat later, where this is what this client does:
/// most of what it dropped it dropped so.
fn as_always(case: &Case<'_>) -> Option<Sibling> {
    let within = case.parameters.race_window_s;
    let other = used_instead(case, within)?;
    let (dropped, beside) = case.context.dropped_beside(case.connection, within);
    (beside >= USUAL && beside * 2 > dropped).then_some((other.id, other.start, HABIT))
}

/// To another port of the same host, begun somewhat later, where the client has no other use for
/// this one: who gave up on a service for its own limit tries again.
fn beside(case: &Case<'_>) -> Option<Sibling> {
    let c = case.connection;
    let instead = others_used(case, case.parameters.race_window_s);
    let other = instead.filter(|other| other.start > c.start).min_by_key(|other| other.id)?;
    let service = (c.addresses.server, c.ports.server);
    let mut near = case.context.completed_around(c, USED_S).iter();
    let used = near.any(|other| other.service == service && other.id != c.id);
    // Who closes an attempt for another one repeats its SYN no more.
    let won = other.completed.get().unwrap_or(i64::MAX);
    let went_on = c.last_syn_time.get().is_some_and(|syn| syn > won);
    (!used && !went_on).then_some((other.id, other.start, BESIDE))
}

/// To the same port over the other IP version, won before this one was dropped.
fn other_family(case: &Case<'_>) -> Option<Sibling> {
    let reset = case.reset?;
    let p = case.parameters;
    let (from, upto) = (p.race_families_from_s, p.race_families_s);
    let (other, tie) = case.context.other_family(case.connection, from, upto)?;
    let won = other.completed.get().is_some_and(|time| time <= reset.time);
    let confidence = match tie {
        Tie::Hardware => LINKED,
        Tie::Only => OTHER_FAMILY,
        Tie::Delay => DELAYED,
    };
    won.then_some((other.id, other.start, confidence))
}

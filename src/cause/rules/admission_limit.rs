use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "admission_limit",
    class: Class::Refused,
    summary: "The server turned the connection away right after the handshake: it had as many as \
           it admits.",
    wire: "FIN or reset of the server within a round trip of the handshake and without a byte of \
           its own, while {admission_open} or more connections of the service, or of this client \
           to it, were open, more than when it served others; it served some that began before and \
           after. {Admission_few} are enough where it turned away two or more, each while more \
           were open than when it served any.",
    reference: "OpenSSH MaxStartups, PerSourceMaxStartups; systemd MaxConnections; HAProxy maxconn",
    next: "Look at the limit of connections in the service's configuration, and at who holds them.",
    examples: &[
        "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > S port=10 \
             +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1..6 +2s, < F. port=1..6, > \
             S port=20, < S., > ., < P. 30",
        "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > S port=10 \
             +1s, < S., > ., < R. +1ms, > S port=11 +1s, < S., > ., < R. +1ms, > F. port=1..6 \
             +2s, < F. port=1..6, > S port=20, < S., > ., < P. 30",
        // Three at most: whoever is the fourth is turned away, twice.
        "> S port=1..3 +10ms, < S. port=1..3, > . port=1..3, > P. 20 port=1..3, < P. 30 port=1..3, \
             > S port=10 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1 +2s, < F. port=1, \
             > S port=11, < S., > ., < P. 30, > S port=12 +1s, < S., > ., < F. +1ms, > ., > F., \
             < ., > F. port=2..3 +1s, < F. port=2..3, > S port=20, < S., > ., < P. 30",
    ],
    near_misses: &[
        // Three were open, but it turned one away with two as well.
        (
            "> S port=1..3 +10ms, < S. port=1..3, > . port=1..3, > P. 20 port=1..3, < P. 30 \
             port=1..3, > S port=10 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1 +2s, \
             < F. port=1, > S port=12 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=2..3 \
             +1s, < F. port=2..3, > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
        // Two at a time are few.
        (
            "> S port=1..2 +10ms, < S. port=1..2, > . port=1..2, > P. 20 port=1..2, < P. 30 \
             port=1..2, > S port=10 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1 +2s, \
             < F. port=1, > S port=11, < S., > ., < P. 30, > S port=12 +1s, < S., > ., < F. +1ms, \
             > ., > F., < ., > F. port=2 +1s, < F. port=2, > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
        // One alone may be chance.
        (
            "> S port=1..3 +10ms, < S. port=1..3, > . port=1..3, > P. 20 port=1..3, < P. 30 \
             port=1..3, > S port=10 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1..3 +2s, \
             < F. port=1..3, > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
        // Two were open, and six had been served together.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > F. port=3..6, \
             < F. port=3..6, > S port=10 +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. \
             port=1..2 +2s, < F. port=1..2, > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
        // Nobody was served afterwards.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > S port=10 \
             +1s, < S., > ., < F. +1ms, > ., > F., < ., > F. port=1..6 +2s, < F. port=1..6",
            "server_close",
        ),
        // It said something.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > S port=10 \
             +1s, < S., > ., < P. 5 +1ms, < F., > ., > F., < ., > F. port=1..6 +2s, < F. \
             port=1..6, > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
        // Much later than a round trip.
        (
            "> S port=1..6, < S. port=1..6, > . port=1..6, < P. 30 port=1..6, > S port=10 \
             +1s, < S., > ., < F. +100ms, > ., > F., < ., > F. port=1..6 +2s, < F. port=1..6, \
             > S port=20, < S., > ., < P. 30",
            "server_close",
        ),
    ],
    // What it explains holds beside it, and is its alternative.
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING
        .end_by_server()
        .unserved()
        .by(Side::Server)
        .unless_reset(&[Ending::Graceful, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// It turned several away.
    confidence SEVERAL = 0.7;
    /// It turned one away.
    confidence ONE = 0.6;
    /// Served connections without which nobody knows how many usually are.
    count SERVED: usize = 3;
    /// Of so many parts of those that it served, the last began while more were open than is usual.
    count PARTS: usize = 4;
}

#[allow(clippy::cast_precision_loss)] // at most some ten thousand
fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let end = began(case, Side::Server)?;
    let after = turned_away(c)?;
    let lives = case.context.service(c)?.lives().filter(|lives| lives.all().len() >= SERVED)?;
    let served = lives.served();
    if served.began.len() < SERVED || served.first >= c.start {
        return None;
    }
    let open = lives.open_at(c.start);
    let many = |open: usize| open as f64 >= case.parameters.admission_open;
    // All but the last part were served while fewer were open.
    let usual = *served.began.get(served.began.len() * (PARTS - 1) / PARTS)?;
    // Whoever came while as many were open was turned away, and nobody else: then even few tell.
    let apart = served.turned_away > 1
        && served.began.last().is_some_and(|&most| most < served.turned_away_at)
        && open as f64 >= case.parameters.admission_few;
    if !many(open) && !apart {
        return None;
    }
    let own = lives.open_of(source(c.addresses.client), c.start);
    let crowded = many(open) && (open > usual || many(own) && own * 2 > open);
    // It served again: the next after this one, or after another that it turned away like this one.
    let since = if apart { served.turned_away_first } else { c.start };
    if !crowded && !apart || served.last <= since {
        return None;
    }
    Some(
        Finding::new(if served.turned_away > 1 { SEVERAL } else { ONE })
            .with(Evidence::of("closed_without_an_octet").at(end.packet))
            .with(Evidence::time("after_handshake_s", after))
            .with(Evidence::count("open_at_that_time", open as u64))
            .with(Evidence::count("open_of_this_client", own as u64))
            .with(Evidence::count("turned_away", served.turned_away as u64)),
    )
}

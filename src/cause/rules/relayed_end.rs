use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "relayed_end",
    class: Class::Abort,
    summary: "A proxy or balancer passed on the end of its other connection: this one only \
           followed.",
    wire: "Both legs are in the capture: the second began soon after the first, carried the same \
           bytes (headers left out, and what TLS adds where the proxy ends it), and its far end \
           closed or reset it; within milliseconds the host between ended this one. The two sides \
           of an address translator are one connection seen twice: they have the same numbers, and \
           keep their own cause.",
    reference: "HAProxy, nginx stream, Envoy TCP proxy",
    next: "Look at the connection that ended first: why it did is the cause of both.",
    examples: &[
        "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, > R. client=1 server=5 port=40000 +2s, > R. \
             client=s5 server=6 port=41000 +1ms",
        "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, < R. client=s5 server=6 port=41000 +2s, < R. \
             client=1 server=5 port=40000 +1ms",
        "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, < F. client=s5 server=6 port=41000 +2s, < F. \
             client=1 server=5 port=40000 +1ms, > F., < ., > F. client=s5 server=6 \
             port=41000, < .",
        "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 148 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, > F. client=1 server=5 port=40000 +2s, > F. \
             client=s5 server=6 port=41000 +50ms, < F., > ., < F. client=1 server=5 \
             port=40000, > .",
        // A proxy that changes the headers of requests and answers.
        "> S server=5, < S., > ., > P. 320, > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 280, < P. 2900 +5ms, < P. 2960 client=1 server=5 port=40000 +1ms, > ., > \
             F. +2s, > F. client=s5 server=6 port=41000 +20ms, < F., > ., < F. client=1 server=5 \
             port=40000, > .",
        // The client aborts; the proxy, which had added to the answer, closes.
        "> S server=5, < S., > ., > P. 300, > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +30us, > P. 340 +1ms, < P. 900 +5ms, < P. 930 client=1 server=5 port=40000 +1ms, > ., \
             > R. +800ms, > F. client=s5 server=6 port=41000 +1ms, < F. +1ms, > .",
        // TLS ends at the proxy.
        "> S server=5, < S., > ., > P. tls 517, < P. 3200 +2ms, > P. 80, > P. 350, > S client=s5 \
             server=6 port=41000 +1ms, < S. +1ms, > . +30us, > P. 320 +1ms, < P. 9000 +5ms, < P. \
             9060 client=1 server=5 port=40000 +1ms, > ., > F. +800ms, > F. client=s5 server=6 \
             port=41000 +300us, < F. +1ms, > ., < F. client=1 server=5 port=40000, > .",
    ],
    near_misses: &[
        // TLS to the proxy, and more behind it than came: another client's.
        (
            "> S server=5, < S., > ., > P. tls 517, < P. 3200 +2ms, > P. 80, > P. 350, > S \
             client=s5 server=6 port=41000 +1ms, < S. +1ms, > . +30us, > P. 320 +1ms, < P. 13000 \
             +5ms, < P. 9060 client=1 server=5 port=40000 +1ms, > ., > F. +800ms, > F. client=s5 \
             server=6 port=41000 +300us, < F. +1ms, > ., < F. client=1 server=5 port=40000, > .",
            "client_close",
        ),
        // Both sides of a translator of the server's address.
        (
            "> S server=9 isn=7, > S server=7 isn=7 +100us, < S. +50us, < S. server=9 +50us, \
             > ., > . server=7, > P. 80 server=9, > P. 80 server=7 +50us, < P. 90, < P. 90 \
             server=9 +50us, > F. +1s, > F. server=7 +50us, < F., > ., < F. server=9, > .",
            "client_close",
        ),
        // And of the client's.
        (
            "> S isn=7, > S client=9 port=1024 isn=7 +50us, < S., < S. client=1 port=40000 +50us, \
             > ., > . client=9 port=1024, > P. 9 client=1 port=40000, > P. 9 client=9 port=1024, < \
             P. 9, < P. 9 client=1 port=40000, < R. client=9 port=1024 +2s, < R. client=1 \
             port=40000 +50us",
            "application_abort",
        ),
        // Of one kind: two clients of one service.
        (
            "> S client=1, < S., > ., > S client=2, < S., > ., > P. 80 client=1, > P. 80 client=2, \
             < P. 90 client=1, < P. 90 client=2, < R. client=1 +2s, < R. client=2 +1ms",
            "application_abort",
        ),
        // Too late to be passed on.
        (
            "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, > R. client=1 server=5 port=40000 +2s, > R. \
             client=s5 server=6 port=41000 +51ms",
            "application_abort",
        ),
        // Other bytes.
        (
            "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 600, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, > F. client=1 server=5 port=40000 +2s, > F. \
             client=s5 server=6 port=41000 +1ms, < F., > ., < F. client=1 server=5 \
             port=40000, > .",
            "client_close",
        ),
        // The host between ended both.
        (
            "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +1ms, < S. +1ms, > . \
             +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, < F. client=1 server=5 port=40000 +2s, > F. \
             client=s5 server=6 port=41000 +1ms, < F., > ., > F. client=1 server=5 \
             port=40000, < .",
            "server_close",
        ),
        // Opened for something else.
        (
            "> S server=5, < S., > ., > S client=s5 server=6 port=41000 +2100ms, < S. +1ms, > \
             . +1ms, > P. 120 client=1 server=5 port=40000, > P. 120 client=s5 server=6 \
             port=41000 +1ms, < P. 900, < P. 900 client=1 server=5 port=40000 +1ms, > ., > . \
             client=s5 server=6 port=41000, > R. client=1 server=5 port=40000 +2s, > R. \
             client=s5 server=6 port=41000 +1ms",
            "application_abort",
        ),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.begun_end().unless_reset(&[Ending::Graceful, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The two legs carried as many bytes, and ended alike.
    confidence ALIKE = 0.75;
    /// They differ in one of these.
    confidence UNLIKE = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    // Most captures have no proxy, which this knows at once.
    let leg = case.context.followed(case.connection, case.parameters.relay_s)?;
    let end = began(case, Side::Server).or_else(|| began(case, Side::Client))?;
    let by = if leg.ended_by == Side::Client { "client" } else { "server" };
    Some(
        Finding::new(if leg.alike && leg.same { ALIKE } else { UNLIKE })
            .with(Evidence::of("followed_the_other_leg").at(end.packet))
            .with(Evidence::count("other_connection", leg.id))
            .with(Evidence::time("after_it_s", leg.before))
            .with(Evidence::text("other_ended_by", by)),
    )
}

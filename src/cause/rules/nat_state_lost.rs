use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "nat_state_lost",
    class: Class::Abort,
    summary: "An address translator, firewall or balancer lost the connection's state; both hosts \
           still had it.",
    wire: "Retransmissions unanswered while the same two hosts open another connection that works \
           at once, most often after a silence. Or a client goes on from another port at the \
           number where it had stopped, and the server resets what it does not know. Or a reply \
           reset in mid-connection from another hardware address than the side's other segments, \
           or from other routers away, where nearer and that host's path never varied in many \
           connections or in a number of segments of this one, or the answer came too soon or has \
           another header.",
    reference: "RFC 5382 section 5; kubernetes #74839 (conntrack INVALID)",
    next: "Look for idle limits, flushed tables, failover or asymmetric paths between the two.",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +300s, > P. 80 again +300ms, \
         > P. 80 again +600ms, > P. 80 again +1200ms, > S port=40001, < S., > ., > P. 80, < P. 300",
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 port=41000 seq=#81 ack=#301 +90s, < R \
             +1ms",
        "> S, < S. mac=1, > ., > P. 10, < P. 10 mac=1, > P. 10 +20s, < R mac=2",
        "> S port=1..7, < S. port=1..7 ttl=59 +10ms, > . port=1..7, > S, < S. ttl=59 +10ms, > ., > \
             P. 80, < P. 300 ttl=59 +10ms, > ., > P. 80 +1s, < R ttl=60 +10ms",
        "> S, < S. ttl=57 +20ms, > . +50us, > P. 80, < P. 300 ttl=57 +20ms, > . +50us, > P. 80 \
             +100ms, < R ttl=61 +2ms",
        // The client's router forgot it: one nearer than all that came before.
        "> S ttl=59, < S. +50us, > . ttl=59 +30ms, > P. 80 ttl=59 +1ms, < P. 300 +1ms, > . \
             ttl=59 +30ms, > P. 80 ttl=59 +1ms, < P. 300 +1ms, > . ttl=59 +30ms, > P. 80 ttl=59 \
             +1ms, < P. 300 +1ms, > . ttl=59 +30ms, < P. 50 +4s, > R ttl=60 +33ms",
    ],
    near_misses: &[
        // Nothing else shows that the hosts can still talk.
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +300s, > P. 80 again +300ms, \
             > P. 80 again +600ms, > P. 80 again +1200ms",
            "retransmission_timeout",
        ),
        // It worked before, not after.
        (
            "> S port=40001, < S., > ., > P. 80, < P. 300, > S port=40000, < S., > ., > P. 80, \
             < P. 300, > ., > P. 80 +300s, > P. 80 again +300ms, > P. 80 again +600ms, \
             > P. 80 again +1200ms",
            "retransmission_timeout",
        ),
        // Another server.
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +300s, > P. 80 again +300ms, \
             > P. 80 again +600ms, > P. 80 again +1200ms, > S port=40001 server=2, < S., > ., \
             > P. 80, < P. 300",
            "retransmission_timeout",
        ),
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 port=41000 seq=#900 +90s, < R +1ms",
            "no_socket",
        ),
        ("> S, < S. mac=1, > ., > P. 10, < P. 10 mac=1, > P. 10 +20s, < R mac=1", "no_socket"),
        ("> S, < S., > ., > P. 10, < P. 10, > P. 10 +20s, < R mac=2", "no_socket"),
        // A router nearer, of whose host too little is known.
        (
            "> S ttl=51, < S. +50us, > . ttl=51 +30ms, > P. 80 ttl=51 +1ms, < P. 300 +1ms, > . \
             ttl=51 +30ms, < P. 50 +400ms, > R ttl=52 +33ms",
            "no_socket",
        ),
        // Another route, the time as ever.
        (
            "> S ttl=51, < S. +50us, > . ttl=51 +30ms, > P. 80 ttl=51 +1ms, < P. 300 +1ms, > . \
             ttl=51 +30ms, < P. 50 +400ms, > R ttl=48 +33ms",
            "no_socket",
        ),
    ],
    twins: &[
        ("no_socket", "without link addresses the two look alike"),
        ("retransmission_timeout", "the peer's process may have died where its host lives"),
    ],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::PeerUnresponsive]).form(Form::Reply),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Nobody answers after a long silence, and elsewhere the two hosts talk.
    confidence AFTER_SILENCE = 0.7;
    /// After a shorter one.
    confidence SOONER = 0.55;
    /// The client goes on from another port at the number where it had stopped.
    confidence ANOTHER_PORT = 0.75;
    /// Another hardware address and another distance.
    confidence TWO_SIGNS = 0.6;
    /// One of these.
    confidence ONE_SIGN = 0.5;
    /// From a router or two before its host, whose segments came one way.
    confidence NEXT_BEFORE = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    silent(case).or_else(|| from_another_port(case)).or_else(|| from_another_host(case))
}

/// Nobody answers here, and elsewhere the two hosts talk.
fn silent(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::PeerUnresponsive || case.reset.is_some() || !c.two_sided() {
        return None;
    }
    let run = |side: Side| c.side(side).retransmission_run + c.side(side).probe_run;
    let side = if run(Side::Client) >= run(Side::Server) { Side::Client } else { Side::Server };
    let since = c.side(side).run_since;
    let other = case.context.opened_since(c, since)?;
    let heard = c.side(side.peer()).last_time;
    let idle = since.saturating_sub(heard);
    let long = s(idle) >= case.parameters.state_idle_s;
    Some(
        Finding::new(if long { AFTER_SILENCE } else { SOONER })
            .with(Evidence::count("unanswered_retransmissions", u64::from(run(side))))
            .with(Evidence::time("peer_last_heard_s", idle))
            .with(Evidence::count("other_connection", other.id))
            .with(Evidence::time("opened_after_s", other.start.saturating_sub(since)))
            .by_third_party(),
    )
}

/// The server knows the client under another port.
fn from_another_port(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset_of(Form::Reply).filter(|reset| reset.sender == Side::Server)?;
    if c.opening != Opening::MidStream || c.side(Side::Server).alive > 0 {
        return None;
    }
    let other = case.context.renumbered(c)?;
    Some(
        Finding::new(ANOTHER_PORT)
            .with(Evidence::of("goes_on_from_another_port").at(c.first_packet))
            .with(Evidence::count("as_connection", other.id))
            .with(Evidence::of("reset_by_a_server_that_does_not_know_it").at(reset.packet)),
    )
}

/// The reset came from another hardware address.
fn from_another_host(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Reply).filter(|reset| !reset.sender_fin_before)?;
    if !case.established() {
        return None;
    }
    let link = reset.link_source_differs;
    let known = elsewhere(case, reset, link).or_else(|| on_a_steady_path(case, reset));
    let apart = known.or_else(|| next_before(case, reset));
    (link || apart.is_some()).then(|| {
        Finding::new(match (link, known.is_some()) {
            (true, _) if apart.is_some() => TWO_SIGNS,
            (false, false) => NEXT_BEFORE,
            _ => ONE_SIGN,
        })
        .with_some(link.then(|| Evidence::of("hardware_address_differs").at(reset.packet)))
        .with_some(apart.map(|apart| apart.evidence(reset.packet)))
        .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t)))
        .by_third_party()
    })
}

use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "idle_timeout_reset",
    class: Class::Timeout,
    summary: "A box or the peer had dropped the idle connection and reset it, at once or when the \
              next segment came.",
    wire: "A reset in mid-connection after a silence, unprompted or in answer to the next segment, \
           from elsewhere than its sender's other segments by its hops and by another sign (sooner \
           than a round trip, from the next router, another header, unprompted, after more than \
           the service survived elsewhere); or one of no live socket after a silence that matches \
           a known limit of load balancers, firewalls or address translators (within \
           {idle_tolerance} or {idle_tolerance_s}), or is longer than the service survived in \
           other connections; or both sides reset at once, unprompted. A silence is a lower bound \
           of the limit: it need not match one. Not where the same service survived a longer one, \
           unless another host sent the reset.",
    reference: "limits documented by the makers: see the table of known limits in the manual; \
                RFC 5382 section 5; Azure Load Balancer, TCP reset on idle",
    next: "Let keep-alives be sent more often than the limit, or raise it.",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +351s, < R +1ms",
        "> S, < S., > ., > P. 80, < P. 300, > ., < R. nots win=0 id=0 +900s",
        // A balancer with the TTL of a router, where its side stamps.
        "> S, < S. ttl=249 +20ms, > ., > P. 80, < P. 90 ttl=249 +20ms, > ., < R. nots win=0 id=0 \
             ttl=249 +240s",
        "> S, < S. ttl=57 +40ms, > . +50us, > P. 80 +10ms, < P. 300 ttl=57 +45ms, > . +50us, < R. \
             nots win=0 ttl=250 id=0 +6s",
        "> S, < S. ttl=63 +50us, > . +10us, > P. 80 +1ms, < P. 300 ttl=63 +1ms, > . +10us, > P. 80 \
             +9s, < R ttl=64 +50us",
        "> S, < S. ttl=57 +20ms, > . +50us, > P. 80, < P. 300 ttl=57 +20ms, > . +50us, > P. 80 \
             +9s, < R ttl=61 +2ms",
        // Of another kernel, from one router farther, and unprompted.
        "> S ttl=62, < S. +20us, > . ttl=62 +5ms, > P. 80 ttl=62, < P. 300 +1ms, > . ttl=62 +5ms, \
             > R. nots win=1024 ttl=127 id=77 +5s",
        // As far as its sender, unprompted, and of another kernel.
        "> S, < S. ttl=60 +30ms, > . +50us, > P. 80, < P. 300 ttl=60 +30ms, > ., > P. 80 +1ms, < P. \
             300 ttl=60 +30ms, > ., > P. 80 +1ms, < P. 300 ttl=60 +30ms, > ., > P. 80 +1ms, < P. \
             300 ttl=60 +30ms, > ., < R ttl=124 +3400ms",
        // In the shape of an abort, right after the request that followed a silence.
        "> S, < S. ttl=60 +38ms, > . +50us, > P. 80, < P. 300 ttl=60 +38ms, > ., > P. 80 +4500ms, < \
             R. nots win=0 ttl=122 id=9 +400us",
        // As far as its sender by its TTL, and sooner than a round trip.
        "> S, < S. ttl=55 +128ms, > ., > P. 80, < P. 300 ttl=55 +128ms, > ., > P. 80 +5s, < R. \
             nots win=0 ttl=55 id=77 +7ms",
        "> S, < S., > ., > P. 80, < P. 300, > ., > R. nots win=0 +40s, < R. nots win=0 +20us",
        "> S, < S. ttl=58 +7ms, > ., > P. 80, < P. 300 ttl=58 +7ms, > ., < F. ttl=58, > ., < R. \
             nots win=0 ttl=250 id=0 +120s, > R. nots win=0 ttl=250 id=0 +10us",
        "> S port=1..2, < S. port=1..2, > . port=1..2, > P. 80 port=1 +15s, < P. 90, > P. 80 \
             port=2 +40s, < R +1ms",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +3s, < R +1ms", "no_socket"),
        // Another initial TTL, the same path.
        (
            "> S, < S. ttl=31, > ., > P. 80, < P. 300 ttl=31, > ., > P. 80 +9s, < R ttl=63 +1ms",
            "no_socket",
        ),
        // The route changed during the silence: the time is as ever.
        (
            "> S, < S. ttl=57 +20ms, > . +50us, > P. 80, < P. 300 ttl=57 +20ms, > . +50us, > P. 80 \
             +9s, < R ttl=54 +22ms",
            "no_socket",
        ),
        // The program set its TTL, the kernel's reply has its own.
        (
            "> S, < S. ttl=10 +1ms, > . +50us, > P. 80, < P. 300 ttl=10 +1ms, > . +50us, > P. 80 \
             +9s, < R ttl=64 +1ms",
            "no_socket",
        ),
        // The same, in answer to what was said.
        (
            "> S, < S. ttl=60 +30ms, > . +50us, > P. 80, < P. 300 ttl=60 +30ms, > ., > P. 80 +1ms, \
             < P. 300 ttl=60 +30ms, > ., > P. 80 +1ms, < P. 300 ttl=60 +30ms, > ., > P. 80 +3s, < R \
             ttl=124 +31ms",
            "no_socket",
        ),
        // From where its sender is, right after a request that followed a silence.
        (
            "> S, < S. ttl=60 +38ms, > . +50us, > P. 80, < P. 300 ttl=60 +38ms, > ., > P. 80 \
             +4500ms, < R. ttl=60 +39ms",
            "abort_unread_data",
        ),
        // The service survived more elsewhere.
        (
            "> S port=1, < S., > ., > P. 80 +900s, < P. 90, > S port=2, < S., > ., > P. 80 +351s, \
             < R +1ms",
            "no_socket",
        ),
        // Its sender alone gave up waiting for the other's FIN.
        (
            "> S, < S. ttl=58 +7ms, > ., > P. 80, < P. 300 ttl=58 +7ms, > ., < F. ttl=58, > ., < \
             R. nots win=0 ttl=58 id=0 +120s",
            "fin_wait2_expired",
        ),
        // Its retransmissions came to their end.
        (
            "> S, < S., > ., > P. 80, < P. 300, < P. 300 again +1s, < P. 300 again +2s, < P. 300 \
             again +4s, < R. nots +10s",
            "retransmission_timeout",
        ),
        // As far, and in its time: nobody says more.
        (
            "> S, < S. ttl=55 +128ms, > ., > P. 80, < P. 300 ttl=55 +128ms, > ., > P. 80 +5s, < R ttl=55 +127ms",
            "no_socket",
        ),
        // Another TTL and a router, in answer to what was said, as a host's own kernel may send it.
        (
            "> S ttl=62, < S. +20us, > . ttl=62 +5ms, > P. 80 ttl=62, < P. 300 +1ms, > . ttl=62 +5ms, < P. 50 +5s, > R ttl=127 +5ms",
            "no_socket",
        ),
        // As long as a known limit after a FIN, and no FIN came before it.
        ("> S, < S., > ., > P. 80, < P. 300, > ., < F. +120s, > R +1ms", "no_socket"),
        // A live socket.
        ("> S, < S., > ., > P. 80, < P. 300, > ., < R. +900s", "application_abort"),
        // Both sides, for what was said: an inspection.
        (
            "> S ttl=59, < S. ttl=56 +12ms, > . ttl=59 +8ms, > P. 90 ttl=59, < P. 300 ttl=56 \
             +13ms, > . ttl=59 +8ms, > P. 400 ttl=59 +2s, < R. nots win=0 id=0 ttl=128 +30us, > R. \
             nots win=0 id=0 ttl=128 +10us",
            "reset_injected",
        ),
    ],
    twins: &[("no_socket", "the peer may have restarted during the silence")],
    applies: Applies::Reset,
    needs: Needs::NOTHING,
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Another host sent it, after a silence that matches a known limit.
    confidence KNOWN_LIMIT = 0.75;
    /// Another host sent it, after a long silence.
    confidence LONG = 0.7;
    /// Another host sent it, after a shorter one.
    confidence SHORT = 0.6;
    /// Nothing shows another host, and the silence matches a known limit.
    confidence HERE_AT_LIMIT = 0.6;
    /// Nothing does, and the silence was longer than the service survived elsewhere.
    confidence HERE_LONGER = 0.55;
    /// Nothing does, and it came unprompted after a very long silence.
    confidence HERE_UNPROMPTED = 0.5;
    /// A known idle limit.
    pub(super) named_windows LIMITS = &[
        ("Linux nf_flowtable offload", 30.0),
        ("AWS ALB", 60.0),
        ("IPVS after a FIN", 60.0),
        ("Linux conntrack after a FIN", 120.0),
        ("Azure Load Balancer", 240.0),
        ("F5 BIG-IP", 300.0),
        ("AWS NLB, NAT gateway", 350.0),
        ("Google Cloud", 600.0),
        ("Cisco ASA half-closed", 600.0),
        ("IPVS", 900.0),
        ("Azure Load Balancer, 15 min", 900.0),
        ("Azure Load Balancer, at most", 1800.0),
        ("Juniper SRX", 1800.0),
        ("Cisco ASA", 3600.0),
        ("Palo Alto", 3600.0),
        ("Check Point", 3600.0),
        ("Linux keepalive", 7200.0),
    ];
    /// A timer's resets of both sides lie within this time.
    window AT_ONCE: i64 = 100_000_000;
    /// A silence from which another host's reset is its timer's sooner than an injector's.
    window LONG_S = 4.0;
    /// A silence from which a reset by no live socket, unprompted, is a timer's.
    window UNPROMPTED_S = 10.0;
    /// So much shorter than a known limit a silence may be.
    window AFTER_S = 1.0;
    /// So many times as long as others a silence must have been.
    fraction LONGER = 1.2;
    /// Unanswered retransmissions of a reset's sender from which it had not fallen silent.
    count TRYING: u32 = 2;
}

/// How the names of limits end that hold from a FIN on.
const CLOSING: [&str; 2] = ["after a FIN", "half-closed"];

#[allow(clippy::match_same_arms)] // in the order in which they are asked
fn holds(case: &Case<'_>) -> Option<Finding> {
    // After its own FIN a side may give up waiting, and a box still resets both.
    let reset = case.reset.filter(|reset| {
        !reset.sender_fin_before || reset.timestamp_ok == Some(false) && both_at_once(case, reset)
    })?;
    let c = case.connection;
    let idle = before_request(case, reset).unwrap_or(s(reset.idle.get()?));
    // A connection that never opened at the server was not idle there.
    let never_opened = unheard(case).is_some_and(|unheard| unheard.syn_acks_repeated > 1);
    if idle < case.parameters.idle_s || never_opened {
        return Some(Finding::candidate(0.0));
    }
    if c.endpoints.iter().any(|e| !e.spoke() || !e.based) || idle < LONG_S && at_data(case, reset) {
        return None;
    }
    let live = reset.form == Some(Form::Abort);
    let unprompted = reset.trigger.is_none() && !live;
    let (here, others) = survived(case);
    let longer = others > here && idle > others * LONGER;
    let apart = elsewhere(case, reset, unprompted || longer);
    let both = both_at_once(case, reset);
    let stamped = reset.has_timestamp && reset.timestamp_ok != Some(false);
    if stamped && apart.is_none() {
        return None;
    }
    let early = !stamped && reset.flags.ack() && much_nearer(case, reset);
    // A reply to nothing is no kernel's of its side, whose sockets count from another TTL.
    let kernel = !stamped && reset.trigger.is_none() && another_kernel_sent(case, reset);
    let other_host = apart.is_some() || both || early || kernel;
    // Who goes on trying is not idle: its retransmissions come to their end.
    if !other_host && reset.retransmission_run >= TRYING && reset.unacked_bytes > 0 {
        return None;
    }
    let device = limit(case, reset, idle);
    let outlived = here.max(others) > idle;
    // A listener that does not accept has not served the client yet.
    let server = c.side(Side::Server);
    let waiting = server.syn_acks > 1 && server.alive == server.syn_acks;
    let base = match (other_host, device.is_some()) {
        (true, true) => KNOWN_LIMIT,
        (true, false) if idle >= LONG_S => LONG,
        (true, false) => SHORT,
        _ if live || outlived || waiting => return None,
        (false, true) => HERE_AT_LIMIT,
        (false, false) if longer => HERE_LONGER,
        (false, false) if unprompted && idle >= UNPROMPTED_S => HERE_UNPROMPTED,
        (false, false) => return None,
    };
    let mut finding = Finding::new(base)
        .with(Evidence::number("idle_s", idle).maybe_at(reset.trigger_packet.get()))
        .with(Evidence::of("reset").at(reset.packet))
        .with_some(device.map(|(name, limit)| {
            let mut evidence = Evidence::text("matches_limit_of", name);
            evidence.value = Some(limit);
            evidence
        }))
        .with_some(longer.then(|| Evidence::number("survived_elsewhere_s", others)))
        .with_some(unprompted.then(|| Evidence::of("unprompted").at(reset.packet)))
        .with_some(both.then(|| Evidence::of("both_sides_reset_at_once").at(reset.packet)))
        .with_some(early.then(|| Evidence::of("earlier_than_a_round_trip").at(reset.packet)))
        .with_some(kernel.then(|| Evidence::of("began_at_another_ttl").at(reset.packet)))
        .with_some(apart.map(|apart| apart.evidence(reset.packet)));
    if apart.is_some() || early {
        finding =
            finding.with_some(reset.turnaround.get().map(|time| Evidence::time("answer_s", time)));
    }
    if other_host {
        finding = finding.by_third_party();
    }
    Some(finding)
}

/// How long it was silent before the request that a reset of a live socket's shape came right after,
/// where that was longer than anything before: an inspection resets for what is asked, however
/// long it took to ask.
fn before_request(case: &Case<'_>, reset: &Teardown) -> Option<f64> {
    let asked = reset.since_peer_data.get().filter(|&asked| asked <= AT_ONCE)?;
    let silent = s(reset.sender_idle.get()?.saturating_sub(asked));
    let shaped = reset.form == Some(Form::Abort) && !reset.copies_peer && !reset.payload_echo;
    let longest = || {
        let (here, others) = survived(case);
        here.max(others)
    };
    (shaped && reset.retransmission_run == 0 && silent > longest()).then_some(silent)
}

/// A known limit that the silence matches; the one given for this path first.
fn limit(case: &Case<'_>, reset: &Teardown, idle: f64) -> Option<(&'static str, f64)> {
    let own = [("the limit given for this path", case.parameters.known_idle_limit_s)];
    let all = own.iter().chain(LIMITS);
    let closing = closing_since(case, reset);
    all.copied().find(|&(name, limit)| {
        let holds = closing || !CLOSING.iter().any(|word| name.ends_with(word));
        holds && limit > 0.0 && idle >= limit - AFTER_S && near(case, idle, limit)
    })
}

/// Whether a FIN came before the silence.
fn closing_since(case: &Case<'_>, reset: &Teardown) -> bool {
    let span = [reset.turnaround, reset.idle].map(|span| span.get().unwrap_or(0));
    let begun = span.into_iter().fold(reset.time, i64::saturating_sub);
    [Side::Client, Side::Server]
        .into_iter()
        .any(|side| case.fins(side).any(|fin| fin.time <= begun))
}

/// The longest silence that this connection survived, and that any of its service did.
fn survived(case: &Case<'_>) -> (f64, f64) {
    let elsewhere = case.context.service(case.connection).map_or(0, |service| service.survived);
    (s(case.connection.silence.survived), s(elsewhere))
}

/// A box reset both sides when data came: it is what they say that it did not like.
fn at_data(case: &Case<'_>, reset: &Teardown) -> bool {
    let first = |row: &Teardown| row.trigger == Some(Trigger::Data);
    let other = |row: &&Teardown| {
        row.sender != reset.sender
            && row.time.saturating_sub(reset.time).saturating_abs() <= AT_ONCE
    };
    case.resets().find(other).is_some_and(|other| {
        first(reset) && other.trigger.is_none() || first(other) && reset.trigger.is_none()
    })
}

/// Resets of both sides at one moment, that answer nothing: one box sent them both, since nobody
/// answers a reset.
fn both_at_once(case: &Case<'_>, reset: &Teardown) -> bool {
    reset.trigger.is_none()
        && case.resets().any(|other| {
            other.sender != reset.sender
                && other.trigger.is_none()
                && other.time.saturating_sub(reset.time).saturating_abs() <= AT_ONCE
        })
}

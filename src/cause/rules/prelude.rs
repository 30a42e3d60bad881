//! What most rules use, and a few questions that several of them ask.

pub(super) use super::super::apart::{
    another_kernel_sent, apart, beyond_one_path, elsewhere, much_nearer, next_before,
    on_a_steady_path, one_router,
};
pub(super) use super::super::context::{Life, began_to_end, fate, source, turned_away};
pub(super) use super::super::evidence::Evidence;
pub(super) use super::super::needs::Needs;
pub(super) use super::super::rule::{Applies, Case, Class, Finding, Rule};
pub(crate) use crate::base::numbers::numbers;
pub(super) use crate::conn::{
    BySide, Ending, Endpoint, Form, Left, Opening, Reason, SequenceCheck, Side, Teardown, Trigger,
    seconds,
};

numbers! {
    COMMON:
    /// A side closed by a FIN, and the peer followed.
    confidence CLOSED = 0.87;
    /// It closed alone, and its FIN was acknowledged.
    confidence HALF_CLOSED = 0.6;
    /// At most, where a FIN was not seen to be acknowledged and no payload before it was missing.
    confidence FIN_UNHEARD = 0.8;
    /// At most, where payload was missing, too.
    confidence DATA_UNHEARD = 0.6;
    /// A TTL above this, without a timestamp, is that of a stack that answers every segment with an
    /// acknowledging reset (lwIP).
    pub(super) count SMALL_STACK: u8 = 128;
    /// Where the TTLs of BSD, macOS and iOS begin.
    pub(super) count BSD_TTL: u8 = 64;
    /// At most this part of a limit counts as near it.
    fraction NEAR_PART = 0.1;
    /// Numbers that a SYN and a FIN take.
    size FLAGS: u64 = 2;
    /// A host repeats a SYN after this time at the earliest; a program, or a tap, may do so at once.
    window REPEATED_S = 0.2;
    /// A timer is met within this part of it.
    fraction TIMER_PART = 0.02;
    /// Or within this time.
    window TIMER_S = 0.15;
}

/// The reset by which a server refuses a SYN.
pub(super) fn refusal<'a>(case: &Case<'a>) -> Option<&'a Teardown> {
    case.reset.filter(|reset| {
        case.connection.ending == Ending::HandshakeRefused
            && reset.sender == Side::Server
            && reset.sequence_check == SequenceCheck::AcksSyn
    })
}

/// The reset by which a client abandons a handshake.
pub(super) fn abandonment<'a>(case: &Case<'a>) -> Option<&'a Teardown> {
    case.reset.filter(|reset| {
        case.connection.ending == Ending::HandshakeAbandoned && reset.sender == Side::Client
    })
}

/// A client's reset that answers a SYN-ACK which fits, or nothing, and shows no more: several
/// causes may be behind it, and each is a candidate. An abort by a socket that had got its SYN-ACK
/// is none of these.
pub(super) fn dropped_syn_ack(case: &Case<'_>) -> bool {
    let c = case.connection;
    let challenged = c.extra().is_some_and(|extra| extra.challenge_to_syn.is_some());
    abandonment(case)
        .is_some_and(|reset| c.syn_ack_fits() && !challenged && !aborts_what_came(reset))
}

/// The client's reset that answers the acknowledgment by which an old connection met its SYN.
pub(super) fn challenge_reset<'a>(
    case: &Case<'a>,
    packet: u64,
    position: i64,
) -> Option<&'a Teardown> {
    case.reset.filter(|reset| {
        let trigger = matches!(reset.trigger, None | Some(Trigger::Ack));
        let repeats = reset.trigger_packet.get() == Some(packet)
            || reset.relative_sequence.get() == Some(position);
        reset.sender == Side::Client && trigger && repeats
    })
}

/// Whether an acknowledgment at this place in the client's numbers is that of an old connection.
pub(super) fn repeats_the_old(case: &Case<'_>, left: Left, position: i64) -> bool {
    let low = u32::try_from(position.rem_euclid(1 << 32)).unwrap_or(0);
    case.side(Side::Client).base.plus(low).0 == left.next.client
}

/// A connection of which the server repeated its answer to the SYN and said nothing else, while
/// the client took it to be open.
pub(super) struct Unheard {
    /// SYN-ACKs beyond one for each SYN.
    pub syn_acks_repeated: u32,
    /// The client sent data and repeated them.
    pub data: bool,
}

/// A connection whose client was never heard after its SYN, or a reset that says so: its answer to
/// the client's first numbers.
pub(super) fn unheard(case: &Case<'_>) -> Option<Unheard> {
    let c = case.connection;
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    let only_syn_acks = server.alive == server.syn_acks && server.syn_acks > 0;
    let unheard = client.acked <= 1 && client.alive > client.syns && c.syn_ack_fits();
    if !only_syn_acks || !unheard || c.handshake_time.is_none() {
        return None;
    }
    if let Some(reset) = case.reset {
        let refuses = reset.sender == Side::Server
            && reset.form == Some(Form::Reply)
            && reset.relative_sequence.get() == Some(1)
            && apart(case, reset).is_none();
        if !refuses || c.extra().is_some_and(|extra| extra.second_syn_ack.is_some()) {
            return None;
        }
    }
    Some(Unheard {
        syn_acks_repeated: server.syn_acks.saturating_sub(client.syns),
        data: client.unique_bytes > 0 && client.retransmitted_packets >= 2,
    })
}

/// Whether a FIN or reset shows by its numbers that more passed than the capture holds: a filter
/// kept these alone. A reset without ACK has the numbers of what it answers.
pub(super) fn shows_more(case: &Case<'_>) -> bool {
    let beyond = |number: Option<i64>, side: Side| {
        let end = case.side(side).max_end.max(FLAGS).cast_signed();
        number.is_some_and(|at| at > end)
    };
    case.rows().filter(|row| row.flags.ack()).any(|row| {
        let (own, covers) = (row.relative_sequence.get(), row.relative_acknowledgment.get());
        beyond(own, row.sender) || beyond(covers, row.sender.peer())
    })
}

/// Whether the capture holds what follows a SYN-ACK at all: another connection of this service, or of
/// this client at about the time, was opened.
pub(super) fn opened_elsewhere(case: &Case<'_>) -> bool {
    let c = case.connection;
    let service = case.context.service(c).is_some_and(|service| service.lives().is_some());
    service || !case.context.completed_around(c, case.parameters.same_path_s).is_empty()
}

/// The facts of such a connection, added to a finding.
pub(super) fn tell_unheard(case: &Case<'_>, finding: Finding) -> Finding {
    let (client, server) = (case.side(Side::Client), case.side(Side::Server));
    let again = u64::from(client.retransmitted_packets);
    finding
        .with(Evidence::count("syn_acks", u64::from(server.syn_acks)))
        .with(Evidence::count("client_retransmissions", again))
        .with(Evidence::count("unacknowledged_bytes", client.unacked()))
        .with_some(case.reset.map(|reset| Evidence::of("reset_at_last").at(reset.packet)))
}

/// A single SYN at the very end of the capture, or copies of it: nobody had the time to answer.
pub(super) fn lone(case: &Case<'_>) -> bool {
    let c = case.connection;
    let tries = s(c.end.saturating_sub(c.start));
    (case.side(Side::Client).syns < 2 || tries < REPEATED_S) && c.censored
}

/// Whether the reset of a handshake comes from a socket that had got its SYN-ACK: it carries the
/// connection's timestamps, or acknowledges the SYN-ACK. A stack that answers every segment so
/// (lwIP) keeps a TTL of 255.
pub(super) fn aborts_what_came(reset: &Teardown) -> bool {
    let acknowledges = reset.relative_acknowledgment.get().is_some_and(|ack| ack > 0);
    let answers_so = reset.ttl > SMALL_STACK && !reset.has_timestamp;
    reset.form == Some(Form::Abort) && (reset.has_timestamp || acknowledges && !answers_so)
}

/// Other SYNs of the client that were answered while this one was not: what dropped it did not drop
/// everything.
pub(super) fn answered_meanwhile(case: &Case<'_>) -> Option<Evidence> {
    let others = case.context.answered_meanwhile(case.connection);
    (others > 0).then(|| Evidence::count("other_syns_answered_meanwhile", others as u64))
}

/// An end by FINs that this side began; with its own FIN alone, only when that was acknowledged.
pub(super) fn closed_first(case: &Case<'_>, side: Side) -> Option<Finding> {
    let c = case.connection;
    let half = c.ending == Ending::HalfClosed;
    let closed = half || c.ending == Ending::Graceful;
    if !closed || c.first_fin_by != Some(side) || c.simultaneous_close {
        return None;
    }
    let fin = case.fins(side).next()?;
    if half && fin.acked_at.get().is_none() {
        return None;
    }
    let confidence = if half { HALF_CLOSED } else { accepted(case, CLOSED) };
    Some(
        Finding::new(confidence)
            .with(Evidence::of("first_fin").at(fin.packet))
            .with(Evidence::count("unacknowledged_bytes_at_fin", fin.unacked_bytes))
            .with_some(
                fin.acked_packet.get().map(|packet| Evidence::of("fin_acknowledged").at(packet)),
            ),
    )
}

/// The FIN or reset that began a connection's end.
pub(super) struct Began {
    /// When.
    pub time: i64,
    /// Its packet.
    pub packet: u64,
}

/// Where this side began the end of the connection, and, for a reset, with this one.
pub(super) fn began(case: &Case<'_>, by: Side) -> Option<Began> {
    let c = case.connection;
    let (time, side, fin) = began_to_end(c)?;
    if side != by {
        return None;
    }
    if let Some(reset) = case.reset {
        let this = !fin && reset.time == time && reset.sender == by;
        return this.then_some(Began { time, packet: reset.packet });
    }
    let closed = matches!(c.ending, Ending::Graceful | Ending::HalfClosed);
    let row = case.fins(by).find(|row| row.time == time).filter(|_| fin && closed)?;
    Some(Began { time, packet: row.packet })
}

/// A span in seconds.
pub(super) fn s(nanoseconds: i64) -> f64 {
    seconds(nanoseconds)
}

/// A silence within the tolerance of a known limit.
pub(super) fn near(case: &Case<'_>, idle_s: f64, limit_s: f64) -> bool {
    let tolerance = (limit_s * case.parameters.idle_tolerance)
        .max(case.parameters.idle_tolerance_s.min(limit_s * NEAR_PART));
    (idle_s - limit_s).abs() <= tolerance
}

/// The timer that was met after so long.
pub(super) fn timer(limits: &[f64], after_s: f64) -> Option<f64> {
    let met = |limit: &&f64| (after_s - **limit).abs() <= (**limit * TIMER_PART).max(TIMER_S);
    limits.iter().find(met).copied()
}

/// What an ICMP error says.
pub(super) fn icmp_meaning(version: u8, kind: u8, code: u8) -> &'static str {
    match (version, kind, code) {
        (4, 3, 0) | (6, 1, 0) => "no route to the destination",
        (4, 3, 1) => "host unreachable",
        (4, 3, 2) => "protocol unreachable",
        (4, 3, 3) | (6, 1, 4) => "port unreachable",
        (4, 3, 9 | 10 | 13) | (6, 1, 1) => "administratively prohibited",
        (6, 1, 3) => "address unreachable",
        (6, 1, 5) => "source address failed policy",
        (6, 1, 6) => "reject route",
        (4, 3, 4) => "fragmentation needed",
        (6, 2, _) => "packet too big",
        _ => "destination unreachable",
    }
}

/// How sure an end by FINs is: one that nobody was seen to acknowledge may have been sent in vain,
/// more so with data before it.
pub(super) fn accepted(case: &Case<'_>, confidence: f64) -> f64 {
    let sides = [Side::Client, Side::Server].map(|side| case.side(side));
    let acked = |e: &&Endpoint| e.fin.is_some_and(|fin| fin.acked_at.get().is_some());
    if sides.iter().all(acked) {
        confidence
    } else if sides.iter().all(|e| e.unacked() == 0) {
        confidence.min(FIN_UNHEARD)
    } else {
        confidence.min(DATA_UNHEARD)
    }
}

/// No option in the client's SYN but the MSS.
pub(super) fn only_mss(case: &Case<'_>) -> bool {
    case.side(Side::Client).syn_options & !0b111 == 0
}

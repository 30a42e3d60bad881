//! What most rules use, and a few questions that several of them ask.

pub use super::super::apart::{apart, beyond_one_path, one_router};
pub use super::super::context::{Life, began_to_end, fate, source, turned_away};
pub use super::super::evidence::Evidence;
pub use super::super::rule::{Applies, Case, Class, Finding, Rule};
pub use crate::conn::{
    Ending, Form, Opening, Reason, SequenceCheck, Side, Teardown, Trigger, seconds,
};

/// The reset by which a server refuses a SYN.
pub fn refusal<'a>(case: &Case<'a>) -> Option<&'a Teardown> {
    case.reset.filter(|reset| {
        case.connection.ending == Ending::HandshakeRefused
            && reset.sender == Side::Server
            && reset.sequence_check == SequenceCheck::AcksSyn
    })
}

/// The reset by which a client abandons a handshake.
pub fn abandonment<'a>(case: &Case<'a>) -> Option<&'a Teardown> {
    case.reset.filter(|reset| {
        case.connection.ending == Ending::HandshakeAbandoned && reset.sender == Side::Client
    })
}

/// A client's reset that answers a SYN-ACK which fits, and shows no more: several causes may be
/// behind it, and each is a candidate. A reset with the connection's timestamps is none of these:
/// it comes from a socket that had got its SYN-ACK.
pub fn dropped_syn_ack(case: &Case<'_>) -> bool {
    abandonment(case).is_some_and(|reset| {
        case.connection.syn_ack_fits() && (reset.form != Some(Form::Abort) || !reset.has_timestamp)
    })
}

/// An end by FINs that this side began; with its own FIN alone, only when that was acknowledged.
pub fn closed_first(case: &Case<'_>, side: Side) -> Option<Finding> {
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
    // A FIN that nobody was seen to acknowledge may have been sent in vain.
    let second = c.side(side.peer()).fin;
    let accepted = second.is_some_and(|fin| fin.acked_at.get().is_some());
    let confidence = match (half, accepted) {
        (true, _) => 0.6,
        (false, true) => 0.87,
        (false, false) => 0.8,
    };
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
pub struct Began {
    /// When.
    pub time: i64,
    /// Its packet.
    pub packet: u64,
}

/// Where this side began the end of the connection, and, for a reset, with this one.
pub fn began(case: &Case<'_>, by: Side) -> Option<Began> {
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
pub fn s(nanoseconds: i64) -> f64 {
    seconds(nanoseconds)
}

/// A silence within the tolerance of a known limit.
pub fn near(case: &Case<'_>, idle_s: f64, limit_s: f64) -> bool {
    let tolerance = (limit_s * case.parameters.idle_tolerance)
        .max(case.parameters.idle_tolerance_s.min(limit_s * 0.1));
    (idle_s - limit_s).abs() <= tolerance
}

//! What most rules use, and a few questions that several of them ask.

pub use super::super::evidence::Evidence;
pub use super::super::rule::{Applies, Case, Finding, Rule};
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

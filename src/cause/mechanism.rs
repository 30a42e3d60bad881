//! What was done to a connection, or by a segment, as the packets alone decide it: one word, below
//! every cause. What no passive observer can tell apart has one mechanism.

use crate::conn::{Connection, Ending, Form, Kind, SequenceCheck, Side, Teardown, Trigger};

/// Segments sent again and never answered that make a silence of a closing connection.
const UNANSWERED: u32 = 2;

/// How a connection was ended, or what made a FIN or RST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// FINs of both sides.
    OrderlyClose,
    /// The FIN of one side; the other did not close.
    HalfClose,
    /// A reset by a socket that lived until then, at the end of its own numbers: `SO_LINGER` 0,
    /// data left unread, a killed process.
    HostAbort,
    /// A reset whose numbers come from the segment that it answers: no usable socket.
    ReplyReset,
    /// A reset of neither shape.
    UnclearReset,
    /// A SYN answered by a reset.
    Refusal,
    /// The client reset the handshake that it had begun.
    HandshakeAbandoned,
    /// A reset that neither side sent.
    ThirdPartyReset,
    /// Payload or a FIN that neither side sent.
    ThirdPartyData,
    /// ICMP said that the other side cannot be reached.
    IcmpError,
    /// Segments that nobody answered.
    Silence,
    /// A new SYN of the same addresses and ports, while it was open.
    Superseded,
    /// Nothing ended it.
    Open,
    /// Segments of a connection that the capture does not show.
    Stray,
}

/// What somebody else put into a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forged {
    /// A reset, or an ICMP error.
    Reset,
    /// Payload or a FIN.
    Data,
}

impl Mechanism {
    /// Of a connection, which this reset ended.
    pub fn of_connection(c: &Connection, reset: Option<&Teardown>, forged: Option<Forged>) -> Self {
        if forged == Some(Forged::Data) {
            return Self::ThirdPartyData;
        }
        match (c.ending, reset) {
            (_, Some(_)) if forged.is_some() => Self::ThirdPartyReset,
            (Ending::Stray, _) => Self::Stray,
            (Ending::HandshakeRefused, _) => Self::Refusal,
            (Ending::HandshakeAbandoned, Some(reset))
                if reset.form == Some(Form::Abort) && c.syn_ack.is_some() =>
            {
                Self::HostAbort
            }
            (Ending::HandshakeAbandoned, _) => Self::HandshakeAbandoned,
            (Ending::Graceful, _) => Self::OrderlyClose,
            (_, Some(reset)) => Self::of_form(reset),
            (Ending::HalfClosed, None) if unanswered_fin(c) => Self::silence(c),
            (Ending::HalfClosed, None) => Self::HalfClose,
            (Ending::Superseded, None) => Self::Superseded,
            (Ending::Open, None) => Self::Open,
            (
                Ending::HandshakeUnanswered
                | Ending::HandshakeIncomplete
                | Ending::PeerUnresponsive
                // These have a reset.
                | Ending::HandshakeAbortedByServer
                | Ending::ResetAfterFin
                | Ending::Reset,
                None,
            ) => Self::silence(c),
        }
    }

    /// Of one FIN or RST of a connection.
    pub fn of_row(c: &Connection, row: &Teardown, forged: Option<Forged>) -> Self {
        match forged {
            Some(Forged::Data) => return Self::ThirdPartyData,
            Some(Forged::Reset) if row.kind == Kind::Rst => return Self::ThirdPartyReset,
            _ => {}
        }
        if c.ending == Ending::Stray {
            return Self::Stray;
        }
        if row.kind == Kind::Fin {
            if row.acked_at.get().is_some() {
                return Self::OrderlyClose;
            }
            let reset = c.deciding().filter(|row| row.kind == Kind::Rst);
            return Self::of_connection(c, reset, None);
        }
        let to_a_syn = row.sequence_check == SequenceCheck::AcksSyn
            || row.trigger == Some(Trigger::Syn) && row.form == Some(Form::Reply);
        if to_a_syn && row.sender == Side::Server {
            return Self::Refusal;
        }
        let abort = row.form == Some(Form::Abort) && c.syn_ack.is_some();
        if c.ending == Ending::HandshakeAbandoned && row.sender == Side::Client && !abort {
            return Self::HandshakeAbandoned;
        }
        Self::of_form(row)
    }

    fn of_form(reset: &Teardown) -> Self {
        match reset.form {
            Some(Form::Abort) => Self::HostAbort,
            Some(Form::Reply) => Self::ReplyReset,
            Some(Form::Other) | None => Self::UnclearReset,
        }
    }

    /// Nobody answered, and perhaps a router said why.
    fn silence(c: &Connection) -> Self {
        let told = c.extra().and_then(|extra| extra.icmp).is_some_and(|icmp| icmp.unreachable());
        if told { Self::IcmpError } else { Self::Silence }
    }
}

/// A side closed, and neither its FIN nor what it sent again before it was ever acknowledged.
fn unanswered_fin(c: &Connection) -> bool {
    c.endpoints.iter().any(|e| {
        let open = e.fin.is_some_and(|fin| fin.acked_at.get().is_none());
        open && e.retransmission_run + e.probe_run >= UNANSWERED
    })
}

#[cfg(test)]
mod tests {
    use super::Mechanism;
    use crate::cause::{Context, Parameters, judge, judge_teardown};
    use crate::conn::{Connection, play};

    fn played(script: &str) -> (Connection, Context) {
        let connection = play(script).unwrap().remove(0);
        let mut context = Context::default();
        context.add(&connection);
        (connection, context)
    }

    fn whole(script: &str) -> Mechanism {
        let (connection, context) = played(script);
        judge(&connection, &context, &Parameters::default()).mechanism
    }

    fn rows(script: &str) -> Vec<Mechanism> {
        let (connection, context) = played(script);
        let parameters = Parameters::default();
        let judged = |row| judge_teardown(&connection, row, &context, &parameters).mechanism;
        connection.teardowns.iter().map(judged).collect()
    }

    #[test]
    fn the_packets_decide_what_was_done() {
        for (script, mechanism) in [
            ("> S, < S., > ., > F., < F., > .", Mechanism::OrderlyClose),
            ("> S, < S., > ., > F., < .", Mechanism::HalfClose),
            ("> S, < S., > ., > F., > F. again +1s, > F. again +2s", Mechanism::Silence),
            ("> S, < S., > ., > P. 80, < ., < R.", Mechanism::HostAbort),
            ("> S, < S., > ., > P. 80, < P. 80, > ., < R. +1s", Mechanism::HostAbort),
            ("> S, < S., > R. ts", Mechanism::HostAbort),
            ("> S, < S., > ., > P. 80, < P. 80, > P. 80 +3s, < R", Mechanism::ReplyReset),
            ("> S, < S., > ., > P. 80, < P. 80, > ., < R nots win=9 +9s", Mechanism::UnclearReset),
            ("> S, < R.", Mechanism::Refusal),
            ("> S, < S., > R", Mechanism::HandshakeAbandoned),
            ("> S, > R. +1s", Mechanism::HandshakeAbandoned),
            ("> S, > S again +1s", Mechanism::Silence),
            ("> S, < S., < S. again +1s", Mechanism::Silence),
            ("> S, ! icmp 3/1", Mechanism::IcmpError),
            ("> S, < S., > ., > P. 5, > S isn=90 port=40000 +9s", Mechanism::Superseded),
            ("> S, < S., > ., > P. 5, < .", Mechanism::Open),
            ("< R", Mechanism::Stray),
        ] {
            assert_eq!(whole(script), mechanism, "{script}");
        }
    }

    #[test]
    fn a_row_has_the_mechanism_of_its_segment() {
        for (script, mechanisms) in [
            ("> S, < S., > ., > F., < F., > .", [Mechanism::OrderlyClose; 2]),
            (
                "> S, < S., > ., < F., > ., > P. 5, < R",
                [Mechanism::OrderlyClose, Mechanism::ReplyReset],
            ),
            ("> S, < S., > ., < F., > R.", [Mechanism::HostAbort; 2]),
            ("> S, < R., > S again +1s, < R.", [Mechanism::Refusal; 2]),
            (
                "> S, < S., > ., < P. 9, > R., < P. 9, > R",
                [Mechanism::HostAbort, Mechanism::ReplyReset],
            ),
        ] {
            assert_eq!(rows(script), mechanisms, "{script}");
        }
    }
}

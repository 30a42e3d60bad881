//! One FIN or RST segment: what it said and what state it met.

use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::words::Side;
use crate::packet::{Flags, Seq};

/// What kind of teardown segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A FIN without RST.
    Fin,
    /// A RST, with or without FIN.
    Rst,
}

/// The shape of a reset: what kind of sender makes one like it (RFC 9293 section 3.10.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sent by a socket that existed and was aborted: sequence number at the end of what its side
    /// sent, ACK with what it had received.
    Abort,
    /// The answer of a stack without a usable socket: its numbers are copied from a segment.
    Reply,
    /// Neither.
    Other,
}

/// Where a reset's sequence number lies for its receiver (RFC 5961 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceCheck {
    /// Exactly the next byte the receiver expects: the reset is obeyed.
    Exact,
    /// One before it, the number of a FIN already sent (macOS after Ctrl-C; Linux obeys it).
    FinMinusOne,
    /// Inside the receive window, not exact: answered by a challenge ACK.
    InWindow,
    /// Before the window: ignored.
    Old,
    /// Beyond the window: ignored.
    Future,
    /// In SYN-SENT: acknowledges the SYN, so it is obeyed.
    AcksSyn,
    /// In SYN-SENT: acknowledges nothing that was sent, so it is void.
    Void,
    /// There is nothing to compare with.
    NotCheckable,
}

/// Which segment of the peer a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A SYN.
    Syn,
    /// A SYN-ACK.
    SynAck,
    /// A segment without payload and flags other than ACK.
    Ack,
    /// A keep-alive probe.
    Probe,
    /// A segment with payload.
    Data,
    /// A FIN.
    Fin,
}

/// What a reset says of its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Readable payload.
    Text(Box<str>),
    /// The reset diagnostic payload of draft-boucadair: IANA or vendor code with its meaning.
    Diagnostic(u16, Box<str>),
    /// Citrix NetScaler's code in the window field.
    NetScaler(u16, &'static str),
    /// Reason code of `MP_TCPRST` (RFC 8684 section 3.6).
    Mptcp(u8),
}

/// One FIN or RST segment: what both have. What only a RST has is read through it as well.
///
/// The three facts that only a FIN has stand here: a row is as large as its larger kind, and what a
/// RST has lies elsewhere, so that they take no room that another row could do without.
#[derive(Clone, Debug, Default)]
pub struct Teardown {
    /// Packet number over the capture.
    pub packet: u64,
    /// Packet number within its file.
    pub packet_in_file: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Relative to the sender's initial sequence number; `None` without a base.
    pub relative_sequence: Moment,
    /// Relative to the peer's initial sequence number; `None` without ACK or base.
    pub relative_acknowledgment: Moment,
    /// Packet of the earlier FIN with the same sequence number.
    pub retransmission_of: Number,
    /// FIN: when the peer first acknowledged it.
    pub acked_at: Moment,
    /// FIN: packet of that acknowledgment.
    pub acked_packet: Number,
    /// Bytes sent before it that were still unacknowledged, so it had to wait for none of them to
    /// be confirmed, yet all were sent first.
    pub unacked_bytes: u64,
    /// Nanoseconds since the connection's segment before it (before its trigger, for a reply).
    pub idle: Moment,
    /// Nanoseconds since the peer's latest payload.
    pub since_peer_data: Moment,
    /// Nanoseconds since the sender's own latest payload.
    pub since_own_data: Moment,
    /// FIN or RST.
    pub what: What,
    /// Index of its file.
    pub file: u32,
    /// Sequence number as sent.
    pub sequence: Seq,
    /// Acknowledgment field as sent.
    pub acknowledgment: Seq,
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// FIN: how often it was sent again.
    pub retransmissions: u32,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// Control bits.
    pub flags: Flags,
    /// Window field.
    pub window: u16,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Who sent it, by its addresses.
    pub sender: Side,
    /// An exact copy made by the capture: it stands in its row and nowhere else.
    pub duplicate: bool,
    /// Sender's state when it came: had it sent a FIN before?
    pub sender_fin_before: bool,
    /// Had the peer sent a FIN before?
    pub peer_fin_before: bool,
}

/// FIN or RST. Most connections end by FINs alone, and a RST has more than twice as much to it: what
/// only it has lies on the heap.
#[derive(Clone, Debug, Default)]
pub enum What {
    /// A FIN without RST.
    #[default]
    Fin,
    /// A RST, with or without FIN.
    Rst(Box<Reset>),
}

/// What only a RST has.
#[derive(Clone, Debug)]
pub struct Reset {
    /// `Rst`; `Fin` in [`Reset::NONE`] alone, so that a row tells its kind.
    pub kind: Kind,
    /// Shape.
    pub form: Option<Form>,
    /// It has the shape of a reply, whether or not a segment was seen that it answers.
    pub reply_shape: bool,
    /// The segment it answers.
    pub trigger: Option<Trigger>,
    /// Its sender had acknowledged all of that segment's payload before.
    pub trigger_old: bool,
    /// How it stands to what its receiver expects.
    pub sequence_check: SequenceCheck,
    /// Whether it had an effect; `None` while that cannot be told.
    pub effective: Option<bool>,
    /// Follows another effective reset of its side.
    pub follow_up: bool,
    /// A challenge ACK answered it at once.
    pub challenged: bool,
    /// Its identification or window copies the segment before it from the other side.
    pub copies_peer: bool,
    /// The payload repeats the bytes of the trigger.
    pub payload_echo: bool,
    /// Whether the connection uses timestamps and this one carries a fitting one;
    /// `None` when the connection does not use them.
    pub timestamp_ok: Option<bool>,
    /// Whether it has a timestamp option.
    pub has_timestamp: bool,
    /// MPTCP option subtype.
    pub mptcp: Option<u8>,
    /// The IPv4 "do not fragment" bit.
    pub dont_fragment: bool,
    /// Whether its hardware source address differs from the one its side began with.
    pub link_source_differs: bool,
    /// TCP header length in bytes.
    pub header_length: u8,
    /// Had any reset of its sender come before?
    pub sender_rst_before: bool,
    /// TTL minus the usual TTL of its claimed sender.
    pub ttl_delta: Option<i16>,
    /// Identification minus that of its claimed sender's segment before it, modulo 2^16.
    pub ip_id_delta: Option<i32>,
    /// IPv6 flow label.
    pub flow_label: u32,
    /// Payload bytes of the segment that it answers.
    pub trigger_payload: u32,
    /// Unanswered probes of its sender right before it.
    pub probe_run: u32,
    /// Unanswered retransmissions of its sender right before it.
    pub retransmission_run: u32,
    /// Packet number of the segment that it answers.
    pub trigger_packet: Number,
    /// Time from that segment, in nanoseconds.
    pub turnaround: Moment,
    /// Time from the first segment that has the numbers which it repeats, or the first that brought
    /// the bytes which it acknowledges; `None` where there may have been an earlier one.
    pub answer_time: Moment,
    /// Acknowledgment field of the segment that it answers, relative to this sender's base.
    pub trigger_relative_ack: Moment,
    /// Bytes from the end of what its sender had sent (or had acknowledged) by then to its
    /// sequence number; `None` without a base.
    pub ahead: Moment,
    /// Payload bytes of the peer that its sender had been sent and never answered with data.
    pub unread_bytes: u64,
    /// The peer's bytes its ACK field leaves unacknowledged.
    pub peer_bytes_unacked: u64,
    /// The reason it states.
    pub reason: Option<Box<Reason>>,
    /// When its sender's own FIN before it was sent.
    pub sender_fin_time: Moment,
    /// Nanoseconds since the sender's own segment before it.
    pub sender_idle: Moment,
    /// Since when the peer's window had been zero.
    pub peer_zero_window: Moment,
    /// The sender's counters when it came (see `Endpoint::progress`).
    pub(crate) sender_mark: Mark,
    /// The peer's.
    pub(crate) peer_mark: Mark,
    /// New payload bytes of its sender after it.
    pub sender_bytes_after: u64,
    /// Segments of its sender after it that were no resets.
    pub sender_after: u32,
    /// Of these, those that carried on (new data, new acknowledgment, SYN).
    pub sender_progress_after: u32,
}

impl Reset {
    /// What is read of a FIN: nothing.
    pub const NONE: Self = Self {
        kind: Kind::Fin,
        form: None,
        reply_shape: false,
        trigger: None,
        trigger_old: false,
        sequence_check: SequenceCheck::NotCheckable,
        effective: None,
        follow_up: false,
        challenged: false,
        copies_peer: false,
        payload_echo: false,
        timestamp_ok: None,
        has_timestamp: false,
        mptcp: None,
        dont_fragment: false,
        link_source_differs: false,
        header_length: 0,
        sender_rst_before: false,
        ttl_delta: None,
        ip_id_delta: None,
        flow_label: 0,
        trigger_payload: 0,
        probe_run: 0,
        retransmission_run: 0,
        trigger_packet: Number::NONE,
        turnaround: Moment::NONE,
        answer_time: Moment::NONE,
        trigger_relative_ack: Moment::NONE,
        ahead: Moment::NONE,
        unread_bytes: 0,
        peer_bytes_unacked: 0,
        reason: None,
        sender_fin_time: Moment::NONE,
        sender_idle: Moment::NONE,
        peer_zero_window: Moment::NONE,
        sender_mark: Mark::NONE,
        peer_mark: Mark::NONE,
        sender_bytes_after: 0,
        sender_after: 0,
        sender_progress_after: 0,
    };

    /// Whether there are receivers that do not drop one with such a number (RFC 9293 section
    /// 3.10.7.4).
    pub(crate) fn may_be_obeyed(&self) -> bool {
        use SequenceCheck::{Future, Old, Void};
        !matches!(self.sequence_check, Old | Future | Void)
    }
}

impl Default for Reset {
    /// A RST of which nothing is known.
    fn default() -> Self {
        Self { kind: Kind::Rst, ..Self::NONE }
    }
}

impl Teardown {
    /// Whether it is a FIN.
    pub const fn is_fin(&self) -> bool {
        matches!(self.what, What::Fin)
    }

    /// What only a RST has, if it is one.
    pub fn reset(&self) -> Option<&Reset> {
        match &self.what {
            What::Rst(reset) => Some(reset),
            What::Fin => None,
        }
    }

    /// The same, to change.
    pub(crate) fn reset_mut(&mut self) -> Option<&mut Reset> {
        match &mut self.what {
            What::Rst(reset) => Some(reset),
            What::Fin => None,
        }
    }
}

/// What only a RST has; of a FIN [`Reset::NONE`].
impl std::ops::Deref for Teardown {
    type Target = Reset;

    fn deref(&self) -> &Reset {
        static NONE: Reset = Reset::NONE;
        self.reset().unwrap_or(&NONE)
    }
}

/// Counters of one side at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub alive: u32,
    pub progress: u32,
    pub bytes: u64,
}

impl Mark {
    /// Nothing.
    const NONE: Self = Self { alive: 0, progress: 0, bytes: 0 };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fin_carries_nothing_of_a_reset_and_says_so() {
        let fin = Teardown::default();
        assert!(fin.is_fin() && fin.reset().is_none());
        assert_eq!((fin.kind, fin.form, fin.effective), (Kind::Fin, None, None));
        let reset = Reset { form: Some(Form::Abort), ..Reset::default() };
        let rst = Teardown { what: What::Rst(Box::new(reset)), ..Teardown::default() };
        assert_eq!((rst.kind, rst.form), (Kind::Rst, Some(Form::Abort)));
        assert!(!rst.is_fin() && rst.reset().is_some());
    }
}

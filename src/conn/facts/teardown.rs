//! One FIN or RST segment: what it said and what state it met.

use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::words::Side;
use crate::packet::{Flags, Seq};

/// What kind of teardown segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A FIN without RST.
    #[default]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    #[default]
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

/// One FIN or RST segment.
#[derive(Clone, Debug, Default)]
pub struct Teardown {
    /// Packet number over the capture.
    pub packet: u64,
    /// Packet number within its file.
    pub packet_in_file: u64,
    /// Index of its file.
    pub file: u32,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Who sent it, by its addresses.
    pub sender: Side,
    /// FIN or RST.
    pub kind: Kind,
    /// Control bits.
    pub flags: Flags,
    /// Sequence number as sent.
    pub sequence: Seq,
    /// Acknowledgment field as sent.
    pub acknowledgment: Seq,
    /// Relative to the sender's initial sequence number; `None` without a base.
    pub relative_sequence: Moment,
    /// Bytes from the end of what its sender had sent (or had acknowledged) by then to its
    /// sequence number; `None` without a base.
    pub ahead: Moment,
    /// Relative to the peer's initial sequence number; `None` without ACK or base.
    pub relative_acknowledgment: Moment,
    /// Window field.
    pub window: u16,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// The IPv4 "do not fragment" bit.
    pub dont_fragment: bool,
    /// IPv6 flow label.
    pub flow_label: u32,
    /// Whether its hardware source address differs from the one its side began with.
    pub link_source_differs: bool,
    /// TCP header length in bytes.
    pub header_length: u8,
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// Whether it has a timestamp option.
    pub has_timestamp: bool,
    /// Whether the connection uses timestamps and this one carries a fitting one;
    /// `None` when the connection does not use them.
    pub timestamp_ok: Option<bool>,
    /// MPTCP option subtype.
    pub mptcp: Option<u8>,
    /// An exact copy made by the capture: it stands in its row and nowhere else.
    pub duplicate: bool,
    /// Packet of the earlier FIN with the same sequence number.
    pub retransmission_of: Number,
    /// FIN: how often it was sent again.
    pub retransmissions: u32,
    /// FIN: when the peer first acknowledged it.
    pub acked_at: Moment,
    /// FIN: packet of that acknowledgment.
    pub acked_packet: Number,
    /// FIN: bytes sent before it that were still unacknowledged, so it had to wait for none of
    /// them to be confirmed, yet all were sent first.
    pub unacked_bytes: u64,
    /// RST: shape.
    pub form: Option<Form>,
    /// RST: it has the shape of a reply, whether or not a segment was seen that it answers.
    pub reply_shape: bool,
    /// RST: the segment it answers.
    pub trigger: Option<Trigger>,
    /// RST: packet number of that segment.
    pub trigger_packet: Number,
    /// RST: time from that segment, in nanoseconds.
    pub turnaround: Moment,
    /// RST: time from the first segment that has the numbers which it repeats, or the first that
    /// brought the bytes which it acknowledges; `None` where there may have been an earlier one.
    pub answer_time: Moment,
    /// RST: whether the trigger brought payload bytes that were new.
    pub trigger_payload: u32,
    /// RST: its sender had acknowledged all of that segment's payload before.
    pub trigger_old: bool,
    /// RST: acknowledgment field of that segment, relative to this sender's base.
    pub trigger_relative_ack: Moment,
    /// RST: how it stands to what its receiver expects.
    pub sequence_check: SequenceCheck,
    /// RST: whether it had an effect; `None` while that cannot be told.
    pub effective: Option<bool>,
    /// RST: follows another effective reset of its side.
    pub follow_up: bool,
    /// RST: a challenge ACK answered it at once.
    pub challenged: bool,
    /// RST: TTL minus the usual TTL of its claimed sender.
    pub ttl_delta: Option<i16>,
    /// RST: identification minus that of its claimed sender's segment before it, modulo 2^16.
    pub ip_id_delta: Option<i32>,
    /// RST: its identification or window copies the segment before it from the other side.
    pub copies_peer: bool,
    /// RST: payload bytes of the peer that its sender had been sent and never answered with data.
    pub unread_bytes: u64,
    /// RST: the peer's bytes its ACK field leaves unacknowledged.
    pub peer_bytes_unacked: u64,
    /// RST: the reason it states.
    pub reason: Option<Box<Reason>>,
    /// RST: the payload repeats the bytes of the trigger.
    pub payload_echo: bool,
    /// Sender's state when it came: had it sent a FIN before?
    pub sender_fin_before: bool,
    /// Had the peer sent a FIN before?
    pub peer_fin_before: bool,
    /// When its sender's own FIN before it was sent.
    pub sender_fin_time: Moment,
    /// Had any reset of this sender come before?
    pub sender_rst_before: bool,
    /// Nanoseconds since the connection's segment before it (before its trigger, for a reply).
    pub idle: Moment,
    /// Nanoseconds since the sender's own segment before it.
    pub sender_idle: Moment,
    /// Nanoseconds since the peer's latest payload.
    pub since_peer_data: Moment,
    /// Nanoseconds since the sender's own latest payload.
    pub since_own_data: Moment,
    /// Unanswered probes of its sender right before it.
    pub probe_run: u32,
    /// Unanswered retransmissions of its sender right before it.
    pub retransmission_run: u32,
    /// Since when the peer's window had been zero.
    pub peer_zero_window: Moment,
    /// The sender's progress counter when it came (see `Endpoint::progress`).
    pub(crate) sender_mark: Mark,
    /// The peer's counters when it came.
    pub(crate) peer_mark: Mark,
    /// Segments of its sender after it that were no resets.
    pub sender_after: u32,
    /// Of these, those that carried on (new data, new acknowledgment, SYN).
    pub sender_progress_after: u32,
    /// Segments of the peer after it that were no resets.
    pub peer_after: u32,
    /// Of these, those that carried on.
    pub peer_progress_after: u32,
    /// New payload bytes of its sender after it.
    pub sender_bytes_after: u64,
}

impl Teardown {
    /// RST: whether there are receivers that do not drop one with such a number (RFC 9293 section
    /// 3.10.7.4).
    pub(crate) fn may_be_obeyed(&self) -> bool {
        use SequenceCheck::{Future, Old, Void};
        !matches!(self.sequence_check, Old | Future | Void)
    }
}

/// Counters of one side at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    pub alive: u32,
    pub progress: u32,
    pub bytes: u64,
}

//! What only a RST has: how it looks, what it answers, what came of it.

use crate::conn::facts::endpoint::Endpoint;
use crate::conn::primitives::coder::{Base, Coder, sparse};
use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::words::{Form, SequenceCheck, Trigger};
use crate::packet::{Options, Segment};

/// What kind of teardown segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A FIN without RST.
    Fin,
    /// A RST, with or without FIN.
    Rst,
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

impl Reset {
    /// What every RST says, and what it met; what it answers is told later.
    pub(in crate::conn) fn of(endpoint: &Endpoint, peer: &Endpoint, segment: &Segment<'_>) -> Self {
        let options = Options::parse(segment.options);
        let end = endpoint.max_end.max(endpoint.acked).cast_signed();
        let ahead = || endpoint.position(segment.sequence).saturating_sub(end);
        Self {
            ahead: endpoint.based.then(ahead).into(),
            dont_fragment: segment.dont_fragment,
            flow_label: segment.flow_label,
            link_source_differs: endpoint.link_source != 0
                && segment.link_source != 0
                && segment.link_source != endpoint.link_source,
            header_length: segment.header_length,
            has_timestamp: options.timestamps.is_some(),
            mptcp: options.mptcp,
            sender_fin_time: endpoint.fin.filter(|_| endpoint.fins > 0).map(|fin| fin.time).into(),
            sender_rst_before: endpoint.rsts > 0,
            sender_idle: (endpoint.alive > 0).then(|| segment.since(endpoint.last_time)).into(),
            probe_run: endpoint.probe_run,
            retransmission_run: endpoint.retransmission_run,
            peer_zero_window: peer.zero_since.get().map(|time| segment.since(time)).into(),
            sender_mark: Mark::of(endpoint),
            peer_mark: Mark::of(peer),
            ..Self::default()
        }
    }

    pub(in crate::conn) fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self {
            kind: _,
            form,
            reply_shape,
            trigger,
            trigger_old,
            sequence_check,
            effective,
            follow_up,
            challenged,
            copies_peer,
            payload_echo,
            timestamp_ok,
            has_timestamp,
            mptcp,
            dont_fragment,
            link_source_differs,
            header_length,
            sender_rst_before,
            ttl_delta,
            ip_id_delta,
            flow_label,
            trigger_payload,
            probe_run,
            retransmission_run,
            trigger_packet,
            turnaround,
            answer_time,
            trigger_relative_ack,
            ahead,
            unread_bytes,
            peer_bytes_unacked,
            reason: _,
            sender_fin_time,
            sender_idle,
            peer_zero_window,
            sender_mark,
            peer_mark,
            sender_bytes_after,
            sender_after,
            sender_progress_after,
        } = self;
        coder.bits(|bits| {
            bits.plain(sequence_check, 3);
            bits.option(form, 2);
            bits.option(trigger, 3);
            bits.option(timestamp_ok, 2);
            bits.option(effective, 2);
            bits.plain(header_length, 8);
            bits.option(mptcp, 9);
            for switch in [
                &mut *link_source_differs,
                &mut *has_timestamp,
                &mut *dont_fragment,
                &mut *reply_shape,
                &mut *follow_up,
                &mut *challenged,
                &mut *copies_peer,
                &mut *payload_echo,
                &mut *sender_rst_before,
                &mut *trigger_old,
            ] {
                bits.plain(switch, 1);
            }
        });
        lapse(ahead, coder);
        lapse(sender_idle, coder);
        sender_mark.code(coder);
        peer_mark.code(coder);
        let answers = (*trigger_packet != Number::NONE)
            || turnaround.is_some()
            || answer_time.is_some()
            || trigger_relative_ack.is_some()
            || (*trigger_payload != 0);
        if coder.given(|| answers) {
            coder.number(trigger_packet, base.packet);
            lapse(turnaround, coder);
            coder.moment(answer_time, turnaround.get().unwrap_or(0));
            coder.plain(trigger_payload);
            lapse(trigger_relative_ack, coder);
        }
        if coder.given(|| ttl_delta.is_some() || ip_id_delta.is_some()) {
            difference(ttl_delta, coder);
            difference(ip_id_delta, coder);
        }
        if coder.given(|| sender_fin_time.is_some() || peer_zero_window.is_some()) {
            coder.moment(sender_fin_time, base.time);
            lapse(peer_zero_window, coder);
        }
        sparse!(coder, unread_bytes, peer_bytes_unacked, flow_label);
        sparse!(coder, probe_run, retransmission_run);
        sparse!(coder, sender_after, sender_progress_after, sender_bytes_after);
    }
}

/// A number of bytes or nanoseconds that may be missing.
fn lapse(value: &mut Moment, coder: &mut impl Coder) {
    coder.moment(value, 0);
}

/// A small number that may be missing.
fn difference<T: Copy + Into<i64> + TryFrom<i64>>(value: &mut Option<T>, coder: &mut impl Coder) {
    let mut moment = Moment::from(value.map(Into::into));
    lapse(&mut moment, coder);
    *value = moment.get().and_then(|number| T::try_from(number).ok());
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

    /// The counters of a side now.
    pub(in crate::conn) fn of(endpoint: &Endpoint) -> Self {
        Self { alive: endpoint.alive, progress: endpoint.progress, bytes: endpoint.unique_bytes }
    }

    fn code(&mut self, coder: &mut impl Coder) {
        let Self { alive, progress, bytes } = self;
        coder.bits(|bits| {
            bits.plain(alive, 32);
            bits.plain(progress, 32);
        });
        coder.plain(bytes);
    }
}

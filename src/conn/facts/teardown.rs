//! One FIN or RST segment: what it said and what state it met.

use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::reset::Reset;
use crate::conn::primitives::coder::{Base, Coder, sparse};
use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::words::Side;
use crate::packet::{Flags, Segment, Seq};

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

impl Teardown {
    /// A row with what every teardown segment says: that of a FIN. What its side and the peer had
    /// come to before it is given.
    pub(in crate::conn) fn of(
        endpoint: &Endpoint,
        peer: &Endpoint,
        segment: &Segment<'_>,
        sender: Side,
    ) -> Self {
        Self {
            packet: segment.packet,
            packet_in_file: segment.packet_in_file,
            file: segment.file,
            time: segment.time,
            sender,
            flags: segment.flags,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            relative_sequence: endpoint.based.then(|| endpoint.position(segment.sequence)).into(),
            relative_acknowledgment: (peer.based && segment.flags.ack())
                .then(|| peer.position(segment.acknowledgment))
                .into(),
            window: segment.window,
            ttl: segment.ttl,
            ip_id: segment.ip_id,
            payload_length: segment.payload_length,
            unacked_bytes: endpoint.unacked(),
            sender_fin_before: endpoint.fins > 0,
            peer_fin_before: peer.fins > 0,
            since_peer_data: (peer.unique_bytes > 0)
                .then(|| segment.since(peer.last_data_time))
                .into(),
            since_own_data: (endpoint.unique_bytes > 0)
                .then(|| segment.since(endpoint.last_data_time))
                .into(),
            ..Self::default()
        }
    }

    /// Its fields, of a connection that began in this file.
    pub(in crate::conn) fn code(&mut self, home: u32, base: &Base, coder: &mut impl Coder) {
        let Self {
            packet,
            packet_in_file,
            file,
            time,
            sender,
            flags,
            sequence,
            acknowledgment,
            relative_sequence,
            relative_acknowledgment,
            window,
            ttl,
            ip_id,
            payload_length,
            duplicate,
            retransmission_of,
            retransmissions,
            acked_at,
            acked_packet,
            unacked_bytes,
            sender_fin_before,
            peer_fin_before,
            idle,
            since_peer_data,
            since_own_data,
            what,
        } = self;
        let mut is_reset = matches!(what, What::Rst(_));
        coder.bits(|bits| {
            bits.plain(sender, 1);
            bits.plain(&mut is_reset, 1);
            bits.plain(&mut flags.0, 16);
            bits.plain(duplicate, 1);
            bits.plain(sender_fin_before, 1);
            bits.plain(peer_fin_before, 1);
            bits.plain(window, 16);
            bits.plain(ttl, 8);
            bits.option(ip_id, 17);
        });
        coder.same(packet, base.packet);
        coder.near(time, base.time, i64::MIN);
        let from = base.seqs[*sender];
        coder.seq(sequence, from);
        coder.seq(acknowledgment, base.seqs[sender.peer()]);
        coder.moment(relative_sequence, i64::from(sequence.since(from)));
        coder.moment(relative_acknowledgment, 0);
        coder.moment(idle, 0);
        coder.moment(since_peer_data, 0);
        coder.moment(since_own_data, 0);
        if coder.given(|| acked_at.is_some() || *acked_packet != Number::NONE) {
            coder.moment(acked_at, base.time);
            coder.number(acked_packet, base.packet);
        }
        sparse!(coder, payload_length, unacked_bytes);
        coder.same(packet_in_file, packet.wrapping_sub(base.file));
        coder.same(file, u64::from(home));
        if coder.given(|| *retransmission_of != Number::NONE || *retransmissions != 0) {
            coder.number(retransmission_of, base.packet);
            coder.plain(retransmissions);
        }
        if is_reset {
            let mut rst = match std::mem::take(what) {
                What::Rst(rst) => rst,
                What::Fin => Box::default(),
            };
            rst.code(base, coder);
            *what = What::Rst(rst);
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::facts::reset::Kind;
    use crate::conn::primitives::words::Form;

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

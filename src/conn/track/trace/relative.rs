//! Segments with relative numbers.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::space::truncate;
use crate::conn::primitives::words::{BySide, Side};
use crate::packet::{Flags, Segment, Seq};

/// One segment of a chosen connection.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Number of the connection.
    pub connection: u64,
    /// Number of the packet over the whole capture.
    pub packet: u64,
    /// Index of its file.
    pub file: u32,
    /// Number of the packet in that file.
    pub packet_in_file: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Who sent it, by its addresses.
    pub sender: Side,
    /// Control bits.
    pub flags: Flags,
    /// Sequence number.
    pub sequence: Seq,
    /// Acknowledgment field.
    pub acknowledgment: Seq,
    /// Sequence number relative to the sender's first one.
    pub relative_sequence: Option<i64>,
    /// Acknowledgment relative to the peer's first sequence number.
    pub relative_acknowledgment: Option<i64>,
    /// Window field, unscaled.
    pub window: u16,
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
}

/// The last number of one side and how far it is from that side's first, so that relative numbers
/// go on beyond 2^32.
#[derive(Clone, Copy, Debug)]
struct Base {
    last: Seq,
    offset: i64,
}

impl Base {
    fn relative(&mut self, number: Seq) -> i64 {
        let relative = self.offset.saturating_add(i64::from(number.since(self.last)));
        if relative > self.offset {
            *self = Self { last: number, offset: relative };
        }
        relative
    }
}

/// Where the numbers of both sides of a connection begin.
#[derive(Debug, Default)]
pub(super) struct Bases(BySide<Option<Base>>);

impl Bases {
    /// Where those of a connection stand after its packets so far.
    pub(super) fn of(c: &Connection<impl Stage>) -> Self {
        let base = |side| {
            let own = c.side(side);
            let last = own.base.plus(truncate(own.max_end));
            own.based.then_some(Base { last, offset: own.max_end.cast_signed() })
        };
        Self(BySide::of(base))
    }

    /// The next segment of the connection of this number, from this side.
    pub(super) fn trace(&mut self, connection: u64, segment: &Segment<'_>, sender: Side) -> Traced {
        let (own, peer) = self.0.split_mut(sender);
        let flags = segment.flags;
        if flags.syn() {
            *own = Some(Base { last: segment.sequence, offset: 0 });
        } else if own.is_none() && !flags.rst() {
            *own = Some(Base { last: segment.sequence, offset: 1 });
        }
        if flags.ack() && peer.is_none() && !flags.rst() {
            *peer = Some(Base { last: segment.acknowledgment, offset: 1 });
        }
        let acknowledged = flags.ack().then_some(segment.acknowledgment);
        Traced {
            connection,
            packet: segment.packet,
            file: segment.file,
            packet_in_file: segment.packet_in_file,
            time: segment.time,
            sender,
            flags,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            relative_sequence: own.as_mut().map(|base| base.relative(segment.sequence)),
            relative_acknowledgment: acknowledged
                .and_then(|number| peer.as_mut().map(|base| base.relative(number))),
            window: segment.window,
            payload_length: segment.payload_length,
            ttl: segment.ttl,
            ip_id: segment.ip_id,
        }
    }
}

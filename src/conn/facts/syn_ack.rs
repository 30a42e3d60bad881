//! What is known of a SYN-ACK.

use crate::conn::primitives::coder::{Base, Coder};
use crate::packet::Seq;

/// A SYN-ACK as the observer saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynAck {
    /// Packet number.
    pub packet: u64,
    /// Time.
    pub time: i64,
    /// Acknowledgment minus the client's initial sequence number plus one: 0 when it fits.
    pub ack_offset: i64,
    /// Its sequence number.
    pub sequence: u32,
    /// TTL.
    pub ttl: u8,
    /// Window field.
    pub window: u16,
    /// Bit set of option kinds.
    pub options: u32,
    /// Timestamp echo.
    pub echo: Option<u32>,
}

impl SynAck {
    /// One that is expected at a time.
    pub(in crate::conn) fn code(&mut self, expected: i64, base: &Base, coder: &mut impl Coder) {
        let Self { packet, time, ack_offset, sequence, ttl, window, options, echo } = self;
        coder.bits(|bits| {
            bits.plain(ttl, 8);
            bits.plain(window, 16);
            bits.option(echo, 33);
        });
        coder.same(packet, base.packet);
        coder.near(time, expected, i64::MIN);
        coder.plain(ack_offset);
        let mut number = Seq(*sequence);
        coder.seq(&mut number, base.seqs.server);
        *sequence = number.0;
        coder.plain(options);
    }
}

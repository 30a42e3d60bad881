//! ICMP errors about a connection.

use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::words::Side;
use crate::packet::Address;

/// An ICMP error that quoted a segment of this connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Icmp {
    /// Packet number.
    pub packet: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Who reported it.
    pub reporter: Address,
    /// 4 or 6.
    pub version: u8,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Which side sent the quoted segment.
    pub quoted: Side,
    /// The next hop's MTU, of an error that says that a segment was too big; 0 where it is not
    /// told.
    pub mtu: u32,
}

impl Icmp {
    /// Whether it says that the segment was too big for the path (RFC 1191, RFC 8201).
    pub fn too_big(&self) -> bool {
        if self.version == 4 { (self.kind, self.code) == (3, 4) } else { self.kind == 2 }
    }

    /// Whether it says that the destination cannot be reached (not: too big, time exceeded).
    pub fn unreachable(&self) -> bool {
        match self.version {
            4 => self.kind == 3 && self.code != 4,
            _ => self.kind == 1,
        }
    }

    pub(in crate::conn) fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { packet, time, reporter, version, kind, code, quoted, mtu } = self;
        coder.plain(mtu);
        coder.bits(|bits| {
            bits.plain(version, 8);
            bits.plain(kind, 8);
            bits.plain(code, 8);
            bits.plain(quoted, 1);
        });
        coder.same(packet, base.packet);
        coder.near(time, base.time, i64::MIN);
        coder.halves(&mut reporter.0);
    }
}

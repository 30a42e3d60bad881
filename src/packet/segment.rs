//! What the tracker sees of a packet: a TCP [`Segment`] or an [`IcmpError`] that quotes one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flags::Flags;
use super::payload::Payload;
use super::seq::Seq;
use crate::capture::Direction;

/// An IP address; IPv4 is held as its IPv4-mapped IPv6 form, so that both compare as one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub u128);

impl Address {
    /// From four bytes in network order.
    pub fn v4(octets: [u8; 4]) -> Self {
        Self((0xffff_u128 << 32) | u128::from(u32::from_be_bytes(octets)))
    }

    /// From sixteen bytes in network order.
    pub fn v6(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }

    /// The address as the standard library has it, for the IP version it was seen in.
    pub fn ip(self, version: u8) -> IpAddr {
        let octets = self.0.to_be_bytes();
        if version == 4 {
            IpAddr::V4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))
        } else {
            IpAddr::V6(Ipv6Addr::from(octets))
        }
    }
}

/// Where a packet ran: its VLAN tags and tunnels, interned by the decoder. 0 is the plain path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(pub u32);

/// One TCP segment, innermost of its packet.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// Number of its packet over the whole capture, from 1.
    pub packet: u64,
    /// Number of its packet within its file, from 1.
    pub packet_in_file: u64,
    /// Index of its file.
    pub file: u32,
    /// Index of its interface.
    pub interface: u32,
    /// Nanoseconds since the epoch; a packet without a time takes that of the packet before it.
    pub time: i64,
    /// VLANs and tunnels around it.
    pub path: PathId,
    /// Direction at the capturing interface.
    pub direction: Direction,
    /// Source hardware address as a number, 0 where the link has none.
    pub link_source: u64,
    /// 4 or 6.
    pub ip_version: u8,
    /// Source address.
    pub source: Address,
    /// Destination address.
    pub destination: Address,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification; `None` in IPv6.
    pub ip_id: Option<u16>,
    /// The IPv4 "do not fragment" bit.
    pub dont_fragment: bool,
    /// Type of service or traffic class.
    pub traffic_class: u8,
    /// IPv6 flow label, 0 in IPv4.
    pub flow_label: u32,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: Seq,
    /// Acknowledgment field, meaningful with ACK (and kept without it).
    pub acknowledgment: Seq,
    /// Control bits.
    pub flags: Flags,
    /// Window field, unscaled.
    pub window: u16,
    /// Checksum field.
    pub checksum: u16,
    /// TCP header length in bytes (20 to 60).
    pub header_length: u8,
    /// Captured option bytes; shorter than the header says when the snap length cut them.
    pub options: &'a [u8],
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// Captured part of the payload.
    pub payload: Payload<'a>,
}

impl Segment<'_> {
    /// Nanoseconds since an earlier time: none where the capture's clock went back.
    #[inline]
    pub fn since(&self, time: i64) -> i64 {
        self.time.saturating_sub(time).max(0)
    }

    /// Length in sequence space: SYN and FIN count one each, a RST's payload nothing
    /// (RFC 9293 section 3.4).
    pub fn sequence_length(&self) -> u32 {
        let payload = if self.flags.rst() { 0 } else { self.payload_length };
        payload
            .saturating_add(u32::from(self.flags.syn()))
            .saturating_add(u32::from(self.flags.fin()))
    }

    /// The first sequence number after this segment.
    pub fn end(&self) -> Seq {
        self.sequence.plus(self.sequence_length())
    }

    /// Whether the snap length cut the option bytes.
    pub fn options_cut(&self) -> bool {
        self.options.len() + 20 < usize::from(self.header_length)
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "#{} {}:{} > {}:{} [{}] seq {} ack {} win {} len {}",
            self.packet,
            self.source.ip(self.ip_version),
            self.source_port,
            self.destination.ip(self.ip_version),
            self.destination_port,
            self.flags,
            self.sequence.0,
            self.acknowledgment.0,
            self.window,
            self.payload_length
        )
    }
}

/// An ICMP or ICMPv6 error that quotes a TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpError {
    /// Number of its packet over the whole capture.
    pub packet: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// VLANs and tunnels around it.
    pub path: PathId,
    /// Who reports the error.
    pub reporter: Address,
    /// 4 for ICMP, 6 for ICMPv6.
    pub ip_version: u8,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Source address of the quoted segment.
    pub source: Address,
    /// Destination address of the quoted segment.
    pub destination: Address,
    /// Source port of the quoted segment.
    pub source_port: u16,
    /// Destination port of the quoted segment.
    pub destination_port: u16,
    /// Sequence number of the quoted segment.
    pub sequence: Seq,
    /// TTL or hop limit of the error itself.
    pub ttl: u8,
    /// The next hop's MTU that an error of a segment too big tells; 0 in any other.
    pub mtu: u32,
}

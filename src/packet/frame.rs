//! Segments and ICMP errors to frames of Ethernet: the way back of what the decoder reads.

use super::checksum::Sum;
use super::segment::{Address, IcmpError, PathId, Segment};

const TCP: u8 = 6;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// Of a host that says nothing else.
const TTL: u8 = 64;
const VLAN: u16 = 0x8100;

/// The header of a packet, of either version.
struct Ip {
    version: u8,
    source: Address,
    destination: Address,
    ttl: u8,
    id: u16,
    dont_fragment: bool,
    traffic_class: u8,
    flow_label: u32,
    protocol: u8,
}

/// The frame of a segment, and its length on the wire: payload that was not captured is left out.
///
/// Its path is a VLAN of that number. What is longer than a length of IP can say has none, as where
/// a network card cuts segments.
pub fn of_segment(segment: &Segment<'_>) -> (Vec<u8>, u32) {
    let mut out = ethernet(segment.link_source, segment.path, segment.ip_version);
    let head = Ip {
        version: segment.ip_version,
        source: segment.source,
        destination: segment.destination,
        ttl: segment.ttl,
        id: segment.ip_id.unwrap_or(0),
        dont_fragment: segment.dont_fragment,
        traffic_class: segment.traffic_class,
        flow_label: segment.flow_label,
        protocol: TCP,
    };
    let length = u32::from(segment.header_length).saturating_add(segment.payload_length);
    out.extend(head.octets(length));
    out.extend(segment.source_port.to_be_bytes());
    out.extend(segment.destination_port.to_be_bytes());
    out.extend(segment.sequence.0.to_be_bytes());
    out.extend(segment.acknowledgment.0.to_be_bytes());
    let control = u16::from(segment.header_length) << 10 | segment.flags.0 & 0x1ff;
    out.extend(control.to_be_bytes());
    out.extend(segment.window.to_be_bytes());
    out.extend(segment.checksum.to_be_bytes());
    out.extend([0, 0]);
    out.extend(segment.options);
    let captured = segment.payload.octets();
    out.extend(captured);
    let left = segment.payload_length.saturating_sub(segment.payload.captured());
    let wire = u32::try_from(out.len()).unwrap_or(u32::MAX).saturating_add(left);
    (out, wire)
}

/// The frame of an ICMP error with what it quotes.
pub fn of_error(error: &IcmpError) -> Vec<u8> {
    let quoted = Ip {
        version: error.ip_version,
        source: error.source,
        destination: error.destination,
        ttl: TTL,
        id: 0,
        dont_fragment: true,
        traffic_class: 0,
        flow_label: 0,
        protocol: TCP,
    };
    let head = Ip {
        source: error.reporter,
        destination: error.source,
        ttl: error.ttl,
        protocol: if error.ip_version == 4 { ICMP } else { ICMPV6 },
        ..quoted
    };
    let mut message = vec![error.kind, error.code, 0, 0];
    message.extend(error.mtu.to_be_bytes());
    message.extend(quoted.octets(20));
    message.extend(error.source_port.to_be_bytes());
    message.extend(error.destination_port.to_be_bytes());
    message.extend(error.sequence.0.to_be_bytes());
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut sum = if error.ip_version == 4 { Sum::default() } else { head.sum(length) };
    sum.add(&message);
    if let Some(place) = message.get_mut(2..4) {
        place.copy_from_slice(&(!sum.folded()).to_be_bytes());
    }
    let mut out = ethernet(0, error.path, error.ip_version);
    out.extend(head.octets(length));
    out.extend(message);
    out
}

/// The header of Ethernet, and a tag where the path is no plain one.
fn ethernet(source: u64, path: PathId, version: u8) -> Vec<u8> {
    let mut out = vec![0; 6];
    let [_, _, source @ ..] = source.to_be_bytes();
    out.extend(source);
    if path.0 > 0 {
        out.extend(VLAN.to_be_bytes());
        out.extend(u16::try_from(path.0 & 0xfff).unwrap_or(0).to_be_bytes());
    }
    out.extend(if version == 4 { 0x0800_u16 } else { 0x86dd }.to_be_bytes());
    out
}

impl Ip {
    /// The header of a packet with so many bytes behind it.
    fn octets(&self, length: u32) -> Vec<u8> {
        if self.version == 4 { self.v4(length) } else { self.v6(length) }
    }

    fn v4(&self, length: u32) -> Vec<u8> {
        let total = u16::try_from(length.saturating_add(20)).unwrap_or(0);
        let fragment = if self.dont_fragment { 0x4000_u16 } else { 0 };
        let mut out = vec![0x45, self.traffic_class];
        out.extend(total.to_be_bytes());
        out.extend(self.id.to_be_bytes());
        out.extend(fragment.to_be_bytes());
        out.extend([self.ttl, self.protocol, 0, 0]);
        for address in [self.source, self.destination] {
            let [.., a, b, c, d] = address.0.to_be_bytes();
            out.extend([a, b, c, d]);
        }
        let mut sum = Sum::default();
        sum.add(&out);
        if let Some(place) = out.get_mut(10..12) {
            place.copy_from_slice(&(!sum.folded()).to_be_bytes());
        }
        out
    }

    fn v6(&self, length: u32) -> Vec<u8> {
        let first = 6 << 28 | u32::from(self.traffic_class) << 20 | self.flow_label & 0xf_ffff;
        let mut out = first.to_be_bytes().to_vec();
        out.extend(u16::try_from(length).unwrap_or(0).to_be_bytes());
        out.extend([self.protocol, self.ttl]);
        out.extend(self.source.0.to_be_bytes());
        out.extend(self.destination.0.to_be_bytes());
        out
    }

    /// What the checksum of `ICMPv6` begins with (RFC 4443 section 2.3).
    fn sum(&self, length: u32) -> Sum {
        let mut sum = Sum::default();
        sum.add(&self.source.0.to_be_bytes());
        sum.add(&self.destination.0.to_be_bytes());
        sum.add(&length.to_be_bytes());
        sum.add(&[0, self.protocol]);
        sum
    }
}

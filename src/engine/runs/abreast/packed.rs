//! Packets on their way from who decodes them: what of a segment counts in some 60 bytes, and facts
//! in place of its payload. Where it stands in the capture is told by others.

use crate::capture::Direction;
use crate::digest::Record;
use crate::digest::wire::Cursor;
use crate::packet::{Address, Facts, Flags, IcmpError, PathId, Payload, Segment, Seq};

/// What the first byte of a packet says of it.
const LONG: u8 = 1;
const IDENTIFIED: u8 = 2;
const WHOLE: u8 = 4;
const DIRECTION: u32 = 3;
const FACTS: u8 = 32;
/// It is not of the first interface, or not on the plain path.
const ELSEWHERE: u8 = 64;
const SIX: u8 = 128;
/// No direction: an ICMP error.
const ERROR: u8 = 3 << DIRECTION;

/// Some packets in order.
#[derive(Debug, Default)]
pub(super) struct Packed {
    octets: Vec<u8>,
    facts: Vec<Facts>,
    errors: Vec<IcmpError>,
}

/// Where in them somebody stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    octet: usize,
    facts: usize,
    errors: usize,
}

/// The bytes of an IPv4 address in its IPv6 form.
fn short(address: Address) -> Option<[u8; 4]> {
    match address.0.to_be_bytes() {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, short @ ..] => Some(short),
        _ => None,
    }
}

impl Packed {
    /// Bytes that it takes in memory.
    pub(super) fn size(&self) -> usize {
        self.octets.len()
            + self.facts.len() * size_of::<Facts>()
            + self.errors.len() * size_of::<IcmpError>()
    }

    /// Adds a segment.
    pub(super) fn add(&mut self, segment: &Segment<'_>) {
        let both = short(segment.source).zip(short(segment.destination));
        let elsewhere = segment.interface != 0 || segment.path != PathId::default();
        let bit = |there: bool, bit: u8| if there { bit } else { 0 };
        let options = u8::try_from(segment.options.len()).unwrap_or(u8::MAX);
        let out = &mut self.octets;
        let [w0, w1] = segment.window.to_le_bytes();
        let [f0, f1] = segment.flags.0.to_le_bytes();
        let [c0, c1] = segment.checksum.to_le_bytes();
        out.extend_from_slice(&[
            bit(both.is_none(), LONG)
                | bit(segment.ip_id.is_some(), IDENTIFIED)
                | bit(segment.dont_fragment, WHOLE)
                | (segment.direction as u8) << DIRECTION
                | bit(!segment.payload.is_empty(), FACTS)
                | bit(elsewhere, ELSEWHERE)
                | bit(segment.ip_version == 6, SIX),
            segment.ttl,
            segment.traffic_class,
            segment.header_length,
            options,
            f0,
            f1,
            w0,
            w1,
            c0,
            c1,
        ]);
        out.extend_from_slice(&segment.source_port.to_le_bytes());
        out.extend_from_slice(&segment.destination_port.to_le_bytes());
        out.extend_from_slice(&segment.sequence.0.to_le_bytes());
        out.extend_from_slice(&segment.acknowledgment.0.to_le_bytes());
        out.extend_from_slice(&segment.payload_length.to_le_bytes());
        out.extend_from_slice(&segment.link_source.to_le_bytes());
        out.extend_from_slice(&segment.ip_id.unwrap_or(0).to_le_bytes());
        if let Some((source, destination)) = both {
            out.extend_from_slice(&source);
            out.extend_from_slice(&destination);
        } else {
            out.extend_from_slice(&segment.source.0.to_be_bytes());
            out.extend_from_slice(&segment.destination.0.to_be_bytes());
        }
        if segment.ip_version == 6 {
            out.extend_from_slice(&segment.flow_label.to_le_bytes());
        }
        if elsewhere {
            out.extend_from_slice(&segment.interface.to_le_bytes());
            out.extend_from_slice(&segment.path.0.to_le_bytes());
        }
        out.extend_from_slice(segment.options.get(..usize::from(options)).unwrap_or_default());
        if !segment.payload.is_empty() {
            self.facts.push(Facts::of(segment));
        }
    }

    /// Adds an ICMP error.
    pub(super) fn add_icmp(&mut self, error: IcmpError) {
        self.octets.push(ERROR);
        self.errors.push(error);
    }

    /// The next packet from where somebody stands; `None` at the end.
    #[inline]
    pub(super) fn next(&self, stand: &mut Stand) -> Option<Record<'_>> {
        let rest = self.octets.get(stand.octet..)?;
        let first = *rest.first()?;
        if first & ERROR == ERROR {
            let error = *self.errors.get(stand.errors)?;
            stand.octet += 1;
            stand.errors += 1;
            return Some(Record::Icmp(error));
        }
        let (head, rest) = rest.split_first_chunk::<37>()?;
        let &[
            bits,
            ttl,
            traffic_class,
            header_length,
            options,
            f0,
            f1,
            w0,
            w1,
            c0,
            c1,
            s0,
            s1,
            d0,
            d1,
            q0,
            q1,
            q2,
            q3,
            a0,
            a1,
            a2,
            a3,
            l0,
            l1,
            l2,
            l3,
            ref link @ ..,
            i0,
            i1,
        ] = head;
        let mut cursor = Cursor::new(rest);
        let (source, destination) = if bits & LONG == 0 {
            (Address::v4(cursor.array().ok()?), Address::v4(cursor.array().ok()?))
        } else {
            (Address::v6(cursor.array().ok()?), Address::v6(cursor.array().ok()?))
        };
        let mut number = || cursor.array().ok().map(u32::from_le_bytes);
        let flow_label = if bits & SIX == 0 { 0 } else { number()? };
        let (interface, path) = if bits & ELSEWHERE == 0 { (0, 0) } else { (number()?, number()?) };
        let at = cursor.at();
        let options = rest.get(at..at + usize::from(options))?;
        let payload = if bits & FACTS == 0 {
            Payload::default()
        } else {
            stand.facts += 1;
            Payload::Known(self.facts.get(stand.facts - 1)?)
        };
        stand.octet += head.len() + at + options.len();
        Some(Record::Tcp(Segment {
            packet: 0,
            packet_in_file: 0,
            file: 0,
            interface,
            time: 0,
            path: PathId(path),
            direction: match bits >> DIRECTION & 3 {
                0 => Direction::Unknown,
                1 => Direction::Inbound,
                _ => Direction::Outbound,
            },
            link_source: u64::from_le_bytes(*link),
            ip_version: if bits & SIX == 0 { 4 } else { 6 },
            source,
            destination,
            ttl,
            ip_id: (bits & IDENTIFIED != 0).then_some(u16::from_le_bytes([i0, i1])),
            dont_fragment: bits & WHOLE != 0,
            traffic_class,
            flow_label,
            source_port: u16::from_le_bytes([s0, s1]),
            destination_port: u16::from_le_bytes([d0, d1]),
            sequence: Seq(u32::from_le_bytes([q0, q1, q2, q3])),
            acknowledgment: Seq(u32::from_le_bytes([a0, a1, a2, a3])),
            flags: Flags(u16::from_le_bytes([f0, f1])),
            window: u16::from_le_bytes([w0, w1]),
            checksum: u16::from_le_bytes([c0, c1]),
            header_length,
            options,
            payload_length: u32::from_le_bytes([l0, l1, l2, l3]),
            payload,
        }))
    }
}

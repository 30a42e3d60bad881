//! The TCP header (RFC 9293 section 3.1).

use super::class::Class;
use super::flags::Flags;
use super::part::Part;
use super::payload::Payload;
use super::segment::{PathId, Segment};
use super::seq::Seq;
use super::walk::Walk;
use crate::capture::Frame;

/// Length of the header without options.
const FIXED: usize = 20;

/// A segment taken apart: a segment is large, and is made of it where it stays.
pub(super) struct Parts<'a> {
    fixed: &'a [u8; FIXED],
    options: &'a [u8],
    pub payload: &'a [u8],
    payload_length: u32,
}

/// Takes the segment apart that `part` holds. The fixed part of the header is read by hand: the
/// parsing crate refuses a header whose options were cut by the snap length.
#[inline]
pub(super) fn parts(part: Part<'_>) -> Result<Parts<'_>, Class> {
    let Some((fixed, rest)) = part.bytes.split_first_chunk::<FIXED>() else {
        return Err(if part.wire < FIXED { Class::TcpMalformed } else { Class::TcpTruncated });
    };
    let header = usize::from(header_length(fixed));
    if header < FIXED || header > part.wire {
        return Err(Class::TcpMalformed);
    }
    let (options, payload) = rest.split_at_checked(header - FIXED).unwrap_or((rest, &[]));
    let payload_length = u32::try_from(part.wire - header).unwrap_or(u32::MAX);
    Ok(Parts { fixed, options, payload, payload_length })
}

fn header_length(fixed: &[u8; FIXED]) -> u8 {
    (fixed[12] >> 4) * 4
}

impl Parts<'_> {
    /// The port that it comes from.
    #[inline]
    pub(super) fn source_port(&self) -> u16 {
        u16::from_be_bytes([self.fixed[0], self.fixed[1]])
    }
}

/// The segment of these parts.
#[inline]
pub(super) fn segment<'a>(
    frame: &Frame<'_>,
    time: i64,
    path: PathId,
    walk: &Walk<'_>,
    parts: &Parts<'a>,
) -> Segment<'a> {
    let &[s0, s1, d0, d1, q0, q1, q2, q3, a0, a1, a2, a3, offset, bits, w0, w1, c0, c1, _, _] =
        parts.fixed;
    Segment {
        packet: frame.number,
        packet_in_file: frame.number_in_file,
        file: frame.file,
        interface: frame.interface,
        time,
        path,
        direction: walk.direction,
        link_source: walk.link_source,
        ip_version: walk.ip.version,
        source: walk.ip.source,
        destination: walk.ip.destination,
        ttl: walk.ip.ttl,
        ip_id: walk.ip.id,
        dont_fragment: walk.ip.dont_fragment,
        traffic_class: walk.ip.traffic_class,
        flow_label: walk.ip.flow_label,
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        sequence: Seq(u32::from_be_bytes([q0, q1, q2, q3])),
        acknowledgment: Seq(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: Flags(u16::from_be_bytes([offset & 1, bits])),
        window: u16::from_be_bytes([w0, w1]),
        checksum: u16::from_be_bytes([c0, c1]),
        header_length: header_length(parts.fixed),
        options: parts.options,
        payload_length: parts.payload_length,
        payload: Payload::Octets(parts.payload),
    }
}

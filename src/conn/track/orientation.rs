//! Who is the client, and whether a segment fits a connection that it was not seen to belong to.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::primitives::ports::likely_server_port;
use crate::conn::primitives::words::{Opening, Side};
use crate::packet::Segment;

/// Who is the client, by the first segment: the sender of a SYN, the receiver of a SYN-ACK; else
/// the side whose port looks less like a service's, and the sender when neither does.
pub(crate) fn orientation(segment: &Segment<'_>) -> (Side, Opening) {
    let flags = segment.flags;
    if flags.syn() && !flags.rst() {
        return if flags.ack() {
            (Side::Server, Opening::SynAckFirst)
        } else {
            (Side::Client, Opening::Syn)
        };
    }
    let (from, to) = (service(segment.source_port), service(segment.destination_port));
    let side = if from > to { Side::Server } else { Side::Client };
    (side, Opening::MidStream)
}

/// How much a port looks like a service's.
fn service(port: u16) -> u8 {
    if likely_server_port(port) {
        3
    } else if port < 1024 {
        2
    } else {
        u8::from(port < 32_768)
    }
}

/// Whether the first segment of a silent side fits what the other side sent.
pub(crate) fn answers(c: &Connection<impl Stage>, side: Side, segment: &Segment<'_>) -> bool {
    let peer = c.side(side.peer());
    if !peer.based || !segment.flags.ack() {
        return true;
    }
    let ahead = peer.position(segment.acknowledgment);
    let end = peer.max_end.max(peer.acked).cast_signed();
    ahead >= 0 && ahead <= end + (1 << 20)
}

/// Whether a segment on another VLAN or tunnel carries a known connection on, and is not a copy
/// of it that ran elsewhere.
pub(crate) fn continues(c: &Connection<impl Stage>, side: Side, segment: &Segment<'_>) -> bool {
    let endpoint = c.side(side);
    if segment.flags.syn() || !endpoint.based {
        return false;
    }
    let at = endpoint.position(segment.sequence) - endpoint.max_end.cast_signed();
    let news = segment.sequence_length() > 0;
    (at == 0 || (at > 0 && at < 1 << 20)) && (news || segment.flags.rst() || endpoint.acked > 0)
}

/// How far from what was seen a number may lie, in bytes.
const REACH: i64 = 1 << 20;

/// Whether the numbers of a segment may be those of a connection that a SYN began. What is too
/// little to be told by stays with it: a plain acknowledgment and a reset while its SYN has no
/// answer, which a host sends that knows the connection before (RFC 5961 section 4).
pub(crate) fn fits(c: &Connection<impl Stage>, side: Side, segment: &Segment<'_>) -> bool {
    let (endpoint, peer) = (c.side(side), c.side(side.peer()));
    let flags = segment.flags;
    let plain = segment.payload_length == 0 && !flags.fin() && !flags.rst();
    if c.opening == Opening::MidStream || plain && c.good_syn_ack_time.is_none() {
        return true;
    }
    let end = |e: &Endpoint| e.max_end.max(e.acked).cast_signed().saturating_add(REACH);
    let sent =
        !endpoint.based || (0..=end(endpoint)).contains(&endpoint.position(segment.sequence));
    let acked = !flags.ack()
        || !peer.based
        || (1..=end(peer)).contains(&peer.position(segment.acknowledgment));
    sent && acked
}

/// Whether a segment that does not fit the connection after it, which began with the packet
/// `next`, is one of this one's late segments. A reset is, where it has exactly its side's next
/// number and another late segment came before it.
pub(crate) fn is_late(
    c: &Connection<impl Stage>,
    side: Side,
    segment: &Segment<'_>,
    next: u64,
) -> bool {
    let (endpoint, peer) = (c.side(side), c.side(side.peer()));
    if !endpoint.based || !peer.based {
        return false;
    }
    let flags = segment.flags;
    let end = endpoint.max_end.max(endpoint.acked).cast_signed();
    let at = endpoint.position(segment.sequence);
    let acked = || {
        let heard = peer.position(segment.acknowledgment) - peer.max_end.cast_signed();
        (-REACH..=1).contains(&heard)
    };
    if flags.rst() {
        return at == end && (!flags.ack() || acked()) && c.last_packet > next;
    }
    (-REACH..=REACH).contains(&(at - end)) && flags.ack() && acked()
}

//! How the latest segments of a connection are coded: each by what it follows.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::follow::recent::Entry;
use crate::conn::primitives::coder::Coder;
use crate::conn::primitives::words::BySide;
use crate::packet::Seq;

/// What the next of the latest segments is expected to follow.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    packet: u64,
    time: i64,
    /// Next sequence numbers and latest identifications, by side.
    next: BySide<Seq>,
    ids: BySide<u16>,
}

impl Trail {
    /// From the beginning of a connection.
    pub(crate) fn of(c: &Connection<impl Stage>) -> Self {
        let next = c.endpoints.each_ref().map(|endpoint| endpoint.base);
        Self { packet: c.first_packet, time: c.start, next, ids: BySide::both(0) }
    }
}

/// One of the latest segments, and its mark.
pub(crate) fn segment(
    mark: &mut u32,
    entry: &mut Entry,
    trail: &mut Trail,
    coder: &mut impl Coder,
) {
    let mut has_id = entry.ip_id.is_some();
    coder.bits(|bits| {
        bits.plain(&mut entry.sender, 1);
        bits.plain(&mut has_id, 1);
        bits.plain(&mut entry.probe, 1);
        bits.plain(&mut entry.duplicate, 1);
        bits.plain(&mut entry.flags.0, 16);
    });
    let (side, peer) = (entry.sender, entry.sender.peer());
    coder.plain(&mut entry.payload);
    if has_id {
        let mut id = entry.ip_id.unwrap_or_default();
        coder.same(&mut id, u64::from(trail.ids[side]));
        trail.ids[side] = id;
        entry.ip_id = Some(id);
    }
    coder.plain(mark);
    coder.same(&mut entry.packet, trail.packet);
    coder.near(&mut entry.time, trail.time, i64::MIN);
    coder.seq(&mut entry.sequence, trail.next[side]);
    coder.seq(&mut entry.acknowledgment, trail.next[peer]);
    (trail.packet, trail.time, trail.next[side]) = (entry.packet, entry.time, entry.end());
}

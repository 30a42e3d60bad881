//! Which connection a segment belongs to.

use super::{MAX_SIBLINGS, Tracker};
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::State;
use crate::conn::memory::limits::Limits;
use crate::conn::memory::store::{NONE, Slot};
use crate::conn::primitives::words::Side;
use crate::conn::track::orientation::{answers, continues, fits, is_late};
use crate::packet::{PathId, Segment};

/// Which side sent a segment of the first connection with its hash, where it is plain that it belongs
/// to it when it is `now`: [`Tracker::place`] finds the same.
#[inline]
pub(super) fn goes_on(
    (slot, c): (&Slot, &Connection<impl Stage>),
    segment: &Segment<'_>,
    now: i64,
    (limits, shortest): (&Limits, i64),
) -> Option<Side> {
    let side = c.side_of(segment)?;
    let plain = (slot.next == NONE || fits(c, side, segment))
        && c.paths[side] == Some(segment.path)
        && now.saturating_sub(slot.seen) <= shortest
        && (!segment.flags.syn() || segment.flags.ack() || segment.flags.rst())
        && !is_long(c, limits);
    plain.then_some(side)
}

/// Whether it has as many rows of FINs and RSTs as one connection may have.
pub(super) fn is_long(c: &Connection<impl Stage>, limits: &Limits) -> bool {
    c.teardowns.len() >= limits.teardowns.max(1) as usize
}

impl Tracker {
    /// The connection that a segment belongs to, begun if there is none.
    pub(super) fn place(&mut self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        let head = self.store.find_of(segment, hash);
        let head = head.and_then(|head| self.in_time(head, segment, hash));
        let chosen = head.and_then(|head| self.choose(head, segment, hash));
        if let Some(former) = chosen.and_then(|chosen| self.former(chosen, segment)) {
            return Some(former);
        }
        match chosen {
            Some((number, side)) if !self.begins_anew(number, side, segment) => chosen,
            chosen => self.begin(segment, hash, chosen.map(|(number, _)| number), head.is_none()),
        }
    }

    /// The first connection of a tuple whose deadline did not pass.
    #[inline]
    fn in_time(
        &mut self,
        head: (u32, Side),
        segment: &Segment<'_>,
        hash: u32,
    ) -> Option<(u32, Side)> {
        if !self.is_late(head.0) {
            return Some(head);
        }
        self.purge(head.0);
        self.store.find_of(segment, hash)
    }

    /// Which connection of this tuple the segment belongs to, and which side sent it: the one on
    /// its VLANs and tunnels; else one whose other direction is known and whose numbers fit.
    #[inline]
    fn choose(
        &mut self,
        head: (u32, Side),
        segment: &Segment<'_>,
        hash: u32,
    ) -> Option<(u32, Side)> {
        let path = self.store.connection(head.0)?.paths[head.1];
        if path == Some(segment.path) {
            return Some(head);
        }
        let head = if self.purge(head.0) { self.store.find_of(segment, hash)?.0 } else { head.0 };
        self.choose_among(head, segment)
    }

    fn choose_among(&mut self, head: u32, segment: &Segment<'_>) -> Option<(u32, Side)> {
        let mut other = None;
        let mut number = head;
        for _ in 0..MAX_SIBLINGS {
            self.store.unpack_if_packed(number);
            let Some(c) = self.store.connection(number) else { break };
            let side = c.sender(segment);
            let found = (number, side);
            match c.paths[side] {
                Some(path) if path == segment.path => return Some(found),
                Some(_) if other.is_none() && continues(c, side, segment) => {
                    other = Some((1, found));
                }
                None if c.paths[side.peer()] == Some(segment.path) => {
                    return Some(found);
                }
                None if other.is_none_or(|(rank, _)| rank < 2) && answers(c, side, segment) => {
                    other = Some((2, found));
                }
                _ => {}
            }
            number = self.store.slot(number).map_or(NONE, |slot| slot.next);
            if number == NONE {
                break;
            }
        }
        other.map(|(_, found)| found)
    }

    /// The connection before the one that was chosen, where the segment is one of its late ones.
    fn former(&mut self, chosen: (u32, Side), segment: &Segment<'_>) -> Option<(u32, Side)> {
        let mut number = self.store.slot(chosen.0)?.next;
        let c = self.store.connection(chosen.0).filter(|_| number != NONE)?;
        if c.replaced || segment.flags.syn() || fits(c, chosen.1, segment) {
            return None;
        }
        let first = c.first_packet;
        for _ in 0..MAX_SIBLINGS {
            self.store.unpack_if_packed(number);
            let former = self.store.connection(number)?;
            let side = former.sender(segment);
            let same = former.paths[side].is_none_or(|path| path == segment.path);
            if former.replaced
                && same
                && !is_long(former, &self.limits)
                && is_late(former, side, segment, first)
            {
                return Some((number, side));
            }
            number = self.store.slot(number)?.next;
        }
        None
    }

    /// Of the connections of a tuple the one on these VLANs and tunnels; the latest where there is
    /// none, as a router may report from elsewhere.
    pub(super) fn on_path(&mut self, head: u32, path: PathId) -> u32 {
        let mut number = head;
        for _ in 0..MAX_SIBLINGS {
            self.store.unpack_if_packed(number);
            let Some(c) = self.store.connection(number) else { break };
            if c.paths.contains(&Some(path)) {
                return number;
            }
            number = self.store.slot(number).map_or(NONE, |slot| slot.next);
        }
        head
    }

    /// Whether the segment begins a new connection although one of its tuple is known.
    #[inline]
    fn begins_anew(&self, number: u32, side: Side, segment: &Segment<'_>) -> bool {
        let Some(c) = self.store.connection(number) else { return true };
        if is_long(c, &self.limits) {
            return true;
        }
        let flags = segment.flags;
        if !flags.syn() || flags.ack() || flags.rst() {
            return false;
        }
        let endpoint = c.side(side);
        if endpoint.based && endpoint.base == segment.sequence {
            return false;
        }
        let crossing = side == Side::Server
            && (endpoint.state == State::Silent || acknowledged_alone(c))
            && c.side(Side::Client).state == State::SynSent
            && c.over_since.is_none();
        !crossing && (endpoint.based || c.over_since.is_some())
    }
}

/// The server acknowledged the SYN without one of its own, which may follow (a split handshake).
fn acknowledged_alone(c: &Connection<impl Stage>) -> bool {
    let server = c.side(Side::Server);
    let spoken = server.syns + server.syn_acks + server.fins + server.rsts;
    spoken == 0 && server.unique_bytes == 0 && c.side(Side::Client).acked == 1
}

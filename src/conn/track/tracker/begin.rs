//! A connection begins.

use super::place::is_long;
use super::{MAX_SIBLINGS, Tracker};
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::extra::Left;
use crate::conn::facts::space::truncate;
use crate::conn::follow::step::Birth;
use crate::conn::memory::store::NONE;
use crate::conn::primitives::bits::low;
use crate::conn::primitives::words::{BySide, Release, Side};
use crate::conn::track::orientation::orientation;
use crate::packet::Segment;

/// What a connection knows of the one before it with the same addresses and ports.
struct Earlier {
    isn: Option<u32>,
    end: i64,
    open: bool,
    graceful: bool,
    in_handshake: bool,
    left: Option<Left>,
}

impl Tracker {
    /// Begins a connection, letting go of `replaced`. `alone` where none of its tuple is known.
    pub(super) fn begin(
        &mut self,
        segment: &Segment<'_>,
        hash: u32,
        replaced: Option<u32>,
        alone: bool,
    ) -> Option<(u32, Side)> {
        let earlier = replaced.and_then(|number| self.replace(number, segment));
        self.make_room(segment.time);
        // Looked up again: what was known may have been let go for it.
        let mut head = if alone { None } else { self.store.find_of(segment, hash) };
        if head.is_some_and(|(head, _)| self.purge(head)) {
            head = self.store.find_of(segment, hash);
        }
        if let Some(head) = head
            && self.siblings(head.0) >= MAX_SIBLINGS
        {
            self.counts.crowded += 1;
            return Some(head);
        }
        let head = head.map(|(head, _)| head);
        let next = head.unwrap_or(NONE);
        self.store.tidy(self.now, segment.packet, &self.limits);
        let (id, scales) = (self.first_id + self.counts.created, self.store.scales());
        let number = self.store.insert(id, hash, next)?;
        let c = self.store.connection_mut(number)?;
        let (first, opening) = orientation(segment);
        c.begin(Birth { id, first, opening }, segment);
        if let Some(earlier) = earlier {
            let extra = c.extra.get_or_insert_default();
            extra.earlier_isn = earlier.isn;
            extra.earlier_end = Some(earlier.end);
            extra.earlier_open = earlier.open;
            extra.earlier_graceful = earlier.graceful;
            extra.earlier_in_handshake = earlier.in_handshake;
            extra.left = earlier.left;
        }
        let (side, weight) = (c.sender(segment), scales.weigh(c));
        self.store.weigh(0, weight);
        self.store.index_mut().point(hash, head, number);
        self.counts.created += 1;
        self.followed += 1;
        let deadline = self.now.saturating_add(self.limits.handshake);
        self.wheel.add((number, low(id)), deadline, self.now);
        if self.limits.is_bounded() {
            self.candidates.enter(number, id);
            let (room, store) = (&mut self.candidates, &self.store);
            room.tidy(self.followed, |place, id| store.is_followed(place, id));
        }
        Some((number, side))
    }

    /// Lets go of a connection whose addresses and ports are used anew; what the new one should
    /// know of it.
    fn replace(&mut self, number: u32, segment: &Segment<'_>) -> Option<Earlier> {
        let c = self.store.connection_mut(number)?;
        let open = c.over_since.is_none();
        let anew = segment.flags.syn();
        c.superseded = open && anew;
        let isn = c.endpoints.iter().find(|e| e.syns > 0).map(|e| e.base.0);
        let earlier = Earlier {
            isn,
            end: c.end,
            open,
            graceful: c.endpoints.iter().all(|e| e.fins > 0),
            in_handshake: open && c.syn_ack.is_some() && c.handshake_time.is_none(),
            left: left(c, segment),
        };
        if is_long(self.store.connection(number)?, &self.limits) {
            self.store.connection_mut(number)?.superseded = false;
            self.let_go(number, Release::Evicted, segment.time);
        } else if anew {
            self.set_aside(number, segment);
        } else {
            self.let_go(number, Release::Reuse, segment.time);
        }
        Some(earlier)
    }

    /// Keeps a connection for a while whose addresses and ports are used anew: its late segments
    /// are none of the new one. One such is enough.
    fn set_aside(&mut self, number: u32, segment: &Segment<'_>) {
        let mut next = self.store.slot(number).map_or(NONE, |slot| slot.next);
        for _ in 0..MAX_SIBLINGS {
            let at = next;
            let Some(slot) = self.store.slot(at) else { break };
            next = slot.next;
            self.store.unpack_if_packed(at);
            let before = self
                .store
                .connection(at)
                .is_some_and(|c| c.replaced && c.paths.contains(&Some(segment.path)));
            if before {
                self.let_go(at, Release::Reuse, segment.time);
            }
        }
        let Some(c) = self.store.connection_mut(number) else { return };
        c.replaced = true;
        let id = c.id;
        if let Some(slot) = self.store.slot_mut(number) {
            slot.seen = self.now;
        }
        self.wheel.add((number, low(id)), self.now.saturating_add(self.limits.linger), self.now);
    }

    pub(super) fn siblings(&self, head: u32) -> usize {
        let mut count = 0;
        let mut number = head;
        while let Some(slot) = self.store.slot(number).filter(|_| count < MAX_SIBLINGS) {
            count += 1;
            number = slot.next;
        }
        count
    }
}

/// What a connection leaves for the next one of its addresses and ports, which this segment begins;
/// one that never opened leaves what it found.
fn left(c: &Connection<impl Stage>, segment: &Segment<'_>) -> Option<Left> {
    let opened = c.endpoints.iter().all(|e| e.based && e.alive > 0)
        && (c.handshake_time.is_some() || c.syn_time.is_none());
    if !opened {
        return c.extra().and_then(|extra| extra.left);
    }
    let client = c.sender(segment);
    let next = |side: Side| {
        let endpoint = c.side(side);
        endpoint.base.plus(truncate(endpoint.max_end.max(endpoint.acked))).0
    };
    let both = BySide { client, server: client.peer() };
    Some(Left {
        packet: c.last_packet,
        end: c.end,
        next: both.map(next),
        fins: both.map(|side| c.side(side).fins > 0),
    })
}

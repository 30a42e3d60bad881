//! Segments to connections: which one a segment belongs to, when one begins and is let go.

use super::belonging::{answers, continues, orientation};
use super::clock::Clock;
use super::connection::{Connection, Icmp, Release, Side};
use super::ending;
use super::endpoint::State;
use super::limits::{Due, Limits};
use super::live::Birth;
use super::merge;
use super::room::{self, Room};
use super::rows::Rows;
use super::seed::{Seed, quoted};
use super::store::{NONE, Slot, Store};
use super::tuple::{Tuple, low, tuple_of};
use super::wheel::Wheel;
use crate::packet::{IcmpError, Segment};

/// Connections of one tuple that are told apart by their VLANs and tunnels.
const MAX_SIBLINGS: usize = 16;

/// What a connection knows of the one before it with the same addresses and ports.
struct Earlier {
    isn: Option<u32>,
    end: i64,
    open: bool,
    graceful: bool,
    in_handshake: bool,
}

/// How many connections there were and how they were let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Begun.
    pub created: u64,
    /// Let go by reason: closed, idle, reuse, evicted, end.
    pub released: [u64; 5],
    /// Segments that a tuple with too many siblings could not be given a connection of its own.
    pub crowded: u64,
}

impl Counts {
    /// Takes those of another tracker in.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        for (all, more) in self.released.iter_mut().zip(other.released) {
            *all += more;
        }
        self.crowded += other.crowded;
    }
}

/// Follows every connection of a capture, or those of some addresses and ports.
#[derive(Debug)]
pub struct Tracker {
    limits: Limits,
    store: Store,
    wheel: Wheel,
    seed: Seed,
    /// For who takes packets without a clock of his own.
    clock: Clock,
    /// The capture's time at the latest packet.
    now: i64,
    followed: u32,
    /// The shortest of the limits: before it nothing can be over its deadline.
    shortest: i64,
    counts: Counts,
    finished: Vec<Connection>,
    /// All rows, once the capture ended.
    rows: Option<Rows>,
    room: Room,
}

impl Tracker {
    /// A tracker without connections.
    pub fn new(limits: Limits) -> Self {
        Self::with_seed(limits, Seed::random())
    }

    /// One whose hashes somebody else makes.
    pub fn with_seed(limits: Limits, seed: Seed) -> Self {
        let store = Store::new(limits.memory.is_some());
        Self {
            shortest: limits.shortest(),
            limits,
            store,
            wheel: Wheel::default(),
            seed,
            clock: Clock::default(),
            now: i64::MIN,
            followed: 0,
            counts: Counts::default(),
            finished: Vec::new(),
            rows: None,
            room: Room::default(),
        }
    }

    /// Counts so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Connections followed now.
    pub fn followed(&self) -> u32 {
        self.followed
    }

    /// The hash of a segment's tuple, for [`Tracker::touch`] and [`Tracker::take`].
    pub fn hash(&self, segment: &Segment<'_>) -> u32 {
        self.seed.hash(segment)
    }

    /// Reads the index where a hash begins, ahead of its use; a place for [`Tracker::touch`].
    #[inline]
    pub fn likely(&self, hash: u32) -> u32 {
        self.store.likely(hash)
    }

    /// Reads the connections in these places, [`AHEAD`](super::AHEAD) at most, ahead of their use.
    #[inline]
    pub fn touch(&self, places: &[u32]) {
        std::hint::black_box(self.store.touch(places));
    }

    /// Takes the next segment of the capture.
    pub fn take(&mut self, segment: &Segment<'_>, hash: u32) {
        let now = self.clock.advance(segment.time);
        self.take_at(segment, hash, now);
    }

    /// Takes a segment when it is `now` in the capture. What becomes of its connection depends on
    /// the packets of these addresses and ports and on the time at each of them, and on nothing
    /// else, unless connections or memory are limited.
    pub fn take_at(&mut self, segment: &Segment<'_>, hash: u32, now: i64) {
        self.pass(now);
        let found = self.goes_on(segment, hash).or_else(|| self.place(segment, hash));
        let Some((number, side)) = found else { return };
        let scales = self.store.scales();
        let Some(mut live) = self.store.live(number, now) else { return };
        let was_over = live.connection.over_since.is_some();
        let before = scales.weigh(live.connection);
        live.take(segment, side);
        let after = scales.weigh(live.connection);
        let (id, is_over) = (low(live.connection.id), live.connection.over_since.is_some());
        self.store.weigh(before, after);
        if !was_over && is_over {
            let deadline = now.saturating_add(self.limits.linger);
            self.wheel.add((number, id), deadline, now);
        }
    }

    /// The connection that a segment belongs to, and which side sent it, where this is plain:
    /// [`Tracker::place`] finds the same.
    #[inline]
    fn goes_on(&self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        let (number, slot, c) = self.store.first(hash)?;
        let side = c.side_of(segment)?;
        let plain = c.paths[side.index()] == Some(segment.path)
            && self.now.saturating_sub(slot.seen) <= self.shortest
            && (!segment.flags.syn() || segment.flags.ack() || segment.flags.rst())
            && !self.is_long(c);
        plain.then_some((number, side))
    }

    /// The connection that a segment belongs to, begun if there is none.
    fn place(&mut self, segment: &Segment<'_>, hash: u32) -> Option<(u32, Side)> {
        let head = self.store.find_of(segment, hash);
        let head = head.and_then(|head| self.in_time(head, segment, hash));
        let chosen = head.and_then(|head| self.choose(head, segment, hash));
        match chosen {
            Some((number, side)) if !self.begins_anew(number, side, segment) => chosen,
            chosen => self.begin(segment, hash, chosen.map(|(number, _)| number)),
        }
    }

    /// Notes an ICMP error on the connection whose segment it quotes. False when there is none.
    pub fn icmp(&mut self, error: &IcmpError) -> bool {
        let now = self.clock.advance(error.time);
        self.icmp_at(error, self.seed.hash_quoted(error), now)
    }

    /// The same when it is `now` in the capture.
    pub fn icmp_at(&mut self, error: &IcmpError, hash: u32, now: i64) -> bool {
        self.pass(now);
        let source = (error.source, error.source_port);
        let tuple = quoted(error);
        let scales = self.store.scales();
        let mut found = self.store.find(&tuple, hash);
        if found.is_some_and(|head| self.purge(head)) {
            found = self.store.find(&tuple, hash);
        }
        let Some(c) = found.and_then(|number| self.store.connection_mut(number)) else {
            return false;
        };
        let client = (c.addresses[0], c.ports[0]) == source;
        let before = scales.weigh(c);
        let extra = c.extra.get_or_insert_default();
        extra.icmp_count += 1;
        extra.icmp.get_or_insert(Icmp {
            packet: error.packet,
            time: error.time,
            reporter: error.reporter,
            version: error.ip_version,
            kind: error.kind,
            code: error.code,
            quoted: if client { Side::Client } else { Side::Server },
        });
        let after = scales.weigh(c);
        self.store.weigh(before, after);
        true
    }

    /// What the connections followed now would be, were the capture to end here.
    pub fn so_far(&self) -> Vec<Connection> {
        let mut rows: Vec<_> = self.store.followed().collect();
        for row in &mut rows {
            ending::decide(row, Release::End, self.now);
        }
        rows
    }

    /// Connections let go since the last call, in order of release (none while rows are kept).
    pub fn drain(&mut self) -> Vec<Connection> {
        std::mem::take(&mut self.finished)
    }

    /// Lets go of everything that is still followed, and shows every row. Rows are in order of
    /// connection.
    pub fn finish(self, each: impl FnMut(&Connection)) -> (Counts, Rows) {
        let now = self.now;
        self.finish_at(now, each)
    }

    /// The same when the capture ends `now`.
    pub fn finish_at(self, now: i64, each: impl FnMut(&Connection)) -> (Counts, Rows) {
        merge::finish(vec![self], now, each)
    }

    /// Lets go of everything when the capture ends `now`, and keeps nothing but the rows. The
    /// tracker takes no more packets then.
    pub fn close(&mut self, now: i64) {
        if self.rows.is_some() {
            return;
        }
        let store = std::mem::take(&mut self.store);
        let mut rows = store.close(now, &self.limits, &mut self.counts.released);
        if !self.finished.is_empty() {
            let mut all = std::mem::take(&mut self.finished);
            all.extend(&rows);
            all.sort_unstable_by_key(|c| c.id);
            rows = all.into();
        }
        self.rows = Some(rows);
    }

    /// The rows of a tracker that was closed, in order of connection.
    pub(super) fn into_rows(self) -> Rows {
        self.rows.unwrap_or_default()
    }

    /// The time goes on.
    #[inline]
    fn pass(&mut self, now: i64) {
        self.now = now;
        if self.wheel.is_due(now) {
            self.expire(now);
        }
    }

    /// Lets go of connections whose deadlines passed. That gives room and changes no row: none is
    /// looked at again after its deadline.
    fn expire(&mut self, time: i64) {
        for (number, id) in self.wheel.due(time) {
            let known = |slot: &Slot| slot.followed && low(slot.id) == id;
            if !self.store.slot(number).is_some_and(known) {
                continue;
            }
            let Some(last) = self.store.last(number) else { continue };
            let deadline = self.limits.deadline(last);
            if deadline < time {
                self.let_go(number, last.due.release(), time);
            } else {
                self.wheel.add((number, id), deadline, time);
            }
        }
    }

    /// Whether its deadline passed.
    #[inline]
    fn is_late(&self, number: u32) -> bool {
        let Some(slot) = self.store.slot(number) else { return false };
        self.now.saturating_sub(slot.seen) > self.shortest
            && self.store.last(number).is_some_and(|last| self.now > self.limits.deadline(last))
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

    /// Lets go of the connections of one tuple whose deadlines passed; whether there were any.
    fn purge(&mut self, head: u32) -> bool {
        let (mut number, mut found) = (head, false);
        for _ in 0..MAX_SIBLINGS {
            let Some(next) = self.store.slot(number).map(|slot| slot.next) else { break };
            if self.is_late(number) {
                let due = self.store.last(number).map_or(Due::Idle, |last| last.due);
                self.let_go(number, due.release(), self.now);
                found = true;
            }
            number = next;
        }
        found
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
        let path = self.store.connection(head.0)?.paths[head.1.index()];
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
            self.store.wake(number);
            let Some(c) = self.store.connection(number) else { break };
            let side = c.sender(segment);
            let found = (number, side);
            match c.paths[side.index()] {
                Some(path) if path == segment.path => return Some(found),
                Some(_) if other.is_none() && continues(c, side, segment) => {
                    other = Some((1, found));
                }
                None if c.paths[side.peer().index()] == Some(segment.path) => {
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

    /// Whether the segment begins a new connection although one of its tuple is known.
    #[inline]
    fn begins_anew(&self, number: u32, side: Side, segment: &Segment<'_>) -> bool {
        let Some(c) = self.store.connection(number) else { return true };
        if self.is_long(c) {
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
            && endpoint.state == State::Silent
            && c.side(Side::Client).state == State::SynSent
            && c.over_since.is_none();
        !crossing && (endpoint.based || c.over_since.is_some())
    }

    /// Begins a connection, letting go of `replaced`.
    fn begin(
        &mut self,
        segment: &Segment<'_>,
        hash: u32,
        replaced: Option<u32>,
    ) -> Option<(u32, Side)> {
        let earlier = replaced.and_then(|number| self.replace(number, segment));
        self.make_room(segment.time);
        // Looked up again: what was known may have been let go for it.
        let mut head = self.store.find_of(segment, hash);
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
        let (id, scales) = (self.counts.created, self.store.scales());
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
        }
        let (side, weight) = (c.sender(segment), scales.weigh(c));
        self.store.weigh(0, weight);
        self.store.index_mut().point(hash, head, number);
        self.counts.created += 1;
        self.followed += 1;
        let deadline = self.now.saturating_add(self.limits.handshake);
        self.wheel.add((number, low(id)), deadline, self.now);
        if self.is_limited() {
            self.room.enter(number, id);
            let (room, store) = (&mut self.room, &self.store);
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
        };
        let long = self.is_long(self.store.connection(number)?);
        self.store.connection_mut(number)?.superseded &= !long;
        let release = if long { Release::Evicted } else { Release::Reuse };
        self.let_go(number, release, segment.time);
        Some(earlier)
    }

    fn siblings(&self, head: u32) -> usize {
        let mut count = 0;
        let mut number = head;
        while let Some(slot) = self.store.slot(number).filter(|_| count < MAX_SIBLINGS) {
            count += 1;
            number = slot.next;
        }
        count
    }

    /// Takes a connection out of the index and makes it a row.
    fn let_go(&mut self, number: u32, release: Release, time: i64) {
        let Some(&Slot { hash, next, .. }) = self.store.slot(number).filter(|slot| slot.followed)
        else {
            return;
        };
        self.store.wake(number);
        let Some(c) = self.store.connection_mut(number) else { return };
        ending::decide(c, release, time);
        let tuple = tuple_of(c);
        self.unlink(&tuple, hash, number, next);
        if self.limits.keep {
            self.store.settle(number);
        } else {
            self.finished.extend(self.store.remove(number));
        }
        self.followed -= 1;
        self.counts.released[release as usize] += 1;
    }

    fn unlink(&mut self, tuple: &Tuple, hash: u32, number: u32, next: u32) {
        let Some(head) = self.store.find(tuple, hash) else { return };
        if head == number {
            if next == NONE {
                self.store.index_mut().forget(hash, number);
            } else {
                self.store.index_mut().point(hash, Some(number), next);
            }
            return;
        }
        let mut at = head;
        while let Some(slot) = self.store.slot_mut(at) {
            if slot.next == number {
                slot.next = next;
                return;
            }
            at = slot.next;
        }
    }

    /// Whether it has as many rows of FINs and RSTs as one connection may have.
    fn is_long(&self, c: &Connection) -> bool {
        c.teardowns.len() >= self.limits.teardowns.max(1) as usize
    }

    fn is_limited(&self) -> bool {
        self.limits.connections.is_some() || self.limits.memory.is_some()
    }

    fn is_full(&self) -> bool {
        self.limits.connections.is_some_and(|limit| self.followed >= limit.max(1))
            || self
                .limits
                .memory
                .is_some_and(|limit| self.followed > 1 && self.store.bytes() >= limit)
    }

    /// Evicts the longest silent of a few connections while there is no room for another one.
    fn make_room(&mut self, time: i64) {
        while self.is_full() {
            let mut oldest: Option<(i64, u32, u64)> = None;
            let mut compared = 0;
            while compared < room::COMPARED
                && let Some((place, id)) = self.room.next()
            {
                if !self.store.is_followed(place, id) {
                    continue;
                }
                compared += 1;
                let Some(end) = self.store.last(place).map(|last| last.end) else { continue };
                let spared = match oldest {
                    Some(known) if known.0 <= end => (end, place, id),
                    known => {
                        oldest = Some((end, place, id));
                        let Some(known) = known else { continue };
                        known
                    }
                };
                self.room.enter(spared.1, spared.2);
            }
            let Some((_, place, _)) = oldest else { return };
            self.let_go(place, Release::Evicted, time);
        }
    }
}

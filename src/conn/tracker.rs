//! Segments to connections: which one a segment belongs to, when one begins and is let go.

use super::clock::Clock;
use super::connection::{Connection, Icmp, Opening, Release, Side};
use super::ending;
use super::endpoint::State;
use super::live::Birth;
use super::recent::Recent;
use super::room::{self, Room};
use super::rows::Rows;
use super::seed::{Seed, quoted};
use super::store::{NONE, Slot, Store, Tuple, tuple_of};
use super::wheel::Wheel;
use super::zeek::likely_server_port;
use crate::packet::{IcmpError, Segment};

pub(super) const SECOND: i64 = 1_000_000_000;
/// Connections of one tuple that are told apart by their VLANs and tunnels.
const MAX_SIBLINGS: usize = 16;

/// When connections are let go, in nanoseconds of capture time.
#[derive(Clone, Debug)]
pub struct Limits {
    /// After the last segment of one that is over (TIME-WAIT and late segments).
    pub linger: i64,
    /// After the last segment of one whose handshake never completed.
    pub handshake: i64,
    /// After the last segment of one with a FIN on one side.
    pub half_closed: i64,
    /// After the last segment of any other.
    pub idle: i64,
    /// Connections followed at a time; beyond it the ones that were silent longest are evicted.
    pub connections: Option<u32>,
    /// Bytes that followed connections may take; beyond it the same.
    pub memory: Option<u64>,
    /// FIN and RST segments of one connection; the next one begins another connection, and the
    /// first is evicted, so that a storm of them stays within bounds and none is lost.
    pub teardowns: u32,
    /// Rows are kept until the end (in order of connection), instead of handed out when let go.
    pub keep: bool,
}

/// What a connection knows of the one before it with the same addresses and ports.
struct Earlier {
    isn: Option<u32>,
    end: i64,
    open: bool,
    graceful: bool,
    in_handshake: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            linger: 120 * SECOND,
            handshake: 180 * SECOND,
            half_closed: 3600 * SECOND,
            idle: 86_400 * SECOND,
            connections: None,
            memory: None,
            teardowns: 65_536,
            keep: true,
        }
    }
}

impl Limits {
    /// When a connection is let go unless another of its packets comes. `seen` is the capture's
    /// time at the latest: packets of a clock that is behind are not late for that.
    fn deadline(&self, c: &Connection, seen: i64) -> i64 {
        let limit = if c.over_since.is_some() {
            self.linger
        } else if c.endpoints.iter().any(|e| e.fin.is_some()) {
            self.half_closed
        } else if c.opening != Opening::MidStream
            && c.endpoints.iter().any(|e| e.state < State::Open)
        {
            self.handshake
        } else {
            self.idle
        };
        c.end.max(seen).saturating_add(limit)
    }

    /// Why a connection that is still followed is let go at the end of the capture.
    fn at_the_end(&self, c: &Connection, seen: i64, end: i64) -> Release {
        if end > self.deadline(c, seen) { reason(c) } else { Release::End }
    }
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
    room: Room,
}

impl Tracker {
    /// A tracker without connections.
    pub fn new(limits: Limits) -> Self {
        Self::with_seed(limits, Seed::random())
    }

    /// One whose hashes somebody else makes.
    pub fn with_seed(limits: Limits, seed: Seed) -> Self {
        let shortest = [limits.linger, limits.handshake, limits.half_closed, limits.idle];
        Self {
            shortest: shortest.into_iter().min().unwrap_or(0),
            limits,
            store: Store::default(),
            wheel: Wheel::default(),
            seed,
            clock: Clock::default(),
            now: i64::MIN,
            followed: 0,
            counts: Counts::default(),
            finished: Vec::new(),
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

    /// Reads the connection in a place, ahead of its use.
    #[inline]
    pub fn touch(&self, place: u32) -> u64 {
        self.store.touch(place)
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
        let head = self.store.find_of(segment, hash);
        let head = head.and_then(|head| self.in_time(head, segment, hash));
        let chosen = head.and_then(|head| self.choose(head, segment, hash));
        let found = match chosen {
            Some((number, side)) if !self.begins_anew(number, side, segment) => chosen,
            chosen => self.begin(segment, hash, chosen.map(|(number, _)| number)),
        };
        let Some((number, side)) = found else { return };
        let Some(mut live) = self.store.live(number, now) else { return };
        let was_over = live.connection.over_since.is_some();
        let before = weight(&self.limits, live.connection, *live.recent);
        live.take(segment, side);
        self.room.weigh(before, weight(&self.limits, live.connection, *live.recent));
        if !was_over && live.connection.over_since.is_some() {
            let id = low(live.connection.id);
            let deadline = now.saturating_add(self.limits.linger);
            self.wheel.add((number, id), deadline, now);
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
        let mut found = self.store.find(&tuple, hash);
        if found.is_some_and(|head| self.purge(head)) {
            found = self.store.find(&tuple, hash);
        }
        let Some(c) = found.and_then(|number| self.store.connection_mut(number)) else {
            return false;
        };
        let client = (c.addresses[0], c.ports[0]) == source;
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
        true
    }

    /// What the connections followed now would be, were the capture to end here.
    pub fn so_far(&self) -> Vec<Connection> {
        let decided = self.store.followed().map(|followed| {
            let mut connection = followed.clone();
            ending::decide(&mut connection, Release::End, self.now);
            connection
        });
        decided.collect()
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
    pub fn finish_at(mut self, now: i64, mut each: impl FnMut(&Connection)) -> (Counts, Rows) {
        if self.limits.keep {
            self.ended(now).for_each(|c| each(c));
            return (self.counts, self.store.into_rows());
        }
        // Each row is moved, and its chunk given back: memory is at its most here.
        let mut rows = self.finished;
        rows.reserve_exact(self.followed as usize);
        for (mut c, seen) in self.store.into_followed() {
            let release = self.limits.at_the_end(&c, seen, now);
            ending::decide(&mut c, release, now);
            self.counts.released[release as usize] += 1;
            rows.push(c);
        }
        rows.sort_unstable_by_key(|c| c.id);
        rows.iter().for_each(each);
        (self.counts, rows.into())
    }

    /// Where rows are kept: all of them in order, each let go when the capture ends `now` if it is
    /// still followed. The tracker takes no more packets then; asked again, it has the same rows.
    pub(super) fn ended(&mut self, now: i64) -> impl Iterator<Item = &mut Connection> {
        let (limits, released) = (&self.limits, &mut self.counts.released);
        self.store.close().map(move |(c, seen)| {
            if let Some(seen) = seen {
                let release = limits.at_the_end(c, seen, now);
                ending::decide(c, release, now);
                released[release as usize] += 1;
            }
            c
        })
    }

    /// Lets go of everything when the capture ends `now`, and keeps nothing but the rows.
    pub fn close(&mut self, now: i64) {
        self.ended(now).for_each(drop);
    }

    pub(super) fn into_rows(self) -> Rows {
        self.store.into_rows()
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
            let Some(slot) = self.store.slot(number).filter(|slot| slot.followed) else { continue };
            let known = |c: &&Connection| low(c.id) == id;
            let Some(c) = self.store.connection(number).filter(known) else { continue };
            let deadline = self.limits.deadline(c, slot.seen);
            if deadline < time {
                let release = reason(c);
                self.let_go(number, release, time);
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
            && self
                .store
                .connection(number)
                .is_some_and(|c| self.now > self.limits.deadline(c, slot.seen))
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
                let release = self.store.connection(number).map_or(Release::Idle, reason);
                self.let_go(number, release, self.now);
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

    fn choose_among(&self, head: u32, segment: &Segment<'_>) -> Option<(u32, Side)> {
        let mut other = None;
        let mut number = head;
        for _ in 0..MAX_SIBLINGS {
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
        let (first, opening) = orientation(segment);
        let id = self.counts.created;
        let mut connection = Connection::new(Birth { id, first, opening }, segment);
        if let Some(earlier) = earlier {
            let extra = connection.extra.get_or_insert_default();
            extra.earlier_isn = earlier.isn;
            extra.earlier_end = Some(earlier.end);
            extra.earlier_open = earlier.open;
            extra.earlier_graceful = earlier.graceful;
            extra.earlier_in_handshake = earlier.in_handshake;
        }
        let side = connection.sender(segment);
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
        let recent = Recent::default();
        let slot = Slot { recent, next, hash, followed: true, seen: self.now };
        let number = self.store.insert(connection, slot)?;
        self.store.point(hash, head, number);
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
        let Some(slot) = self.store.slot_mut(number).filter(|slot| slot.followed) else { return };
        slot.followed = false;
        let recent = std::mem::take(&mut slot.recent);
        let (hash, next) = (slot.hash, slot.next);
        self.store.forget_segments(recent);
        let Some(c) = self.store.connection_mut(number) else { return };
        self.room.weigh(weight(&self.limits, c, recent), 0);
        ending::decide(c, release, time);
        let tuple = tuple_of(c);
        if !self.limits.keep {
            // What hangs on it goes with the row.
            let (teardowns, extra) = (std::mem::take(&mut c.teardowns), c.extra.take());
            let row = c.clone();
            self.finished.push(Connection { teardowns, extra, ..row });
        }
        self.unlink(&tuple, hash, number, next);
        self.followed -= 1;
        self.counts.released[release as usize] += 1;
        if !self.limits.keep {
            self.store.release(number);
        }
    }

    fn unlink(&mut self, tuple: &Tuple, hash: u32, number: u32, next: u32) {
        let Some(head) = self.store.find(tuple, hash) else { return };
        if head == number {
            if next == NONE {
                self.store.forget(hash, number);
            } else {
                self.store.point(hash, Some(number), next);
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
                .is_some_and(|limit| self.followed > 1 && self.room.bytes(self.followed) >= limit)
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
                let Some(end) = self.store.connection(place).map(|c| c.end) else {
                    continue;
                };
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

/// The low half of a connection's number.
#[allow(clippy::cast_possible_truncation)] // meant
fn low(id: u64) -> u32 {
    id as u32
}

/// What hangs on a connection, asked only where memory is limited.
fn weight(limits: &Limits, c: &Connection, recent: Recent) -> u64 {
    if limits.memory.is_some() { room::hanging(c, recent) } else { 0 }
}

fn reason(c: &Connection) -> Release {
    if c.over_since.is_some() { Release::Closed } else { Release::Idle }
}

/// Who is the client, by the first segment: the sender of a SYN, the receiver of a SYN-ACK; else
/// the side whose port looks less like a service's, and the sender when neither does.
fn orientation(segment: &Segment<'_>) -> (Side, Opening) {
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
fn answers(c: &Connection, side: Side, segment: &Segment<'_>) -> bool {
    let peer = c.side(side.peer());
    if !peer.based || !segment.flags.ack() {
        return true;
    }
    let ahead = peer.position(segment.acknowledgment);
    let end = peer.max_end.max(peer.acked).cast_signed();
    if segment.flags.rst() && !segment.flags.ack() {
        true
    } else {
        ahead >= 0 && ahead <= end + (1 << 20)
    }
}

/// Whether a segment on another VLAN or tunnel carries a known connection on, and is not a copy
/// of it that ran elsewhere.
fn continues(c: &Connection, side: Side, segment: &Segment<'_>) -> bool {
    let endpoint = c.side(side);
    if segment.flags.syn() || !endpoint.based {
        return false;
    }
    let at = endpoint.position(segment.sequence) - endpoint.max_end.cast_signed();
    let news = segment.sequence_length() > 0;
    (at == 0 || (at > 0 && at < 1 << 20)) && (news || segment.flags.rst() || endpoint.acked > 0)
}

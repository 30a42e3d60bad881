//! Segments to connections: which one a segment belongs to, when one begins and is let go.

mod begin;
mod carry;
mod leave;
mod place;

use crate::conn::facts::connection::Connection;
use crate::conn::facts::icmp::Icmp;
use crate::conn::follow::ending;
use crate::conn::memory::eviction::Candidates;
use crate::conn::memory::limits::Limits;
use crate::conn::memory::rows::Rows;
use crate::conn::memory::store::{Show, Store};
use crate::conn::primitives::bits::low;
use crate::conn::primitives::words::Side;
use crate::conn::track::clock::Clock;
use crate::conn::track::deadlines::Wheel;
use crate::conn::track::seed::{Seed, quoted};
use crate::packet::{IcmpError, Segment};
pub use carry::Remaining;
use place::goes_on;

/// Connections of one tuple that are told apart by their VLANs and tunnels.
const MAX_SIBLINGS: usize = 16;

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
    /// The number of the first connection that begins here.
    first_id: u64,
    /// Where those go that are still followed at the end, if they are not let go.
    left: Option<Remaining>,
    /// The shortest of the limits: before it nothing can be over its deadline.
    shortest: i64,
    counts: Counts,
    finished: Vec<Connection>,
    /// All rows, once the capture ended.
    rows: Option<Rows>,
    candidates: Candidates,
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
            first_id: 0,
            left: None,
            counts: Counts::default(),
            finished: Vec::new(),
            rows: None,
            candidates: Candidates::default(),
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

    /// Reads the connections of these segments, [`PREFETCHED`](crate::conn::PREFETCHED) at most, ahead of their
    /// use. A segment is told by its hash and the port it comes from.
    #[inline]
    pub fn touch(&self, segments: impl Iterator<Item = (u32, u16)>) {
        std::hint::black_box(self.store.touch(segments));
    }

    /// Takes the next segment of the capture; see [`Tracker::take_at`].
    pub fn take(&mut self, segment: &Segment<'_>, hash: u32) {
        let now = self.clock.advance(segment.time);
        self.take_at(segment, hash, now);
    }

    /// Takes a segment when it is `now` in the capture. What becomes of its connection depends on
    /// the packets of these addresses and ports and on the time at each of them, and on nothing
    /// else, unless connections or memory are limited. Gives the place of the connection that it
    /// belongs to, and which side sent it.
    pub fn take_at(&mut self, segment: &Segment<'_>, hash: u32, now: i64) -> Option<(u32, Side)> {
        self.pass(now);
        let scales = self.store.scales();
        // What is looked up for the plain case is looked up once.
        let mut plain = None;
        if let Some(number) = self.store.first(hash)
            && let Some((slot, live)) = self.store.live(number)
            && let first = (&*slot, &*live.connection)
            && let Some(side) = goes_on(first, segment, now, (&self.limits, self.shortest))
        {
            plain = Some((number, side, slot, live));
        }
        let (number, side, slot, mut live) = if let Some(plain) = plain {
            plain
        } else {
            let (number, side) = self.place(segment, hash)?;
            let (slot, live) = self.store.live(number)?;
            (number, side, slot, live)
        };
        slot.seen = now;
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
        Some((number, side))
    }

    /// The first packet of the connection in a place that was given for the latest packet: no
    /// other connection has it.
    pub fn first_packet(&self, place: u32) -> Option<u64> {
        self.store.connection(place).map(|c| c.first_packet)
    }

    /// Notes an ICMP error on the connection whose segment it quotes; see [`Tracker::icmp_at`].
    pub fn icmp(&mut self, error: &IcmpError) -> Option<u32> {
        let now = self.clock.advance(error.time);
        self.icmp_at(error, self.seed.hash_quoted(error), now)
    }

    /// The same when it is `now` in the capture. Gives the place of the connection, if there is one.
    pub fn icmp_at(&mut self, error: &IcmpError, hash: u32, now: i64) -> Option<u32> {
        self.pass(now);
        let source = (error.source, error.source_port);
        let tuple = quoted(error);
        let scales = self.store.scales();
        let mut found = self.store.find(&tuple, hash);
        if found.is_some_and(|head| self.purge(head)) {
            found = self.store.find(&tuple, hash);
        }
        let number = self.on_path(found?, error.path);
        let c = self.store.connection_mut(number)?;
        let client = (c.addresses.client, c.ports.client) == source;
        let before = scales.weigh(c);
        let extra = c.extra.get_or_insert_default();
        extra.icmp_count += 1;
        let reported = Icmp {
            packet: error.packet,
            time: error.time,
            reporter: error.reporter,
            version: error.ip_version,
            kind: error.kind,
            code: error.code,
            quoted: if client { Side::Client } else { Side::Server },
            mtu: error.mtu,
        };
        extra.icmp.get_or_insert(reported);
        if reported.too_big() {
            extra.too_big.get_or_insert(reported);
        }
        let after = scales.weigh(c);
        self.store.weigh(before, after);
        Some(number)
    }

    /// What the connections followed now would be, were the capture to end here.
    pub fn so_far(&self) -> Vec<Connection> {
        let mut rows: Vec<_> = self.store.followed().collect();
        for row in &mut rows {
            ending::decide_so_far(row, self.now);
        }
        rows
    }

    /// The latest time that was passed.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// Connections let go since the last call, in order of release (none while rows are kept).
    pub fn drain(&mut self) -> Vec<Connection> {
        std::mem::take(&mut self.finished)
    }

    /// Lets go of everything when the capture ends `now`, and keeps nothing but the rows, each of
    /// which is shown if it is to be. The tracker takes no more packets then, and closing it again
    /// does nothing.
    pub fn end(&mut self, now: i64, each: Show<'_>) {
        if self.is_ended() {
            return;
        }
        self.leave(now);
        let (store, counts) = (std::mem::take(&mut self.store), &mut self.counts);
        if self.finished.is_empty() {
            self.rows = Some(store.end(now, &self.limits, &mut counts.released, each));
            return;
        }
        let rest = store.end(now, &self.limits, &mut counts.released, None);
        let mut all = std::mem::take(&mut self.finished);
        all.extend(&rest);
        all.sort_unstable_by_key(|c| c.id);
        if let Some(each) = each {
            each(&all.iter().collect::<Vec<_>>());
        }
        self.rows = Some(all.into());
    }

    /// Whether it was closed.
    pub(in crate::conn) fn is_ended(&self) -> bool {
        self.rows.is_some()
    }

    /// The rows of a tracker that was closed, in order of connection.
    pub(in crate::conn) fn take_rows(&mut self) -> Rows {
        self.rows.take().unwrap_or_default()
    }

    /// The time goes on.
    #[inline]
    fn pass(&mut self, now: i64) {
        self.now = now;
        if self.wheel.is_due(now) {
            self.expire(now);
        }
    }
}

//! When connections are let go.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::State;
use crate::conn::primitives::words::{Opening, Release};

pub(in crate::conn) const SECOND: i64 = 1_000_000_000;

/// Connections that are unpacked at a time before memory is saved: with their segments they take less
/// than two gigabytes.
const UNPACKED: usize = 1 << 20;
/// The same where memory is bounded: what is saved is worth more than the time it takes.
const UNPACKED_IF_BOUNDED: usize = 8192;
/// Rows up to which all are unpacked once, and stay so until they were judged: together they take
/// some 100 MB. More stay packed, and are unpacked once to learn from and once to be judged.
pub const HELD_WHOLE: usize = 1 << 16;

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
    /// Once so many connections are unpacked at a time, those for which nothing comes for
    /// [`Limits::quiet`] are packed until something does. Rows do not depend
    /// on it.
    pub unpacked: usize,
    /// See `unpacked`.
    pub quiet: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            linger: 120 * SECOND,
            handshake: 180 * SECOND,
            half_closed: 86_400 * SECOND,
            idle: 86_400 * SECOND,
            connections: None,
            memory: None,
            teardowns: 65_536,
            keep: true,
            unpacked: UNPACKED,
            quiet: SECOND / 4,
        }
    }
}

impl Limits {
    /// Whether what becomes of one connection depends on the others: connections or memory are
    /// limited.
    pub fn is_bounded(&self) -> bool {
        self.connections.is_some() || self.memory.is_some()
    }

    /// Whether connections have to be followed in one place, in the order of their packets: they
    /// depend on the others, or their rows are handed out while they are followed.
    pub fn hangs_together(&self) -> bool {
        !self.keep || self.is_bounded()
    }

    /// How many connections may be unpacked before the quiet ones are packed.
    pub(in crate::conn) fn most_unpacked(&self) -> usize {
        if self.hangs_together() { self.unpacked.min(UNPACKED_IF_BOUNDED) } else { self.unpacked }
    }

    /// How many rows may be unpacked at the end where others were packed before, if so many bytes are
    /// taken by each.
    pub(in crate::conn) fn most_whole(&self, each: usize) -> usize {
        let bytes = self.memory.and_then(|bytes| usize::try_from(bytes).ok());
        let room = bytes.map_or(HELD_WHOLE, |bytes| bytes / each);
        self.unpacked.min(HELD_WHOLE).min(room)
    }

    /// When a connection is let go unless another of its packets comes.
    pub(in crate::conn) fn deadline(&self, last: Last) -> i64 {
        let limit = match last.due {
            Due::Closed | Due::Replaced => self.linger,
            Due::HalfClosed => self.half_closed,
            Due::Handshake => self.handshake,
            Due::Idle => self.idle,
        };
        last.at.saturating_add(limit)
    }

    /// Why a connection that is still followed is let go when the capture ends `now`.
    pub(in crate::conn) fn at_the_end(&self, last: Last, now: i64) -> Release {
        let over = last.due == Due::Replaced || now > self.deadline(last);
        if over { last.due.release() } else { Release::End }
    }

    /// The shortest of these times: before it nothing can be over its deadline.
    pub(in crate::conn) fn shortest(&self) -> i64 {
        self.linger.min(self.handshake).min(self.half_closed).min(self.idle)
    }
}

/// When a connection was last heard of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    /// Time of its latest packet, or the capture's time at it if that was later: packets of a clock
    /// that is behind are not late for that.
    pub at: i64,
    /// Which limit holds for it.
    pub due: Due,
}

/// Which limit holds for a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Due {
    /// It is over.
    #[default]
    Closed,
    /// Another one of its addresses and ports began.
    Replaced,
    /// One side sent a FIN.
    HalfClosed,
    /// Its handshake is not complete.
    Handshake,
    /// Any other.
    Idle,
}

impl Due {
    /// Why a connection is let go when its time is over.
    pub(crate) fn release(self) -> Release {
        match self {
            Self::Closed => Release::Closed,
            Self::Replaced => Release::Reuse,
            Self::HalfClosed | Self::Handshake | Self::Idle => Release::Idle,
        }
    }

    /// Which one holds for this connection.
    pub(crate) fn of(c: &Connection<impl Stage>) -> Self {
        if c.replaced {
            Self::Replaced
        } else if c.over_since.is_some() {
            Self::Closed
        } else if c.endpoints.iter().any(|e| e.fin.is_some()) {
            Self::HalfClosed
        } else if c.opening != Opening::MidStream
            && c.endpoints.iter().any(|e| e.state < State::Open)
        {
            Self::Handshake
        } else {
            Self::Idle
        }
    }
}

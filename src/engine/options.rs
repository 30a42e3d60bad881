//! How to read a capture.

mod declared;
mod reference;

pub use declared::{Declared, OPTIONS, Slot};
pub use reference::OptionsReference;

use std::path::PathBuf;

use crate::capture::ReadOptions;
use crate::cause::Parameters;
use crate::conn::{self, Seed};
use crate::filter::Filter;
use crate::hosts::Hosts;
use crate::packet;
use crate::table::Columns;

/// Threads that are used at most.
const MAX_THREADS: usize = 256;

/// A point in the capture's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Nanoseconds since the epoch.
    At(i64),
    /// Nanoseconds after the capture's first packet.
    After(i64),
}

/// How to read a capture.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Segments that take part; all without one.
    pub filter: Option<Filter>,
    /// First moment that takes part.
    pub start: Option<Bound>,
    /// First moment that does not any more.
    pub end: Option<Bound>,
    /// Deadlines of connections, and whether rows are kept to the end or handed out when let go.
    pub limits: conn::Limits,
    /// What the decoder may remember.
    pub decoding: packet::Limits,
    /// Thresholds of the causes.
    pub parameters: Parameters,
    /// What the user calls addresses.
    pub hosts: Hosts,
    /// Buffers and limits of reading.
    pub reading: ReadOptions,
    /// Columns of connections and of their FIN and RST segments that are made.
    pub columns: Columns,
    /// Bytes that the pass may take, rows that are kept left out. Five sixteenths of them are for
    /// followed connections: each is copied when it is let go.
    pub memory_limit: Option<u64>,
    /// Key of the hash of addresses and ports, drawn at random without one. What is let go for
    /// want of room may depend on it: whoever reads a capture again as it was read gives the same.
    pub seed: Option<u64>,
    /// Whether anything but a complete capture is an error.
    pub strict: bool,
    /// Threads that follow connections (up to five, where rows are kept and nothing is limited) and
    /// make tables; as many as there are processors (8 at most) without a number. With more than
    /// one, another reads ahead, or so many decode several files at once; with one, nothing runs
    /// beside the caller. Rows never depend on it.
    pub threads: Option<usize>,
    /// A state that was saved, with which a reading goes on.
    pub resume: Option<PathBuf>,
    /// Where the state at the end is saved, with all connections that are still followed.
    pub save: Option<PathBuf>,
    /// Whether these are no rows of the reading. They never are where its state is saved; whoever
    /// reads a capture again as it was read then gives the same, and saves nothing.
    pub leave: bool,
}

impl Options {
    /// Threads that will be used.
    pub fn threads(&self) -> usize {
        self.threads
            .map_or_else(crate::base::parallel::sensible, |threads| threads.clamp(1, MAX_THREADS))
    }

    /// The same, with what follows from one for another.
    pub(crate) fn settled(mut self) -> Self {
        // The rest is for rows on their way out and for what verdicts remember.
        let followed = self.memory_limit.map(|bytes| bytes / 16 * 5);
        self.limits.memory = followed.or(self.limits.memory);
        self.reading.ahead &= self.threads() > 1;
        self
    }

    /// Whether connections that are still followed at the end are no rows.
    pub(crate) fn leaves(&self) -> bool {
        self.leave || self.save.is_some()
    }

    /// Whether it is worth knowing what connections say of each other: for verdicts, of this
    /// reading or of a later one.
    pub(crate) fn knows_others(&self) -> bool {
        self.columns.are_judged() || self.save.is_some()
    }

    /// The key that was given, or another one each time.
    pub(crate) fn seed(&self) -> Seed {
        self.seed.map_or_else(Seed::random, Seed::of)
    }
}

//! A reading that goes on another day: what it knew at its end, in a file.
//!
//! A connection that is still followed at the end of a reading that is saved is no row of it: it
//! goes on in the reading that resumes, and is a row of the one in which it ends. So the rows of all
//! readings together are those of one reading of all captures: numbers go on, and so do the clock,
//! the decoder with its paths, unfinished IP datagrams and names, and what verdicts lean on.

mod fields;
mod file;

pub use file::{Saved, Saving};

use std::collections::BTreeSet;

use super::{Intake, Options, Output};
use crate::base::error::Error;
use crate::capture::{FileSummary, Interface, ReadOptions, Reader};
use crate::conn::{Clock, Connection, Followed, Remaining, load_followed};
use crate::hosts::Hosts;
use crate::packet::Unfinished;
use crate::table::shared::Earlier;

/// Packets that belong to connections which go from one reading to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many connections.
    pub connections: u64,
    /// Their packets so far.
    pub packets: u64,
    /// Packets of all captures until then, whose numbers come before those of the next.
    pub read: u64,
}

impl Carried {
    fn add(&mut self, c: &Connection) {
        self.connections += 1;
        for packets in c.endpoints.iter().map(|endpoint| endpoint.packets) {
            self.packets = self.packets.saturating_add(packets);
        }
    }
}

/// Where a reading stands at its end; without a reading, nowhere.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Packets read by it and those before it.
    pub packets: u64,
    /// Connections begun.
    pub connections: u64,
    /// The capture's time, as packets that take part tell it.
    pub clock: Clock,
    /// Time of the first frame, and of the latest.
    pub times: (Option<i64>, i64),
    /// How many files and interfaces there were, and the names of those that what goes on refers to.
    pub names: [Earlier; 2],
    /// See [`crate::packet::Paths::marks`].
    pub marks: Vec<Vec<u64>>,
    /// IP datagrams of which fragments are missing.
    pub waiting: Vec<Unfinished>,
    /// What DNS answers told.
    pub hosts: Hosts,
    /// What goes on.
    pub carried: Carried,
}

impl Standing {
    /// The time at which its captures end.
    pub fn end(&self) -> Option<i64> {
        let (first, last) = self.times;
        let kept = Some(self.clock.now()).filter(|&now| now != i64::MIN);
        kept.or_else(|| first.map(|_| last))
    }

    /// Has a reader go on behind it.
    pub fn goes_on(&self, options: &mut ReadOptions) {
        options.before = self.packets;
        // No file is the only one of the whole capture.
        let [files, _] = &self.names;
        options.of = Some(files.count as usize + 1);
    }

    /// How many packets, connections and paths there are.
    fn known(&self) -> [u64; 3] {
        [self.packets, self.connections, self.marks.len() as u64]
    }

    /// Has a reading of more files begin here.
    ///
    /// # Errors
    /// [`Error::State`] where that makes no sense; `name` is the state's.
    pub fn begin(&self, name: &str, intake: &mut Intake, options: &Options) -> Result<(), Error> {
        intake.go_on(self.times);
        let (waiting, hosts) = (self.waiting.clone(), self.hosts.clone());
        if intake.decoder.go_on(options.decoding, &self.marks, waiting, hosts) {
            return Ok(());
        }
        Err(Error::State { file: name.to_owned(), reason: "its paths are none".to_owned() })
    }

    /// Notes what the reading that began here has come to.
    pub(super) fn go_on(&mut self, reader: &Reader, intake: &Intake, clock: Clock, begun: u64) {
        let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
        self.packets += reader.progress().packets;
        self.connections += begun;
        let own = [reader.files().len(), reader.interfaces().len()];
        for (earlier, own) in self.names.iter_mut().zip(own) {
            earlier.count = earlier.count.saturating_add(count(own));
        }
        self.clock = clock;
        self.times = intake.times();
        self.marks = intake.decoder.paths().marks();
        self.waiting = intake.decoder.unfinished();
        self.hosts = intake.decoder.hosts().clone();
    }
}

/// What of the earlier files and interfaces what goes on refers to.
#[derive(Default)]
struct Referred {
    files: BTreeSet<u32>,
    interfaces: BTreeSet<u32>,
}

impl Referred {
    fn add(&mut self, c: &Connection) {
        self.files.insert(c.file);
        self.files.extend(c.teardowns.iter().map(|row| row.file));
        self.interfaces.insert(c.interface);
    }
}

/// Looks at everything that goes on: the context learns of it as it stands, for the verdicts of the
/// reading that ends here.
pub(super) fn look(
    remaining: &Remaining,
    output: &mut Output,
    standing: &mut Standing,
) -> Result<(), Error> {
    let mut referred = Referred::default();
    let mut carried = Carried { read: standing.packets, ..Carried::default() };
    for (id, mut form) in remaining.all() {
        let followed = load_followed(&mut form);
        let followed =
            followed.ok_or_else(|| Error::Internal("a connection is lost".to_owned()))?;
        let c = Followed::so_far(followed, id, standing.clock.now());
        referred.add(&c);
        carried.add(&c);
        output.context.add(&c);
    }
    let [files, interfaces] = &output.before;
    let file = |index: u32, all: &[FileSummary]| all.get(index as usize).map(|f| f.name.clone());
    let interface = |index: u32, all: &[Interface]| all.get(index as usize).map(|i| i.name.clone());
    let names = [
        files.of(referred.files, |index| file(index, &output.files)),
        interfaces.of(referred.interfaces, |index| interface(index, &output.interfaces)),
    ];
    for (earlier, names) in standing.names.iter_mut().zip(names) {
        earlier.names = names;
    }
    standing.carried = carried;
    output.carried[1] = carried;
    Ok(())
}

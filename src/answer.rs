//! What a pass over a capture found, judged, as tables.

mod judge;
mod live;

pub use live::SoFar;

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::capture::{FileSummary, Interface, Source, SourceFiles};
use crate::cause::RULE_SET;
use crate::conn::Groups;
use crate::error::Error;
use crate::hosts::{self, Host, Hosts, Origin};
use crate::packet::Class;
use crate::read::{OPTIONS, Options, Output, Session, Slot};
use crate::table::files::Files;
use crate::table::interfaces::{InterfaceRow, Interfaces};
use crate::table::issues::{self, Issues};
use crate::table::ledger::{Ledger, LedgerRow};
use crate::table::names::Names;
use crate::table::shared::Shared;
use crate::table::{CHUNK_ROWS, Made, make};
use judge::Judge;

/// Changes whenever a column is renamed, removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "2";

/// Memory limit of a scan that is given none: 2 GiB.
pub const MEMORY_LIMIT: u64 = 2 << 30;

/// Texts that go into every schema: how the rows were made.
pub type Metadata = HashMap<String, String>;

/// Versions, thresholds of the causes and deadlines.
pub fn metadata(options: &Options) -> Metadata {
    let mut parameters = String::from("{");
    for (name, value, _) in options.parameters.list() {
        let _ = write!(parameters, "\"{name}\":{value},");
    }
    let mut deadlines = String::from("{");
    let mut options = options.clone();
    for declared in OPTIONS {
        if let Slot::Duration(at) = declared.slot {
            let deadline = crate::conn::seconds(*at(&mut options));
            let _ = write!(deadlines, "\"{}_s\":{deadline},", declared.name);
        }
    }
    let texts = [
        ("finrst.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("finrst.schema_version", SCHEMA_VERSION.to_owned()),
        ("finrst.rule_set", RULE_SET.to_owned()),
        ("finrst.parameters", closed(parameters)),
        ("finrst.deadlines", closed(deadlines)),
    ];
    texts.into_iter().map(|(key, text)| (key.to_owned(), text)).collect()
}

fn closed(mut object: String) -> String {
    object.truncate(object.trim_end_matches(',').len());
    object.push('}');
    object
}

/// All tables of a pass. `proceed` is asked before each batch of rows.
///
/// # Errors
/// [`Error::Cancelled`], or a broken promise of this crate.
pub fn tables(
    mut output: Output,
    metadata: &Metadata,
    proceed: &dyn Fn() -> bool,
) -> Result<Vec<Made>, Error> {
    let connections = std::mem::take(&mut output.connections);
    let shared = Shared::new(&output.files, &output.interfaces, output.paths.clone());
    let judge = Judge::at_the_end(&output);
    let teardowns = judge.teardowns(&connections, &shared, metadata, proceed)?;
    let connections = judge.connections(connections, &shared, metadata, proceed)?;
    let mut made = vec![connections, teardowns];
    made.extend(Accounts::of(&output).tables(&shared, metadata)?);
    Ok(made)
}

/// What is known of the capture itself.
struct Accounts<'a> {
    ledger: &'a crate::read::Ledger,
    files: &'a [FileSummary],
    interfaces: &'a [Interface],
    issues: &'a crate::issue::Issues,
    /// What the user said, and what DNS answers did.
    hosts: [&'a Hosts; 2],
}

impl<'a> Accounts<'a> {
    fn of(output: &'a Output) -> Self {
        let Output { ledger, files, interfaces, issues, hosts, .. } = output;
        Self { ledger, files, interfaces, issues, hosts: hosts.each_ref() }
    }

    fn tables(&self, shared: &Shared, metadata: &Metadata) -> Result<[Made; 5], Error> {
        let mut ledger = Vec::new();
        for (index, file) in (0..).zip(self.files) {
            for class in Class::ALL {
                let packets = self.ledger.of(index, class);
                if packets > 0 {
                    ledger.push(LedgerRow { file: &file.name, class, packets });
                }
            }
        }
        let mut interfaces: Vec<_> =
            self.interfaces.iter().map(|interface| InterfaceRow { interface, shared }).collect();
        // They are met in turns that depend on how the octets of several files arrive.
        interfaces.sort_by_key(|row| row.interface.file);
        let files: Vec<_> = self.files.iter().collect();
        // Blocks too come in such turns, and files of one capture bring the same names again.
        let mut blocks = Hosts::new(Origin::Block, hosts::MOST);
        self.files.iter().for_each(|file| blocks.absorb(&file.hosts));
        let names: Vec<&Host> =
            self.hosts.into_iter().chain([&blocks]).flat_map(Hosts::rows).collect();
        Ok([
            make::<Ledger>(&ledger, metadata.clone())?,
            make::<Interfaces>(&interfaces, metadata.clone())?,
            make::<Issues>(&issues::rows(self.issues, shared), metadata.clone())?,
            make::<Files>(&files, metadata.clone())?,
            make::<Names>(&names, metadata.clone())?,
        ])
    }
}

/// One pass whose rows are handed out as they are let go, in bounded memory.
pub struct Scan {
    state: State,
    metadata: Metadata,
    sources: SourceFiles,
}

enum State {
    /// `done` when everything was read, and rows are only to be made.
    Reading {
        session: Box<Session>,
        done: bool,
    },
    Ending {
        output: Box<Output>,
        rest: Groups,
    },
    Over,
}

/// What one step of a [`Scan`] gave.
pub enum Step {
    /// Nothing yet.
    More,
    /// Connections that were let go, and their teardown segments.
    Pair(Made, Made),
    /// Everything was handed out.
    Done,
}

impl Scan {
    /// Begins a pass.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open(sources: Vec<Source>, mut options: Options) -> Result<Self, Error> {
        options.limits.keep = false;
        options.memory_limit.get_or_insert(MEMORY_LIMIT);
        let metadata = metadata(&options);
        let session = Box::new(Session::open(sources, options)?);
        let sources = session.sources().clone();
        Ok(Self { state: State::Reading { session, done: false }, metadata, sources })
    }

    /// The files that the capture lies in.
    pub fn sources(&self) -> &SourceFiles {
        &self.sources
    }

    /// How far reading has come: bytes, bytes in all where known, packets.
    pub fn progress(&self) -> Option<(u64, Option<u64>, u64)> {
        match &self.state {
            State::Reading { session, .. } => {
                let progress = session.progress();
                Some((progress.bytes_read, progress.bytes_total, progress.packets))
            }
            _ => None,
        }
    }

    /// Whether the next step makes rows, which takes a while and reads nothing.
    pub fn makes_rows(&self) -> bool {
        match &self.state {
            State::Reading { session, done } => *done || session.is_full(),
            State::Ending { .. } => true,
            State::Over => false,
        }
    }

    /// Goes on for about `budget` bytes, or hands out rows.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn step(&mut self, budget: u64) -> Result<Step, Error> {
        self.advance(|session| session.step(budget))
    }

    fn advance(
        &mut self,
        read: impl FnOnce(&mut Session) -> Result<bool, Error>,
    ) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Reading { mut session, done: false } if !session.is_full() => {
                let done = !read(&mut session)?;
                self.sources.clone_from(session.sources());
                self.state = State::Reading { session, done };
                Ok(Step::More)
            }
            State::Reading { mut session, done } => {
                if done && !session.is_full() {
                    let mut output = Box::new(session.finish());
                    let rest = std::mem::take(&mut output.connections).into_groups(CHUNK_ROWS);
                    self.state = State::Ending { output, rest };
                    return Ok(Step::More);
                }
                let chunk = session.take();
                let (files, interfaces) = session.described();
                let shared = Shared::new(files, interfaces, session.paths());
                let judge = Judge {
                    context: session.context(),
                    parameters: session.parameters(),
                    threads: session.threads(),
                };
                let step = judge.pair(chunk, &shared, &self.metadata)?;
                session.refill();
                self.state = State::Reading { session, done };
                Ok(step)
            }
            State::Ending { output, mut rest } => {
                let mut step = Step::Done;
                if let Some(chunk) = rest.next() {
                    let shared =
                        Shared::new(&output.files, &output.interfaces, output.paths.clone());
                    step = Judge::at_the_end(&output).pair(chunk, &shared, &self.metadata)?;
                }
                self.state = State::Ending { output, rest };
                Ok(step)
            }
            State::Over => Err(Error::Argument("the scan was ended by an error".to_owned())),
        }
    }

    /// The tables about the capture itself, once everything was handed out.
    ///
    /// # Errors
    /// [`Error::Argument`] before that.
    pub fn accounts(&self) -> Result<[Made; 5], Error> {
        match &self.state {
            State::Ending { output, rest } if rest.is_over() => {
                let shared = Shared::new(&output.files, &output.interfaces, output.paths.clone());
                Accounts::of(output).tables(&shared, &self.metadata)
            }
            _ => Err(Error::Argument("the scan is not at its end yet".to_owned())),
        }
    }
}

//! One pass whose rows are handed out as they are let go.

mod so_far;

pub use so_far::SoFar;

use super::judge::Judge;
use super::tables::Accounts;
use super::{Metadata, Options, Output, Session, metadata};
use crate::base::error::Error;
use crate::capture::{Source, SourceFiles};
use crate::conn::Groups;
use crate::table::shared::Shared;
use crate::table::{CHUNK_ROWS, Columns, Made};

/// Memory limit of a scan that is given none: 2 GiB.
pub const MEMORY_LIMIT: u64 = 2 << 30;

/// One pass whose rows are handed out as they are let go, in bounded memory.
pub struct Scan {
    state: State,
    metadata: Metadata,
    sources: SourceFiles,
    columns: Columns,
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
        if options.resume.is_some() || options.leaves() {
            let text = "a reading that goes on another day reads to its end";
            return Err(Error::Argument(text.to_owned()));
        }
        options.limits.keep = false;
        options.memory_limit.get_or_insert(MEMORY_LIMIT);
        let metadata = metadata(&options);
        let columns = options.columns.clone();
        let session = Box::new(Session::open(sources, options)?);
        let sources = session.sources().clone();
        Ok(Self { state: State::Reading { session, done: false }, metadata, sources, columns })
    }

    /// The files that the capture lies in.
    pub fn sources(&self) -> &SourceFiles {
        &self.sources
    }

    /// Columns that are asked for.
    pub fn columns(&self) -> &Columns {
        &self.columns
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
                    columns: session.columns(),
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

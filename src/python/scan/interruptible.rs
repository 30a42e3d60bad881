//! A scan that can be interrupted: its rows are made on a thread of their own, so that an interrupt need not
//! wait for them, and nothing is lost by it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};

use crate::base::error::Error;
use crate::base::guard::catch;
use crate::base::parallel::hand_over;
use crate::capture::SourceFiles;
use crate::engine::{Scan, SoFar, Step};
use crate::python::wait::SLICE;
use crate::table::Made;

/// A scan, and where it is.
pub(super) struct Interruptible {
    state: State,
    sources: SourceFiles,
}

enum State {
    /// Here, to be gone on with.
    Idle(Box<Scan>),
    /// On the thread that makes its rows.
    Busy(Receiver<(Box<Scan>, Result<Step, Error>)>),
    /// Ended by an error: what was half done is not carried on.
    Over,
}

impl Interruptible {
    /// Of a scan that begins.
    pub(super) fn new(scan: Scan) -> Self {
        let sources = scan.sources().clone();
        Self { state: State::Idle(Box::new(scan)), sources }
    }

    /// The same, to be let go of elsewhere; what is left is over.
    pub(super) fn take(&mut self) -> Self {
        let state = std::mem::replace(&mut self.state, State::Over);
        Self { state, sources: self.sources.clone() }
    }

    /// The files that the capture lies in, as far as is known here.
    pub(super) fn sources(&self) -> &SourceFiles {
        &self.sources
    }

    /// How far reading has come; see [`Scan::progress`].
    pub(super) fn progress(&self) -> Option<(u64, Option<u64>, u64)> {
        match &self.state {
            State::Idle(scan) => scan.progress(),
            _ => None,
        }
    }

    /// As [`Scan::step`]; [`Step::More`] also while rows are being made.
    pub(super) fn step(&mut self, budget: u64) -> Result<Step, Error> {
        self.advance(|scan| scan.step(budget))
    }

    /// As [`Scan::turn`]; rows that are being made are waited for.
    pub(super) fn turn(&mut self) -> Result<Step, Error> {
        let mut step = self.advance(Scan::turn)?;
        while let State::Busy(_) = self.state {
            step = self.advance(Scan::turn)?;
        }
        Ok(step)
    }

    /// As [`Scan::so_far`].
    pub(super) fn so_far(&self, most: u32) -> Result<Option<SoFar>, Error> {
        match &self.state {
            State::Idle(scan) => scan.so_far(most),
            _ => Err(Error::Argument("rows of the scan are being made".to_owned())),
        }
    }

    fn advance(
        &mut self,
        read: impl FnOnce(&mut Scan) -> Result<Step, Error>,
    ) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Idle(scan) if scan.makes_rows() => {
                let (done, waiting) = mpsc::channel();
                let make = move |mut scan: Box<Scan>| {
                    let step = catch(|| scan.step(0));
                    drop(done.send((scan, step)));
                };
                if let Some(mut scan) = hand_over("finrst", scan, make) {
                    // Here then, and Ctrl-C waits for it.
                    let step = catch(|| scan.step(0))?;
                    self.state = State::Idle(scan);
                    return Ok(step);
                }
                self.wait(waiting)
            }
            State::Idle(mut scan) => {
                let step = catch(|| read(&mut scan))?;
                self.sources.clone_from(scan.sources());
                self.state = State::Idle(scan);
                Ok(step)
            }
            State::Busy(waiting) => self.wait(waiting),
            State::Over => Err(Error::Argument("the scan was ended by an error".to_owned())),
        }
    }

    fn wait(&mut self, waiting: Receiver<(Box<Scan>, Result<Step, Error>)>) -> Result<Step, Error> {
        match waiting.recv_timeout(SLICE) {
            Ok((scan, step)) => {
                let step = step?;
                self.state = State::Idle(scan);
                Ok(step)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.state = State::Busy(waiting);
                Ok(Step::More)
            }
            Err(RecvTimeoutError::Disconnected) => Err(Error::Internal("a thread died".to_owned())),
        }
    }

    /// As [`Scan::accounts`].
    pub(super) fn accounts(&self) -> Result<[Made; 5], Error> {
        match &self.state {
            State::Idle(scan) => scan.accounts(),
            _ => Err(Error::Argument("the scan is not at its end yet".to_owned())),
        }
    }
}

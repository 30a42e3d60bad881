//! Work in slices without the interpreter's lock, between which signals are answered.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::errors;
use super::source::Raised;
use super::wait::SLICE;
use crate::base::error::Error;
use crate::base::guard::catch;

/// How often progress is told at most.
const TELL: Duration = Duration::from_millis(50);

/// Slices of one piece of work.
pub(super) struct Slices<'py> {
    py: Python<'py>,
    raised: Raised,
    begun: Instant,
    budget: u64,
}

// How long a slice takes decides how much the next one reads: no row depends on that.
#[allow(clippy::disallowed_methods)]
impl<'py> Slices<'py> {
    pub(super) fn new(py: Python<'py>, raised: Raised) -> Self {
        Self { py, raised, begun: Instant::now(), budget: 1 << 18 }
    }

    /// Runs one slice without the interpreter's lock.
    pub(super) fn run<T: Send>(
        &mut self,
        work: impl FnOnce(u64) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let (begin, budget) = (Instant::now(), self.budget);
        let done = self.py.detach(|| catch(|| work(budget)));
        self.budget = match begin.elapsed() {
            took if took > SLICE => budget / 2,
            took if took < SLICE / 4 => budget.saturating_mul(2),
            _ => budget,
        }
        .clamp(1 << 14, 1 << 24);
        self.raised.check()?;
        done.map_err(|error| errors::exception(self.py, error))
    }

    /// Runs slices until the work is done, or it is time to tell how far it has come; true while
    /// there is more.
    pub(super) fn until_told(
        &mut self,
        mut work: impl FnMut(u64) -> Result<bool, Error> + Send,
    ) -> PyResult<bool> {
        loop {
            let more = self.run(&mut work)?;
            if self.pause()? || !more {
                return Ok(more);
            }
        }
    }

    /// Answers signals; true when it is time to tell how far reading has come.
    pub(super) fn pause(&self) -> PyResult<bool> {
        self.py.check_signals()?;
        Ok(self.begun.elapsed() >= TELL)
    }
}

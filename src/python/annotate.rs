//! A copy of a capture with comments, as Python asks for it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors;
use super::options::options;
use super::packets::sources;
use super::read::{At, told};
use super::slices::Slices;
use super::source::Raised;
use super::write::Sources;
use crate::base::guard::catch;
use crate::capture::Comments;
use crate::engine::annotate::Annotation as Copy;
use crate::table::export::Guard;

/// A packet, when it was captured (in microseconds since the epoch) where that is known, and what is
/// said of it.
pub(super) type Said = (u64, Option<i64>, String);

/// Comments in a list of their own.
pub(super) fn comments(said: Vec<Said>) -> Comments {
    let mut comments = Comments::default();
    for (packet, time, text) in said {
        comments.add(packet, time, &text);
    }
    comments.sort();
    comments
}

/// A copy of a capture with comments, which appears whole with `commit`, or not at all.
#[pyclass(frozen, module = "finrst._native")]
pub struct Annotation {
    /// `None` while in use, and when it is done with or has failed.
    copy: Mutex<Option<Copy>>,
}

impl Annotation {
    fn take(&self) -> PyResult<Copy> {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.take().ok_or_else(|| PyRuntimeError::new_err("this copy is done with, or in use"))
    }

    fn put_back(&self, copy: Copy) {
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = Some(copy);
    }
}

#[pymethods]
impl Annotation {
    /// Begins a copy of what was read from these sources with these options, on standard output
    /// without a path. It takes the place of no source, neither of these nor of those that are known.
    #[new]
    fn new(
        py: Python<'_>,
        sources: Vec<Bound<'_, PyAny>>,
        options: &Bound<'_, PyDict>,
        about: &str,
        path: Option<PathBuf>,
        known: &Sources,
        overwrite: bool,
    ) -> PyResult<Self> {
        errors::guarded(py, || {
            let (sources, options) = (self::sources(py, sources)?, self::options(options)?);
            let guard = Guard { sources: known.0.clone(), overwrite, ..Guard::default() };
            let opened = py.detach(move || {
                catch(move || Copy::open(sources, options, about, path.as_deref(), guard))
            });
            let copy = opened.map_err(|error| errors::exception(py, error))?;
            Ok(Self { copy: Mutex::new(Some(copy)) })
        })
    }

    /// Adds comments, before the first step.
    fn add(&self, py: Python<'_>, said: Vec<Said>) -> PyResult<()> {
        let mut copy = self.take()?;
        errors::guarded(py, move || {
            for (packet, time, text) in said {
                copy.comments().add(packet, time, &text);
            }
            self.put_back(copy);
            Ok(())
        })
    }

    /// Copies on: how far it has come, at most twenty times a second; `None` at the end.
    fn step(&self, py: Python<'_>) -> PyResult<Option<At>> {
        // What is interrupted or fails is dropped, and leaves nothing behind.
        let mut copy = self.take()?;
        errors::guarded(py, move || {
            let mut slices = Slices::new(py, Raised::default());
            let more = slices.until_told(|budget| copy.step(budget))?;
            let at = told(copy.progress());
            self.put_back(copy);
            Ok(more.then_some(at))
        })
    }

    /// Makes it appear, where it has so many packets: comments in it, those that found no room, and
    /// what of the replaced file's owner and group was lost.
    fn commit(&self, py: Python<'_>, packets: u64) -> PyResult<(u64, u64, Option<String>)> {
        let copy = self.take()?;
        let copied = py.detach(|| catch(|| copy.commit(packets)));
        let copied = copied.map_err(|error| errors::exception(py, error))?;
        Ok((copied.placed.comments, copied.placed.without_room, copied.lost))
    }

    /// Lets go of it; nothing is left behind.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner).take();
        errors::guarded(py, move || {
            py.detach(move || drop(copy));
            Ok(())
        })
    }
}

//! Reading captures: all tables at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use super::errors;
use super::options::options;
use super::slices::Slices;
use super::source::{self, Raised};
use super::table::Table;
use super::wait::wait;
use crate::base::error::Error;
use crate::capture::{Progress, Source, SourceFiles};
use crate::engine::state::{Carried, Saving};
use crate::engine::{self, Metadata, Options};
use crate::table::Made;

/// Tables by name.
pub(super) type Tables = BTreeMap<&'static str, Table>;

/// Tables as Python gets them, and the files that they were made from.
pub(super) fn named(made: impl IntoIterator<Item = Made>, sources: &SourceFiles) -> Tables {
    made.into_iter().map(|made| (made.name, Table::of(made, sources))).collect()
}

/// How far reading has come: bytes read, bytes in all where known, packets.
pub(super) type At = (u64, Option<u64>, u64);

/// Connections that go from one reading to the next: how many, their packets, and those of all
/// captures until then.
type Counted = (u64, u64, u64);

fn counted(carried: Carried) -> Counted {
    let Carried { connections, packets, read } = carried;
    (connections, packets, read)
}

/// Progress as Python gets it.
pub(super) fn told(at: Progress) -> At {
    (at.bytes_read, at.bytes_total, at.packets)
}

/// Gives back the memory of what nobody waits for beside the interpreter: it can take a while.
pub(super) fn aside(unwanted: impl Send + 'static) {
    drop(std::thread::Builder::new().name("finrst".to_owned()).spawn(move || drop(unwanted)));
}

/// A pass that was opened, what its tables say of how they were made, and where the errors of its
/// sources come out.
pub(super) fn begun<'py, T: Send>(
    py: Python<'py>,
    sources: &Bound<'py, PyList>,
    options: &Bound<'py, PyDict>,
    open: impl FnOnce(Vec<Source>, Options) -> Result<T, Error> + Send,
) -> PyResult<(T, Metadata, Raised)> {
    let raised = Raised::default();
    let (sources, options) = (source::sources(py, sources, &raised)?, self::options(options)?);
    let metadata = engine::metadata(&options);
    let opened = Slices::new(py, raised.clone()).run(|_| open(sources, options))?;
    Ok((opened, metadata, raised))
}

/// One reading of a capture to its end.
#[pyclass(frozen, module = "finrst._native")]
pub struct Reading {
    /// `None` while in use, and after the end or an error: what was half done is not carried on.
    session: Mutex<Option<engine::Reading>>,
    metadata: Metadata,
    raised: Raised,
}

impl Reading {
    fn take(&self) -> PyResult<engine::Reading> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.take().ok_or_else(|| PyRuntimeError::new_err("this reading is over, or in use"))
    }

    fn put_back(&self, session: engine::Reading) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }
}

/// Lets go of a reading that will not be finished: what it would have saved at once.
fn give_up(mut session: engine::Reading) {
    session.give_up_saving();
    aside(session);
}

impl Drop for Reading {
    fn drop(&mut self) {
        let session = self.session.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            give_up(session);
        }
    }
}

#[pymethods]
impl Reading {
    #[new]
    fn new<'py>(
        py: Python<'py>,
        sources: &Bound<'py, PyList>,
        options: &Bound<'py, PyDict>,
    ) -> PyResult<Self> {
        errors::guarded(py, || {
            let (session, metadata, raised) = begun(py, sources, options, engine::Reading::open)?;
            Ok(Self { session: Mutex::new(Some(session)), metadata, raised })
        })
    }

    /// Reads on: how far it has come, at most twenty times a second; `None` at the end. Telling is
    /// the caller's part, in Python (see `pump.rs`).
    fn step(&self, py: Python<'_>) -> PyResult<Option<At>> {
        errors::guarded(py, || {
            let mut session = self.take()?;
            let mut slices = Slices::new(py, self.raised.clone());
            match slices.until_told(|budget| session.step(budget)) {
                Ok(more) => {
                    let at = told(session.progress());
                    self.put_back(session);
                    Ok(more.then_some(at))
                }
                Err(raised) => {
                    give_up(session);
                    Err(raised)
                }
            }
        })
    }

    /// Where each file lies, in bytes, whatever the locale makes of them, in the order of the table
    /// `files`; `None` for what is no file.
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        errors::guarded(py, || {
            let session = self.take()?;
            let files = session.files().iter();
            let octets = |path: &PathBuf| PyBytes::new(py, path.as_os_str().as_encoded_bytes());
            let paths = files.map(|file| file.path.as_ref().map(octets)).collect();
            self.put_back(session);
            Ok(paths)
        })
    }

    /// All tables by name, and what came from an earlier reading and is left to a later one; the
    /// reading is over with it, and its state saved.
    fn tables(&self, py: Python<'_>) -> PyResult<(Tables, [Counted; 2])> {
        errors::guarded(py, || {
            let (session, metadata) = (self.take()?, self.metadata.clone());
            let sources = session.sources().clone();
            let (made, carried) = wait(py, move |cancel| {
                let (output, saving) = session.finish_and_save()?;
                let carried = output.carried;
                let made = engine::tables(output, &metadata, &|| cancel.proceed())?;
                saving.map_or(Ok(()), Saving::commit)?;
                Ok((made, carried))
            })?;
            Ok((named(made, &sources), carried.map(counted)))
        })
    }
}

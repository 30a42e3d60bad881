//! Reading captures: at once, or row by row.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyList};

use super::options::options;
use super::source::{Raised, source};
use super::table::Table;
use super::turns::Turns;
use super::wait::{Caller, SLICE, wait};
use super::{arrow, errors};
use crate::base::error::Error;
use crate::base::guard::catch;
use crate::capture::{Source, SourceFiles};
use crate::engine::{self, Metadata, Scan as Pass, Step};
use crate::engine::{Options, Session};
use crate::table::connections::Connections;
use crate::table::teardowns::Teardowns;
use crate::table::{Made, Table as _, make};

/// How often progress is told at most.
const TELL: Duration = Duration::from_millis(50);

/// Tables by name.
pub type Tables = BTreeMap<&'static str, Table>;

/// Tables as Python gets them, and the files that they were made from.
pub fn named(made: impl IntoIterator<Item = Made>, sources: &SourceFiles) -> Tables {
    made.into_iter().map(|made| (made.name, Table::of(made, sources))).collect()
}

/// How far reading has come: octets read, octets in all where known, packets.
pub type At = (u64, Option<u64>, u64);

/// Reads in slices between which signals are answered.
pub struct Pace<'py> {
    py: Python<'py>,
    raised: Raised,
    begun: Instant,
    budget: u64,
}

// How long a slice takes decides how much the next one reads: no row depends on that.
#[allow(clippy::disallowed_methods)]
impl<'py> Pace<'py> {
    pub fn new(py: Python<'py>, raised: Raised) -> Self {
        Self { py, raised, begun: Instant::now(), budget: 1 << 18 }
    }

    /// Runs one slice without the interpreter's lock.
    pub fn slice<T: Send>(
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

    /// Answers signals; true when it is time to tell how far reading has come.
    pub fn pause(&self) -> PyResult<bool> {
        self.py.check_signals()?;
        Ok(self.begun.elapsed() >= TELL)
    }
}

/// Gives back the memory of what nobody waits for beside the interpreter: it can take a while.
fn aside(unwanted: impl Send + 'static) {
    drop(std::thread::Builder::new().name("finrst".to_owned()).spawn(move || drop(unwanted)));
}

fn sources(items: &Bound<'_, PyList>, raised: &Raised) -> PyResult<Vec<Source>> {
    items.iter().map(|item| source(&item, raised)).collect()
}

/// A pass that was opened, what its tables say of how they were made, and where the errors of its
/// sources come out.
fn begun<'py, T: Send>(
    py: Python<'py>,
    sources: &Bound<'py, PyList>,
    options: &Bound<'py, PyDict>,
    open: impl FnOnce(Vec<Source>, Options) -> Result<T, Error> + Send,
) -> PyResult<(T, Metadata, Raised)> {
    let raised = Raised::default();
    let (sources, options) = (self::sources(sources, &raised)?, self::options(options)?);
    let metadata = engine::metadata(&options);
    let opened = Pace::new(py, raised.clone()).slice(|_| open(sources, options))?;
    Ok((opened, metadata, raised))
}

/// One reading of a capture to its end.
#[pyclass(frozen, module = "finrst._native")]
pub struct Reading {
    /// `None` while in use, and after the end or an error: what was half done is not carried on.
    session: Mutex<Option<Session>>,
    metadata: Metadata,
    raised: Raised,
}

impl Reading {
    fn take(&self) -> PyResult<Session> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.take().ok_or_else(|| PyRuntimeError::new_err("this reading is over, or in use"))
    }

    fn put_back(&self, session: Session) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let session = self.session.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            aside(session);
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
            let (session, metadata, raised) = begun(py, sources, options, Session::open)?;
            Ok(Self { session: Mutex::new(Some(session)), metadata, raised })
        })
    }

    /// Reads on: how far it has come, at most twenty times a second; `None` at the end. Telling is
    /// the caller's part, in Python (see `pump.rs`).
    fn step(&self, py: Python<'_>) -> PyResult<Option<At>> {
        errors::guarded(py, || {
            let mut session = self.take()?;
            let mut pace = Pace::new(py, self.raised.clone());
            loop {
                let more = pace.slice(|budget| session.step(budget));
                match more.and_then(|more| Ok((more, pace.pause()?))) {
                    Ok((true, false)) => {}
                    Ok((more, _)) => {
                        let at = session.progress();
                        self.put_back(session);
                        return Ok(more.then_some((at.bytes_read, at.bytes_total, at.packets)));
                    }
                    Err(raised) => {
                        aside(session);
                        return Err(raised);
                    }
                }
            }
        })
    }

    /// Where each file lies, in octets, whatever the locale makes of them, in the order of the table
    /// `files`; `None` for what is no file.
    fn paths<'py>(&self, py: Python<'py>) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        errors::guarded(py, || {
            let session = self.take()?;
            let files = session.described().0.iter();
            let octets = |path: &PathBuf| PyBytes::new(py, path.as_os_str().as_encoded_bytes());
            let paths = files.map(|file| file.path.as_ref().map(octets)).collect();
            self.put_back(session);
            Ok(paths)
        })
    }

    /// All tables by name; the reading is over with it.
    fn tables(&self, py: Python<'_>) -> PyResult<Tables> {
        errors::guarded(py, || {
            let (session, metadata) = (self.take()?, self.metadata.clone());
            let sources = session.sources().clone();
            let made = wait(py, move |cancel| {
                engine::tables(session.finish(), &metadata, &|| cancel.proceed())
            })?;
            Ok(named(made, &sources))
        })
    }
}

/// What a scan came to.
#[derive(IntoPyObject)]
enum Next {
    Pair(Table, Table),
    At(u64, Option<u64>, u64),
}

/// One pass over a capture whose rows come in pairs of tables.
#[pyclass(frozen, module = "finrst._native")]
pub struct Scan {
    /// `None` while in use, and after an error: what was half done is not carried on.
    pass: Mutex<Option<Turns>>,
    metadata: Metadata,
    raised: Raised,
    /// The files that the capture lay in when it began.
    sources: SourceFiles,
}

impl Scan {
    fn take(&self) -> PyResult<Turns> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.take().ok_or_else(|| {
            PyRuntimeError::new_err("this scan is over: closed, handed over, ended by an error, or in use by another thread")
        })
    }

    fn put_back(&self, pass: Turns) {
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = Some(pass);
    }
}

#[pymethods]
impl Scan {
    #[new]
    fn new<'py>(
        py: Python<'py>,
        sources: &Bound<'py, PyList>,
        options: &Bound<'py, PyDict>,
    ) -> PyResult<Self> {
        errors::guarded(py, || {
            let (pass, metadata, raised) = begun(py, sources, options, Pass::open)?;
            let sources = pass.sources().clone();
            Ok(Self { pass: Mutex::new(Some(Turns::new(pass))), metadata, raised, sources })
        })
    }

    /// The next connections and their teardown segments; `None` at the end. With `telling` it
    /// comes back in between with how far reading has come, as [`Reading::step`] does.
    #[pyo3(signature = (telling=false))]
    fn next(&self, py: Python<'_>, telling: bool) -> PyResult<Option<Next>> {
        errors::guarded(py, || {
            let mut pass = self.take()?;
            let mut pace = Pace::new(py, self.raised.clone());
            loop {
                match pace.slice(|budget| pass.step(budget))? {
                    Step::Pair(connections, teardowns) => {
                        let tables = [connections, teardowns].map(|m| Table::of(m, pass.sources()));
                        self.put_back(pass);
                        let [connections, teardowns] = tables;
                        return Ok(Some(Next::Pair(connections, teardowns)));
                    }
                    Step::Done => {
                        self.put_back(pass);
                        return Ok(None);
                    }
                    Step::More => {}
                }
                let at = pass.progress();
                match (pace.pause(), at) {
                    (Ok(true), Some((read, total, packets))) if telling => {
                        self.put_back(pass);
                        return Ok(Some(Next::At(read, total, packets)));
                    }
                    (Ok(_), _) => {}
                    (Err(raised), _) => {
                        // Nothing was half done: the scan can go on.
                        self.put_back(pass);
                        return Err(raised);
                    }
                }
            }
        })
    }

    /// Goes on with the packets at hand, or waits for some: rows that were let go, or a pair of
    /// `None`; `None` at the end.
    fn turn(&self, py: Python<'_>) -> PyResult<Option<(Option<Table>, Option<Table>)>> {
        errors::guarded(py, || {
            let mut pass = self.take()?;
            let mut pace = Pace::new(py, self.raised.clone());
            let step = pace.slice(|_| pass.turn())?;
            let sources = pass.sources().clone();
            self.put_back(pass);
            pace.pause()?;
            Ok(match step {
                Step::Pair(connections, teardowns) => {
                    let [connections, teardowns] =
                        [connections, teardowns].map(|made| Table::of(made, &sources));
                    Some((Some(connections), Some(teardowns)))
                }
                Step::More => Some((None, None)),
                Step::Done => None,
            })
        })
    }

    /// How many connections are followed, and tables as if the capture ended here: those of the
    /// followed connections, unless they are more than `most`, and those about the capture.
    fn so_far(&self, py: Python<'_>, most: u32) -> PyResult<Option<(u32, Tables)>> {
        errors::guarded(py, || {
            let pass = self.take()?;
            let (pass, found) = py.detach(move || {
                let found = catch(|| pass.so_far(most));
                (pass, found)
            });
            let sources = pass.sources().clone();
            self.put_back(pass);
            let found = found.map_err(|error| errors::exception(py, error))?;
            Ok(found.map(|found| {
                let pair = found.pair.into_iter().flat_map(<[Made; 2]>::from);
                (found.followed, named(pair.chain(found.accounts), &sources))
            }))
        })
    }

    /// The tables about the capture itself, at the end.
    fn accounts(&self, py: Python<'_>) -> PyResult<Tables> {
        errors::guarded(py, || {
            let pass = self.take()?;
            let (made, sources) = (pass.accounts(), pass.sources().clone());
            self.put_back(pass);
            Ok(named(made.map_err(|error| errors::exception(py, error))?, &sources))
        })
    }

    /// An empty table of the kind, for its schema.
    fn empty(&self, py: Python<'_>, which: &str) -> PyResult<Table> {
        errors::guarded(py, || {
            let metadata = self.metadata.clone();
            let made = if which == Teardowns::NAME {
                make::<Teardowns>(&[], metadata)
            } else {
                make::<Connections>(&[], metadata)
            };
            Ok(Table::of(made.map_err(|error| errors::exception(py, error))?, &self.sources))
        })
    }

    /// Hands the rest of one table to a consumer, which then owns the pass.
    fn stream<'py>(&self, py: Python<'py>, which: &str) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.empty(py, which)?.schema();
        errors::guarded(py, || {
            let teardowns = which == Teardowns::NAME;
            let rows =
                Rows { pass: self.take()?, teardowns, ready: Vec::new(), caller: Caller::here() };
            arrow::stream(py, schema, rows)
        })
    }

    /// Lets go of the files.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        errors::guarded(py, || {
            let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner).take();
            aside(pass);
            Ok(())
        })
    }
}

/// One table of a pass, batch by batch; the other one is let go.
struct Rows {
    pass: Turns,
    teardowns: bool,
    /// Batches at hand, the next one last.
    ready: Vec<RecordBatch>,
    caller: Caller,
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.ready.pop() {
                return Some(Ok(batch));
            }
            if self.caller.interrupted() {
                aside(self.pass.take());
                return Some(Err(ArrowError::ExternalError(Box::new(Error::Cancelled))));
            }
            match self.pass.step(1 << 18) {
                Ok(Step::More) => {}
                Ok(Step::Done) => return None,
                Ok(Step::Pair(connections, teardowns)) => {
                    let made = if self.teardowns { teardowns } else { connections };
                    self.ready = made.batches;
                    self.ready.reverse();
                }
                Err(error) => return Some(Err(ArrowError::ExternalError(Box::new(error)))),
            }
        }
    }
}

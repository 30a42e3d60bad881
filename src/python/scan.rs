//! Reading captures row by row.

mod interruptible;

use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use super::read::{Tables, aside, begun, named};
use super::slices::Slices;
use super::source::Raised;
use super::table::Table;
use super::wait::Caller;
use super::{arrow, errors};
use crate::base::error::Error;
use crate::base::guard::catch;
use crate::capture::SourceFiles;
use crate::engine::{self, Metadata, Step};
use crate::table::connections::Connections;
use crate::table::shared::Shared;
use crate::table::teardowns::Teardowns;
use crate::table::{Columns, Layout, Made, Table as _};
use interruptible::Interruptible;

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
    running: Mutex<Option<Interruptible>>,
    metadata: Metadata,
    raised: Raised,
    /// The files that the capture lay in when it began.
    sources: SourceFiles,
    columns: Columns,
}

impl Scan {
    fn take(&self) -> PyResult<Interruptible> {
        let mut scan = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        scan.take().ok_or_else(|| {
            PyRuntimeError::new_err("this scan is over: closed, handed over, ended by an error, or in use by another thread")
        })
    }

    fn put_back(&self, scan: Interruptible) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(scan);
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
            let (scan, metadata, raised) = begun(py, sources, options, engine::Scan::open)?;
            let (sources, columns) = (scan.sources().clone(), scan.columns().clone());
            Ok(Self {
                running: Mutex::new(Some(Interruptible::new(scan))),
                metadata,
                raised,
                sources,
                columns,
            })
        })
    }

    /// The next connections and their teardown segments; `None` at the end. With `telling` it
    /// comes back in between with how far reading has come, as [`Reading::step`] does.
    #[pyo3(signature = (telling=false))]
    fn next(&self, py: Python<'_>, telling: bool) -> PyResult<Option<Next>> {
        errors::guarded(py, || {
            let mut scan = self.take()?;
            let mut slices = Slices::new(py, self.raised.clone());
            loop {
                match slices.run(|budget| scan.step(budget))? {
                    Step::Pair(connections, teardowns) => {
                        let tables = [connections, teardowns].map(|m| Table::of(m, scan.sources()));
                        self.put_back(scan);
                        let [connections, teardowns] = tables;
                        return Ok(Some(Next::Pair(connections, teardowns)));
                    }
                    Step::Done => {
                        self.put_back(scan);
                        return Ok(None);
                    }
                    Step::More => {}
                }
                let at = scan.progress();
                match (slices.pause(), at) {
                    (Ok(true), Some((read, total, packets))) if telling => {
                        self.put_back(scan);
                        return Ok(Some(Next::At(read, total, packets)));
                    }
                    (Ok(_), _) => {}
                    (Err(raised), _) => {
                        // Nothing was half done: the scan can go on.
                        self.put_back(scan);
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
            let mut scan = self.take()?;
            let mut slices = Slices::new(py, self.raised.clone());
            let step = slices.run(|_| scan.turn())?;
            let sources = scan.sources().clone();
            self.put_back(scan);
            slices.pause()?;
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
            let scan = self.take()?;
            let (scan, found) = py.detach(move || {
                let found = catch(|| scan.so_far(most));
                (scan, found)
            });
            let sources = scan.sources().clone();
            self.put_back(scan);
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
            let scan = self.take()?;
            let (made, sources) = (scan.accounts(), scan.sources().clone());
            self.put_back(scan);
            Ok(named(made.map_err(|error| errors::exception(py, error))?, &sources))
        })
    }

    /// An empty table of the kind, for its schema.
    fn empty(&self, py: Python<'_>, which: &str) -> PyResult<Table> {
        errors::guarded(py, || {
            let (metadata, none) = (self.metadata.clone(), Shared::default());
            let made = if which == Teardowns::NAME {
                let columns = self.columns.teardowns.columns();
                Layout::<Teardowns>::of(columns, &none, metadata).table(Vec::new())
            } else {
                let columns = self.columns.connections.columns();
                Layout::<Connections>::of(columns, &none, metadata).table(Vec::new())
            };
            Ok(Table::of(made.map_err(|error| errors::exception(py, error))?, &self.sources))
        })
    }

    /// Hands the rest of one table to a consumer, which then owns the scan.
    fn stream<'py>(&self, py: Python<'py>, which: &str) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = self.empty(py, which)?.schema();
        errors::guarded(py, || {
            let teardowns = which == Teardowns::NAME;
            let rows =
                Rows { scan: self.take()?, teardowns, ready: Vec::new(), caller: Caller::here() };
            arrow::stream(py, schema, rows)
        })
    }

    /// Lets go of the files.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        errors::guarded(py, || {
            let scan = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
            aside(scan);
            Ok(())
        })
    }
}

/// One table of a scan, batch by batch; the other one is let go.
struct Rows {
    scan: Interruptible,
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
                aside(self.scan.take());
                return Some(Err(ArrowError::ExternalError(Box::new(Error::Cancelled))));
            }
            match self.scan.step(1 << 18) {
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

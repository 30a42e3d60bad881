//! A table that can be read again and again.

use std::path::PathBuf;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyDict, PyList, PyTuple};

use super::wait::wait;
use super::write::{Outcome, Sources};
use super::{arrow, convert, errors};
use crate::base::error::Error;
use crate::base::text::printable;
use crate::capture::SourceFiles;
use crate::table::Made;
use crate::table::cells::Cells;
use crate::table::export::{self, Format, Guard};
use crate::table::ipc;
use crate::table::summary::{self, Key};

/// Rows made into Python objects between two looks at signals.
const ROWS: usize = 4096;

/// Ctrl-C while rows become Python objects.
fn answer_signals(py: Python<'_>, row: usize) -> PyResult<()> {
    if row.is_multiple_of(ROWS) { py.check_signals() } else { Ok(()) }
}

/// Rows counted by the values of columns, in memory of their own.
type Counted = Result<Vec<(Vec<Key<'static>>, u64)>, ArrowError>;

fn counted(
    batches: &[RecordBatch],
    names: &[String],
    only: &[summary::Only],
    top: usize,
) -> Counted {
    let owned = |keys: Vec<Key<'_>>| keys.into_iter().map(Key::into_owned).collect();
    let counts = summary::counts(batches, names, only, top)?;
    Ok(counts.into_iter().map(|(keys, count)| (owned(keys), count)).collect())
}

/// Record batches of one schema, in memory.
#[pyclass(frozen, module = "finrst._native")]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The files that the rows come from, which no output may take the place of.
    sources: SourceFiles,
}

impl From<Made> for Table {
    fn from(made: Made) -> Self {
        Self::of(made, &SourceFiles::default())
    }
}

impl Table {
    /// A table that was made from these files.
    pub fn of(made: Made, sources: &SourceFiles) -> Self {
        Self { schema: made.schema, batches: made.batches, sources: sources.clone() }
    }

    /// The files that it was made from.
    pub fn source_files(&self) -> &SourceFiles {
        &self.sources
    }

    /// Its rows.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Others of its rows, or fewer.
    pub fn with(&self, batches: Vec<RecordBatch>) -> Self {
        Self { schema: self.schema(), batches, sources: self.sources.clone() }
    }

    /// Its schema.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

#[pymethods]
impl Table {
    #[getter]
    fn num_rows(&self, py: Python<'_>) -> PyResult<usize> {
        errors::guarded(py, || Ok(self.batches.iter().map(RecordBatch::num_rows).sum()))
    }

    #[getter]
    fn column_names(&self, py: Python<'_>) -> PyResult<Vec<&str>> {
        errors::guarded(py, || {
            Ok(self.schema.fields().iter().map(|field| field.name().as_str()).collect())
        })
    }

    #[getter]
    fn nbytes(&self, py: Python<'_>) -> PyResult<usize> {
        errors::guarded(py, || {
            Ok(self.batches.iter().map(RecordBatch::get_array_memory_size).sum())
        })
    }

    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        errors::guarded(py, || {
            let dict = PyDict::new(py);
            for (key, value) in self.schema.metadata() {
                dict.set_item(key, value)?;
            }
            Ok(dict)
        })
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema); // a wish that the protocol allows to leave unanswered
        errors::guarded(py, || {
            let batches = self.batches.clone().into_iter().map(Ok);
            arrow::stream(py, self.schema(), batches)
        })
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        errors::guarded(py, || arrow::schema(py, &self.schema))
    }

    /// Rows `offset` to `offset + length`; shares the memory.
    fn slice(&self, py: Python<'_>, offset: usize, length: usize) -> PyResult<Self> {
        errors::guarded(py, || {
            let (mut offset, mut length) = (offset, length);
            let mut batches = Vec::new();
            for batch in &self.batches {
                let begin = offset.min(batch.num_rows());
                let take = length.min(batch.num_rows() - begin);
                if take > 0 {
                    batches.push(batch.slice(begin, take));
                }
                offset -= begin;
                length -= take;
            }
            if batches.is_empty() {
                // The words of a vocabulary travel with the rows, even with none.
                batches.extend(self.batches.first().map(|batch| batch.slice(0, 0)));
            }
            Ok(Self { schema: self.schema(), batches, sources: self.sources.clone() })
        })
    }

    /// Every row as a dict.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        errors::guarded(py, || {
            let list = PyList::empty(py);
            for batch in &self.batches {
                let cells: Result<Vec<_>, _> =
                    batch.columns().iter().map(|c| Cells::of(c)).collect();
                let cells = cells.map_err(|error| errors::arrow(py, &error))?;
                for row in 0..batch.num_rows() {
                    answer_signals(py, row)?;
                    let dict = PyDict::new(py);
                    for (field, cells) in self.schema.fields().iter().zip(&cells) {
                        dict.set_item(field.name(), convert::object(py, cells.value(row))?)?;
                    }
                    list.append(dict)?;
                }
            }
            Ok(list)
        })
    }

    /// Every value of a column.
    fn column<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
        errors::guarded(py, || {
            let list = PyList::empty(py);
            self.check(name)?;
            for batch in &self.batches {
                let cells =
                    summary::column(batch, name).map_err(|error| errors::arrow(py, &error))?;
                for row in 0..batch.num_rows() {
                    answer_signals(py, row)?;
                    list.append(convert::object(py, cells.value(row))?)?;
                }
            }
            Ok(list)
        })
    }

    /// Rows counted by the values of columns, most frequent first: tuples of values and a count.
    /// `only` are pairs of a column and the texts that a row may have there.
    #[pyo3(signature = (names, only = Vec::new(), top = None))]
    fn counts<'py>(
        &self,
        names: &Bound<'py, PyAny>,
        only: Vec<summary::Only>,
        top: Option<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        let py = names.py();
        let names: Vec<String> = names.extract()?;
        for name in names.iter().chain(only.iter().map(|(name, _)| name)) {
            self.check(name)?;
        }
        let (batches, top) = (self.batches.clone(), top.unwrap_or(usize::MAX));
        let counts = wait(py, move |_| Ok(counted(&batches, &names, &only, top)))?;
        let counts = counts.map_err(|error| errors::arrow(py, &error))?;
        let list = PyList::empty(py);
        for (row, (keys, count)) in counts.into_iter().enumerate() {
            answer_signals(py, row)?;
            let mut items: Vec<Py<PyAny>> = Vec::with_capacity(keys.len() + 1);
            for key in keys {
                items.push(convert::key(py, key)?);
            }
            items.push(count.into_pyobject(py)?.into_any().unbind());
            list.append(PyTuple::new(py, items)?)?;
        }
        Ok(list)
    }

    /// The first row at which an integer column has a value.
    fn find(&self, py: Python<'_>, name: &str, value: i64) -> PyResult<Option<usize>> {
        self.check(name)?;
        errors::guarded(py, || {
            summary::find(&self.batches, name, value).map_err(|error| errors::arrow(py, &error))
        })
    }

    /// The rows, at most `limit`, at which an integer column has a value.
    fn find_all(
        &self,
        py: Python<'_>,
        name: &str,
        value: i64,
        limit: usize,
    ) -> PyResult<Vec<usize>> {
        self.check(name)?;
        errors::guarded(py, || {
            summary::find_all(&self.batches, name, value, limit)
                .map_err(|error| errors::arrow(py, &error))
        })
    }

    /// The rows as lines of JSON.
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        let (schema, batches) = (self.schema(), self.batches.clone());
        let lines = wait(py, move |cancel| {
            let mut out = Vec::new();
            let mut batches = batches.into_iter().map(Ok);
            let proceed = || cancel.proceed();
            let done = export::to(&mut out, Format::JsonLines, &schema, &mut batches, &proceed);
            Ok(done.map(|_| String::from_utf8_lossy(&out).into_owned()))
        })?;
        lines.map_err(|error| errors::arrow(py, &error))
    }

    /// The rows and their schema as bytes, of which [`table_of`] makes the table again.
    fn octets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let (schema, batches) = (self.schema(), self.batches.clone());
        let octets = wait(py, move |_| ipc::write(&schema, &batches))?;
        // Python's own way to make it would end the process where memory is refused.
        PyBytes::new_with(py, octets.len(), |out| {
            out.copy_from_slice(&octets);
            Ok(())
        })
    }

    /// Writes the rows into a file and tells how many there were.
    fn write(
        &self,
        py: Python<'_>,
        path: PathBuf,
        format: &str,
        formula_guard: bool,
        overwrite: bool,
    ) -> PyResult<Outcome> {
        let format = self::format(format, formula_guard)?;
        let (schema, batches) = (self.schema(), self.batches.clone());
        let guard = Guard { sources: self.sources.clone(), overwrite, ..Guard::default() };
        wait(py, move |cancel| {
            let mut batches = batches.into_iter().map(Ok);
            export::write(&path, format, &schema, guard, &mut batches, &|| cancel.proceed())
        })
        .map(Outcome::from)
    }

    /// The files that it was made from.
    #[getter]
    fn sources(&self, py: Python<'_>) -> PyResult<Sources> {
        errors::guarded(py, || Ok(Sources(self.sources.clone())))
    }
}

impl Table {
    fn check(&self, name: &str) -> PyResult<()> {
        match self.schema.index_of(name) {
            Ok(_) => Ok(()),
            Err(_) => Err(PyValueError::new_err(format!("no column '{}'", printable(name)))),
        }
    }
}

/// A table of bytes that may be anything.
#[pyfunction]
pub(super) fn table_of(
    py: Python<'_>,
    name: String,
    octets: &Bound<'_, PyBytes>,
    sources: &Sources,
) -> PyResult<Table> {
    let given = octets.as_bytes();
    let mut octets = Vec::new();
    let room = octets.try_reserve_exact(given.len());
    room.map_err(|_| errors::exception(py, Error::Memory))?;
    octets.extend_from_slice(given);
    let (schema, batches) = wait(py, move |_| ipc::read(&name, octets))?;
    Ok(Table { schema, batches, sources: sources.0.clone() })
}

/// A file format by its name.
pub(super) fn format(name: &str, formula_guard: bool) -> PyResult<Format> {
    match name {
        "arrow" => Ok(Format::Arrow),
        "csv" => Ok(Format::Csv { formula_guard }),
        "json" => Ok(Format::JsonLines),
        other => Err(PyValueError::new_err(format!("no such format: {other}"))),
    }
}

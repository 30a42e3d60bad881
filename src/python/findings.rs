//! Findings of a table of connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow_array::RecordBatch;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::table::Table;
use super::wait::{Cancel, wait};
use super::{convert, errors};
use crate::base::error::Error;
use crate::base::guard;
use crate::finding::reference::Kinds;
use crate::finding::{COLUMNS, Finding, Kind, Rows, Tally, find};
use crate::table::cells::Value;
use crate::table::make;
use crate::table::pick::pick;
use crate::table::vocabulary::Vocabulary;

/// Memory that a row may take while findings are made.
const ROW: u64 = 400;

/// The reference of the kinds of findings, as a table.
#[pyfunction]
pub(super) fn finding_kinds(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| Ok(make::<Kinds>(Kind::ALL, HashMap::new())?.into()))
}

/// What a table of connections tells, and which of its rows each finding has.
#[pyclass(frozen, module = "finrst._native")]
pub struct Findings {
    found: Vec<Finding>,
    table: Py<Table>,
}

#[pymethods]
impl Findings {
    #[new]
    fn new(py: Python<'_>, table: Py<Table>) -> PyResult<Self> {
        let batches = table.get().batches().to_vec();
        let found = wait(py, move |cancel| {
            let mut rows = Rows::default();
            collect(&mut rows, &batches, cancel)?;
            Ok(find(&rows))
        })?;
        Ok(Self { found, table })
    }

    /// The facts of each finding, as dicts, in their order.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        errors::guarded(py, || listed(py, &self.found))
    }

    /// The connections of one finding, by its place; the first so many, or all.
    #[pyo3(signature = (place, most=None))]
    fn connections(&self, py: Python<'_>, place: usize, most: Option<usize>) -> PyResult<Table> {
        let rows = self.found.get(place).map_or(&[][..], |one| one.rows.as_slice());
        let rows = rows.get(..most.unwrap_or(rows.len()).min(rows.len())).unwrap_or_default();
        let rows = rows.to_vec();
        let batches = self.table.get().batches().to_vec();
        let picked = wait(py, move |_| {
            pick(&batches, &rows).map_err(|error| Error::Internal(error.to_string()))
        })?;
        Ok(self.table.get().with(picked))
    }
}

/// Connections that come table by table and are let go: what they tell together.
#[pyclass(frozen, module = "finrst._native")]
pub struct Finder(Arc<Mutex<Rows>>);

#[pymethods]
impl Finder {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        errors::guarded(py, || Ok(Self(Arc::default())))
    }

    /// The columns of connections that it needs.
    #[staticmethod]
    fn columns(py: Python<'_>) -> PyResult<Vec<&'static str>> {
        errors::guarded(py, || Ok(COLUMNS.to_vec()))
    }

    /// Adds the connections of a table.
    fn add(&self, py: Python<'_>, table: &Table) -> PyResult<()> {
        let (rows, batches) = (Arc::clone(&self.0), table.batches().to_vec());
        wait(py, move |cancel| collect(&mut *held(&rows)?, &batches, cancel))
    }

    /// The facts of each finding, as dicts, in their order.
    fn facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = Arc::clone(&self.0);
        let found = wait(py, move |_| Ok(find(&*held(&rows)?)))?;
        errors::guarded(py, || listed(py, &found))
    }
}

fn held(rows: &Mutex<Rows>) -> Result<MutexGuard<'_, Rows>, Error> {
    // After a panic amid them they are not what was added.
    rows.lock().map_err(|_| Error::Internal("the connections were left in pieces".to_owned()))
}

fn collect(rows: &mut Rows, batches: &[RecordBatch], cancel: &Cancel) -> Result<(), Error> {
    let more: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let all = rows.rows.len().saturating_add(more);
    if u32::try_from(all).is_err() {
        return Err(Error::Argument("too many connections to be told of".to_owned()));
    }
    guard::room_for(all as u64 * ROW)?;
    for batch in batches {
        if !cancel.proceed() {
            return Err(Error::Cancelled);
        }
        rows.add(batch).map_err(|error| Error::Argument(error.to_string()))?;
    }
    Ok(())
}

fn listed<'py>(py: Python<'py>, found: &[Finding]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for one in found {
        list.append(facts(py, one)?)?;
    }
    Ok(list)
}

fn facts<'py>(py: Python<'py>, one: &Finding) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("kind", one.kind.declared().name)?;
    dict.set_item("severity", one.severity.word())?;
    dict.set_item("count", one.rows.len())?;
    dict.set_item("since", convert::object(py, Value::Time(one.since))?)?;
    dict.set_item("until", convert::object(py, Value::Time(one.until))?)?;
    if let Some(limit) = one.limit {
        dict.set_item("limit", (limit.seconds, limit.low, limit.high))?;
        dict.set_item("closer", limit.closer.word())?;
    }
    dict.set_item("silences", one.silences)?;
    tally(&dict, "clients", &one.clients, Clone::clone)?;
    tally(&dict, "servers", &one.servers, Clone::clone)?;
    tally(&dict, "services", &one.services, Clone::clone)?;
    tally(&dict, "ports", &one.ports, |port| *port)?;
    tally(&dict, "names", &one.names, Clone::clone)?;
    tally(&dict, "ended_by", &one.ended_by, |by| *by)?;
    tally(&dict, "causes", &one.causes, |cause| *cause)?;
    let counts = [
        ("harmless", one.harmless),
        ("unanswered", one.unanswered),
        ("refused", one.refused),
        ("opened", one.opened),
        ("of", one.of),
    ];
    for (name, count) in counts {
        dict.set_item(name, count)?;
    }
    dict.set_item("lost", one.lost)?;
    dict.set_item("waited", one.waited)?;
    dict.set_item("example", one.example)?;
    Ok(dict)
}

/// How many different values there are, and the most frequent with their counts.
fn tally<'py, T, P: IntoPyObjectExt<'py>>(
    dict: &Bound<'py, PyDict>,
    name: &str,
    tally: &Tally<T>,
    value: impl Fn(&T) -> P,
) -> PyResult<()> {
    let py = dict.py();
    let list = PyList::empty(py);
    for (key, count) in &tally.most {
        list.append((value(key).into_bound_py_any(py)?, count))?;
    }
    dict.set_item(name, (tally.distinct, list))
}

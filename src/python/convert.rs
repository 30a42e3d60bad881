//! Single values as Python objects.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::table::cells::Value;
use crate::table::summary::Key;

/// A value as a Python object; a time becomes a `datetime` in UTC, which has microseconds only.
pub(super) fn object(py: Python<'_>, value: Value<'_, '_>) -> PyResult<Py<PyAny>> {
    match value {
        Value::Null => Ok(py.None()),
        Value::Integer(number) => number.into_py_any(py),
        Value::Float(number) => number.into_py_any(py),
        Value::Bool(truth) => truth.into_py_any(py),
        Value::Text(text) => text.into_py_any(py),
        Value::Time(nanoseconds) => time(py, nanoseconds),
        Value::List(items, begin, end) => {
            let list = PyList::empty(py);
            for row in begin..end {
                list.append(object(py, items.value(row))?)?;
            }
            list.into_py_any(py)
        }
        Value::Struct(members, row) => {
            let dict = PyDict::new(py);
            for (name, cells) in members {
                dict.set_item(*name, object(py, cells.value(row))?)?;
            }
            dict.into_py_any(py)
        }
    }
}

/// A counted value as a Python object.
pub(super) fn key(py: Python<'_>, key: Key<'_>) -> PyResult<Py<PyAny>> {
    match key {
        Key::Null => Ok(py.None()),
        Key::Bool(truth) => truth.into_py_any(py),
        Key::Integer(number) => number.into_py_any(py),
        Key::Text(text) => text.into_py_any(py),
    }
}

fn time(py: Python<'_>, nanoseconds: i64) -> PyResult<Py<PyAny>> {
    let module = py.import("datetime")?;
    let utc = module.getattr("timezone")?.getattr("utc")?;
    let epoch = module.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
    let microseconds = nanoseconds.div_euclid(1000);
    let since = module.getattr("timedelta")?.call1((0, 0, microseconds))?;
    epoch.add(since)?.into_py_any(py)
}

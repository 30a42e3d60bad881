//! How to read, as Python hands it over.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors;
use crate::filter::Filter;
use crate::read::{Bound as Moment, Options};

/// Options from a dict of names and values; what is absent or `None` keeps its default.
pub fn options(dict: &Bound<'_, PyDict>) -> PyResult<Options> {
    let py = dict.py();
    let mut options = Options::default();
    for (name, value) in dict {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        match name.as_str() {
            "filter" => {
                let text: String = value.extract()?;
                let filter = Filter::parse(&text).map_err(|e| errors::exception(py, e))?;
                options.filter = Some(filter);
            }
            "start" => options.start = Some(moment(&value)?),
            "end" => options.end = Some(moment(&value)?),
            "linger" => options.limits.linger = value.extract()?,
            "handshake_timeout" => options.limits.handshake = value.extract()?,
            "half_closed_timeout" => options.limits.half_closed = value.extract()?,
            "idle_timeout" => options.limits.idle = value.extract()?,
            "memory_limit" => options.memory_limit = Some(value.extract()?),
            "max_uncompressed_bytes" => {
                options.reading.max_uncompressed_bytes = Some(value.extract()?);
            }
            "resync" => options.reading.resync = value.extract()?,
            "chunk" => options.reading.chunk = value.extract()?,
            "threads" => options.threads = Some(value.extract()?),
            "seed" => options.seed = Some(value.extract()?),
            "strict" => options.strict = value.extract()?,
            "parameters" => {
                for (name, value) in value.cast::<PyDict>()? {
                    let (name, value): (String, f64) = (name.extract()?, value.extract()?);
                    if !value.is_finite() || !options.parameters.set(&name, value) {
                        let name = crate::error::printable(&name);
                        let text = format!("no parameter {name:?} can be {value}");
                        return Err(PyValueError::new_err(text));
                    }
                }
            }
            other => return Err(PyValueError::new_err(format!("no such option: {other}"))),
        }
    }
    Ok(options)
}

/// `("at", nanoseconds since the epoch)` or `("after", nanoseconds after the first packet)`.
fn moment(value: &Bound<'_, PyAny>) -> PyResult<Moment> {
    let (kind, nanoseconds): (String, i64) = value.extract()?;
    match kind.as_str() {
        "at" => Ok(Moment::At(nanoseconds)),
        "after" => Ok(Moment::After(nanoseconds)),
        other => Err(PyValueError::new_err(format!("no such moment: {other}"))),
    }
}

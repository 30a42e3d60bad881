//! How to read, as Python hands it over.

use std::net::IpAddr;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::errors;
use crate::cause::Parameters;
use crate::engine::{Bound as Moment, OPTIONS, Options, Slot};
use crate::filter::Filter;
use crate::hosts::{Hosts, Seen};
use crate::table::connections::Connections;
use crate::table::teardowns::Teardowns;
use crate::table::{Columns, Selection, Table};

/// Options from a dict of names and values; what is absent or `None` keeps its default.
pub(super) fn options(dict: &Bound<'_, PyDict>) -> PyResult<Options> {
    let mut options = Options::default();
    for (name, value) in dict {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        // What `finrst.read` hands over, so that its second pass does the same; no options.
        if name == "seed" {
            options.seed = Some(value.extract()?);
        } else if name == "resume" {
            options.resume = Some(value.extract()?);
        } else if name == "leave" {
            options.leave = value.extract()?;
        } else if name == "save" {
            options.save = Some(value.extract()?);
        } else if let Some(declared) = OPTIONS.iter().find(|declared| declared.name == name) {
            set(&mut options, declared.slot, &value)?;
        } else {
            return Err(PyValueError::new_err(format!("no such option: {name}")));
        }
    }
    Ok(options)
}

fn set(options: &mut Options, slot: Slot, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match slot {
        Slot::Filter(at) => {
            let text: String = value.extract()?;
            let filter = Filter::parse(&text).map_err(|e| errors::exception(value.py(), e))?;
            *at(options) = Some(filter);
        }
        Slot::Moment(at) => *at(options) = Some(moment(value)?),
        Slot::Duration(at) => *at(options) = value.extract()?,
        Slot::Limit(at) => *at(options) = Some(value.extract()?),
        Slot::Octets(at) => *at(options) = value.extract()?,
        Slot::Count(at) => *at(options) = Some(value.extract()?),
        Slot::Switch(at) => *at(options) = value.extract()?,
        Slot::Thresholds(at) => thresholds(at(options), value)?,
        Slot::Columns(at) => *at(options) = columns(value)?,
        Slot::Hosts(at) => *at(options) = hosts(value)?,
    }
    Ok(())
}

/// Changes thresholds by their names.
pub(super) fn thresholds(parameters: &mut Parameters, value: &Bound<'_, PyAny>) -> PyResult<()> {
    for (name, value) in value.cast::<PyDict>()? {
        let (name, value): (String, f64) = (name.extract()?, value.extract()?);
        if !value.is_finite() || !parameters.set(&name, value) {
            let shown = crate::cause::numbers().iter().any(|number| number.name == name);
            let name = crate::base::text::printable(&name);
            let text = if shown && value.is_finite() {
                format!("'{name}' is shown and cannot be set")
            } else {
                format!("no parameter {name:?} can be {value}")
            };
            return Err(PyValueError::new_err(text));
        }
    }
    Ok(())
}

/// A dict of both tables: a list of names, or `None` for all columns.
fn columns(value: &Bound<'_, PyAny>) -> PyResult<Columns> {
    fn of<T: Table>(value: &Bound<'_, PyAny>) -> PyResult<Selection> {
        let names: Option<Vec<String>> = value.get_item(T::NAME)?.extract()?;
        let chosen = names.map_or_else(|| Ok(Selection::default()), |n| Selection::of::<T>(&n));
        chosen.map_err(|error| errors::exception(value.py(), error))
    }
    Ok(Columns { connections: of::<Connections>(value)?, teardowns: of::<Teardowns>(value)? })
}

/// A list of addresses with their names.
pub(super) fn hosts(value: &Bound<'_, PyAny>) -> PyResult<Hosts> {
    let mut hosts = Hosts::default();
    for (address, name) in value.extract::<Vec<(String, String)>>()? {
        let address: IpAddr = address.parse().map_err(|_| {
            let address = crate::base::text::printable(&address);
            PyValueError::new_err(format!("not an address: {address:?}"))
        })?;
        if !hosts.add(address, &name, Seen::default()) {
            return Err(PyValueError::new_err("more names than are kept"));
        }
    }
    Ok(hosts)
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

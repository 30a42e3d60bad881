//! Functions that read no capture.

use std::collections::HashMap;

use pyo3::prelude::*;

use super::options::{hosts as hosts_of, thresholds};
use super::read::{Tables, named};
use super::table::Table;
use super::wait::wait;
use crate::capture::SourceFiles;
use crate::engine;
use crate::engine::{OPTIONS, Options, OptionsReference, Output};
use crate::table::causes::Causes;
use crate::table::connections::Connections;
use crate::table::doc::{Reference, describe};
use crate::table::facts::Facts;
use crate::table::files::Files;
use crate::table::interfaces::Interfaces;
use crate::table::issues::Issues;
use crate::table::ledger::Ledger;
use crate::table::make;
use crate::table::names::Names;
use crate::table::packets::Packets;
use crate::table::parameters::ParametersReference;
use crate::table::teardowns::Teardowns;

/// The reference of all columns, as a table.
#[pyfunction]
pub(super) fn columns(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| {
        let mut rows = describe::<Connections>();
        rows.extend(describe::<Teardowns>());
        rows.extend(describe::<Ledger>());
        rows.extend(describe::<Interfaces>());
        rows.extend(describe::<Issues>());
        rows.extend(describe::<Files>());
        rows.extend(describe::<Names>());
        rows.extend(describe::<Packets>());
        Ok(make::<Reference>(&rows, HashMap::new())?.into())
    })
}

/// The reference of all causes, as a table.
#[pyfunction]
pub(super) fn causes(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| Ok(make::<Causes>(crate::cause::RULES, HashMap::new())?.into()))
}

/// The reference of the facts that verdicts rest on, as a table.
#[pyfunction]
pub(super) fn facts(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| {
        let rows: Vec<_> = crate::cause::facts().collect();
        Ok(make::<Facts>(&rows, HashMap::new())?.into())
    })
}

/// The reference of the options of a reading, as a table.
#[pyfunction]
pub(super) fn options(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| {
        let rows: Vec<_> = OPTIONS.iter().collect();
        Ok(make::<OptionsReference>(&rows, HashMap::new())?.into())
    })
}

/// The reference of the thresholds and of all other numbers of the rules, as a table.
#[pyfunction]
pub(super) fn parameters(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| Ok(make::<ParametersReference>(&crate::cause::numbers(), HashMap::new())?.into()))
}

/// Plays a script through the engine and gives the tables by name.
#[pyfunction]
#[pyo3(signature = (script, hosts=None, parameters=None))]
pub(super) fn conversation(
    py: Python<'_>,
    script: String,
    hosts: Option<&Bound<'_, PyAny>>,
    parameters: Option<&Bound<'_, PyAny>>,
) -> PyResult<Tables> {
    let hosts = hosts.map(hosts_of).transpose()?.unwrap_or_default();
    let mut options = Options::default();
    if let Some(parameters) = parameters {
        thresholds(&mut options.parameters, parameters)?;
    }
    wait(py, move |cancel| {
        let metadata = engine::metadata(&options);
        let mut output = Output::of_script(&script)?;
        output.parameters = options.parameters;
        let [said, _] = &mut output.hosts;
        *said = hosts;
        let made = engine::tables(output, &metadata, &|| cancel.proceed())?;
        Ok(named(made, &SourceFiles::default()))
    })
}

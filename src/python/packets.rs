//! The packets of chosen connections, as Python asks for them.

use std::net::IpAddr;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::annotate::{Said, comments};
use super::options::options;
use super::source::{self, Raised};
use super::table::Table;
use super::wait::wait;
use super::write::{Outcome, Sources};
use crate::capture::Source;
use crate::conn::{BySide, Chosen};
use crate::engine::{again, played};
use crate::table::export::Guard;

/// A connection as its row names it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Row {
    connection_id: u64,
    client_ip: IpAddr,
    client_port: u16,
    server_ip: IpAddr,
    server_port: u16,
    first_packet: u64,
    last_packet: u64,
    client_packets: u64,
    server_packets: u64,
    icmp_errors: u64,
}

impl From<Row> for Chosen {
    fn from(row: Row) -> Self {
        Self {
            id: row.connection_id,
            client: (row.client_ip, row.client_port),
            server: (row.server_ip, row.server_port),
            first_packet: row.first_packet,
            last_packet: row.last_packet,
            packets: BySide { client: row.client_packets, server: row.server_packets },
            icmp_errors: Some(row.icmp_errors),
        }
    }
}

fn chosen(rows: Vec<Row>) -> Vec<Chosen> {
    rows.into_iter().map(Chosen::from).collect()
}

/// None of them is a file object: those can be read but once.
pub(super) fn sources(py: Python<'_>, items: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<Source>> {
    source::sources(py, items, &Raised::default())
}

/// The segments of chosen connections, read from their sources again as these were read.
#[pyfunction]
pub(super) fn packets_of(
    py: Python<'_>,
    sources: Vec<Bound<'_, PyAny>>,
    options: &Bound<'_, PyDict>,
    rows: Vec<Row>,
) -> PyResult<Table> {
    let (sources, options) = (self::sources(py, sources)?, self::options(options)?);
    wait(py, move |cancel| {
        let (made, files) = again::table(sources, options, chosen(rows), &|| cancel.proceed())?;
        Ok(Table::of(made, &files))
    })
}

/// The segments of chosen connections of a script.
#[pyfunction]
pub(super) fn packets_of_script(py: Python<'_>, script: String, rows: Vec<Row>) -> PyResult<Table> {
    wait(py, move |_| Ok(again::of_script(&script, chosen(rows))?.into()))
}

/// The packets of a script as a capture.
#[pyfunction]
pub(super) fn capture_of_script(py: Python<'_>, script: String) -> PyResult<Bound<'_, PyBytes>> {
    let octets = wait(py, move |_| played::capture(&script))?;
    Ok(PyBytes::new(py, &octets))
}

/// Writes the packets of chosen connections as pcapng and tells how many there were. What is said
/// of all, and of packets, goes with them. The file takes the place of no source, neither of these
/// nor of those that are known.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one call from Python")]
pub(super) fn save_packets(
    py: Python<'_>,
    sources: Vec<Bound<'_, PyAny>>,
    options: &Bound<'_, PyDict>,
    rows: Vec<Row>,
    said: Option<(String, Vec<Said>)>,
    path: PathBuf,
    known: &Sources,
    overwrite: bool,
) -> PyResult<Outcome> {
    let (sources, options) = (self::sources(py, sources)?, self::options(options)?);
    let guard = Guard { sources: known.0.clone(), overwrite, ..Guard::default() };
    wait(py, move |cancel| {
        let said = said.map(|(about, said)| (about, comments(said)));
        let said = said.as_ref().map(|(about, comments)| (about.as_str(), comments));
        let rows = chosen(rows);
        again::save(&sources, &options, &rows, said, &path, &guard, &|| cancel.proceed())
    })
    .map(Outcome::from)
}

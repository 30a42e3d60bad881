//! The packets of chosen connections, as Python asks for them.

use std::net::IpAddr;
use std::path::PathBuf;

use pyo3::prelude::*;

use super::source::{Raised, source};
use super::table::Table;
use super::wait::wait;
use super::write::{Outcome, Sources};
use crate::capture::Source;
use crate::conn::Chosen;
use crate::packets;
use crate::table::export::Guard;

/// `(connection_id, client_ip, client_port, server_ip, server_port, first_packet, last_packet)`.
type Row = (u64, IpAddr, u16, IpAddr, u16, u64, u64);

fn chosen(rows: Vec<Row>) -> Vec<Chosen> {
    rows.into_iter()
        .map(|(id, client_ip, client_port, server_ip, server_port, first_packet, last_packet)| {
            Chosen {
                id,
                client: (client_ip, client_port),
                server: (server_ip, server_port),
                first_packet,
                last_packet,
            }
        })
        .collect()
}

/// None of them is a file object: those can be read but once.
fn sources(items: &[Bound<'_, PyAny>]) -> PyResult<Vec<Source>> {
    let raised = Raised::default();
    items.iter().map(|item| source(item, &raised)).collect()
}

/// The segments of chosen connections, read from their sources again.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments from Python come by value")]
pub fn packets_of(
    py: Python<'_>,
    sources: Vec<Bound<'_, PyAny>>,
    rows: Vec<Row>,
) -> PyResult<Table> {
    let sources = self::sources(&sources)?;
    wait(py, move |cancel| {
        let (made, files) = packets::table(sources, chosen(rows), &|| cancel.proceed())?;
        Ok(Table::of(made, &files))
    })
}

/// The segments of chosen connections of a script.
#[pyfunction]
pub fn packets_of_script(py: Python<'_>, script: String, rows: Vec<Row>) -> PyResult<Table> {
    wait(py, move |_| Ok(packets::of_script(&script, chosen(rows))?.into()))
}

/// Writes the packets of chosen connections as pcapng and tells how many there were. The file takes
/// the place of no source, neither of these nor of those that are known.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments from Python come by value")]
pub fn save_packets(
    py: Python<'_>,
    sources: Vec<Bound<'_, PyAny>>,
    rows: Vec<Row>,
    path: PathBuf,
    known: &Sources,
    overwrite: bool,
) -> PyResult<Outcome> {
    let sources = self::sources(&sources)?;
    let guard = Guard { sources: known.0.clone(), overwrite };
    wait(py, move |cancel| packets::save(sources, chosen(rows), &path, guard, &|| cancel.proceed()))
        .map(Outcome::from)
}

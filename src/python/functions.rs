//! Functions of the module.

use std::collections::HashMap;

use arrow_schema::ArrowError;
use pyo3::prelude::*;

use super::table::Table;
use super::wait::wait;
use crate::conn::{Connection, Limits, Tracker, script};
use crate::error::Error;
use crate::table::Batches;
use crate::table::connections::{ConnectionRow, Connections};
use crate::table::doc::{Reference, describe};
use crate::table::shared::Shared;
use crate::table::teardowns::{TeardownRow, Teardowns};

/// The reference of all columns, as a table.
#[pyfunction]
pub fn columns(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| {
        let mut rows = describe::<Connections>();
        rows.extend(describe::<Teardowns>());
        let batches = Batches::<Reference>::new(HashMap::new());
        Ok(Table::new(batches.schema(), batches.all(&rows).map_err(internal)?))
    })
}

/// Plays a script through the engine: the tables `connections` and `teardowns`.
#[pyfunction]
pub fn conversation(py: Python<'_>, script: String) -> PyResult<(Table, Table)> {
    wait(py, move |_| {
        let mut tracker = Tracker::new(Limits::default());
        for packet in script::parse(&script)? {
            match packet {
                script::Packet::Tcp(owned) => {
                    let segment = owned.segment();
                    let hash = tracker.hash(&segment);
                    tracker.take(&segment, hash);
                }
                script::Packet::Icmp(error) => {
                    tracker.icmp(&error);
                }
            }
        }
        tables(&tracker.finish().1.collect::<Vec<_>>(), &Shared::default())
    })
}

fn tables(connections: &[Connection], shared: &Shared) -> Result<(Table, Table), Error> {
    let rows: Vec<_> =
        connections.iter().map(|connection| ConnectionRow { connection, shared }).collect();
    let mut teardowns: Vec<_> = connections
        .iter()
        .flat_map(|connection| {
            let rows = connection.teardowns.iter();
            rows.map(move |teardown| TeardownRow { connection, teardown, shared })
        })
        .collect();
    teardowns.sort_by_key(|row| row.teardown.packet);
    let c = Batches::<Connections>::new(HashMap::new());
    let t = Batches::<Teardowns>::new(HashMap::new());
    Ok((
        Table::new(c.schema(), c.all(&rows).map_err(internal)?),
        Table::new(t.schema(), t.all(&teardowns).map_err(internal)?),
    ))
}

fn internal(error: ArrowError) -> Error {
    Error::Internal(error.to_string())
}

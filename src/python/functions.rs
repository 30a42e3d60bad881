//! Functions of the module.

use std::collections::HashMap;

use pyo3::prelude::*;

use super::result::{Result as Tables, table, tables};
use super::table::Table;
use super::wait::wait;
use crate::conn::{Limits, Tracker, script};
use crate::issue::Issues;
use crate::packet::Class;
use crate::table::connections::Connections;
use crate::table::doc::{Reference, describe};
use crate::table::issues;
use crate::table::ledger::{Ledger, LedgerRow};
use crate::table::shared::Shared;
use crate::table::teardowns::Teardowns;

/// The reference of all columns, as a table.
#[pyfunction]
pub fn columns(py: Python<'_>) -> PyResult<Table> {
    wait(py, |_| {
        let mut rows = describe::<Connections>();
        rows.extend(describe::<Teardowns>());
        rows.extend(describe::<Ledger>());
        rows.extend(describe::<issues::Issues>());
        table::<Reference>(&rows, HashMap::new())
    })
}

/// Plays a script through the engine and gives the tables by name.
#[pyfunction]
pub fn conversation(py: Python<'_>, script: String) -> PyResult<Tables> {
    wait(py, move |_| {
        let mut tracker = Tracker::new(Limits::default());
        let (mut tcp, mut icmp) = (0, 0);
        for packet in script::parse(&script)? {
            match packet {
                script::Packet::Tcp(owned) => {
                    let segment = owned.segment();
                    tracker.take(&segment, tracker.hash(&segment));
                    tcp += 1;
                }
                script::Packet::Icmp(error) => {
                    tracker.icmp(&error);
                    icmp += 1;
                }
            }
        }
        let connections: Vec<_> = tracker.finish().1.collect();
        let shared = Shared { files: vec!["script".to_owned()], ..Shared::default() };
        let ledger = [(Class::Icmp, icmp), (Class::Tcp, tcp)].map(|(class, packets)| LedgerRow {
            file: "script",
            class,
            packets,
        });
        let log = Issues::default();
        tables(&connections, &ledger, &issues::rows(&log, &shared), &shared)
    })
}

//! What the engine gives, as tables by name.

use std::collections::{BTreeMap, HashMap};

use super::table::Table;
use crate::conn::Connection;
use crate::error::Error;
use crate::table::connections::{ConnectionRow, Connections};
use crate::table::issues::{IssueRow, Issues};
use crate::table::ledger::{Ledger, LedgerRow};
use crate::table::shared::Shared;
use crate::table::teardowns::{TeardownRow, Teardowns};
use crate::table::{self, Batches, Table as _};

/// Tables by name.
pub type Result = BTreeMap<&'static str, Table>;

/// The tables of one capture.
pub fn tables(
    connections: &[Connection],
    ledger: &[LedgerRow<'_>],
    issues: &[IssueRow<'_>],
    shared: &Shared,
) -> std::result::Result<Result, Error> {
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
    Ok(BTreeMap::from([
        (Connections::NAME, table::<Connections>(&rows, HashMap::new())?),
        (Teardowns::NAME, table::<Teardowns>(&teardowns, HashMap::new())?),
        (Ledger::NAME, table::<Ledger>(ledger, HashMap::new())?),
        (Issues::NAME, table::<Issues>(issues, HashMap::new())?),
    ]))
}

/// One table.
pub fn table<T: table::Table>(
    rows: &[T::Row<'_>],
    metadata: HashMap<String, String>,
) -> std::result::Result<Table, Error> {
    let batches = Batches::<T>::new(metadata);
    let made = batches.all(rows).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Table::new(batches.schema(), made))
}

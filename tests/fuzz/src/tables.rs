//! Bytes to the Arrow batches of every table: the rows are those of the engine, none is lost.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use finrst::packet::Class;
use finrst::read::{Options, Output};
use finrst::table::connections::{ConnectionRow, Connections};
use finrst::table::issues::{self, Issues};
use finrst::table::ledger::{Ledger, LedgerRow};
use finrst::table::shared::Shared;
use finrst::table::teardowns::{TeardownRow, Teardowns};
use finrst::table::{Batches, Table};

use super::{file, hold};

/// One input.
pub fn run(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let chunk = [256 * 1024, 13][usize::from(how & 1)];
    if let Some(output) = file::pass(bytes, chunk, Options::default()) {
        hold::output(&output);
        tables(&output);
    }
}

/// Every table of a pass.
pub fn tables(output: &Output) {
    let shared = Shared {
        files: output.files.iter().map(|file| file.name.clone()).collect(),
        interfaces: output.interfaces.iter().map(|one| one.name.clone()).collect(),
        ..Shared::default()
    };
    let connections: Vec<_> = output
        .connections
        .iter()
        .map(|connection| ConnectionRow { connection, shared: &shared })
        .collect();
    assert_eq!(rows(&made::<Connections>(&connections)), output.connections.len());
    let teardowns: Vec<_> = output
        .connections
        .iter()
        .flat_map(|c| c.teardowns.iter().map(move |row| (c, row)))
        .map(|(connection, teardown)| TeardownRow { connection, teardown, shared: &shared })
        .collect();
    assert_eq!(rows(&made::<Teardowns>(&teardowns)), teardowns.len());
    let ledger: Vec<_> = (0_u32..)
        .zip(&shared.files)
        .flat_map(|(index, file)| {
            Class::ALL.iter().map(move |&class| LedgerRow {
                file,
                class,
                packets: output.ledger.of(index, class),
            })
        })
        .collect();
    assert_eq!(rows(&made::<Ledger>(&ledger)), ledger.len());
    let oddities = issues::rows(&output.issues, &shared);
    assert_eq!(rows(&made::<Issues>(&oddities)), oddities.len());
}

fn made<T: Table>(all: &[T::Row<'_>]) -> Vec<RecordBatch> {
    Batches::<T>::new(HashMap::new()).all(all).expect("rows of the engine fit its tables")
}

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

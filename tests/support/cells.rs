//! Cells of a table as text.

use arrow_array::RecordBatch;
use finrst::engine;
use finrst::engine::Output;
use finrst::table::Made;
use finrst::table::cells::{Cells, Value};
use finrst::table::export::json_value;
use finrst::table::text::time;

/// All tables, those of connections and of their teardown segments first.
pub fn tables(output: Output) -> Vec<Made> {
    engine::tables(output, &engine::Metadata::new(), &|| true).unwrap()
}

/// A cell, `None` when it is missing.
pub fn text(cells: &Cells<'_>, row: usize) -> Option<String> {
    let mut out = String::new();
    match cells.value(row) {
        Value::Null => return None,
        Value::Text(text) => out.push_str(text),
        Value::Time(nanoseconds) => time(nanoseconds, &mut out),
        other => {
            json_value(other, &mut out);
            // What a fact does not have makes it hard to read.
            for absent in [",\"value\":null", ",\"text\":null", ",\"packet\":null"] {
                out = out.replace(absent, "");
            }
        }
    }
    Some(out)
}

/// The columns of a batch by their names.
pub fn columns(batch: &RecordBatch) -> Vec<(String, Cells<'_>)> {
    let fields = batch.schema_ref().fields().iter();
    fields
        .zip(batch.columns())
        .map(|(field, array)| (field.name().clone(), Cells::of(array).unwrap()))
        .collect()
}

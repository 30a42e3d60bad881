//! JSON lines.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::base::text::is_hidden;
use crate::table::cells::{Cells, Value};
use crate::table::text::{put, time};

/// Appends one object a line for every row; a missing value is `null`.
pub(super) fn rows(batch: &RecordBatch, out: &mut String) -> Result<(), ArrowError> {
    let schema = batch.schema_ref();
    let columns = columns(batch)?;
    for row in 0..batch.num_rows() {
        for (index, (field, cells)) in schema.fields().iter().zip(&columns).enumerate() {
            out.push(if index == 0 { '{' } else { ',' });
            string(field.name(), out);
            out.push(':');
            value(cells.value(row), out);
        }
        out.push_str("}\n");
    }
    Ok(())
}

/// The columns of a batch.
pub(super) fn columns(batch: &RecordBatch) -> Result<Vec<Cells<'_>>, ArrowError> {
    batch.columns().iter().map(|column| Cells::of(column)).collect()
}

/// Appends one value as JSON.
pub fn value(value: Value<'_, '_>, out: &mut String) {
    match value {
        Value::Integer(number) => put(out, format_args!("{number}")),
        Value::Float(number) if number.is_finite() => put(out, format_args!("{number}")),
        Value::Null | Value::Float(_) => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if truth { "true" } else { "false" }),
        Value::Time(nanoseconds) => {
            out.push('"');
            time(nanoseconds, out);
            out.push('"');
        }
        Value::Text(text) => string(text, out),
        Value::List(items, begin, end) => {
            out.push('[');
            for row in begin..end {
                if row > begin {
                    out.push(',');
                }
                self::value(items.value(row), out);
            }
            out.push(']');
        }
        Value::Struct(members, row) => {
            for (index, (name, cells)) in members.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                string(name, out);
                out.push(':');
                self::value(cells.value(row), out);
            }
            out.push('}');
        }
    }
}

/// A text as a JSON string. Hidden characters are escaped, which
/// changes nothing for a reader of JSON and keeps a terminal safe.
pub struct Escape<'a>(pub &'a str);

impl std::fmt::Display for Escape<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::with_capacity(self.0.len() + 2);
        string(self.0, &mut out);
        f.write_str(&out)
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    put(out, format_args!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

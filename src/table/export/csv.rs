//! Comma-separated values (RFC 4180), guarded against being taken for formulas.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use super::formula::{guarded, guarded_json};
use super::json;
use crate::table::cells::Value;
use crate::table::text::{put, time};

/// The header line.
pub(super) fn header(schema: &Schema) -> String {
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.join(",") + "\n"
}

/// Appends one line for every row; a missing value is an empty field, an empty text is `""`.
pub(super) fn rows(batch: &RecordBatch, guard: bool, out: &mut String) -> Result<(), ArrowError> {
    let columns = json::columns(batch)?;
    let mut scratch = String::new();
    for row in 0..batch.num_rows() {
        for (index, cells) in columns.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            match cells.value(row) {
                Value::Null => {}
                Value::Text(text) if guard => field(&guarded(text), out),
                Value::Text(text) => field(text, out),
                Value::Time(nanoseconds) => time(nanoseconds, out),
                Value::Bool(truth) => put(out, format_args!("{truth}")),
                Value::Integer(number) => put(out, format_args!("{number}")),
                Value::Float(number) => put(out, format_args!("{number}")),
                nested => {
                    scratch.clear();
                    json::value(nested, &mut scratch);
                    let text = if guard { guarded_json(&scratch) } else { (&*scratch).into() };
                    field(&text, out);
                }
            }
        }
        out.push('\n');
    }
    Ok(())
}

fn field(text: &str, out: &mut String) {
    let plain = !text.is_empty()
        && !text.contains([',', '"', '\n', '\r', ';', '|', '\t'])
        && !text.starts_with(' ')
        && !text.ends_with(' ');
    if plain {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

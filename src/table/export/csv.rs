//! Comma-separated values (RFC 4180), guarded against being taken for formulas.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use super::json;
use crate::table::cells::Value;
use crate::table::text::{put, time};

/// The header line.
pub fn header(schema: &Schema) -> String {
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    names.join(",") + "\n"
}

/// Appends one line for every row; a missing value is an empty field, an empty text is `""`.
pub fn rows(batch: &RecordBatch, guard: bool, out: &mut String) -> Result<(), ArrowError> {
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
                    field(&scratch, out);
                }
            }
        }
        out.push('\n');
    }
    Ok(())
}

/// A text that no spreadsheet takes for a formula: `'` before a leading `=`, `+`, `-`, `@`, tab,
/// carriage return or line feed.
pub fn guarded(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

fn field(text: &str, out: &mut String) {
    let plain = !text.is_empty()
        && !text.contains([',', '"', '\n', '\r', ';', '\t'])
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

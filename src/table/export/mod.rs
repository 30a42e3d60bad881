//! Record batches to files: Arrow IPC, CSV, JSON lines. A file appears whole or not at all.

mod atomic;
mod csv;
mod json;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, SchemaRef};

use crate::error::Error;

pub use atomic::File as Whole;
pub use csv::guarded;
pub use json::{Escape, value as json_value};

/// Lines made between two looks at whether they are still wanted.
const LINES: usize = 1024;

/// A file format that needs no other package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Arrow IPC file, also called Feather version 2.
    Arrow,
    /// Comma-separated values with a header line; lists as JSON text.
    Csv {
        /// Puts `'` before texts that a spreadsheet would take for a formula.
        formula_guard: bool,
    },
    /// One JSON object a line.
    JsonLines,
}

/// Writes record batches into a file and tells the number of rows.
///
/// The rows go into a temporary file `.finrst-*.tmp` of the same directory, which is synced and
/// then renamed: the name never shows a part. A pipe or device is written directly. `proceed` is
/// asked before each batch, and every so many lines.
///
/// # Errors
/// When the system refuses, when a batch cannot be had, or [`Error::Cancelled`].
pub fn write(
    path: &Path,
    format: Format,
    schema: &SchemaRef,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    proceed: &dyn Fn() -> bool,
) -> Result<u64, Error> {
    let io = |source| Error::Io { file: path.display().to_string(), source };
    let mut file = atomic::File::create(path).map_err(io)?;
    let rows = {
        let mut out = BufWriter::with_capacity(1 << 18, &mut file);
        let rows = to(&mut out, format, schema, batches, proceed).map_err(|e| failed(path, e))?;
        out.flush().map_err(io)?;
        rows
    };
    file.commit().map_err(io)?;
    Ok(rows)
}

/// Writes record batches to any byte sink.
///
/// # Errors
/// When the sink or a batch fails; an interruption is an `ExternalError`.
pub fn to(
    out: &mut dyn Write,
    format: Format,
    schema: &SchemaRef,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    proceed: &dyn Fn() -> bool,
) -> Result<u64, ArrowError> {
    let mut rows = 0;
    let mut checked = batches.map(|batch| {
        asked(proceed)?;
        let batch = batch?;
        rows += batch.num_rows() as u64;
        Ok(batch)
    });
    match format {
        Format::Arrow => {
            let mut writer = FileWriter::try_new(out, schema)?;
            checked.try_for_each(|batch| writer.write(&batch?))?;
            writer.finish()?;
        }
        Format::Csv { formula_guard } => {
            out.write_all(csv::header(schema).as_bytes())?;
            let write =
                |batch: &RecordBatch, text: &mut String| csv::rows(batch, formula_guard, text);
            lines(out, &mut checked, proceed, write)?;
        }
        Format::JsonLines => lines(out, &mut checked, proceed, json::rows)?,
    }
    Ok(rows)
}

fn asked(proceed: &dyn Fn() -> bool) -> Result<(), ArrowError> {
    if proceed() { Ok(()) } else { Err(ArrowError::ExternalError(Box::new(Error::Cancelled))) }
}

fn lines(
    out: &mut dyn Write,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    proceed: &dyn Fn() -> bool,
    write: impl Fn(&RecordBatch, &mut String) -> Result<(), ArrowError>,
) -> Result<(), ArrowError> {
    let mut text = String::new();
    for batch in batches {
        let batch = batch?;
        for begin in (0..batch.num_rows()).step_by(LINES) {
            asked(proceed)?;
            text.clear();
            write(&batch.slice(begin, LINES.min(batch.num_rows() - begin)), &mut text)?;
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

fn failed(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Io { file: path.display().to_string(), source },
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => Error::Io { file: path.display().to_string(), source: *source },
                Err(other) => Error::Internal(other.to_string()),
            },
        },
        other => Error::Internal(other.to_string()),
    }
}

#[cfg(test)]
mod tests;

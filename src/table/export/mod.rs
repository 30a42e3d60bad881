//! Record batches to files: Arrow IPC, CSV, JSON lines. A file appears whole or not at all.

mod atomic;
mod csv;
mod formula;
mod guard;
mod json;
mod keep;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_schema::{ArrowError, SchemaRef};

use crate::base::error::Error;

pub use atomic::File as Whole;
pub use formula::guarded;
pub use guard::Guard;
pub use json::{Escape, value as json_value};

/// Lines made between two looks at whether they are still wanted.
const LINES: usize = 1024;

/// Bytes that are gathered before the system is asked to write.
const BUFFER: usize = 1 << 18;

/// A file format that needs no other package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Arrow IPC file, also called Feather version 2.
    Arrow,
    /// Comma-separated values with a header line; lists as JSON text.
    Csv {
        /// Puts `'` before what a spreadsheet would take for a formula (see [`guarded`]).
        formula_guard: bool,
    },
    /// One JSON object a line.
    JsonLines,
}

/// What became of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Rows in it.
    pub rows: u64,
    /// What of the replaced file's owner and group could not be kept.
    pub lost: Option<String>,
}

/// Writes record batches into a file.
///
/// The rows go into a temporary file `.finrst-*.tmp` of the same directory, which is synced and
/// then renamed: the name never shows a part. A pipe or device is written directly. The file keeps
/// the mode of the one that it replaces, and what [`Guard`] names is not replaced. `proceed` is asked
/// before each batch, and every so many lines.
///
/// # Errors
/// When the system refuses, [`Error::Exists`] for what is not replaced, when a batch cannot be had, or [`Error::Cancelled`].
pub fn write(
    path: &Path,
    format: Format,
    schema: &SchemaRef,
    guard: Guard,
    batches: &mut dyn Iterator<Item = Result<RecordBatch, ArrowError>>,
    proceed: &dyn Fn() -> bool,
) -> Result<Written, Error> {
    let mut writer = Writer::new(Whole::create(path, guard)?, format, schema)?;
    for batch in batches {
        writer.add(&batch.map_err(|error| failed(&writer.name, error))?, proceed)?;
    }
    writer.commit()
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
    let mut rows = Rows::new(out, format, schema)?;
    for batch in batches {
        rows.add(&batch?, proceed)?;
    }
    Ok(rows.finish()?.0)
}

fn asked(proceed: &dyn Fn() -> bool) -> Result<(), ArrowError> {
    if proceed() { Ok(()) } else { Err(ArrowError::ExternalError(Box::new(Error::Cancelled))) }
}

/// Record batches on their way into a byte sink.
enum Rows<W: Write> {
    /// What is written where no rows come: the words of a vocabulary travel with rows alone.
    Arrow {
        writer: Box<FileWriter<W>>,
        count: u64,
        empty: Option<RecordBatch>,
    },
    Text {
        out: W,
        guard: Option<bool>,
        text: String,
        count: u64,
    },
}

impl<W: Write> Rows<W> {
    fn new(mut out: W, format: Format, schema: &SchemaRef) -> Result<Self, ArrowError> {
        let guard = match format {
            Format::Arrow => {
                // Names of files are added to as these are met.
                let added = DictionaryHandling::Delta;
                let options = IpcWriteOptions::default().with_dictionary_handling(added);
                let writer = FileWriter::try_new_with_options(out, schema, options)?;
                return Ok(Self::Arrow { writer: Box::new(writer), count: 0, empty: None });
            }
            Format::Csv { formula_guard } => {
                out.write_all(csv::header(schema).as_bytes())?;
                Some(formula_guard)
            }
            Format::JsonLines => None,
        };
        Ok(Self::Text { out, guard, text: String::new(), count: 0 })
    }

    fn add(&mut self, batch: &RecordBatch, proceed: &dyn Fn() -> bool) -> Result<(), ArrowError> {
        asked(proceed)?;
        let rows = batch.num_rows() as u64;
        match self {
            Self::Arrow { empty, .. } if rows == 0 => *empty = Some(batch.clone()),
            Self::Arrow { writer, count, .. } => {
                writer.write(batch)?;
                *count += rows;
            }
            Self::Text { out, guard, text, count } => {
                for begin in (0..batch.num_rows()).step_by(LINES) {
                    asked(proceed)?;
                    text.clear();
                    let lines = batch.slice(begin, LINES.min(batch.num_rows() - begin));
                    match guard {
                        Some(guard) => csv::rows(&lines, *guard, text)?,
                        None => json::rows(&lines, text)?,
                    }
                    out.write_all(text.as_bytes())?;
                }
                *count += rows;
            }
        }
        Ok(())
    }

    /// The number of rows, and the sink.
    fn finish(self) -> Result<(u64, W), ArrowError> {
        match self {
            Self::Arrow { mut writer, count, empty } => {
                if let Some(empty) = empty.filter(|_| count == 0) {
                    writer.write(&empty)?;
                }
                writer.finish()?;
                Ok((count, writer.into_inner()?))
            }
            Self::Text { out, count, .. } => Ok((count, out)),
        }
    }
}

/// A file to which tables are added one after the other; it appears under its name whole, with
/// [`Writer::commit`], or not at all.
pub struct Writer {
    name: String,
    rows: Rows<BufWriter<Whole>>,
}

impl Writer {
    /// Begins a file; see [`write`].
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new(file: Whole, format: Format, schema: &SchemaRef) -> Result<Self, Error> {
        let name = file.name().to_owned();
        let out = BufWriter::with_capacity(BUFFER, file);
        let rows = Rows::new(out, format, schema).map_err(|error| failed(&name, error))?;
        Ok(Self { name, rows })
    }

    /// Adds rows; `proceed` is asked as in [`write`].
    ///
    /// # Errors
    /// When the system refuses.
    pub fn add(&mut self, batch: &RecordBatch, proceed: &dyn Fn() -> bool) -> Result<(), Error> {
        self.rows.add(batch, proceed).map_err(|error| failed(&self.name, error))
    }

    /// Makes the file appear.
    ///
    /// # Errors
    /// As [`write`]; nothing is left behind then.
    pub fn commit(self) -> Result<Written, Error> {
        let Self { name, rows } = self;
        let (rows, out) = rows.finish().map_err(|error| failed(&name, error))?;
        let file = out
            .into_inner()
            .map_err(|error| Error::Io { file: name, source: error.into_error() })?;
        Ok(Written { rows, lost: file.commit()? })
    }
}

fn failed(name: &str, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, source) => Error::Io { file: name.to_owned(), source },
        ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => Error::Io { file: name.to_owned(), source: *source },
                Err(other) => Error::Internal(other.to_string()),
            },
        },
        other => Error::Internal(other.to_string()),
    }
}

#[cfg(test)]
mod tests;

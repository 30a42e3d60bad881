//! Transposes rows to record batches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int8Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::column::{Column, Kind, Table, columns};
use super::sink::{Facts, Texts};
use super::text::{self, TEXT_OCTETS, cut};
use crate::error::Error;

/// Rows of one record batch at most: what a chunk's columns need stays in the cache.
pub const CHUNK_ROWS: usize = 8192;

/// A table that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it is called.
    pub name: &'static str,
    /// Its columns, with their meanings and how the rows were made.
    pub schema: SchemaRef,
    /// Its rows; at least one batch, since the words of a vocabulary travel with the rows.
    pub batches: Vec<RecordBatch>,
}

/// Makes one table, rows by rows.
pub struct Maker<T: Table> {
    schema: SchemaRef,
    columns: Vec<&'static Column<T>>,
    /// The fixed dictionary of each word column.
    words: Vec<Option<ArrayRef>>,
    batches: Vec<RecordBatch>,
}

impl<T: Table> Maker<T> {
    /// Prepares the schema, with `metadata` about how the rows were made.
    pub fn new(metadata: HashMap<String, String>) -> Self {
        let columns: Vec<_> = columns::<T>().collect();
        let fields: Vec<_> = columns.iter().map(|column| column.field()).collect();
        let words = columns.iter().map(|column| match column.kind {
            Kind::Word(words, _) => Some(Arc::new(StringArray::from(words())) as ArrayRef),
            _ => None,
        });
        Self {
            schema: Arc::new(Schema::new(fields).with_metadata(metadata)),
            words: words.collect(),
            columns,
            batches: Vec::new(),
        }
    }

    /// Adds rows, in batches of at most [`CHUNK_ROWS`].
    ///
    /// # Errors
    /// When a column without nulls has none to give, or a word is not in its vocabulary: errors
    /// of this crate, not of the capture.
    pub fn add(&mut self, rows: &[T::Row<'_>]) -> Result<(), Error> {
        for chunk in rows.chunks(CHUNK_ROWS) {
            let batch = self.batch(chunk)?;
            self.batches.push(batch);
        }
        Ok(())
    }

    /// The table.
    ///
    /// # Errors
    /// As [`Maker::add`].
    pub fn finish(mut self) -> Result<Made, Error> {
        if self.batches.is_empty() {
            let batch = self.batch(&[])?;
            self.batches.push(batch);
        }
        Ok(Made { name: T::NAME, schema: self.schema, batches: self.batches })
    }

    fn batch(&self, rows: &[T::Row<'_>]) -> Result<RecordBatch, Error> {
        let arrays = self
            .columns
            .iter()
            .zip(&self.words)
            .map(|(column, words)| array::<T>(&column.kind, rows, words.as_ref()))
            .collect::<Result<Vec<_>, _>>();
        arrays
            .and_then(|arrays| RecordBatch::try_new(SchemaRef::clone(&self.schema), arrays))
            .map_err(|error| Error::Internal(format!("table {}: {error}", T::NAME)))
    }
}

/// A whole table at once.
///
/// # Errors
/// As [`Maker::add`].
#[allow(clippy::implicit_hasher)] // it is kept, as Arrow has it
pub fn make<T: Table>(
    rows: &[T::Row<'_>],
    metadata: HashMap<String, String>,
) -> Result<Made, Error> {
    let mut maker = Maker::<T>::new(metadata);
    maker.add(rows)?;
    maker.finish()
}

fn array<T: Table>(
    kind: &Kind<T>,
    rows: &[T::Row<'_>],
    words: Option<&ArrayRef>,
) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        Kind::Int64(get) => primitive::<Int64Type>(rows.iter().map(get)),
        Kind::UInt32(get) => primitive::<UInt32Type>(rows.iter().map(get)),
        Kind::UInt16(get) => primitive::<UInt16Type>(rows.iter().map(get)),
        Kind::UInt8(get) => primitive::<UInt8Type>(rows.iter().map(get)),
        Kind::Float64(get) => primitive::<Float64Type>(rows.iter().map(get)),
        Kind::Time(get) => {
            let values: PrimitiveArray<TimestampNanosecondType> = collect(rows.iter().map(get));
            Arc::new(values.with_timezone("UTC"))
        }
        Kind::Bool(get) => {
            let mut builder = BooleanBuilder::with_capacity(rows.len());
            for row in rows {
                builder.append_option(get(row));
            }
            Arc::new(builder.finish())
        }
        Kind::Address(get) => texts(rows, |row, out| {
            text::address(get(row)?, out);
            Some(())
        }),
        Kind::Text(write) => texts(rows, write),
        Kind::Word(_, get) => {
            let words = words.ok_or_else(|| ArrowError::SchemaError("no dictionary".into()))?;
            let keys: PrimitiveArray<Int8Type> = collect(
                rows.iter().map(|row| get(row).map(|index| i8::try_from(index).unwrap_or(-1))),
            );
            Arc::new(DictionaryArray::try_new(keys, Arc::clone(words))?)
        }
        Kind::Texts(write) => {
            let mut sink = Texts::new(rows.len());
            for row in rows {
                write(row, &mut sink);
                sink.end_row();
            }
            sink.finish()?
        }
        Kind::Facts(write) => {
            let mut sink = Facts::new(rows.len());
            for row in rows {
                write(row, &mut sink);
                sink.end_row();
            }
            sink.finish()?
        }
    })
}

fn collect<P: ArrowPrimitiveType>(
    values: impl ExactSizeIterator<Item = Option<P::Native>>,
) -> PrimitiveArray<P> {
    let mut nulls = NullBufferBuilder::new(values.len());
    let values: Vec<P::Native> = values
        .map(|value| {
            nulls.append(value.is_some());
            value.unwrap_or_default()
        })
        .collect();
    PrimitiveArray::new(values.into(), nulls.finish())
}

fn primitive<P: ArrowPrimitiveType>(
    values: impl ExactSizeIterator<Item = Option<P::Native>>,
) -> ArrayRef {
    Arc::new(collect::<P>(values))
}

fn texts<R>(rows: &[R], write: impl Fn(&R, &mut String) -> Option<()>) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(rows.len(), rows.len() * 16);
    let mut scratch = String::new();
    for row in rows {
        scratch.clear();
        match write(row, &mut scratch) {
            Some(()) => builder.append_value(cut(&scratch, TEXT_OCTETS)),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

#[cfg(test)]
mod tests;

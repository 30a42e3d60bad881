//! Transposes rows to record batches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{Schema, SchemaRef};

use super::column::{Column, Kind, Table, columns};
use super::fill::{BLOCK_ROWS, Filling};
use crate::error::Error;

/// Rows of one record batch at most.
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
    /// The batch that is being filled, and how many rows it has.
    filling: Vec<Filling>,
    filled: usize,
    /// Rows that are still to come.
    expected: usize,
}

impl<T: Table> Maker<T> {
    /// Prepares the schema, with `metadata` about how the rows were made, and room for the rows
    /// that are expected.
    pub fn new(metadata: HashMap<String, String>, expected: usize) -> Self {
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
            filling: Vec::new(),
            filled: 0,
            expected,
        }
    }

    /// Adds rows; they come out in batches of [`CHUNK_ROWS`].
    ///
    /// # Errors
    /// When a column without nulls has none to give, or a word is not in its vocabulary: errors
    /// of this crate, not of the capture.
    pub fn add(&mut self, mut rows: &[T::Row<'_>]) -> Result<(), Error> {
        while !rows.is_empty() {
            if self.filling.is_empty() {
                self.begin();
            }
            let room = BLOCK_ROWS.min(CHUNK_ROWS - self.filled).min(rows.len());
            let (block, rest) = rows.split_at(room);
            for (column, filling) in self.columns.iter().zip(&mut self.filling) {
                filling.add(&column.kind, block);
            }
            self.filled += room;
            rows = rest;
            if self.filled == CHUNK_ROWS {
                self.end()?;
            }
        }
        Ok(())
    }

    /// The table.
    ///
    /// # Errors
    /// As [`Maker::add`].
    pub fn finish(mut self) -> Result<Made, Error> {
        if self.batches.is_empty() && self.filling.is_empty() {
            self.begin();
        }
        if !self.filling.is_empty() {
            self.end()?;
        }
        Ok(Made { name: T::NAME, schema: self.schema, batches: self.batches })
    }

    fn begin(&mut self) {
        let room = self.expected.min(CHUNK_ROWS);
        self.filling = self.columns.iter().map(|c| Filling::new(&c.kind, room)).collect();
    }

    /// Closes the batch that was being filled.
    fn end(&mut self) -> Result<(), Error> {
        self.expected = self.expected.saturating_sub(self.filled);
        self.filled = 0;
        let arrays = std::mem::take(&mut self.filling)
            .into_iter()
            .zip(&self.words)
            .map(|(filling, words)| filling.finish(words.as_ref()))
            .collect::<Result<Vec<_>, _>>();
        let batch = arrays
            .and_then(|arrays| RecordBatch::try_new(SchemaRef::clone(&self.schema), arrays))
            .map_err(|error| Error::Internal(format!("table {}: {error}", T::NAME)))?;
        self.batches.push(batch);
        Ok(())
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
    let mut maker = Maker::<T>::new(metadata, rows.len());
    maker.add(rows)?;
    maker.finish()
}

#[cfg(test)]
mod tests;

//! Transposes rows to record batches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::column::{Column, Kind, Table, columns};
use super::fill::{BLOCK_ROWS, Filling};
use super::shared::Shared;
use crate::base::error::Error;
use crate::cause::Evidence;

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

impl Made {
    /// Some of its columns, in this order, in the same memory. Without any it has no rows either,
    /// as most of what takes tables has it.
    ///
    /// # Errors
    /// When there is no such column: an error of this crate.
    pub fn only(&self, names: &[&str]) -> Result<Self, Error> {
        let broken = |error: ArrowError| Error::Internal(format!("table {}: {error}", self.name));
        let places = names.iter().map(|name| self.schema.index_of(name));
        let places = places.collect::<Result<Vec<_>, _>>().map_err(broken)?;
        let schema = Arc::new(self.schema.project(&places).map_err(broken)?);
        let batches = if places.is_empty() {
            vec![RecordBatch::new_empty(SchemaRef::clone(&schema))]
        } else {
            let own = self.batches.iter().map(|batch| batch.project(&places));
            own.collect::<Result<_, _>>().map_err(broken)?
        };
        Ok(Self { name: self.name, schema, batches })
    }
}

/// The columns of a table, for as many batches as there will be.
pub struct Layout<T: Table> {
    schema: SchemaRef,
    columns: Vec<&'static Column<T>>,
    /// The dictionary of each column that has one.
    words: Vec<Option<ArrayRef>>,
}

impl<T: Table> Layout<T> {
    /// Prepares the schema of all columns, with `metadata` about how the rows were made.
    pub fn new(metadata: HashMap<String, String>) -> Self {
        Self::of(columns::<T>().collect(), &Shared::default(), metadata)
    }

    /// The same of some columns, in this order, whose rows refer to what is shared.
    pub fn of(
        columns: Vec<&'static Column<T>>,
        shared: &Shared,
        metadata: HashMap<String, String>,
    ) -> Self {
        let fields: Vec<_> = columns.iter().map(|column| column.field()).collect();
        let words = columns.iter().map(|column| match column.kind {
            Kind::Word(words, _) | Kind::Label(words, _) => {
                Some(Arc::new(StringArray::from(words())) as ArrayRef)
            }
            Kind::Named(names, _) => Some(names(shared).texts()),
            _ => None,
        });
        let words = words.collect();
        let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
        Self { schema, columns, words }
    }

    /// A batch to be filled with so many rows.
    pub fn batch(&self, rows: usize) -> Filler<'_, T> {
        let filling = self.columns.iter().map(|c| Filling::new(&c.kind, rows)).collect();
        let evidence = self.columns.iter().position(|c| matches!(c.kind, Kind::Evidence));
        Filler { layout: self, filling, evidence }
    }

    /// The table of these batches, which were made by [`Layout::batch`].
    ///
    /// # Errors
    /// As [`Filler::finish`].
    pub fn table(self, mut batches: Vec<RecordBatch>) -> Result<Made, Error> {
        if batches.is_empty() {
            batches.push(self.batch(0).finish()?);
        }
        Ok(Made { name: T::NAME, schema: self.schema, batches })
    }
}

/// One batch that is being filled.
pub struct Filler<'l, T: Table> {
    layout: &'l Layout<T>,
    filling: Vec<Filling>,
    /// Where the column of evidence is, if it is asked for.
    evidence: Option<usize>,
}

impl<T: Table> Filler<'_, T> {
    /// Puts the evidence of the next row's verdict into its column, where that is asked for. It is
    /// given before the row is added, and in the order of the rows.
    pub fn evidence(&mut self, evidence: &[Evidence]) {
        if let Some(Filling::Evidence(facts)) =
            self.evidence.and_then(|at| self.filling.get_mut(at))
        {
            facts.row(evidence);
        }
    }

    /// Adds rows. They are best given in blocks of [`BLOCK_ROWS`], made just before.
    pub fn add(&mut self, rows: &[T::Row<'_>]) {
        for block in rows.chunks(BLOCK_ROWS) {
            for (column, filling) in self.layout.columns.iter().zip(&mut self.filling) {
                filling.add(&column.kind, block);
            }
        }
    }

    /// The batch.
    ///
    /// # Errors
    /// When a column without nulls has none to give, a word is not in its vocabulary, or there is not
    /// evidence for each row: errors of this crate, not of the capture.
    pub fn finish(self) -> Result<RecordBatch, Error> {
        let arrays = self
            .filling
            .into_iter()
            .zip(&self.layout.words)
            .map(|(filling, words)| filling.finish(words.as_ref()))
            .collect::<Result<Vec<_>, _>>();
        // Without columns there are no rows: nothing tells how many there would be.
        let count = self.layout.columns.is_empty().then_some(0);
        let options = RecordBatchOptions::new().with_row_count(count);
        let schema = SchemaRef::clone(&self.layout.schema);
        arrays
            .and_then(|arrays| RecordBatch::try_new_with_options(schema, arrays, &options))
            .map_err(|error| Error::Internal(format!("table {}: {error}", T::NAME)))
    }
}

/// A whole table at once, in batches of [`CHUNK_ROWS`].
///
/// # Errors
/// As [`Filler::finish`].
#[allow(clippy::implicit_hasher)] // it is kept, as Arrow has it
pub fn make<T: Table>(
    rows: &[T::Row<'_>],
    metadata: HashMap<String, String>,
) -> Result<Made, Error> {
    let layout = Layout::<T>::new(metadata);
    let batches = rows.chunks(CHUNK_ROWS).map(|chunk| {
        let mut batch = layout.batch(chunk.len());
        batch.add(chunk);
        batch.finish()
    });
    let batches = batches.collect::<Result<_, _>>()?;
    layout.table(batches)
}

#[cfg(test)]
mod tests;

//! The columns of one batch while rows are added: a builder for each kind.

mod lines;
pub(super) mod strings;
pub(super) mod values;
pub(super) mod zeros;

use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, DictionaryArray};
use arrow_schema::ArrowError;

use super::column::{Kind, Table};
use super::sink::{Facts, Shares, Texts};
use lines::Lines;
use values::{Bools, Values};

/// Rows that are added at a time: all columns of a row are read while it is in the cache.
pub const BLOCK_ROWS: usize = 64;

/// One column of the batch that is being filled.
pub(super) enum Filling {
    /// `int64`.
    Int64(Values<Int64Type>),
    /// `uint32`.
    UInt32(Values<UInt32Type>),
    /// `uint16`.
    UInt16(Values<UInt16Type>),
    /// `uint8`.
    UInt8(Values<UInt8Type>),
    /// `float64`.
    Float64(Values<Float64Type>),
    /// `timestamp[ns, UTC]`.
    Time(Values<TimestampNanosecondType>),
    /// Indices of words.
    Word(Values<Int8Type>),
    /// Indices of labels.
    Label(Values<Int16Type>),
    /// Indices of names.
    Named(Values<Int32Type>),
    /// `bool`.
    Bool(Bools),
    /// `utf8`.
    Text(Lines),
    /// `list<utf8>`.
    Texts(Box<Texts>),
    /// The evidence of verdicts.
    Evidence(Box<Facts>),
    /// A list of causes with their shares.
    Shares(Box<Shares>),
}

impl Filling {
    /// An empty column with room for so many rows.
    pub(super) fn new<T: Table>(kind: &Kind<T>, rows: usize) -> Self {
        match kind {
            Kind::Int64(_) => Self::Int64(Values::new(rows)),
            Kind::UInt32(_) => Self::UInt32(Values::new(rows)),
            Kind::UInt16(_) => Self::UInt16(Values::new(rows)),
            Kind::UInt8(_) => Self::UInt8(Values::new(rows)),
            Kind::Float64(_) => Self::Float64(Values::new(rows)),
            Kind::Time(_) => Self::Time(Values::new(rows)),
            Kind::Word(..) => Self::Word(Values::new(rows)),
            Kind::Label(..) => Self::Label(Values::new(rows)),
            Kind::Named(..) => Self::Named(Values::new(rows)),
            Kind::Bool(_) => Self::Bool(Bools::new(rows)),
            Kind::Address(_) | Kind::Text(_) => Self::Text(Lines::new(rows)),
            Kind::Texts(_) => Self::Texts(Box::new(Texts::new(rows))),
            Kind::Evidence => Self::Evidence(Box::new(Facts::new(rows))),
            Kind::Shares(_) => Self::Shares(Box::new(Shares::new(rows))),
        }
    }

    /// Adds at most [`BLOCK_ROWS`] rows. `kind` is the one it was made for.
    pub(super) fn add<T: Table>(&mut self, kind: &Kind<T>, rows: &[T::Row<'_>]) {
        match (self, kind) {
            (Self::Int64(values), Kind::Int64(get)) => values.add(*get, rows),
            (Self::UInt32(values), Kind::UInt32(get)) => values.add(*get, rows),
            (Self::UInt16(values), Kind::UInt16(get)) => values.add(*get, rows),
            (Self::UInt8(values), Kind::UInt8(get)) => values.add(*get, rows),
            (Self::Float64(values), Kind::Float64(get)) => values.add(*get, rows),
            (Self::Time(values), Kind::Time(get)) => values.add(*get, rows),
            (Self::Word(values), Kind::Word(_, get)) => values.add_places(*get, rows),
            (Self::Label(values), Kind::Label(_, get)) => values.add_places(*get, rows),
            (Self::Named(values), Kind::Named(_, get)) => values.add_places(*get, rows),
            (Self::Bool(values), Kind::Bool(get)) => values.add(*get, rows),
            (Self::Text(lines), Kind::Address(get)) => lines.add_addresses(rows, get),
            (Self::Text(lines), Kind::Text(write)) => lines.add(rows, write),
            (Self::Texts(sink), Kind::Texts(write)) => {
                for row in rows {
                    write(row, sink);
                    sink.end_row();
                }
            }
            // It came with the verdicts.
            (Self::Evidence(_), Kind::Evidence) => {}
            (Self::Shares(sink), Kind::Shares(write)) => {
                for row in rows {
                    write(row, sink);
                    sink.end_row();
                }
            }
            _ => unreachable!("a column is filled as the kind it was made for"),
        }
    }

    /// The column, without room for more; `words` is the fixed dictionary where it has one.
    pub(super) fn finish(self, words: Option<&ArrayRef>) -> Result<ArrayRef, ArrowError> {
        let mut column: ArrayRef = match self {
            Self::Int64(values) => Arc::new(values.finish()),
            Self::UInt32(values) => Arc::new(values.finish()),
            Self::UInt16(values) => Arc::new(values.finish()),
            Self::UInt8(values) => Arc::new(values.finish()),
            Self::Float64(values) => Arc::new(values.finish()),
            Self::Time(values) => Arc::new(values.finish().with_timezone("UTC")),
            Self::Word(values) => by_place(values, words)?,
            Self::Label(values) => by_place(values, words)?,
            Self::Named(values) => by_place(values, words)?,
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Text(lines) => Arc::new(lines.finish()?),
            Self::Texts(sink) => sink.finish()?,
            Self::Evidence(sink) => sink.finish()?,
            Self::Shares(sink) => sink.finish()?,
        };
        if let Some(column) = Arc::get_mut(&mut column) {
            column.shrink_to_fit();
        }
        Ok(column)
    }
}

/// Texts by their places in a dictionary.
fn by_place<P: ArrowDictionaryKeyType>(
    places: Values<P>,
    words: Option<&ArrayRef>,
) -> Result<ArrayRef, ArrowError> {
    let words = words.ok_or_else(|| ArrowError::SchemaError("no dictionary".into()))?;
    Ok(Arc::new(DictionaryArray::try_new(places.finish(), Arc::clone(words))?))
}

//! The columns of one batch while rows are added: a builder for each kind.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int8Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::ArrowError;

use super::column::{Kind, Table};
use super::sink::{Facts, Texts};
use super::text::{self, TEXT_OCTETS, cut};

/// Rows that are added at a time: all columns of a row are read while it is in the cache.
pub const BLOCK_ROWS: usize = 64;

/// One column of the batch that is being filled.
pub enum Filling {
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
    /// `bool`.
    Bool(BooleanBuilder),
    /// `utf8`, with room for the text of one row.
    Text(StringBuilder, String),
    /// `list<utf8>`.
    Texts(Texts),
    /// A list of named facts.
    Facts(Facts),
}

impl Filling {
    /// An empty column with room for so many rows.
    pub fn new<T: Table>(kind: &Kind<T>, rows: usize) -> Self {
        match kind {
            Kind::Int64(_) => Self::Int64(Values::new(rows)),
            Kind::UInt32(_) => Self::UInt32(Values::new(rows)),
            Kind::UInt16(_) => Self::UInt16(Values::new(rows)),
            Kind::UInt8(_) => Self::UInt8(Values::new(rows)),
            Kind::Float64(_) => Self::Float64(Values::new(rows)),
            Kind::Time(_) => Self::Time(Values::new(rows)),
            Kind::Word(..) => Self::Word(Values::new(rows)),
            Kind::Bool(_) => Self::Bool(BooleanBuilder::with_capacity(rows)),
            Kind::Address(_) | Kind::Text(_) => {
                Self::Text(StringBuilder::with_capacity(rows, rows * 16), String::new())
            }
            Kind::Texts(_) => Self::Texts(Texts::new(rows)),
            Kind::Facts(_) => Self::Facts(Facts::new(rows)),
        }
    }

    /// Adds at most [`BLOCK_ROWS`] rows. `kind` is the one it was made for.
    pub fn add<T: Table>(&mut self, kind: &Kind<T>, rows: &[T::Row<'_>]) {
        match (self, kind) {
            (Self::Int64(values), Kind::Int64(get)) => values.add(rows.iter().map(get)),
            (Self::UInt32(values), Kind::UInt32(get)) => values.add(rows.iter().map(get)),
            (Self::UInt16(values), Kind::UInt16(get)) => values.add(rows.iter().map(get)),
            (Self::UInt8(values), Kind::UInt8(get)) => values.add(rows.iter().map(get)),
            (Self::Float64(values), Kind::Float64(get)) => values.add(rows.iter().map(get)),
            (Self::Time(values), Kind::Time(get)) => values.add(rows.iter().map(get)),
            (Self::Word(values), Kind::Word(_, get)) => values.add(
                rows.iter().map(|row| get(row).map(|index| i8::try_from(index).unwrap_or(-1))),
            ),
            (Self::Bool(builder), Kind::Bool(get)) => {
                for row in rows {
                    builder.append_option(get(row));
                }
            }
            (Self::Text(builder, scratch), Kind::Address(get)) => {
                texts(builder, scratch, rows, |row, out| {
                    text::address(get(row)?, out);
                    Some(())
                });
            }
            (Self::Text(builder, scratch), Kind::Text(write)) => {
                texts(builder, scratch, rows, write);
            }
            (Self::Texts(sink), Kind::Texts(write)) => {
                for row in rows {
                    write(row, sink);
                    sink.end_row();
                }
            }
            (Self::Facts(sink), Kind::Facts(write)) => {
                for row in rows {
                    write(row, sink);
                    sink.end_row();
                }
            }
            _ => unreachable!("a column is filled as the kind it was made for"),
        }
    }

    /// The column; `words` is the fixed dictionary where it has one.
    pub fn finish(self, words: Option<&ArrayRef>) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Int64(values) => Arc::new(values.finish()),
            Self::UInt32(values) => Arc::new(values.finish()),
            Self::UInt16(values) => Arc::new(values.finish()),
            Self::UInt8(values) => Arc::new(values.finish()),
            Self::Float64(values) => Arc::new(values.finish()),
            Self::Time(values) => Arc::new(values.finish().with_timezone("UTC")),
            Self::Word(values) => {
                let words = words.ok_or_else(|| ArrowError::SchemaError("no dictionary".into()))?;
                Arc::new(DictionaryArray::try_new(values.finish(), Arc::clone(words))?)
            }
            Self::Bool(mut builder) => Arc::new(builder.finish()),
            Self::Text(mut builder, _) => Arc::new(builder.finish()),
            Self::Texts(sink) => sink.finish()?,
            Self::Facts(sink) => sink.finish()?,
        })
    }
}

/// Numbers, some of them missing.
pub struct Values<P: ArrowPrimitiveType> {
    values: Vec<P::Native>,
    nulls: NullBufferBuilder,
}

impl<P: ArrowPrimitiveType> Values<P> {
    fn new(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), nulls: NullBufferBuilder::new(rows) }
    }

    /// Adds at most [`BLOCK_ROWS`] values; which are there is noted for all of them at once.
    fn add(&mut self, values: impl ExactSizeIterator<Item = Option<P::Native>>) {
        let count = values.len();
        let (mut present, mut bit) = (0_u64, 1_u64);
        self.values.extend(values.map(|value| {
            present |= if value.is_some() { bit } else { 0 };
            bit = bit.wrapping_shl(1);
            value.unwrap_or_default()
        }));
        if present == 0 {
            self.nulls.append_n_nulls(count);
        } else if present.count_ones() as usize == count {
            self.nulls.append_n_non_nulls(count);
        } else {
            for at in 0..count {
                self.nulls.append(present >> at & 1 == 1);
            }
        }
    }

    fn finish(mut self) -> PrimitiveArray<P> {
        self.values.shrink_to_fit();
        PrimitiveArray::new(self.values.into(), self.nulls.finish())
    }
}

fn texts<R>(
    builder: &mut StringBuilder,
    scratch: &mut String,
    rows: &[R],
    write: impl Fn(&R, &mut String) -> Option<()>,
) {
    for row in rows {
        scratch.clear();
        match write(row, scratch) {
            Some(()) => builder.append_value(cut(scratch, TEXT_OCTETS)),
            None => builder.append_null(),
        }
    }
}

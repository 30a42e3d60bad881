//! The columns of one batch while rows are added: a builder for each kind.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, Float64Type, Int8Type, Int64Type, TimestampNanosecondType, UInt8Type,
    UInt16Type, UInt32Type,
};
use arrow_array::{ArrayRef, BooleanArray, DictionaryArray, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
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
    Bool(Bools),
    /// `utf8`, with room for the text of one row.
    Text(StringBuilder, String),
    /// `list<utf8>`.
    Texts(Box<Texts>),
    /// A list of named facts.
    Facts(Box<Facts>),
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
            Kind::Bool(_) => Self::Bool(Bools::new(rows)),
            Kind::Address(_) | Kind::Text(_) => {
                Self::Text(StringBuilder::with_capacity(rows, rows * 16), String::new())
            }
            Kind::Texts(_) => Self::Texts(Box::new(Texts::new(rows))),
            Kind::Facts(_) => Self::Facts(Box::new(Facts::new(rows))),
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
            (Self::Bool(values), Kind::Bool(get)) => values.add(rows.iter().map(get)),
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
            Self::Bool(values) => Arc::new(values.finish()),
            Self::Text(mut builder, _) => Arc::new(builder.finish()),
            Self::Texts(sink) => sink.finish()?,
            Self::Facts(sink) => sink.finish()?,
        })
    }
}

/// One bit a row.
#[derive(Default)]
struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    fn new(rows: usize) -> Self {
        Self { words: Vec::with_capacity(rows.div_ceil(64)), length: 0 }
    }

    /// Adds the lowest `count` bits, 64 at most; those above must not be set.
    fn add(&mut self, bits: u64, count: usize) {
        let used = self.length % 64;
        if used == 0 {
            self.words.push(bits);
        } else {
            if let Some(last) = self.words.last_mut() {
                *last |= bits << used;
            }
            if used + count > 64 {
                self.words.push(bits >> (64 - used));
            }
        }
        self.length += count;
    }

    fn set(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn finish(self) -> BooleanBuffer {
        let words = self.words.into_iter().map(u64::to_le).collect::<Vec<_>>();
        BooleanBuffer::new(Buffer::from_vec(words), 0, self.length)
    }

    /// What is missing; `None` when nothing is.
    fn into_nulls(self) -> Option<NullBuffer> {
        (self.set() < self.length).then(|| NullBuffer::new(self.finish()))
    }
}

/// Numbers, some of them missing.
pub struct Values<P: ArrowPrimitiveType> {
    values: Vec<P::Native>,
    present: Bits,
}

impl<P: ArrowPrimitiveType> Values<P> {
    fn new(rows: usize) -> Self {
        Self { values: Vec::with_capacity(rows), present: Bits::new(rows) }
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
        self.present.add(present, count);
    }

    fn finish(mut self) -> PrimitiveArray<P> {
        self.values.shrink_to_fit();
        PrimitiveArray::new(self.values.into(), self.present.into_nulls())
    }
}

/// Truth values, some of them missing.
pub struct Bools {
    values: Bits,
    present: Bits,
}

impl Bools {
    fn new(rows: usize) -> Self {
        Self { values: Bits::new(rows), present: Bits::new(rows) }
    }

    /// Adds at most [`BLOCK_ROWS`] values.
    fn add(&mut self, values: impl ExactSizeIterator<Item = Option<bool>>) {
        let count = values.len();
        let (mut present, mut set) = (0_u64, 0_u64);
        for (at, value) in values.enumerate() {
            present |= u64::from(value.is_some()) << at;
            set |= u64::from(value == Some(true)) << at;
        }
        self.values.add(set, count);
        self.present.add(present, count);
    }

    fn finish(self) -> BooleanArray {
        BooleanArray::new(self.values.finish(), self.present.into_nulls())
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

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn bits_arrive_in_blocks_of_any_length() {
        let mut bits = Bits::new(0);
        let mut expected = Vec::new();
        for count in (1..=64).chain([64, 3, 64, 61]) {
            let mask = 0x9e37_79b9_7f4a_7c15_u64 >> (64 - count);
            bits.add(mask, count);
            expected.extend((0..count).map(|at| mask >> at & 1 == 1));
        }
        assert_eq!(bits.set(), expected.iter().filter(|set| **set).count());
        assert!(bits.finish().iter().eq(expected));
    }
}

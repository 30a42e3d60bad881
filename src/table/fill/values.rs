//! Columns of numbers and truth values while rows are added.

use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{ArrowNativeTypeOp, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, Buffer, NullBuffer, ToByteSlice};

use super::BLOCK_ROWS;
use super::zeros::zeros;
use crate::table::column::{Get, Table};

/// One bit a row.
#[derive(Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    length: usize,
}

impl Bits {
    pub(crate) fn new(rows: usize) -> Self {
        Self { words: Vec::with_capacity(rows.div_ceil(64)), length: 0 }
    }

    /// So many that are not set, with room for more.
    pub(crate) fn unset(count: usize, rows: usize) -> Self {
        let mut bits = Self::new(rows.max(count));
        bits.words.resize(count.div_ceil(64), 0);
        Self { length: count, ..bits }
    }

    /// Adds the lowest `count` bits, 64 at most; those above must not be set.
    pub(crate) fn add(&mut self, bits: u64, count: usize) {
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

    /// Adds one bit.
    #[inline]
    pub(crate) fn push(&mut self, set: bool) {
        match (self.length % 64, self.words.last_mut()) {
            (used @ 1.., Some(last)) => *last |= u64::from(set) << used,
            _ => self.words.push(u64::from(set)),
        }
        self.length += 1;
    }

    fn set(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn finish(self) -> BooleanBuffer {
        let words = self.words.into_iter().map(u64::to_le).collect::<Vec<_>>();
        BooleanBuffer::new(Buffer::from_vec(words), 0, self.length)
    }

    /// What is missing; `None` when nothing is.
    pub(crate) fn into_nulls(self) -> Option<NullBuffer> {
        (self.set() < self.length).then(|| NullBuffer::new(self.finish()))
    }
}

/// Numbers, some of them missing.
pub(crate) struct Values<P: ArrowPrimitiveType> {
    /// None as long as all are zero or missing.
    numbers: Vec<P::Native>,
    present: Bits,
    rows: usize,
}

impl<P: ArrowPrimitiveType> Values<P> {
    pub(crate) fn new(rows: usize) -> Self {
        Self { numbers: Vec::new(), present: Bits::new(rows), rows }
    }

    /// Adds at most [`BLOCK_ROWS`] values; which are there is noted for all of them at once.
    pub(crate) fn add<T: Table>(&mut self, get: Get<T, P::Native>, rows: &[T::Row<'_>]) {
        let mut block = [P::Native::default(); BLOCK_ROWS];
        let present = get.block(rows, &mut block);
        self.put(&block, rows.len(), present);
    }

    fn put(&mut self, block: &[P::Native; BLOCK_ROWS], count: usize, present: u64) {
        let block = block.get(..count).unwrap_or_default();
        let before = self.present.length;
        self.present.add(present, count);
        if self.numbers.is_empty() {
            // By their octets: -0.0 is equal to 0.0.
            if block.to_byte_slice().iter().fold(0, |all, octet| all | octet) == 0 {
                return;
            }
            self.begin(before, before + count);
        }
        self.numbers.extend_from_slice(block);
    }

    /// Adds one value.
    #[inline]
    pub(crate) fn push(&mut self, value: Option<P::Native>) {
        let before = self.present.length;
        self.present.push(value.is_some());
        let value = value.unwrap_or_default();
        if self.numbers.is_empty() {
            if value.to_byte_slice().iter().all(|&octet| octet == 0) {
                return;
            }
            self.begin(before, before + 1);
        }
        self.numbers.push(value);
    }

    /// Makes room for all that is not shared zeros any more.
    fn begin(&mut self, before: usize, count: usize) {
        self.numbers.reserve_exact(self.rows.max(count));
        self.numbers.resize(before, P::Native::default());
    }

    pub(crate) fn finish(self) -> PrimitiveArray<P> {
        let Self { numbers, present, .. } = self;
        let values = if numbers.is_empty() { zeros(present.length) } else { numbers.into() };
        PrimitiveArray::new(values, present.into_nulls())
    }
}

impl<P: ArrowDictionaryKeyType> Values<P> {
    /// Adds places in a dictionary, at most [`BLOCK_ROWS`]; one that is in none is its largest.
    pub(crate) fn add_places<T: Table>(&mut self, get: Get<T, usize>, rows: &[T::Row<'_>]) {
        let mut places = [0; BLOCK_ROWS];
        let mut block = [P::Native::default(); BLOCK_ROWS];
        let present = get.block(rows, &mut places);
        for (short, place) in block.iter_mut().zip(&places) {
            *short = P::Native::from_usize(*place).unwrap_or(P::Native::MAX_TOTAL_ORDER);
        }
        self.put(&block, rows.len(), present);
    }
}

/// Truth values, some of them missing.
pub(crate) struct Bools {
    values: Bits,
    present: Bits,
}

impl Bools {
    pub(crate) fn new(rows: usize) -> Self {
        Self { values: Bits::new(rows), present: Bits::new(rows) }
    }

    /// Adds at most [`BLOCK_ROWS`] values.
    pub(crate) fn add<T: Table>(&mut self, get: Get<T, bool>, rows: &[T::Row<'_>]) {
        let mut block = [false; BLOCK_ROWS];
        let present = get.block(rows, &mut block);
        // Those beyond the rows are false.
        let set = block.iter().fold(0, |set, &value| set >> 1 | u64::from(value) << 63);
        let count = rows.len();
        self.values.add(set, count);
        self.present.add(present, count);
    }

    pub(crate) fn finish(self) -> BooleanArray {
        BooleanArray::new(self.values.finish(), self.present.into_nulls())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Float64Type;
    use arrow_array::{Array, Float64Array};

    use super::{BLOCK_ROWS, Bits, Values, zeros};

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

    /// A column of these values, added in blocks.
    fn column(values: &[Option<f64>]) -> Float64Array {
        let mut column = Values::<Float64Type>::new(values.len());
        for values in values.chunks(BLOCK_ROWS) {
            let mut block = [0.0; BLOCK_ROWS];
            let present =
                (0..).zip(values).zip(&mut block).fold(0, |present, ((at, value), place)| {
                    *place = value.unwrap_or_default();
                    present | u64::from(value.is_some()) << at
                });
            column.put(&block, values.len(), present);
        }
        column.finish()
    }

    #[test]
    fn zeros_are_shared_until_something_else_comes() {
        let mut values: Vec<_> = (0..300).map(|at| (at % 3 == 0).then_some(0.0)).collect();
        let shared = zeros::<f64>(1).as_ptr();
        let alike = column(&values);
        assert_eq!(alike.values().as_ptr(), shared);
        assert!(alike.iter().eq(values.iter().copied()));
        for (at, odd) in [(0, 1.0), (150, -0.0), (299, f64::NAN)] {
            values[at] = Some(odd);
            let one = column(&values);
            assert_ne!(one.values().as_ptr(), shared);
            assert_eq!(one.value(at).to_bits(), odd.to_bits());
            assert_eq!(
                (one.len(), one.null_count()),
                (300, alike.null_count() - usize::from(at % 3 > 0))
            );
            assert_eq!(one.values().iter().filter(|value| value.to_bits() != 0).count(), 1);
            values[at] = (at % 3 == 0).then_some(0.0);
        }
        assert_eq!(column(&[]).len(), 0);
    }
}

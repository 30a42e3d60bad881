//! Where getters of list columns put their items.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow_array::types::{Float64Type, Int8Type, Int64Type};
use arrow_array::{ArrayRef, DictionaryArray, Int16Array, ListArray, StringArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::ArrowError;
use foldhash::fast::RandomState;

use super::column::{fact_fields, fact_item, share_fields, share_item, text_item};
use super::fill::strings::Strings;
use super::fill::values::Values;
use super::fill::zeros::zeros;
use super::text::cut;
use crate::cause::{Cause, Evidence, facts, names};

/// Items kept of one row's list.
pub(super) const ITEMS: usize = 64;
/// Bytes kept of one item's text. With [`ITEMS`] and the rows of a chunk this keeps the 32-bit
/// offsets of Arrow's `utf8` from overflowing.
pub(super) const ITEM_OCTETS: usize = 2048;

/// Facts of a row, and bytes of a text, for which there is room at first.
const USUAL_FACTS: usize = 3;
const USUAL_NAME: usize = 24;

/// A closed list of names, and the place of each in it.
struct Places {
    names: ArrayRef,
    places: HashMap<&'static str, i16, RandomState>,
}

/// The names that facts can have.
static FACTS: LazyLock<Places> = LazyLock::new(|| {
    let names: Vec<&'static str> = facts().map(|fact| fact.name).collect();
    Places {
        places: names.iter().copied().zip(0..).collect(),
        names: Arc::new(StringArray::from(names)),
    }
});
/// The names of causes, by their places.
static CAUSES: LazyLock<ArrayRef> = LazyLock::new(|| Arc::new(StringArray::from(names())));

/// Items of a `list<utf8>` column.
pub struct Texts {
    items: Strings,
    lengths: Vec<usize>,
    current: usize,
}

impl Texts {
    pub(super) fn new(rows: usize) -> Self {
        Self {
            items: Strings::new(rows, USUAL_NAME),
            lengths: Vec::with_capacity(rows),
            current: 0,
        }
    }

    /// Adds an item to the current row.
    pub fn push(&mut self, text: &str) {
        if self.current < ITEMS {
            self.items.push(cut(text, ITEM_OCTETS));
            self.current += 1;
        }
    }

    /// Adds a text of the program itself, whole.
    pub fn push_own(&mut self, text: &str) {
        self.items.push(text);
        self.current += 1;
    }

    pub(super) fn end_row(&mut self) {
        self.lengths.push(std::mem::take(&mut self.current));
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        let items = Arc::new(self.items.finish()?);
        Ok(Arc::new(ListArray::try_new(text_item(), offsets, items, None)?))
    }
}

/// Names whose places are at hand, by where they lie in memory: rules name facts by a few hundred
/// constants, so that a name is looked up by its letters once for each of these.
struct AtHand([(&'static str, i16); AtHand::SIZE]);

impl AtHand {
    const SIZE: usize = 256;

    /// Its place among the names of facts; that of a name that is none is below 0.
    fn place(&mut self, name: &'static str) -> i16 {
        let at = name.as_ptr().addr() / 8 % Self::SIZE;
        let Some((known, place)) = self.0.get_mut(at) else { return -1 };
        if !std::ptr::eq(*known, name) {
            (*known, *place) = (name, FACTS.places.get(name).copied().unwrap_or(-1));
        }
        *place
    }
}

/// Items of the column of evidence.
pub(super) struct Facts {
    /// Places among the names of facts.
    fact: Vec<i16>,
    value: Values<Float64Type>,
    text: Strings,
    packet: Values<Int64Type>,
    at_hand: AtHand,
    /// Where the items of each row end, after a first 0.
    ends: Vec<i32>,
}

impl Facts {
    pub(super) fn new(rows: usize) -> Self {
        let items = USUAL_FACTS * rows;
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self {
            fact: Vec::with_capacity(items),
            value: Values::new(items),
            text: Strings::new(items, 0),
            packet: Values::new(items),
            at_hand: AtHand([("", -1); AtHand::SIZE]),
            ends,
        }
    }

    /// Adds a row with these facts, or with the first of them.
    pub(super) fn row(&mut self, evidence: &[Evidence]) {
        let evidence = evidence.get(..ITEMS).unwrap_or(evidence);
        for Evidence { fact, value, text, packet } in evidence {
            self.fact.push(self.at_hand.place(fact));
            self.value.push(*value);
            match text {
                Some(text) => self.text.push(cut(text, ITEM_OCTETS)),
                None => self.text.push_missing(),
            }
            self.packet.push(packet.and_then(|n| i64::try_from(n).ok()));
        }
        // What Arrow cannot address is an error when the column is finished.
        self.ends.push(i32::try_from(self.fact.len()).unwrap_or(-1));
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        // Its rows are counted by who adds them, and none has more than there are in all.
        let end = self.ends.last().copied().unwrap_or(-1);
        if usize::try_from(end) != Ok(self.fact.len()) {
            return Err(ArrowError::OffsetOverflowError(self.fact.len()));
        }
        let fact = Int16Array::from(self.fact);
        let members: Vec<ArrayRef> = vec![
            Arc::new(DictionaryArray::try_new(fact, Arc::clone(&FACTS.names))?),
            Arc::new(self.value.finish()),
            Arc::new(self.text.finish()?),
            Arc::new(self.packet.finish()),
        ];
        let items = Arc::new(StructArray::try_new(fact_fields(), members, None)?);
        let offsets = OffsetBuffer::new(self.ends.into());
        Ok(Arc::new(ListArray::try_new(fact_item(), offsets, items, None)?))
    }
}

/// Items of a column of causes with their shares. Most rows have none.
pub struct Shares {
    /// Places among the causes.
    cause: Values<Int8Type>,
    confidence: Values<Float64Type>,
    lengths: Vec<usize>,
    /// Rows before the first that has an item.
    empty: usize,
    rows: usize,
    current: usize,
}

impl Shares {
    pub(super) fn new(rows: usize) -> Self {
        let (cause, confidence) = (Values::new(0), Values::new(0));
        Self { cause, confidence, lengths: Vec::new(), empty: 0, rows, current: 0 }
    }

    /// Adds a cause with its share to the current row.
    pub fn push(&mut self, cause: Cause, confidence: f64) {
        if self.current < ITEMS {
            self.cause.push(Some(i8::try_from(cause.index()).unwrap_or(-1)));
            self.confidence.push(Some(confidence));
            self.current += 1;
        }
    }

    pub(super) fn end_row(&mut self) {
        if self.lengths.is_empty() {
            if self.current == 0 {
                self.empty += 1;
                return;
            }
            self.lengths.reserve_exact(self.rows.max(self.empty + 1));
            self.lengths.resize(self.empty, 0);
        }
        self.lengths.push(std::mem::take(&mut self.current));
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let offsets = if self.lengths.is_empty() {
            OffsetBuffer::new(zeros(self.empty + 1))
        } else {
            OffsetBuffer::from_lengths(self.lengths)
        };
        let members: Vec<ArrayRef> = vec![
            Arc::new(DictionaryArray::try_new(self.cause.finish(), Arc::clone(&CAUSES))?),
            Arc::new(self.confidence.finish()),
        ];
        let items = Arc::new(StructArray::try_new(share_fields(), members, None)?);
        Ok(Arc::new(ListArray::try_new(share_item(), offsets, items, None)?))
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Float64Type;

    use super::Shares;
    use crate::cause::Cause;
    use crate::table::fill::zeros::zeros;

    /// A column of rows with so many shares each.
    fn column(rows: &[usize]) -> arrow_array::ArrayRef {
        let mut sink = Shares::new(rows.len());
        let causes = ["port_closed", "undetermined"].map(|name| Cause::named(name).unwrap());
        for &row in rows {
            (0..row).for_each(|at| sink.push(causes[at % 2], 0.25));
            sink.end_row();
        }
        sink.finish().unwrap()
    }

    #[test]
    fn rows_without_shares_cost_no_memory() {
        let none = column(&[0; 300]);
        let none = none.as_list::<i32>();
        assert_eq!(none.offsets().as_ptr(), zeros::<i32>(301).as_ptr());
        assert_eq!((none.len(), none.values().len()), (300, 0));
    }

    #[test]
    fn shares_may_begin_late_or_never() {
        for rows in [&[0, 0, 2, 0, 1][..], &[1], &[0], &[], &[3, 0, 0], &[100]] {
            let column = column(rows);
            column.to_data().validate_full().unwrap();
            let list = column.as_list::<i32>();
            let kept = rows.iter().map(|&row| row.min(super::ITEMS));
            assert!(kept.clone().eq((0..rows.len()).map(|at| list.value(at).len())), "{rows:?}");
            let shares = list.values().as_struct();
            assert_eq!(shares.column(1).as_primitive::<Float64Type>().len(), kept.sum::<usize>());
        }
    }
}

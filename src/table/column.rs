//! A column is declared once: its name, type, unit, meaning and getter.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields, TimeUnit};

use super::fill::BLOCK_ROWS;
use super::shared::{Names, Shared};
use super::sink::{Shares, Texts};

/// A table: the list of its columns, and what one row is made from.
pub trait Table: Sized + 'static {
    /// Its name in Python and in the documentation.
    const NAME: &'static str;
    /// A borrowed view of everything that one row needs.
    type Row<'a>;
    /// Its columns in order, grouped by what they tell.
    const GROUPS: &'static [Group<Self>];
}

/// Columns that belong together.
pub struct Group<T: Table> {
    /// What they tell, as a heading.
    pub title: &'static str,
    /// The columns, in order.
    pub columns: &'static [Column<T>],
}

/// All columns of a table, in order.
pub fn columns<T: Table>() -> impl Iterator<Item = &'static Column<T>> {
    T::GROUPS.iter().flat_map(|group| group.columns)
}

/// One column of a table.
pub struct Column<T: Table> {
    /// Name in `snake_case`; durations end in `_s`.
    pub name: &'static str,
    /// Unit, empty where there is none.
    pub unit: &'static str,
    /// What it means, in one sentence.
    pub doc: &'static str,
    /// Whether a value can be missing, which means "not observable here", never zero.
    pub nullable: bool,
    /// Whether it tells something of the verdict, which is asked for where such a column is.
    pub judged: bool,
    /// Arrow type and getter.
    pub kind: Kind<T>,
}

/// Reads a value out of each row of a block; `None` becomes null. Every closure that reads one row is
/// one, and is compiled into a loop of its own.
pub trait Read<T: Table, V>: Sync {
    /// Writes the values of as many rows as there is room for, missing ones as zero. Returns a bit for
    /// each that is not missing.
    fn block(&self, rows: &[T::Row<'_>], values: &mut [V; BLOCK_ROWS]) -> u64;
}

impl<T, V, F> Read<T, V> for F
where
    T: Table,
    V: Default,
    F: for<'r, 'a> Fn(&'r T::Row<'a>) -> Option<V> + Sync,
{
    fn block(&self, rows: &[T::Row<'_>], values: &mut [V; BLOCK_ROWS]) -> u64 {
        let mut present = 0_u64;
        for (row, place) in rows.iter().zip(values.iter_mut()) {
            let value = self(row);
            // The latest is the highest bit: no shift by a number that must be checked.
            present = present >> 1 | u64::from(value.is_some()) << 63;
            *place = value.unwrap_or_default();
        }
        let above = BLOCK_ROWS.saturating_sub(rows.len());
        u32::try_from(above).ok().and_then(|above| present.checked_shr(above)).unwrap_or(0)
    }
}

/// Reads the values of a column.
pub type Get<T, V> = &'static dyn Read<T, V>;
/// Writes a value of a row into a sink.
pub type Write<T, S> = for<'r, 's, 'a> fn(&'r <T as Table>::Row<'a>, &'s mut S);

/// Arrow type and getter of a column. Those of single values are made by the functions below.
pub enum Kind<T: Table> {
    /// `int64`: counts, packet numbers.
    Int64(Get<T, i64>),
    /// `uint32`: raw 32-bit header fields.
    UInt32(Get<T, u32>),
    /// `uint16`: ports and 16-bit header fields.
    UInt16(Get<T, u16>),
    /// `uint8`: 8-bit header fields.
    UInt8(Get<T, u8>),
    /// `float64`: seconds, ratios.
    Float64(Get<T, f64>),
    /// `bool`.
    Bool(Get<T, bool>),
    /// `timestamp[ns, UTC]` from nanoseconds since the epoch.
    Time(Get<T, i64>),
    /// `utf8`, the canonical text of an address (RFC 5952).
    Address(for<'r, 'a> fn(&'r T::Row<'a>) -> Option<IpAddr>),
    /// `utf8`, free text, appended to the string handed in; `None` becomes null.
    Text(for<'r, 's, 'a> fn(&'r T::Row<'a>, &'s mut String) -> Option<()>),
    /// `dictionary<int8, utf8>`: one fixed dictionary (first function), and the index of the
    /// row's word in it (second).
    Word(fn() -> Vec<&'static str>, Get<T, usize>),
    /// `dictionary<int16, utf8>`: one of a fixed list that is too long for a vocabulary, as `Word`.
    Label(fn() -> Vec<&'static str>, Get<T, usize>),
    /// `dictionary<int32, utf8>`: a name that many rows share (first function), and the place of
    /// the row's one among them (second).
    Named(fn(&Shared) -> &Names, Get<T, usize>),
    /// `list<utf8>`.
    Texts(Write<T, Texts>),
    /// `list<struct<fact: dictionary<int16, utf8>, value: float64, text: utf8, packet: int64>>`,
    /// the evidence of the rows' verdicts, which comes before the rows: see
    /// [`Filler::evidence`](super::Filler::evidence).
    Evidence,
    /// `list<struct<cause: dictionary<int8, utf8>, confidence: float64>>`.
    Shares(Write<T, Shares>),
}

/// A kind with its getter: these tell the compiler what a closure takes.
macro_rules! kinds {
    ($($name:ident $kind:ident $value:ty;)+) => {
        impl<T: Table> Kind<T> {
            $(
                /// See the kind of this name.
                pub const fn $name<F>(get: &'static F) -> Self
                where
                    F: for<'r, 'a> Fn(&'r T::Row<'a>) -> Option<$value> + Sync,
                {
                    Self::$kind(get)
                }
            )+

            /// See the kind of this name.
            pub const fn word<F>(words: fn() -> Vec<&'static str>, get: &'static F) -> Self
            where
                F: for<'r, 'a> Fn(&'r T::Row<'a>) -> Option<usize> + Sync,
            {
                Self::Word(words, get)
            }

            /// See the kind of this name.
            pub const fn label<F>(words: fn() -> Vec<&'static str>, get: &'static F) -> Self
            where
                F: for<'r, 'a> Fn(&'r T::Row<'a>) -> Option<usize> + Sync,
            {
                Self::Label(words, get)
            }

            /// See the kind of this name.
            pub const fn named<F>(names: fn(&Shared) -> &Names, get: &'static F) -> Self
            where
                F: for<'r, 'a> Fn(&'r T::Row<'a>) -> Option<usize> + Sync,
            {
                Self::Named(names, get)
            }
        }
    };
}

kinds! {
    int64 Int64 i64;
    uint32 UInt32 u32;
    uint16 UInt16 u16;
    uint8 UInt8 u8;
    float64 Float64 f64;
    bool Bool bool;
    time Time i64;
}

impl<T: Table> Column<T> {
    /// A column that has a value in every row.
    pub const fn required(
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        kind: Kind<T>,
    ) -> Self {
        Self { name, unit, doc, nullable: false, judged: false, kind }
    }

    /// A column whose values can be missing.
    pub const fn optional(
        name: &'static str,
        unit: &'static str,
        doc: &'static str,
        kind: Kind<T>,
    ) -> Self {
        Self { name, unit, doc, nullable: true, judged: false, kind }
    }

    /// The same of the verdict.
    #[must_use]
    pub const fn judged(self) -> Self {
        Self { judged: true, ..self }
    }

    /// Its Arrow type.
    pub fn data_type(&self) -> DataType {
        match self.kind {
            Kind::Int64(_) => DataType::Int64,
            Kind::UInt32(_) => DataType::UInt32,
            Kind::UInt16(_) => DataType::UInt16,
            Kind::UInt8(_) => DataType::UInt8,
            Kind::Float64(_) => DataType::Float64,
            Kind::Bool(_) => DataType::Boolean,
            Kind::Time(_) => DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC"))),
            Kind::Address(_) | Kind::Text(_) => DataType::Utf8,
            Kind::Word(..) => words_by(DataType::Int8),
            Kind::Label(..) => words_by(DataType::Int16),
            Kind::Named(..) => words_by(DataType::Int32),
            Kind::Texts(_) => DataType::List(text_item()),
            Kind::Evidence => DataType::List(fact_item()),
            Kind::Shares(_) => DataType::List(share_item()),
        }
    }

    /// Its Arrow field, with meaning and unit as metadata.
    pub fn field(&self) -> Field {
        let mut metadata = HashMap::from([("doc".to_owned(), self.doc.to_owned())]);
        if !self.unit.is_empty() {
            metadata.insert("unit".to_owned(), self.unit.to_owned());
        }
        Field::new(self.name, self.data_type(), self.nullable).with_metadata(metadata)
    }
}

/// Texts by the numbers of a dictionary.
fn words_by(numbers: DataType) -> DataType {
    DataType::Dictionary(Box::new(numbers), Box::new(DataType::Utf8))
}

/// The item of a `list<utf8>`.
pub(super) fn text_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Utf8, false))
}

/// The members of a fact.
pub(super) fn fact_fields() -> Fields {
    Fields::from(vec![
        Field::new("fact", words_by(DataType::Int16), false),
        Field::new("value", DataType::Float64, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("packet", DataType::Int64, true),
    ])
}

/// The item of a list of facts.
pub(super) fn fact_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(fact_fields()), false))
}

/// The members of a share.
pub(super) fn share_fields() -> Fields {
    Fields::from(vec![
        Field::new("cause", words_by(DataType::Int8), false),
        Field::new("confidence", DataType::Float64, false),
    ])
}

/// The item of a list of shares.
pub(super) fn share_item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(share_fields()), false))
}

/// A count as Arrow has it; what does not fit stays at the largest value.
#[allow(clippy::unnecessary_wraps)] // a getter's shape
pub fn count(n: u64) -> Option<i64> {
    Some(i64::try_from(n).unwrap_or(i64::MAX))
}

/// Appends a text.
#[allow(clippy::unnecessary_wraps)] // a getter's shape
pub fn text(value: &str, out: &mut String) -> Option<()> {
    out.push_str(value);
    Some(())
}

//! Reading single values back out of a record batch, for exports and for Python.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, BooleanArray, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray,
    StringArray, TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array,
};
use arrow_schema::ArrowError;

/// One column, its type found once.
pub enum Cells<'a> {
    /// `int64`.
    Int64(&'a Int64Array),
    /// `uint32`.
    UInt32(&'a UInt32Array),
    /// `uint16`.
    UInt16(&'a UInt16Array),
    /// `uint8`.
    UInt8(&'a UInt8Array),
    /// `float64`.
    Float64(&'a Float64Array),
    /// `bool`.
    Bool(&'a BooleanArray),
    /// `timestamp[ns, UTC]`.
    Time(&'a TimestampNanosecondArray),
    /// `utf8`.
    Text(&'a StringArray),
    /// `dictionary<int8, utf8>` and those with wider indices.
    Word(Indices<'a>, &'a StringArray),
    /// `list`.
    List(&'a ListArray, Box<Cells<'a>>),
    /// `struct`: names and members.
    Struct(Vec<(&'a str, Cells<'a>)>),
}

/// The places of texts in a dictionary.
#[derive(Clone, Copy)]
pub enum Indices<'a> {
    /// Of a vocabulary.
    Int8(&'a Int8Array),
    /// Of a longer list.
    Int16(&'a Int16Array),
    /// Of names.
    Int32(&'a Int32Array),
}

impl Indices<'_> {
    /// The place in a row, where there is one.
    pub fn get(self, row: usize) -> Option<usize> {
        match self {
            Self::Int8(array) => valid(array, row).map(|()| i32::from(array.value(row))),
            Self::Int16(array) => valid(array, row).map(|()| i32::from(array.value(row))),
            Self::Int32(array) => valid(array, row).map(|()| array.value(row)),
        }
        .and_then(|place| usize::try_from(place).ok())
    }
}

/// One value.
#[derive(Clone, Copy)]
pub enum Value<'a, 'c> {
    /// Not observable.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Nanoseconds since the epoch.
    Time(i64),
    /// A text.
    Text(&'a str),
    /// A list: its items are those of the range in the inner column.
    List(&'c Cells<'a>, usize, usize),
    /// A struct: the members, each at this row.
    Struct(&'c [(&'a str, Cells<'a>)], usize),
}

impl<'a> Cells<'a> {
    /// Looks at an array of a type that [`Kind`](super::Kind) can make.
    ///
    /// # Errors
    /// For any other type.
    pub fn of(array: &'a dyn Array) -> Result<Self, ArrowError> {
        let other = || ArrowError::NotYetImplemented(format!("a {} column", array.data_type()));
        if let Some(list) = array.as_list_opt::<i32>() {
            return Ok(Self::List(list, Box::new(Self::of(list.values())?)));
        }
        if let Some(members) = array.as_struct_opt() {
            let fields = members.fields().iter().zip(members.columns());
            let cells =
                fields.map(|(field, column)| Ok((field.name().as_str(), Self::of(column)?)));
            return Ok(Self::Struct(cells.collect::<Result<_, ArrowError>>()?));
        }
        if let Some(words) = array.as_any_dictionary_opt() {
            let keys = words.keys();
            let indices = keys.as_primitive_opt().map(Indices::Int8);
            let indices = indices.or_else(|| keys.as_primitive_opt().map(Indices::Int16));
            let indices = indices.or_else(|| keys.as_primitive_opt().map(Indices::Int32));
            let texts = words.values().as_string_opt::<i32>();
            return indices.zip(texts).map(|(at, texts)| Self::Word(at, texts)).ok_or_else(other);
        }
        let text = || array.as_string_opt::<i32>().map(Self::Text);
        let cells = array.as_primitive_opt::<Int64Type>().map(Self::Int64);
        cells
            .or_else(|| array.as_primitive_opt::<Float64Type>().map(Self::Float64))
            .or_else(|| array.as_primitive_opt::<UInt16Type>().map(Self::UInt16))
            .or_else(|| array.as_primitive_opt::<UInt8Type>().map(Self::UInt8))
            .or_else(|| array.as_primitive_opt::<UInt32Type>().map(Self::UInt32))
            .or_else(|| array.as_primitive_opt::<TimestampNanosecondType>().map(Self::Time))
            .or_else(|| array.as_boolean_opt().map(Self::Bool))
            .or_else(text)
            .ok_or_else(other)
    }

    /// The value in a row; null beyond the last one.
    pub fn value(&self, row: usize) -> Value<'a, '_> {
        let found = match self {
            Self::Int64(array) => valid(*array, row).map(|()| Value::Integer(array.value(row))),
            Self::UInt32(array) => {
                valid(*array, row).map(|()| Value::Integer(i64::from(array.value(row))))
            }
            Self::UInt16(array) => {
                valid(*array, row).map(|()| Value::Integer(i64::from(array.value(row))))
            }
            Self::UInt8(array) => {
                valid(*array, row).map(|()| Value::Integer(i64::from(array.value(row))))
            }
            Self::Float64(array) => valid(*array, row).map(|()| Value::Float(array.value(row))),
            Self::Bool(array) => valid(*array, row).map(|()| Value::Bool(array.value(row))),
            Self::Time(array) => valid(*array, row).map(|()| Value::Time(array.value(row))),
            Self::Text(array) => valid(*array, row).map(|()| Value::Text(array.value(row))),
            Self::Word(indices, words) => indices
                .get(row)
                .filter(|&place| place < words.len())
                .map(|place| Value::Text(words.value(place))),
            Self::List(lists, items) => valid(*lists, row).and_then(|()| {
                let offsets = lists.value_offsets();
                let begin = usize::try_from(*offsets.get(row)?).ok()?;
                let end = usize::try_from(*offsets.get(row + 1)?).ok()?;
                Some(Value::List(items, begin, end))
            }),
            Self::Struct(members) => Some(Value::Struct(members, row)),
        };
        found.unwrap_or(Value::Null)
    }
}

fn valid(array: &dyn Array, row: usize) -> Option<()> {
    (row < array.len() && array.is_valid(row)).then_some(())
}

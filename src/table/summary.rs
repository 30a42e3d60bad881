//! Counting rows by the values of some columns, for summaries that need no dataframe.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use foldhash::fast::RandomState;

use super::cells::{Cells, Value};
use super::text;

/// Columns that can be counted by at once.
pub const MOST_COLUMNS: usize = 4;

/// A value of a column that can be counted by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Not observable.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text, or anything else as text.
    Text(Cow<'a, str>),
}

/// Which rows to count: of a column, those whose value is one of some texts.
pub type Only = (String, Vec<String>);

type Counted<'a> = ([Key<'a>; MOST_COLUMNS], u64);
impl Key<'_> {
    /// The same, in memory of its own.
    pub fn into_owned(self) -> Key<'static> {
        match self {
            Self::Null => Key::Null,
            Self::Bool(truth) => Key::Bool(truth),
            Self::Integer(number) => Key::Integer(number),
            Self::Text(text) => Key::Text(Cow::Owned(text.into_owned())),
        }
    }
}

/// Counts the rows for every combination of values of the named columns, most frequent first,
/// equal counts in the order of their values. Each key has a value for every name. Only rows that
/// `only` lets through are counted, and at most `top` combinations given.
///
/// # Errors
/// When there is no such column, or more than [`MOST_COLUMNS`] are named.
pub fn counts<'a>(
    batches: &'a [RecordBatch],
    names: &[String],
    only: &[Only],
    top: usize,
) -> Result<Vec<(Vec<Key<'a>>, u64)>, ArrowError> {
    if names.len() > MOST_COLUMNS {
        let text = format!("at most {MOST_COLUMNS} columns can be counted by");
        return Err(ArrowError::SchemaError(text));
    }
    let mut counts: HashMap<[Key<'a>; MOST_COLUMNS], u64, RandomState> = HashMap::default();
    for batch in batches {
        let cells = names.iter().map(|name| column(batch, name));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        let wanted = only.iter().map(|(name, words)| Ok((column(batch, name)?, words)));
        let wanted = wanted.collect::<Result<Vec<_>, ArrowError>>()?;
        for row in 0..batch.num_rows() {
            if !wanted.iter().all(|(cells, words)| is_one_of(key(cells.value(row)), words)) {
                continue;
            }
            let mut keys = <[Key<'a>; MOST_COLUMNS]>::default();
            for (key, cells) in keys.iter_mut().zip(&cells) {
                *key = self::key(cells.value(row));
            }
            *counts.entry(keys).or_default() += 1;
        }
    }
    let mut counts: Vec<Counted<'a>> = counts.into_iter().collect();
    if top < counts.len() {
        counts.select_nth_unstable_by(top, order);
        counts.truncate(top);
    }
    counts.sort_unstable_by(order);
    let cut = |(keys, count): Counted<'a>| (keys.into_iter().take(names.len()).collect(), count);
    Ok(counts.into_iter().map(cut).collect())
}

fn order((a, n): &Counted<'_>, (b, m): &Counted<'_>) -> Ordering {
    m.cmp(n).then_with(|| a.cmp(b))
}

fn is_one_of(key: Key<'_>, words: &[String]) -> bool {
    matches!(key, Key::Text(text) if words.iter().any(|word| *word == text))
}

/// The row over all batches at which an integer column has a value.
///
/// # Errors
/// When there is no such column.
pub fn find(batches: &[RecordBatch], name: &str, wanted: i64) -> Result<Option<usize>, ArrowError> {
    let mut before = 0;
    for batch in batches {
        let cells = column(batch, name)?;
        let mut rows = 0..batch.num_rows();
        let found = rows.find(|&row| matches!(cells.value(row), Value::Integer(n) if n == wanted));
        if let Some(row) = found {
            return Ok(Some(before + row));
        }
        before += batch.num_rows();
    }
    Ok(None)
}

/// All rows over all batches at which an integer column has a value, at most `limit`.
///
/// # Errors
/// When there is no such column.
pub fn find_all(
    batches: &[RecordBatch],
    name: &str,
    wanted: i64,
    limit: usize,
) -> Result<Vec<usize>, ArrowError> {
    let mut before = 0;
    let mut found = Vec::new();
    for batch in batches {
        let cells = column(batch, name)?;
        let fits = |row: &usize| matches!(cells.value(*row), Value::Integer(n) if n == wanted);
        let wanted = limit.saturating_sub(found.len());
        found.extend((0..batch.num_rows()).filter(fits).take(wanted).map(|row| before + row));
        before += batch.num_rows();
    }
    Ok(found)
}

/// A column of a batch, by name.
///
/// # Errors
/// When there is none of that name.
pub fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<Cells<'a>, ArrowError> {
    let index = batch.schema_ref().index_of(name)?;
    Cells::of(batch.column(index))
}

fn key<'a>(value: Value<'a, '_>) -> Key<'a> {
    match value {
        Value::Null => Key::Null,
        Value::Bool(truth) => Key::Bool(truth),
        Value::Integer(number) => Key::Integer(number),
        Value::Text(text) => Key::Text(Cow::Borrowed(text)),
        Value::Time(nanoseconds) => {
            let mut out = String::new();
            text::time(nanoseconds, &mut out);
            Key::Text(out.into())
        }
        other => {
            let mut out = String::new();
            super::export::json_value(other, &mut out);
            Key::Text(out.into())
        }
    }
}

use std::collections::HashMap;
use std::net::IpAddr;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::{CHUNK_ROWS, Layout, make};
use crate::table::column::{Column, Group, Table, count, text};

type Kind = crate::table::column::Kind<Sample>;

struct Sample;

#[derive(Clone, Copy)]
struct Row<'a> {
    number: u64,
    name: Option<&'a str>,
    word: usize,
}

static COLUMNS: [Column<Sample>; 7] = [
    Column::required("number", "packets", "A count.", Kind::int64(&|row| count(row.number))),
    Column::optional("name", "", "A text.", Kind::Text(|row, out| text(row.name?, out))),
    Column::required(
        "word",
        "",
        "A word.",
        Kind::word(|| vec!["fin", "rst"], &|row| Some(row.word)),
    ),
    Column::required("at", "", "A time.", Kind::time(&|_| Some(1))),
    Column::required("ip", "", "An address.", Kind::Address(|_| Some(IpAddr::from([10, 0, 0, 1])))),
    Column::required(
        "texts",
        "",
        "Some.",
        Kind::Texts(|row, out| {
            (0..row.number).for_each(|_| out.push("x"));
        }),
    ),
    Column::required(
        "facts",
        "",
        "Some.",
        Kind::Facts(|row, out| {
            (0..row.number).for_each(|n| out.push("unread_bytes", None, Some("text"), Some(n)));
        }),
    ),
];

impl Table for Sample {
    const NAME: &'static str = "sample";
    type Row<'a> = Row<'a>;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "All", columns: &COLUMNS }];
}

fn batch(rows: &[Row<'_>]) -> RecordBatch {
    make::<Sample>(rows, HashMap::new()).unwrap().batches.remove(0)
}

#[test]
fn the_schema_tells_unit_and_meaning() {
    let schema = Layout::<Sample>::new(HashMap::from([("a".into(), "b".into())])).schema;
    let number = schema.field(0);
    assert_eq!(number.metadata()["doc"], "A count.");
    assert_eq!(number.metadata()["unit"], "packets");
    assert!(!number.is_nullable());
    assert_eq!(schema.field(3).data_type().to_string(), "Timestamp(ns, \"UTC\")");
    assert_eq!(schema.metadata()["a"], "b");
}

#[test]
fn values_nulls_and_lists_arrive() {
    let rows =
        [Row { number: 2, name: None, word: 1 }, Row { number: 0, name: Some("n"), word: 0 }];
    let batch = batch(&rows);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[2, 0]);
    assert!(batch.column(1).is_null(0));
    assert_eq!(batch.column(1).as_string::<i32>().value(1), "n");
    let words = batch.column(2).as_dictionary::<Int8Type>();
    assert_eq!(words.keys().values(), &[1, 0]);
    assert_eq!(words.values().len(), 2);
    assert_eq!(batch.column(4).as_string::<i32>().value(0), "10.0.0.1");
    assert_eq!(batch.column(5).as_list::<i32>().value_length(0), 2);
    assert_eq!(batch.column(6).as_list::<i32>().value_length(1), 0);
}

#[test]
fn an_empty_table_has_its_schema() {
    let batch = batch(&[]);
    assert_eq!(batch.num_rows(), 0);
    assert_eq!(batch.num_columns(), COLUMNS.len());
}

#[test]
fn a_word_outside_its_vocabulary_is_an_error() {
    for word in [2, 127, 128, usize::MAX] {
        assert!(make::<Sample>(&[Row { number: 0, name: None, word }], HashMap::new()).is_err());
    }
}

#[test]
fn texts_are_cut_before_offsets_overflow() {
    let long = "ä".repeat(1 << 16);
    let rows = vec![Row { number: 70, name: Some(&long), word: 0 }; CHUNK_ROWS];
    let batch = batch(&rows);
    assert_eq!(batch.column(1).as_string::<i32>().value(CHUNK_ROWS - 1).len(), 1 << 16);
    assert_eq!(batch.column(5).as_list::<i32>().value_length(7), 64);
}

#[test]
fn rows_are_split_into_chunks() {
    let rows = vec![Row { number: 1, name: None, word: 0 }; CHUNK_ROWS + 1];
    let batches = make::<Sample>(&rows, HashMap::new()).unwrap().batches;
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [CHUNK_ROWS, 1]);
    assert!(matches!(batches[0].schema().field(5).data_type(), DataType::List(_)));
}

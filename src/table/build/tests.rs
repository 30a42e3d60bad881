use std::collections::HashMap;
use std::net::IpAddr;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int64Type};
use arrow_array::{Array, RecordBatch};

use super::{CHUNK_ROWS, Layout, make};
use crate::base::error::Error;
use crate::cause::Evidence;
use crate::packet::Class;
use crate::table::column::{Column, Group, Table, count, text};
use crate::table::ledger::{Ledger, LedgerRow};

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
    Column::required("facts", "", "Some.", Kind::Evidence),
];

impl Table for Sample {
    const NAME: &'static str = "sample";
    type Row<'a> = Row<'a>;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "All", columns: &COLUMNS }];
}

/// A batch of rows with as much evidence as their numbers say.
fn filled(rows: &[Row<'_>]) -> Result<RecordBatch, Error> {
    let layout = Layout::<Sample>::new(HashMap::new());
    let mut batch = layout.batch(rows.len());
    let fact = |at| Evidence::text("unread_bytes", "text").at(at);
    for row in rows {
        batch.evidence(&(0..row.number).map(fact).collect::<Vec<_>>());
    }
    batch.add(rows);
    batch.finish()
}

fn batch(rows: &[Row<'_>]) -> RecordBatch {
    filled(rows).unwrap()
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
        assert!(filled(&[Row { number: 0, name: None, word }]).is_err());
    }
    filled(&[Row { number: 0, name: None, word: 1 }]).unwrap();
}

#[test]
fn rows_without_their_evidence_are_an_error() {
    let rows = [Row { number: 2, name: None, word: 0 }; 3];
    let layout = Layout::<Sample>::new(HashMap::new());
    let mut batch = layout.batch(rows.len());
    batch.evidence(&[]);
    batch.evidence(&[]);
    batch.add(&rows);
    assert!(batch.finish().is_err());
}

#[test]
fn evidence_stands_with_its_row() {
    let rows = [2, 0, 70, 1].map(|number| Row { number, name: None, word: 0 });
    let batch = batch(&rows);
    let lists = batch.column(6).as_list::<i32>();
    lists.to_data().validate_full().unwrap();
    let lengths = (0..rows.len()).map(|at| lists.value_length(at));
    assert_eq!(lengths.collect::<Vec<_>>(), [2, 0, 64, 1]);
    let last = lists.value(3);
    let [fact, value, text, packet] = [0, 1, 2, 3].map(|at| last.as_struct().column(at));
    let names = fact.as_dictionary::<Int16Type>();
    let place = usize::try_from(names.keys().value(0)).unwrap();
    assert_eq!(names.values().as_string::<i32>().value(place), "unread_bytes");
    assert!(value.is_null(0));
    assert_eq!(text.as_string::<i32>().value(0), "text");
    assert_eq!(packet.as_primitive::<Int64Type>().value(0), 0);
}

#[test]
fn a_fact_that_is_not_declared_is_an_error() {
    let layout = Layout::<Sample>::new(HashMap::new());
    let mut batch = layout.batch(1);
    batch.evidence(&[Evidence::of("no_such_fact")]);
    batch.add(&[Row { number: 0, name: None, word: 0 }]);
    assert!(batch.finish().is_err());
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
    let row = LedgerRow { file: "a.pcap", class: Class::Tcp, packets: 1 };
    let made = make::<Ledger>(&vec![row; CHUNK_ROWS + 1], HashMap::new()).unwrap();
    let lengths = made.batches.iter().map(RecordBatch::num_rows);
    assert_eq!(lengths.collect::<Vec<_>>(), [CHUNK_ROWS, 1]);
}

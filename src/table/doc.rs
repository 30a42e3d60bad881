//! The column reference: a table about the tables.

use super::column::{Column, Group, Kind, Table, columns, text};

/// The table.
pub enum Reference {}

/// One column of a table, described.
pub struct ColumnRow {
    table: &'static str,
    group: &'static str,
    name: &'static str,
    data_type: &'static str,
    unit: &'static str,
    nullable: bool,
    doc: &'static str,
    words: Vec<&'static str>,
}

/// Describes every column of a table, in order.
pub fn describe<T: Table>() -> Vec<ColumnRow> {
    let titles = T::GROUPS.iter().flat_map(|group| group.columns.iter().map(|_| group.title));
    let described = columns::<T>().zip(titles).map(|(column, group)| ColumnRow {
        table: T::NAME,
        group,
        name: column.name,
        data_type: type_name(&column.kind),
        unit: column.unit,
        nullable: column.nullable,
        doc: column.doc,
        words: match column.kind {
            Kind::Word(words, _) => words(),
            _ => Vec::new(),
        },
    });
    described.collect()
}

fn type_name<T: Table>(kind: &Kind<T>) -> &'static str {
    match kind {
        Kind::Int64(_) => "int64",
        Kind::UInt32(_) => "uint32",
        Kind::UInt16(_) => "uint16",
        Kind::UInt8(_) => "uint8",
        Kind::Float64(_) => "float64",
        Kind::Bool(_) => "bool",
        Kind::Time(_) => "timestamp[ns, UTC]",
        Kind::Address(_) | Kind::Text(_) => "utf8",
        Kind::Word(..) => "dictionary<int8, utf8>",
        Kind::Label(..) => "dictionary<int16, utf8>",
        Kind::Named(..) => "dictionary<int32, utf8>",
        Kind::Texts(_) => "list<utf8>",
        Kind::Evidence => "list<struct<fact, value, text, packet>>",
        Kind::Shares(_) => "list<struct<cause, confidence>>",
    }
}

impl Table for Reference {
    const NAME: &'static str = "columns";
    type Row<'a> = ColumnRow;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Column", columns: COLUMNS }];
}

const COLUMNS: &[Column<Reference>] = &[
    Column::required("table", "", "The table.", Kind::Text(|row, out| text(row.table, out))),
    Column::required("group", "", "What it is about.", Kind::Text(|row, out| text(row.group, out))),
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(row.name, out))),
    Column::required(
        "type",
        "",
        "Its Arrow type.",
        Kind::Text(|row, out| text(row.data_type, out)),
    ),
    Column::optional(
        "unit",
        "",
        "Its unit.",
        Kind::Text(|row, out| (!row.unit.is_empty()).then(|| out.push_str(row.unit))),
    ),
    Column::required(
        "nullable",
        "",
        "Whether a value can be missing, which means that the capture does not show it.",
        Kind::<Reference>::bool(&|row| Some(row.nullable)),
    ),
    Column::required("doc", "", "Its meaning.", Kind::Text(|row, out| text(row.doc, out))),
    Column::required(
        "words",
        "",
        "Every word it can hold, where its vocabulary is closed.",
        Kind::Texts(|row, out| row.words.iter().for_each(|word| out.push(word))),
    ),
];

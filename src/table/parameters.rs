//! The reference of the numbers of the rules: a table of them.

use super::column::{Column, Group, Table, text};
use crate::cause::Shown;

type Kind = super::column::Kind<ParametersReference>;

/// The table.
pub enum ParametersReference {}

impl Table for ParametersReference {
    const NAME: &'static str = "parameters";
    type Row<'a> = Shown;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Number", columns: COLUMNS }];
}

const COLUMNS: &[Column<ParametersReference>] = &[
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(&row.name, out))),
    Column::required(
        "default",
        "",
        "Its value; of a threshold, unless it is set.",
        Kind::float64(&|row| Some(row.value)),
    ),
    Column::optional(
        "unit",
        "",
        "Its unit.",
        Kind::Text(|row, out| (!row.unit.is_empty()).then(|| out.push_str(row.unit))),
    ),
    Column::required("doc", "", "Its meaning.", Kind::Text(|row, out| text(row.doc, out))),
    Column::required("kind", "", "What it is.", Kind::Text(|row, out| text(row.kind, out))),
    Column::required(
        "settable",
        "",
        "Whether a reading can set it.",
        Kind::bool(&|row| Some(row.settable)),
    ),
];

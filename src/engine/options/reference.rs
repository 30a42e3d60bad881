//! The reference of the options: a table of their declarations.

use super::Declared;
use crate::table::column::{Column, Group, Kind, Table, text};

/// The table.
pub enum OptionsReference {}

impl Table for OptionsReference {
    const NAME: &'static str = "options";
    type Row<'a> = &'static Declared;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Option", columns: COLUMNS }];
}

const COLUMNS: &[Column<OptionsReference>] = &[
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(row.name, out))),
    Column::required(
        "kind",
        "",
        "What kind of value it takes.",
        Kind::Text(|row, out| text(row.slot.kind(), out)),
    ),
    Column::optional(
        "unit",
        "",
        "Unit of the default.",
        Kind::Text(|row, out| {
            let unit = row.slot.unit();
            (!unit.is_empty()).then(|| out.push_str(unit))
        }),
    ),
    Column::optional(
        "default",
        "",
        "Its default; none where nothing is limited or set.",
        Kind::Text(|row, out| row.slot.default_text().map(|value| out.push_str(&value))),
    ),
    Column::optional(
        "flag",
        "",
        "What stands for its value in the command's help, empty for a flag without one; none where \
         the command has no such flag.",
        Kind::Text(|row, out| row.flag.map(|flag| out.push_str(flag))),
    ),
    Column::required("doc", "", "What it does.", Kind::Text(|row, out| text(row.doc, out))),
    Column::optional(
        "more",
        "",
        "What else has to be known.",
        Kind::Text(|row, out| (!row.more.is_empty()).then(|| out.push_str(row.more))),
    ),
];

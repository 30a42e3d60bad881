//! The reference of facts: a table of what stands in the column `evidence`.

use super::column::{Column, Group, Kind, Table, text};
use crate::cause::Fact;

/// The table.
pub enum Facts {}

impl Table for Facts {
    const NAME: &'static str = "facts";
    type Row<'a> = &'static Fact;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Fact", columns: COLUMNS }];
}

const COLUMNS: &[Column<Facts>] = &[
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(row.name, out))),
    Column::optional(
        "unit",
        "",
        "What its number is: `s`; `weight`, how much it speaks for the cause; `id` of a connection; \
         a `code`; a `signed` difference; else what it counts. Missing without a number.",
        Kind::Text(|row, out| (!row.unit.is_empty()).then(|| out.push_str(row.unit))),
    ),
    Column::required(
        "words",
        "",
        "The sentence that tells it, the most precise first, with places for what it tells.",
        Kind::Texts(|row, out| row.words.iter().for_each(|words| out.push(words))),
    ),
    Column::optional(
        "none",
        "",
        "The sentence for the number 0, where it is another one.",
        Kind::Text(|row, out| text(row.none?, out)),
    ),
];

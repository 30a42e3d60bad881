//! The reference of the kinds of findings, as a table.

use super::kind::{Kind, Severity};
use crate::table::column::{self, Column, Group, Table, text};

type Type = column::Kind<Kinds>;

/// The table.
pub enum Kinds {}

impl Table for Kinds {
    const NAME: &'static str = "finding_kinds";
    type Row<'a> = Kind;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Kind", columns: COLUMNS }];
}

const COLUMNS: &[Column<Kinds>] = &[
    Column::required(
        "name",
        "",
        "Its name.",
        Type::Text(|row, out| text(row.declared().name, out)),
    ),
    Column::required(
        "severity",
        "",
        "How much it matters, where its connections do not say otherwise.",
        Type::word(|| Severity::ALL.iter().map(|severity| severity.word()).collect(), &|row| {
            Some(row.declared().severity as usize)
        }),
    ),
    Column::required(
        "summary",
        "",
        "What it tells.",
        Type::Text(|row, out| text(row.declared().doc, out)),
    ),
    Column::required(
        "next",
        "",
        "What to do next.",
        Type::Text(|row, out| text(row.declared().next, out)),
    ),
    Column::required(
        "causes",
        "",
        "Causes whose connections are of this kind, whatever else is seen.",
        Type::Texts(|row, out| row.declared().causes.iter().for_each(|cause| out.push_own(cause))),
    ),
];

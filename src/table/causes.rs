//! The reference of causes: a table of the rules.

use super::column::{Column, Group, Table, text};
use super::vocabulary::{Vocabulary, words};
use crate::cause::{Class, Rule};

type Kind = super::column::Kind<Causes>;

/// The table.
pub enum Causes {}

impl Table for Causes {
    const NAME: &'static str = "causes";
    type Row<'a> = &'static Rule;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Cause", columns: COLUMNS }];
}

const COLUMNS: &[Column<Causes>] = &[
    Column::required("name", "", "Its name.", Kind::Text(|row, out| text(row.name, out))),
    Column::required(
        "class",
        "",
        "What kind of ending it explains.",
        Kind::word(words::<Class>, &|row| Some(row.class.index())),
    ),
    Column::required(
        "summary",
        "",
        "What happened.",
        Kind::Text(|row, out| text(&row.told(row.summary), out)),
    ),
    Column::required(
        "wire",
        "",
        "How it looks on the wire, and what rules it out.",
        Kind::Text(|row, out| text(&row.told(row.wire), out)),
    ),
    Column::required(
        "reference",
        "",
        "RFC, paper or source of the rule.",
        Kind::Text(|row, out| text(row.reference, out)),
    ),
    Column::required(
        "next",
        "",
        "What to check next.",
        Kind::Text(|row, out| text(&row.told(row.next), out)),
    ),
    Column::required(
        "examples",
        "",
        "Conversations that have it; play them with `finrst.conversation`.",
        Kind::Texts(|row, out| row.examples.iter().for_each(|example| out.push_own(example))),
    ),
    Column::required(
        "near_misses",
        "",
        "Conversations that look like it, each with the cause it has instead.",
        Kind::Texts(|row, out| {
            row.near_misses
                .iter()
                .for_each(|(script, cause)| out.push_own(&format!("{script} -> {cause}")));
        }),
    ),
    Column::required(
        "twins",
        "",
        "Causes that no passive observer can tell from it, with the reason.",
        Kind::Texts(|row, out| {
            row.twins
                .iter()
                .for_each(|(twin, reason)| out.push_own(&format!("{twin}: {}", row.told(reason))));
        }),
    ),
];

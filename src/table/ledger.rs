//! The `ledger` table: every packet read is in exactly one row's count.

use super::column::{Column, Group, Table, count, text};
use crate::packet::Class;

type Kind = super::column::Kind<Ledger>;

/// The table.
pub enum Ledger {}

/// One class of one file.
#[derive(Clone, Copy)]
pub struct LedgerRow<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The class.
    pub class: Class,
    /// Packets in it.
    pub packets: u64,
}

impl Table for Ledger {
    const NAME: &'static str = "ledger";
    type Row<'a> = LedgerRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Ledger", columns: COLUMNS }];
}

const COLUMNS: &[Column<Ledger>] = &[
    Column::required("file", "", "The file.", Kind::Text(|row, out| text(row.file, out))),
    Column::required(
        "class",
        "",
        "What the packets turned out to be; the classes of a file add up to its packets.",
        Kind::word(|| Class::ALL.iter().map(|class| class.name()).collect(), &|row| {
            Class::ALL.iter().position(|&class| class == row.class)
        }),
    ),
    Column::required(
        "packets",
        "packets",
        "How many there were.",
        Kind::int64(&|row| count(row.packets)),
    ),
];

//! The `names` table: what addresses are called, and who says so.

use super::column::{Column, Group, Table, count, text};
use super::vocabulary::{Vocabulary, words};
use crate::hosts::{Host, Origin};

type Kind = super::column::Kind<Names>;

/// The table.
pub enum Names {}

impl Table for Names {
    const NAME: &'static str = "names";
    type Row<'a> = &'a Host;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Name", columns: COLUMNS }];
}

const COLUMNS: &[Column<Names>] = &[
    Column::required("address", "", "The address.", Kind::Address(|row| Some(row.address))),
    Column::required(
        "name",
        "",
        "Its name. Of DNS what was asked for, in lower case, whatever aliases led to the address.",
        Kind::Text(|row, out| text(&row.name, out)),
    ),
    Column::required(
        "source",
        "",
        "Who says so: the hosts file of the option `hosts`, a DNS or multicast DNS answer, or a \
         name resolution block of a pcapng file.",
        Kind::word(words::<Origin>, &|row| Some(row.origin.index())),
    ),
    Column::optional(
        "client_ip",
        "",
        "Whom the DNS answer told it; missing where it went to many.",
        Kind::Address(|row| row.seen.client),
    ),
    Column::optional(
        "first_seen",
        "",
        "Time of the first such answer.",
        Kind::time(&|row| row.seen.time),
    ),
    Column::optional(
        "first_packet",
        "",
        "Number of its packet over the whole capture.",
        Kind::int64(&|row| count(row.seen.packet?)),
    ),
    Column::required("count", "", "How often it was said.", Kind::int64(&|row| count(row.count))),
];

//! The `interfaces` table: where packets were captured, and what the capturing machine lost.

use super::column::{Column, Group, Table, count, text};
use super::shared::Shared;
use crate::capture::Interface;
use crate::packet::link_name;

type Kind = super::column::Kind<Interfaces>;

/// The table.
pub enum Interfaces {}

/// One interface of one section of one file.
#[derive(Clone, Copy)]
pub struct InterfaceRow<'a> {
    /// The interface.
    pub interface: &'a Interface,
    /// What it refers to by number.
    pub shared: &'a Shared,
}

impl Table for Interfaces {
    const NAME: &'static str = "interfaces";
    type Row<'a> = InterfaceRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[
        Group { title: "Interface", columns: INTERFACE },
        Group { title: "Capture drops", columns: DROPS },
    ];
}

/// Appends a text that the file gives, if it does.
fn given(value: &str, out: &mut String) -> Option<()> {
    (!value.is_empty()).then(|| out.push_str(value))
}

const INTERFACE: &[Column<Interfaces>] = &[
    Column::optional(
        "file",
        "",
        "The file.",
        Kind::Text(|row, out| text(row.shared.file(row.interface.file)?, out)),
    ),
    Column::required(
        "section",
        "",
        "Section of the file, from 0.",
        Kind::int64(&|row| count(row.interface.section.into())),
    ),
    Column::required(
        "number",
        "",
        "Number within the section, from 0.",
        Kind::int64(&|row| count(row.interface.id_in_section.into())),
    ),
    Column::optional(
        "name",
        "",
        "Its name.",
        Kind::Text(|row, out| given(&row.interface.name, out)),
    ),
    Column::optional(
        "description",
        "",
        "Its description.",
        Kind::Text(|row, out| given(&row.interface.description, out)),
    ),
    Column::optional(
        "filter",
        "",
        "The filter of the capture.",
        Kind::Text(|row, out| given(&row.interface.filter, out)),
    ),
    Column::optional(
        "os",
        "",
        "The operating system of the capturing machine.",
        Kind::Text(|row, out| given(&row.interface.os, out)),
    ),
    Column::required(
        "link_type",
        "",
        "Number of its link type (LINKTYPE_ of the tcpdump group).",
        Kind::uint16(&|row| Some(row.interface.link.0)),
    ),
    Column::required(
        "link_name",
        "",
        "Name of its link type.",
        Kind::Text(|row, out| text(link_name(row.interface.link), out)),
    ),
    Column::optional(
        "snap_length",
        "bytes",
        "Bytes kept of each packet; missing without a limit.",
        Kind::int64(&|row| Some(i64::from(row.interface.snap_length)).filter(|&n| n > 0)),
    ),
    Column::required(
        "resolution",
        "",
        "Unit of its timestamps.",
        Kind::Text(|row, out| text(&row.interface.resolution, out)),
    ),
    Column::required(
        "packets",
        "packets",
        "Packets read.",
        Kind::int64(&|row| count(row.interface.packets)),
    ),
];

const DROPS: &[Column<Interfaces>] = &[
    Column::optional(
        "received",
        "packets",
        "Received by the interface, as the file says.",
        Kind::int64(&|row| count(row.interface.drops.received?)),
    ),
    Column::optional(
        "dropped_by_interface",
        "packets",
        "Dropped by the interface, as the file says.",
        Kind::int64(&|row| count(row.interface.drops.interface_dropped?)),
    ),
    Column::optional(
        "accepted_by_filter",
        "packets",
        "Accepted by the filter, as the file says.",
        Kind::int64(&|row| count(row.interface.drops.filter_accepted?)),
    ),
    Column::optional(
        "dropped_by_os",
        "packets",
        "Dropped by the operating system, as the file says.",
        Kind::int64(&|row| count(row.interface.drops.os_dropped?)),
    ),
    Column::optional(
        "delivered",
        "packets",
        "Delivered to the capturing program, as the file says.",
        Kind::int64(&|row| count(row.interface.drops.delivered?)),
    ),
    Column::required(
        "dropped_between",
        "packets",
        "Lost between packets, as the packets' own drop counts say.",
        Kind::int64(&|row| count(row.interface.drops.between_packets)),
    ),
];

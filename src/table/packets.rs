//! The `packets` table: the segments of chosen connections.

use super::column::{Column, Group, Table, count, text};
use super::shared::Shared;
use super::vocabulary::words;
use crate::conn::{Side, Traced};

type Kind = super::column::Kind<Packets>;

/// The table.
pub enum Packets {}

/// One segment.
#[derive(Clone, Copy, Debug)]
pub struct PacketRow<'a> {
    /// The segment.
    pub segment: &'a Traced,
    /// What it refers to by number.
    pub shared: &'a Shared,
}

impl Table for Packets {
    const NAME: &'static str = "packets";
    type Row<'a> = PacketRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Segment", columns: COLUMNS }];
}

const COLUMNS: &[Column<Packets>] = &[
    Column::required(
        "connection_id",
        "",
        "The connection it belongs to.",
        Kind::int64(&|row| count(row.segment.connection)),
    ),
    Column::required(
        "packet",
        "",
        "Number of its packet over the whole capture, from 1.",
        Kind::int64(&|row| count(row.segment.packet)),
    ),
    Column::optional(
        "file",
        "",
        "Its file.",
        Kind::Text(|row, out| text(row.shared.file(row.segment.file)?, out)),
    ),
    Column::required(
        "packet_in_file",
        "",
        "Number of its packet in that file, from 1; only packets count.",
        Kind::int64(&|row| count(row.segment.packet_in_file)),
    ),
    Column::required("time", "", "Capture time.", Kind::time(&|row| Some(row.segment.time))),
    Column::required(
        "sender",
        "",
        "Who sent it, by its addresses.",
        Kind::word(words::<Side>, &|row| Some(row.segment.sender.index())),
    ),
    Column::required(
        "flags",
        "",
        "Its control bits, joined by commas.",
        Kind::Text(|row, out| text(row.segment.flags.text(), out)),
    ),
    Column::optional(
        "seq",
        "bytes",
        "Sequence number relative to the sender's first one in the capture.",
        Kind::int64(&|row| row.segment.relative_sequence),
    ),
    Column::optional(
        "ack",
        "bytes",
        "Acknowledgment number relative to the peer's first sequence number in the capture.",
        Kind::int64(&|row| row.segment.relative_acknowledgment),
    ),
    Column::required(
        "seq_raw",
        "",
        "Sequence number as sent.",
        Kind::uint32(&|row| Some(row.segment.sequence.0)),
    ),
    Column::required(
        "ack_raw",
        "",
        "Acknowledgment field as sent.",
        Kind::uint32(&|row| Some(row.segment.acknowledgment.0)),
    ),
    Column::required(
        "window",
        "",
        "Window field as sent, unscaled.",
        Kind::uint16(&|row| Some(row.segment.window)),
    ),
    Column::required(
        "payload_length",
        "bytes",
        "Payload on the wire.",
        Kind::int64(&|row| count(row.segment.payload_length.into())),
    ),
    Column::required("ttl", "hops", "TTL or hop limit.", Kind::uint8(&|row| Some(row.segment.ttl))),
    Column::optional("ip_id", "", "IPv4 identification.", Kind::uint16(&|row| row.segment.ip_id)),
];

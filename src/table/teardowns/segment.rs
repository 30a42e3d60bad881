use super::Teardowns;
use crate::conn::{Kind as Segment, Side, seconds};
use crate::packet::Flags;
use crate::table::column::{Column, count};
use crate::table::shared::Shared;
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Teardowns>;

pub(super) const COLUMNS: &[Column<Teardowns>] = &[
    Column::required(
        "connection_id",
        "",
        "The connection it belongs to.",
        Kind::int64(&|row| count(row.connection.id)),
    ),
    Column::required(
        "packet",
        "",
        "Number of its packet over the whole capture, from 1.",
        Kind::int64(&|row| count(row.teardown.packet)),
    ),
    Column::optional(
        "file",
        "",
        "Its file.",
        Kind::named(Shared::files, &|row| row.shared.files().place(row.teardown.file)),
    ),
    Column::required(
        "packet_in_file",
        "",
        "Number of its packet in that file, from 1; only packets count.",
        Kind::int64(&|row| count(row.teardown.packet_in_file)),
    ),
    Column::required("time", "", "Capture time.", Kind::time(&|row| Some(row.teardown.time))),
    Column::required(
        "sender",
        "",
        "Who sent it, by its addresses.",
        Kind::word(words::<Side>, &|row| Some(row.teardown.sender.index())),
    ),
    Column::required(
        "kind",
        "",
        "FIN or RST; a segment with both is a RST.",
        Kind::word(words::<Segment>, &|row| Some(row.teardown.kind.index())),
    ),
    Column::required(
        "flags",
        "",
        "Its control bits, joined by commas.",
        Kind::label(Flags::texts, &|row| Some(row.teardown.flags.place())),
    ),
    Column::optional(
        "seq",
        "bytes",
        "Sequence number relative to the sender's initial one.",
        Kind::int64(&|row| row.teardown.relative_sequence.get()),
    ),
    Column::optional(
        "ack",
        "bytes",
        "Acknowledgment number relative to the peer's initial sequence number.",
        Kind::int64(&|row| row.teardown.relative_acknowledgment.get()),
    ),
    Column::required(
        "seq_raw",
        "",
        "Sequence number as sent.",
        Kind::uint32(&|row| Some(row.teardown.sequence.0)),
    ),
    Column::required(
        "ack_raw",
        "",
        "Acknowledgment field as sent, meaningful with the ACK bit.",
        Kind::uint32(&|row| Some(row.teardown.acknowledgment.0)),
    ),
    Column::required(
        "window",
        "",
        "Window field, unscaled.",
        Kind::uint16(&|row| Some(row.teardown.window)),
    ),
    Column::required(
        "ttl",
        "hops",
        "TTL or hop limit.",
        Kind::uint8(&|row| Some(row.teardown.ttl)),
    ),
    Column::optional("ip_id", "", "IPv4 identification.", Kind::uint16(&|row| row.teardown.ip_id)),
    Column::required(
        "payload_length",
        "bytes",
        "Payload on the wire.",
        Kind::int64(&|row| count(row.teardown.payload_length.into())),
    ),
    Column::required(
        "duplicate",
        "",
        "Whether it is an exact copy made by the capture, without effect on anything else.",
        Kind::bool(&|row| Some(row.teardown.duplicate)),
    ),
    Column::required(
        "unacked_bytes",
        "bytes",
        "Payload its sender had sent before it that was not yet acknowledged.",
        Kind::int64(&|row| count(row.teardown.unacked_bytes)),
    ),
    Column::optional(
        "idle_before_s",
        "s",
        "Silence of the connection before it (before its trigger, for a reply).",
        Kind::float64(&|row| row.teardown.idle.get().map(seconds)),
    ),
    Column::optional(
        "since_syn_s",
        "s",
        "Time since the connection's first SYN.",
        Kind::float64(&|row| {
            let since = row.teardown.time.checked_sub(row.connection.syn_time.get()?)?;
            Some(seconds(since))
        }),
    ),
];

use super::Teardowns;
use crate::conn::{Form, Reason, SequenceCheck, Trigger, seconds};
use crate::table::column::{Column, count, text};
use crate::table::text::put;
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Teardowns>;

pub(super) const FIN: &[Column<Teardowns>] = &[
    Column::optional(
        "retransmission_of",
        "",
        "FIN: packet of the earlier FIN with the same sequence number.",
        Kind::int64(&|row| count(row.fin()?.retransmission_of.get()?)),
    ),
    Column::optional(
        "retransmissions",
        "packets",
        "FIN: how often it was sent again.",
        Kind::uint32(&|row| Some(row.fin()?.retransmissions)),
    ),
    Column::optional(
        "acked_at",
        "",
        "FIN: when the peer first acknowledged it; missing when it never did.",
        Kind::time(&|row| row.fin()?.acked_at.get()),
    ),
    Column::optional(
        "acked_packet",
        "",
        "FIN: packet of that acknowledgment.",
        Kind::int64(&|row| count(row.fin()?.acked_packet.get()?)),
    ),
    Column::optional(
        "ack_delay_s",
        "s",
        "FIN: time until the peer acknowledged it.",
        Kind::float64(&|row| {
            let fin = row.fin()?;
            Some(seconds(fin.acked_at.get()?.saturating_sub(fin.time)))
        }),
    ),
];

pub(super) const RST: &[Column<Teardowns>] = &[
    Column::optional(
        "reset_form",
        "",
        "RST: `abort` has the shape a socket gives it, `reply` copies numbers of another segment.",
        Kind::word(words::<Form>, &|row| row.rst()?.form.map(Vocabulary::index)),
    ),
    Column::optional(
        "trigger",
        "",
        "RST: what kind of segment it answers.",
        Kind::word(words::<Trigger>, &|row| row.rst()?.trigger.map(Vocabulary::index)),
    ),
    Column::optional(
        "trigger_packet",
        "",
        "RST: packet of the segment it answers.",
        Kind::int64(&|row| count(row.rst()?.trigger_packet.get()?)),
    ),
    Column::optional(
        "turnaround_s",
        "s",
        "RST: time since the segment it answers.",
        Kind::float64(&|row| row.rst()?.turnaround.get().map(seconds)),
    ),
    Column::optional(
        "sequence_check",
        "",
        "RST: how its sequence number stands to what its receiver expects (RFC 5961).",
        Kind::word(words::<SequenceCheck>, &|row| Some(row.rst()?.sequence_check.index())),
    ),
    Column::optional(
        "effective",
        "",
        "RST: whether it ended anything; missing where that cannot be told.",
        Kind::bool(&|row| row.rst()?.effective),
    ),
    Column::optional(
        "follow_up",
        "",
        "RST: whether it follows another effective reset of its side.",
        Kind::bool(&|row| Some(row.rst()?.follow_up)),
    ),
    Column::optional(
        "challenged",
        "",
        "RST: whether a challenge ACK answered it at once.",
        Kind::bool(&|row| Some(row.rst()?.challenged)),
    ),
    Column::optional(
        "unread_bytes",
        "bytes",
        "RST: payload its sender had been sent and never answered with data (a hint).",
        Kind::int64(&|row| count(row.rst()?.unread_bytes)),
    ),
    Column::optional(
        "peer_bytes_unacked",
        "bytes",
        "RST: payload of the peer that it leaves unacknowledged.",
        Kind::int64(&|row| count(row.rst()?.peer_bytes_unacked)),
    ),
    Column::optional(
        "reset_reason",
        "",
        "RST: the reason it states, as text or code.",
        Kind::Text(|row, out| match row.rst()?.reason.as_deref()? {
            Reason::Text(reason) => text(reason, out),
            Reason::Diagnostic(code, reason) => {
                put(out, format_args!("diagnostic {code}: {reason}"));
                Some(())
            }
            Reason::NetScaler(code, reason) => {
                put(out, format_args!("NetScaler {code}: {reason}"));
                Some(())
            }
            Reason::Mptcp(code) => {
                put(out, format_args!("MPTCP {code}"));
                Some(())
            }
        }),
    ),
    Column::optional(
        "ttl_delta",
        "hops",
        "RST: its TTL minus the usual one of its claimed sender.",
        Kind::int64(&|row| row.rst()?.ttl_delta.map(i64::from)),
    ),
    Column::optional(
        "ip_id_delta",
        "",
        "RST: its IPv4 identification minus that of its claimed sender's segment before it.",
        Kind::int64(&|row| row.rst()?.ip_id_delta.map(i64::from)),
    ),
    Column::optional(
        "timestamp_ok",
        "",
        "RST: whether its timestamp fits; missing where the connection uses none.",
        Kind::bool(&|row| row.rst()?.timestamp_ok),
    ),
    Column::optional(
        "copies_peer",
        "",
        "RST: whether its identification or window copies the segment before it.",
        Kind::bool(&|row| Some(row.rst()?.copies_peer)),
    ),
    Column::optional(
        "link_source_differs",
        "",
        "RST: whether its hardware source is not the one its side began with.",
        Kind::bool(&|row| Some(row.rst()?.link_source_differs)),
    ),
];

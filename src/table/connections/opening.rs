use super::Connections;
use crate::conn::{Opening, Side, seconds};
use crate::table::column::Column;
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Connections>;

pub(super) const COLUMNS: &[Column<Connections>] = &[
    Column::required(
        "opening",
        "",
        "How the capture shows the beginning; `mid_stream` makes client and server a guess.",
        Kind::word(words::<Opening>, &|row| Some(row.connection.opening.index())),
    ),
    Column::optional(
        "client_wait_s",
        "s",
        "From the first SYN to the client's first acknowledgment or reset: how long it waited.",
        Kind::float64(&|row| row.connection.client_wait().map(seconds)),
    ),
    Column::optional(
        "syn_retry_s",
        "s",
        "From the first SYN to the latest before the SYN-ACK: what repeated SYNs took.",
        Kind::float64(&|row| row.connection.syn_retry().map(seconds)),
    ),
    Column::optional(
        "synack_delay_s",
        "s",
        "From the latest SYN before it to the SYN-ACK: the server's part of the round trip.",
        Kind::float64(&|row| row.connection.syn_ack_delay().map(seconds)),
    ),
    Column::optional(
        "ack_delay_s",
        "s",
        "From the SYN-ACK to its acknowledgment: the client's part of the round trip.",
        Kind::float64(&|row| row.connection.ack_delay().map(seconds)),
    ),
    Column::optional(
        "handshake_rtt_s",
        "s",
        "Round trip of the handshake: both parts added.",
        Kind::float64(&|row| {
            let parts = row.connection.syn_ack_delay()?.checked_add(row.connection.ack_delay()?)?;
            Some(seconds(parts))
        }),
    ),
    Column::optional(
        "synack_ack_offset",
        "bytes",
        "How far the SYN-ACK's acknowledgment is from the one that fits the SYN; 0 when it fits.",
        Kind::int64(&|row| Some(row.connection.syn_ack?.ack_offset)),
    ),
    Column::required(
        "client_syns",
        "packets",
        "SYN segments of the client.",
        Kind::uint32(&|row| Some(row.connection.side(Side::Client).syns)),
    ),
    Column::required(
        "server_syn_acks",
        "packets",
        "SYN-ACK segments of the server.",
        Kind::uint32(&|row| Some(row.connection.side(Side::Server).syn_acks)),
    ),
];

pub(super) const OPTIONS: &[Column<Connections>] = sides! {
    optional "mss", "bytes", "maximum segment size option of its SYN.", uint16,
        |c, side| c.side(side).mss;
    optional "window_scale", "", "window scale option of its SYN, a shift count.", uint8,
        |c, side| c.side(side).window_scale;
};

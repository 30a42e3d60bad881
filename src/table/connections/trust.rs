use super::Connections;
use crate::conn::{Side, Tampering, Vantage, VantageBasis};
use crate::table::column::{Column, count, text};
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Connections>;

const DIRECTIONS: [&str; 3] = ["both", "client", "server"];
const ZEEK_STATES: [&str; 13] =
    ["S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"];

pub(super) const COLUMNS: &[Column<Connections>] = &[
    Column::required(
        "directions_seen",
        "",
        "Whose segments were captured: of both sides, or of one.",
        Kind::word(|| DIRECTIONS.to_vec(), &|row| {
            let side = |side| row.connection.side(side).spoke();
            Some(match (side(Side::Client), side(Side::Server)) {
                (true, false) => 1,
                (false, true) => 2,
                _ => 0,
            })
        }),
    ),
    Column::required(
        "vantage",
        "",
        "Where the capture was made: next to the client, the server, or in between.",
        Kind::word(words::<Vantage>, &|row| Some(row.connection.vantage().0.index())),
    ),
    Column::required(
        "vantage_basis",
        "",
        "What says so.",
        Kind::word(words::<VantageBasis>, &|row| Some(row.connection.vantage().1.index())),
    ),
    Column::required(
        "capture_gaps",
        "bytes",
        "Payload that was acknowledged and never captured: what the capture lost.",
        Kind::int64(&|row| {
            let sides = &row.connection.endpoints;
            count(sides.iter().fold(0, |sum, side| side.lost_bytes().saturating_add(sum)))
        }),
    ),
    Column::required(
        "cut_packets",
        "packets",
        "Segments whose payload the snap length cut.",
        Kind::uint32(&|row| Some(row.connection.counts.cut_packets)),
    ),
    Column::required(
        "duplicate_packets",
        "packets",
        "Exact copies made by the capture; the counts of packets, FINs and RSTs include them.",
        Kind::int64(&|row| {
            let sides = &row.connection.endpoints;
            count(sides.iter().map(|side| u64::from(side.duplicates)).sum())
        }),
    ),
    Column::required(
        "time_backward",
        "packets",
        "Segments at which the capture's clock went back.",
        Kind::uint32(&|row| Some(row.connection.counts.time_backward)),
    ),
];

pub(super) const COMPATIBILITY: &[Column<Connections>] = &[
    Column::required(
        "zeek_conn_state",
        "",
        "What Zeek's conn.log has as conn_state.",
        Kind::word(|| ZEEK_STATES.to_vec(), &|row| {
            let state = row.connection.zeek.conn_state();
            ZEEK_STATES.iter().position(|&known| known == state)
        }),
    ),
    Column::required(
        "zeek_history",
        "",
        "What Zeek's conn.log has as history.",
        Kind::Text(|row, out| text(row.connection.zeek.history(), out)),
    ),
    Column::required(
        "tampering_signature",
        "",
        "Published passive signature of the client's half alone; a shape, not a verdict.",
        Kind::word(words::<Tampering>, &|row| Some(row.connection.tampering().index())),
    ),
    Column::required(
        "wireshark_completeness",
        "",
        "What Wireshark has as tcp.completeness: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32.",
        Kind::uint8(&|row| Some(row.connection.completeness)),
    ),
];

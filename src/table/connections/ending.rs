use super::Connections;
use crate::conn::{
    Connection, EndedBy, Ending, Kind as Teardowns, Phase, Release, Side, Teardown, alert_name,
    seconds,
};
use crate::table::column::{Column, count, text};
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Connections>;

pub(super) const COLUMNS: &[Column<Connections>] = &[
    Column::required(
        "ending",
        "",
        "How it ended, from packets alone; resets without effect are left out.",
        Kind::word(words::<Ending>, &|row| Some(row.connection.ending.index())),
    ),
    Column::required(
        "ending_raw",
        "",
        "How it ended when every reset counts, obeyed or not.",
        Kind::word(words::<Ending>, &|row| Some(row.connection.ending_raw.index())),
    ),
    Column::required(
        "ended_by",
        "",
        "Who sent the segment that decided the ending, after judgement.",
        Kind::word(words::<EndedBy>, &|row| Some(row.verdict?.ended_by.index())),
    )
    .judged(),
    Column::optional(
        "deciding_packet",
        "",
        "Number of the packet that decided the ending.",
        Kind::int64(&|row| count(row.connection.deciding()?.packet)),
    ),
    Column::required(
        "phase",
        "",
        "Phase in which it ended.",
        Kind::word(words::<Phase>, &|row| Some(row.connection.phase.index())),
    ),
    Column::optional(
        "idle_before_end_s",
        "s",
        "Silence before the segment that decided the ending.",
        Kind::float64(&|row| {
            let deciding = row.connection.deciding().and_then(|teardown| teardown.idle.get());
            deciding.or(row.connection.idle_before_fin.get()).map(seconds)
        }),
    ),
    Column::optional(
        "close_start",
        "",
        "Capture time of the first FIN, else of the first RST, whichever decided the ending.",
        Kind::time(&|row| Some(closing(row.connection)?.time)),
    ),
    Column::optional(
        "idle_before_close_s",
        "s",
        "Silence before the first FIN, else before the first RST, whichever decided the ending.",
        Kind::float64(&|row| closing(row.connection)?.idle.get().map(seconds)),
    ),
    Column::optional(
        "first_fin_by",
        "",
        "Who sent the first FIN.",
        Kind::word(words::<Side>, &|row| row.connection.first_fin_by.map(Vocabulary::index)),
    ),
    Column::optional(
        "first_rst_by",
        "",
        "Who sent the first RST, by its addresses.",
        Kind::word(words::<Side>, &|row| row.connection.first_rst_by.map(Vocabulary::index)),
    ),
    Column::required(
        "simultaneous_close",
        "",
        "Whether the FINs of both sides crossed.",
        Kind::bool(&|row| Some(row.connection.simultaneous_close)),
    ),
    Column::required(
        "late_packets",
        "packets",
        "Segments after it was over.",
        Kind::uint32(&|row| Some(row.connection.counts.late_packets)),
    ),
    Column::required(
        "icmp_errors",
        "packets",
        "ICMP errors that quote a segment of it.",
        Kind::uint32(&|row| Some(row.connection.extra().map_or(0, |extra| extra.icmp_count))),
    ),
    Column::optional(
        "icmp_error",
        "",
        "Type and code of the first ICMP error about it, as in `3/1`.",
        Kind::Text(|row, out| {
            let icmp = row.connection.extra()?.icmp?;
            text(&format!("{}/{}", icmp.kind, icmp.code), out)
        }),
    ),
    Column::optional(
        "icmp_reporter",
        "",
        "Who sent the first ICMP error about it.",
        Kind::Address(|row| {
            let icmp = row.connection.extra()?.icmp?;
            Some(icmp.reporter.ip(icmp.version))
        }),
    ),
    Column::required(
        "release",
        "",
        "Why the row was let go.",
        Kind::word(words::<Release>, &|row| Some(row.connection.release.index())),
    ),
    Column::required(
        "superseded",
        "",
        "Whether a new connection of the same addresses and ports replaced it while it was open.",
        Kind::bool(&|row| Some(row.connection.superseded)),
    ),
    Column::required(
        "censored",
        "",
        "Whether the capture ended too early to know the ending.",
        Kind::bool(&|row| Some(row.connection.censored)),
    ),
];

/// The first FIN, else the first RST.
fn closing(c: &Connection) -> Option<&Teardown> {
    let first = |kind| c.teardowns.iter().find(|teardown| teardown.kind == kind);
    first(Teardowns::Fin).or_else(|| first(Teardowns::Rst))
}

pub(super) const SIDES: &[Column<Connections>] = sides! {
    required "fins", "packets", "FIN segments sent.", uint32,
        |c, side| Some(c.side(side).fins);
    required "rsts", "packets", "RST segments sent, by their addresses.", uint32,
        |c, side| Some(c.side(side).rsts);
    required "bytes_lost", "bytes", "payload a reset threw away: sent, never acknowledged (lower bound).",
        int64, |c, side| count(c.bytes_lost(side));
    required "bytes_after_fin", "bytes", "new payload after the first FIN of either side.", int64,
        |c, side| count(c.bytes_after_first_fin[side]);
    optional "tls_alert", "", "its last TLS alert; `encrypted` where it cannot be read.", text,
        |c, side, out| {
            let alert = c.extra()?.tls_alert[side]?;
            text(alert.clear.map_or("encrypted", |(_, description)| alert_name(description)), out)
        };
};

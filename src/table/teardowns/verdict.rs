use super::Teardowns;
use crate::cause;
use crate::table::column::{Column, Kind};

pub const COLUMNS: &[Column<Teardowns>] = &[
    Column::required(
        "cause",
        "",
        "Why this segment was sent; `undetermined` when no rule holds.",
        Kind::Word(cause::names, |row| Some(row.verdict.cause.index())),
    ),
    Column::required(
        "confidence",
        "",
        "How sure the cause is, from 0 to 1; 0 when undetermined.",
        Kind::Float64(|row| Some(row.verdict.confidence)),
    ),
    Column::optional(
        "injection_score",
        "",
        "RST: weighted evidence for and against its being injected.",
        Kind::Float64(|row| row.rst().map(|_| row.injection)),
    ),
    Column::required(
        "evidence",
        "",
        "The facts that the cause rests on: name, number, text, packet that shows it.",
        Kind::Facts(|row, out| out.evidence(&row.verdict.evidence)),
    ),
    Column::required(
        "alternatives",
        "",
        "Other causes whose rules hold, and those that cannot be told from it.",
        Kind::Texts(|row, out| {
            row.verdict.alternatives.iter().for_each(|cause| out.push(cause.name()));
        }),
    ),
];

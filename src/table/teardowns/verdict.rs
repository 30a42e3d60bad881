use super::Teardowns;
use crate::cause::{self, Mechanism};
use crate::table::column::Column;
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Teardowns>;

pub(super) const COLUMNS: &[Column<Teardowns>] = &[
    Column::required(
        "mechanism",
        "",
        "What made this segment, as the packets alone decide it.",
        Kind::word(words::<Mechanism>, &|row| Some(row.verdict?.mechanism.index())),
    )
    .judged(),
    Column::required(
        "cause",
        "",
        "Why this segment was sent; `undetermined` when no rule holds.",
        Kind::word(cause::names, &|row| Some(row.verdict?.cause.index())),
    )
    .judged(),
    Column::required(
        "confidence",
        "",
        "How sure the cause is, from 0 to 1 in steps of 0.01; 0 when undetermined.",
        Kind::float64(&|row| Some(row.verdict?.confidence)),
    )
    .judged(),
    Column::optional(
        "injection_score",
        "",
        "RST: weighted evidence for and against its being injected.",
        Kind::float64(&|row| row.rst().map(|_| row.injection)),
    )
    .judged(),
    Column::required(
        "evidence",
        "",
        "The facts that the cause rests on: name, number, text, packet that shows it.",
        Kind::Evidence,
    )
    .judged(),
    Column::required(
        "alternatives",
        "",
        "What else it could be, likeliest first, with shares of what the confidence leaves.",
        Kind::Shares(|row, out| {
            for other in row.verdict.map_or(&[][..], |verdict| &verdict.alternatives) {
                out.push(other.cause, other.confidence);
            }
        }),
    )
    .judged(),
];

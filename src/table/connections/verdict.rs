use super::Connections;
use crate::cause::{self, Mechanism};
use crate::table::column::Column;
use crate::table::vocabulary::{Vocabulary, words};

type Kind = crate::table::column::Kind<Connections>;

pub(super) const COLUMNS: &[Column<Connections>] = &[
    Column::required(
        "mechanism",
        "",
        "How it was ended, as the packets alone decide it.",
        Kind::word(words::<Mechanism>, &|row| Some(row.verdict?.mechanism.index())),
    )
    .judged(),
    Column::required(
        "cause",
        "",
        "Why it ended; `undetermined` when no rule holds.",
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
    Column::required(
        "harmless",
        "",
        "Whether it is over and nothing was lost, whatever reset came; false where that is not seen.",
        Kind::bool(&|row| Some(row.verdict?.harmless)),
    )
    .judged(),
];

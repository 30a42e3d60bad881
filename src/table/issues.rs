//! The `issues` table: oddities of the capture, every one counted, the first of a kind shown.

use super::column::{Column, Group, Table, count, text};
use super::shared::Shared;
use crate::base::issue::{self, Issue};

type Kind = super::column::Kind<Issues>;

/// The table.
pub enum Issues {}

/// One example of an oddity.
#[derive(Clone, Copy)]
pub struct IssueRow<'a> {
    issue: &'a Issue,
    /// How often its kind was met in its file.
    count: u64,
    shared: &'a Shared,
}

/// The rows of a log, file by file, each file's in the order in which they were met.
pub fn rows<'a>(issues: &'a issue::Issues, shared: &'a Shared) -> Vec<IssueRow<'a>> {
    let counts: std::collections::HashMap<_, _> =
        issues.counts().map(|(file, kind, count)| ((file, kind), count)).collect();
    let examples = issues.examples().into_iter();
    examples
        .map(|issue| {
            let count = counts.get(&(issue.file, issue.kind)).copied().unwrap_or(1);
            IssueRow { issue, count, shared }
        })
        .collect()
}

impl Table for Issues {
    const NAME: &'static str = "issues";
    type Row<'a> = IssueRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[Group { title: "Issue", columns: COLUMNS }];
}

const COLUMNS: &[Column<Issues>] = &[
    Column::optional(
        "file",
        "",
        "The file.",
        Kind::Text(|row, out| text(row.shared.file(row.issue.file)?, out)),
    ),
    Column::required(
        "kind",
        "",
        "What kind of oddity.",
        Kind::Text(|row, out| text(row.issue.kind, out)),
    ),
    Column::required(
        "count",
        "",
        "How often this kind was met in this file; only the first are rows of this table.",
        Kind::int64(&|row| count(row.count)),
    ),
    Column::optional(
        "offset",
        "bytes",
        "Where in the (decompressed) file.",
        Kind::int64(&|row| count(row.issue.offset?)),
    ),
    Column::optional(
        "packet",
        "",
        "Number of the packet over the whole capture.",
        Kind::int64(&|row| count(row.issue.packet?)),
    ),
    Column::required(
        "detail",
        "",
        "What exactly, fit to print.",
        Kind::Text(|row, out| text(&row.issue.detail, out)),
    ),
];

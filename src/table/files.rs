//! The `files` table: what became of each file, and where its bytes went.

use super::column::{Column, Group, Table, count, text};
use super::vocabulary::{Vocabulary, words};
use crate::capture::{FileSummary, Section, Status};
use crate::conn::seconds;

type Kind = super::column::Kind<Files>;

/// The table.
pub enum Files {}

impl Table for Files {
    const NAME: &'static str = "files";
    type Row<'a> = &'a FileSummary;
    const GROUPS: &'static [Group<Self>] = &[
        Group { title: "File", columns: FILE },
        Group { title: "Accounts", columns: ACCOUNTS },
        Group { title: "Time", columns: TIME },
        Group { title: "Sections", columns: SECTIONS },
    ];
}

/// Appends a text that the file gives, if it does.
fn given(value: &str, out: &mut String) -> Option<()> {
    (!value.is_empty()).then(|| out.push_str(value))
}

/// Appends what the sections say of one thing, each text once.
fn sections(file: &FileSummary, of: fn(&Section) -> &str, out: &mut String) -> Option<()> {
    let mut said: Vec<&str> = Vec::new();
    for text in file.sections.iter().map(of).filter(|text| !text.is_empty()) {
        if said.len() < 16 && !said.contains(&text) {
            said.push(text);
        }
    }
    given(&said.join("; "), out)
}

const FILE: &[Column<Files>] = &[
    Column::required(
        "file",
        "",
        "Its name; a byte of it that is not UTF-8 is `\\xff`.",
        Kind::Text(|file, out| text(&file.name, out)),
    ),
    Column::optional("format", "", "Its format.", Kind::Text(|file, out| given(file.format, out))),
    Column::optional(
        "byte_order",
        "",
        "Byte order of the machine that wrote it.",
        Kind::Text(|file, out| given(file.byte_order, out)),
    ),
    Column::optional(
        "resolution",
        "",
        "Unit of a pcap file's timestamps; in pcapng each interface has its own.",
        Kind::Text(|file, out| given(file.resolution, out)),
    ),
    Column::required(
        "compression",
        "",
        "How it was compressed.",
        Kind::Text(|file, out| text(file.compression.as_str(), out)),
    ),
    Column::required(
        "status",
        "",
        "How reading it ended.",
        Kind::word(words::<Status>, &|file| Some(file.status.index())),
    ),
    Column::optional(
        "stopped_at",
        "bytes",
        "Where in the (decompressed) file reading stopped early.",
        Kind::int64(&|file| count(file.stopped_at?)),
    ),
];

const ACCOUNTS: &[Column<Files>] = &[
    Column::optional(
        "size",
        "bytes",
        "Its size as it lies there; missing for a pipe that was not read to its end.",
        Kind::int64(&|file| count(file.source_bytes?)),
    ),
    Column::required(
        "bytes_total",
        "bytes",
        "Bytes read, decompressed: headers, records, skipped and tail add up to it.",
        Kind::int64(&|file| count(file.bytes_total)),
    ),
    Column::required(
        "bytes_headers",
        "bytes",
        "Bytes of file headers.",
        Kind::int64(&|file| count(file.bytes_headers)),
    ),
    Column::required(
        "bytes_records",
        "bytes",
        "Bytes of records that are in order.",
        Kind::int64(&|file| count(file.bytes_records_ok)),
    ),
    Column::required(
        "bytes_skipped",
        "bytes",
        "Bytes of damaged records.",
        Kind::int64(&|file| count(file.bytes_skipped)),
    ),
    Column::required(
        "bytes_tail",
        "bytes",
        "Bytes of a record that the end of the file cut.",
        Kind::int64(&|file| count(file.bytes_tail)),
    ),
    Column::required(
        "records",
        "",
        "Records read: packets, other blocks and damaged records add up to it.",
        Kind::int64(&|file| count(file.records)),
    ),
    Column::required(
        "packets",
        "packets",
        "Packets read.",
        Kind::int64(&|file| count(file.packets)),
    ),
    Column::required(
        "blocks_other",
        "",
        "Blocks that are no packets.",
        Kind::int64(&|file| count(file.blocks.total())),
    ),
    Column::required(
        "blocks_custom",
        "",
        "Custom and event blocks among these, which Wireshark numbers like packets.",
        Kind::int64(&|file| count(file.blocks.custom.saturating_add(file.blocks.events))),
    ),
    Column::required(
        "records_bad",
        "",
        "Damaged records.",
        Kind::int64(&|file| count(file.records_bad)),
    ),
    Column::required(
        "bytes_captured",
        "bytes",
        "Bytes captured of the packets.",
        Kind::int64(&|file| count(file.bytes_captured)),
    ),
    Column::required(
        "bytes_original",
        "bytes",
        "Bytes of the packets on the wire.",
        Kind::int64(&|file| count(file.bytes_original)),
    ),
];

const TIME: &[Column<Files>] = &[
    Column::optional("start", "", "Earliest packet.", Kind::time(&|file| file.first_time)),
    Column::optional("end", "", "Latest packet.", Kind::time(&|file| file.last_time)),
    Column::required(
        "time_backward",
        "packets",
        "Packets earlier than the one before them.",
        Kind::int64(&|file| count(file.time_backward)),
    ),
    Column::required(
        "max_backstep_s",
        "s",
        "Largest step back in time.",
        Kind::float64(&|file| Some(seconds(i64::try_from(file.max_backstep).unwrap_or(i64::MAX)))),
    ),
    Column::required(
        "without_time",
        "packets",
        "Packets without a (representable) time.",
        Kind::int64(&|file| count(file.without_time)),
    ),
];

const SECTIONS: &[Column<Files>] = &[
    Column::optional(
        "application",
        "",
        "The program that wrote it.",
        Kind::Text(|file, out| sections(file, |section| &section.application, out)),
    ),
    Column::optional(
        "hardware",
        "",
        "The hardware it was captured on.",
        Kind::Text(|file, out| sections(file, |section| &section.hardware, out)),
    ),
    Column::optional(
        "os",
        "",
        "The operating system it was captured on.",
        Kind::Text(|file, out| sections(file, |section| &section.os, out)),
    ),
    Column::required(
        "comments",
        "",
        "Comments on the file.",
        Kind::Texts(|file, out| {
            file.sections.iter().flat_map(|section| &section.comments).for_each(|c| out.push(c));
        }),
    ),
];

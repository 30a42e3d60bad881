//! One file: its format found out, its records read, its accounts closed.

use std::path::Path;

use super::batch::{FRAMES, Notes, Record, Step};
use super::leaps::Leaps;
use super::pcap::{self, Pcap};
use super::pcapng::{Pcapng, is_pcapng};
use super::source::{Compression, End, Input, Source, Stream, guess};
use super::summary::Status;
use super::window::Window;
use crate::base::error::Error;
use crate::base::text::file_name;

/// Bytes thrown away at a time behind damage, so that a caller can interrupt.
const DRAIN: u64 = 16 << 20;
/// First bytes that are looked at to say what an input is.
const HEAD: usize = 512;
/// How far the first packet's time is looked for before files are put in order.
const PEEK: u64 = 4 << 20;

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// A capture file being read.
pub(crate) struct CaptureFile {
    window: Window,
    format: Format,
    pub(crate) records: Vec<Record>,
    /// Damage: the rest is only counted.
    draining: bool,
    done: bool,
    last_time: Option<i64>,
    leaps: Leaps,
}

/// Which of the formats, by the first bytes of the uncompressed input.
enum Recognised {
    Pcap,
    Pcapng,
}

fn recognise(window: &mut Window) -> Option<Recognised> {
    window.fill(pcap::HEADER);
    match window.bytes() {
        head if is_pcapng(head) => Some(Recognised::Pcapng),
        head if pcap::is_pcap(head) => Some(Recognised::Pcap),
        _ => None,
    }
}

/// Whether a file looks like a capture, plain or compressed: by its content, as for reading.
///
/// # Errors
/// Where it cannot be looked at.
pub fn looks_like_capture(path: &Path) -> Result<bool, Error> {
    let mut window = open(Source::Path(path.to_owned()), HEAD, None)?;
    let recognised = recognise(&mut window).is_some();
    match window.stream().end() {
        Some(End::Io(text)) if !recognised => {
            let source = std::io::Error::other(text.clone());
            Err(Error::Io { file: file_name(path), source })
        }
        _ => Ok(recognised),
    }
}

/// Opens the bytes of a source.
pub(crate) fn open(source: Source, chunk: usize, limit: Option<u64>) -> Result<Window, Error> {
    let file = source.name();
    let chunk = chunk.clamp(1, 16 << 20);
    let input = Input::open(source, chunk)?;
    let stream = Stream::new(input, limit).map_err(|source| Error::Io { file, source })?;
    Ok(Window::new(stream, chunk))
}

impl CaptureFile {
    /// Finds out the format; an error says what the input is instead.
    pub(crate) fn new(mut window: Window, notes: &mut Notes<'_>) -> Result<Self, Error> {
        notes.summary.compression = window.stream().compression();
        notes.summary.source_bytes = window.stream().bytes_total();
        let format = Self::format(&mut window, notes).map_err(|reason| {
            let file = notes.summary.name.clone();
            match window.stream().end() {
                Some(End::Io(text)) => {
                    Error::Io { file, source: std::io::Error::other(text.clone()) }
                }
                _ => Error::NotACapture { file, reason },
            }
        })?;
        let (records, leaps) = (Vec::with_capacity(FRAMES), Leaps::default());
        Ok(Self { window, format, records, draining: false, done: false, last_time: None, leaps })
    }

    fn format(window: &mut Window, notes: &mut Notes<'_>) -> Result<Format, String> {
        let compression = window.stream().compression();
        match recognise(window) {
            Some(Recognised::Pcapng) => return Pcapng::new(window, notes).map(Format::Pcapng),
            Some(Recognised::Pcap) => {
                let head = window.bytes();
                if head.len() < pcap::HEADER {
                    return Err(format!("pcap header cut short after {} of 24 bytes", head.len()));
                }
                let format = Pcap::new(head, notes)?;
                window.advance(pcap::HEADER);
                return Ok(Format::Pcap(format));
            }
            None => {}
        }
        window.fill(HEAD);
        let head = window.bytes();
        let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
        if compression == Compression::None {
            return Err(guess(head));
        }
        let inner = Compression::of(head);
        if inner != Compression::None {
            return Err(format!(
                "{inner} inside {compression}: compression within compression is refused"
            ));
        }
        Err(match window.stream().end() {
            Some(End::Damaged(text)) if head.is_empty() => {
                format!("damaged {compression} data: {text}")
            }
            Some(End::Limit(text)) if head.is_empty() => format!("{compression} data: {text}"),
            Some(End::Truncated) if head.is_empty() => {
                format!("{compression} data cut short at the beginning")
            }
            _ => format!("{compression} data: {}", guess(head)),
        })
    }

    /// Whether the whole file has been read.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn buffer(&self) -> &[u8] {
        self.window.buffer()
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.window.stream().bytes_read()
    }

    /// Has the file read on a thread of its own; false where that is not worth it.
    pub(crate) fn run_ahead(&mut self) -> bool {
        self.window.run_ahead()
    }

    /// Gives the file handle back until it is needed again.
    pub(crate) fn park(&mut self) {
        self.window.park();
    }

    /// Reads the next records, which may be none although more follow.
    pub(crate) fn load(&mut self, notes: &mut Notes<'_>) {
        self.records.clear();
        if self.done {
            return;
        }
        if self.draining {
            let (bytes, ended) = self.window.drain(DRAIN);
            notes.summary.bytes_tail += bytes;
            if ended {
                self.finish(Status::Corrupt, notes);
            }
            return;
        }
        let step = match &mut self.format {
            Format::Pcap(pcap) => pcap.step(&mut self.window, &mut self.records, notes),
            Format::Pcapng(ng) => ng.step(&mut self.window, &mut self.records, notes),
        };
        self.account(notes);
        match step {
            Step::More => {}
            Step::Clean => self.finish(Status::Complete, notes),
            Step::Cut => {
                let rest = self.window.bytes().len();
                let offset = self.window.offset();
                notes.summary.stopped_at = Some(offset);
                notes.summary.bytes_tail += rest as u64;
                if *self.end() == End::Clean {
                    notes.issue("truncated_tail", offset, || {
                        format!("the file ends in the middle of a record, {rest} bytes into it")
                    });
                }
                self.window.advance(rest);
                self.finish(Status::TruncatedTail, notes);
            }
            Step::Corrupt => {
                notes.summary.stopped_at.get_or_insert(self.window.offset());
                self.draining = true;
            }
        }
    }

    fn end(&self) -> &End {
        self.window.stream().end().unwrap_or(&End::Clean)
    }

    /// Times and bytes of the new records.
    fn account(&mut self, notes: &mut Notes<'_>) {
        // Counted by the format already.
        let before = notes.summary.packets - self.records.len() as u64;
        let summary = &mut *notes.summary;
        let (mut first_time, mut last_time) = (summary.first_time, summary.last_time);
        for (packet, record) in (before + 1..).zip(&self.records) {
            summary.bytes_captured += u64::from(record.length);
            summary.bytes_original += u64::from(record.original);
            let Some(time) = record.time else {
                summary.without_time += 1;
                continue;
            };
            first_time = Some(first_time.map_or(time, |first| first.min(time)));
            last_time = Some(last_time.map_or(time, |last| last.max(time)));
            let last = self.last_time.replace(time).unwrap_or(time);
            let step = last.abs_diff(time);
            if time < last {
                summary.time_backward += 1;
                summary.max_backstep = summary.max_backstep.max(step);
            }
            self.leaps.step(packet, last, time);
        }
        (summary.first_time, summary.last_time) = (first_time, last_time);
    }

    /// Closes the accounts.
    fn finish(&mut self, status: Status, notes: &mut Notes<'_>) {
        self.done = true;
        let offset = self.window.offset();
        notes.summary.bytes_total = offset;
        let whole = self.window.stream().whole();
        notes.summary.source_bytes = notes.summary.source_bytes.or(whole);
        let (by_stream, kind, text) = match self.end() {
            End::Clean => (Status::Reading, "", String::new()),
            End::Truncated => {
                (Status::TruncatedTail, "compressed_truncated", "compressed data cut short".into())
            }
            End::Damaged(text) => (Status::Corrupt, "compressed_damaged", text.clone()),
            End::Limit(text) => (Status::Limit, "limit", text.clone()),
            End::Io(text) => (Status::IoError, "io_error", text.clone()),
        };
        if by_stream != Status::Reading {
            notes.summary.stopped_at.get_or_insert(offset);
            notes.issue(kind, offset, || text);
        }
        if self.window.stream().has_trailing() {
            notes.issue("compressed_trailing", offset, || {
                "something else follows the compressed data and is ignored".into()
            });
        }
        if let Some(change) = self.window.change() {
            notes.issues.add(notes.file, None, None, "file_changed", || change);
        }
        let summary = &mut *notes.summary;
        summary.worsen(status);
        summary.worsen(by_stream);
        if summary.records_bad > 0 {
            summary.worsen(Status::Recovered);
        }
        if summary.status == Status::Complete && summary.packets == 0 {
            summary.worsen(Status::Empty);
        }
        self.leaps.report(notes);
        let summary = &*notes.summary;
        let (times, step) = (summary.time_backward, summary.max_backstep);
        notes.issues.add_many(notes.file, "time_backward", times, || {
            format!("{times} packets are older than the one before, by up to {step} ns")
        });
    }

    /// The time of the first packet that has one, looked up without consuming anything.
    pub(crate) fn peek_time(
        source_window: &mut Window,
        notes: &mut Notes<'_>,
    ) -> Result<Option<i64>, String> {
        source_window.hold();
        let mut format = Self::format(source_window, notes)?;
        let mut records = Vec::new();
        let time = loop {
            records.clear();
            let step = match &mut format {
                Format::Pcap(pcap) => pcap.step(source_window, &mut records, notes),
                Format::Pcapng(ng) => ng.step(source_window, &mut records, notes),
            };
            // What is held begins with the file, so that a record's place is its offset: how many
            // records come at once must not tell whether one is near enough.
            let mut near = records.iter().take_while(|record| record.start as u64 <= PEEK);
            let time = near.find_map(|record| record.time);
            if time.is_some() || step != Step::More || source_window.offset() > PEEK {
                break time;
            }
        };
        source_window.rewind();
        Ok(time)
    }
}

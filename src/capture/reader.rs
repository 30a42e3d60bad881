//! One capture of one or several files, read in order of time.

mod opening;
mod parts;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::PathBuf;

use super::batch::{Batch, Notes};
use super::blocks::{Blocks, Passed};
use super::file::{CaptureFile, open};
use super::interface::Interface;
use super::options::{Progress, ReadOptions};
use super::order::{Rank, report_overlaps};
use super::source::{Source, SourceFiles, Stamp};
use super::summary::{FileSummary, Status};
use super::window::Window;
use crate::base::error::Error;
use crate::base::issue::{Issues, NO_FILE};

/// File handles held at once; further files give theirs back between reads.
const MAX_HANDLES: usize = 128;
/// Files that are read ahead at a time.
const MAX_AHEAD: usize = 4;
/// Objects of a store whose beginnings are asked for ahead of their turn.
const SOON: usize = 4;

/// What is known of a file before it is its turn.
enum Waiting {
    /// To be opened (again) when the merge reaches it.
    Closed(Source, Option<Stamp>),
    /// Cannot be opened twice.
    Open(Box<Window>),
}

/// A file in the merge.
struct Slot {
    waiting: Option<Waiting>,
    file: Option<CaptureFile>,
    /// Time by which the file stands in line; a frame without a time inherits the one before.
    key: i64,
    /// Record to give out next.
    next: usize,
    given: u64,
    bytes_read: u64,
    ahead: bool,
    /// What lies before its records, where that is kept.
    passed: Vec<Passed>,
}

impl Slot {
    fn new(waiting: Waiting, key: i64) -> Self {
        Self {
            waiting: Some(waiting),
            file: None,
            key,
            next: 0,
            given: 0,
            bytes_read: 0,
            ahead: false,
            passed: Vec::new(),
        }
    }
}

/// A capture: reads its files, merged by time, as batches of frames.
///
/// Files are numbered in the order of their first packets. Within a file frames stay in the
/// file's order, also where time goes backwards.
pub struct Reader {
    slots: Vec<Slot>,
    summaries: Vec<FileSummary>,
    interfaces: Vec<Interface>,
    issues: Issues,
    sources: SourceFiles,
    options: ReadOptions,
    /// Interfaces that each file may describe.
    share: usize,
    /// Names of addresses that each may bring.
    share_of_names: usize,
    /// Whether the whole capture is one file.
    alone: bool,
    /// By which time each file stands in line, and where it was named.
    lineup: Vec<(i64, Rank)>,
    /// Open files that have a record at hand, by its time.
    line: BinaryHeap<Reverse<(i64, usize)>>,
    /// The first slot that has not been opened.
    unopened: usize,
    /// The file of the last batch, which is to be put in line again.
    current: Option<usize>,
    /// Files that are being read ahead.
    ahead: usize,
    number: u64,
    /// Everything was read, and what is odd about the files together told.
    over: bool,
    /// What lies between packets, on its way to the slot of its file, where it is kept.
    blocks: Option<Blocks>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("files", &self.summaries).finish_non_exhaustive()
    }
}

impl Reader {
    /// One without files.
    fn bare(options: ReadOptions) -> Self {
        Self {
            slots: Vec::new(),
            summaries: Vec::new(),
            interfaces: Vec::new(),
            issues: Issues::default(),
            sources: SourceFiles::default(),
            share: 0,
            share_of_names: 0,
            alone: false,
            lineup: Vec::new(),
            line: BinaryHeap::new(),
            unopened: 0,
            current: None,
            ahead: 0,
            number: options.before,
            options,
            over: false,
            blocks: None,
        }
    }

    /// Opens a slot's file and reads its first records.
    fn enter(&mut self, index: usize) -> Result<(), Error> {
        let chunk = match self.options.of.unwrap_or(0).max(self.slots.len()) {
            0..=16 => self.options.chunk,
            17..=256 => self.options.chunk.min(64 * 1024),
            _ => self.options.chunk.min(16 * 1024),
        };
        let limit = self.options.max_uncompressed_bytes;
        let window = match self.slots.get_mut(index).and_then(|slot| slot.waiting.take()) {
            Some(Waiting::Closed(source, stamp)) => {
                let soon = self.slots.iter().skip(index + 1).take(SOON);
                for slot in soon {
                    if let Some(Waiting::Closed(source, _)) = &slot.waiting {
                        source.prepare();
                    }
                }
                let mut window = open(source, chunk, limit)?;
                // It may be another one by now.
                window.file().cloned().into_iter().for_each(|file| self.sources.add(file));
                if let Some(stamp) = stamp {
                    window.date_back(stamp);
                }
                window
            }
            Some(Waiting::Open(window)) => *window,
            None => return Ok(()),
        };
        let mut file = CaptureFile::new(window, &mut self.notes(index)?)?;
        let ahead = self.options.ahead && self.ahead < MAX_AHEAD && file.run_ahead();
        self.ahead += usize::from(ahead);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.file = Some(file);
            slot.ahead = ahead;
        }
        self.advance(index)
    }

    fn notes(&mut self, index: usize) -> Result<Notes<'_>, Error> {
        let (alone, resync) = (self.alone, self.options.resync);
        let share = self.share;
        let summary = self.summaries.get_mut(index).ok_or_else(lost)?;
        Ok(Notes {
            file: u32::try_from(index).unwrap_or(NO_FILE),
            issues: &mut self.issues,
            interfaces: &mut self.interfaces,
            summary,
            alone,
            share,
            resync,
            blocks: self.blocks.as_mut(),
        })
    }

    /// Puts a file in line with its next record, reading more where it has none at hand.
    fn advance(&mut self, index: usize) -> Result<(), Error> {
        let many = self.line.len() >= MAX_HANDLES;
        // Taken out while it is read, as it writes into the tables.
        let Some(mut file) = self.slots.get_mut(index).and_then(|slot| slot.file.take()) else {
            return Ok(());
        };
        let mut next = self.slots.get(index).map_or(0, |slot| slot.next);
        if next >= file.records.len() {
            next = 0;
            file.load(&mut self.notes(index)?);
            if many {
                file.park();
            }
        }
        let slot = self.slots.get_mut(index).ok_or_else(lost)?;
        slot.passed = self.blocks.as_mut().map(Blocks::take).unwrap_or_default();
        slot.next = next;
        slot.bytes_read = file.bytes_read();
        let head = file.records.get(next).map(|record| record.time);
        if head.is_none() && file.is_done() && slot.passed.is_empty() {
            self.ahead -= usize::from(slot.ahead);
            return Ok(());
        }
        slot.file = Some(file);
        if let Some(Some(time)) = head {
            slot.key = time;
        }
        // Without a record yet it stands where it stood, so that its turn comes again.
        self.line.push(Reverse((slot.key, index)));
        Ok(())
    }

    /// The next frames, which lie in the reader's buffer; `None` at the end.
    ///
    /// A batch may be empty: much was read without a packet, and the caller has the chance to
    /// stop.
    ///
    /// # Errors
    /// [`Error::Internal`] only. What goes wrong with a file is in [`Reader::files`] and
    /// [`Reader::issues`].
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>, Error> {
        if let Some(index) = self.current.take() {
            self.advance(index)?;
        }
        loop {
            let head = self.line.peek().map(|Reverse(head)| *head);
            let coming = self.slots.get(self.unopened).map(|slot| (slot.key, self.unopened));
            match (head, coming) {
                (None, None) => {
                    if !std::mem::replace(&mut self.over, true) {
                        report_overlaps(&self.summaries, &mut self.issues);
                    }
                    return Ok(None);
                }
                (head, Some(coming)) if head.is_none_or(|head| coming < head) => {
                    self.unopened += 1;
                    if let Err(error) = self.enter(coming.1) {
                        self.vanished(coming.1, &error);
                    }
                }
                _ => break,
            }
        }
        let Some(Reverse((_, index))) = self.line.pop() else { return Ok(None) };
        let mut limit = self.line.peek().map(|Reverse(head)| *head);
        if let Some(slot) = self.slots.get(self.unopened) {
            let coming = (slot.key, self.unopened);
            limit = Some(limit.map_or(coming, |limit| limit.min(coming)));
        }
        self.current = Some(index);
        let slot = self.slots.get_mut(index).ok_or_else(lost)?;
        let Some(file) = &slot.file else { return Err(lost()) };
        let rest = file.records.get(slot.next..).unwrap_or_default();
        let run = match limit {
            None => rest.len(),
            Some(limit) => {
                let mut key = slot.key;
                let before = rest.iter().take_while(|record| {
                    key = record.time.unwrap_or(key);
                    (key, index) < limit
                });
                // The head was the least of all.
                before.count().max(1).min(rest.len())
            }
        };
        let records = rest.get(..run).unwrap_or_default();
        if let Some(time) = records.iter().rev().find_map(|record| record.time) {
            slot.key = time;
        }
        let batch = Batch {
            buffer: file.buffer(),
            records,
            file: u32::try_from(index).unwrap_or(NO_FILE),
            number: self.number + 1,
            number_in_file: slot.given + 1,
            passed: &slot.passed,
        };
        slot.next += run;
        slot.given += run as u64;
        self.number += run as u64;
        Ok(Some(batch))
    }

    /// A file that could be read when files were put in order, and no longer can.
    fn vanished(&mut self, index: usize, error: &Error) {
        let file = u32::try_from(index).unwrap_or(NO_FILE);
        self.issues.add(file, None, None, "io_error", || error.to_string());
        if let Some(summary) = self.summaries.get_mut(index) {
            summary.worsen(Status::IoError);
        }
    }

    /// Gives the handles of its files back until they are read on.
    pub(crate) fn park(&mut self) {
        self.slots.iter_mut().filter_map(|slot| slot.file.as_mut()).for_each(CaptureFile::park);
    }

    /// All interfaces met so far; [`Frame::interface`](super::Frame::interface) points in here.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// All files, in the order of their first packets.
    pub fn files(&self) -> &[FileSummary] {
        &self.summaries
    }

    /// By which time each file stands in line before its first packet is read, the least there is
    /// where none is known; and where it was named, if it was named itself.
    pub fn lineup(&self) -> &[(i64, Option<usize>)] {
        &self.lineup
    }

    /// The files among what is read: those of captures.
    pub fn sources(&self) -> &SourceFiles {
        &self.sources
    }

    /// What was odd so far.
    pub fn issues(&self) -> &Issues {
        &self.issues
    }

    /// The same, handed over; counting starts anew.
    pub fn take_issues(&mut self) -> Issues {
        std::mem::take(&mut self.issues)
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        let live =
            |slot: &Slot| slot.file.as_ref().map_or(slot.bytes_read, CaptureFile::bytes_read);
        Progress {
            bytes_read: self.slots.iter().map(live).sum(),
            bytes_total: self.summaries.iter().map(|file| file.source_bytes).sum(),
            packets: self.number - self.options.before,
        }
    }
}

fn lost() -> Error {
    Error::Internal("a file of the capture is lost".into())
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

//! A handful of frames that lie in the reader's buffer.

use super::blocks::{Blocks, Carrier, Passed};
use super::frame::{Direction, Frame, LinkType};
use crate::base::issue::Issues;

use super::interface::Interface;
use super::summary::FileSummary;

/// Frames in one batch at most: their records stay in the first-level cache.
pub(crate) const FRAMES: usize = 256;

/// Where a frame lies in the buffer, and what its header says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) time: Option<i64>,
    pub(crate) start: usize,
    pub(crate) length: u32,
    pub(crate) original: u32,
    pub(crate) interface: u32,
    pub(crate) link: u16,
    pub(crate) direction: Direction,
    pub(crate) carrier: Carrier,
}

/// What a format parser may write into besides records.
pub(crate) struct Notes<'a> {
    pub(crate) file: u32,
    pub(crate) issues: &'a mut Issues,
    pub(crate) interfaces: &'a mut Vec<Interface>,
    pub(crate) summary: &'a mut FileSummary,
    /// Whether a packet's number in its file is its number in the capture.
    pub(crate) alone: bool,
    /// Interfaces that the file may describe.
    pub(crate) share: usize,
    /// Whether packets are looked for behind damage in a classic pcap.
    pub(crate) resync: bool,
    /// Where what is no packet is kept, if that is wanted.
    pub(crate) blocks: Option<&'a mut Blocks>,
}

impl Notes<'_> {
    /// Keeps what lies between packets, where that is wanted.
    pub(crate) fn keep(&mut self, passed: impl FnOnce() -> Passed) {
        if let Some(blocks) = &mut self.blocks {
            blocks.push(passed());
        }
    }

    /// Whether so much is kept that it is to be taken before reading goes on.
    pub(crate) fn is_laden(&self) -> bool {
        self.blocks.as_ref().is_some_and(|blocks| blocks.is_laden())
    }

    /// Notes an oddity at a byte offset; the packet is the next one to be read.
    pub(crate) fn issue(&mut self, kind: &'static str, offset: u64, text: impl FnOnce() -> String) {
        self.issue_of(self.summary.packets + 1, kind, Some(offset), text);
    }

    /// Notes an oddity of a packet of the file.
    pub(crate) fn issue_of(
        &mut self,
        packet: u64,
        kind: &'static str,
        offset: Option<u64>,
        text: impl FnOnce() -> String,
    ) {
        let number = self.alone.then_some(packet);
        let alone = self.alone;
        self.issues.add(self.file, offset, number, kind, || {
            if alone { text() } else { format!("{}, packet {packet} of the file", text()) }
        });
    }
}

/// What one call of a format parser came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more; the records are ready (there may be none).
    More,
    /// The format is through: nothing is left.
    Clean,
    /// The stream ended inside a record: what is left is a tail.
    Cut,
    /// Damage behind which nothing can be read.
    Corrupt,
}

/// Some frames, in order, borrowed from the reader until its next batch.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    pub(crate) buffer: &'a [u8],
    pub(crate) records: &'a [Record],
    pub(crate) file: u32,
    pub(crate) number: u64,
    pub(crate) number_in_file: u64,
    /// What the file holds before the first of them, where that is kept.
    pub(crate) passed: &'a [Passed],
}

impl<'a> Batch<'a> {
    /// What the frame at an index lies in, and all that is at hand from its beginning on.
    pub(crate) fn carried(&self, index: usize) -> Option<(Carrier, &'a [u8])> {
        let record = self.records.get(index)?;
        let start = record.start.checked_sub(record.carrier.header())?;
        Some((record.carrier, self.buffer.get(start..)?))
    }

    /// How many frames. A batch may be empty without the capture being at its end.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The frames.
    pub fn iter(&self) -> Frames<'a> {
        Frames {
            buffer: self.buffer,
            records: self.records.iter(),
            file: self.file,
            number: self.number,
            number_in_file: self.number_in_file,
        }
    }
}

impl<'a> IntoIterator for Batch<'a> {
    type Item = Frame<'a>;
    type IntoIter = Frames<'a>;

    fn into_iter(self) -> Frames<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Batch<'a> {
    type Item = Frame<'a>;
    type IntoIter = Frames<'a>;

    fn into_iter(self) -> Frames<'a> {
        self.iter()
    }
}

/// Iterator over the frames of a batch.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    buffer: &'a [u8],
    records: std::slice::Iter<'a, Record>,
    file: u32,
    number: u64,
    number_in_file: u64,
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    #[inline]
    fn next(&mut self) -> Option<Frame<'a>> {
        let record = self.records.next()?;
        let (number, number_in_file) = (self.number, self.number_in_file);
        self.number += 1;
        self.number_in_file += 1;
        Some(Frame {
            number,
            file: self.file,
            number_in_file,
            time: record.time,
            interface: record.interface,
            link: LinkType(record.link),
            direction: record.direction,
            data: self
                .buffer
                .get(record.start..record.start + record.length as usize)
                .unwrap_or_default(),
            original_length: record.original,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }
}

impl ExactSizeIterator for Frames<'_> {}

//! One file on its way through whoever has time for it, piece by piece.

use super::packed::Packed;
use crate::base::error::Error;
use crate::base::guard;
use crate::base::text::printable;
use crate::capture::{Reader, SourceFiles};
use crate::engine::Options;
use crate::engine::runs::run::{Run, RunReader, Sink};
use crate::packet::{IcmpError, Segment};

/// Bytes of a file that are read at a time at most.
const READ: u64 = 1 << 20;

/// The next frames of a file.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Their part of the line of all frames.
    pub line: Vec<u8>,
    /// Those that were set aside.
    pub asides: Vec<u8>,
    /// The packets that take part.
    pub packets: Packed,
    /// Numbers in the file of frames that something is told of, in order.
    pub odd: Vec<u64>,
    /// Paths that were met first.
    pub paths: Vec<Vec<u64>>,
    /// There are more paths than are told apart.
    pub crowded: bool,
    /// How many interfaces the file has so far.
    pub interfaces: u32,
    /// Bytes of the file that were read for it.
    pub read: u64,
}

impl Piece {
    /// Bytes that it takes in memory.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.line.len() + self.asides.len() + self.packets.size()
    }
}

impl Sink for Piece {
    fn segment(&mut self, _: u32, _: i64, segment: &Segment<'_>) -> Result<(), Error> {
        self.packets.add(segment);
        Ok(())
    }

    fn icmp(&mut self, _: u32, _: i64, _: (u32, u64), error: &IcmpError) -> Result<(), Error> {
        self.packets.add_icmp(*error);
        Ok(())
    }

    fn line(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.line.extend(octets);
        Ok(())
    }

    fn asides(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.asides.extend(octets);
        Ok(())
    }
}

/// What is known of a file at its end.
#[derive(Debug)]
pub(super) struct End {
    /// It is a run of its own.
    pub run: Run,
    /// What was opened.
    pub sources: SourceFiles,
}

/// A file that is read.
pub(super) struct Task {
    reader: RunReader<Piece>,
    name: String,
    /// Frames so far, oddities and names of them that were told, and paths.
    frames: u64,
    names: usize,
    paths: usize,
    read: u64,
}

impl Task {
    /// One that was not begun, with options that do not depend on other files.
    pub(super) fn new(part: Reader, options: Options) -> Self {
        let name = part.files().first().map_or_else(String::new, |file| file.name.clone());
        let of = part.of();
        let reader = RunReader::of(part, options, of, Piece::default());
        Self { reader, name, frames: 0, names: 0, paths: 0, read: 0 }
    }

    /// Reads on until about so many bytes of packets are together; and whether that was all.
    ///
    /// # Errors
    /// Those of reading; a panic is [`Error::Internal`] with the place.
    pub(super) fn step(&mut self, size: usize, park: bool) -> Result<(Piece, bool), Error> {
        let done = guard::catch(|| {
            let until = self.reader.progress().bytes_read.saturating_add(READ);
            let mut more = self.reader.batch()?;
            while more
                && self.reader.progress().bytes_read < until
                && self.reader.sink().size() < size
            {
                more = self.reader.batch()?;
            }
            if park {
                self.reader.reader().park();
            }
            Ok((self.piece()?, more))
        });
        done.map_err(|error| match error {
            Error::Internal(reason) => Error::Internal(format!(
                "{reason}, in {}, near packet {} of it, before byte {} of what is read of it",
                printable(&self.name),
                self.frames + 1,
                self.reader.progress().bytes_read
            )),
            other => other,
        })
    }

    /// What came since this was last asked for.
    fn piece(&mut self) -> Result<Piece, Error> {
        let progress = self.reader.progress();
        let interfaces = self.reader.reader().interfaces().len();
        let mut piece = std::mem::take(self.reader.hand_on()?);
        let decoder = self.reader.decoder();
        let examples = decoder.issues().examples().into_iter().filter_map(|issue| issue.packet);
        let names = decoder.hosts().rows();
        let new = names.get(self.names..).unwrap_or_default();
        let new = new.iter().filter_map(|host| host.seen.packet);
        piece.odd = examples.filter(|&number| number > self.frames).chain(new).collect();
        piece.odd.sort_unstable();
        piece.odd.dedup();
        piece.paths = decoder.paths().marks_from(self.paths);
        piece.crowded = decoder.paths().overflow().is_some();
        piece.interfaces = u32::try_from(interfaces).unwrap_or(u32::MAX);
        piece.read = progress.bytes_read - self.read;
        self.names = names.len();
        self.paths += piece.paths.len();
        (self.frames, self.read) = (progress.packets, progress.bytes_read);
        Ok(piece)
    }

    /// What is known of the file, once it was read to its end.
    pub(super) fn finish(mut self) -> End {
        let sources = self.reader.reader().sources().clone();
        let (run, _) = self.reader.finish();
        End { run, sources }
    }
}

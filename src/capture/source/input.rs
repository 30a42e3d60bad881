//! The bytes of one source, counted and buffered.

use std::fs::{self, File};
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::raw::{Kind, open_path};
use super::remote::{Flow, Remote};
use super::stamp::Stamp;
use super::{Source, SourceFile};
use crate::base::error::Error;

/// Room for peeking at magic numbers, however small the reads are.
const LOOK: usize = 64;

/// A counted, buffered input that retries interrupted reads and remembers why it failed.
pub(crate) struct Input {
    kind: Kind,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    chunk: usize,
    read: u64,
    total: Option<u64>,
    failure: Option<String>,
    /// The file before it was read.
    stamp: Option<Stamp>,
    /// How the file changed since.
    change: Option<String>,
    /// Which file it is.
    file: Option<Box<SourceFile>>,
}

impl Input {
    /// Opens a source that is a single input (no directory).
    pub(crate) fn open(source: Source, chunk: usize) -> Result<Self, Error> {
        let mut stamp = None;
        let (kind, total, file) = match source {
            Source::Path(path) => {
                let (kind, found) = open_path(path)?;
                let (before, file) = found.unzip();
                stamp = before;
                (kind, stamp.map(|stamp| stamp.size), file.flatten())
            }
            Source::Stdin => {
                let file = SourceFile::standard_input();
                (Kind::Reader(Box::new(io::stdin())), None, file)
            }
            Source::Bytes { data, .. } => {
                let total = data.len() as u64;
                (Kind::Bytes { data, position: 0 }, Some(total), None)
            }
            Source::Reader { reader, size, file, .. } => (Kind::Reader(reader), size, file),
            Source::Object(object) => {
                let (size, remote) = (object.size, Arc::clone(&object.remote));
                (Kind::Object(Box::new(Flow::new(object)), remote), size, None)
            }
            Source::Listing { .. } => {
                return Err(Error::Internal("a folder is no single input".to_owned()));
            }
        };
        Ok(Self {
            kind,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            chunk,
            read: 0,
            total,
            failure: None,
            stamp,
            change: None,
            file: file.map(Box::new),
        })
    }

    /// Bytes taken from the source so far, as they lie there (compressed).
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read
    }

    /// Size of the source, where it has one.
    pub(crate) fn bytes_total(&self) -> Option<u64> {
        self.total
    }

    /// Whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File { .. })
    }

    /// Where it lies, if it is an object in a store.
    pub(crate) fn remote(&self) -> Option<Arc<dyn Remote>> {
        if let Kind::Object(_, remote) = &self.kind { Some(Arc::clone(remote)) } else { None }
    }

    /// Whether it lies in memory.
    pub(crate) fn is_bytes(&self) -> bool {
        matches!(self.kind, Kind::Bytes { .. })
    }

    /// Whether it was asked for more than there is.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.kind, Kind::End)
    }

    /// What the system said when a read failed.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// The file as it was before it was read.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// Which file it is, if it is one.
    pub(crate) fn file(&self) -> Option<&SourceFile> {
        self.file.as_deref()
    }

    /// Takes an earlier look at the same file for the state before it was read.
    pub(crate) fn date_back(&mut self, stamp: Stamp) {
        self.stamp = self.stamp.map(|_| stamp);
    }

    /// How the file changed while it was read, looked up until the end is reached.
    pub(crate) fn change(&mut self) -> Option<&str> {
        if let (Some(before), Kind::File { path, handle, .. }) = (self.stamp, &self.kind) {
            let now = handle.as_ref().map_or_else(|| fs::metadata(path), File::metadata);
            self.change = now.ok().and_then(|now| before.change(Stamp::of(&now)));
        }
        self.change.as_deref()
    }

    /// Nothing more comes: the file is let go.
    fn end(&mut self) {
        self.change();
        self.kind = Kind::End;
    }

    /// Gives the file handle back until the next read.
    pub(crate) fn park(&mut self) {
        if let Kind::File { handle, .. } = &mut self.kind {
            *handle = None;
        }
    }

    /// The next bytes, at least `want` (at most 64) of them unless the input ends before.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.end - self.start < want.min(LOOK) {
            self.make_room();
            let (start, end) = (self.end, self.buffer.len().min(self.end + self.chunk));
            let mut buffer = std::mem::take(&mut self.buffer);
            let got = self.pull(buffer.get_mut(start..end).unwrap_or_default());
            self.buffer = buffer;
            match got? {
                0 => break,
                n => self.end += n,
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Moves what is left to the front and makes sure that something fits behind it.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.is_empty() {
            self.buffer.resize(self.chunk.max(LOOK), 0);
        }
    }

    fn pull(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let got = loop {
            match self.kind.read(out) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match got {
            // A reader that lies about its count is cut to the truth.
            Ok(n) => {
                let n = n.min(out.len());
                self.read += n as u64;
                if n == 0 && !out.is_empty() {
                    self.end();
                }
                Ok(n)
            }
            Err(e) => {
                self.failure = Some(e.to_string());
                self.end();
                Err(e)
            }
        }
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            let limit = out.len().min(self.chunk);
            return self.pull(out.get_mut(..limit).unwrap_or_default());
        }
        let mut held = self.buffer.get(self.start..self.end).unwrap_or_default();
        let got = held.read(out)?;
        self.start += got;
        Ok(got)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }
}

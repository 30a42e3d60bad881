//! The raw bytes of one source: the only place where the system is asked for them.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use super::Source;
use crate::error::Error;

/// Room for peeking at magic numbers, however small the reads are.
const LOOK: usize = 64;

enum Kind {
    /// A regular file; the handle may be given back at any time and is opened again on demand.
    File {
        path: PathBuf,
        handle: Option<File>,
        position: u64,
    },
    Bytes {
        data: Arc<Vec<u8>>,
        position: usize,
    },
    Reader(Box<dyn Read + Send>),
    /// Nothing more comes.
    End,
}

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
}

impl Input {
    /// Opens a source that is a single input (no directory).
    pub(crate) fn open(source: Source, chunk: usize) -> Result<Self, Error> {
        let (kind, total) = match source {
            Source::Path(path) => open_path(path)?,
            Source::Stdin => (Kind::Reader(Box::new(io::stdin())), None),
            Source::Bytes { data, .. } => {
                let total = data.len() as u64;
                (Kind::Bytes { data, position: 0 }, Some(total))
            }
            Source::Reader { reader, size, .. } => (Kind::Reader(reader), size),
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
                    self.kind = Kind::End;
                }
                Ok(n)
            }
            Err(e) => {
                self.failure = Some(e.to_string());
                self.kind = Kind::End;
                Err(e)
            }
        }
    }
}

fn open_path(path: PathBuf) -> Result<(Kind, Option<u64>), Error> {
    let name = path.display().to_string();
    let io = |source| Error::Io { file: name.clone(), source };
    let meta = std::fs::metadata(&path).map_err(io)?;
    let file_type = meta.file_type();
    if file_type.is_dir() {
        return Err(Error::NotACapture { file: name, reason: "is a directory".into() });
    }
    if file_type.is_file() {
        let handle = File::open(&path).map_err(io)?;
        return Ok((Kind::File { path, handle: Some(handle), position: 0 }, Some(meta.len())));
    }
    if is_pipe(file_type) {
        let handle = File::open(&path).map_err(io)?;
        return Ok((Kind::Reader(Box::new(handle)), None));
    }
    Err(Error::NotACapture {
        file: name,
        reason: "is a device or socket, neither file nor pipe".into(),
    })
}

#[cfg(unix)]
fn is_pipe(file_type: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&file_type)
}

#[cfg(not(unix))]
fn is_pipe(_: std::fs::FileType) -> bool {
    false
}

impl Read for Kind {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File { path, handle, position } => {
                let mut file = if let Some(file) = handle.take() {
                    file
                } else {
                    let mut file = File::open(&*path)?;
                    file.seek(SeekFrom::Start(*position))?;
                    file
                };
                // The handle is put back whatever happened: an interrupted read is tried again.
                let got = file.read(out);
                *handle = Some(file);
                let got = got?;
                *position += got as u64;
                Ok(got)
            }
            Self::Bytes { data, position } => {
                let mut rest = data.get(*position..).unwrap_or_default();
                let got = rest.read(out)?;
                *position += got;
                Ok(got)
            }
            Self::Reader(reader) => reader.read(out),
            Self::End => Ok(0),
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

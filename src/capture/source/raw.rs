//! The raw bytes of one source: the only place where the system is asked for them.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use super::origin::SourceFile;
use super::remote::{Flow, Remote};
use super::stamp::Stamp;
use crate::base::error::Error;
use crate::base::text::file_name;

/// What a source is to the system.
pub(super) enum Kind {
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
    /// An object in a store, of which no handle is held.
    Object(Box<Flow>, Arc<dyn Remote>),
    /// Nothing more comes.
    End,
}

/// What a file is before it is read, and which one.
type Found = (Stamp, Option<SourceFile>);

/// Opens a path that is a file or a pipe.
pub(super) fn open_path(path: PathBuf) -> Result<(Kind, Option<Found>), Error> {
    let name = file_name(&path);
    let io = |source| Error::Io { file: name.clone(), source };
    let meta = fs::metadata(&path).map_err(io)?;
    let file_type = meta.file_type();
    if file_type.is_dir() {
        return Err(Error::NotACapture { file: name, reason: "is a directory".into() });
    }
    if file_type.is_file() {
        let handle = File::open(&path).map_err(io)?;
        let meta = handle.metadata().map_err(io)?;
        let found = (Stamp::of(&meta), SourceFile::opened(name.clone(), Some(&path), &meta));
        return Ok((Kind::File { path, handle: Some(handle), position: 0 }, Some(found)));
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
fn is_pipe(file_type: fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&file_type)
}

#[cfg(not(unix))]
fn is_pipe(_: fs::FileType) -> bool {
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
            Self::Object(flow, _) => flow.read(out),
            Self::End => Ok(0),
        }
    }
}

//! What can be told of the files of a capture before they are read: which there are, and in which
//! order one reader reads them.

use std::path::PathBuf;

use crate::base::error::Error;
use crate::base::issue::Issues;
use crate::capture::{ReadOptions, Reader, Source};

/// The files of a capture, in order.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The files.
    pub files: Vec<Found>,
    /// What was met besides.
    pub odd: Issues,
    /// Time of the first packet, 0 where it has none: what bounds after it count from. `None`
    /// without a packet.
    pub origin: Option<i64>,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// As it was named.
    pub name: String,
    /// Where it lies, if it is a file.
    pub path: Option<PathBuf>,
    /// By which time it stands in line before its first packet is read, the least there is where
    /// none is known.
    pub key: i64,
    /// Where it was named, if it was named itself.
    pub named: Option<usize>,
    /// Bytes as it lies there.
    pub size: Option<u64>,
}

/// Looks for the files.
///
/// # Errors
/// As [`Reader::open`].
pub fn survey(sources: Vec<Source>, options: &ReadOptions) -> Result<Survey, Error> {
    let mut reader = Reader::open(sources, ReadOptions { ahead: false, ..options.clone() })?;
    let files = reader.files().iter().zip(reader.lineup());
    let files = files.map(|(file, &(key, named))| {
        let (name, path, size) = (file.name.clone(), file.path.clone(), file.source_bytes);
        Found { name, path, key, named, size }
    });
    let files = files.collect();
    let mut odd = reader.take_issues();
    odd.forget(&["files_out_of_order"]);
    let mut origin = None;
    while let Some(batch) = reader.next_batch()? {
        if let Some(frame) = batch.iter().next() {
            origin = Some(frame.time.unwrap_or(0));
            break;
        }
    }
    Ok(Survey { files, odd, origin })
}

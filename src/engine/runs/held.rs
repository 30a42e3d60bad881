//! Where the files of steps lie: on a disk, or in an object store.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

use crate::base::text::file_name;
use crate::capture::Object;

/// A file of a step, or an object.
#[derive(Clone, Debug)]
pub enum Held {
    /// A file.
    File(PathBuf),
    /// An object in a store.
    Object(Object),
}

/// Bytes that can be read at any place.
pub trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

impl Held {
    /// Its bytes.
    ///
    /// # Errors
    /// Where a file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Bytes>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Object(object) => Box::new(object.places()),
        })
    }

    /// How messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => file_name(path),
            Self::Object(object) => object.name().to_owned(),
        }
    }
}

impl From<PathBuf> for Held {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

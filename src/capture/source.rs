//! Where bytes come from. Only this module and those below it touch the file system.

mod ahead;
mod compress;
mod decode;
mod expand;
mod guess;
mod input;
mod natural;
mod origin;
mod pattern;
mod raw;
mod remote;
mod stamp;
mod steps;

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::text::file_name;

pub(crate) use ahead::{Ahead, Piece};
pub use compress::Compression;
pub(crate) use compress::{End, Stream};
pub(crate) use expand::{Expanded, expand};
pub(crate) use guess::guess;
pub(crate) use input::Input;
pub use origin::{SourceFile, SourceFiles};
pub use remote::{Given, Object, Remote};
pub(crate) use stamp::Stamp;

/// One thing to read.
pub enum Source {
    /// A file, a named pipe, a directory (its capture files), or a pattern with `*`, `?`, `[..]`.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes in memory.
    Bytes {
        /// What to call them.
        name: String,
        /// The bytes, plain or compressed.
        data: Arc<Vec<u8>>,
    },
    /// Anything that can be read once, from where it stands.
    Reader {
        /// What to call it.
        name: String,
        /// The reader; `Interrupted` is retried, short reads are fine.
        reader: Box<dyn Read + Send>,
        /// How many bytes will come, if known; for progress only.
        size: Option<u64>,
        /// The file behind it, if there is one that is known.
        file: Option<SourceFile>,
    },
    /// An object in a store, which can be read again.
    Object(Object),
    /// What a folder of a store or a pattern there names, in order, as a directory.
    Listing {
        /// The objects.
        objects: Vec<Object>,
        /// The folders that were not entered.
        folders: Vec<String>,
    },
}

impl Source {
    /// A path, where `-` means standard input.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }

    /// Bytes in memory.
    pub fn bytes(name: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        Self::Bytes { name: name.into(), data: Arc::new(data.into()) }
    }

    /// Anything that can be read.
    pub fn reader(
        name: impl Into<String>,
        reader: Box<dyn Read + Send>,
        size: Option<u64>,
    ) -> Self {
        Self::Reader { name: name.into(), reader, size, file: None }
    }

    /// The same reader, of a file that is known.
    #[must_use]
    pub fn of_file(mut self, known: Option<SourceFile>) -> Self {
        if let Self::Reader { file, .. } = &mut self {
            *file = known;
        }
        self
    }

    /// The file that it is, as far as that is known before it is opened.
    pub(crate) fn file(&self) -> Option<SourceFile> {
        match self {
            Self::Path(path) => SourceFile::named(path),
            Self::Stdin => SourceFile::standard_input(),
            Self::Bytes { .. } | Self::Object(_) | Self::Listing { .. } => None,
            Self::Reader { file, .. } => file.clone(),
        }
    }

    /// What the source is called in messages and tables.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => file_name(path),
            Self::Stdin => "-".into(),
            Self::Bytes { name, .. } | Self::Reader { name, .. } => name.clone(),
            Self::Object(object) => object.name.clone(),
            Self::Listing { objects, .. } => {
                objects.first().map_or_else(String::new, |one| one.name.clone())
            }
        }
    }

    /// The file that it is, by which it can be found again.
    pub(crate) fn own_path(&self) -> Option<PathBuf> {
        if let Self::Path(path) = self { Some(path.clone()) } else { None }
    }

    /// The same file once more, unless it can be read but once.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Path(path) if !path.is_file() => None,
            other => other.copy(),
        }
    }

    /// The same source once more, unless it is a stream. What a path names is not looked at.
    pub(crate) fn copy(&self) -> Option<Self> {
        match self {
            Self::Path(path) => Some(Self::Path(path.clone())),
            Self::Bytes { name, data } => {
                Some(Self::Bytes { name: name.clone(), data: Arc::clone(data) })
            }
            Self::Object(object) => Some(Self::Object(object.clone())),
            Self::Listing { objects, folders } => {
                Some(Self::Listing { objects: objects.clone(), folders: folders.clone() })
            }
            Self::Stdin | Self::Reader { .. } => None,
        }
    }

    /// The object, if it is one in a store.
    pub(crate) fn object(&self) -> Option<Object> {
        if let Self::Object(object) = self { Some(object.clone()) } else { None }
    }

    /// Has it at hand when it is opened soon, where that takes a while.
    pub(crate) fn prepare(&self) {
        if let Self::Object(object) = self {
            object.prepare();
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name())
    }
}

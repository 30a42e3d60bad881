//! Which files were read, however they were named: no output may take their place.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::Source;
use super::expand::{Entry, expand};
use crate::base::error::Error;
use crate::base::text::file_name;

/// A file as the system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    /// Where the system tells it: the number of a file that is gone is given to another one.
    born: Option<SystemTime>,
}

impl Identity {
    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    fn of(meta: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: meta.dev(), inode: meta.ino(), born: meta.created().ok() })
    }

    /// Elsewhere files are known by their resolved names.
    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }

    fn is(self, other: Self) -> bool {
        let born = self.born.is_none() || other.born.is_none() || self.born == other.born;
        (self.device, self.inode) == (other.device, other.inode) && born
    }
}

/// What a file is known by; see [`SourceFile::into_parts`].
pub(super) type Parts = (String, Option<PathBuf>, Option<(u64, u64)>, Option<SystemTime>, bool);

/// A regular file that was read, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As it was named.
    pub name: String,
    /// Absolute: who reads may go to another directory.
    path: Option<PathBuf>,
    identity: Option<Identity>,
    /// It merely lies in a directory that was named, and may be no capture.
    found: bool,
}

impl SourceFile {
    /// What it is known by: its name, absolute path, device and inode, time of birth, and whether
    /// it merely lies in a directory that was named.
    pub fn into_parts(self) -> Parts {
        let number = self.identity.map(|identity| (identity.device, identity.inode));
        (self.name, self.path, number, self.identity.and_then(|identity| identity.born), self.found)
    }

    /// The same file again.
    pub fn from_parts((name, path, number, born, found): Parts) -> Self {
        let identity = number.map(|(device, inode)| Identity { device, inode, born });
        Self { name, path, identity, found }
    }

    /// The file of this name; `None` for anything but a regular file.
    pub fn named(path: &Path) -> Option<Self> {
        Self::opened(file_name(path), Some(path), &fs::metadata(path).ok()?)
    }

    /// One that is open, with its name where that is known.
    pub(super) fn opened(name: String, path: Option<&Path>, meta: &Metadata) -> Option<Self> {
        let path = path.and_then(|path| std::path::absolute(path).ok());
        let identity = Identity::of(meta);
        meta.is_file().then_some(Self { name, path, identity, found: false })
    }

    /// One that somebody else holds open, by its device and inode.
    pub fn numbered(name: String, device: u64, inode: u64) -> Self {
        let identity = Some(Identity { device, inode, born: None });
        Self { name, path: None, identity, found: false }
    }

    /// Standard input, where it is a file.
    #[cfg(unix)]
    pub(super) fn standard_input() -> Option<Self> {
        use std::os::fd::AsFd;
        let handle = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
        let meta = fs::File::from(handle).metadata().ok()?;
        Self::opened("-".to_owned(), None, &meta)
    }

    #[cfg(not(unix))]
    pub(super) fn standard_input() -> Option<Self> {
        None
    }

    /// Whether this is that file: the one that was read, or the one that has its name by now.
    fn is(&self, path: Option<&Path>, meta: &Metadata) -> bool {
        let now = Identity::of(meta);
        let same = |known: Option<Identity>| known.zip(now).is_some_and(|(a, b)| a.is(b));
        if same(self.identity) {
            return true;
        }
        let Some(source) = &self.path else { return false };
        if now.is_some() {
            return fs::metadata(source).is_ok_and(|meta| same(Identity::of(&meta)));
        }
        let resolved = fs::canonicalize(source).ok();
        resolved.is_some() && resolved == path.and_then(|path| fs::canonicalize(path).ok())
    }
}

/// The files that something was read from.
#[derive(Clone, Debug, Default)]
pub struct SourceFiles(Arc<Vec<SourceFile>>);

impl SourceFiles {
    /// Those that will be read: before it begins, directories and patterns expanded, directories
    /// within directories where that is asked for.
    ///
    /// # Errors
    /// Where a directory cannot be listed, or a pattern matches nothing.
    pub fn of(sources: Vec<Source>, recursive: bool) -> Result<Self, Error> {
        let mut files = Self::default();
        for Entry { source, named } in expand(sources, recursive)?.entries {
            if let Some(file) = source.file() {
                files.add(SourceFile { found: named.is_none(), ..file });
            }
        }
        Ok(files)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.0.iter()
    }

    /// Adds a file, once.
    pub fn add(&mut self, file: SourceFile) {
        if !self.0.contains(&file) {
            Arc::make_mut(&mut self.0).push(file);
        }
    }

    /// These and others.
    pub fn join(&mut self, others: &Self) {
        if self.0.is_empty() {
            self.0 = Arc::clone(&others.0);
        } else if !Arc::ptr_eq(&self.0, &others.0) {
            others.0.iter().for_each(|file| self.add(file.clone()));
        }
    }

    /// The one of them that a file is; `is_capture` is asked about files in directories.
    pub(crate) fn find(
        &self,
        path: Option<&Path>,
        meta: &Metadata,
        is_capture: impl Fn() -> bool,
    ) -> Option<&SourceFile> {
        self.0.iter().find(|file| file.is(path, meta) && (!file.found || is_capture()))
    }
}

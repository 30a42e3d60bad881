//! What rows refer to by number.

use crate::capture::{FileSummary, Interface};
use crate::packet::{Path, PathId};

/// Texts of files, interfaces and paths, by their numbers.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    files: Vec<String>,
    interfaces: Vec<String>,
    paths: Vec<Path>,
}

impl Shared {
    /// What is known of a capture.
    pub fn new(files: &[FileSummary], interfaces: &[Interface], paths: Vec<Path>) -> Self {
        Self {
            files: files.iter().map(|file| file.name.clone()).collect(),
            interfaces: interfaces.iter().map(|interface| interface.name.clone()).collect(),
            paths,
        }
    }

    /// A file's name.
    pub fn file(&self, index: u32) -> Option<&str> {
        self.files.get(usize::try_from(index).ok()?).map(String::as_str)
    }

    /// An interface's name, where the file gives one.
    pub fn interface(&self, index: u32) -> Option<&str> {
        let name = self.interfaces.get(usize::try_from(index).ok()?)?;
        (!name.is_empty()).then_some(name)
    }

    /// A path.
    pub fn path(&self, id: PathId) -> Option<&Path> {
        self.paths.get(usize::try_from(id.0).ok()?)
    }
}

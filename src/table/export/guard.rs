//! What an output may replace: decided here for every writer.

use std::fs::{self, Metadata};
use std::path::Path;

use crate::base::error::Error;
use crate::base::text::printable;
use crate::capture::{SourceFiles, looks_like_capture};

/// What an output must leave alone: the files that it is made from whatever was asked, and any
/// other capture unless that was asked for.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Files that were read, or will be.
    pub sources: SourceFiles,
    /// Whether a capture that is none of them may be replaced.
    pub overwrite: bool,
    /// Whether nobody can ask for that.
    pub never: bool,
}

impl Guard {
    /// Makes sure that a file, which `name` was said to lead to, may be replaced. Pipes and devices
    /// are not replaced but written to.
    ///
    /// # Errors
    /// [`Error::Exists`].
    pub fn check(&self, name: &str, path: &Path) -> Result<(), Error> {
        match fs::metadata(path) {
            Ok(meta) if meta.is_file() => self.check_file(name, path, &meta),
            // Whoever makes the file hears what the system has to say.
            _ => Ok(()),
        }
    }

    fn check_file(&self, name: &str, path: &Path, meta: &Metadata) -> Result<(), Error> {
        let exists = |reason| Error::Exists { file: name.to_owned(), reason };
        let capture = looks_like_capture(path);
        // What cannot be looked at may be one.
        let is_capture = || *capture.as_ref().unwrap_or(&true);
        if let Some(source) = self.sources.find(Some(path), meta, is_capture) {
            return Err(exists(is_source(&source.name)));
        }
        let replaced = if self.never {
            "never replaced by this"
        } else {
            "replaced only with overwrite=True (--force)"
        };
        match capture {
            _ if self.overwrite => Ok(()),
            Ok(false) => Ok(()),
            Ok(true) => Err(exists(format!("holds a capture, which is {replaced}"))),
            Err(error) => Err(exists(format!(
                "cannot be looked at, and what may be a capture is {replaced} ({error})"
            ))),
        }
    }

    /// Makes sure that an open file, which is written to where it stands, is no source.
    ///
    /// # Errors
    /// [`Error::Exists`].
    pub(super) fn check_open(&self, name: &str, meta: &Metadata) -> Result<(), Error> {
        match self.sources.find(None, meta, || true) {
            Some(source) if meta.is_file() => {
                Err(Error::Exists { file: name.to_owned(), reason: is_source(&source.name) })
            }
            _ => Ok(()),
        }
    }
}

fn is_source(name: &str) -> String {
    let name = if name == "-" { "at standard input".to_owned() } else { printable(name) };
    format!("is the file {name}, which is read for it: a source is never replaced")
}

//! From what people name (directories, patterns) to single inputs.

use std::fs;
use std::path::{Path, PathBuf};

use super::Source;
use super::natural::natural;
use super::pattern::files;
use crate::base::error::Error;
use crate::base::text::file_name;

/// Files of one directory, with those within it.
const MAX_FILES: usize = 100_000;
/// Directories within each other.
const MAX_DEPTH: usize = 128;
/// The kind of issue of a directory that was passed over, and what to do.
const NOT_ENTERED: &str = "directory_not_entered";
const ENTERS: &str = "recursive=True (-r) enters it";

/// One input, and which of the sources it is, unless the caller named merely the place where it lies.
pub(crate) struct Entry {
    pub(crate) source: Source,
    pub(crate) named: Option<usize>,
}

/// What was named, as single inputs, and what of it is none.
#[derive(Default)]
pub(crate) struct Expanded {
    pub(crate) entries: Vec<Entry>,
    /// What was passed over: the kind of an issue, and what it is.
    pub(crate) skipped: Vec<(&'static str, String)>,
}

/// Replaces directories and patterns by the files in them, in the order of their names, numbers in
/// these by their value.
///
/// Directories within directories are entered where that is asked for, links to directories never:
/// they may lead in circles. A path that exists is never taken for a pattern.
pub(crate) fn expand(sources: Vec<Source>, recursive: bool) -> Result<Expanded, Error> {
    let mut all = Expanded::default();
    for (at, source) in sources.into_iter().enumerate() {
        let path = match source {
            Source::Path(path) => path,
            Source::Listing { objects, folders } => {
                let found = objects.into_iter().map(Source::Object);
                all.entries.extend(found.map(|source| Entry { source, named: None }));
                let passed = folders.into_iter().map(|folder| format!("{folder}: {ENTERS}"));
                all.skipped.extend(passed.map(|detail| (NOT_ENTERED, detail)));
                continue;
            }
            source => {
                all.entries.push(Entry { source, named: Some(at) });
                continue;
            }
        };
        let found = if path.is_dir() {
            Some(directory(&path, recursive, &mut all.skipped)?)
        } else if path.symlink_metadata().is_err() {
            pattern(&path)?
        } else {
            None
        };
        match found {
            Some(paths) => all.entries.extend(
                paths.into_iter().map(|path| Entry { source: Source::Path(path), named: None }),
            ),
            None => {
                all.entries.push(Entry { source: Source::Path(path), named: Some(at) });
            }
        }
    }
    Ok(all)
}

/// The files in a directory.
fn directory(
    path: &Path,
    recursive: bool,
    skipped: &mut Vec<(&'static str, String)>,
) -> Result<Vec<PathBuf>, Error> {
    let mut walk = Walk { recursive, paths: Vec::new(), skipped, within: 0 };
    walk.enter(path, 0)?;
    let (paths, within) = (walk.paths, walk.within);
    if paths.is_empty() {
        let reason = match (recursive, within) {
            (true, _) => "neither the directory nor those in it hold files",
            (false, 0) => "the directory holds no files",
            (false, _) => {
                "the directory holds no files, only directories: recursive=True (-r) enters them"
            }
        };
        return Err(Error::NotACapture { file: file_name(path), reason: reason.into() });
    }
    Ok(paths)
}

struct Walk<'a> {
    recursive: bool,
    paths: Vec<PathBuf>,
    skipped: &'a mut Vec<(&'static str, String)>,
    /// Directories that were met.
    within: usize,
}

impl Walk<'_> {
    /// Takes the files of a directory, then those of the directories in it.
    fn enter(&mut self, path: &Path, depth: usize) -> Result<(), Error> {
        let io = |source| Error::Io { file: file_name(path), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(path).map_err(io)? {
            found.push(entry.map_err(io)?.path());
        }
        found.sort_by(|a, b| natural(a.as_os_str(), b.as_os_str()));
        let mut deeper = Vec::new();
        for path in found {
            let link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
            match fs::metadata(&path) {
                // A pipe in a directory would be waited for; only who names it wants that.
                Ok(meta) if meta.is_file() => self.paths.push(path),
                Ok(meta) if meta.is_dir() && link => {
                    self.skip(NOT_ENTERED, &path, "a link");
                }
                Ok(meta) if meta.is_dir() => deeper.push(path),
                _ => {}
            }
            if self.paths.len() > MAX_FILES {
                let reason = format!("there are more than {MAX_FILES} files in what was named");
                return Err(Error::Argument(reason));
            }
        }
        self.within += deeper.len();
        for path in deeper {
            if !self.recursive {
                self.skip(NOT_ENTERED, &path, ENTERS);
            } else if depth >= MAX_DEPTH {
                self.skip(NOT_ENTERED, &path, "too many within each other");
            } else if let Err(error) = self.enter(&path, depth + 1) {
                match error {
                    Error::Io { .. } => self.skipped.push(("unreadable", error.to_string())),
                    other => return Err(other),
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, kind: &'static str, path: &Path, why: &str) {
        self.skipped.push((kind, format!("{}: {why}", file_name(path))));
    }
}

fn pattern(path: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    match files(path)? {
        Some(found) if found.is_empty() => {
            let reason = "no file matches the pattern".into();
            Err(Error::NotACapture { file: file_name(path), reason })
        }
        found => Ok(found),
    }
}

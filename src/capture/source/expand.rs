//! From what people name (directories, patterns) to single inputs.

use std::fs;
use std::path::{Path, PathBuf};

use super::Source;
use super::pattern::files;
use crate::base::error::{Error, file_name};

/// One input, and whether the caller named it or merely the place where it lies.
pub(crate) struct Entry {
    pub(crate) source: Source,
    pub(crate) named: bool,
}

/// Replaces directories and patterns by the files in them, sorted by name.
///
/// Subdirectories are not entered. A path that exists is never taken for a pattern.
pub(crate) fn expand(sources: Vec<Source>) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::with_capacity(sources.len());
    for source in sources {
        let Source::Path(path) = source else {
            entries.push(Entry { source, named: true });
            continue;
        };
        let found = if path.is_dir() {
            Some(directory(&path)?)
        } else if path.symlink_metadata().is_err() {
            pattern(&path)?
        } else {
            None
        };
        match found {
            Some(paths) => entries.extend(
                paths.into_iter().map(|path| Entry { source: Source::Path(path), named: false }),
            ),
            None => entries.push(Entry { source: Source::Path(path), named: true }),
        }
    }
    Ok(entries)
}

fn directory(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io { file: file_name(path), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(io)? {
        let path = entry.map_err(io)?.path();
        // A pipe in a directory would be waited for; only who names it wants that.
        if fs::metadata(&path).is_ok_and(|m| m.is_file()) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let file = file_name(path);
        return Err(Error::NotACapture { file, reason: "the directory holds no files".into() });
    }
    paths.sort();
    Ok(paths)
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

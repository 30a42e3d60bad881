//! Files by a pattern. The crate `glob` matches names, and does not walk: it passes over every name
//! that is not UTF-8.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use glob::Pattern;

use crate::base::error::Error;
use crate::base::text::{file_name, printable};

const WILD: [u8; 3] = *b"*?[";
/// Where bytes that are not UTF-8 stand among the characters, so that `?` is one of them.
const OCTETS: u32 = 0x10_ff00;

/// The files that a pattern names, sorted; `None` for a path that is no pattern.
pub(super) fn files(path: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    if !is_wild(path.as_os_str()) {
        return Ok(None);
    }
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        found = match component {
            Component::Normal(name) if name == "**" => {
                found.iter().flat_map(|base| directories(base)).collect()
            }
            Component::Normal(name) if is_wild(name) => {
                let pattern = Pattern::new(&spelled(name)).map_err(|error| {
                    let named = printable(&file_name(path));
                    Error::Argument(format!("pattern {named}: {error}"))
                })?;
                found.iter().flat_map(|base| within(base, &pattern)).collect()
            }
            other => found.iter().map(|base| base.join(other)).collect(),
        };
    }
    if path.file_name().is_some_and(|name| name == "**") {
        // At its end it is all that lies below.
        found = found.iter().flat_map(|base| all(base)).collect();
    }
    found.retain(|path| path.is_file());
    // `**` may come to a file by several ways.
    found.sort();
    found.dedup();
    Ok(Some(found))
}

fn is_wild(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().any(|octet| WILD.contains(octet))
}

/// A name as characters, none of which is lost.
fn spelled(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        let octets = chunk.invalid().iter().map(|&octet| OCTETS + u32::from(octet));
        out.extend(octets.filter_map(char::from_u32));
    }
    out
}

fn entries(base: &Path) -> impl Iterator<Item = fs::DirEntry> {
    let here = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    // What cannot be listed has no file that could be read.
    fs::read_dir(here).into_iter().flatten().filter_map(Result::ok)
}

fn all(base: &Path) -> impl Iterator<Item = PathBuf> {
    entries(base).map(|entry| base.join(entry.file_name()))
}

fn within(base: &Path, pattern: &Pattern) -> Vec<PathBuf> {
    entries(base)
        .map(|entry| entry.file_name())
        .filter(|name| pattern.matches(&spelled(name)))
        .map(|name| base.join(name))
        .collect()
}

/// A directory and those below it; links are not followed, as they may lead in circles.
fn directories(base: &Path) -> Vec<PathBuf> {
    let mut all = vec![base.to_owned()];
    let mut at = 0;
    while let Some(base) = all.get(at).cloned() {
        let below = entries(&base).filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir()));
        all.extend(below.map(|entry| base.join(entry.file_name())));
        at += 1;
    }
    all
}

//! A file that appears under its name whole, or not at all.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::guard::Guard;
use super::keep;
use crate::base::error::Error;
use crate::base::text::file_name;

static COUNTER: AtomicU32 = AtomicU32::new(0);
/// Links that lead to each other are followed so far, as by the system.
const MAX_LINKS: usize = 40;

/// An output in the making; dropped without [`File::commit`], it leaves nothing behind.
pub struct File {
    inner: fs::File,
    /// As it was asked for, for messages.
    name: String,
    /// `None` for a pipe, a device or standard output, which are written directly.
    replacing: Option<Replacing>,
    guard: Guard,
}

/// A file that will take the place of another one.
struct Replacing {
    temporary: PathBuf,
    target: PathBuf,
    /// What was there when it began.
    old: Option<Metadata>,
}

impl File {
    /// Begins an output. A link is followed, so that the file it leads to is replaced.
    ///
    /// # Errors
    /// What the system says: a directory, no permission, no space; [`Error::Exists`] for what must
    /// not be replaced (see [`Guard`]).
    pub fn create(path: &Path, guard: Guard) -> Result<Self, Error> {
        let name = file_name(path);
        let io = |source| Error::Io { file: name.clone(), source };
        let found = fs::metadata(path).ok();
        if found.as_ref().is_some_and(|meta| !meta.is_file() && !meta.is_dir()) {
            let inner = OpenOptions::new().write(true).open(path).map_err(io)?;
            return Ok(Self { inner, name, replacing: None, guard });
        }
        if found.as_ref().is_some_and(Metadata::is_dir) || path.file_name().is_none() {
            let source = io::Error::new(io::ErrorKind::IsADirectory, "is a directory");
            return Err(Error::Io { file: name, source });
        }
        let target = if found.is_some() { fs::canonicalize(path) } else { followed(path) };
        let target = target.map_err(io)?;
        guard.check(&name, &target)?;
        let old = fs::metadata(&target).ok();
        let directory = target.parent().unwrap_or(Path::new(""));
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let temporary = format!(".finrst-{}-{number}.tmp", std::process::id());
            let temporary = directory.join(temporary);
            match keep::open(&temporary, old.as_ref()) {
                Ok(inner) => {
                    let replacing = Some(Replacing { temporary, target, old });
                    return Ok(Self { inner, name, replacing, guard });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io(error)),
            }
        }
    }

    /// Standard output, written to where it stands.
    ///
    /// # Errors
    /// Where there is none; [`Error::Exists`] where it is a source.
    pub fn standard_output(guard: Guard) -> Result<Self, Error> {
        let name = "standard output".to_owned();
        let io = |source| Error::Io { file: name.clone(), source };
        let inner = standard_output().map_err(io)?;
        guard.check_open(&name, &inner.metadata().map_err(io)?)?;
        Ok(Self { inner, name, replacing: None, guard })
    }

    /// What it was called by whoever asked for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another handle of what is written, for who does not know this one.
    ///
    /// # Errors
    /// What the system says.
    pub fn handle(&self) -> Result<fs::File, Error> {
        let io = |source| Error::Io { file: self.name.clone(), source };
        self.inner.try_clone().map_err(io)
    }

    /// Where what is written lies until [`File::commit`]; nothing where it is written directly.
    pub fn temporary(&self) -> Option<&Path> {
        self.replacing.as_ref().map(|replacing| replacing.temporary.as_path())
    }

    /// Makes everything written durable and visible under the final name, with the mode of what
    /// was there, and tells what of its owner and group could not be kept.
    ///
    /// # Errors
    /// What the system says, or [`Error::Exists`]; the final name is then as it was.
    pub fn commit(mut self) -> Result<Option<String>, Error> {
        let io = |source| Error::Io { file: self.name.clone(), source };
        let Some(Replacing { temporary, target, old }) = &self.replacing else {
            return self.inner.flush().map(|()| None).map_err(io);
        };
        let now = fs::metadata(target).ok();
        let lost = match now.as_ref().or(old.as_ref()) {
            Some(old) => keep::keep(&self.inner, old).map_err(io)?,
            None => None,
        };
        self.inner.sync_all().map_err(io)?;
        // Minutes may have gone by since the first look.
        self.guard.check(&self.name, target)?;
        fs::rename(temporary, target).map_err(io)?;
        sync_directory(target);
        self.replacing = None;
        Ok(lost.map(|lost| {
            format!("{}: the {lost} of the file that was replaced could not be kept", self.name)
        }))
    }
}

impl Write for File {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.inner.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(Replacing { temporary, .. }) = &self.replacing {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Where a name leads at which there is nothing yet: links may lead there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut target = std::path::absolute(path)?;
    for _ in 0..MAX_LINKS {
        let Ok(link) = fs::read_link(&target) else { return Ok(target) };
        target = target.parent().unwrap_or(Path::new("")).join(link);
    }
    Ok(target)
}

#[cfg(unix)]
fn standard_output() -> io::Result<fs::File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(fs::File::from)
}

#[cfg(windows)]
fn standard_output() -> io::Result<fs::File> {
    use std::os::windows::io::AsHandle;
    io::stdout().as_handle().try_clone_to_owned().map(fs::File::from)
}

/// The rename itself reaches the disk with the directory. Where a directory cannot be synced, the
/// file is whole all the same.
fn sync_directory(target: &Path) {
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if let Ok(directory) = fs::File::open(directory) {
        let _ = directory.sync_all();
    }
}

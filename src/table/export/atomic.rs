//! A file that appears under its name whole, or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// An output in the making; dropped without [`File::commit`], it leaves nothing behind.
pub struct File {
    inner: fs::File,
    /// Temporary and final name; `None` for a pipe or device, which is written directly.
    names: Option<(PathBuf, PathBuf)>,
}

impl File {
    /// Begins an output. A link is followed, so that the file it leads to is replaced.
    ///
    /// # Errors
    /// What the system says: a directory, no permission, no space.
    pub fn create(path: &Path) -> io::Result<Self> {
        let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
        if special {
            let inner = OpenOptions::new().write(true).open(path)?;
            return Ok(Self { inner, names: None });
        }
        if path.is_dir() || path.file_name().is_none() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
        }
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let directory = target.parent().unwrap_or(Path::new(""));
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!(".finrst-{}-{number}.tmp", std::process::id());
            let temporary = directory.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(inner) => return Ok(Self { inner, names: Some((temporary, target)) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes everything written durable and visible under the final name.
    ///
    /// # Errors
    /// What the system says; the final name is then as it was.
    pub fn commit(mut self) -> io::Result<()> {
        let Some((temporary, target)) = self.names.as_ref() else {
            return self.inner.flush();
        };
        self.inner.sync_all()?;
        fs::rename(temporary, target)?;
        sync_directory(target);
        self.names = None;
        Ok(())
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
        if let Some((temporary, _)) = &self.names {
            let _ = fs::remove_file(temporary);
        }
    }
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

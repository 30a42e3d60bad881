//! Outputs: files that grow table by table, and those that Python writes itself.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::errors;
use super::source::{self, Raised};
use super::table::{Table, format};
use crate::base::error::Error;
use crate::base::guard::catch;
use crate::capture::{SourceFile, SourceFiles};
use crate::table::export::{self, Guard, Whole, Written};

/// Rows, and what of the replaced file's owner and group could not be kept.
pub(super) type Outcome = (u64, Option<String>);

impl From<Written> for Outcome {
    fn from(written: Written) -> Self {
        (written.rows, written.lost)
    }
}

/// A source file as pickles have it, its path in bytes, whatever the locale makes of them, born so
/// many seconds and nanoseconds after 1970.
type Told = (String, Option<Vec<u8>>, Option<(u64, u64)>, Option<(u64, u32)>, bool);

#[cfg(unix)]
fn path_of(octets: Vec<u8>) -> PathBuf {
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(octets);
    name.into()
}

/// Elsewhere names are Unicode but for lone surrogates, which are lost here.
#[cfg(not(unix))]
fn path_of(octets: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&octets).into_owned().into()
}

/// The files that something was or will be read from: no output takes their place.
#[pyclass(frozen, module = "finrst._native")]
pub struct Sources(pub SourceFiles);

#[pymethods]
impl Sources {
    /// Those of sources that were not read yet; directories and patterns are expanded.
    #[new]
    #[pyo3(signature = (items, recursive = false))]
    fn new(py: Python<'_>, items: Vec<Bound<'_, PyAny>>, recursive: bool) -> PyResult<Self> {
        errors::guarded(py, || {
            let items = source::sources(py, items, &Raised::default())?;
            let found = py.detach(|| catch(|| SourceFiles::of(items, recursive)));
            Ok(Self(found.map_err(|error| errors::exception(py, error))?))
        })
    }

    /// Those that [`Sources::__reduce__`] told.
    #[staticmethod]
    fn of(py: Python<'_>, files: Vec<Told>) -> PyResult<Self> {
        errors::guarded(py, || Ok(Self::told(files)))
    }

    /// For pickles: by value.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Vec<Told>,))> {
        errors::guarded(py, || {
            let told = self.0.iter().cloned().map(|file| {
                let (name, path, number, born, found) = file.into_parts();
                let born = born.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                let born = born.map(|since| (since.as_secs(), since.subsec_nanos()));
                let path = path.map(|path| path.into_os_string().into_encoded_bytes());
                (name, path, number, born, found)
            });
            Ok((py.get_type::<Self>().getattr("of")?, (told.collect(),)))
        })
    }
}

impl Sources {
    fn told(files: Vec<Told>) -> Self {
        let mut sources = SourceFiles::default();
        for (name, path, number, born, found) in files {
            let born = born
                .and_then(|(s, ns)| UNIX_EPOCH.checked_add(Duration::new(s, ns.min(999_999_999))));
            let path = path.map(path_of);
            sources.add(SourceFile::from_parts((name, path, number, born, found)));
        }
        Self(sources)
    }
}

/// A place that is done with, or failed.
fn done_with() -> PyErr {
    PyRuntimeError::new_err("this file is done with")
}

/// The output of a name, or standard output.
fn begin(path: Option<PathBuf>, guard: Guard) -> Result<Whole, Error> {
    match path {
        Some(path) => Whole::create(&path, guard),
        None => Whole::standard_output(guard),
    }
}

/// Tables of one kind on their way into a file, which appears whole with `commit`, or not at all.
#[pyclass(frozen, module = "finrst._native")]
pub struct Writer {
    /// `None` once it is done with, or has failed.
    writer: Mutex<Option<export::Writer>>,
}

impl Writer {
    fn take(&self) -> PyResult<export::Writer> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.take().ok_or_else(done_with)
    }
}

#[pymethods]
impl Writer {
    /// Begins a file (standard output without a path) for tables like this one, which is not yet
    /// written.
    #[new]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        format: &str,
        formula_guard: bool,
        like: &Table,
        overwrite: bool,
    ) -> PyResult<Self> {
        let (format, schema) = (self::format(format, formula_guard)?, like.schema());
        let guard = Guard { sources: like.source_files().clone(), overwrite, ..Guard::default() };
        let made = py.detach(move || {
            catch(move || export::Writer::new(begin(path, guard)?, format, &schema))
        });
        let writer = made.map_err(|error| errors::exception(py, error))?;
        Ok(Self { writer: Mutex::new(Some(writer)) })
    }

    /// Adds the rows of a table.
    fn add(&self, py: Python<'_>, table: &Table) -> PyResult<()> {
        let mut writer = self.take()?;
        let added = py.detach(|| {
            catch(move || {
                table.batches().iter().try_for_each(|batch| writer.add(batch, &|| true))?;
                Ok(writer)
            })
        });
        let writer = added.map_err(|error| errors::exception(py, error))?;
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(())
    }

    /// Makes the file appear.
    fn commit(&self, py: Python<'_>) -> PyResult<Outcome> {
        let writer = self.take()?;
        let written = py.detach(|| catch(|| writer.commit()));
        written.map(Outcome::from).map_err(|error| errors::exception(py, error))
    }

    /// Lets go of the file; nothing is left behind.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        errors::guarded(py, move || {
            py.detach(move || drop(writer));
            Ok(())
        })
    }
}

#[cfg(unix)]
fn descriptor(file: &Whole) -> Result<Option<i32>, Error> {
    use std::os::fd::IntoRawFd;
    Ok(Some(file.handle()?.into_raw_fd()))
}

#[cfg(not(unix))]
fn descriptor(_: &Whole) -> Result<Option<i32>, Error> {
    Ok(None)
}

/// A file that Python writes: under a temporary name until `commit`.
#[pyclass(frozen, module = "finrst._native")]
pub struct Output {
    /// `None` once it is done with.
    file: Mutex<Option<Whole>>,
    temporary: Option<PathBuf>,
}

#[pymethods]
impl Output {
    /// Begins a file (standard output without a path) that must not take the place of sources.
    #[new]
    fn new(
        py: Python<'_>,
        path: Option<PathBuf>,
        sources: &Sources,
        overwrite: bool,
    ) -> PyResult<Self> {
        let guard = Guard { sources: sources.0.clone(), overwrite, ..Guard::default() };
        let made = py.detach(move || catch(move || begin(path, guard)));
        let file = made.map_err(|error| errors::exception(py, error))?;
        let temporary = file.temporary().map(ToOwned::to_owned);
        Ok(Self { file: Mutex::new(Some(file)), temporary })
    }

    /// A descriptor to write to, which is the caller's to close; nothing where there are none.
    fn descriptor(&self, py: Python<'_>) -> PyResult<Option<i32>> {
        errors::guarded(py, || {
            let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let file = file.as_ref().ok_or_else(done_with)?;
            descriptor(file).map_err(|error| errors::exception(py, error))
        })
    }

    /// Where to write instead; nothing for standard output.
    #[getter]
    fn temporary(&self, py: Python<'_>) -> PyResult<Option<PathBuf>> {
        errors::guarded(py, || Ok(self.temporary.clone()))
    }

    /// Makes the file appear, and tells what of the replaced one's owner and group was lost.
    fn commit(&self, py: Python<'_>) -> PyResult<Option<String>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        let file = file.ok_or_else(done_with)?;
        py.detach(|| catch(|| file.commit())).map_err(|error| errors::exception(py, error))
    }

    /// Lets go of the file; nothing is left behind.
    fn abandon(&self, py: Python<'_>) -> PyResult<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        errors::guarded(py, move || {
            py.detach(move || drop(file));
            Ok(())
        })
    }
}

/// Makes sure that what has a name may be replaced.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "arguments from Python come by value")]
pub(super) fn check_output(
    py: Python<'_>,
    path: PathBuf,
    sources: &Sources,
    overwrite: bool,
) -> PyResult<()> {
    let guard = Guard { sources: sources.0.clone(), overwrite, ..Guard::default() };
    let checked = py.detach(|| catch(|| guard.check(&path.display().to_string(), &path)));
    checked.map_err(|error| errors::exception(py, error))
}

/// A text with `'` before what a spreadsheet would take for a formula.
#[pyfunction]
pub(super) fn guarded(py: Python<'_>, text: &str) -> PyResult<String> {
    errors::guarded(py, || Ok(export::guarded(text).into_owned()))
}

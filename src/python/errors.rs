//! Errors of the crate as Python exceptions, mapped in one place.

use std::io::{self, ErrorKind};

use arrow_schema::ArrowError;
use pyo3::exceptions::{
    PyBrokenPipeError, PyFileExistsError, PyFileNotFoundError, PyIsADirectoryError,
    PyKeyboardInterrupt, PyMemoryError, PyOSError, PyPermissionError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

use super::remote::Refused;
use crate::base::error::Error;
use crate::base::guard;
use crate::base::text::printable;

/// `EEXIST`, everywhere.
const EXISTS: i32 = 17;

/// The exception for an error.
pub(super) fn exception(py: Python<'_>, error: Error) -> PyErr {
    match error {
        Error::Io { file, source } => system(&file, source),
        Error::Exists { file, reason } => {
            PyFileExistsError::new_err((EXISTS, printable(&reason), file))
        }
        Error::NotACapture { .. } | Error::Damaged { .. } | Error::Changed(_) => {
            own(py, "CaptureError", &error.to_string())
        }
        Error::State { .. } => own(py, "StateError", &error.to_string()),
        Error::Filter { .. } => own(py, "FilterError", &error.to_string()),
        Error::Argument(reason) => PyValueError::new_err(reason),
        Error::Memory => PyMemoryError::new_err(error.to_string()),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        Error::Internal(reason) => internal(py, &reason),
    }
}

/// The exception for a failure of Arrow.
pub(super) fn arrow(py: Python<'_>, error: &ArrowError) -> PyErr {
    match error {
        ArrowError::SchemaError(reason) => PyValueError::new_err(printable(reason)),
        other => internal(py, &other.to_string()),
    }
}

/// Runs an entry point; a panic in it becomes `InternalError`.
pub(super) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    match guard::catch(|| Ok(work())) {
        Ok(outcome) => outcome,
        Err(error) => Err(exception(py, error)),
    }
}

fn internal(py: Python<'_>, reason: &str) -> PyErr {
    let version = env!("CARGO_PKG_VERSION");
    own(py, "InternalError", &format!("finrst {version}: {}", printable(reason)))
}

/// An exception class of the package.
fn own(py: Python<'_>, name: &str, text: &str) -> PyErr {
    let class = py.import("finrst._errors").and_then(|module| module.getattr(name));
    match class.and_then(|class| class.call1((text,))) {
        Ok(exception) => PyErr::from_value(exception),
        // The package is being taken apart at interpreter exit.
        Err(_) => PyRuntimeError::new_err(text.to_owned()),
    }
}

fn system(file: &str, source: io::Error) -> PyErr {
    if let Some(number) = source.raw_os_error() {
        // Python chooses the subclass by the number: FileNotFoundError and its like.
        let text = source.to_string();
        let reason = text.split(" (os error").next().unwrap_or_default().to_owned();
        return PyOSError::new_err((number, reason, file.to_owned()));
    }
    // What a Python file object raised comes back as it was.
    let refused = source.downcast::<PyErr>().or_else(|source| {
        // A store names the object itself.
        source.downcast::<Refused>().map(|refused| refused.raised)
    });
    match refused {
        Ok(raised) => raised,
        Err(source) => {
            let text = format!("{}: {source}", printable(file));
            match source.kind() {
                ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
                ErrorKind::PermissionDenied => PyPermissionError::new_err(text),
                ErrorKind::IsADirectory => PyIsADirectoryError::new_err(text),
                ErrorKind::BrokenPipe => PyBrokenPipeError::new_err(text),
                _ => PyOSError::new_err(text),
            }
        }
    }
}

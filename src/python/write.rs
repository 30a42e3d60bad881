//! A file that grows table by table.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::errors;
use super::table::{Table, format};
use crate::guard::catch;
use crate::table::export;

/// Tables of one kind on their way into a file, which appears whole with `commit`, or not at all.
#[pyclass(frozen, module = "finrst._native")]
pub struct Writer {
    /// `None` once it is done with, or has failed.
    writer: Mutex<Option<export::Writer>>,
}

impl Writer {
    fn take(&self) -> PyResult<export::Writer> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.take().ok_or_else(|| PyRuntimeError::new_err("this file is done with"))
    }
}

#[pymethods]
impl Writer {
    /// Begins a file for tables like this one, which is not yet written.
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        format: &str,
        formula_guard: bool,
        like: &Table,
    ) -> PyResult<Self> {
        let (format, schema) = (self::format(format, formula_guard)?, like.schema());
        let made = py.detach(move || catch(move || export::Writer::create(&path, format, &schema)));
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

    /// Makes the file appear, and tells the number of rows.
    fn commit(&self, py: Python<'_>) -> PyResult<u64> {
        let writer = self.take()?;
        py.detach(|| catch(|| writer.commit())).map_err(|error| errors::exception(py, error))
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

//! The Arrow `PyCapsule` interface, by hand: pyo3 and arrow keep their own pace.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::errors;
use crate::base::guard;

/// Hands a stream of record batches to a consumer.
pub(super) fn stream(
    py: Python<'_>,
    schema: SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static,
) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = Fused { schema, batches: Some(batches) };
    let stream = FFI_ArrowArrayStream::new(Box::new(reader));
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

/// Hands a schema to a consumer.
pub(super) fn schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema).map_err(|error| errors::arrow(py, &error))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// Ends at the first error, and turns a panic into one: it must not unwind into the consumer,
/// which may pull on a thread of its own.
struct Fused<I> {
    schema: SchemaRef,
    batches: Option<I>,
}

impl<I: Iterator<Item = Result<RecordBatch, ArrowError>>> Iterator for Fused<I> {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batches = self.batches.as_mut()?;
        let next = guard::catch(|| Ok(batches.next()))
            .unwrap_or_else(|error| Some(Err(ArrowError::ExternalError(Box::new(error)))));
        if !matches!(next, Some(Ok(_))) {
            self.batches = None;
        }
        next
    }
}

impl<I: Iterator<Item = Result<RecordBatch, ArrowError>>> RecordBatchReader for Fused<I> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

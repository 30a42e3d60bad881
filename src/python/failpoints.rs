//! Faults on demand, for the tests of a build of their own.

use pyo3::prelude::*;

use crate::base::guard::failpoint;

/// Panics behind the n-th guard from now on.
#[pyfunction]
pub fn panic_at(guard: i64) {
    failpoint::panic_at(guard);
}

/// Guards still to be passed before the panic.
#[pyfunction]
pub fn panic_left() -> i64 {
    failpoint::left()
}

/// Refuses memory at the n-th request from now on.
#[pyfunction]
pub fn refuse_at(request: i64) {
    failpoint::refuse_at(request);
}

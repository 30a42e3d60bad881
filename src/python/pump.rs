//! A file object that is read on a thread of the interpreter's own.
//!
//! Before 3.14, `CPython` ends every thread but the one that ends the interpreter where it next asks
//! for its lock, by unwinding. That would go through frames of Rust, which the language does not
//! allow: the process is aborted. So nothing of a file object runs above such frames, unless on the
//! main thread: the interpreter ends that one last.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::errors;
use super::source::{Failure, octets};

/// What came of one reading.
type Given = Result<Vec<u8>, Failure>;

/// The near end: who reads a capture asks for bytes here.
pub(super) struct Pump {
    ask: Sender<()>,
    given: Receiver<Given>,
}

/// The far end: a thread of Python that reads the file object for it.
#[pyclass(frozen, module = "finrst._native")]
pub struct Feed {
    asked: Mutex<Receiver<()>>,
    give: Sender<Given>,
}

impl Pump {
    /// Starts the thread.
    pub(super) fn start(file: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = file.py();
        let ((ask, asked), (give, given)) = (channel(), channel());
        let feed = Feed { asked: Mutex::new(asked), give };
        let run = py.import("finrst._base.source")?.getattr("pump")?;
        // Neither of these runs a line of Python here.
        let start = py.import("_thread")?.getattr("start_new_thread")?;
        start.call1((run, (file, feed)))?;
        Ok(Self { ask, given })
    }

    /// The next bytes.
    pub(super) fn next(&self) -> Given {
        // The thread is only ever gone with the interpreter, or with an error of the system.
        let gone = || Failure::raised(PyRuntimeError::new_err("the thread that reads is gone"));
        self.ask.send(()).map_err(|_| gone())?;
        self.given.recv().map_err(|_| gone())?
    }
}

#[pymethods]
impl Feed {
    /// Waits until bytes are wanted; false when none will be any more.
    fn wanted(&self, py: Python<'_>) -> bool {
        // No guard: nothing here panics, and nobody waits for the last of these calls.
        py.detach(|| self.asked.lock().unwrap_or_else(PoisonError::into_inner).recv().is_ok())
    }

    /// Gives what the file object gave.
    fn give(&self, py: Python<'_>, read: &Bound<'_, PyAny>) -> PyResult<()> {
        errors::guarded(py, || {
            let given = octets(read)?;
            // Nobody may want it any more.
            drop(self.give.send(Ok(given)));
            Ok(())
        })
    }

    /// Tells what it raised, which is to be raised again unless it is a failure of reading.
    fn fail(&self, py: Python<'_>, text: String, raised: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        errors::guarded(py, || {
            let raised = raised.map(PyErr::from_value);
            drop(self.give.send(Err(Failure { text, raised })));
            Ok(())
        })
    }
}

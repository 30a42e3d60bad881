//! Long work beside the interpreter: the lock is free meanwhile, and Ctrl-C is answered at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use super::errors;
use crate::base::error::Error;
use crate::base::guard;
use crate::base::parallel::hand_over;

/// How often signals are looked for.
pub(super) const SLICE: Duration = Duration::from_millis(10);
/// How long interrupted work is given to tidy up after itself.
const TIDY: Duration = Duration::from_millis(30);

/// Tells the work that nobody waits for it any more.
#[derive(Clone, Default)]
pub(super) struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Whether to carry on.
    pub(super) fn proceed(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// The thread that asked for a stream, which a consumer may pull on another one.
pub(super) struct Caller(ThreadId);

impl Caller {
    /// This thread.
    pub(super) fn here() -> Self {
        Self(thread::current().id())
    }

    /// Answers Ctrl-C where the consumer pulls on the thread that asked; elsewhere there is no
    /// interpreter to wait for. The interrupt comes out when the consumer has returned.
    pub(super) fn interrupted(&self) -> bool {
        thread::current().id() == self.0
            && Python::attach(|py| {
                let Err(interrupt) = py.check_signals() else { return false };
                if interrupt.is_instance_of::<PyKeyboardInterrupt>(py) {
                    let module = py.import("_thread");
                    drop(module.and_then(|module| module.call_method0("interrupt_main")));
                }
                true
            })
    }
}

/// Runs work that knows no Python on a thread of its own and waits for it.
pub(super) fn wait<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Cancel) -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    // Before anything is asked for in a way that cannot be refused.
    guard::room_for(0).map_err(|error| errors::exception(py, error))?;
    let cancel = Cancel::default();
    let seen = cancel.clone();
    let result = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&result);
    let run = move || {
        let made = guard::catch(|| work(&seen));
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    };
    waited(py, &cancel, Box::new(run))?;
    let made = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    made.unwrap_or_else(|| Err(Error::Internal("a thread died".to_owned())))
        .map_err(|error| errors::exception(py, error))
}

/// What [`wait`] does for work of any result: compiled once, not once a result.
fn waited(py: Python<'_>, cancel: &Cancel, run: Box<dyn FnOnce() + Send>) -> PyResult<()> {
    let (done, mut waiting) = mpsc::channel();
    let run: Box<dyn FnOnce() + Send> = Box::new(move || {
        run();
        done.send(()).ok();
    });
    if let Some(run) = hand_over("finrst", run, |run| run()) {
        // Here then, and Ctrl-C waits for it.
        py.detach(run);
    }
    loop {
        let outcome;
        (waiting, outcome) = py.detach(move || {
            let outcome = waiting.recv_timeout(SLICE);
            (waiting, outcome)
        });
        match outcome {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                if let Err(interrupt) = py.check_signals() {
                    cancel.0.store(true, Ordering::Relaxed);
                    py.detach(move || waiting.recv_timeout(TIDY).ok());
                    return Err(interrupt);
                }
            }
        }
    }
}

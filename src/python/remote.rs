//! Objects in stores, which Python reads on threads of the interpreter's own (see `pump.rs`).

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

use super::errors;
use super::source::{Raised, octets};
use crate::base::parallel::on_own_thread;
use crate::capture::{Given, Object, Remote};

/// Threads that read objects for one reading.
const READERS: usize = 8;

/// What a store raised: told in words everywhere, and raised as it was where nothing was read yet.
#[derive(Debug)]
pub(super) struct Refused {
    text: String,
    pub raised: PyErr,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Refused {}

/// The objects of one reading.
pub(super) struct Objects {
    ask: Sender<Request>,
    asked: Arc<Mutex<Receiver<Request>>>,
    readers: usize,
    raised: Raised,
    /// Where signals are answered: the main thread, if this is that one.
    main: Option<ThreadId>,
    open: Arc<AtomicUsize>,
}

impl Objects {
    /// None yet.
    pub(super) fn new(py: Python<'_>, raised: Raised) -> PyResult<Self> {
        let threading = py.import("threading")?;
        let here: u64 = py.import("_thread")?.call_method0("get_ident")?.extract()?;
        let main: u64 = threading.call_method0("main_thread")?.getattr("ident")?.extract()?;
        let main = (here == main).then(|| thread::current().id());
        let (ask, asked) = channel();
        let asked = Arc::new(Mutex::new(asked));
        Ok(Self { ask, asked, readers: 0, raised, main, open: Arc::default() })
    }

    /// One that Python handed over, and a thread more that reads, up to some.
    pub(super) fn object(&mut self, item: &Bound<'_, PyAny>) -> PyResult<Object> {
        let py = item.py();
        if self.readers < READERS {
            let requests = Requests { asked: Arc::clone(&self.asked) };
            let run = py.import("finrst._base.source")?.getattr("serve")?;
            // Neither of these runs a line of Python here.
            let start = py.import("_thread")?.getattr("start_new_thread")?;
            start.call1((run, (requests,)))?;
            self.readers += 1;
        }
        let (name, size) = (item.getattr("name")?.extract()?, item.getattr("size")?.extract()?);
        let place = Place {
            item: Arc::new(item.clone().unbind()),
            ask: self.ask.clone(),
            raised: self.raised.clone(),
            main: self.main,
        };
        Ok(Object::new(name, size, Arc::new(place), &self.open))
    }
}

/// An object, as the engine sees it. No line of Python runs on its threads.
struct Place {
    item: Arc<Py<PyAny>>,
    ask: Sender<Request>,
    raised: Raised,
    main: Option<ThreadId>,
}

impl Remote for Place {
    fn ask(&self, offset: u64, length: usize) -> Receiver<Given> {
        let (give, given) = channel();
        let (item, raised) = (Arc::clone(&self.item), self.raised.clone());
        // Where nobody reads any more, what is dropped with it tells.
        drop(self.ask.send(Request { item, offset, length, give, raised }));
        given
    }

    fn wait(&self, turn: &mut (dyn FnMut() -> bool + Send)) -> io::Result<()> {
        if on_own_thread() {
            while !turn() {}
            return Ok(());
        }
        Python::attach(|py| {
            // Whoever waits may hold the interpreter's lock, which those that read need.
            while !py.detach(&mut *turn) {
                if self.main == Some(thread::current().id())
                    && let Err(interrupt) = py.check_signals()
                {
                    self.raised.keep(interrupt);
                    return Err(io::Error::other("interrupted"));
                }
            }
            Ok(())
        })
    }
}

/// The far end: what threads of Python are asked for.
#[pyclass(frozen, module = "finrst._native")]
pub struct Requests {
    asked: Arc<Mutex<Receiver<Request>>>,
}

#[pymethods]
impl Requests {
    /// Waits for the next one; `None` when none will come any more.
    fn next(&self, py: Python<'_>) -> Option<Request> {
        // No guard: nothing here panics, and nobody waits for the last of these calls.
        py.detach(|| self.asked.lock().unwrap_or_else(PoisonError::into_inner).recv().ok())
    }
}

/// Bytes that are wanted of an object.
#[pyclass(frozen, module = "finrst._native")]
pub struct Request {
    item: Arc<Py<PyAny>>,
    /// From where on.
    #[pyo3(get)]
    offset: u64,
    /// How many at most.
    #[pyo3(get)]
    length: usize,
    give: Sender<Given>,
    raised: Raised,
}

#[pymethods]
impl Request {
    /// The object.
    #[getter]
    fn item(&self, py: Python<'_>) -> Py<PyAny> {
        self.item.clone_ref(py)
    }

    /// Gives what it gave.
    fn give(&self, py: Python<'_>, read: &Bound<'_, PyAny>) -> PyResult<()> {
        errors::guarded(py, || {
            let given = octets(read)?;
            // Nobody may want it any more.
            drop(self.give.send(Ok(given)));
            Ok(())
        })
    }

    /// Tells what it raised, in words, too: what is no failure of reading is raised again.
    fn fail(&self, py: Python<'_>, text: String, raised: Bound<'_, PyAny>) -> PyResult<()> {
        errors::guarded(py, || {
            let raised = PyErr::from_value(raised);
            if !raised.is_instance_of::<PyOSError>(py) {
                self.raised.keep(raised.clone_ref(py));
            }
            drop(self.give.send(Err(io::Error::other(Refused { text, raised }))));
            Ok(())
        })
    }
}

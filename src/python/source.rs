//! What to read, as Python hands it over.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBlockingIOError, PyMemoryError, PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;

use super::pump::Pump;
use super::remote::Objects;
use crate::capture::{Source, SourceFile};

/// Bytes asked of a file object at a time: the way into Python and back costs nothing then.
const PULL: usize = 1 << 20;

/// What a file object raised that is no failure of reading (an `OSError` is, and what was read
/// until then is kept): Ctrl-C, or an error in its code.
#[derive(Clone, Default)]
pub(super) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps one to be raised.
    pub(super) fn keep(&self, error: PyErr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Raises it, if there is one.
    pub(super) fn check(&self) -> PyResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// Why a file object gave nothing.
pub(super) struct Failure {
    /// In words.
    pub text: String,
    /// What is to be raised again, if it is no failure of reading.
    pub raised: Option<PyErr>,
}

impl Failure {
    /// Of an error that is to be raised again.
    pub(super) fn raised(error: PyErr) -> Self {
        Self { text: error.to_string(), raised: Some(error) }
    }

    fn of(py: Python<'_>, error: PyErr) -> Self {
        let text = error.to_string();
        let raised = (!error.is_instance_of::<PyOSError>(py)).then_some(error);
        Self { text, raised }
    }
}

/// What is to be read, from first to last.
pub(super) fn sources<'py>(
    py: Python<'py>,
    items: impl IntoIterator<Item = Bound<'py, PyAny>>,
    raised: &Raised,
) -> PyResult<Vec<Source>> {
    let mut objects = Objects::new(py, raised.clone())?;
    items.into_iter().map(|item| source(&item, raised, &mut objects)).collect()
}

/// `("path", path)`, `("bytes", name, buffer)`,
/// `("reader", name, file object, size, number of the main thread, file)`, where the file behind the
/// object is a path, or device and inode, or `None`; of stores `("object", object)`, and
/// `("listing", name, objects, folders passed over)`.
fn source(item: &Bound<'_, PyAny>, raised: &Raised, objects: &mut Objects) -> PyResult<Source> {
    let kind: String = item.get_item(0)?.extract()?;
    match kind.as_str() {
        "path" => Ok(Source::Path(item.get_item(1)?.extract()?)),
        "bytes" => {
            let name: String = item.get_item(1)?.extract()?;
            // Bytes may be called something else, as by pyarrow; the view ends with this call.
            let view = PyMemoryView::from(&item.get_item(2)?)?.call_method1("cast", ("B",))?;
            Ok(Source::bytes(name, copied(item.py(), &PyBuffer::get(&view)?)?))
        }
        "reader" => {
            let name: String = item.get_item(1)?.extract()?;
            let size: Option<u64> = item.get_item(3)?.extract()?;
            let main: u64 = item.get_item(4)?.extract()?;
            let reader = Puller::new(&item.get_item(2)?, raised.clone(), main)?;
            let file: Option<Behind> = item.get_item(5)?.extract()?;
            let file = match file {
                Some(Behind::Number(device, inode)) => {
                    Some(SourceFile::numbered(name.clone(), device, inode))
                }
                Some(Behind::Name(path)) => SourceFile::named(&path),
                None => None,
            };
            Ok(Source::reader(name, Box::new(reader), size).of_file(file))
        }
        "object" => Ok(Source::Object(objects.object(&item.get_item(1)?)?)),
        "listing" => {
            let found: PyResult<_> =
                item.get_item(2)?.try_iter()?.map(|one| objects.object(&one?)).collect();
            Ok(Source::Listing { objects: found?, folders: item.get_item(3)?.extract()? })
        }
        other => Err(PyValueError::new_err(format!("no such source: {other}"))),
    }
}

/// The file behind a file object.
#[derive(FromPyObject)]
enum Behind {
    Number(u64, u64),
    Name(PathBuf),
}

/// A copy, or `MemoryError` where there is no memory for it.
fn copied(py: Python<'_>, buffer: &PyBuffer<u8>) -> PyResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = buffer.len_bytes();
    bytes.try_reserve_exact(length).map_err(|_| PyMemoryError::new_err("no memory for a copy"))?;
    bytes.resize(length, 0);
    buffer.copy_to_slice(py, &mut bytes)?;
    Ok(bytes)
}

/// What a file object gave, which must be bytes.
pub(super) fn octets(read: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if read.is_none() {
        return Err(PyBlockingIOError::new_err("the file object would block"));
    }
    let bytes = PyBuffer::<u8>::get(read)
        .map_err(|_| PyTypeError::new_err("the file object is not a binary one"))?;
    copied(read.py(), &bytes)
}

/// Reads a binary Python file object: on the main thread itself, on any other through a [`Pump`].
struct Puller {
    file: Py<PyAny>,
    raised: Raised,
    main: u64,
    pump: Option<Pump>,
    buffer: Vec<u8>,
    at: usize,
}

impl Puller {
    fn new(file: &Bound<'_, PyAny>, raised: Raised, main: u64) -> PyResult<Self> {
        if !file.hasattr("read")? {
            return Err(PyTypeError::new_err("a file object needs read()"));
        }
        let file = file.clone().unbind();
        Ok(Self { file, raised, main, pump: None, buffer: Vec::new(), at: 0 })
    }

    /// Whether nothing but the end of the process ends this thread.
    fn is_main(&self, py: Python<'_>) -> PyResult<bool> {
        let thread: u64 = py.import("_thread")?.call_method0("get_ident")?.extract()?;
        Ok(thread == self.main)
    }

    fn read_here(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        py.check_signals()?;
        let file = self.file.bind(py);
        // read1 gives what a pipe has, where read waits for all that was asked for.
        let name = if file.hasattr("read1")? { "read1" } else { "read" };
        octets(&file.call_method1(name, (PULL,))?)
    }

    fn pull(&mut self) -> Result<(), Failure> {
        self.at = 0;
        self.buffer = Python::attach(|py| {
            let main = self.is_main(py).map_err(Failure::raised)?;
            if main {
                return self.read_here(py).map_err(|error| Failure::of(py, error));
            }
            let pump = match self.pump.take() {
                Some(pump) => pump,
                None => Pump::start(self.file.bind(py)).map_err(Failure::raised)?,
            };
            // Whoever pulls may hold the interpreter's lock, which the other thread needs.
            let (pump, given) = py.detach(move || {
                let given = pump.next();
                (pump, given)
            });
            self.pump = Some(pump);
            given
        })?;
        Ok(())
    }
}

impl Read for Puller {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.buffer.len() {
            self.pull().map_err(|failure| {
                if let Some(error) = failure.raised {
                    self.raised.keep(error);
                }
                io::Error::other(failure.text)
            })?;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.at += n;
        Ok(n)
    }
}

//! Objects that can be asked for bytes at any place, again and again: no handle is held between.

use std::fmt;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes asked for at first: enough to see what a file is, and when it begins.
const FIRST: usize = 64 * 1024;
/// Bytes asked for at a time at most.
const MOST: usize = 4 << 20;
/// Bytes that all objects that are open together may ask for at a time.
const TOGETHER: usize = 32 << 20;
/// Objects of which the next bytes are asked for before they are wanted.
const EAGER: usize = 8;
/// How long one turn of waiting takes.
const TURN: Duration = Duration::from_millis(20);

/// What comes of a question.
pub type Given = io::Result<Vec<u8>>;

/// Where an object lies.
pub trait Remote: Send + Sync {
    /// Asks for bytes from a place on, fewer only at the end; what comes is sent.
    fn ask(&self, offset: u64, length: usize) -> Receiver<Given>;

    /// Takes turns, each of which waits a moment, until one says that it is done.
    ///
    /// # Errors
    /// When the waiting is to end before, as by Ctrl-C.
    fn wait(&self, turn: &mut (dyn FnMut() -> bool + Send)) -> io::Result<()>;
}

/// Receives something that a remote sends or causes to be sent; `None` when nobody can any more.
pub(crate) fn receive<T: Send>(
    remote: &dyn Remote,
    from: &mut Receiver<T>,
) -> io::Result<Option<T>> {
    let mut came = None;
    let kept = &mut came;
    remote.wait(&mut move || {
        match from.recv_timeout(TURN) {
            Ok(what) => *kept = Some(what),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => {}
        }
        true
    })?;
    Ok(came)
}

/// An object in a store.
#[derive(Clone)]
pub struct Object {
    pub(super) name: String,
    pub(super) size: Option<u64>,
    pub(super) remote: Arc<dyn Remote>,
    /// How many objects are open with this one.
    open: Arc<AtomicUsize>,
    /// Its first bytes, where they were asked for ahead.
    head: Arc<Mutex<Option<Receiver<Given>>>>,
}

impl Object {
    /// One of several that are read together, which share the count of those that are open.
    pub fn new(
        name: String,
        size: Option<u64>,
        remote: Arc<dyn Remote>,
        open: &Arc<AtomicUsize>,
    ) -> Self {
        Self { name, size, remote, open: Arc::clone(open), head: Arc::default() }
    }

    /// Asks for the first bytes, as it will be opened soon.
    pub(crate) fn prepare(&self) {
        self.head().get_or_insert_with(|| self.remote.ask(0, FIRST));
    }

    fn head(&self) -> std::sync::MutexGuard<'_, Option<Receiver<Given>>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object {
    /// How messages call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes, at any place.
    pub(crate) fn places(&self) -> Places {
        Places { object: self.clone(), at: 0, held: Vec::new(), from: 0, wanted: FIRST }
    }
}

/// The bytes of an object at any place, some kilobytes at a time, as of a file.
pub(crate) struct Places {
    object: Object,
    at: u64,
    /// What is held, and where it lies.
    held: Vec<u8>,
    from: u64,
    /// Bytes to ask for next.
    wanted: usize,
}

impl Places {
    fn size(&self) -> io::Result<u64> {
        self.object.size.ok_or_else(|| io::Error::other("nobody says how long it is"))
    }

    /// What is held from where reading stands on.
    fn rest(&self) -> &[u8] {
        let ahead = self.at.checked_sub(self.from).and_then(|ahead| usize::try_from(ahead).ok());
        ahead.and_then(|ahead| self.held.get(ahead..)).unwrap_or_default()
    }

    /// Takes bytes from where reading stands on, so many or more, but for the end.
    fn take(&mut self, length: usize) -> io::Result<()> {
        let behind = self.from.saturating_add(self.held.len() as u64);
        let goes_on = self.at == behind && !self.held.is_empty();
        self.wanted = if goes_on { self.wanted.saturating_mul(2).min(MOST) } else { FIRST };
        let length = length.min(MOST).max(self.wanted);
        // What lies before the end is most often wanted next.
        let last = self.size()?.saturating_sub(length as u64);
        self.from = if goes_on { self.at } else { self.at.min(last) };
        self.held = Vec::new();
        let mut coming = self.object.remote.ask(self.from, length);
        let given = receive(&*self.object.remote, &mut coming)?;
        self.held = given.unwrap_or_else(|| Err(io::Error::other("the store is gone")))?;
        Ok(())
    }
}

impl Read for Places {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size()? || out.is_empty() {
            return Ok(0);
        }
        if self.rest().is_empty() {
            self.take(out.len())?;
        }
        let got = self.rest().read(out)?;
        if got == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.at += got as u64;
        Ok(got)
    }
}

impl Seek for Places {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.size()?.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.name)
    }
}

/// The bytes of an object from its beginning to its end, one question at a time.
pub(super) struct Flow {
    object: Object,
    /// What is held, and where in it reading stands.
    held: Vec<u8>,
    at: usize,
    /// Where the bytes behind it lie.
    next: u64,
    coming: Option<Receiver<Given>>,
    /// Bytes to ask for next.
    wanted: usize,
    /// Fewer came than were asked for.
    short: bool,
}

impl Flow {
    pub(super) fn new(object: Object) -> Self {
        object.open.fetch_add(1, Ordering::Relaxed);
        let coming = object.head().take();
        Self { object, held: Vec::new(), at: 0, next: 0, coming, wanted: FIRST, short: false }
    }

    fn is_over(&self) -> bool {
        self.object.size.map_or(self.short, |size| self.next >= size)
    }

    fn ask(&self) -> Receiver<Given> {
        self.object.remote.ask(self.next, self.wanted)
    }

    /// Takes the bytes that were asked for, and asks for more.
    fn go_on(&mut self) -> io::Result<()> {
        // Its memory goes before more is taken.
        (self.held, self.at) = (Vec::new(), 0);
        if self.is_over() {
            return Ok(());
        }
        let mut coming = self.coming.take().unwrap_or_else(|| self.ask());
        let given = receive(&*self.object.remote, &mut coming)?;
        self.held = given.unwrap_or_else(|| Err(io::Error::other("the store is gone")))?;
        if self.held.is_empty() && self.object.size.is_some() {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the object ended after {} bytes", self.next),
            ));
        }
        self.short = self.held.len() < self.wanted;
        self.next = self.next.saturating_add(self.held.len() as u64);
        let open = self.object.open.load(Ordering::Relaxed).max(1);
        self.wanted = self.wanted.saturating_mul(2).min((TOGETHER / open).clamp(FIRST, MOST));
        if open <= EAGER && !self.held.is_empty() && !self.is_over() {
            self.coming = Some(self.ask());
        }
        Ok(())
    }
}

impl Read for Flow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.held.len() {
            self.go_on()?;
        }
        let mut rest = self.held.get(self.at..).unwrap_or_default();
        let got = rest.read(out)?;
        self.at += got;
        Ok(got)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.object.open.fetch_sub(1, Ordering::Relaxed);
    }
}

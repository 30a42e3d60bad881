//! Who reads which file: threads that each take the next few frames of whichever file is wanted
//! most, so that there are never more threads than were asked for, and what is read ahead is bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::piece::{End, Piece, Task};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::parallel::hand_over;
use crate::capture::Reader;
use crate::engine::Options;

/// Bytes of packets that wait to be taken, of all files together; each that is open may have one
/// piece in any case.
pub(super) const HELD: usize = 128 << 20;
/// Bytes of packets that make a piece.
const PIECE: usize = 256 * 1024;
/// Files that may be open with their handles kept; of more, each gives its own back between reads.
const HANDLES: usize = 64;
/// How long the caller waits before it looks whether it is to go on.
const WAIT: Duration = Duration::from_millis(5);

/// A file.
struct Lane {
    phase: Phase,
    pieces: VecDeque<Piece>,
    size: usize,
}

enum Phase {
    /// Nobody read any of it.
    New(Box<Reader>),
    /// To be read on.
    Idle(Box<Task>),
    /// Somebody reads it.
    Busy,
    /// It was read to its end.
    Over(Box<End>),
    /// And everything of it was taken.
    Gone,
}

/// What of a file is at hand.
pub(super) enum Fetched {
    /// The next frames.
    Piece(Box<Piece>),
    /// It is over.
    Over(Box<End>),
    /// Nothing yet.
    NotYet,
}

/// What was done, for those who want to know that it was done side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Files that were read at the same time, at most.
    pub busy: usize,
    /// Files that were open at the same time, at most.
    pub open: usize,
    /// Bytes of packets that waited, at most.
    pub held: usize,
    /// Threads beside the caller.
    pub threads: usize,
}

struct State {
    lanes: Vec<Lane>,
    /// Before it all are gone.
    first: usize,
    /// Those before it are wanted by now: the caller puts their frames in order.
    entered: usize,
    open: usize,
    busy: usize,
    held: usize,
    failed: Option<Error>,
    stopped: bool,
    told: Told,
}

struct Shared {
    state: Mutex<State>,
    /// A piece is there, or an error.
    come: Condvar,
    /// There may be something to do.
    work: Condvar,
    options: Options,
    threads: usize,
    held: usize,
}

/// All who read.
pub(super) struct Crew(Arc<Shared>);

impl Crew {
    /// For files in order, with options that do not depend on other files; the caller is one of so
    /// many threads.
    pub(super) fn new(parts: Vec<Reader>, options: Options, threads: usize, held: usize) -> Self {
        let lane =
            |part| Lane { phase: Phase::New(Box::new(part)), pieces: VecDeque::new(), size: 0 };
        let state = State {
            lanes: parts.into_iter().map(lane).collect(),
            first: 0,
            entered: 0,
            open: 0,
            busy: 0,
            held: 0,
            failed: None,
            stopped: false,
            told: Told::default(),
        };
        let (come, work) = (Condvar::new(), Condvar::new());
        let state = Mutex::new(state);
        Self(Arc::new(Shared { state, come, work, options, threads, held }))
    }

    /// Has others help. Where there is no thread for them, the caller does everything.
    pub(super) fn start(&self) {
        let shared = &*self.0;
        let helpers = (shared.threads - 1).min(shared.lock().lanes.len());
        for _ in 0..helpers {
            if hand_over("finrst-decode", Arc::clone(&self.0), |shared| shared.work()).is_some() {
                break;
            }
            shared.lock().told.threads += 1;
        }
    }

    /// Those before this one are wanted from now on.
    pub(super) fn enter(&self, lanes: usize) {
        self.0.lock().entered = lanes;
        self.0.work.notify_all();
    }

    /// What comes next of a file that was entered; the caller reads meanwhile, or waits a little.
    ///
    /// # Errors
    /// What went wrong with any file.
    pub(super) fn fetch(&self, lane: usize) -> Result<Fetched, Error> {
        let shared = &*self.0;
        let mut state = shared.lock();
        for turn in 0..2 {
            if let Some(error) = state.failed.take() {
                state.stopped = true;
                return Err(error);
            }
            if let Some(fetched) = state.take(lane) {
                drop(state);
                shared.work.notify_all();
                return Ok(fetched);
            }
            if turn > 0 {
                break;
            }
            state = if let Some((at, phase)) = state.pick(shared, Some(lane)) {
                drop(state);
                shared.step(at, phase);
                shared.lock()
            } else {
                let waited = shared.come.wait_timeout(state, WAIT);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
        Ok(Fetched::NotYet)
    }

    /// What was done so far.
    pub(super) fn told(&self) -> Told {
        self.0.lock().told
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.work.notify_all();
    }
}

impl State {
    fn take(&mut self, lane: usize) -> Option<Fetched> {
        let own = self.lanes.get_mut(lane)?;
        if let Some(piece) = own.pieces.pop_front() {
            let size = piece.size();
            own.size -= size;
            self.held -= size;
            return Some(Fetched::Piece(Box::new(piece)));
        }
        if !matches!(own.phase, Phase::Over(_)) {
            return None;
        }
        let Phase::Over(end) = std::mem::replace(&mut own.phase, Phase::Gone) else { return None };
        self.open -= 1;
        let rest = self.lanes.get(self.first..).unwrap_or_default();
        self.first += rest.iter().take_while(|lane| matches!(lane.phase, Phase::Gone)).count();
        Some(Fetched::Over(end))
    }

    /// The file that is wanted most, to be read on: the one that the caller waits for, those that
    /// were entered and have nothing at hand, others in order while there is room.
    fn pick(&mut self, shared: &Shared, asked: Option<usize>) -> Option<(usize, Phase)> {
        let free = |lane: &Lane| matches!(lane.phase, Phase::New(_) | Phase::Idle(_));
        let at = asked.filter(|&at| self.lanes.get(at).is_some_and(free)).or_else(|| {
            let last = self.entered.max(self.first).saturating_add(shared.threads);
            let share = shared.held / self.open.max(1);
            let lanes = self.lanes.iter().enumerate().take(last).skip(self.first);
            let mut wanted = lanes.filter(|(_, lane)| free(lane));
            let room = self.held < shared.held;
            let urgent = |&(at, lane): &(usize, &Lane)| at < self.entered && lane.size == 0;
            let first = wanted.clone().find(urgent);
            let at = first.or_else(|| wanted.find(|(_, lane)| room && lane.size < share));
            at.map(|(at, _)| at)
        })?;
        let lane = self.lanes.get_mut(at)?;
        let phase = std::mem::replace(&mut lane.phase, Phase::Busy);
        self.open += usize::from(matches!(phase, Phase::New(_)));
        self.busy += 1;
        self.told.busy = self.told.busy.max(self.busy);
        self.told.open = self.told.open.max(self.open);
        Some((at, phase))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does.
    fn work(&self) {
        let mut state = self.lock();
        while !state.stopped && state.first < state.lanes.len() {
            state = if let Some((at, phase)) = state.pick(self, None) {
                drop(state);
                self.step(at, phase);
                self.lock()
            } else {
                self.work.wait(state).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }

    /// Reads the next piece of a file.
    fn step(&self, at: usize, phase: Phase) {
        let open = self.lock().open.max(1);
        let size = (self.held / open / 4).min(PIECE);
        let done = guard::catch(|| {
            let mut task = match phase {
                Phase::New(part) => Box::new(Task::new(*part, self.options.clone())),
                Phase::Idle(task) => task,
                _ => return Err(Error::Internal("a file is read twice".to_owned())),
            };
            let (piece, more) = task.step(size, open > HANDLES)?;
            let phase = if more { Phase::Idle(task) } else { Phase::Over(Box::new(task.finish())) };
            Ok((piece, phase))
        });
        let mut state = self.lock();
        state.busy -= 1;
        match done {
            Ok((piece, phase)) => {
                let size = piece.size();
                state.held += size;
                state.told.held = state.told.held.max(state.held);
                if let Some(lane) = state.lanes.get_mut(at) {
                    lane.size += size;
                    lane.pieces.push_back(piece);
                    lane.phase = phase;
                }
            }
            Err(error) => {
                state.failed.get_or_insert(error);
                state.stopped = true;
            }
        }
        drop(state);
        self.come.notify_all();
        self.work.notify_one();
    }
}

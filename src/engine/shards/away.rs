//! A tracker on a thread of its own.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use crate::base::error::Error;
use crate::base::guard;
use crate::base::parallel::hand_over;
use crate::conn::{Parcel, Tracker};

/// Parcels that may wait for the tracker.
const WAITING: usize = 4;

enum Work {
    Parcel(Parcel),
    /// The capture ends, and at what time.
    End(i64),
}

enum Back {
    /// An empty parcel, and how many connections are followed now.
    Parcel(Parcel, u32),
    Done(Box<Tracker>),
    Failed(Error),
}

/// The near end.
pub(super) struct Away {
    work: SyncSender<Work>,
    back: Receiver<Back>,
    filling: Parcel,
    /// How many connections it follows, as far as is known.
    pub followed: u32,
    /// It takes nothing any more: [`Away::join`] tells why.
    gone: bool,
    failed: Option<Error>,
}

impl Away {
    /// Hands a tracker to a thread; it comes back when there is none for it.
    pub(super) fn start(tracker: Box<Tracker>) -> Result<Self, Box<Tracker>> {
        let (work, todo) = sync_channel(WAITING);
        let (done, back) = channel();
        let followed = tracker.followed();
        let run = move |tracker| follow(tracker, &todo, &done);
        if let Some(tracker) = hand_over("finrst-track", tracker, run) {
            return Err(tracker);
        }
        let (filling, gone, failed) = (Parcel::default(), false, None);
        Ok(Self { work, back, filling, followed, gone, failed })
    }

    /// Puts a packet into the next parcel.
    #[inline]
    pub(super) fn add(&mut self, put: impl FnOnce(&mut Parcel)) {
        put(&mut self.filling);
        if self.filling.is_full() {
            self.send();
        }
    }

    fn send(&mut self) {
        let empty = match self.back.try_recv() {
            Ok(Back::Parcel(parcel, followed)) => {
                self.followed = followed;
                Some(parcel)
            }
            Ok(Back::Failed(error)) => {
                self.failed = Some(error);
                None
            }
            _ => None,
        };
        let full = std::mem::replace(&mut self.filling, empty.unwrap_or_default());
        self.gone |= self.work.send(Work::Parcel(full)).is_err();
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if self.gone || self.failed.is_some() { self.join().map(drop) } else { Ok(()) }
    }

    /// Sends what is left, and that it is all.
    pub(super) fn end(&mut self, now: i64) {
        if !self.filling.is_empty() {
            self.send();
        }
        self.gone |= self.work.send(Work::End(now)).is_err();
    }

    /// The tracker, once it took everything; after [`Away::end`].
    ///
    /// # Errors
    /// A panic of it.
    pub(super) fn join(&mut self) -> Result<Box<Tracker>, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            match self.back.recv() {
                Ok(Back::Parcel(..)) => {}
                Ok(Back::Done(tracker)) => return Ok(tracker),
                Ok(Back::Failed(error)) => return Err(error),
                Err(_) => {
                    return Err(Error::Internal("a thread that follows is gone".to_owned()));
                }
            }
        }
    }
}

/// What the thread does.
fn follow(mut tracker: Box<Tracker>, todo: &Receiver<Work>, back: &Sender<Back>) {
    for work in todo {
        let mut parcel = match work {
            Work::Parcel(parcel) => parcel,
            Work::End(now) => {
                let closed = guard::catch(|| {
                    tracker.end(now, None);
                    Ok(())
                });
                drop(back.send(closed.map_or_else(Back::Failed, |()| Back::Done(tracker))));
                return;
            }
        };
        let taken = guard::catch(|| {
            parcel.deliver(&mut tracker);
            Ok(())
        });
        if let Err(error) = taken {
            drop(back.send(Back::Failed(told(error, &parcel))));
            return;
        }
        parcel.clear();
        if back.send(Back::Parcel(parcel, tracker.followed())).is_err() {
            return;
        }
    }
}

/// Where it happened: reading is further on by then.
fn told(error: Error, parcel: &Parcel) -> Error {
    match (error, parcel.numbers()) {
        (Error::Internal(reason), Some((first, last))) => {
            Error::Internal(format!("{reason}, in packets {first} to {last} of the capture"))
        }
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{channel, sync_channel};

    use super::{Away, Back, Parcel};
    use crate::base::error::Error;

    #[test]
    fn what_went_wrong_is_told() {
        for told in [true, false] {
            let (work, todo) = sync_channel(1);
            let (done, back) = channel();
            let filling = Parcel::default();
            let mut away = Away { work, back, filling, followed: 0, gone: false, failed: None };
            away.check().unwrap();
            if told {
                done.send(Back::Failed(Error::Internal("of the test".to_owned()))).unwrap();
            }
            drop((todo, done));
            away.send();
            let text = away.check().unwrap_err().to_string();
            assert!(text.contains(if told { "of the test" } else { "is gone" }), "{text}");
        }
    }
}

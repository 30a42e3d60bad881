//! Independent pieces of work on several threads, their results in order.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::base::error::Error;
use crate::base::guard;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread was started here, and is none of whoever calls this crate.
#[cfg(feature = "python")]
pub(crate) fn on_own_thread() -> bool {
    OWN.get()
}

/// Threads that are used when nobody says how many: those that there are processors for, within
/// reason.
pub(crate) fn sensible() -> usize {
    const MOST: usize = 8;
    thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST)
}

/// Has something done on a thread of its own. It comes back where the system starts none, as when
/// there is no memory for another stack: whoever asked then does it himself.
pub(crate) fn hand_over<T: Send + 'static>(
    name: &str,
    work: T,
    run: impl FnOnce(T) + Send + 'static,
) -> Option<T> {
    // A thread that finds no memory for itself takes the whole process with it.
    if guard::room(guard::ROOM).is_err() {
        return Some(work);
    }
    let (hand, taken) = channel();
    let thread = thread::Builder::new().name(name.to_owned());
    let spawned = thread.spawn(move || {
        OWN.set(true);
        if let Ok(work) = taken.recv() {
            run(work);
        }
    });
    if spawned.is_err() {
        return Some(work);
    }
    hand.send(work).err().map(|back| back.0)
}

/// Runs `work` for every item, on the calling thread and on up to `threads - 1` others; results
/// stand in the order of the items. `proceed` is asked on the calling thread before each item that
/// it takes itself.
///
/// # Errors
/// The first error by time, a panic among them; [`Error::Cancelled`] when `proceed` says so.
pub(crate) fn in_order<I: Send, R: Send>(
    threads: usize,
    items: impl Iterator<Item = I> + Send,
    proceed: &dyn Fn() -> bool,
    work: impl Fn(I) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    // More threads than items would do nothing but keep an allocator's arena each.
    let threads = items.size_hint().1.map_or(threads, |items| threads.min(items));
    let stop = AtomicBool::new(false);
    let queue = Mutex::new(items.enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let one = |done: &mut Vec<(usize, R)>, (index, item): (usize, I)| {
        let result = guard::catch(|| work(item));
        stop.fetch_or(result.is_err(), Ordering::Relaxed);
        result.map(|result| done.push((index, result)))
    };
    let run = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed)
            && let Some(item) = next()
        {
            one(&mut done, item)?;
        }
        Ok(done)
    };
    let mut done = thread::scope(|scope| {
        let helpers = if guard::room(guard::ROOM).is_ok() { threads } else { 1 };
        let helpers: Vec<_> = (1..helpers)
            .map_while(|_| {
                let run = || {
                    OWN.set(true);
                    run()
                };
                thread::Builder::new().name("finrst".to_owned()).spawn_scoped(scope, run).ok()
            })
            .collect();
        let mut own = Ok(Vec::new());
        while let Ok(done) = &mut own
            && !stop.load(Ordering::Relaxed)
        {
            let asked = if proceed() { Ok(()) } else { Err(Error::Cancelled) };
            let stepped = asked.map(|()| next()).and_then(|item| match item {
                Some(item) => one(done, item).map(|()| true),
                None => Ok(false),
            });
            match stepped {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    own = Err(error);
                }
            }
        }
        for helper in helpers {
            let theirs = helper.join().unwrap_or_else(|payload| resume_unwind(payload));
            own = own.and_then(|mut all| {
                all.extend(theirs?);
                Ok(all)
            });
        }
        own
    })?;
    done.sort_unstable_by_key(|&(index, _)| index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::base::error::Error;

    #[test]
    fn results_stand_in_order() {
        for threads in [0, 1, 2, 5] {
            let squares = in_order(threads, 0..1000_u32, &|| true, |n| Ok(n * n)).unwrap();
            assert!(squares.iter().copied().eq((0..1000).map(|n| n * n)));
        }
    }

    #[test]
    fn errors_and_panics_come_out() {
        for threads in [1, 3] {
            let fails = |n: u32| if n == 7 { Err(Error::Argument("seven".into())) } else { Ok(n) };
            assert!(matches!(in_order(threads, 0..99, &|| true, fails), Err(Error::Argument(_))));
            assert!(matches!(
                in_order(threads, 0..99, &|| false, Ok::<u32, _>),
                Err(Error::Cancelled)
            ));
            let panics = crate::base::guard::catch(|| {
                in_order(
                    threads,
                    0..99,
                    &|| true,
                    |n: u32| if n == 5 { panic!("five") } else { Ok(n) },
                )
            });
            assert!(matches!(panics, Err(Error::Internal(_))));
        }
    }
}

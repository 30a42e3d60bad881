//! A panic is an error of this crate: it is caught where the crate ends, and told with its place.

#[cfg(feature = "failpoints")]
pub mod failpoint;

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

use crate::base::error::Error;

thread_local! {
    static LATEST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics from printing a trace; [`catch`] reports their text and place instead.
pub fn quiet() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        let text = format!("{} at {}", message(info.payload()), place.unwrap_or_default());
        LATEST.with(|latest| latest.replace(Some(text)));
    }));
}

/// Runs `work`; a panic in it becomes [`Error::Internal`]. What `work` was changing is to be
/// thrown away then.
///
/// # Errors
/// Those of `work`, or [`Error::Internal`].
pub fn catch<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let work = || {
        #[cfg(feature = "failpoints")]
        failpoint::pass();
        work()
    };
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let told = LATEST.with(RefCell::take);
        Err(Error::Internal(told.unwrap_or_else(|| message(&*payload))))
    })
}

/// Memory that must still be there before work goes on: what is asked for between two looks, on
/// several threads, with the allocator's own share of each.
pub const ROOM: usize = 160 << 20;
/// The same for work that is nearly nothing. Never less: glibc takes a piece of up to 32 MiB that is
/// given back for a sign that such pieces are better kept, and then keeps them.
const LEAST: usize = 40 << 20;

/// Makes sure that there is room for work that makes at most so many bytes before it asks again.
///
/// # Errors
/// [`Error::Memory`] where there is not.
pub fn room_for(bytes: u64) -> Result<(), Error> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    room(LEAST.saturating_add(bytes).min(ROOM))
}

/// Makes sure that so many bytes can be had: a program that is refused memory in the middle of its
/// work ends at once, and a notebook's kernel with it.
///
/// # Errors
/// [`Error::Memory`] where they cannot.
pub fn room(bytes: usize) -> Result<(), Error> {
    #[cfg(feature = "failpoints")]
    if failpoint::refuses() {
        return Err(Error::Memory);
    }
    let mut asked = Vec::<u8>::new();
    asked.try_reserve_exact(bytes.max(LEAST)).map_err(|_| Error::Memory)?;
    // A compiler may leave an allocation out that nobody looks at, and take it for granted.
    std::hint::black_box(&asked);
    Ok(())
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    crate::base::text::printable(text.unwrap_or("panic"))
}

#[cfg(test)]
mod tests {
    use crate::base::error::Error;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = super::catch::<()>(|| panic!("of the test")).unwrap_err();
        assert!(matches!(&error, Error::Internal(text) if text.contains("of the test")), "{error}");
        assert_eq!(super::catch(|| Ok(1)).unwrap(), 1);
    }
}

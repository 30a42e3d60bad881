//! Faults on demand, for tests: a panic behind the n-th guard that is passed from now on, or memory
//! that is refused from the n-th request on.

use std::sync::atomic::{AtomicI64, Ordering};

static PANIC: AtomicI64 = AtomicI64::new(0);
static MEMORY: AtomicI64 = AtomicI64::new(0);

/// Panics behind the n-th guard from now on; 0 takes that back.
pub fn panic_at(guard: i64) {
    PANIC.store(guard, Ordering::SeqCst);
}

/// Refuses memory from the n-th request on; 0 takes that back.
pub fn refuse_at(request: i64) {
    MEMORY.store(request, Ordering::SeqCst);
}

/// How many guards are still to be passed before the panic; below 1 it is over, or was never asked
/// for.
pub fn left() -> i64 {
    PANIC.load(Ordering::SeqCst)
}

pub(super) fn pass() {
    let now = PANIC.load(Ordering::SeqCst) > 0 && PANIC.fetch_sub(1, Ordering::SeqCst) == 1;
    assert!(!now, "on demand");
}

pub(super) fn refuses() -> bool {
    match MEMORY.load(Ordering::SeqCst) {
        0 => false,
        1 => true,
        _ => MEMORY.fetch_sub(1, Ordering::SeqCst) == 1,
    }
}

//! Panics that belong to a test are caught as the crates do it. All others, loom's among them, fail the test.

use std::cell::Cell;
use std::panic::{UnwindSafe, resume_unwind};

loom::thread_local! {
    static ENDS: Cell<bool> = Cell::new(false);
}

/// The callback that calls this ends its thread when it returns.
pub fn end_thread() {
    ENDS.with(|ends| ends.set(true));
}

pub(super) fn thread_ends() -> bool {
    ENDS.with(Cell::get)
}

struct OfTheTest;

/// Panics in a way that [`catch_unwind`] catches.
pub fn panic_in_test() -> ! {
    resume_unwind(Box::new(OfTheTest))
}

/// As `std::panic::catch_unwind`, for panics that belong to the test.
pub fn catch_unwind<R>(action: impl FnOnce() -> R + UnwindSafe) -> std::thread::Result<R> {
    std::panic::catch_unwind(action)
        .or_else(|panic| if panic.is::<OfTheTest>() { Err(panic) } else { resume_unwind(panic) })
}

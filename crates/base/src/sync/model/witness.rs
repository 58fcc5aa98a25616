//! A cell that loom watches, beside a value that it cannot see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::cell::UnsafeCell;

loom::lazy_static! {
    static ref ALIVE: Arc<AtomicUsize> = Arc::default();
}

/// The number of values that have witnesses: secrets in slabs that are not wiped yet.
pub fn values_alive() -> usize {
    ALIVE.load(Relaxed)
}

/// Says when a value is used and when it ends.
pub(crate) struct Witness {
    cell: UnsafeCell<()>,
    /// Its own, because values may be dropped at the end of an execution, with whatever is static.
    alive: Arc<AtomicUsize>,
}

// SAFETY: nothing is in the cell; loom fails the test when a use and the end are not ordered.
unsafe impl Sync for Witness {}

impl Witness {
    pub(crate) fn new() -> Self {
        ALIVE.fetch_add(1, Relaxed);
        Self { cell: UnsafeCell::new(()), alive: Arc::clone(&ALIVE) }
    }

    pub(crate) fn value_is_used(&self) {
        self.cell.with(|_| ());
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // While a failed test is cleared up there is no loom.
        if !std::thread::panicking() {
            self.cell.with_mut(|_| ());
            self.alive.fetch_sub(1, Relaxed);
        }
    }
}

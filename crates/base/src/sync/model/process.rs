//! The process, of which there may be a child.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

loom::lazy_static! {
    static ref ID: AtomicU32 = AtomicU32::new(1);
}

/// As `std::process::id`.
pub fn id() -> u32 {
    ID.load(Relaxed)
}

/// From now on this is the child. Its parent's threads are none of its own; the test has to see to it that they have nothing
/// to do.
pub fn fork() {
    ID.fetch_add(1, Relaxed);
}

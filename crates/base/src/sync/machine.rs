//! The real ones.

pub(crate) use super::fence::{choose_fences, heavy_fence, light_fence};
pub use super::process_byte::ProcessByte;
pub use once_cell::sync::OnceCell;
pub use parking_lot::{Condvar, Mutex, MutexGuard};
pub use std::panic::catch_unwind;
pub use std::sync::atomic;
pub use std::time::Instant;
pub use std::{hint, process, thread_local};

/// Whether a model checker runs: threads have little stack then, and large tables cost steps.
pub const UNDER_MODEL_CHECKER: bool = false;

/// The pointer of a place that is about to go.
#[inline]
pub(crate) fn last_pointer<T>(place: &mut atomic::AtomicPtr<T>) -> *mut T {
    *place.get_mut()
}

/// Says when a value is used and when it ends, to loom: it fails a test in which the two are not ordered.
pub(crate) struct Witness;

impl Witness {
    /// The value is there.
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self
    }

    /// The value is used.
    #[inline(always)]
    #[allow(clippy::unused_self, reason = "the model checker's has something in it")]
    pub(crate) fn value_is_used(&self) {}
}

//! Threads that are not cancelled.
//!
//! `pthread_cancel` unwinds its thread at the next function that waits or writes, through whatever frames there are. Inside of
//! the library it waits, as it does for a mutex.

use core::ffi::c_int;

/// As in Linux's pthread.h (glibc's and musl's).
const DISABLE: c_int = 1;

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, former: *mut c_int) -> c_int;
}

fn set(state: c_int) -> c_int {
    let mut former = 0;
    // SAFETY: the state is one of the two that there are; the former one is written to our own variable.
    unsafe { pthread_setcancelstate(state, &raw mut former) };
    former
}

/// The calling thread is not cancelled any more, unless it asks for it.
pub(crate) fn refuse() {
    set(DISABLE);
}

/// While this lives, its thread is not cancelled.
#[must_use = "the former state comes back when this is dropped"]
pub struct Deferred(c_int);

impl Deferred {
    /// For the calling thread.
    #[inline]
    pub fn new() -> Self {
        Self(set(DISABLE))
    }
}

impl Default for Deferred {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Deferred {
    #[inline]
    fn drop(&mut self) {
        set(self.0);
    }
}

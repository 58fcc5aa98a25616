//! Calls of the program's functions.
//!
//! A function of C may do what no Rust function does: throw an exception of C++, or end its thread (`pthread_exit`, as Python
//! before 3.14 does with threads that want to run Python while it exits). Both unwind the stack. That is defined where every
//! frame up to the thread's start is a plain one, which has nothing to drop and catches nothing. So what calls such a
//! function is prepared as a [`Call`], an object of its own, and made by the plain frame at the start of a worker
//! ([`crate::dispatcher`]). What belongs to it is somewhere else meanwhile.

use core::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::sync::cancellation;

/// A function with its arguments.
type Function<T> = unsafe extern "C-unwind" fn(*mut T) -> bool;

/// A call that was prepared. Whoever drops it without making it has not called.
#[must_use = "it only calls when it is made"]
pub struct Call {
    raw: RawCall,
    /// Drops the arguments.
    free: unsafe fn(*mut c_void),
}

/// What the plain frame needs of a [`Call`]. It belongs to that.
#[derive(Clone, Copy)]
pub(crate) struct RawCall {
    function: Function<c_void>,
    arguments: *mut c_void,
}

// SAFETY: the arguments are Send (see `Call::new`) and belong to this alone.
unsafe impl Send for Call {}

impl Call {
    /// A call of `function` with a pointer to `arguments`, which live until it has returned or its thread has ended. It returns
    /// whether it could do what it was asked for.
    ///
    /// # Safety
    /// `function` may be called once with that pointer, on any thread. It and what it calls in Rust are plain frames: they
    /// have nothing to drop while they call the program.
    pub unsafe fn new<T: Send + 'static>(arguments: T, function: Function<T>) -> Self {
        unsafe fn free<T>(arguments: *mut c_void) {
            // SAFETY: from the box in `new`, which nobody else drops.
            drop(unsafe { Box::from_raw(arguments.cast::<T>()) });
        }
        // SAFETY: functions that differ in what a thin pointer points to have the same ABI.
        let function = unsafe { core::mem::transmute::<Function<T>, Function<c_void>>(function) };
        Self { raw: RawCall { function, arguments: Box::into_raw(Box::new(arguments)).cast() }, free: free::<T> }
    }

    /// A call of a function of Rust. If it panics, it could not do what it was asked for.
    pub fn of(function: impl FnOnce() -> bool + Send + 'static) -> Self {
        unsafe extern "C-unwind" fn run<F: FnOnce() -> bool>(function: *mut Option<F>) -> bool {
            // SAFETY: from `of`; there is one call.
            let function = unsafe { (*function).take() };
            crate::sync::catch_unwind(AssertUnwindSafe(|| function.is_some_and(|function| function()))).unwrap_or_else(
                |_| {
                    crate::log::error!("a callback panicked");
                    false
                },
            )
        }
        // SAFETY: `run` takes what it is given; nothing foreign is called.
        unsafe { Self::new(Some(function), run) }
    }

    pub(crate) fn raw(&self) -> RawCall {
        self.raw
    }

    /// Makes the call as [`make_here`] does.
    pub fn make_here(self) -> bool {
        // SAFETY: the call is alive and made once: `self` is taken.
        make_here(|| unsafe { self.raw.make() })
    }
}

/// Calls the program in the frames of a function that the program has called, where nothing may unwind: an exception ends the
/// process, and a thread that would end sleeps for ever, both with a line on standard error.
pub fn make_here<R>(call: impl FnOnce() -> R) -> R {
    let unwound = Unwound;
    let result = call();
    core::mem::forget(unwound);
    result
}

impl Drop for Call {
    fn drop(&mut self) {
        // SAFETY: the arguments are this call's own, and whoever makes it keeps it until it has returned.
        if catch_unwind(AssertUnwindSafe(|| unsafe { (self.free)(self.raw.arguments) })).is_err() {
            crate::log::error!("the arguments of a callback panicked");
        }
    }
}

impl RawCall {
    /// Makes the call.
    ///
    /// # Safety
    /// The [`Call`] that it belongs to is alive until this has returned or the thread has ended, and was not made before.
    #[inline(always)]
    pub(crate) unsafe fn make(self) -> bool {
        // SAFETY: as the caller says; the rest is the contract of `Call::new`.
        unsafe { (self.function)(self.arguments) }
    }
}

/// Is dropped by whatever unwinds out of a call.
struct Unwound;

impl Drop for Unwound {
    fn drop(&mut self) {
        let exceptions = exceptions_on_their_way();
        let what = if exceptions > 0 { EXCEPTION } else { END };
        // SAFETY: the kernel reads the bytes of the text. It is the last that this thread says: whether it fails does not matter.
        unsafe { libc::write(libc::STDERR_FILENO, what.as_ptr().cast(), what.len()) };
        if exceptions > 0 {
            std::process::abort();
        }
        cancellation::refuse();
        loop {
            // SAFETY: waits for a signal.
            unsafe { libc::pause() };
        }
    }
}

const EXCEPTION: &[u8] =
    b"native_drm: an exception left a callback that a function of the library was calling; the process ends\n";
const END: &[u8] =
    b"native_drm: a thread was ended in a callback that a function of the library was calling; it stops here\n";

/// Exceptions of C++ that were thrown and not caught by the calling thread; 0 where there is no C++.
fn exceptions_on_their_way() -> u32 {
    /// The beginning of the Itanium C++ ABI's `__cxa_eh_globals` (section 2.2.2).
    #[repr(C)]
    struct Globals {
        caught: *mut c_void,
        uncaught: u32,
    }
    // SAFETY: a search for a symbol by a NUL-terminated name.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__cxa_get_globals".as_ptr()) };
    if symbol.is_null() {
        return 0;
    }
    // SAFETY: the ABI defines the function of this name so.
    let get = unsafe { core::mem::transmute::<*mut c_void, unsafe extern "C" fn() -> *const Globals>(symbol) };
    // SAFETY: it returns the calling thread's own, which lives as long as the thread.
    unsafe { (*get()).uncaught }
}

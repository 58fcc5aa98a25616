//! loom's, with the interfaces of those that they stand in for; only the parts that the crates use. What is public here and
//! not among the [`exports`] is for the tests.

mod lock;
pub mod panic;
pub mod process;
pub mod thread;
pub mod time;
mod witness;

pub use loom::lazy_static::Lazy;
pub use loom::thread::LocalKey;
pub use witness::values_alive;

/// What [`super`] exports.
pub mod exports {
    pub use super::lock::{Condvar, Mutex, MutexGuard};
    pub use super::panic::catch_unwind;
    pub use super::time::Instant;
    pub(crate) use super::witness::Witness;
    pub use super::{OnceCell, ProcessByte, UNDER_MODEL_CHECKER, process, thread};
    pub(crate) use super::{choose_fences, heavy_fence, last_pointer, light_fence};
    pub use crate::model_thread_local as thread_local;
    pub use loom::hint;
    pub use loom::sync::atomic;
}

use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering, fence};

/// As `std::thread_local`; loom's own knows no `const` values.
#[macro_export]
#[doc(hidden)]
macro_rules! model_thread_local {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = const $value:block;)*) => {
        $(
            $(#[$attribute])*
            $visibility static $name: $crate::sync::model::LocalKey<$type> =
                $crate::sync::model::LocalKey { init: || $value, _p: ::core::marker::PhantomData };
        )*
    };
}

/// Lets the threads that the crates started do what there is to do, and time pass until they end: loom's executions have to.
pub fn finish() {
    while thread::are_running() {
        thread::yield_now();
        time::pass(Duration::from_secs(1));
    }
    thread::join_all();
}

/// An atomic byte: loom's processes do not fork.
pub struct ProcessByte(AtomicU8);

impl ProcessByte {
    /// A byte with that value.
    ///
    /// # Errors
    /// None.
    pub fn new(value: u8) -> std::io::Result<Self> {
        Ok(Self(AtomicU8::new(value)))
    }
}

impl core::ops::Deref for ProcessByte {
    type Target = AtomicU8;

    fn deref(&self) -> &AtomicU8 {
        &self.0
    }
}

/// Whether a model checker runs: threads have little stack then (32 KiB), and large tables cost steps.
pub const UNDER_MODEL_CHECKER: bool = true;

pub(crate) fn choose_fences() {}

pub(crate) fn light_fence() {
    fence(Ordering::SeqCst);
}

pub(crate) fn heavy_fence() {
    fence(Ordering::SeqCst);
}

/// The pointer of a place that is about to go. loom knows nothing of std's `Arc`, by whose count the last owner has seen all
/// stores: a swap sees the last one.
pub(crate) fn last_pointer<T>(place: &mut AtomicPtr<T>) -> *mut T {
    place.swap(std::ptr::null_mut(), Ordering::AcqRel)
}

/// `once_cell::sync::OnceCell` with the orderings that it promises: a value that was set happens before whoever gets it.
pub struct OnceCell<T> {
    is_set: AtomicBool,
    /// Who makes the value: what is in it may be loom's.
    making: loom::sync::Mutex<()>,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceCell<T> {
    /// An empty cell.
    pub fn new() -> Self {
        Self { is_set: AtomicBool::new(false), making: loom::sync::Mutex::new(()), value: std::sync::OnceLock::new() }
    }

    /// The value, if it was set.
    pub fn get(&self) -> Option<&T> {
        self.is_set.load(Ordering::Acquire).then(|| self.value.get()).flatten()
    }

    /// The value, which is made if there is none.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let _making = self.making.lock().expect("no panic meanwhile");
        let value = self.value.get_or_init(make);
        self.is_set.store(true, Ordering::Release);
        value
    }

    /// Sets the value, or gives it back if there is one.
    pub fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }
}

impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        let clone = Self::new();
        if let Some(value) = self.get() {
            let _ = clone.set(value.clone());
        }
        clone
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for OnceCell<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value.fmt(formatter)
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        Self::new()
    }
}

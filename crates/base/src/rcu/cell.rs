//! A value that is read under a pin.

use core::marker::PhantomData;

use super::{Pin, synchronize};
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sync::last_pointer;

/// Owns a value that any thread can read while it is pinned and any thread can replace.
pub struct RcuCell<T> {
    /// From `Box::into_raw`, never null.
    value: AtomicPtr<T>,
    _owns: PhantomData<T>,
}

// SAFETY: readers in several threads get `&T` (T: Sync), and `replace` and `drop` move a T to another thread (T: Send).
unsafe impl<T: Send + Sync> Sync for RcuCell<T> {}
// SAFETY: sending the cell sends the T that it owns.
unsafe impl<T: Send> Send for RcuCell<T> {}

impl<T: Send + Sync> RcuCell<T> {
    /// A cell that holds `value`.
    pub fn new(value: T) -> Self {
        Self { value: AtomicPtr::new(Box::into_raw(Box::new(value))), _owns: PhantomData }
    }

    /// The present value. It stays alive as long as the pin, even if it is replaced meanwhile.
    #[inline]
    pub fn read<'g>(&'g self, pin: &'g Pin) -> &'g T {
        let _ = pin;
        // SAFETY: the pointer comes from `Box::into_raw`. `replace` frees a value only after `synchronize`, which
        // outlasts this thread's pin (see the protocol), and `drop` needs the cell for itself while 'g borrows it.
        unsafe { &*self.value.load(Ordering::Acquire) }
    }

    /// Puts `value` in place, waits until no thread can have the old one any more, and returns that.
    ///
    /// Of several replacements at the same time, each returns another value.
    ///
    /// # Panics
    /// If the calling thread is pinned (nothing is replaced then): it would wait for itself.
    pub fn replace(&self, value: T) -> T {
        super::refuse_if_pinned();
        self.swap(value).into_inner()
    }

    /// Puts `value` in place and waits for nobody: dropping what this returns does.
    pub fn swap(&self, value: T) -> Retired<T> {
        let old = self.value.swap(Box::into_raw(Box::new(value)), Ordering::AcqRel);
        Retired { value: old, _owns: PhantomData }
    }
}

/// A value that was replaced, and that readers may still have. When this is dropped, it waits until none has, and drops the
/// value; it panics if the calling thread is pinned.
#[must_use = "dropping it waits for readers"]
pub struct Retired<T> {
    /// From `Box::into_raw`, given by the swap to this alone.
    value: *mut T,
    _owns: PhantomData<T>,
}

// SAFETY: whoever has it drops the T at last, in whatever thread (T: Send); it gives no access to the T.
unsafe impl<T: Send> Send for Retired<T> {}
// SAFETY: a shared reference to it can do nothing.
unsafe impl<T: Send> Sync for Retired<T> {}

impl<T> Retired<T> {
    /// Waits until no reader has the value any more, and returns it.
    fn into_inner(self) -> T {
        synchronize();
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: from `Box::into_raw`; the swap gave it to this alone, which is not dropped, and no reader has it any more.
        *unsafe { Box::from_raw(this.value) }
    }
}

impl<T> Drop for Retired<T> {
    fn drop(&mut self) {
        synchronize();
        // SAFETY: from `Box::into_raw`; the swap gave it to this alone, and no reader has it any more.
        drop(unsafe { Box::from_raw(self.value) });
    }
}

impl<T> Drop for RcuCell<T> {
    fn drop(&mut self) {
        // SAFETY: from `Box::into_raw`; `&mut self` means that no reader borrows the cell.
        drop(unsafe { Box::from_raw(last_pointer(&mut self.value)) });
    }
}

impl<T: Send + Sync + Default> Default for RcuCell<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

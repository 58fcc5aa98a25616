//! A place for a shared value that is read under a pin.

use core::marker::PhantomData;
use core::ptr;
use std::sync::Arc;

use super::{Pin, synchronize};
use crate::sync::atomic::{AtomicPtr, Ordering};
use crate::sync::{const_fn, last_pointer};

/// Like `RcuCell<Option<Arc<T>>>`, with the pointer to the `T` itself in place: a reader follows one pointer instead of
/// three, and an empty slot needs no memory, so that tables of them can be static.
pub struct RcuSlot<T> {
    /// From `Arc::into_raw`, or null.
    value: AtomicPtr<T>,
    _owns: PhantomData<Arc<T>>,
}

// SAFETY: readers in several threads get `&T` (T: Sync) and `Arc<T>`, and `replace` and `drop` move an `Arc<T>` to another
// thread, which may drop the T there (T: Send).
unsafe impl<T: Send + Sync> Sync for RcuSlot<T> {}
// SAFETY: sending the slot sends the `Arc<T>` that it owns.
unsafe impl<T: Send + Sync> Send for RcuSlot<T> {}

impl<T: Send + Sync> RcuSlot<T> {
    const_fn! {
        /// An empty slot.
        pub const fn new() -> Self {
            Self { value: AtomicPtr::new(ptr::null_mut()), _owns: PhantomData }
        }
    }

    /// The present value. It stays alive as long as the pin, even if it is replaced meanwhile.
    #[inline(always)]
    pub fn read<'g>(&'g self, pin: &'g Pin) -> Option<&'g T> {
        let _ = pin;
        // SAFETY: null or from `Arc::into_raw`. `replace` gives a value up only after `synchronize`, which outlasts this
        // thread's pin (see the protocol), and `drop` needs the slot for itself while 'g borrows it.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }

    /// The present value, to be kept.
    pub fn get(&self) -> Option<Arc<T>> {
        let pin = super::pin();
        let value = self.read(&pin)?;
        // SAFETY: from `Arc::into_raw`; the slot's own count keeps it alive as long as the pin, and one more is added for
        // the result.
        unsafe {
            Arc::increment_strong_count(ptr::from_ref(value));
            Some(Arc::from_raw(value))
        }
    }

    /// Puts `value` in place, waits until no pinned thread can have the old one any more, and returns that. Does not wait
    /// if the slot was empty.
    ///
    /// # Panics
    /// If the calling thread is pinned (nothing is replaced then): it would wait for itself.
    pub fn replace(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        super::refuse_if_pinned();
        let new = value.map_or(ptr::null_mut(), |value| Arc::into_raw(value).cast_mut());
        let old = self.value.swap(new, Ordering::AcqRel);
        if old.is_null() {
            return None;
        }
        synchronize();
        // SAFETY: from `Arc::into_raw`; the swap gave its count to this thread alone.
        Some(unsafe { Arc::from_raw(old) })
    }
}

impl<T> Drop for RcuSlot<T> {
    fn drop(&mut self) {
        let value = last_pointer(&mut self.value);
        if !value.is_null() {
            // SAFETY: from `Arc::into_raw`; `&mut self` means that no reader borrows the slot.
            drop(unsafe { Arc::from_raw(value) });
        }
    }
}

impl<T: Send + Sync> Default for RcuSlot<T> {
    fn default() -> Self {
        Self::new()
    }
}

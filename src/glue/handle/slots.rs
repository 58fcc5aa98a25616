//! The protocol of handles: kinds, slots, generations.

use std::ptr;
use std::sync::Arc;

use crate::glue::error::{Error, Result};
use base::rcu::{Pin, RcuSlot};
use base::sync::atomic::{AtomicUsize, Ordering};
use base::sync::{Mutex, UNDER_MODEL_CHECKER, const_fn};

/// The top byte of every handle: no address that a process can have.
const MAGIC: usize = 0x5D;
const MAGIC_SHIFT: u32 = 56;
const KIND_SHIFT: u32 = 52;
const GENERATION_SHIFT: u32 = 20;
const GENERATION_MASK: usize = 0xFFFF_FFFF;
const INDEX_MASK: usize = SLOTS - 1;

/// Handles of a kind that may exist at the same time. Two show all there is to see, in far fewer steps.
pub(crate) const SLOTS: usize = if UNDER_MODEL_CHECKER { 2 } else { 65_536 };

const _: () = assert!(usize::BITS == 64, "handles need 64-bit pointers");
const _: () = assert!(SLOTS.is_power_of_two() && SLOTS <= 1 << GENERATION_SHIFT);

/// A kind of handle: what C sees, what it stands for, and the table of all that exist.
pub(crate) trait Kind: 'static {
    /// The opaque C type.
    type Opaque;
    /// The object.
    type Object: Send + Sync;
    /// Number of the kind in handles.
    const NUMBER: usize;
    /// Name for messages.
    const NAME: &'static str;

    /// The slots of this kind. On their own they are all zeros, and so cost no space in the library's file.
    fn slots() -> &'static [Slot<Self::Object>; SLOTS];

    /// Which of them are free.
    fn free() -> &'static Mutex<Free>;

    /// Makes a handle.
    fn insert(object: Arc<Self::Object>) -> Result<*mut Self::Opaque> {
        let index = Self::take_index()?;
        let slot = &Self::slots()[index];
        drop(slot.object.replace(Some(object)));
        let last = !slot.handle.load(Ordering::Relaxed);
        let generation = (last >> GENERATION_SHIFT).wrapping_add(1) & GENERATION_MASK;
        let handle = MAGIC << MAGIC_SHIFT | Self::NUMBER << KIND_SHIFT | generation << GENERATION_SHIFT | index;
        slot.handle.store(handle, Ordering::Release);
        Ok(ptr::without_provenance_mut(handle))
    }

    /// The object of a handle, valid while pinned.
    #[inline(always)]
    fn get_pinned(pin: &Pin, handle: *const Self::Opaque) -> Option<&Self::Object> {
        let slot = Self::slot(handle);
        // The object is read before the slot's handle: another object in the slot comes with another handle.
        let object = slot.object.read(pin)?;
        (slot.handle.load(Ordering::Acquire) == handle.addr()).then_some(object)
    }

    /// The object of a handle.
    fn get(handle: *const Self::Opaque) -> Option<Arc<Self::Object>> {
        let slot = Self::slot(handle);
        // In this order, for the same reason.
        let object = slot.object.get()?;
        (slot.handle.load(Ordering::Acquire) == handle.addr()).then_some(object)
    }

    /// Makes a handle stale and returns its object. When it returns, nobody who is pinned uses the object.
    fn remove(handle: *const Self::Opaque) -> Option<Arc<Self::Object>> {
        let slot = Self::slot(handle);
        let handle = handle.addr();
        if handle >> MAGIC_SHIFT != MAGIC {
            return None;
        }
        slot.handle.compare_exchange(handle, !handle, Ordering::AcqRel, Ordering::Relaxed).ok()?;
        let object = slot.object.replace(None);
        Self::free().lock().indexes.push(handle & INDEX_MASK);
        object
    }

    /// The object of a handle that a C function was given.
    fn find(argument: &'static str, handle: *const Self::Opaque) -> Result<Arc<Self::Object>> {
        Self::get(handle).ok_or_else(|| Self::not_a_handle(argument))
    }

    /// As [`Kind::remove`], for a handle that a C function was given.
    fn take(argument: &'static str, handle: *const Self::Opaque) -> Result<Arc<Self::Object>> {
        Self::remove(handle).ok_or_else(|| Self::not_a_handle(argument))
    }

    fn take_index() -> Result<usize> {
        let mut free = Self::free().lock();
        if let Some(index) = free.indexes.pop() {
            return Ok(index);
        }
        if free.used == SLOTS {
            return Err(Error::Refused(format!("{SLOTS} {} handles exist already", Self::NAME).into()));
        }
        free.used += 1;
        Ok(free.used - 1)
    }

    /// The slot that a handle belongs to if it is one of this kind.
    #[inline(always)]
    fn slot(handle: *const Self::Opaque) -> &'static Slot<Self::Object> {
        &Self::slots()[handle.addr() & INDEX_MASK]
    }

    /// The error for a handle that is none.
    fn not_a_handle(argument: &'static str) -> Error {
        Error::invalid(argument, format!("not a live {} handle", Self::NAME))
    }
}

/// A place for an object and its handle's generation.
pub(crate) struct Slot<T> {
    /// The live handle; without one, the complement of the last one, which belongs to another slot as a handle would, or 0.
    handle: AtomicUsize,
    object: RcuSlot<T>,
}

impl<T: Send + Sync> Slot<T> {
    const_fn! {
        /// An empty one.
        pub(crate) const fn empty() -> Self {
            Self { handle: AtomicUsize::new(0), object: RcuSlot::new() }
        }
    }
}

/// Slots that have no handle.
pub(crate) struct Free {
    /// Those that had one.
    indexes: Vec<usize>,
    /// Number of those that have or had one.
    used: usize,
}

impl Free {
    /// All of them: none has had a handle.
    pub(crate) const fn all() -> Self {
        Self { indexes: Vec::new(), used: 0 }
    }
}

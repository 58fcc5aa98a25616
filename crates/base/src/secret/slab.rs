//! Memory for secrets: pages that core dumps leave out, shared by many small objects.
//!
//! A page per key would cost a quarter of a GiB of address space and exhaust the limit of locked memory where thousands of
//! sessions have keys. So keys are slots of [`SLOT`] bytes in chunks of [`CHUNK`] bytes. A chunk is mapped when all others are
//! full and unmapped when its last slot is given back, unless it is the only one with free slots.

use core::mem::MaybeUninit;
use core::ops::Deref;
use core::ptr::{self, NonNull};
use std::io;

use parking_lot::Mutex;
use zeroize::Zeroize;

use crate::sync::Witness;

/// Bytes of a slot, and its alignment at least up to a cache line.
const SLOT: usize = 512;
/// Bytes of a chunk: a multiple of every usual page size but the largest ones, which the kernel rounds up to itself.
const CHUNK: usize = 16 * 1024;
const ALL_FREE: u32 = !0;
const _: () = assert!(CHUNK / SLOT == u32::BITS as usize, "one bit per slot");

/// There is no memory for secrets.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}: {source}")]
pub struct AllocationError {
    action: &'static str,
    source: io::Error,
}

impl AllocationError {
    fn last_os_error(action: &'static str) -> Self {
        Self { action, source: io::Error::last_os_error() }
    }
}

/// Like `Box<T>`, in memory for secrets; wiped when dropped.
pub struct SlabBox<T> {
    place: NonNull<T>,
    witness: Witness,
}

// SAFETY: the box owns its value alone, like `Box`.
unsafe impl<T: Send> Send for SlabBox<T> {}
// SAFETY: as above; a shared reference to the box gives shared references to the value and nothing else.
unsafe impl<T: Sync> Sync for SlabBox<T> {}

impl<T> SlabBox<T> {
    const FITS: () = assert!(size_of::<T>() <= SLOT && align_of::<T>() <= 64, "does not fit a slot");

    /// Stores what `value` returns, which may leave a copy on the stack.
    ///
    /// # Errors
    /// Where the system maps no further pages, or does not exclude them from core dumps.
    pub fn new(value: impl FnOnce() -> T) -> Result<Self, AllocationError> {
        () = Self::FITS;
        let place = SLAB.lock().take()?.cast::<T>();
        // From here on the slot is given back, even if `value` panics.
        let slot = Slot(place.cast());
        // SAFETY: a slot belongs to its taker alone; it is large enough and aligned (FITS).
        unsafe { place.write(value()) };
        core::mem::forget(slot);
        Ok(Self { place, witness: Witness::new() })
    }
}

impl<T> Deref for SlabBox<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.witness.value_is_used();
        // SAFETY: initialised by `new`, alive until `drop`, never written to meanwhile.
        unsafe { self.place.as_ref() }
    }
}

impl<T> Drop for SlabBox<T> {
    fn drop(&mut self) {
        let _slot = Slot(self.place.cast());
        // SAFETY: initialised by `new`, and nobody uses it after `drop`.
        unsafe { self.place.drop_in_place() };
    }
}

/// A slot in use, without a value. Dropping it wipes it and gives it back.
struct Slot(NonNull<MaybeUninit<u8>>);

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: all of a slot belongs to its taker.
        unsafe { core::slice::from_raw_parts_mut(self.0.as_ptr(), SLOT) }.zeroize();
        SLAB.lock().give_back(self.0);
    }
}

static SLAB: Mutex<Slab> = Mutex::new(Slab { chunks: Vec::new() });

struct Slab {
    chunks: Vec<Chunk>,
}

struct Chunk {
    start: NonNull<MaybeUninit<u8>>,
    /// Bit i is set if slot i is free.
    free: u32,
}

// SAFETY: a chunk is plain memory that belongs to the slab; no thread has a claim to it.
unsafe impl Send for Chunk {}

impl Slab {
    /// A slot for the caller alone, full of zeros.
    fn take(&mut self) -> Result<NonNull<MaybeUninit<u8>>, AllocationError> {
        if self.chunks.iter().all(|chunk| chunk.free == 0) {
            self.chunks.push(Chunk::map()?);
        }
        let chunk = self.chunks.iter_mut().find(|chunk| chunk.free != 0).expect("there is one by now");
        let slot = chunk.free.trailing_zeros();
        chunk.free &= !(1 << slot);
        // SAFETY: `slot` is less than CHUNK / SLOT, so the offset is inside the chunk.
        Ok(unsafe { chunk.start.add(slot as usize * SLOT) })
    }

    fn give_back(&mut self, slot: NonNull<MaybeUninit<u8>>) {
        let offset = |chunk: &Chunk| slot.addr().get().wrapping_sub(chunk.start.addr().get());
        let index = self.chunks.iter().position(|chunk| offset(chunk) < CHUNK).expect("a slot lies in a chunk");
        let others_are_full = self.chunks.iter().enumerate().all(|(other, chunk)| other == index || chunk.free == 0);
        let chunk = &mut self.chunks[index];
        chunk.free |= 1 << (offset(chunk) / SLOT);
        if chunk.free == ALL_FREE && !others_are_full {
            self.chunks.swap_remove(index);
        }
    }
}

impl Chunk {
    /// New pages, full of zeros.
    fn map() -> Result<Self, AllocationError> {
        // SAFETY: a new private anonymous mapping touches no existing memory.
        let address = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(ptr::null_mut(), CHUNK, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        let start = NonNull::new(address).filter(|_| address != libc::MAP_FAILED);
        let start = start.ok_or_else(|| AllocationError::last_os_error("map memory for keys"))?;
        let chunk = Self { start: start.cast(), free: ALL_FREE };
        // SAFETY: the pages were mapped above and are ours; neither call changes their contents.
        unsafe {
            if libc::madvise(address, CHUNK, libc::MADV_DONTDUMP) != 0 {
                return Err(AllocationError::last_os_error("exclude memory for keys from core dumps"));
            }
            // Best effort: the limit of locked memory may be small, and the key still works.
            libc::mlock(address, CHUNK);
        }
        Ok(chunk)
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        debug_assert_eq!(self.free, ALL_FREE);
        // SAFETY: mapped by `map` with this length, and no slot of it is in use.
        unsafe { libc::munmap(self.start.as_ptr().cast(), CHUNK) };
    }
}

//! The bytes of a buffer.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// What a buffer's address is a multiple of: a cache line, and a register of every instruction set.
pub const ALIGNMENT: usize = 64;

/// Zeroed bytes at an address that stays the same. Programs read and write them through that address, so there is never a
/// reference to them here.
pub struct Memory {
    allocated: NonNull<u8>,
    layout: Layout,
    first: NonNull<u8>,
    capacity: usize,
}

// SAFETY: it owns the allocation, and hands out nothing but addresses.
unsafe impl Send for Memory {}
// SAFETY: as above; nothing changes after it was made.
unsafe impl Sync for Memory {}

impl Memory {
    /// Allocates; none if `capacity` is 0 or there is not enough memory.
    pub fn new(capacity: usize) -> Option<Self> {
        if capacity == 0 {
            return None;
        }
        // A layout with the alignment would have the allocator write the zeros, and so make all of it resident at once.
        let layout = Layout::from_size_align(capacity.checked_add(ALIGNMENT - 1)?, 1).ok()?;
        // SAFETY: the size is not 0.
        let allocated = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        let gap = allocated.align_offset(ALIGNMENT);
        // SAFETY: the alignment is a power of two and the pointer is to bytes, so that `gap` is less than it; the
        // allocation has room for that and `capacity` bytes.
        let first = unsafe { allocated.add(gap) };
        Some(Self { allocated, layout, first, capacity })
    }

    /// The first byte's address.
    pub fn address(&self) -> NonNull<u8> {
        self.first
    }

    /// Number of bytes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: from `alloc_zeroed` with this layout, and given back once.
        unsafe { dealloc(self.allocated.as_ptr(), self.layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_zeroed_and_as_large_as_asked_for() {
        for capacity in [1, 15, 16, 63, 64, 65, 4096, 100_000, 1 << 22] {
            let memory = Memory::new(capacity).unwrap();
            assert_eq!(memory.capacity(), capacity);
            assert_eq!(memory.address().addr().get() % ALIGNMENT, 0);
            // SAFETY: `capacity` bytes that nothing else knows of.
            let bytes = unsafe { std::slice::from_raw_parts_mut(memory.address().as_ptr(), capacity) };
            assert!(bytes.iter().all(|&byte| byte == 0));
            bytes.fill(0xff);
        }
    }

    #[test]
    fn no_memory_is_no_panic() {
        assert!(Memory::new(0).is_none());
        assert!(Memory::new(usize::MAX).is_none());
        assert!(Memory::new(isize::MAX.unsigned_abs()).is_none());
        assert!(Memory::new(1 << 56).is_none());
    }
}

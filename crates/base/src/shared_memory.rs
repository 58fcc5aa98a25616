//! Memory that two processes share, of a size that neither can change.
//!
//! Whoever has the other end may write at any moment. So nobody gets a reference into it from here: bytes are copied in and
//! out, or a pointer is used by code that takes the bytes as they come.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

/// A mapped memory area.
#[derive(Debug)]
pub struct SharedMemory {
    descriptor: OwnedFd,
    address: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is this value's own for as long as it lives; all access is through raw pointers and copies.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

/// Neither longer nor shorter, for ever.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

impl SharedMemory {
    /// New memory, all zero, which takes room once it is written.
    ///
    /// # Errors
    /// The system's.
    pub fn create(name: &CStr, length: usize) -> io::Result<Self> {
        let descriptor = memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&descriptor, length as u64)?;
        fcntl_add_seals(&descriptor, SEALS)?;
        Self::map(descriptor, length)
    }

    /// Memory that another process has made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it may change its size; the system's.
    pub fn open(descriptor: OwnedFd) -> io::Result<Self> {
        let seals = fcntl_get_seals(&descriptor)?;
        let length = usize::try_from(fstat(&descriptor)?.st_size).unwrap_or_default();
        if !seals.contains(SEALS) || length == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Self::map(descriptor, length)
    }

    fn map(descriptor: OwnedFd, length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping, where the system wants it, touches no existing memory. The file keeps its size: it is sealed.
        let address = unsafe {
            mmap(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &descriptor, 0)?
        };
        let address = NonNull::new(address.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // Core dumps have no use for samples. A kernel that cannot leave them out has larger dumps, and nothing else.
        // SAFETY: the pages were mapped above; the call changes nothing in this process.
        let _ = unsafe { madvise(address.as_ptr().cast(), length, Advice::LinuxDontDump) };
        Ok(Self { descriptor, address, length })
    }

    /// What to give to the other process.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Its bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Where in it `length` bytes are; none if they are not all in it.
    pub fn offset_of(&self, pointer: *const u8, length: usize) -> Option<usize> {
        let offset = pointer.addr().checked_sub(self.address.addr().get())?;
        self.holds(offset, length).then_some(offset)
    }

    /// The address of `length` bytes in it, which is valid as long as it is mapped; none if they are not all in it.
    pub fn pointer(&self, offset: usize, length: usize) -> Option<*mut u8> {
        self.holds(offset, length).then(|| self.address.as_ptr().wrapping_add(offset))
    }

    fn holds(&self, offset: usize, length: usize) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.length)
    }

    /// Copies bytes out of it; false if they are not all in it.
    #[must_use]
    pub fn read(&self, offset: usize, target: &mut [u8]) -> bool {
        let Some(source) = self.pointer(offset, target.len()) else { return false };
        // SAFETY: so many bytes are mapped there, `target` is not among them, and any bytes are fine, whatever the other process
        // writes meanwhile.
        unsafe { ptr::copy_nonoverlapping(source, target.as_mut_ptr(), target.len()) };
        true
    }

    /// Copies bytes into it; false if there is no room for all of them.
    #[must_use]
    pub fn write(&self, offset: usize, source: &[u8]) -> bool {
        let Some(target) = self.pointer(offset, source.len()) else { return false };
        // SAFETY: as in `read`, the other way round.
        unsafe { ptr::copy_nonoverlapping(source.as_ptr(), target, source.len()) };
        true
    }

    /// Gives pages back to the system, which are zero from then on. Offset and length are multiples of the page size, and nobody
    /// needs what is there.
    pub fn release(&self, offset: usize, length: usize) {
        if let Some(address) = self.pointer(offset, length) {
            // SAFETY: pages of the mapping. Nobody has a reference into it.
            let _ = unsafe { madvise(address.cast(), length, Advice::LinuxRemove) };
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by `map`, and nobody has a pointer into it any more: `pointer` says how long one is valid.
        let _ = unsafe { munmap(self.address.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_mappings_are_the_same_memory() {
        let here = SharedMemory::create(c"test", 8192).unwrap();
        let there = SharedMemory::open(here.descriptor().try_clone_to_owned().unwrap()).unwrap();
        assert!(here.write(4000, b"text"));
        let mut text = [0; 4];
        assert!(there.read(4000, &mut text));
        assert_eq!(&text, b"text");
        here.release(0, 4096);
        assert!(there.read(4000, &mut text));
        assert_eq!(text, [0; 4]);
    }

    #[test]
    fn nothing_outside_of_it_is_reached() {
        let memory = SharedMemory::create(c"test", 4096).unwrap();
        let first = memory.pointer(0, 4096).unwrap();
        for (offset, length) in [(0, 4097), (4096, 1), (usize::MAX, 2), (1, usize::MAX)] {
            assert_eq!(memory.pointer(offset, length), None);
        }
        assert_eq!(memory.offset_of(first.wrapping_add(4095), 1), Some(4095));
        assert_eq!(memory.offset_of(first.wrapping_add(4095), 2), None);
        assert_eq!(memory.offset_of(first.wrapping_sub(1), 1), None);
        assert!(!memory.write(4090, b"too long"));
    }

    #[test]
    fn core_dumps_leave_it_out() {
        let memory = SharedMemory::create(c"dumps", 8192).unwrap();
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let start = format!("{:x}-", memory.pointer(0, 1).unwrap().addr());
        let mapping = smaps.lines().skip_while(|line| !line.starts_with(&start));
        let flags = mapping.into_iter().find_map(|line| line.strip_prefix("VmFlags:")).unwrap();
        assert!(flags.split(' ').any(|flag| flag == "dd"), "{flags}");
    }

    #[test]
    fn memory_that_may_shrink_is_refused() {
        let descriptor = memfd_create(c"test", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        ftruncate(&descriptor, 4096).unwrap();
        assert_eq!(SharedMemory::open(descriptor).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

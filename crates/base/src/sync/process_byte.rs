//! Bytes that a child after fork() finds zero: what was decided in its parent does not hold there, where the threads that would
//! have changed the decision do not exist.
//!
//! They are in pages with `MADV_WIPEONFORK` (Linux 4.14), so that whoever reads one needs to ask nothing else. Where the system
//! does not know that, a child finds what its parent had.

use core::ops::Deref;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;

use crate::log;

/// Bytes mapped at a time.
const CHUNK: usize = 64 * 1024;

/// An atomic byte that is zero in a child after fork(), until somebody there sets it.
pub struct ProcessByte(&'static AtomicU8);

/// Bytes that nobody has. Their memory is never given back: there are at most as many as were in use at one time.
static FREE: Mutex<Free> = Mutex::new(Free { returned: Vec::new(), fresh: &[] });

struct Free {
    returned: Vec<&'static AtomicU8>,
    /// What nobody has had yet.
    fresh: &'static [AtomicU8],
}

impl Free {
    fn take(&mut self) -> std::io::Result<&'static AtomicU8> {
        if let Some(byte) = self.returned.pop() {
            return Ok(byte);
        }
        if self.fresh.is_empty() {
            self.fresh = map()?;
        }
        let (byte, rest) = self.fresh.split_first().unwrap_or_else(|| unreachable!("a chunk has bytes"));
        self.fresh = rest;
        Ok(byte)
    }
}

impl ProcessByte {
    /// A byte with that value.
    ///
    /// # Errors
    /// Where the system maps no further pages.
    pub fn new(value: u8) -> std::io::Result<Self> {
        let byte = FREE.lock().take()?;
        byte.store(value, Ordering::Release);
        Ok(Self(byte))
    }
}

impl Deref for ProcessByte {
    type Target = AtomicU8;

    #[inline(always)]
    fn deref(&self) -> &AtomicU8 {
        self.0
    }
}

impl Drop for ProcessByte {
    fn drop(&mut self) {
        FREE.lock().returned.push(self.0);
    }
}

fn map() -> std::io::Result<&'static [AtomicU8]> {
    // SAFETY: a new private anonymous mapping touches no existing memory.
    let address = unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(ptr::null_mut(), CHUNK, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
    };
    if address == libc::MAP_FAILED {
        return Err(std::io::Error::last_os_error());
    }
    // SAFETY: the pages were mapped above and are ours; the call changes nothing in this process.
    if unsafe { libc::madvise(address, CHUNK, libc::MADV_WIPEONFORK) } != 0 {
        log::warn!("after fork() licenses will not end in the child: {}", std::io::Error::last_os_error());
    }
    // SAFETY: CHUNK zeroed bytes that stay mapped for ever; zero is a valid AtomicU8, which has the size and alignment of a byte.
    Ok(unsafe { core::slice::from_raw_parts(address.cast::<AtomicU8>(), CHUNK) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_their_owners_and_are_used_again() {
        let count = CHUNK + 10;
        let value = |index: usize| index.to_le_bytes()[0];
        let bytes: Vec<_> = (0..count).map(|index| ProcessByte::new(value(index)).unwrap()).collect();
        let read = bytes.iter().enumerate().all(|(index, byte)| byte.load(Ordering::Acquire) == value(index));
        assert!(read);
        drop(bytes);
        assert!(FREE.lock().returned.len() >= count);
    }
}

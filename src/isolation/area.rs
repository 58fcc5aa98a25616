//! The memory that a player shares with a host: who uses which part of it.

use std::ffi::CStr;
use std::io;
use std::sync::Arc;

use crate::glue::error::{Error, Result};
use base::shared_memory::SharedMemory;
use base::sync::Mutex;
use isolation::message::Place;
use isolation::ranges::Ranges;

/// Bytes of the memory. It takes no room before it is used.
const LENGTH: usize = 512 << 20;
/// Bytes of one part at most.
pub(crate) const LARGEST_PART: usize = 256 << 20;
/// From this size on, a part has pages of its own, which go back to the system with it.
const LARGE: usize = 256 << 10;
const PAGE: usize = 4096;
/// A cache line.
const ALIGNMENT: usize = 64;

const NAME: &CStr = c"native_drm";

/// A player's side of the memory.
pub(crate) struct Area {
    memory: SharedMemory,
    ranges: Mutex<Ranges>,
}

impl Area {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let memory = SharedMemory::create(NAME, LENGTH)?;
        Ok(Arc::new(Self { memory, ranges: Mutex::new(Ranges::new(LENGTH)) }))
    }

    pub(crate) fn memory(&self) -> &SharedMemory {
        &self.memory
    }

    /// Takes a part of it: where it is.
    pub(crate) fn take(&self, length: usize) -> Result<usize> {
        let alignment = if length >= LARGE { PAGE } else { ALIGNMENT };
        let taken = if length > LARGEST_PART { None } else { self.ranges.lock().take(length, alignment) };
        taken.ok_or_else(|| Error::Refused(format!("{length} bytes are not to be had in the shared memory").into()))
    }

    pub(crate) fn give_back(&self, offset: usize) {
        let mut ranges = self.ranges.lock();
        if let Some(length) = ranges.give_back(offset)
            && length >= LARGE
        {
            // Before anybody else can take it.
            self.memory.release(offset, length);
        }
    }

    /// Puts a sample where a host can decrypt it, unless it is there already.
    pub(crate) fn lend<'a>(&'a self, data: &[u8]) -> Result<Lent<'a>> {
        let place = |offset| Place { offset: offset as u64, length: u32::try_from(data.len()).unwrap_or(u32::MAX) };
        if data.is_empty() {
            return Ok(Lent { area: self, place: place(0), is_copy: false });
        }
        if let Some(offset) = self.memory.offset_of(data.as_ptr(), data.len()) {
            return Ok(Lent { area: self, place: place(offset), is_copy: false });
        }
        let lent = Lent { area: self, place: place(self.take(data.len())?), is_copy: true };
        if self.memory.write(lent.offset(), data) { Ok(lent) } else { Err(outside()) }
    }
}

/// A sample in the shared memory, for one call.
pub(crate) struct Lent<'a> {
    area: &'a Area,
    pub(crate) place: Place,
    is_copy: bool,
}

impl Lent<'_> {
    fn offset(&self) -> usize {
        usize::try_from(self.place.offset).unwrap_or(usize::MAX)
    }

    /// Copies what has become of it to where it came from.
    pub(crate) fn fetch(&self, data: &mut [u8]) -> Result<()> {
        if !self.is_copy || self.area.memory.read(self.offset(), data) { Ok(()) } else { Err(outside()) }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if self.is_copy {
            self.area.give_back(self.offset());
        }
    }
}

/// A place that is not in the shared memory.
pub(crate) fn outside() -> Error {
    Error::invalid("data", "not in the shared memory")
}

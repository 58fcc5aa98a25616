//! Memory for samples that programs have asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::glue::error::{Error, Result};
use crate::isolation::Area;
use base::sync::{Mutex, statics};

/// A cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "only its address is used")] [u8; 64]);

/// What a buffer is in.
enum Buffer {
    /// A part of the memory that a host shares, which stays mapped for it.
    Shared(Arc<Area>, usize),
    /// Memory of this process alone.
    Own { _lines: Vec<Line> },
}

statics! {
    /// By address.
    static BUFFERS: Mutex<BTreeMap<usize, Buffer>> = Mutex::new(BTreeMap::new());
}

/// A buffer in the memory that a host shares.
pub(super) fn allocate_shared(area: &Arc<Area>, length: usize) -> Result<*mut u8> {
    let offset = area.take(length)?;
    let pointer = area.memory().pointer(offset, length);
    let pointer = pointer.ok_or_else(|| Error::Internal("a part outside of the shared memory".into()))?;
    BUFFERS.lock().insert(pointer.addr(), Buffer::Shared(Arc::clone(area), offset));
    Ok(pointer)
}

/// A buffer in memory of this process.
pub(super) fn allocate_own(length: usize) -> Result<*mut u8> {
    let mut lines = Vec::new();
    let count = length.div_ceil(size_of::<Line>());
    lines.try_reserve_exact(count).map_err(|error| Error::Internal(error.to_string().into()))?;
    lines.resize(count, Line([0; _]));
    let pointer = lines.as_mut_ptr().cast::<u8>();
    BUFFERS.lock().insert(pointer.addr(), Buffer::Own { _lines: lines });
    Ok(pointer)
}

/// Frees a buffer.
pub(super) fn free(buffer: *const u8) -> Result<()> {
    let buffer = BUFFERS.lock().remove(&buffer.addr());
    match buffer.ok_or_else(|| Error::invalid("buffer", "not from OH_Drm_AllocateSampleBuffer()"))? {
        Buffer::Shared(area, offset) => area.give_back(offset),
        Buffer::Own { .. } => {}
    }
    Ok(())
}

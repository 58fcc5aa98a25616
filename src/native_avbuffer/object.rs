//! Buffers and their handles.

use super::memory::Memory;
use crate::glue::args;
use crate::glue::error::{Error, Result};
use crate::glue::handle::kind;
use crate::native_avbuffer_info::OH_AVCodecBufferAttr;
use crate::native_cencinfo::object::CencInfo;
use base::sync::Mutex;
use base::sync::atomic::{AtomicBool, Ordering};

/// Memory for a sample, and what is known about that. A handle: never dereferenced, safe to pass after destruction.
///
/// @since 11
pub struct OH_AVBuffer {
    _handle: (),
}

/// What an `OH_AVBuffer` stands for.
pub(crate) struct Buffer {
    memory: Memory,
    state: Mutex<State>,
    /// Whether a [`Claim`] exists.
    claimed: AtomicBool,
}

#[derive(Default)]
struct State {
    attributes: OH_AVCodecBufferAttr,
    /// How the data is encrypted, until it is decrypted.
    info: Option<CencInfo>,
}

kind!(
    /// OH_AVBuffer handles.
    AvBuffers: OH_AVBuffer => Buffer, 9, "OH_AVBuffer"
);

impl Buffer {
    /// A buffer of zeros. Fails if `capacity` is not positive or there is no memory.
    pub fn new(capacity: i32) -> Result<Self> {
        let capacity = args::length("capacity", capacity, 1, i32::MAX as usize)?;
        let memory = Memory::new(capacity)
            .ok_or_else(|| Error::Refused(format!("there is no memory for a buffer of {capacity} bytes").into()))?;
        Ok(Self { memory, state: Mutex::new(State::default()), claimed: AtomicBool::new(false) })
    }

    /// The first byte's address, the same for as long as the buffer lives.
    pub fn address(&self) -> *mut u8 {
        self.memory.address().as_ptr()
    }

    /// Number of bytes.
    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }

    /// What the buffer says about its data.
    pub fn attributes(&self) -> OH_AVCodecBufferAttr {
        self.state.lock().attributes
    }

    /// Sets what the buffer says about its data, which has to lie within it.
    pub fn set_attributes(&self, attributes: OH_AVCodecBufferAttr) -> Result<()> {
        let offset = args::length("offset", attributes.offset, 0, self.capacity())?;
        args::length("size", attributes.size, 0, self.capacity() - offset)?;
        self.state.lock().attributes = attributes;
        Ok(())
    }

    /// Attaches how the data is encrypted, in place of what was attached.
    pub fn attach(&self, info: CencInfo) {
        self.state.lock().info = Some(info);
    }

    /// Claims the data for a decryption. Does not wait: fails if another one has it.
    pub fn claim(&self) -> Result<Claim<'_>> {
        if self.claimed.swap(true, Ordering::Acquire) {
            return Err(Error::invalid("buffer", "another call is decrypting it"));
        }
        Ok(Claim { buffer: self })
    }
}

/// The right to decrypt a buffer's data, which one call at a time has.
pub(crate) struct Claim<'a> {
    buffer: &'a Buffer,
}

impl Claim<'_> {
    /// Takes what is attached, and the data that it is about. No other decryption can hold the lock: none has the claim.
    pub fn take(&mut self) -> Result<(CencInfo, &mut [u8])> {
        let mut state = self.buffer.state.lock();
        let info = state.info.take().ok_or_else(|| {
            Error::invalid("buffer", "no OH_AVCencInfo is attached to it, or its data was decrypted already")
        })?;
        let OH_AVCodecBufferAttr { offset, size, .. } = state.attributes;
        drop(state);
        // `set_attributes` checked them.
        let start = self.buffer.address().wrapping_add(offset.unsigned_abs() as usize);
        // SAFETY: offset and size lie within the memory, which lives as long as the buffer that the claim borrows. No other
        // call here makes a reference to it, as none has the claim; the caller of the C function guarantees that the
        // program does not access the data meanwhile.
        Ok((info, unsafe { std::slice::from_raw_parts_mut(start, size.unsigned_abs() as usize) }))
    }

    /// Attaches again what was taken, as the data was not decrypted, unless something else was attached meanwhile.
    pub fn give_back(self, info: CencInfo) {
        self.buffer.state.lock().info.get_or_insert(info);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.buffer.claimed.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr;
    use std::sync::Arc;

    use super::*;
    use crate::glue::boundary::last_error;
    use crate::glue::handle::Kind;
    use crate::native_avbuffer::OH_AVBuffer_Destroy;
    use crate::native_averrors::OH_AVErrCode;
    use crate::native_drm_err::Drm_ErrCode;
    use crate::native_mediadecrypt::OH_MediaKeySession_DecryptAVBuffer;

    fn attached(buffer: &Buffer) -> Option<u32> {
        buffer.state.lock().info.as_ref().map(|info| info.algorithm)
    }

    fn info(algorithm: u32) -> CencInfo {
        CencInfo { algorithm, ..CencInfo::new() }
    }

    #[test]
    fn a_claim_excludes_others_and_ends() {
        let buffer = Buffer::new(16).unwrap();
        buffer.attach(info(1));
        let mut claim = buffer.claim().unwrap();
        assert!(buffer.claim().is_err());
        claim.take().unwrap();
        assert!(buffer.claim().is_err());
        drop(claim);
        assert!(buffer.claim().unwrap().take().is_err());
        assert!(buffer.claim().is_ok());
    }

    #[test]
    fn what_was_attached_meanwhile_stays() {
        let buffer = Buffer::new(16).unwrap();
        buffer.attach(info(1));
        let mut claim = buffer.claim().unwrap();
        let (taken, _) = claim.take().unwrap();
        claim.give_back(taken);
        assert_eq!(attached(&buffer), Some(1));

        let mut claim = buffer.claim().unwrap();
        let (taken, _) = claim.take().unwrap();
        buffer.attach(info(2));
        claim.give_back(taken);
        assert_eq!(attached(&buffer), Some(2));

        let mut claim = buffer.claim().unwrap();
        claim.take().unwrap();
        buffer.attach(info(3));
        drop(claim);
        assert_eq!(attached(&buffer), Some(3));
    }

    #[test]
    fn a_second_decryption_at_the_same_time_is_refused() {
        let handle = AvBuffers::insert(Arc::new(Buffer::new(16).unwrap())).unwrap();
        let buffer = AvBuffers::get(handle).unwrap();
        buffer.attach(info(1));
        let claim = buffer.claim().unwrap();
        // SAFETY: nothing accesses the data.
        let code = unsafe { OH_MediaKeySession_DecryptAVBuffer(ptr::null_mut(), handle) };
        assert_eq!(code, Drm_ErrCode::DRM_ERR_INVALID_VAL.into());
        // SAFETY: the message is a string until this thread's next call.
        let message = unsafe { CStr::from_ptr(last_error()) };
        assert!(message.to_str().unwrap().contains("another call"), "{message:?}");
        drop(claim);
        assert_eq!(attached(&buffer), Some(1));
        assert!(AvBuffers::remove(handle).is_some());
    }

    /// As a call that decrypts has it while another thread destroys it.
    #[test]
    fn destroying_leaves_the_memory_to_whoever_decrypts() {
        let handle = AvBuffers::insert(Arc::new(Buffer::new(16).unwrap())).unwrap();
        let buffer = AvBuffers::get(handle).unwrap();
        buffer.attach(info(1));
        buffer.set_attributes(OH_AVCodecBufferAttr { size: 16, ..Default::default() }).unwrap();
        let mut claim = buffer.claim().unwrap();
        let (taken, data) = claim.take().unwrap();
        assert_eq!(OH_AVBuffer_Destroy(handle), OH_AVErrCode::AV_ERR_OK.into());
        assert_eq!(Arc::strong_count(&buffer), 1);
        assert!(AvBuffers::get(handle).is_none());
        data.fill(7);
        claim.give_back(taken);
    }
}

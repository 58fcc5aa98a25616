//! The functions.

use std::ptr;
use std::sync::Arc;

use super::object::{AvBuffers, Buffer, OH_AVBuffer};
use crate::glue::args;
use crate::glue::boundary::{self, AvCode};
use crate::glue::error::Error;
use crate::glue::handle::Kind;
use crate::native_avbuffer_info::OH_AVCodecBufferAttr;
use crate::native_averrors::AVErrCodeValue;

/// Creates a buffer: all bytes and attributes zero, no OH_AVCencInfo attached.
///
/// Any thread.
///
/// @param capacity bytes that it has room for, 1 to INT32_MAX
/// @return the buffer, to be destroyed with OH_AVBuffer_Destroy(); null if capacity is not positive, there is not enough
///     memory, or there are 65,536 buffers
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVBuffer_Create(capacity: i32) -> *mut OH_AVBuffer {
    boundary::value(ptr::null_mut(), || AvBuffers::insert(Arc::new(Buffer::new(capacity)?)))
}

/// Destroys a buffer. Its address must not be used afterwards; a call that is decrypting it comes to its end first.
///
/// Any thread.
///
/// @param buffer the buffer; stale afterwards
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVBuffer_Destroy(buffer: *mut OH_AVBuffer) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| AvBuffers::take("buffer", buffer).map(drop))
}

/// Gets what was set with OH_AVBuffer_SetBufferAttr().
///
/// Any thread.
///
/// @param buffer the buffer
/// @param attr receives the attributes
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer or attr is null
/// @since 11
///
/// # Safety
/// `attr` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVBuffer_GetBufferAttr(
    buffer: *mut OH_AVBuffer,
    attr: *mut OH_AVCodecBufferAttr,
) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| {
        let buffer = AvBuffers::find("buffer", buffer)?;
        args::out("attr", attr)?.write(buffer.attributes());
        Ok(())
    })
}

/// Sets where the data is in the buffer, its time and its flags.
///
/// Any thread.
///
/// @param buffer the buffer
/// @param attr the attributes; offset and size are not negative, and their sum is not greater than the capacity
/// @return AV_ERR_OK, or AV_ERR_INVALID_VAL if buffer is not an OH_AVBuffer, attr is null, or offset or size is out of
///     range
/// @since 11
///
/// # Safety
/// `attr` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVBuffer_SetBufferAttr(
    buffer: *mut OH_AVBuffer,
    attr: *const OH_AVCodecBufferAttr,
) -> AVErrCodeValue {
    boundary::call::<AvCode>(|| {
        let buffer = AvBuffers::find("buffer", buffer)?;
        buffer.set_attributes(args::read("attr", attr)?)
    })
}

/// Gets the address of a buffer's first byte. It is a multiple of 64, and stays the same.
///
/// Any thread. The bytes belong to the program: the library touches them in OH_MediaKeySession_DecryptAVBuffer() only.
///
/// @param buffer the buffer
/// @return the address of as many bytes as OH_AVBuffer_GetCapacity() says, valid until the buffer is destroyed; null if
///     buffer is not an OH_AVBuffer
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVBuffer_GetAddr(buffer: *mut OH_AVBuffer) -> *mut u8 {
    boundary::value(ptr::null_mut(), || Ok(AvBuffers::find("buffer", buffer)?.address()))
}

/// Gets a buffer's capacity.
///
/// Any thread.
///
/// @param buffer the buffer
/// @return bytes that it has room for; -1 if buffer is not an OH_AVBuffer
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVBuffer_GetCapacity(buffer: *mut OH_AVBuffer) -> i32 {
    boundary::value(-1, || {
        let capacity = AvBuffers::find("buffer", buffer)?.capacity();
        i32::try_from(capacity).map_err(|_| Error::Internal("a buffer is larger than it can be".into()))
    })
}

//! Callbacks of a session, and its end, after which none runs.

use std::ffi::c_char;
use std::ptr;

use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::callback::{self, EventFunction, KeyChangeFunction};
use crate::isolation::handles;
use crate::native_drm_common::{DRM_KeysInfo, EventTypeValue, MediaKeySession};
use crate::native_drm_err::ErrCodeValue;
use drm::events::CallbackSlot;

/// Receives events of a MediaKeySession, without its handle.
///
/// Called on a thread of the library, on which the program's signals are blocked. All callbacks of a session come one at a
/// time and in order. Those of other sessions do not wait for them: a callback may block, also until another session's
/// callback has done something. Every function of the library may be called from it.
///
/// native_drm_common.h says what it must not do.
///
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, "0" where there is nothing to say; never null
/// @return ignored
/// @since 11
pub type MediaKeySession_EventCallback = Option<
    unsafe extern "C-unwind" fn(
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
    ) -> ErrCodeValue,
>;

/// Receives the keys of a session: exactly once after each response that was accepted and each key that was restored,
/// also if no status changed; and whenever keys are cleared or released, or a policy changes their status.
///
/// Called on a thread of the library, as MediaKeySession_EventCallback, in one order with the events of the session.
///
/// native_drm_common.h says what it must not do.
///
/// @param keysInfo all keys of the session with their status words, valid during the call
/// @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
///     after anything else: a renewal that changed no status, keys that were cleared, released or expired
/// @return ignored
/// @since 11
pub type MediaKeySession_KeyChangeCallback =
    Option<unsafe extern "C-unwind" fn(keysInfo: *mut DRM_KeysInfo, newKeysAvailable: bool) -> ErrCodeValue>;

/// Callbacks of a session, without its handle. A null member receives nothing.
///
/// @since 11
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MediaKeySession_Callback {
    /// Receives events.
    pub eventCallback: MediaKeySession_EventCallback,
    /// Receives key changes.
    pub keyChangeCallback: MediaKeySession_KeyChangeCallback,
}

/// Receives events of a MediaKeySession, with its handle. Otherwise like MediaKeySession_EventCallback.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySession the session that the event belongs to
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, never null
/// @return ignored
/// @since 12
pub type OH_MediaKeySession_EventCallback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySession: *mut MediaKeySession,
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
    ) -> ErrCodeValue,
>;

/// Receives key changes, with the session's handle. Otherwise like MediaKeySession_KeyChangeCallback.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySession the session that the keys belong to
/// @param keysInfo all keys of the session with their status words, valid during the call
/// @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
///     after anything else: a renewal that changed no status, keys that were cleared, released or expired
/// @return ignored
/// @since 12
pub type OH_MediaKeySession_KeyChangeCallback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySession: *mut MediaKeySession,
        keysInfo: *mut DRM_KeysInfo,
        newKeysAvailable: bool,
    ) -> ErrCodeValue,
>;

/// Callbacks of a session, with its handle. A null member receives nothing.
///
/// @since 12
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OH_MediaKeySession_Callback {
    /// Receives events.
    pub eventCallback: OH_MediaKeySession_EventCallback,
    /// Receives key changes.
    pub keyChangeCallback: OH_MediaKeySession_KeyChangeCallback,
}

/// Sets the callbacks without handle of a session. They replace earlier ones and exist beside those of the other
/// generations.
///
/// Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback).
///
/// @param mediaKeySession the session
/// @param callback the callbacks; copied
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or callback is null
/// @since 11
///
/// # Safety
/// `callback` is readable; its members may be called, on another thread, until they are replaced or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_SetMediaKeySessionCallback(
    mediaKeySession: *mut MediaKeySession,
    callback: *mut MediaKeySession_Callback,
) -> ErrCodeValue {
    set(mediaKeySession, CallbackSlot::Plain, callback, |functions| {
        (functions.eventCallback, functions.keyChangeCallback)
    })
}

/// Sets the callbacks with handle of a session. They replace earlier ones and exist beside those of the other
/// generations.
///
/// Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback).
///
/// @param mediaKeySession the session
/// @param callback the callbacks; copied
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or callback is null
/// @since 12
///
/// # Safety
/// `callback` is readable; its members may be called, on another thread, until they are replaced or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_SetCallback(
    mediaKeySession: *mut MediaKeySession,
    callback: *mut OH_MediaKeySession_Callback,
) -> ErrCodeValue {
    set(mediaKeySession, CallbackSlot::WithHandle, callback, |functions| {
        (functions.eventCallback, functions.keyChangeCallback)
    })
}

/// Destroys a session; its handle is stale afterwards and its keys are wiped.
///
/// Any thread, also in a callback. When it returns, no callback of the session is running or will run. Called from a
/// callback, of whatever session, it waits for no callback, so that callbacks can destroy each other's: one that is running
/// then goes on, and what it uses must outlive it; OH_MediaKeySystem_Destroy() from outside of a callback waits for it. A
/// decrypt that is under way on another thread is waited for.
///
/// @param mediaKeySession the session
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession
/// @since 11
#[unsafe(no_mangle)]
pub extern "C" fn OH_MediaKeySession_Destroy(mediaKeySession: *mut MediaKeySession) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| handles::destroy_session(mediaKeySession))
}

fn set<T: Copy, E: EventFunction<MediaKeySession>, K: KeyChangeFunction<MediaKeySession>>(
    handle: *mut MediaKeySession,
    slot: CallbackSlot,
    callback: *mut T,
    functions: impl FnOnce(T) -> (Option<E>, Option<K>),
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let session = handles::session(handle)?;
        let (event, key_change) = functions(args::read("callback", callback.cast_const())?);
        session.listen(slot, Some(callback::listener(handle, event, key_change, ptr::null_mut())))
    })
}

//! Callbacks with user data.

use std::ffi::{c_char, c_void};

use crate::glue::args;
use crate::glue::boundary::{self, DrmCode};
use crate::glue::callback;
use crate::isolation::handles;
use crate::native_drm_common::{DRM_KeysInfo, EventTypeValue, MediaKeySession, MediaKeySystem};
use crate::native_drm_err::ErrCodeValue;
use drm::events::CallbackSlot;

/// Like OH_MediaKeySystem_Callback, with the pointer that was registered.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySystem the instance that the event belongs to
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, never null
/// @param userData what was registered
/// @return ignored
/// @since native_drm 0.1
pub type OH_MediaKeySystem_UserDataCallback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySystem: *mut MediaKeySystem,
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
        userData: *mut c_void,
    ) -> ErrCodeValue,
>;

/// Like OH_MediaKeySession_EventCallback, with the pointer that was registered.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySession the session that the event belongs to
/// @param eventType the event
/// @param info data of the event, valid during the call
/// @param infoLen bytes of info
/// @param extra a decimal number as text, never null
/// @param userData what was registered
/// @return ignored
/// @since native_drm 0.1
pub type OH_MediaKeySession_UserDataEventCallback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySession: *mut MediaKeySession,
        eventType: EventTypeValue,
        info: *mut u8,
        infoLen: i32,
        extra: *mut c_char,
        userData: *mut c_void,
    ) -> ErrCodeValue,
>;

/// Like OH_MediaKeySession_KeyChangeCallback, with the pointer that was registered.
///
/// native_drm_common.h says what it must not do.
///
/// @param mediaKeySession the session that the keys belong to
/// @param keysInfo all keys of the session with their status words, valid during the call
/// @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
///     after anything else: a renewal that changed no status, keys that were cleared, released or expired
/// @param userData what was registered
/// @return ignored
/// @since native_drm 0.1
pub type OH_MediaKeySession_UserDataKeyChangeCallback = Option<
    unsafe extern "C-unwind" fn(
        mediaKeySession: *mut MediaKeySession,
        keysInfo: *mut DRM_KeysInfo,
        newKeysAvailable: bool,
        userData: *mut c_void,
    ) -> ErrCodeValue,
>;

/// Callbacks of a session with user data. A null member receives nothing.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OH_MediaKeySession_UserDataCallback {
    /// Receives events.
    pub eventCallback: OH_MediaKeySession_UserDataEventCallback,
    /// Receives key changes.
    pub keyChangeCallback: OH_MediaKeySession_UserDataKeyChangeCallback,
}

/// Sets or removes the callback with user data for the events of a MediaKeySystem. It exists beside those of the NDK.
///
/// Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback), so
/// that its user data may be freed.
///
/// @param mediaKeySystem the instance
/// @param callback the callback; null removes the present one
/// @param userData passed to the callback; not touched by the library
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is replaced or the instance destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySystem_SetCallbackWithUserData(
    mediaKeySystem: *mut MediaKeySystem,
    callback: OH_MediaKeySystem_UserDataCallback,
    userData: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let system = handles::system(mediaKeySystem)?;
        let listener = callback.map(|function| callback::event_listener(mediaKeySystem, function, userData));
        system.listen(CallbackSlot::WithUserData, listener)
    })
}

/// Sets or removes the callbacks with user data of a session. They exist beside those of the NDK.
///
/// Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback), so
/// that their user data may be freed.
///
/// @param mediaKeySession the session
/// @param callback the callbacks, copied; null removes the present ones
/// @param userData passed to the callbacks; not touched by the library
/// @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession
/// @since native_drm 0.1
///
/// # Safety
/// `callback` is readable; its members may be called with `userData`, on another thread, until they are replaced or the
/// session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_MediaKeySession_SetCallbackWithUserData(
    mediaKeySession: *mut MediaKeySession,
    callback: *const OH_MediaKeySession_UserDataCallback,
    userData: *mut c_void,
) -> ErrCodeValue {
    boundary::call::<DrmCode>(|| {
        let session = handles::session(mediaKeySession)?;
        let listener = args::optional("callback", callback)?.map(|functions| {
            callback::listener(mediaKeySession, functions.eventCallback, functions.keyChangeCallback, userData)
        });
        session.listen(CallbackSlot::WithUserData, listener)
    })
}

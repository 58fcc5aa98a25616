//! Callbacks for media keys and for calls.

use std::ffi::c_void;

use crate::native_avsession::{OH_AVSession, receiver};
use crate::native_avsession_errors::{CallbackResultValue, SessionErrValue};
use avsession::commands::CommandKind;

/// Receives a media key as it is.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param keyCode one of NativeAVSession_MediaKey
/// @param keyAction one of NativeAVSession_KeyAction
/// @param time when it happened, in milliseconds, as the sender counts them
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnHandleKeyEvent = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        keyCode: i32,
        keyAction: i32,
        time: i64,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives a command for a call.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnCall =
    Option<unsafe extern "C-unwind" fn(session: *mut OH_AVSession, userData: *mut c_void) -> CallbackResultValue>;

/// Registers a callback for media keys as they are. While there is one, keys become no commands. Several are called in
/// the order of their registration; one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterHandleKeyEventCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnHandleKeyEvent,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::HandleKeyEvent, callback, userData)
}

/// Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
/// registered.
///
/// Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
/// user data may be freed.
///
/// @param avsession the session
/// @param callback the callback
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterHandleKeyEventCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnHandleKeyEvent,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::HandleKeyEvent, callback)
}

/// Registers a callback for the command to take the call. Several are called in the order of their registration; one
/// that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterAnswerCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::Answer, callback, userData)
}

/// Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
/// registered.
///
/// Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
/// user data may be freed.
///
/// @param avsession the session
/// @param callback the callback
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterAnswerCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::Answer, callback)
}

/// Registers a callback for the command to end the call. Several are called in the order of their registration; one
/// that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterHangUpCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::HangUp, callback, userData)
}

/// Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
/// registered.
///
/// Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
/// user data may be freed.
///
/// @param avsession the session
/// @param callback the callback
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterHangUpCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::HangUp, callback)
}

/// Registers a callback for the command to mute the call, or no longer. Several are called in the order of their
/// registration; one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterToggleCallMuteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::ToggleCallMute, callback, userData)
}

/// Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
/// registered.
///
/// Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
/// user data may be freed.
///
/// @param avsession the session
/// @param callback the callback
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterToggleCallMuteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::ToggleCallMute, callback)
}

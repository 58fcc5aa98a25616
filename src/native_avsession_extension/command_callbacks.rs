//! Callbacks for commands that the native interface lacks.

use std::ffi::{c_char, c_void};

use crate::native_avsession::{OH_AVSession, receiver};
use crate::native_avsession_base::LoopModeValue;
use crate::native_avsession_errors::{CallbackResultValue, SessionErrValue};
use avsession::commands::CommandKind;

/// Receives the command to play at another speed.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param speed the speed; 1 is normal
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSetSpeed = Option<
    unsafe extern "C-unwind" fn(session: *mut OH_AVSession, speed: f64, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives the command to play at another volume.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param volume the volume that is wanted, 0 to 100
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSetVolume = Option<
    unsafe extern "C-unwind" fn(session: *mut OH_AVSession, volume: i32, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives the command to change the loop mode to a given one.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param loopMode the mode that is wanted
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSetTargetLoopMode = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        loopMode: LoopModeValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to play other media.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. Texts are valid during the call, the handle until it is
/// destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param assetId the player's id of the media, valid during the call
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnPlayFromAssetId = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        assetId: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to play an entry of the queue.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param itemId the entry's number
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSkipToQueueItem = Option<
    unsafe extern "C-unwind" fn(session: *mut OH_AVSession, itemId: i32, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives a command that controller and player agreed on.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. Texts are valid during the call, the handle until it is
/// destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param command its name, valid during the call
/// @param arguments its arguments, a JSON object or empty, valid during the call
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnCommonCommand = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        command: *const c_char,
        arguments: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Registers a callback for the command to play at another speed. Several are called in the order of their
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
pub unsafe extern "C" fn OH_AVSession_RegisterSetSpeedCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetSpeed,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::SetSpeed, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterSetSpeedCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetSpeed,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::SetSpeed, callback)
}

/// Registers a callback for the command to play at another volume. Media controls can set the volume only while there is
/// one; what they show follows OH_AVSession_SetPlaybackVolume(). Several are called in the order of their registration; one
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
pub unsafe extern "C" fn OH_AVSession_RegisterSetVolumeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetVolume,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::SetVolume, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterSetVolumeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetVolume,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::SetVolume, callback)
}

/// Registers a callback for the command to change the loop mode to a given one. While there is one, callbacks of
/// OH_AVSession_RegisterSetLoopModeCallback() get only commands that name no mode. Several are called in the order of
/// their registration; one that is registered already keeps its place and gets the new userData.
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
pub unsafe extern "C" fn OH_AVSession_RegisterSetTargetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetTargetLoopMode,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::SetTargetLoopMode, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterSetTargetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetTargetLoopMode,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::SetTargetLoopMode, callback)
}

/// Registers a callback for the command to play other media. Several are called in the order of their registration; one
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
pub unsafe extern "C" fn OH_AVSession_RegisterPlayFromAssetIdCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnPlayFromAssetId,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::PlayFromAssetId, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterPlayFromAssetIdCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnPlayFromAssetId,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::PlayFromAssetId, callback)
}

/// Registers a callback for the command to play an entry of the queue. Several are called in the order of their
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
pub unsafe extern "C" fn OH_AVSession_RegisterSkipToQueueItemCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSkipToQueueItem,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::SkipToQueueItem, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterSkipToQueueItemCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSkipToQueueItem,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::SkipToQueueItem, callback)
}

/// Registers a callback for commands that controller and player agreed on. Several are called in the order of their
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
pub unsafe extern "C" fn OH_AVSession_RegisterCommonCommandCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCommonCommand,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::CommonCommand, callback, userData)
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
pub extern "C" fn OH_AVSession_UnregisterCommonCommandCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCommonCommand,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::CommonCommand, callback)
}

//! Callbacks for commands.

use std::ffi::{c_char, c_void};

use super::receiver;
use super::registry::OH_AVSession;
use crate::native_avsession_base::{ControlCommandValue, LoopModeValue};
use crate::native_avsession_errors::{CallbackResultValue, SessionErrValue};
use avsession::commands::CommandKind;

/// Receives a command without arguments.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param command the command
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnCommand = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        command: ControlCommandValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to go forward.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param seekTime how far, in milliseconds
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnFastForward = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        seekTime: u32,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to go back.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param seekTime how far, in milliseconds
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnRewind = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        seekTime: u32,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to go to a position.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param seekTime milliseconds from the start
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnSeek = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        seekTime: u64,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to change the loop mode. The player decides to which, then reports it.
///
/// Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
/// time and in order. It may call every function of the library. The handle is valid until it is destroyed.
///
/// native_drm_common.h says what it must not do.
///
/// @param session the session
/// @param curLoopMode the mode that was reported last
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnSetLoopMode = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        curLoopMode: LoopModeValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to like the media, or no longer. The player reports the outcome.
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
/// @since 13
pub type OH_AVSessionCallback_OnToggleFavorite = Option<
    unsafe extern "C-unwind" fn(
        session: *mut OH_AVSession,
        assetId: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Registers a callback for a command without arguments. Several are called in the order of their registration; one that is
/// registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param command the command
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is null;
///     AV_SESSION_ERR_CODE_COMMAND_INVALID if command is not a command
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterCommandCallback(
    avsession: *mut OH_AVSession,
    command: ControlCommandValue,
    callback: OH_AVSessionCallback_OnCommand,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, command, callback, userData)
}

/// Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
/// registered.
///
/// Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
/// user data may be freed.
///
/// @param avsession the session
/// @param command the command
/// @param callback the callback
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is null;
///     AV_SESSION_ERR_CODE_COMMAND_INVALID if command is not a command
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterCommandCallback(
    avsession: *mut OH_AVSession,
    command: ControlCommandValue,
    callback: OH_AVSessionCallback_OnCommand,
) -> SessionErrValue {
    receiver::unregister(avsession, command, callback)
}

/// Registers a callback for the command to go forward. Several are called in the order of their registration; one that
/// is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterForwardCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnFastForward,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::FastForward, callback, userData)
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
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterForwardCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnFastForward,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::FastForward, callback)
}

/// Registers a callback for the command to go back. Several are called in the order of their registration; one that is registered
/// already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterRewindCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnRewind,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::Rewind, callback, userData)
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
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterRewindCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnRewind,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::Rewind, callback)
}

/// Registers a callback for the command to go to a position. Several are called in the order of their registration; one
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
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterSeekCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSeek,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::Seek, callback, userData)
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
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterSeekCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSeek,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::Seek, callback)
}

/// Registers a callback for the command to change the loop mode. Several are called in the order of their registration;
/// one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
/// of the library may be called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterSetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetLoopMode,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::SetLoopMode, callback, userData)
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
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterSetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetLoopMode,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::SetLoopMode, callback)
}

/// Registers a callback for the command to like the media, or no longer. Several are called in the order of their
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
/// @since 13
///
/// # Safety
/// `callback` may be called with `userData`, on another thread, until it is unregistered or the session destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_RegisterToggleFavoriteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnToggleFavorite,
    userData: *mut c_void,
) -> SessionErrValue {
    receiver::register(avsession, CommandKind::ToggleFavorite, callback, userData)
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
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterToggleFavoriteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnToggleFavorite,
) -> SessionErrValue {
    receiver::unregister(avsession, CommandKind::ToggleFavorite, callback)
}

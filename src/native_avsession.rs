//! `multimedia/av_session/native_avsession.h`: a player's session and its commands.

use std::ffi::{CString, c_char, c_void};
use std::sync::{Arc, Weak};

use crate::glue::args;
use crate::glue::avsession_callback;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::enums::{
    CallbackResultValue, ControlCommandValue, LoopModeValue, PlaybackStateValue, SessionErrValue, SessionTypeValue,
};
use crate::glue::error::{Error, Result};
use crate::glue::handle::{self, Kind, Metadatas};
use crate::native_avmetadata::OH_AVMetadata;
use crate::native_avplaybackstate::AVSession_PlaybackPosition;
use avsession::commands::{Command, CommandKind};
use avsession::identity::{Identity, SessionType};
use avsession::playback::{LoopMode, Position, State};
use avsession::registry;
use avsession::session::{Controller, Session};

/// A player's session. A handle: never dereferenced, safe to pass after destruction.
///
/// @since 13
pub struct OH_AVSession {
    _handle: (),
}

/// Receives a command without arguments.
///
/// @param session the session
/// @param command the command
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnCommand = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        command: ControlCommandValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to go forward.
///
/// @param session the session
/// @param seekTime how far, in milliseconds
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnFastForward = Option<
    unsafe extern "C" fn(session: *mut OH_AVSession, seekTime: u32, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives the command to go back.
///
/// @param session the session
/// @param seekTime how far, in milliseconds
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnRewind = Option<
    unsafe extern "C" fn(session: *mut OH_AVSession, seekTime: u32, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives the command to go to a position.
///
/// @param session the session
/// @param seekTime milliseconds from the start
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnSeek = Option<
    unsafe extern "C" fn(session: *mut OH_AVSession, seekTime: u64, userData: *mut c_void) -> CallbackResultValue,
>;

/// Receives the command to change the loop mode. The player decides to which, then reports it.
///
/// @param session the session
/// @param curLoopMode the mode that was reported last
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnSetLoopMode = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        curLoopMode: LoopModeValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to like the media, or no longer. The player reports the outcome.
///
/// @param session the session
/// @param assetId the player's id of the media, valid during the call
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since 13
pub type OH_AVSessionCallback_OnToggleFavorite = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        assetId: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Creates the session of this process.
///
/// Any thread.
///
/// @param sessionType kind of session
/// @param sessionTag the session's name; media controls show it as the player's name
/// @param bundleName name of the program
/// @param abilityName name of the part of the program
/// @param avsession receives the session, to be destroyed with OH_AVSession_Destroy()
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if sessionType is not an AVSession_Type, a pointer is
///     null, or a name is empty, not UTF-8 or longer than NATIVE_AVSESSION_MAX_TEXT_LEN with its NUL;
///     AV_SESSION_ERR_SERVICE_EXCEPTION if the process has a session already
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_Create(
    sessionType: SessionTypeValue,
    sessionTag: *const c_char,
    bundleName: *const c_char,
    abilityName: *const c_char,
    avsession: *mut *mut OH_AVSession,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let kind = SessionType::from_number(sessionType.0)
            .ok_or_else(|| Error::invalid("sessionType", format!("{} is not an AVSession_Type", sessionType.0)))?;
        let identity = Identity {
            kind,
            tag: avsession_text::name("sessionTag", sessionTag)?,
            bundle: avsession_text::name("bundleName", bundleName)?,
            ability: avsession_text::name("abilityName", abilityName)?,
        };
        let out = args::out("avsession", avsession)?;
        out.write(handle::insert_av_session(&registry::create(identity, media_controls())?)?);
        Ok(())
    })
}

/// Destroys a session.
///
/// Any thread. When it returns, no callback is running and none will run (unless called from a callback).
///
/// @param avsession the session; stale afterwards
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_Destroy(avsession: *mut OH_AVSession) -> SessionErrValue {
    boundary::call::<SessionCode>(|| handle::destroy_av_session(avsession))
}

/// Activates a session: from now on commands arrive and media controls show it, provided that it has metadata and a
/// callback for at least one command. Where there are no media controls, everything else works all the same; every call
/// looks for them again.
///
/// Any thread. Waits for nobody.
///
/// @param avsession the session
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_Activate(avsession: *mut OH_AVSession) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        handle::av_session(avsession)?.session.activate();
        Ok(())
    })
}

/// Deactivates a session: no command arrives any more, media controls show it no longer. What was set stays.
///
/// Any thread. A callback that is running may still be running when it returns.
///
/// @param avsession the session
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_Deactivate(avsession: *mut OH_AVSession) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        handle::av_session(avsession)?.session.deactivate();
        Ok(())
    })
}

/// Gets the kind of a session.
///
/// Any thread.
///
/// @param avsession the session
/// @param sessionType receives the kind
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or sessionType is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_GetSessionType(
    avsession: *mut OH_AVSession,
    sessionType: *mut SessionTypeValue,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        args::out("sessionType", sessionType)?.write(SessionTypeValue(object.session.identity().kind as u32));
        Ok(())
    })
}

/// Gets the id of a session: 32 hexadecimal digits, another one for each session.
///
/// Any thread.
///
/// @param avsession the session
/// @param sessionId receives a pointer to the id, which is valid until OH_AVSession_Destroy() and must not be freed
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or sessionId is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_GetSessionId(
    avsession: *mut OH_AVSession,
    sessionId: *mut *const c_char,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        args::out("sessionId", sessionId)?.write(object.id.as_ptr());
        Ok(())
    })
}

/// Sets the metadata of what is played, in place of all that was set before. Setting the same again does nothing.
///
/// Any thread.
///
/// @param avsession the session
/// @param avmetadata the metadata; it may be destroyed afterwards
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or avmetadata not an
///     OH_AVMetadata; AV_SESSION_ERR_SERVICE_EXCEPTION if the duration is less than -1
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetAVMetadata(
    avsession: *mut OH_AVSession,
    avmetadata: *mut OH_AVMetadata,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let metadata = Metadatas::get(avmetadata).ok_or_else(|| Metadatas::not_a_handle("avmetadata"))?;
        Ok(object.session.set_metadata(&metadata)?)
    })
}

/// Reports the state. The progress moves in the states that AVSession_PlaybackState names and stands still in the others;
/// it need not be reported again and again.
///
/// Any thread.
///
/// @param avsession the session
/// @param playbackState the state
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackState
///     is not a state
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetPlaybackState(
    avsession: *mut OH_AVSession,
    playbackState: PlaybackStateValue,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let state = State::from_number(playbackState.0).ok_or_else(|| {
            Error::invalid("playbackState", format!("{} is not an AVSession_PlaybackState", playbackState.0))
        })?;
        object.session.set_state(state);
        Ok(())
    })
}

/// Reports the position: when playback starts, after a seek, and when state or speed change. In between the progress is
/// elapsedTime + (now - updateTime) x speed.
///
/// Any thread.
///
/// @param avsession the session
/// @param playbackPosition the position; copied
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackPosition
///     is null; AV_SESSION_ERR_SERVICE_EXCEPTION if elapsedTime or updateTime is negative
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetPlaybackPosition(
    avsession: *mut OH_AVSession,
    playbackPosition: *mut AVSession_PlaybackPosition,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let position = args::read("playbackPosition", playbackPosition.cast_const())?;
        Ok(object.session.set_position(Position { elapsed: position.elapsedTime, update: position.updateTime })?)
    })
}

/// Reports whether the listener likes what is played.
///
/// Any thread.
///
/// @param avsession the session
/// @param favorite true if so
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetFavorite(avsession: *mut OH_AVSession, favorite: bool) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        handle::av_session(avsession)?.session.set_favorite(favorite);
        Ok(())
    })
}

/// Reports the loop mode. LOOP_MODE_SEQUENCE holds until then.
///
/// Any thread.
///
/// @param avsession the session
/// @param loopMode the mode
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or loopMode is not
///     an AVSession_LoopMode
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetLoopMode(avsession: *mut OH_AVSession, loopMode: LoopModeValue) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let mode = LoopMode::from_number(loopMode.0)
            .ok_or_else(|| Error::invalid("loopMode", format!("{} is not an AVSession_LoopMode", loopMode.0)))?;
        object.session.set_loop_mode(mode);
        Ok(())
    })
}

/// Reports whether what is played may be cast to other devices. Controllers see it; this library does not cast.
///
/// Any thread.
///
/// @param avsession the session
/// @param enabled true if so; false holds until then
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since 23
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetRemoteCastEnabled(avsession: *mut OH_AVSession, enabled: bool) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        handle::av_session(avsession)?.session.set_remote_cast(enabled);
        Ok(())
    })
}

/// Registers a callback for a command without arguments. Several are called in the order of their registration; one that is
/// registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param command the command
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is null;
///     AV_SESSION_ERR_CODE_COMMAND_INVALID if command is not a command
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterCommandCallback(
    avsession: *mut OH_AVSession,
    command: ControlCommandValue,
    callback: OH_AVSessionCallback_OnCommand,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        handle::av_session(avsession)?;
        let kind = control_command(command)?;
        let call = move |session, _: &Command, user_data| {
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, command, user_data) })
        };
        avsession_callback::register(avsession, kind, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        handle::av_session(avsession)?;
        avsession_callback::unregister(avsession, control_command(command)?, function as usize)
    })
}

/// Registers a callback for the command to go forward. Several are called in the order of their registration; one that
/// is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterForwardCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnFastForward,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::FastForward { millis } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *millis, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::FastForward, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::FastForward, function as usize)
    })
}

/// Registers a callback for the command to go back. Several are called in the order of their registration; one that is registered
/// already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterRewindCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnRewind,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::Rewind { millis } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *millis, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::Rewind, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::Rewind, function as usize)
    })
}

/// Registers a callback for the command to go to a position. Several are called in the order of their registration; one
/// that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterSeekCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSeek,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::Seek { millis } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *millis, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::Seek, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::Seek, function as usize)
    })
}

/// Registers a callback for the command to change the loop mode. Several are called in the order of their registration;
/// one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterSetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetLoopMode,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::SetLoopMode { current } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, LoopModeValue(*current as u32), user_data) })
        };
        avsession_callback::register(avsession, CommandKind::SetLoopMode, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::SetLoopMode, function as usize)
    })
}

/// Registers a callback for the command to like the media, or no longer. Several are called in the order of their
/// registration; one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterToggleFavoriteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnToggleFavorite,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::ToggleFavorite { asset_id } = command else { return None };
            let asset_id = CString::new(asset_id.as_str()).unwrap_or_default();
            // SAFETY: the program guarantees that what it registered is a function of that type; the text
            // lives until the call returns.
            Some(unsafe { function(session, asset_id.as_ptr(), user_data) })
        };
        avsession_callback::register(avsession, CommandKind::ToggleFavorite, function as usize, userData, call)
    })
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
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::ToggleFavorite, function as usize)
    })
}

/// Gets the session of this process, if it was created with these names: the same handle that OH_AVSession_Create()
/// returned. Destroying it destroys it for all.
///
/// Any thread.
///
/// @param sessionTag the session's name
/// @param bundleName name of the program
/// @param abilityName name of the part of the program
/// @param avsession receives the session
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if a pointer is null, or a name is empty, not UTF-8 or
///     too long; AV_SESSION_ERR_CODE_SESSION_NOT_EXIST if there is no such session
/// @since 23
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_AcquireSession(
    sessionTag: *const c_char,
    bundleName: *const c_char,
    abilityName: *const c_char,
    avsession: *mut *mut OH_AVSession,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let tag = avsession_text::name("sessionTag", sessionTag)?;
        let bundle = avsession_text::name("bundleName", bundleName)?;
        let ability = avsession_text::name("abilityName", abilityName)?;
        let out = args::out("avsession", avsession)?;
        let session = registry::find(&tag, &bundle, &ability)?;
        out.write(handle::av_session_pointer(&session)?);
        Ok(())
    })
}

/// What shows sessions: MPRIS, where the library is built with it.
#[cfg(all(feature = "mpris", target_os = "linux"))]
fn media_controls() -> impl FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>> {
    avsession::mpris::factory(None)
}

/// What shows sessions: nothing.
#[cfg(not(all(feature = "mpris", target_os = "linux")))]
fn media_controls() -> impl FnOnce(Weak<Session>) -> Option<Arc<dyn Controller>> {
    |_| None
}

fn control_command(command: ControlCommandValue) -> Result<CommandKind> {
    match command.0 {
        0 => Ok(CommandKind::Play),
        1 => Ok(CommandKind::Pause),
        2 => Ok(CommandKind::Stop),
        3 => Ok(CommandKind::PlayNext),
        4 => Ok(CommandKind::PlayPrevious),
        other => {
            let number = other.cast_signed();
            Err(Error::CommandUnavailable(format!("{number} is not an AVSession_ControlCommand").into()))
        }
    }
}

//! Making and ending sessions; what players report.

use std::ffi::c_char;
use std::sync::{Arc, Weak};

use super::registry::{self, OH_AVSession};
use crate::glue::args;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::handle::Kind;
use crate::native_avmetadata::{Metadatas, OH_AVMetadata};
use crate::native_avplaybackstate::AVSession_PlaybackPosition;
use crate::native_avsession_base::{LoopModeValue, PlaybackStateValue, SessionTypeValue};
use crate::native_avsession_errors::SessionErrValue;
use avsession::identity::{Identity, SessionType};
use avsession::playback::{LoopMode, Position, State};
use avsession::session::{Controller, Session};

/// Creates the session of this process. A child after fork() has none: its parent's handle is no OH_AVSession there.
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
///
/// # Safety
/// `sessionTag`, `bundleName` and `abilityName` are strings; `avsession` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_Create(
    sessionType: SessionTypeValue,
    sessionTag: *const c_char,
    bundleName: *const c_char,
    abilityName: *const c_char,
    avsession: *mut *mut OH_AVSession,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let identity = Identity {
            kind: args::member("sessionType", sessionType, SessionType::from_number)?,
            tag: avsession_text::name("sessionTag", sessionTag)?,
            bundle: avsession_text::name("bundleName", bundleName)?,
            ability: avsession_text::name("abilityName", abilityName)?,
        };
        let out = args::out("avsession", avsession)?;
        boundary::read_environment();
        out.write(registry::insert(&avsession::registry::create(identity, media_controls())?)?);
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
    boundary::call::<SessionCode>(|| registry::destroy(avsession))
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
    registry::set(avsession, Session::activate)
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
    registry::set(avsession, Session::deactivate)
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
///
/// # Safety
/// `sessionType` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetSessionType(
    avsession: *mut OH_AVSession,
    sessionType: *mut SessionTypeValue,
) -> SessionErrValue {
    registry::with(avsession, |session| {
        args::out("sessionType", sessionType)?.write(SessionTypeValue(session.identity().kind as u32));
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
///
/// # Safety
/// `sessionId` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetSessionId(
    avsession: *mut OH_AVSession,
    sessionId: *mut *const c_char,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = registry::find(avsession)?;
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
    registry::with(avsession, |session| Ok(session.set_metadata(&Metadatas::find("avmetadata", avmetadata)?)?))
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
    registry::with(avsession, |session| {
        session.set_state(args::member("playbackState", playbackState, State::from_number)?);
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
///
/// # Safety
/// `playbackPosition` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_SetPlaybackPosition(
    avsession: *mut OH_AVSession,
    playbackPosition: *mut AVSession_PlaybackPosition,
) -> SessionErrValue {
    registry::with(avsession, |session| {
        let position = args::read("playbackPosition", playbackPosition.cast_const())?;
        Ok(session.set_position(Position { elapsed: position.elapsedTime, update: position.updateTime })?)
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
    registry::set(avsession, |session| session.set_favorite(favorite))
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
    registry::with(avsession, |session| {
        session.set_loop_mode(args::member("loopMode", loopMode, LoopMode::from_number)?);
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
    registry::set(avsession, |session| session.set_remote_cast(enabled))
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

//! `multimedia/av_session/native_avplaybackstate.h`: the playback state of a session at one moment.

use std::sync::Arc;

use crate::glue::args;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::error::Result;
use crate::glue::handle::{Kind, kind};
use crate::native_avsession_base::PlaybackStateValue;
use crate::native_avsession_errors::SessionErrValue;
use avsession::playback::Playback;

/// The playback state of a session at one moment. A handle: never dereferenced, safe to pass after destruction.
///
/// OH_AVSession_AcquirePlaybackState() makes it.
///
/// @since 23
pub struct OH_AVSession_AVPlaybackState {
    _handle: (),
}

kind!(
    /// OH_AVSession_AVPlaybackState handles.
    PlaybackStates: OH_AVSession_AVPlaybackState => Playback, 7, "OH_AVSession_AVPlaybackState"
);

/// A playback position and the time at which it was valid.
///
/// @since 13
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AVSession_PlaybackPosition {
    /// Milliseconds from the start.
    pub elapsedTime: i64,
    /// Time of that position: milliseconds since 1970 (UTC); 0 = when it was reported.
    pub updateTime: i64,
}

/// Gets the state.
///
/// Any thread.
///
/// @param playbackState the playback state
/// @param state receives the state
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
///     OH_AVSession_AVPlaybackState or state is null
/// @since 23
///
/// # Safety
/// `state` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetPlaybackState(
    playbackState: *mut OH_AVSession_AVPlaybackState,
    state: *mut PlaybackStateValue,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let playback = get(playbackState)?;
        args::out("state", state)?.write(PlaybackStateValue(playback.state() as u32));
        Ok(())
    })
}

/// Gets the position as it was reported.
///
/// Any thread.
///
/// @param playbackState the playback state
/// @param position receives the position
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
///     OH_AVSession_AVPlaybackState or position is null
/// @since 23
///
/// # Safety
/// `position` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetPlaybackPosition(
    playbackState: *mut OH_AVSession_AVPlaybackState,
    position: *mut AVSession_PlaybackPosition,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let reported = get(playbackState)?.position();
        let value = AVSession_PlaybackPosition { elapsedTime: reported.elapsed, updateTime: reported.update };
        args::out("position", position)?.write(value);
        Ok(())
    })
}

/// Gets the whole part of the speed, as the NDK does: 1 for 1.0 and for 1.75.
///
/// Any thread.
///
/// @param playbackState the playback state
/// @param speed receives the speed
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
///     OH_AVSession_AVPlaybackState or speed is null
/// @since 23
///
/// # Safety
/// `speed` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetPlaybackSpeed(
    playbackState: *mut OH_AVSession_AVPlaybackState,
    speed: *mut i32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let playback = get(playbackState)?;
        #[allow(clippy::cast_possible_truncation)] // the whole part is wanted
        args::out("speed", speed)?.write(playback.speed() as i32);
        Ok(())
    })
}

/// Gets the volume.
///
/// Any thread.
///
/// @param playbackState the playback state
/// @param volume receives the volume, 0 to 100; 100 if none was reported
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
///     OH_AVSession_AVPlaybackState or volume is null
/// @since 23
///
/// # Safety
/// `volume` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetPlaybackVolume(
    playbackState: *mut OH_AVSession_AVPlaybackState,
    volume: *mut i32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let playback = get(playbackState)?;
        args::out("volume", volume)?.write(i32::from(playback.volume));
        Ok(())
    })
}

fn get(handle: *mut OH_AVSession_AVPlaybackState) -> Result<Arc<Playback>> {
    PlaybackStates::find("playbackState", handle)
}

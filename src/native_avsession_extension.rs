//! `multimedia/av_session/native_avsession_extension.h`: what the AVSession kit's native interface lacks.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use crate::glue::args;
use crate::glue::avsession_callback;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::enums::{CallbackResultValue, LoopModeValue, MetadataResultValue, SessionErrValue};
use crate::glue::error::{Error, Result};
use crate::glue::handle::{self, Kind, Metadatas, PlaybackStates};
use crate::native_avmetadata::{self, OH_AVMetadata, OH_AVMetadataBuilder};
use crate::native_avplaybackstate::OH_AVSession_AVPlaybackState;
use crate::native_avsession::OH_AVSession;
use avsession::commands::{Command, CommandKind};
use avsession::media_keys::{KeyAction, MediaKey};
use avsession::metadata::QueueItem;
use avsession::session::MAX_QUEUE_ITEMS;

/// Bytes of a text such as a title or an id, including its NUL.
pub const NATIVE_AVSESSION_MAX_TEXT_LEN: usize = 4096;
/// Bytes of a description, a lyric, the URI of a picture, extras, and arguments of a common command, including the NUL.
pub const NATIVE_AVSESSION_MAX_LONG_TEXT_LEN: usize = 1_048_576;
/// Entries of the queue.
pub const NATIVE_AVSESSION_MAX_QUEUE_ITEMS: usize = 1000;

const _: () = assert!(NATIVE_AVSESSION_MAX_QUEUE_ITEMS == MAX_QUEUE_ITEMS);

/// Media keys, with the numbers of OpenHarmony's key codes.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeAVSession_MediaKey {
    /// Play or pause.
    NATIVE_AVSESSION_KEY_PLAY_PAUSE = 10,
    /// Stop.
    NATIVE_AVSESSION_KEY_STOP = 11,
    /// Next.
    NATIVE_AVSESSION_KEY_NEXT = 12,
    /// Previous.
    NATIVE_AVSESSION_KEY_PREVIOUS = 13,
    /// Rewind.
    NATIVE_AVSESSION_KEY_REWIND = 14,
    /// Fast forward.
    NATIVE_AVSESSION_KEY_FAST_FORWARD = 15,
    /// Play.
    NATIVE_AVSESSION_KEY_PLAY = 2085,
    /// Pause.
    NATIVE_AVSESSION_KEY_PAUSE = 2086,
}

/// What happens to keys, with the numbers of OpenHarmony's key actions.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeAVSession_KeyAction {
    /// Pressed, but it does not count.
    NATIVE_AVSESSION_KEY_ACTION_CANCEL = 0,
    /// Pressed.
    NATIVE_AVSESSION_KEY_ACTION_DOWN = 1,
    /// Released.
    NATIVE_AVSESSION_KEY_ACTION_UP = 2,
}

/// An entry of the list of what is to be played. Null texts are empty.
///
/// @since native_drm 0.1
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NativeAVSession_QueueItem {
    /// The number that commands name the entry by.
    pub itemId: i32,
    /// The player's id of the media.
    pub assetId: *const c_char,
    /// Title.
    pub title: *const c_char,
    /// Subtitle.
    pub subtitle: *const c_char,
    /// Artist.
    pub artist: *const c_char,
    /// URI of a picture.
    pub mediaImageUri: *const c_char,
    /// Milliseconds; -1 = do not show one, 0 = unknown.
    pub duration: i64,
}

/// Receives the command to play at another speed.
///
/// @param session the session
/// @param speed the speed; 1 is normal
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSetSpeed =
    Option<unsafe extern "C" fn(session: *mut OH_AVSession, speed: f64, userData: *mut c_void) -> CallbackResultValue>;

/// Receives the command to change the loop mode to a given one.
///
/// @param session the session
/// @param loopMode the mode that is wanted
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSetTargetLoopMode = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        loopMode: LoopModeValue,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to play other media.
///
/// @param session the session
/// @param assetId the player's id of the media, valid during the call
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnPlayFromAssetId = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        assetId: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives the command to play an entry of the queue.
///
/// @param session the session
/// @param itemId the entry's number
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnSkipToQueueItem =
    Option<unsafe extern "C" fn(session: *mut OH_AVSession, itemId: i32, userData: *mut c_void) -> CallbackResultValue>;

/// Receives a command that controller and player agreed on.
///
/// @param session the session
/// @param command its name, valid during the call
/// @param arguments its arguments, a JSON object or empty, valid during the call
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnCommonCommand = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        command: *const c_char,
        arguments: *const c_char,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives a media key as it is.
///
/// @param session the session
/// @param keyCode one of NativeAVSession_MediaKey
/// @param keyAction one of NativeAVSession_KeyAction
/// @param time when it happened, in milliseconds, as the sender counts them
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnHandleKeyEvent = Option<
    unsafe extern "C" fn(
        session: *mut OH_AVSession,
        keyCode: i32,
        keyAction: i32,
        time: i64,
        userData: *mut c_void,
    ) -> CallbackResultValue,
>;

/// Receives a command for a call.
///
/// @param session the session
/// @param userData what was registered
/// @return one of AVSessionCallback_Result; failures are logged
/// @since native_drm 0.1
pub type OH_AVSessionCallback_OnCall =
    Option<unsafe extern "C" fn(session: *mut OH_AVSession, userData: *mut c_void) -> CallbackResultValue>;

/// Sets the id of the media before this one. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL; empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
///     null, not UTF-8 or too long
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetPreviousAssetId(
    builder: *mut OH_AVMetadataBuilder,
    assetId: *const c_char,
) -> MetadataResultValue {
    native_avmetadata::change(builder, |metadata| {
        metadata.previous_asset_id = avsession_text::text("assetId", assetId)?;
        Ok(())
    })
}

/// Sets the id of the media after this one. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL; empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
///     null, not UTF-8 or too long
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetNextAssetId(
    builder: *mut OH_AVMetadataBuilder,
    assetId: *const c_char,
) -> MetadataResultValue {
    native_avmetadata::change(builder, |metadata| {
        metadata.next_asset_id = avsession_text::text("assetId", assetId)?;
        Ok(())
    })
}

/// Gets the line of the lyric that is sung at a position.
///
/// Any thread.
///
/// @param avMetadata the metadata
/// @param position milliseconds from the start
/// @param line receives the line, NUL-terminated; empty before the first line and where there is no lyric
/// @param lineLen in: bytes of line; out: bytes used or needed, with the NUL
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avMetadata is not an OH_AVMetadata, a pointer is
///     null, or line is too small
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadata_GetLyricLine(
    avMetadata: *mut OH_AVMetadata,
    position: i64,
    line: *mut c_char,
    lineLen: *mut u32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let metadata = Metadatas::get(avMetadata).ok_or_else(|| Metadatas::not_a_handle("avMetadata"))?;
        write_line(metadata.lyric.lines().line_at(position).unwrap_or_default(), line, lineLen)
    })
}

/// Gets the line of the lyric that is sung now.
///
/// Any thread.
///
/// @param avsession the session
/// @param line receives the line, NUL-terminated; empty before the first line and where there is no lyric
/// @param lineLen in: bytes of line; out: bytes used or needed, with the NUL
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, a pointer is
///     null, or line is too small
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_GetCurrentLyricLine(
    avsession: *mut OH_AVSession,
    line: *mut c_char,
    lineLen: *mut u32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let session = &handle::av_session(avsession)?.session;
        let metadata = session.snapshot().metadata;
        let current = metadata.as_ref().and_then(|metadata| metadata.lyric.lines().line_at(session.progress()));
        write_line(current.unwrap_or_default(), line, lineLen)
    })
}

/// Gets the progress: elapsedTime + (now - updateTime) x speed while playing, frozen otherwise, not beyond the duration.
///
/// Any thread.
///
/// @param avsession the session
/// @param position receives milliseconds from the start
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or position is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_GetCurrentPosition(avsession: *mut OH_AVSession, position: *mut i64) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        args::out("position", position)?.write(object.session.progress());
        Ok(())
    })
}

/// Gets the playback state as it was reported until now. Later reports do not change it.
///
/// Any thread.
///
/// @param avsession the session
/// @param playbackState receives the playback state, to be released with OH_AVSession_ReleasePlaybackState()
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackState is
///     null; AV_SESSION_ERR_SERVICE_EXCEPTION if there is no handle left
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_AcquirePlaybackState(
    avsession: *mut OH_AVSession,
    playbackState: *mut *mut OH_AVSession_AVPlaybackState,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let out = args::out("playbackState", playbackState)?;
        out.write(PlaybackStates::insert(Arc::new(object.session.snapshot().playback))?);
        Ok(())
    })
}

/// Releases a playback state.
///
/// Any thread.
///
/// @param playbackState the playback state; stale afterwards
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
///     OH_AVSession_AVPlaybackState
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_ReleasePlaybackState(
    playbackState: *mut OH_AVSession_AVPlaybackState,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let removed = PlaybackStates::remove(playbackState);
        removed.map(drop).ok_or_else(|| PlaybackStates::not_a_handle("playbackState"))
    })
}

/// Reports the speed. 1.0 holds until then.
///
/// Any thread.
///
/// @param avsession the session
/// @param speed the speed; neither 0 nor infinite
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or speed is 0 or
///     not finite
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetPlaybackSpeed(avsession: *mut OH_AVSession, speed: f64) -> SessionErrValue {
    boundary::call::<SessionCode>(|| Ok(handle::av_session(avsession)?.session.set_speed(speed)?))
}

/// Reports the volume.
///
/// Any thread.
///
/// @param avsession the session
/// @param volume 0 to 100; 100 holds until then
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or volume is out of
///     range
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetPlaybackVolume(avsession: *mut OH_AVSession, volume: i32) -> SessionErrValue {
    boundary::call::<SessionCode>(|| Ok(handle::av_session(avsession)?.session.set_volume(volume)?))
}

/// Reports how much is loaded.
///
/// Any thread.
///
/// @param avsession the session
/// @param bufferedTime milliseconds, not negative
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or bufferedTime is
///     negative
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetBufferedTime(avsession: *mut OH_AVSession, bufferedTime: i64) -> SessionErrValue {
    boundary::call::<SessionCode>(|| Ok(handle::av_session(avsession)?.session.set_buffered_time(bufferedTime)?))
}

/// Reports which entry of the queue is played.
///
/// Any thread.
///
/// @param avsession the session
/// @param itemId the entry's number
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetActiveItemId(avsession: *mut OH_AVSession, itemId: i32) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        handle::av_session(avsession)?.session.set_active_item_id(itemId);
        Ok(())
    })
}

/// Publishes the player's own data.
///
/// Any thread.
///
/// @param avsession the session
/// @param extras a JSON object, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
///     empty = none. Copied.
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, or extras is
///     null, not a JSON object or too long
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetExtras(avsession: *mut OH_AVSession, extras: *const c_char) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        Ok(object.session.set_extras(&avsession_text::long_text("extras", extras)?)?)
    })
}

/// Publishes what is to be played, in place of what was published before.
///
/// Any thread.
///
/// @param avsession the session
/// @param items the entries; copied with their texts. Null is allowed if count is 0.
/// @param count number of entries, 0 to NATIVE_AVSESSION_MAX_QUEUE_ITEMS
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, count is out of
///     range, items is null, a text is not UTF-8 or longer than NATIVE_AVSESSION_MAX_TEXT_LEN with its NUL, or a duration is
///     less than -1
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_SetAVQueueItems(
    avsession: *mut OH_AVSession,
    items: *const NativeAVSession_QueueItem,
    count: u32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        let count = count as usize;
        if count > MAX_QUEUE_ITEMS {
            return Err(Error::invalid("count", format!("more than {MAX_QUEUE_ITEMS} items")));
        }
        let items = if count == 0 { &[] } else { args::slice("items", items, count)? };
        Ok(object.session.set_queue(items.iter().map(queue_item).collect::<Result<_>>()?)?)
    })
}

/// Passes on a media key that the program has received, from its window system for example.
///
/// Where a callback for key events is registered, it gets the key as it is, and no command is sent for it. Otherwise a key
/// that goes down becomes a command; play/pause becomes pause while the position moves, and play else; forward and rewind
/// go as far as the skip intervals of the metadata say.
///
/// Any thread. The callbacks run later, on the dispatcher thread.
///
/// @param avsession the session
/// @param keyCode one of NativeAVSession_MediaKey
/// @param keyAction one of NativeAVSession_KeyAction
/// @param time when it happened, in milliseconds; passed on as it is
/// @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, or keyCode or
///     keyAction is none of those; AV_SESSION_ERR_CODE_SESSION_INACTIVE if the session is not active or has no metadata;
///     AV_SESSION_ERR_CODE_COMMAND_INVALID if the command is not registered; AV_SESSION_ERR_CODE_MESSAGE_OVERLOAD if too
///     many commands wait for the callbacks; AV_SESSION_ERR_SERVICE_EXCEPTION if there is no thread for callbacks
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_HandleMediaKey(
    avsession: *mut OH_AVSession,
    keyCode: i32,
    keyAction: i32,
    time: i64,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let object = handle::av_session(avsession)?;
        Ok(object.session.media_key(MediaKey::from_code(keyCode)?, KeyAction::from_code(keyAction)?, time)?)
    })
}

/// Registers a callback for the command to play at another speed. Several are called in the order of their
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterSetSpeedCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetSpeed,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::SetSpeed(speed) = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *speed, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::SetSpeed, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterSetSpeedCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetSpeed,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::SetSpeed, function as usize)
    })
}

/// Registers a callback for the command to change the loop mode to a given one. While there is one, callbacks of
/// OH_AVSession_RegisterSetLoopModeCallback() get only commands that name no mode. Several are called in the order of
/// their registration; one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterSetTargetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetTargetLoopMode,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::SetTargetLoopMode { target } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, LoopModeValue(*target as u32), user_data) })
        };
        avsession_callback::register(avsession, CommandKind::SetTargetLoopMode, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterSetTargetLoopModeCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSetTargetLoopMode,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::SetTargetLoopMode, function as usize)
    })
}

/// Registers a callback for the command to play other media. Several are called in the order of their registration; one
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterPlayFromAssetIdCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnPlayFromAssetId,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::PlayFromAssetId { asset_id } = command else { return None };
            let asset_id = CString::new(asset_id.as_str()).unwrap_or_default();
            // SAFETY: the program guarantees that what it registered is a function of that type; the text
            // lives until the call returns.
            Some(unsafe { function(session, asset_id.as_ptr(), user_data) })
        };
        avsession_callback::register(avsession, CommandKind::PlayFromAssetId, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterPlayFromAssetIdCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnPlayFromAssetId,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::PlayFromAssetId, function as usize)
    })
}

/// Registers a callback for the command to play an entry of the queue. Several are called in the order of their
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterSkipToQueueItemCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSkipToQueueItem,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::SkipToQueueItem { item_id } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *item_id, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::SkipToQueueItem, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterSkipToQueueItemCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnSkipToQueueItem,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::SkipToQueueItem, function as usize)
    })
}

/// Registers a callback for commands that controller and player agreed on. Several are called in the order of their
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterCommonCommandCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCommonCommand,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::CommonCommand { command, arguments } = command else { return None };
            let name = CString::new(command.as_str()).unwrap_or_default();
            let arguments = CString::new(arguments.as_str()).unwrap_or_default();
            // SAFETY: the program guarantees that what it registered is a function of that type; the texts
            // live until the call returns.
            Some(unsafe { function(session, name.as_ptr(), arguments.as_ptr(), user_data) })
        };
        avsession_callback::register(avsession, CommandKind::CommonCommand, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterCommonCommandCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCommonCommand,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::CommonCommand, function as usize)
    })
}

/// Registers a callback for media keys as they are. While there is one, keys become no commands. Several are called in
/// the order of their registration; one that is registered already keeps its place and gets the new userData.
///
/// Any thread. Callbacks run on the library's dispatcher thread, one at a time; every function of the library may be
/// called from them.
///
/// @param avsession the session
/// @param callback the callback
/// @param userData passed to the callback; not touched by the library
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
///     null
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterHandleKeyEventCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnHandleKeyEvent,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, command: &Command, user_data| {
            let Command::HandleKeyEvent { code, action, time } = command else { return None };
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, *code, *action, *time, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::HandleKeyEvent, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterHandleKeyEventCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnHandleKeyEvent,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::HandleKeyEvent, function as usize)
    })
}

/// Registers a callback for the command to take the call. Several are called in the order of their registration; one
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterAnswerCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, _: &Command, user_data| {
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::Answer, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterAnswerCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::Answer, function as usize)
    })
}

/// Registers a callback for the command to end the call. Several are called in the order of their registration; one
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterHangUpCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, _: &Command, user_data| {
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::HangUp, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterHangUpCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::HangUp, function as usize)
    })
}

/// Registers a callback for the command to mute the call, or no longer. Several are called in the order of their
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_RegisterToggleCallMuteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
    userData: *mut c_void,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        let call = move |session, _: &Command, user_data| {
            // SAFETY: the program guarantees that what it registered is a function of that type.
            Some(unsafe { function(session, user_data) })
        };
        avsession_callback::register(avsession, CommandKind::ToggleCallMute, function as usize, userData, call)
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
/// @since native_drm 0.1
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVSession_UnregisterToggleCallMuteCallback(
    avsession: *mut OH_AVSession,
    callback: OH_AVSessionCallback_OnCall,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let function = avsession_callback::present(callback)?;
        avsession_callback::unregister(avsession, CommandKind::ToggleCallMute, function as usize)
    })
}

fn queue_item(item: &NativeAVSession_QueueItem) -> Result<QueueItem> {
    let text = |argument, pointer: *const c_char| {
        if pointer.is_null() { Ok(String::new()) } else { avsession_text::text(argument, pointer) }
    };
    Ok(QueueItem {
        item_id: item.itemId,
        asset_id: text("items.assetId", item.assetId)?,
        title: text("items.title", item.title)?,
        subtitle: text("items.subtitle", item.subtitle)?,
        artist: text("items.artist", item.artist)?,
        media_image_uri: text("items.mediaImageUri", item.mediaImageUri)?,
        duration: item.duration,
    })
}

fn write_line(text: &str, line: *mut c_char, length: *mut u32) -> Result<()> {
    let out = args::out("line", line)?;
    let length = args::in_out("lineLen", length)?;
    let text = text.replace('\0', "");
    args::needed("line", length, text.len() + 1)?;
    out.write_string("line", text.len() + 1, &text)
}

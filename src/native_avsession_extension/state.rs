//! What players report and read: lyrics, progress, the queue, media keys.

use std::ffi::c_char;
use std::sync::Arc;

use crate::glue::args;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, SessionCode};
use crate::glue::error::{Error, Result};
use crate::glue::handle::Kind;
use crate::native_avmetadata::{self, Metadatas, OH_AVMetadata, OH_AVMetadataBuilder};
use crate::native_avplaybackstate::{OH_AVSession_AVPlaybackState, PlaybackStates};
use crate::native_avsession::{OH_AVSession, registry};
use crate::native_avsession_errors::{MetadataResultValue, SessionErrValue};
use avsession::media_keys::{KeyAction, MediaKey};
use avsession::metadata::{MAX_LONG_TEXT, MAX_TEXT, QueueItem};
use avsession::session::MAX_QUEUE_ITEMS;

/// Bytes of a text such as a title or an id, including its NUL.
pub const NATIVE_AVSESSION_MAX_TEXT_LEN: usize = 4096;
/// Bytes of a description, a lyric, the URI of a picture, extras, and arguments of a common command, including the NUL.
pub const NATIVE_AVSESSION_MAX_LONG_TEXT_LEN: usize = 1_048_576;
/// Entries of the queue.
pub const NATIVE_AVSESSION_MAX_QUEUE_ITEMS: usize = 1000;

const _: () = assert!(NATIVE_AVSESSION_MAX_TEXT_LEN == MAX_TEXT + 1);
const _: () = assert!(NATIVE_AVSESSION_MAX_LONG_TEXT_LEN == MAX_LONG_TEXT + 1);
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
    /// The key press was cancelled.
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

/// Sets the id of the media before this one. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL; empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
///     null, not UTF-8 or too long
/// @since native_drm 0.1
///
/// # Safety
/// `assetId` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetPreviousAssetId(
    builder: *mut OH_AVMetadataBuilder,
    assetId: *const c_char,
) -> MetadataResultValue {
    native_avmetadata::set_text(builder, "assetId", assetId, |metadata| &mut metadata.previous_asset_id)
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
///
/// # Safety
/// `assetId` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetNextAssetId(
    builder: *mut OH_AVMetadataBuilder,
    assetId: *const c_char,
) -> MetadataResultValue {
    native_avmetadata::set_text(builder, "assetId", assetId, |metadata| &mut metadata.next_asset_id)
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
///
/// # Safety
/// `line` is writable for as many bytes as `lineLen` says; `lineLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadata_GetLyricLine(
    avMetadata: *mut OH_AVMetadata,
    position: i64,
    line: *mut c_char,
    lineLen: *mut u32,
) -> SessionErrValue {
    boundary::call::<SessionCode>(|| {
        let metadata = Metadatas::find("avMetadata", avMetadata)?;
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
///
/// # Safety
/// `line` is writable for as many bytes as `lineLen` says; `lineLen` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetCurrentLyricLine(
    avsession: *mut OH_AVSession,
    line: *mut c_char,
    lineLen: *mut u32,
) -> SessionErrValue {
    registry::with(avsession, |session| {
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
///
/// # Safety
/// `position` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_GetCurrentPosition(
    avsession: *mut OH_AVSession,
    position: *mut i64,
) -> SessionErrValue {
    registry::with(avsession, |session| {
        args::out("position", position)?.write(session.progress());
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
///
/// # Safety
/// `playbackState` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_AcquirePlaybackState(
    avsession: *mut OH_AVSession,
    playbackState: *mut *mut OH_AVSession_AVPlaybackState,
) -> SessionErrValue {
    registry::with(avsession, |session| {
        let out = args::out("playbackState", playbackState)?;
        out.write(PlaybackStates::insert(Arc::new(session.snapshot().playback))?);
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
    boundary::call::<SessionCode>(|| PlaybackStates::take("playbackState", playbackState).map(drop))
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
    registry::with(avsession, |session| Ok(session.set_speed(speed)?))
}

/// Reports the volume. Media controls can set it where OH_AVSession_RegisterSetVolumeCallback() was called.
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
    registry::with(avsession, |session| Ok(session.set_volume(volume)?))
}

/// Reports how much is loaded. It may be called as often as it changes: media controls are told at most once a second,
/// the last value in any case.
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
    registry::with(avsession, |session| Ok(session.set_buffered_time(bufferedTime)?))
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
    registry::set(avsession, |session| session.set_active_item_id(itemId))
}

/// Publishes the player's own data. Media controls are told of changes at most once a second, of the last one in any case.
///
/// Any thread.
///
/// @param avsession the session
/// @param extras a JSON object, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
///     empty = none. Copied.
/// @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, or extras is
///     null, not a JSON object or too long
/// @since native_drm 0.1
///
/// # Safety
/// `extras` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_SetExtras(
    avsession: *mut OH_AVSession,
    extras: *const c_char,
) -> SessionErrValue {
    registry::with(avsession, |session| Ok(session.set_extras(&avsession_text::long_text("extras", extras)?)?))
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
///
/// # Safety
/// `items` is readable for `count` items, whose texts are strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVSession_SetAVQueueItems(
    avsession: *mut OH_AVSession,
    items: *const NativeAVSession_QueueItem,
    count: u32,
) -> SessionErrValue {
    registry::with(avsession, |session| {
        let count = count as usize;
        if count > MAX_QUEUE_ITEMS {
            return Err(Error::invalid("count", format!("more than {MAX_QUEUE_ITEMS} items")));
        }
        let items = if count == 0 { &[] } else { args::slice("items", items, count)? };
        Ok(session.set_queue(items.iter().map(queue_item).collect::<Result<_>>()?)?)
    })
}

/// Passes on a media key that the program has received, from its window system for example.
///
/// Where a callback for key events is registered, it gets the key as it is, and no command is sent for it. Otherwise a key
/// that goes down becomes a command; play/pause becomes pause while the position moves, and play else; forward and rewind
/// go as far as the skip intervals of the metadata say.
///
/// Any thread. The callbacks run later, on a thread of the library.
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
    registry::with(avsession, |session| {
        Ok(session.media_key(MediaKey::from_code(keyCode)?, KeyAction::from_code(keyAction)?, time)?)
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

//! `multimedia/av_session/native_avmetadata.h`: metadata and how it is made.

use std::ffi::c_char;
use std::sync::Arc;

use crate::glue::args;
use crate::glue::avsession_text;
use crate::glue::boundary::{self, MetadataCode};
use crate::glue::error::Result;
use crate::glue::handle::{Kind, kind};
use crate::native_avsession_base::SkipIntervalsValue;
use crate::native_avsession_errors::MetadataResultValue;
use avsession::metadata::{Lyric, Metadata, SkipIntervals};
use base::sync::Mutex;

/// Makes metadata. A handle: never dereferenced, safe to pass after destruction.
///
/// @since 13
pub struct OH_AVMetadataBuilderStruct {
    _handle: (),
}

/// Makes metadata.
///
/// @since 13
pub type OH_AVMetadataBuilder = OH_AVMetadataBuilderStruct;

/// Metadata of media. A handle: never dereferenced, safe to pass after destruction. It does not change.
///
/// @since 13
pub struct OH_AVMetadataStruct {
    _handle: (),
}

/// Metadata of media.
///
/// @since 13
pub type OH_AVMetadata = OH_AVMetadataStruct;

kind!(
    /// OH_AVMetadataBuilder handles.
    MetadataBuilders: OH_AVMetadataBuilder => Mutex<Metadata>, 5, "OH_AVMetadataBuilder"
);
kind!(
    /// OH_AVMetadata handles.
    Metadatas: OH_AVMetadata => Metadata, 6, "OH_AVMetadata"
);

/// Creates a builder: all texts empty, duration 0, skip intervals SECONDS_15, no display tags, filter
/// TYPE_CAST_PLUS_STREAM.
///
/// Any thread.
///
/// @param builder receives the builder, to be destroyed with OH_AVMetadataBuilder_Destroy()
/// @return AVMETADATA_SUCCESS; AVMETADATA_ERROR_INVALID_PARAM if builder is null; AVMETADATA_ERROR_NO_MEMORY if there is
///     no handle left
/// @since 13
///
/// # Safety
/// `builder` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_Create(builder: *mut *mut OH_AVMetadataBuilder) -> MetadataResultValue {
    boundary::call::<MetadataCode>(|| {
        let out = args::out("builder", builder)?;
        out.write(MetadataBuilders::insert(Arc::default())?);
        Ok(())
    })
}

/// Destroys a builder. Metadata that it made stays.
///
/// Any thread.
///
/// @param builder the builder; stale afterwards
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_Destroy(builder: *mut OH_AVMetadataBuilder) -> MetadataResultValue {
    boundary::call::<MetadataCode>(|| MetadataBuilders::take("builder", builder).map(drop))
}

/// Sets the player's id of the media. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `assetId` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetAssetId(
    builder: *mut OH_AVMetadataBuilder,
    assetId: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "assetId", assetId, |metadata| &mut metadata.asset_id)
}

/// Sets the title. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param title the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or title is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `title` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetTitle(
    builder: *mut OH_AVMetadataBuilder,
    title: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "title", title, |metadata| &mut metadata.title)
}

/// Sets the artist. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param artist the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or artist is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `artist` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetArtist(
    builder: *mut OH_AVMetadataBuilder,
    artist: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "artist", artist, |metadata| &mut metadata.artist)
}

/// Sets the author. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param author the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or author is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `author` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetAuthor(
    builder: *mut OH_AVMetadataBuilder,
    author: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "author", author, |metadata| &mut metadata.author)
}

/// Sets the album. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param album the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or album is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `album` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetAlbum(
    builder: *mut OH_AVMetadataBuilder,
    album: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "album", album, |metadata| &mut metadata.album)
}

/// Sets who wrote the words. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param writer the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or writer is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `writer` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetWriter(
    builder: *mut OH_AVMetadataBuilder,
    writer: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "writer", writer, |metadata| &mut metadata.writer)
}

/// Sets the composer. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param composer the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or composer is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `composer` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetComposer(
    builder: *mut OH_AVMetadataBuilder,
    composer: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "composer", composer, |metadata| &mut metadata.composer)
}

/// Sets the duration.
///
/// Any thread.
///
/// @param builder the builder
/// @param duration milliseconds; -1 = do not show one (media that cannot be previewed), 0 = unknown.
///     OH_AVSession_SetAVMetadata() refuses less than -1.
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetDuration(
    builder: *mut OH_AVMetadataBuilder,
    duration: i64,
) -> MetadataResultValue {
    change(builder, |metadata| {
        metadata.duration = duration;
        Ok(())
    })
}

/// Sets the URI of a picture. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param mediaImageUri the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or mediaImageUri is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `mediaImageUri` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetMediaImageUri(
    builder: *mut OH_AVMetadataBuilder,
    mediaImageUri: *const c_char,
) -> MetadataResultValue {
    set_long_text(builder, "mediaImageUri", mediaImageUri, |metadata| &mut metadata.media_image_uri)
}

/// Sets the subtitle. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param subtitle the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or subtitle is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `subtitle` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetSubtitle(
    builder: *mut OH_AVMetadataBuilder,
    subtitle: *const c_char,
) -> MetadataResultValue {
    set_text(builder, "subtitle", subtitle, |metadata| &mut metadata.subtitle)
}

/// Sets the description. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param description the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or description is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `description` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetDescription(
    builder: *mut OH_AVMetadataBuilder,
    description: *const c_char,
) -> MetadataResultValue {
    set_long_text(builder, "description", description, |metadata| &mut metadata.description)
}

/// Sets the lyric, in LRC format. The text is copied.
///
/// Any thread.
///
/// @param builder the builder
/// @param lyric the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
///     empty = none
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or lyric is
///     null, not UTF-8 or too long
/// @since 13
///
/// # Safety
/// `lyric` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_SetLyric(
    builder: *mut OH_AVMetadataBuilder,
    lyric: *const c_char,
) -> MetadataResultValue {
    change(builder, |metadata| {
        metadata.lyric = Lyric::new(avsession_text::long_text("lyric", lyric)?);
        Ok(())
    })
}

/// Sets how far forward and rewind go.
///
/// Any thread.
///
/// @param builder the builder
/// @param intervals one of AVMetadata_SkipIntervals
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder or intervals is
///     not an AVMetadata_SkipIntervals
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetSkipIntervals(
    builder: *mut OH_AVMetadataBuilder,
    intervals: SkipIntervalsValue,
) -> MetadataResultValue {
    change(builder, |metadata| {
        metadata.skip_intervals = args::member("intervals", intervals, SkipIntervals::from_seconds)?;
        Ok(())
    })
}

/// Sets the marks of the media.
///
/// Any thread.
///
/// @param builder the builder
/// @param tags bits of AVMetadata_DisplayTag
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetDisplayTags(
    builder: *mut OH_AVMetadataBuilder,
    tags: i32,
) -> MetadataResultValue {
    change(builder, |metadata| {
        metadata.display_tags = tags;
        Ok(())
    })
}

/// Sets the protocols that the media may be cast with.
///
/// Any thread.
///
/// @param builder the builder
/// @param filter bits of AVSession_ProtocolType; others are kept, too
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
/// @since 23
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadataBuilder_SetFilter(
    builder: *mut OH_AVMetadataBuilder,
    filter: u32,
) -> MetadataResultValue {
    change(builder, |metadata| {
        metadata.filter = filter;
        Ok(())
    })
}

/// Makes metadata of what was set so far. The builder can be used again.
///
/// Any thread.
///
/// @param builder the builder
/// @param avMetadata receives the metadata, to be destroyed with OH_AVMetadata_Destroy()
/// @return AVMETADATA_SUCCESS; AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder or avMetadata is
///     null; AVMETADATA_ERROR_NO_MEMORY if there is no handle left
/// @since 13
///
/// # Safety
/// `avMetadata` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn OH_AVMetadataBuilder_GenerateAVMetadata(
    builder: *mut OH_AVMetadataBuilder,
    avMetadata: *mut *mut OH_AVMetadata,
) -> MetadataResultValue {
    change(builder, |metadata| {
        let out = args::out("avMetadata", avMetadata)?;
        out.write(Metadatas::insert(Arc::new(metadata.clone()))?);
        Ok(())
    })
}

/// Destroys metadata. A session that it was set for keeps it.
///
/// Any thread.
///
/// @param avMetadata the metadata; stale afterwards
/// @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if avMetadata is not an OH_AVMetadata
/// @since 13
#[unsafe(no_mangle)]
pub extern "C" fn OH_AVMetadata_Destroy(avMetadata: *mut OH_AVMetadata) -> MetadataResultValue {
    boundary::call::<MetadataCode>(|| Metadatas::take("avMetadata", avMetadata).map(drop))
}

/// Changes what a builder has collected.
fn change(builder: *mut OH_AVMetadataBuilder, change: impl FnOnce(&mut Metadata) -> Result<()>) -> MetadataResultValue {
    boundary::call::<MetadataCode>(|| change(&mut MetadataBuilders::find("builder", builder)?.lock()))
}

/// Sets a text such as a title or an id.
pub(crate) fn set_text(
    builder: *mut OH_AVMetadataBuilder,
    argument: &'static str,
    text: *const c_char,
    field: impl FnOnce(&mut Metadata) -> &mut String,
) -> MetadataResultValue {
    change(builder, |metadata| {
        *field(metadata) = avsession_text::text(argument, text)?;
        Ok(())
    })
}

/// Sets a long text.
fn set_long_text(
    builder: *mut OH_AVMetadataBuilder,
    argument: &'static str,
    text: *const c_char,
    field: impl FnOnce(&mut Metadata) -> &mut String,
) -> MetadataResultValue {
    change(builder, |metadata| {
        *field(metadata) = avsession_text::long_text(argument, text)?;
        Ok(())
    })
}

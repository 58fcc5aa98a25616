/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avmetadata.rs; do not edit.
 */

/**
 * @addtogroup OHAVSession
 * @{
 */

/**
 * @file native_avmetadata.h
 * @brief Metadata of media and how it is made.
 */

#ifndef NATIVE_AVMETADATA_H
#define NATIVE_AVMETADATA_H

#include <stdint.h>
#include "native_avsession_base.h"
#include "native_avsession_errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes metadata. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since 13
 */
typedef struct OH_AVMetadataBuilderStruct OH_AVMetadataBuilderStruct;

/**
 * Metadata of media. A handle: never dereferenced, safe to pass after destruction. It does not change.
 *
 * @since 13
 */
typedef struct OH_AVMetadataStruct OH_AVMetadataStruct;

/**
 * Makes metadata.
 *
 * @since 13
 */
typedef struct OH_AVMetadataBuilderStruct OH_AVMetadataBuilder;

/**
 * Metadata of media.
 *
 * @since 13
 */
typedef struct OH_AVMetadataStruct OH_AVMetadata;

/**
 * Creates a builder: all texts empty, duration 0, skip intervals SECONDS_15, no display tags, filter
 * TYPE_CAST_PLUS_STREAM.
 *
 * Any thread.
 *
 * @param builder receives the builder, to be destroyed with OH_AVMetadataBuilder_Destroy()
 * @return AVMETADATA_SUCCESS; AVMETADATA_ERROR_INVALID_PARAM if builder is null; AVMETADATA_ERROR_NO_MEMORY if there is
 *     no handle left
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_Create(OH_AVMetadataBuilder **builder);

/**
 * Destroys a builder. Metadata that it made stays.
 *
 * Any thread.
 *
 * @param builder the builder; stale afterwards
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_Destroy(OH_AVMetadataBuilder *builder);

/**
 * Sets the player's id of the media. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetAssetId(OH_AVMetadataBuilder *builder,
                                                  const char *assetId);

/**
 * Sets the title. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param title the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or title is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetTitle(OH_AVMetadataBuilder *builder, const char *title);

/**
 * Sets the artist. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param artist the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or artist is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetArtist(OH_AVMetadataBuilder *builder, const char *artist);

/**
 * Sets the author. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param author the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or author is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetAuthor(OH_AVMetadataBuilder *builder, const char *author);

/**
 * Sets the album. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param album the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or album is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetAlbum(OH_AVMetadataBuilder *builder, const char *album);

/**
 * Sets who wrote the words. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param writer the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or writer is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetWriter(OH_AVMetadataBuilder *builder, const char *writer);

/**
 * Sets the composer. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param composer the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or composer is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetComposer(OH_AVMetadataBuilder *builder,
                                                   const char *composer);

/**
 * Sets the duration.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param duration milliseconds; -1 = do not show one (media that cannot be previewed), 0 = unknown.
 *     OH_AVSession_SetAVMetadata() refuses less than -1.
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetDuration(OH_AVMetadataBuilder *builder, int64_t duration);

/**
 * Sets the URI of a picture. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param mediaImageUri the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or mediaImageUri is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetMediaImageUri(OH_AVMetadataBuilder *builder,
                                                        const char *mediaImageUri);

/**
 * Sets the subtitle. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param subtitle the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or subtitle is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetSubtitle(OH_AVMetadataBuilder *builder,
                                                   const char *subtitle);

/**
 * Sets the description. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param description the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or description is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetDescription(OH_AVMetadataBuilder *builder,
                                                      const char *description);

/**
 * Sets the lyric, in LRC format. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param lyric the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
 *     empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or lyric is
 *     null, not UTF-8 or too long
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetLyric(OH_AVMetadataBuilder *builder, const char *lyric);

/**
 * Sets how far forward and rewind go.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param intervals one of AVMetadata_SkipIntervals
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder or intervals is
 *     not an AVMetadata_SkipIntervals
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetSkipIntervals(OH_AVMetadataBuilder *builder,
                                                        AVMetadata_SkipIntervals intervals);

/**
 * Sets the marks of the media.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param tags bits of AVMetadata_DisplayTag
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_SetDisplayTags(OH_AVMetadataBuilder *builder, int32_t tags);

/**
 * Sets the protocols that the media may be cast with.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param filter bits of AVSession_ProtocolType; others are kept, too
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder
 * @since 23
 */
AVMetadata_Result OH_AVMetadataBuilder_SetFilter(OH_AVMetadataBuilder *builder, uint32_t filter);

/**
 * Makes metadata of what was set so far. The builder can be used again.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param avMetadata receives the metadata, to be destroyed with OH_AVMetadata_Destroy()
 * @return AVMETADATA_SUCCESS; AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder or avMetadata is
 *     null; AVMETADATA_ERROR_NO_MEMORY if there is no handle left
 * @since 13
 */
AVMetadata_Result OH_AVMetadataBuilder_GenerateAVMetadata(OH_AVMetadataBuilder *builder, OH_AVMetadata **avMetadata);

/**
 * Destroys metadata. A session that it was set for keeps it.
 *
 * Any thread.
 *
 * @param avMetadata the metadata; stale afterwards
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if avMetadata is not an OH_AVMetadata
 * @since 13
 */
AVMetadata_Result OH_AVMetadata_Destroy(OH_AVMetadata *avMetadata);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVMETADATA_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avbuffer_info.rs; do not edit.
 */

/**
 * @addtogroup Core
 * @{
 */

/**
 * @file native_avbuffer_info.h
 * @brief What a buffer says about the data in it.
 */

#ifndef NATIVE_AVBUFFER_INFO_H
#define NATIVE_AVBUFFER_INFO_H

#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Flags of a buffer, to be combined.
 *
 * @since 9
 */
typedef enum OH_AVCodecBufferFlags {
    /**
     * Nothing special.
     */
    AVCODEC_BUFFER_FLAGS_NONE = 0,
    /**
     * The stream ends here.
     */
    AVCODEC_BUFFER_FLAGS_EOS = (1 << 0),
    /**
     * A key frame.
     */
    AVCODEC_BUFFER_FLAGS_SYNC_FRAME = (1 << 1),
    /**
     * Part of a frame only.
     */
    AVCODEC_BUFFER_FLAGS_INCOMPLETE_FRAME = (1 << 2),
    /**
     * Codec-specific data, such as parameter sets.
     */
    AVCODEC_BUFFER_FLAGS_CODEC_DATA = (1 << 3),
    /**
     * The decoder needs the frame, the output does not.
     *
     * @since 12
     */
    AVCODEC_BUFFER_FLAGS_DISCARD = (1 << 4),
    /**
     * No other frame refers to this one.
     *
     * @since 12
     */
    AVCODEC_BUFFER_FLAGS_DISPOSABLE = (1 << 5),
} OH_AVCodecBufferFlags;

/**
 * What a buffer says about the data in it.
 *
 * @since 9
 */
typedef struct OH_AVCodecBufferAttr {
    /**
     * Presentation time in microseconds.
     */
    int64_t pts;
    /**
     * Bytes of data.
     */
    int32_t size;
    /**
     * Bytes in front of the data.
     */
    int32_t offset;
    /**
     * Flags of OH_AVCodecBufferFlags.
     */
    uint32_t flags;
} OH_AVCodecBufferAttr;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVBUFFER_INFO_H */

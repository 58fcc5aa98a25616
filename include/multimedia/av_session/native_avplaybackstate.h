/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avplaybackstate.rs; do not edit.
 */

/**
 * @addtogroup OHAVSession
 * @{
 */

/**
 * @file native_avplaybackstate.h
 * @brief The playback state of a session at one moment.
 */

#ifndef NATIVE_AVPLAYBACKSTATE_H
#define NATIVE_AVPLAYBACKSTATE_H

#include <stdint.h>
#include "native_avsession_base.h"
#include "native_avsession_errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The playback state of a session at one moment. A handle: never dereferenced, safe to pass after destruction.
 *
 * OH_AVSession_AcquirePlaybackState() makes it.
 *
 * @since 23
 */
typedef struct OH_AVSession_AVPlaybackState OH_AVSession_AVPlaybackState;

/**
 * A playback position and the time at which it was valid.
 *
 * @since 13
 */
typedef struct AVSession_PlaybackPosition {
    /**
     * Milliseconds from the start.
     */
    int64_t elapsedTime;
    /**
     * Time of that position: milliseconds since 1970 (UTC); 0 = when it was reported.
     */
    int64_t updateTime;
} AVSession_PlaybackPosition;

/**
 * Gets the state.
 *
 * Any thread.
 *
 * @param playbackState the playback state
 * @param state receives the state
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
 *     OH_AVSession_AVPlaybackState or state is null
 * @since 23
 */
AVSession_ErrCode OH_AVSession_GetPlaybackState(struct OH_AVSession_AVPlaybackState *playbackState,
                                                AVSession_PlaybackState *state);

/**
 * Gets the position as it was reported.
 *
 * Any thread.
 *
 * @param playbackState the playback state
 * @param position receives the position
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
 *     OH_AVSession_AVPlaybackState or position is null
 * @since 23
 */
AVSession_ErrCode OH_AVSession_GetPlaybackPosition(struct OH_AVSession_AVPlaybackState *playbackState,
                                                   struct AVSession_PlaybackPosition *position);

/**
 * Gets the whole part of the speed, as the NDK does: 1 for 1.0 and for 1.75.
 *
 * Any thread.
 *
 * @param playbackState the playback state
 * @param speed receives the speed
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
 *     OH_AVSession_AVPlaybackState or speed is null
 * @since 23
 */
AVSession_ErrCode OH_AVSession_GetPlaybackSpeed(struct OH_AVSession_AVPlaybackState *playbackState, int32_t *speed);

/**
 * Gets the volume.
 *
 * Any thread.
 *
 * @param playbackState the playback state
 * @param volume receives the volume, 0 to 100; 100 if none was reported
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
 *     OH_AVSession_AVPlaybackState or volume is null
 * @since 23
 */
AVSession_ErrCode OH_AVSession_GetPlaybackVolume(struct OH_AVSession_AVPlaybackState *playbackState, int32_t *volume);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVPLAYBACKSTATE_H */

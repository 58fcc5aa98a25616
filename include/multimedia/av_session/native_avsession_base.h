/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avsession_base.rs; do not edit.
 */

/**
 * @addtogroup OHAVSession
 * @{
 */

/**
 * @file native_avsession_base.h
 * @brief Enums of the AVSession kit.
 */

#ifndef NATIVE_AVSESSION_BASE_H
#define NATIVE_AVSESSION_BASE_H


#ifdef __cplusplus
extern "C" {
#endif

/**
 * Kinds of session. Audio and video sessions appear in the system's media controls.
 *
 * @since 13
 */
typedef enum AVSession_Type {
    /**
     * Audio.
     */
    SESSION_TYPE_AUDIO = 0,
    /**
     * Video.
     */
    SESSION_TYPE_VIDEO = 1,
    /**
     * A voice call; not shown in media controls.
     */
    SESSION_TYPE_VOICE_CALL = 2,
    /**
     * A video call; not shown in media controls.
     */
    SESSION_TYPE_VIDEO_CALL = 3,
    /**
     * Photos; not shown in media controls.
     */
    SESSION_TYPE_PHOTO = 4,
} AVSession_Type;

/**
 * States of playback. The position moves in PLAYING, FAST_FORWARDING and REWINDED, and stands still in all others.
 *
 * @since 13
 */
typedef enum AVSession_PlaybackState {
    /**
     * Nothing was loaded yet.
     */
    PLAYBACK_STATE_INITIAL = 0,
    /**
     * Preparing.
     */
    PLAYBACK_STATE_PREPARING = 1,
    /**
     * Playing.
     */
    PLAYBACK_STATE_PLAYING = 2,
    /**
     * Paused.
     */
    PLAYBACK_STATE_PAUSED = 3,
    /**
     * Fast-forwarding.
     */
    PLAYBACK_STATE_FAST_FORWARDING = 4,
    /**
     * Rewinding.
     */
    PLAYBACK_STATE_REWINDED = 5,
    /**
     * Stopped.
     */
    PLAYBACK_STATE_STOPPED = 6,
    /**
     * Played to the end.
     */
    PLAYBACK_STATE_COMPLETED = 7,
    /**
     * The player was released.
     */
    PLAYBACK_STATE_RELEASED = 8,
    /**
     * Failed.
     */
    PLAYBACK_STATE_ERROR = 9,
    /**
     * Nothing to do.
     */
    PLAYBACK_STATE_IDLE = 10,
    /**
     * Waiting for data.
     */
    PLAYBACK_STATE_BUFFERING = 11,
    /**
     * One past the last state; not accepted as an argument.
     */
    PLAYBACK_STATE_MAX = 12,
} AVSession_PlaybackState;

/**
 * Ways through the list of what is to be played.
 *
 * @since 13
 */
typedef enum AVSession_LoopMode {
    /**
     * Plays the list once.
     */
    LOOP_MODE_SEQUENCE = 0,
    /**
     * Repeats the current item.
     */
    LOOP_MODE_SINGLE = 1,
    /**
     * Repeats the list.
     */
    LOOP_MODE_LIST = 2,
    /**
     * Plays the list in random order.
     */
    LOOP_MODE_SHUFFLE = 3,
    /**
     * Defined by the player; shown as LOOP_MODE_SEQUENCE.
     */
    LOOP_MODE_CUSTOM = 4,
} AVSession_LoopMode;

/**
 * Commands without arguments.
 *
 * @since 13
 */
typedef enum AVSession_ControlCommand {
    /**
     * Not a command; not accepted as an argument.
     */
    CONTROL_CMD_INVALID = -1,
    /**
     * Play.
     */
    CONTROL_CMD_PLAY = 0,
    /**
     * Pause.
     */
    CONTROL_CMD_PAUSE = 1,
    /**
     * Stop.
     */
    CONTROL_CMD_STOP = 2,
    /**
     * Play the next item.
     */
    CONTROL_CMD_PLAY_NEXT = 3,
    /**
     * Play the previous item.
     */
    CONTROL_CMD_PLAY_PREVIOUS = 4,
} AVSession_ControlCommand;

/**
 * How far forward and rewind go.
 *
 * @since 13
 */
typedef enum AVMetadata_SkipIntervals {
    /**
     * 10 seconds.
     */
    SECONDS_10 = 10,
    /**
     * 15 seconds.
     */
    SECONDS_15 = 15,
    /**
     * 30 seconds.
     */
    SECONDS_30 = 30,
} AVMetadata_SkipIntervals;

/**
 * Marks of media, as bits.
 *
 * @since 13
 */
typedef enum AVMetadata_DisplayTag {
    /**
     * Audio Vivid.
     */
    AVSESSION_DISPLAYTAG_AUDIO_VIVID = 1,
} AVMetadata_DisplayTag;

/**
 * Ways to cast, as bits.
 *
 * @since 23
 */
typedef enum AVSession_ProtocolType {
    /**
     * None.
     */
    TYPE_LOCAL = 0,
    /**
     * Cast+ stream.
     */
    TYPE_CAST_PLUS_STREAM = 2,
    /**
     * DLNA.
     */
    TYPE_DLNA = 4,
    /**
     * Cast+ audio.
     */
    TYPE_CAST_PLUS_AUDIO = 8,
} AVSession_ProtocolType;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVSESSION_BASE_H */

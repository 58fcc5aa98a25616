/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avsession_extension/; do not edit.
 */

/**
 * @addtogroup OHAVSessionExtension
 * @{
 */

/**
 * @file native_avsession_extension.h
 * @brief Commands, state and lyrics that the AVSession kit's native interface lacks. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_AVSESSION_EXTENSION_H
#define NATIVE_AVSESSION_EXTENSION_H

#include <stdint.h>
#include "native_avsession.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of a text such as a title or an id, including its NUL.
 */
#define NATIVE_AVSESSION_MAX_TEXT_LEN 4096

/**
 * Bytes of a description, a lyric, the URI of a picture, extras, and arguments of a common command, including the NUL.
 */
#define NATIVE_AVSESSION_MAX_LONG_TEXT_LEN 1048576

/**
 * Entries of the queue.
 */
#define NATIVE_AVSESSION_MAX_QUEUE_ITEMS 1000

/**
 * Media keys, with the numbers of OpenHarmony's key codes.
 *
 * @since native_drm 0.1
 */
typedef enum NativeAVSession_MediaKey {
    /**
     * Play or pause.
     */
    NATIVE_AVSESSION_KEY_PLAY_PAUSE = 10,
    /**
     * Stop.
     */
    NATIVE_AVSESSION_KEY_STOP = 11,
    /**
     * Next.
     */
    NATIVE_AVSESSION_KEY_NEXT = 12,
    /**
     * Previous.
     */
    NATIVE_AVSESSION_KEY_PREVIOUS = 13,
    /**
     * Rewind.
     */
    NATIVE_AVSESSION_KEY_REWIND = 14,
    /**
     * Fast forward.
     */
    NATIVE_AVSESSION_KEY_FAST_FORWARD = 15,
    /**
     * Play.
     */
    NATIVE_AVSESSION_KEY_PLAY = 2085,
    /**
     * Pause.
     */
    NATIVE_AVSESSION_KEY_PAUSE = 2086,
} NativeAVSession_MediaKey;

/**
 * What happens to keys, with the numbers of OpenHarmony's key actions.
 *
 * @since native_drm 0.1
 */
typedef enum NativeAVSession_KeyAction {
    /**
     * The key press was cancelled.
     */
    NATIVE_AVSESSION_KEY_ACTION_CANCEL = 0,
    /**
     * Pressed.
     */
    NATIVE_AVSESSION_KEY_ACTION_DOWN = 1,
    /**
     * Released.
     */
    NATIVE_AVSESSION_KEY_ACTION_UP = 2,
} NativeAVSession_KeyAction;

/**
 * An entry of the list of what is to be played. Null texts are empty.
 *
 * @since native_drm 0.1
 */
typedef struct NativeAVSession_QueueItem {
    /**
     * The number that commands name the entry by.
     */
    int32_t itemId;
    /**
     * The player's id of the media.
     */
    const char *assetId;
    /**
     * Title.
     */
    const char *title;
    /**
     * Subtitle.
     */
    const char *subtitle;
    /**
     * Artist.
     */
    const char *artist;
    /**
     * URI of a picture.
     */
    const char *mediaImageUri;
    /**
     * Milliseconds; -1 = do not show one, 0 = unknown.
     */
    int64_t duration;
} NativeAVSession_QueueItem;

/**
 * Receives the command to play at another speed.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param speed the speed; 1 is normal
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSetSpeed)(OH_AVSession *session, double speed, void *userData);

/**
 * Receives the command to play at another volume.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param volume the volume that is wanted, 0 to 100
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSetVolume)(OH_AVSession *session,
                                                                     int32_t volume,
                                                                     void *userData);

/**
 * Receives the command to change the loop mode to a given one.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param loopMode the mode that is wanted
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSetTargetLoopMode)(OH_AVSession *session,
                                                                             AVSession_LoopMode loopMode,
                                                                             void *userData);

/**
 * Receives the command to play other media.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. Texts are valid during the call, the handle until it is
 * destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param assetId the player's id of the media, valid during the call
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnPlayFromAssetId)(OH_AVSession *session,
                                                                           const char *assetId,
                                                                           void *userData);

/**
 * Receives the command to play an entry of the queue.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param itemId the entry's number
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSkipToQueueItem)(OH_AVSession *session,
                                                                           int32_t itemId,
                                                                           void *userData);

/**
 * Receives a command that controller and player agreed on.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. Texts are valid during the call, the handle until it is
 * destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param command its name, valid during the call
 * @param arguments its arguments, a JSON object or empty, valid during the call
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnCommonCommand)(OH_AVSession *session,
                                                                         const char *command,
                                                                         const char *arguments,
                                                                         void *userData);

/**
 * Receives a media key as it is.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param keyCode one of NativeAVSession_MediaKey
 * @param keyAction one of NativeAVSession_KeyAction
 * @param time when it happened, in milliseconds, as the sender counts them
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnHandleKeyEvent)(OH_AVSession *session,
                                                                          int32_t keyCode,
                                                                          int32_t keyAction,
                                                                          int64_t time,
                                                                          void *userData);

/**
 * Receives a command for a call.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since native_drm 0.1
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnCall)(OH_AVSession *session, void *userData);

/**
 * Sets the id of the media before this one. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL; empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
 *     null, not UTF-8 or too long
 * @since native_drm 0.1
 */
AVMetadata_Result OH_AVMetadataBuilder_SetPreviousAssetId(OH_AVMetadataBuilder *builder,
                                                          const char *assetId);

/**
 * Sets the id of the media after this one. The text is copied.
 *
 * Any thread.
 *
 * @param builder the builder
 * @param assetId the text, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_TEXT_LEN bytes with its NUL; empty = none
 * @return AVMETADATA_SUCCESS, or AVMETADATA_ERROR_INVALID_PARAM if builder is not an OH_AVMetadataBuilder, or assetId is
 *     null, not UTF-8 or too long
 * @since native_drm 0.1
 */
AVMetadata_Result OH_AVMetadataBuilder_SetNextAssetId(OH_AVMetadataBuilder *builder,
                                                      const char *assetId);

/**
 * Gets the line of the lyric that is sung at a position.
 *
 * Any thread.
 *
 * @param avMetadata the metadata
 * @param position milliseconds from the start
 * @param line receives the line, NUL-terminated; empty before the first line and where there is no lyric
 * @param lineLen in: bytes of line; out: bytes used or needed, with the NUL
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avMetadata is not an OH_AVMetadata, a pointer is
 *     null, or line is too small
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVMetadata_GetLyricLine(OH_AVMetadata *avMetadata,
                                             int64_t position,
                                             char *line,
                                             uint32_t *lineLen);

/**
 * Gets the line of the lyric that is sung now.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param line receives the line, NUL-terminated; empty before the first line and where there is no lyric
 * @param lineLen in: bytes of line; out: bytes used or needed, with the NUL
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, a pointer is
 *     null, or line is too small
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_GetCurrentLyricLine(OH_AVSession *avsession, char *line, uint32_t *lineLen);

/**
 * Gets the progress: elapsedTime + (now - updateTime) x speed while playing, frozen otherwise, not beyond the duration.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param position receives milliseconds from the start
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or position is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_GetCurrentPosition(OH_AVSession *avsession,
                                                  int64_t *position);

/**
 * Gets the playback state as it was reported until now. Later reports do not change it.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param playbackState receives the playback state, to be released with OH_AVSession_ReleasePlaybackState()
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackState is
 *     null; AV_SESSION_ERR_SERVICE_EXCEPTION if there is no handle left
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_AcquirePlaybackState(OH_AVSession *avsession,
                                                    OH_AVSession_AVPlaybackState **playbackState);

/**
 * Releases a playback state.
 *
 * Any thread.
 *
 * @param playbackState the playback state; stale afterwards
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if playbackState is not an
 *     OH_AVSession_AVPlaybackState
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_ReleasePlaybackState(OH_AVSession_AVPlaybackState *playbackState);

/**
 * Reports the speed. 1.0 holds until then.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param speed the speed; neither 0 nor infinite
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or speed is 0 or
 *     not finite
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetPlaybackSpeed(OH_AVSession *avsession,
                                                double speed);

/**
 * Reports the volume. Media controls can set it where OH_AVSession_RegisterSetVolumeCallback() was called.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param volume 0 to 100; 100 holds until then
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or volume is out of
 *     range
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetPlaybackVolume(OH_AVSession *avsession,
                                                 int32_t volume);

/**
 * Reports how much is loaded. It may be called as often as it changes: media controls are told at most once a second,
 * the last value in any case.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param bufferedTime milliseconds, not negative
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or bufferedTime is
 *     negative
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetBufferedTime(OH_AVSession *avsession,
                                               int64_t bufferedTime);

/**
 * Reports which entry of the queue is played.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param itemId the entry's number
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetActiveItemId(OH_AVSession *avsession, int32_t itemId);

/**
 * Publishes the player's own data. Media controls are told of changes at most once a second, of the last one in any case.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param extras a JSON object, NUL-terminated UTF-8 of at most NATIVE_AVSESSION_MAX_LONG_TEXT_LEN bytes with its NUL;
 *     empty = none. Copied.
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, or extras is
 *     null, not a JSON object or too long
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetExtras(OH_AVSession *avsession,
                                         const char *extras);

/**
 * Publishes what is to be played, in place of what was published before.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param items the entries; copied with their texts. Null is allowed if count is 0.
 * @param count number of entries, 0 to NATIVE_AVSESSION_MAX_QUEUE_ITEMS
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, count is out of
 *     range, items is null, a text is not UTF-8 or longer than NATIVE_AVSESSION_MAX_TEXT_LEN with its NUL, or a duration is
 *     less than -1
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetAVQueueItems(OH_AVSession *avsession,
                                               const struct NativeAVSession_QueueItem *items,
                                               uint32_t count);

/**
 * Passes on a media key that the program has received, from its window system for example.
 *
 * Where a callback for key events is registered, it gets the key as it is, and no command is sent for it. Otherwise a key
 * that goes down becomes a command; play/pause becomes pause while the position moves, and play else; forward and rewind
 * go as far as the skip intervals of the metadata say.
 *
 * Any thread. The callbacks run later, on a thread of the library.
 *
 * @param avsession the session
 * @param keyCode one of NativeAVSession_MediaKey
 * @param keyAction one of NativeAVSession_KeyAction
 * @param time when it happened, in milliseconds; passed on as it is
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession, or keyCode or
 *     keyAction is none of those; AV_SESSION_ERR_CODE_SESSION_INACTIVE if the session is not active or has no metadata;
 *     AV_SESSION_ERR_CODE_COMMAND_INVALID if the command is not registered; AV_SESSION_ERR_CODE_MESSAGE_OVERLOAD if too
 *     many commands wait for the callbacks; AV_SESSION_ERR_SERVICE_EXCEPTION if there is no thread for callbacks
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_HandleMediaKey(OH_AVSession *avsession,
                                              int32_t keyCode,
                                              int32_t keyAction,
                                              int64_t time);

/**
 * Sets whether what is played is nobody's business, as in a private window of a browser.
 *
 * While it is, media controls show how it is played (state, position, speed, volume, what is loaded) and take commands, and
 * get nothing about what is played: no metadata but the skip intervals, and so no duration; no lyric, favourite, queue,
 * active item and extras. What they showed of these is taken back at once, and shown again when the session is private no
 * longer. The program's own names (session tag, bundle and ability) are shown in any case. Functions of this library tell
 * the program everything as before. Set it before the metadata that must not be seen.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param isPrivate whether it is; false holds until then
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_SetPrivate(OH_AVSession *avsession,
                                          bool isPrivate);

/**
 * Registers a callback for the command to play at another speed. Several are called in the order of their
 * registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterSetSpeedCallback(OH_AVSession *avsession,
                                                        OH_AVSessionCallback_OnSetSpeed callback,
                                                        void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterSetSpeedCallback(OH_AVSession *avsession,
                                                          OH_AVSessionCallback_OnSetSpeed callback);

/**
 * Registers a callback for the command to play at another volume. Media controls can set the volume only while there is
 * one; what they show follows OH_AVSession_SetPlaybackVolume(). Several are called in the order of their registration; one
 * that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterSetVolumeCallback(OH_AVSession *avsession,
                                                         OH_AVSessionCallback_OnSetVolume callback,
                                                         void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterSetVolumeCallback(OH_AVSession *avsession,
                                                           OH_AVSessionCallback_OnSetVolume callback);

/**
 * Registers a callback for the command to change the loop mode to a given one. While there is one, callbacks of
 * OH_AVSession_RegisterSetLoopModeCallback() get only commands that name no mode. Several are called in the order of
 * their registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterSetTargetLoopModeCallback(OH_AVSession *avsession,
                                                                 OH_AVSessionCallback_OnSetTargetLoopMode callback,
                                                                 void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterSetTargetLoopModeCallback(OH_AVSession *avsession,
                                                                   OH_AVSessionCallback_OnSetTargetLoopMode callback);

/**
 * Registers a callback for the command to play other media. Several are called in the order of their registration; one
 * that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterPlayFromAssetIdCallback(OH_AVSession *avsession,
                                                               OH_AVSessionCallback_OnPlayFromAssetId callback,
                                                               void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterPlayFromAssetIdCallback(OH_AVSession *avsession,
                                                                 OH_AVSessionCallback_OnPlayFromAssetId callback);

/**
 * Registers a callback for the command to play an entry of the queue. Several are called in the order of their
 * registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterSkipToQueueItemCallback(OH_AVSession *avsession,
                                                               OH_AVSessionCallback_OnSkipToQueueItem callback,
                                                               void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterSkipToQueueItemCallback(OH_AVSession *avsession,
                                                                 OH_AVSessionCallback_OnSkipToQueueItem callback);

/**
 * Registers a callback for commands that controller and player agreed on. Several are called in the order of their
 * registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterCommonCommandCallback(OH_AVSession *avsession,
                                                             OH_AVSessionCallback_OnCommonCommand callback,
                                                             void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterCommonCommandCallback(OH_AVSession *avsession,
                                                               OH_AVSessionCallback_OnCommonCommand callback);

/**
 * Registers a callback for media keys as they are. While there is one, keys become no commands. Several are called in
 * the order of their registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterHandleKeyEventCallback(OH_AVSession *avsession,
                                                              OH_AVSessionCallback_OnHandleKeyEvent callback,
                                                              void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterHandleKeyEventCallback(OH_AVSession *avsession,
                                                                OH_AVSessionCallback_OnHandleKeyEvent callback);

/**
 * Registers a callback for the command to take the call. Several are called in the order of their registration; one
 * that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterAnswerCallback(OH_AVSession *avsession,
                                                      OH_AVSessionCallback_OnCall callback,
                                                      void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterAnswerCallback(OH_AVSession *avsession,
                                                        OH_AVSessionCallback_OnCall callback);

/**
 * Registers a callback for the command to end the call. Several are called in the order of their registration; one
 * that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterHangUpCallback(OH_AVSession *avsession,
                                                      OH_AVSessionCallback_OnCall callback,
                                                      void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterHangUpCallback(OH_AVSession *avsession,
                                                        OH_AVSessionCallback_OnCall callback);

/**
 * Registers a callback for the command to mute the call, or no longer. Several are called in the order of their
 * registration; one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_RegisterToggleCallMuteCallback(OH_AVSession *avsession,
                                                              OH_AVSessionCallback_OnCall callback,
                                                              void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since native_drm 0.1
 */
AVSession_ErrCode OH_AVSession_UnregisterToggleCallMuteCallback(OH_AVSession *avsession,
                                                                OH_AVSessionCallback_OnCall callback);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVSESSION_EXTENSION_H */

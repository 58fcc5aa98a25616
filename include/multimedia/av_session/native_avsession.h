/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avsession/; do not edit.
 */

/**
 * @addtogroup OHAVSession
 * @{
 */

/**
 * @file native_avsession.h
 * @brief A player's session: what it publishes and the commands it takes. Casting is absent.
 */

#ifndef NATIVE_AVSESSION_H
#define NATIVE_AVSESSION_H

#include <stdbool.h>
#include <stdint.h>
#include "native_avmetadata.h"
#include "native_avplaybackstate.h"
#include "native_avsession_base.h"
#include "native_avsession_errors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A player's session. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since 13
 */
typedef struct OH_AVSession OH_AVSession;

/**
 * Receives a command without arguments.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param command the command
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnCommand)(struct OH_AVSession *session,
                                                                   AVSession_ControlCommand command,
                                                                   void *userData);

/**
 * Receives the command to go forward.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param seekTime how far, in milliseconds
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnFastForward)(struct OH_AVSession *session,
                                                                       uint32_t seekTime,
                                                                       void *userData);

/**
 * Receives the command to go back.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param seekTime how far, in milliseconds
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnRewind)(struct OH_AVSession *session,
                                                                  uint32_t seekTime,
                                                                  void *userData);

/**
 * Receives the command to go to a position.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param seekTime milliseconds from the start
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSeek)(struct OH_AVSession *session,
                                                                uint64_t seekTime,
                                                                void *userData);

/**
 * Receives the command to change the loop mode. The player decides to which, then reports it.
 *
 * Called on a thread of the library, on which the program's signals are blocked; the callbacks of a session come one at a
 * time and in order. It may call every function of the library. The handle is valid until it is destroyed.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param session the session
 * @param curLoopMode the mode that was reported last
 * @param userData what was registered
 * @return one of AVSessionCallback_Result; failures are logged
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnSetLoopMode)(struct OH_AVSession *session,
                                                                       AVSession_LoopMode curLoopMode,
                                                                       void *userData);

/**
 * Receives the command to like the media, or no longer. The player reports the outcome.
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
 * @since 13
 */
typedef AVSessionCallback_Result (*OH_AVSessionCallback_OnToggleFavorite)(struct OH_AVSession *session,
                                                                          const char *assetId,
                                                                          void *userData);

/**
 * Creates the session of this process. A child after fork() has none: its parent's handle is no OH_AVSession there.
 *
 * Any thread.
 *
 * @param sessionType kind of session
 * @param sessionTag the session's name; media controls show it as the player's name
 * @param bundleName name of the program
 * @param abilityName name of the part of the program
 * @param avsession receives the session, to be destroyed with OH_AVSession_Destroy()
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if sessionType is not an AVSession_Type, a pointer is
 *     null, or a name is empty, not UTF-8 or longer than NATIVE_AVSESSION_MAX_TEXT_LEN with its NUL;
 *     AV_SESSION_ERR_SERVICE_EXCEPTION if the process has a session already
 * @since 13
 */
AVSession_ErrCode OH_AVSession_Create(AVSession_Type sessionType,
                                      const char *sessionTag,
                                      const char *bundleName,
                                      const char *abilityName,
                                      struct OH_AVSession **avsession);

/**
 * Destroys a session.
 *
 * Any thread. When it returns, no callback is running and none will run (unless called from a callback).
 *
 * @param avsession the session; stale afterwards
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since 13
 */
AVSession_ErrCode OH_AVSession_Destroy(struct OH_AVSession *avsession);

/**
 * Activates a session: from now on commands arrive and media controls show it, provided that it has metadata and a
 * callback for at least one command. Where there are no media controls, everything else works all the same; every call
 * looks for them again.
 *
 * Any thread. Waits for nobody.
 *
 * @param avsession the session
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since 13
 */
AVSession_ErrCode OH_AVSession_Activate(struct OH_AVSession *avsession);

/**
 * Deactivates a session: no command arrives any more, media controls show it no longer. What was set stays.
 *
 * Any thread. A callback that is running may still be running when it returns.
 *
 * @param avsession the session
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since 13
 */
AVSession_ErrCode OH_AVSession_Deactivate(struct OH_AVSession *avsession);

/**
 * Gets the kind of a session.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param sessionType receives the kind
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or sessionType is
 *     null
 * @since 13
 */
AVSession_ErrCode OH_AVSession_GetSessionType(struct OH_AVSession *avsession,
                                              AVSession_Type *sessionType);

/**
 * Gets the id of a session: 32 hexadecimal digits, another one for each session.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param sessionId receives a pointer to the id, which is valid until OH_AVSession_Destroy() and must not be freed
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or sessionId is
 *     null
 * @since 13
 */
AVSession_ErrCode OH_AVSession_GetSessionId(struct OH_AVSession *avsession,
                                            const char **sessionId);

/**
 * Sets the metadata of what is played, in place of all that was set before. Setting the same again does nothing.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param avmetadata the metadata; it may be destroyed afterwards
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or avmetadata not an
 *     OH_AVMetadata; AV_SESSION_ERR_SERVICE_EXCEPTION if the duration is less than -1
 * @since 13
 */
AVSession_ErrCode OH_AVSession_SetAVMetadata(struct OH_AVSession *avsession,
                                             OH_AVMetadata *avmetadata);

/**
 * Reports the state. The progress moves in the states that AVSession_PlaybackState names and stands still in the others;
 * it need not be reported again and again.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param playbackState the state
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackState
 *     is not a state
 * @since 13
 */
AVSession_ErrCode OH_AVSession_SetPlaybackState(struct OH_AVSession *avsession,
                                                AVSession_PlaybackState playbackState);

/**
 * Reports the position: when playback starts, after a seek, and when state or speed change. In between the progress is
 * elapsedTime + (now - updateTime) x speed.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param playbackPosition the position; copied
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or playbackPosition
 *     is null; AV_SESSION_ERR_SERVICE_EXCEPTION if elapsedTime or updateTime is negative
 * @since 13
 */
AVSession_ErrCode OH_AVSession_SetPlaybackPosition(struct OH_AVSession *avsession,
                                                   AVSession_PlaybackPosition *playbackPosition);

/**
 * Reports whether the listener likes what is played.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param favorite true if so
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since 13
 */
AVSession_ErrCode OH_AVSession_SetFavorite(struct OH_AVSession *avsession, bool favorite);

/**
 * Reports the loop mode. LOOP_MODE_SEQUENCE holds until then.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param loopMode the mode
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or loopMode is not
 *     an AVSession_LoopMode
 * @since 13
 */
AVSession_ErrCode OH_AVSession_SetLoopMode(struct OH_AVSession *avsession,
                                           AVSession_LoopMode loopMode);

/**
 * Reports whether what is played may be cast to other devices. Controllers see it; this library does not cast.
 *
 * Any thread.
 *
 * @param avsession the session
 * @param enabled true if so; false holds until then
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession
 * @since 23
 */
AVSession_ErrCode OH_AVSession_SetRemoteCastEnabled(struct OH_AVSession *avsession, bool enabled);

/**
 * Registers a callback for a command without arguments. Several are called in the order of their registration; one that is
 * registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param command the command
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is null;
 *     AV_SESSION_ERR_CODE_COMMAND_INVALID if command is not a command
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterCommandCallback(struct OH_AVSession *avsession,
                                                       AVSession_ControlCommand command,
                                                       OH_AVSessionCallback_OnCommand callback,
                                                       void *userData);

/**
 * Unregisters a callback; the command is not offered any more when it was the last. Nothing happens if it is not
 * registered.
 *
 * Any thread. When it returns, the callback is not running and will not run (unless called from a callback), so that its
 * user data may be freed.
 *
 * @param avsession the session
 * @param command the command
 * @param callback the callback
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is null;
 *     AV_SESSION_ERR_CODE_COMMAND_INVALID if command is not a command
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterCommandCallback(struct OH_AVSession *avsession,
                                                         AVSession_ControlCommand command,
                                                         OH_AVSessionCallback_OnCommand callback);

/**
 * Registers a callback for the command to go forward. Several are called in the order of their registration; one that
 * is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterForwardCallback(struct OH_AVSession *avsession,
                                                       OH_AVSessionCallback_OnFastForward callback,
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterForwardCallback(struct OH_AVSession *avsession,
                                                         OH_AVSessionCallback_OnFastForward callback);

/**
 * Registers a callback for the command to go back. Several are called in the order of their registration; one that is registered
 * already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterRewindCallback(struct OH_AVSession *avsession,
                                                      OH_AVSessionCallback_OnRewind callback,
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterRewindCallback(struct OH_AVSession *avsession,
                                                        OH_AVSessionCallback_OnRewind callback);

/**
 * Registers a callback for the command to go to a position. Several are called in the order of their registration; one
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterSeekCallback(struct OH_AVSession *avsession,
                                                    OH_AVSessionCallback_OnSeek callback,
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterSeekCallback(struct OH_AVSession *avsession,
                                                      OH_AVSessionCallback_OnSeek callback);

/**
 * Registers a callback for the command to change the loop mode. Several are called in the order of their registration;
 * one that is registered already keeps its place and gets the new userData.
 *
 * Any thread. Callbacks run on threads of the library, those of one session one at a time and in order; every function
 * of the library may be called from them.
 *
 * @param avsession the session
 * @param callback the callback
 * @param userData passed to the callback; not touched by the library
 * @return AV_SESSION_ERR_SUCCESS, or AV_SESSION_ERR_INVALID_PARAMETER if avsession is not an OH_AVSession or callback is
 *     null
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterSetLoopModeCallback(struct OH_AVSession *avsession,
                                                           OH_AVSessionCallback_OnSetLoopMode callback,
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterSetLoopModeCallback(struct OH_AVSession *avsession,
                                                             OH_AVSessionCallback_OnSetLoopMode callback);

/**
 * Registers a callback for the command to like the media, or no longer. Several are called in the order of their
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_RegisterToggleFavoriteCallback(struct OH_AVSession *avsession,
                                                              OH_AVSessionCallback_OnToggleFavorite callback,
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
 * @since 13
 */
AVSession_ErrCode OH_AVSession_UnregisterToggleFavoriteCallback(struct OH_AVSession *avsession,
                                                                OH_AVSessionCallback_OnToggleFavorite callback);

/**
 * Gets the session of this process, if it was created with these names: the same handle that OH_AVSession_Create()
 * returned. Destroying it destroys it for all.
 *
 * Any thread.
 *
 * @param sessionTag the session's name
 * @param bundleName name of the program
 * @param abilityName name of the part of the program
 * @param avsession receives the session
 * @return AV_SESSION_ERR_SUCCESS; AV_SESSION_ERR_INVALID_PARAMETER if a pointer is null, or a name is empty, not UTF-8 or
 *     too long; AV_SESSION_ERR_CODE_SESSION_NOT_EXIST if there is no such session
 * @since 23
 */
AVSession_ErrCode OH_AVSession_AcquireSession(const char *sessionTag,
                                              const char *bundleName,
                                              const char *abilityName,
                                              struct OH_AVSession **avsession);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVSESSION_H */

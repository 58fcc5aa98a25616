/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_extension/; do not edit.
 */

/**
 * @addtogroup DrmExtension
 * @{
 */

/**
 * @file native_drm_extension.h
 * @brief Last error, init data, user data for callbacks, version, log. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_DRM_EXTENSION_H
#define NATIVE_DRM_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "native_drm_common.h"
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Major version of the API that this header describes.
 */
#define NATIVE_DRM_VERSION_MAJOR 0

/**
 * Minor version of the API that this header describes.
 */
#define NATIVE_DRM_VERSION_MINOR 1

/**
 * Patch version of the API that this header describes.
 */
#define NATIVE_DRM_VERSION_PATCH 0

/**
 * Bytes of a configuration name or MIME type argument, including its NUL.
 */
#define NATIVE_DRM_MAX_CONFIG_NAME_LEN 256

/**
 * Bytes of a configuration value, for strings including the NUL.
 */
#define NATIVE_DRM_MAX_CONFIG_VALUE_LEN 4096

/**
 * Bytes of a response from a server.
 */
#define NATIVE_DRM_MAX_RESPONSE_LEN 1048576

/**
 * How much to log.
 *
 * @since native_drm 0.1
 */
typedef enum NativeDrm_LogLevel {
    /**
     * Nothing.
     */
    NATIVE_DRM_LOG_OFF = 0,
    /**
     * Errors: the library could not do what it should.
     */
    NATIVE_DRM_LOG_ERROR = 1,
    /**
     * Warnings: unexpected, and handled.
     */
    NATIVE_DRM_LOG_WARN = 2,
    /**
     * Life cycle of instances, sessions and licenses.
     */
    NATIVE_DRM_LOG_INFO = 3,
    /**
     * Details.
     */
    NATIVE_DRM_LOG_DEBUG = 4,
} NativeDrm_LogLevel;

/**
 * Like OH_MediaKeySystem_Callback, with the pointer that was registered.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySystem the instance that the event belongs to
 * @param eventType the event
 * @param info data of the event, valid during the call
 * @param infoLen bytes of info
 * @param extra a decimal number as text, never null
 * @param userData what was registered
 * @return ignored
 * @since native_drm 0.1
 */
typedef Drm_ErrCode (*OH_MediaKeySystem_UserDataCallback)(MediaKeySystem *mediaKeySystem,
                                                          DRM_EventType eventType,
                                                          uint8_t *info,
                                                          int32_t infoLen,
                                                          char *extra,
                                                          void *userData);

/**
 * Like OH_MediaKeySession_EventCallback, with the pointer that was registered.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySession the session that the event belongs to
 * @param eventType the event
 * @param info data of the event, valid during the call
 * @param infoLen bytes of info
 * @param extra a decimal number as text, never null
 * @param userData what was registered
 * @return ignored
 * @since native_drm 0.1
 */
typedef Drm_ErrCode (*OH_MediaKeySession_UserDataEventCallback)(MediaKeySession *mediaKeySession,
                                                                DRM_EventType eventType,
                                                                uint8_t *info,
                                                                int32_t infoLen,
                                                                char *extra,
                                                                void *userData);

/**
 * Like OH_MediaKeySession_KeyChangeCallback, with the pointer that was registered.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySession the session that the keys belong to
 * @param keysInfo all keys of the session with their status words, valid during the call
 * @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
 *     after anything else: a renewal that changed no status, keys that were cleared, released or expired
 * @param userData what was registered
 * @return ignored
 * @since native_drm 0.1
 */
typedef Drm_ErrCode (*OH_MediaKeySession_UserDataKeyChangeCallback)(MediaKeySession *mediaKeySession,
                                                                    DRM_KeysInfo *keysInfo,
                                                                    bool newKeysAvailable,
                                                                    void *userData);

/**
 * Callbacks of a session with user data. A null member receives nothing.
 *
 * @since native_drm 0.1
 */
typedef struct OH_MediaKeySession_UserDataCallback {
    /**
     * Receives events.
     */
    OH_MediaKeySession_UserDataEventCallback eventCallback;
    /**
     * Receives key changes.
     */
    OH_MediaKeySession_UserDataKeyChangeCallback keyChangeCallback;
} OH_MediaKeySession_UserDataCallback;

/**
 * Receives a pssh box that OH_Drm_ParsePsshBoxes found. Called on the thread that called that function, before it returns;
 * it may call any function of this library.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param uuid the system id, 16 bytes, valid during the call
 * @param pssh the complete box, valid during the call
 * @param psshLen bytes of pssh, at least 32
 * @param userData what was passed
 * @return 0 to go on, anything else to stop
 * @since native_drm 0.1
 */
typedef int32_t (*OH_Drm_PsshBoxCallback)(const uint8_t *uuid, const uint8_t *pssh, size_t psshLen, void *userData);

/**
 * Receives log lines: those of a call on the thread that made the call, at its end; others on a thread of the library's. It may
 * call every function of the library; while it blocks, nothing but its own thread's call waits.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param level the line's level
 * @param message the line, NUL-terminated UTF-8 without line end, valid during the call
 * @param userData what was registered
 * @since native_drm 0.1
 */
typedef void (*OH_Drm_LogCallback)(NativeDrm_LogLevel level, const char *message, void *userData);

/**
 * Sets or removes the callback with user data for the events of a MediaKeySystem. It exists beside those of the NDK.
 *
 * Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback), so
 * that its user data may be freed.
 *
 * @param mediaKeySystem the instance
 * @param callback the callback; null removes the present one
 * @param userData passed to the callback; not touched by the library
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySystem_SetCallbackWithUserData(MediaKeySystem *mediaKeySystem,
                                                      OH_MediaKeySystem_UserDataCallback callback,
                                                      void *userData);

/**
 * Sets or removes the callbacks with user data of a session. They exist beside those of the NDK.
 *
 * Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback), so
 * that their user data may be freed.
 *
 * @param mediaKeySession the session
 * @param callback the callbacks, copied; null removes the present ones
 * @param userData passed to the callbacks; not touched by the library
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_SetCallbackWithUserData(MediaKeySession *mediaKeySession,
                                                       const struct OH_MediaKeySession_UserDataCallback *callback,
                                                       void *userData);

/**
 * Gets the reason of this thread's last failing call in words: which argument, which byte offset, which key id. Never
 * contains key material. Successful calls leave it alone.
 *
 * Any thread; each has its own message.
 *
 * @return the message, NUL-terminated UTF-8 of at most 4096 bytes with the NUL, empty if no call failed yet; never null;
 *     valid until this thread's next failing call or its end
 * @since native_drm 0.1
 */
const char *OH_Drm_GetLastErrorMessage(void);

/**
 * Puts a MediaKeySystem on a virtual clock: one that stands still until it is moved, for tests of licenses. Sessions of
 * com.policyplay.drm then see a rental of 30 days pass in milliseconds. If it is on one already, sets its wall clock, as a
 * user may set a device's; the monotonic clock that licenses use stays.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance; it must not have sessions when it leaves the machine's clock
 * @param unixMillis what the wall clock shows, milliseconds since 1970
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem; DRM_ERR_UNKNOWN if it has sessions that
 *     go by the machine's clock; DRM_ERR_SERVICE_DIED if the key system failed
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySystem_SetVirtualClock(MediaKeySystem *mediaKeySystem,
                                              int64_t unixMillis);

/**
 * Lets time pass on a virtual clock, wall clock and monotonic clock alike.
 *
 * Whatever falls due in that time (renewal attempts, expiry) happens at its own time and in order before this returns.
 * Callbacks hear of it in the same order, on threads of the library as always: perhaps after this has returned.
 *
 * Any thread; one at a time for an instance.
 *
 * @param mediaKeySystem an instance on a virtual clock
 * @param millis milliseconds that pass
 * @param asleep true to simulate suspend: whatever falls due happens at the end
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem; DRM_ERR_UNKNOWN if it is on the
 *     machine's clock; DRM_ERR_SERVICE_DIED if the key system failed
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySystem_AdvanceVirtualClock(MediaKeySystem *mediaKeySystem, uint64_t millis, bool asleep);

/**
 * Explains the licenses with a policy that a session holds: which window binds, when the next change comes, why a key is
 * refused.
 *
 * The text is a JSON array with one object per license, the newest first: `license_id` (hexadecimal), `text` (in words),
 * `now`, `state` (READY PLAYING RENEWING EXPIRED BLOCKED CLOCK_LOCKED), `usable`, `expiry`, `binding_window`, `windows`,
 * `next_change`, `renewal`, `keys`. Times are seconds since 1970, null = never. A session without such licenses gives `[]`.
 * `session_token` and `client_token` are the provider's, in base64, as the license brought them (a restored license too);
 * null = none. The library does not log them; what they say is between provider and program.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param json receives the text, NUL-terminated
 * @param jsonLen in: bytes that json has room for, at least 1; out: bytes written including the NUL, or bytes needed if
 *     there is too little room
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null or there is too
 *     little room; DRM_ERR_SERVICE_DIED if the key system failed
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_ExplainLicenses(MediaKeySession *mediaKeySession,
                                               char *json,
                                               uint32_t *jsonLen);

/**
 * Finds all pssh boxes of a stream, any number and of any length.
 *
 * As OH_Drm_ParseMediaKeySystemInfo, which says what is found, without the limits of DRM_MediaKeySystemInfo: nothing is
 * left out. Equal boxes are reported once, in the order of their appearance; boxes made for key ids that stand outside of
 * the boxes come last. All of the data is read before the first call of the callback.
 *
 * Any thread.
 *
 * @param data the bytes
 * @param dataLen number of bytes, at least 1
 * @param callback is called for each box
 * @param userData is passed to callback
 * @return DRM_ERR_OK if there is at least one box, also if the callback stopped; DRM_ERR_INVALID_VAL if data or callback
 *     is null or dataLen is 0; DRM_ERR_UNKNOWN if nothing in the data can be read or it has no pssh box; the callback is
 *     not called then
 * @since native_drm 0.1
 */
Drm_ErrCode OH_Drm_ParsePsshBoxes(const uint8_t *data,
                                  size_t dataLen,
                                  OH_Drm_PsshBoxCallback callback,
                                  void *userData);

/**
 * Finds the pssh boxes of a stream that fit into a DRM_MediaKeySystemInfo; OH_Drm_ParsePsshBoxes gives all of them.
 *
 * Accepts concatenated pssh boxes, an MP4 file or segment, a WebM file, an MPEG transport stream (descriptor 0xC0 of the
 * program map table), a DASH MPD, an HLS playlist and a Smooth Streaming manifest; files may be cut anywhere. What cannot
 * be read (a box, a line, an element, one key id) is passed over and said in the log. Key ids that stand outside of the
 * boxes, where no box of a key system of this library lists them, get a box with the common system id of W3C.
 *
 * Equal boxes are reported once, in the order of their appearance. Boxes larger than MAX_PSSH_DATA_LEN are left out; if
 * there are more than MAX_PSSH_INFO_COUNT, those that a key system of this library understands come first and the rest is
 * left out.
 *
 * Any thread.
 *
 * @param data the bytes
 * @param dataLen number of bytes, at least 1
 * @param info receives the boxes
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if a pointer is null or dataLen is 0; DRM_ERR_UNKNOWN if nothing in the
 *     data can be read or it has no pssh box that fits
 * @since native_drm 0.1
 */
Drm_ErrCode OH_Drm_ParseMediaKeySystemInfo(const uint8_t *data,
                                           size_t dataLen,
                                           DRM_MediaKeySystemInfo *info);

/**
 * Gets the version of the library that is running.
 *
 * Any thread.
 *
 * @return major × 65536 + minor × 256 + patch
 * @since native_drm 0.1
 */
uint32_t OH_Drm_GetVersion(void);

/**
 * Sends log lines to a callback instead of standard error. Without it the environment variable
 * NATIVE_DRM_LOG=error|warn|info|debug decides what goes to standard error; nothing if it is not set.
 *
 * Any thread. An earlier callback may still be running on another thread when it returns.
 *
 * @param level the most detailed level that is wanted
 * @param callback the callback; null returns to standard error at that level
 * @param userData passed to the callback; not touched by the library
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if level is not a NativeDrm_LogLevel
 * @since native_drm 0.1
 */
Drm_ErrCode OH_Drm_SetLogCallback(NativeDrm_LogLevel level, OH_Drm_LogCallback callback, void *userData);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_EXTENSION_H */

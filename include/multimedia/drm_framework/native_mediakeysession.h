/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_mediakeysession/; do not edit.
 */

/**
 * @addtogroup Drm
 * @{
 */

/**
 * @file native_mediakeysession.h
 * @brief MediaKeySession: media keys, online and offline.
 */

#ifndef NATIVE_MEDIAKEYSESSION_H
#define NATIVE_MEDIAKEYSESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "native_drm_common.h"
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Receives events of a MediaKeySession, without its handle.
 *
 * Called on a thread of the library, on which the program's signals are blocked. All callbacks of a session come one at a
 * time and in order. Those of other sessions do not wait for them: a callback may block, also until another session's
 * callback has done something. Every function of the library may be called from it.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param eventType the event
 * @param info data of the event, valid during the call
 * @param infoLen bytes of info
 * @param extra a decimal number as text, "0" where there is nothing to say; never null
 * @return ignored
 * @since 11
 */
typedef Drm_ErrCode (*MediaKeySession_EventCallback)(DRM_EventType eventType,
                                                     uint8_t *info,
                                                     int32_t infoLen,
                                                     char *extra);

/**
 * Receives the keys of a session: exactly once after each response that was accepted and each key that was restored,
 * also if no status changed; and whenever keys are cleared or released, or a policy changes their status.
 *
 * Called on a thread of the library, as MediaKeySession_EventCallback, in one order with the events of the session.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param keysInfo all keys of the session with their status words, valid during the call
 * @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
 *     after anything else: a renewal that changed no status, keys that were cleared, released or expired
 * @return ignored
 * @since 11
 */
typedef Drm_ErrCode (*MediaKeySession_KeyChangeCallback)(DRM_KeysInfo *keysInfo, bool newKeysAvailable);

/**
 * Callbacks of a session, without its handle. A null member receives nothing.
 *
 * @since 11
 */
typedef struct MediaKeySession_Callback {
    /**
     * Receives events.
     */
    MediaKeySession_EventCallback eventCallback;
    /**
     * Receives key changes.
     */
    MediaKeySession_KeyChangeCallback keyChangeCallback;
} MediaKeySession_Callback;

/**
 * Receives events of a MediaKeySession, with its handle. Otherwise like MediaKeySession_EventCallback.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySession the session that the event belongs to
 * @param eventType the event
 * @param info data of the event, valid during the call
 * @param infoLen bytes of info
 * @param extra a decimal number as text, never null
 * @return ignored
 * @since 12
 */
typedef Drm_ErrCode (*OH_MediaKeySession_EventCallback)(MediaKeySession *mediaKeySession,
                                                        DRM_EventType eventType,
                                                        uint8_t *info,
                                                        int32_t infoLen,
                                                        char *extra);

/**
 * Receives key changes, with the session's handle. Otherwise like MediaKeySession_KeyChangeCallback.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySession the session that the keys belong to
 * @param keysInfo all keys of the session with their status words, valid during the call
 * @param newKeysAvailable true if a response or a restored key brought usable keys, or a key became usable; false
 *     after anything else: a renewal that changed no status, keys that were cleared, released or expired
 * @return ignored
 * @since 12
 */
typedef Drm_ErrCode (*OH_MediaKeySession_KeyChangeCallback)(MediaKeySession *mediaKeySession,
                                                            DRM_KeysInfo *keysInfo,
                                                            bool newKeysAvailable);

/**
 * Callbacks of a session, with its handle. A null member receives nothing.
 *
 * @since 12
 */
typedef struct OH_MediaKeySession_Callback {
    /**
     * Receives events.
     */
    OH_MediaKeySession_EventCallback eventCallback;
    /**
     * Receives key changes.
     */
    OH_MediaKeySession_KeyChangeCallback keyChangeCallback;
} OH_MediaKeySession_Callback;

/**
 * Generates the message that asks a license server for the keys that init data names.
 *
 * com.clearplay.drm: `{"kids":["<base64>",…],"type":"temporary"|"persistent-license"}`; org.w3.clearkey: the same with
 * unpadded base64url (W3C EME section 9.1.3). com.clearplay.drm fires EVENT_KEY_REQUIRED at the first request for
 * some init data; its default URL is "http://default.com", as OpenHarmony's. com.policyplay.drm: a signed message; a
 * renewal (MEDIA_KEY_REQUEST_TYPE_RENEWAL, with the license's renewal URL) if one is due for a license with one of these
 * keys, or if option "requestType" is "renewal"; options are UTF-8 and reach the service; the default URL is the
 * configuration string "licenseUrl" where no license names one.
 *
 * Arrays may lack their NUL. mimeType without a match is the longest supported MIME type that it starts with; an option's
 * name ends at its NUL or the array's end.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param info what to ask for; copied
 * @param mediaKeyRequest receives the message
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, type,
 *     initDataLen or optionsCount is out of range, mimeType is empty or no text at all, or an option's name is empty;
 *     DRM_ERR_UNKNOWN if the MIME type is not supported, the init data is malformed, names no key or so many that the
 *     message does not fit, an option is one that com.policyplay.drm does not take, or no license can be renewed;
 *     DRM_ERR_NOT_PROVISIONED (and EVENT_PROVISION_REQUIRED) if com.policyplay.drm has no certificate or an expired one;
 *     DRM_ERR_SERVICE_DIED if the device's identity cannot be read, events of 4 MiB wait for a callback that does not
 *     return, or the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_GenerateMediaKeyRequest(MediaKeySession *mediaKeySession,
                                                       DRM_MediaKeyRequestInfo *info,
                                                       DRM_MediaKeyRequest *mediaKeyRequest);

/**
 * Processes the license server's answer. All of it is checked before any key is applied.
 *
 * com.clearplay.drm: `<flag><base64 key id>:<base64 key>[,<flag><base64 key id>:<base64 key>…]` with flag 0 = online, 1 =
 * offline, or a W3C JWK Set. An entry without a flag has the one of the entry before it; base64 may lack its padding and
 * ends at the first other character, such as a newline or NUL;
 * org.w3.clearkey: a JWK Set (W3C EME section 9.1.4), stored if its type is "persistent-license". The answer alone
 * decides whether the keys are stored. Keys that were not asked for are taken, too; a key that arrives again replaces
 * the old one.
 *
 * com.policyplay.drm: a license or renewal that answers a request of this session, sealed for it or for the device.
 * EVENT_EXPIRATION_UPDATE follows if the expiry changed.
 *
 * In these key systems, exactly one key change follows each answer that is accepted, also if no status changed.
 *
 * Of a plugin (native_drm_plugin.h): what it takes. There has to be room for its longest media key id, also if there is nothing to
 * store, since it may be able to take the answer only once.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param response the answer
 * @param responseLen bytes of response, 1 to NATIVE_DRM_MAX_RESPONSE_LEN
 * @param offlineMediaKeyId receives the media key id: the key id of the answer's last entry, for com.policyplay.drm the
 *     license's id
 * @param offlineMediaKeyIdLen in: bytes that offlineMediaKeyId has room for, 0 if only the id of a stored key is of
 *     interest; out: bytes written (with 0 and nothing to store: 0), or bytes needed if there is too little room
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, or a length is
 *     out of range or too small; DRM_ERR_UNKNOWN if the answer is malformed, forged, replayed or somebody else's, 512
 *     offline keys are stored, or the id of a key to store is longer than MAX_OFFLINE_MEDIA_KEY_ID_LEN;
 *     DRM_ERR_SERVICE_DENIED if it is the license service's refusal; DRM_ERR_NO_LICENSE for a
 *     renewal of a license that is over; DRM_ERR_NOT_PROVISIONED without a certificate; DRM_ERR_SERVICE_DIED if the store
 *     cannot be written, events of 4 MiB wait for a callback that does not return, or the key system failed. No key is
 *     applied then
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_ProcessMediaKeyResponse(MediaKeySession *mediaKeySession,
                                                       uint8_t *response,
                                                       int32_t responseLen,
                                                       uint8_t *offlineMediaKeyId,
                                                       int32_t *offlineMediaKeyIdLen);

/**
 * Lists the status of the session's keys: one row per key (name = lower-case hexadecimal key id, value = USABLE
 * EXPIRED OUTPUT_NOT_ALLOWED PENDING INTERNAL_ERROR or USABLE_IN_FUTURE), in the order of their arrival. Then, for
 * com.policyplay.drm, the newest license: LicenseType (Streaming or Offline), PlayAllowed, PersistAllowed, RenewAllowed (True
 * or False), LicenseDurationRemaining, PlaybackDurationRemaining, RentalDurationRemaining (seconds, 9223372036854775807 =
 * unlimited), RenewalServerUrl. Rows beyond MAX_MEDIA_KEY_STATUS_COUNT are not listed; a session without keys has none.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param mediaKeyStatus receives the rows
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or mediaKeyStatus is null;
 *     DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_CheckMediaKeyStatus(MediaKeySession *mediaKeySession,
                                                   DRM_MediaKeyStatus *mediaKeyStatus);

/**
 * Removes all keys of the session and wipes them. Stored (offline) keys stay stored. If there were keys,
 * EVENT_KEY_EXPIRED with their key ids and a key change follow.
 *
 * Any thread. When it returns, no copy of the keys is left in memory; a decrypt that is under way on another thread is
 * waited for.
 *
 * @param mediaKeySession the session
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession; DRM_ERR_SERVICE_DIED if the key
 *     system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_ClearMediaKeys(MediaKeySession *mediaKeySession);

/**
 * Generates the message that gives a stored (offline) media key back.
 *
 * com.clearplay.drm: like a key request of type "persistent-license"; org.w3.clearkey: `{"kids":["<base64url>"]}`;
 * com.policyplay.drm: a signed message about the license.
 *
 * Any thread.
 *
 * @param mediaKeySession a session of the key's key system
 * @param offlineMediaKeyId the key's id
 * @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
 * @param releaseRequest receives the message
 * @param releaseRequestLen in: bytes that releaseRequest has room for; out: bytes written, or bytes needed if there is
 *     too little room
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, or a length is
 *     out of range or too small; DRM_ERR_UNKNOWN if there is no such stored key (com.clearplay.drm writes a message for any id, as
 *     OpenHarmony's); DRM_ERR_NOT_PROVISIONED if com.policyplay.drm has no certificate or an expired one;
 *     DRM_ERR_SERVICE_DIED if its file cannot be read or is damaged, or the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_GenerateOfflineReleaseRequest(MediaKeySession *mediaKeySession,
                                                             uint8_t *offlineMediaKeyId,
                                                             int32_t offlineMediaKeyIdLen,
                                                             uint8_t *releaseRequest,
                                                             int32_t *releaseRequestLen);

/**
 * Processes the license server's acknowledgement of a release. The key leaves all sessions of the MediaKeySystem.
 *
 * com.clearplay.drm: any response; the stored key becomes OFFLINE_MEDIA_KEY_STATUS_INACTIVE, and
 * OH_MediaKeySession_RestoreOfflineMediaKeys() makes it usable again. org.w3.clearkey: `{"kids":["<base64url>"]}` with
 * the key's id; the stored key is deleted. com.policyplay.drm: the service's signed acknowledgement of this session's
 * request; the stored license is deleted. Durable when it returns.
 *
 * Any thread.
 *
 * @param mediaKeySession a session of the key's key system
 * @param offlineMediaKeyId the key's id
 * @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
 * @param releaseResponse the acknowledgement
 * @param releaseResponseLen bytes of releaseResponse, 1 to NATIVE_DRM_MAX_RESPONSE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null or a length is
 *     out of range; DRM_ERR_UNKNOWN if there is no such stored key or the acknowledgement is malformed, forged, replayed
 *     or about another key; DRM_ERR_SERVICE_DENIED if it is the license service's refusal; DRM_ERR_NOT_PROVISIONED if
 *     com.policyplay.drm has no certificate; DRM_ERR_SERVICE_DIED if the store cannot be read or written or the key system
 *     failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_ProcessOfflineReleaseResponse(MediaKeySession *mediaKeySession,
                                                             uint8_t *offlineMediaKeyId,
                                                             int32_t offlineMediaKeyIdLen,
                                                             uint8_t *releaseResponse,
                                                             int32_t releaseResponseLen);

/**
 * Loads a stored (offline) media key into the session. EVENT_EXPIRATION_UPDATE and a key change follow.
 *
 * com.policyplay.drm: loads a license with all of its keys. Also if it is over, or if the clock was set back behind its last
 * use: its keys then have the status EXPIRED or USABLE_IN_FUTURE, and decrypts say why. Not one that the service has revoked.
 *
 * Any thread.
 *
 * @param mediaKeySession a session of the key's key system
 * @param offlineMediaKeyId the key's id
 * @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, offlineMediaKeyId is null or the
 *     length is out of range; DRM_ERR_UNKNOWN if there is no such stored key or it was stored for another device;
 *     DRM_ERR_NO_LICENSE if the service has revoked the license;
 *     DRM_ERR_NOT_PROVISIONED if com.policyplay.drm has no certificate; DRM_ERR_SERVICE_DIED if its file cannot be read or
 *     is damaged, its state cannot be stored, events of 4 MiB wait for a callback that does not return, or the key system
 *     failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_RestoreOfflineMediaKeys(MediaKeySession *mediaKeySession,
                                                       uint8_t *offlineMediaKeyId,
                                                       int32_t offlineMediaKeyIdLen);

/**
 * Gets the session's content protection level: the wanted one, or the highest available one if that is lower.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param contentProtectionLevel receives the level
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or contentProtectionLevel is null;
 *     DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_GetContentProtectionLevel(MediaKeySession *mediaKeySession,
                                                         DRM_ContentProtectionLevel *contentProtectionLevel);

/**
 * Tells whether a secure decoder is needed: true only while a session is emulated at
 * CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO, for video.
 *
 * Any thread.
 *
 * @param mediaKeySession the session
 * @param mimeType MIME type of the track, NUL-terminated, less than NATIVE_DRM_MAX_CONFIG_NAME_LEN bytes
 * @param status receives the answer
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, or mimeType is
 *     empty or too long; DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_RequireSecureDecoderModule(MediaKeySession *mediaKeySession,
                                                          const char *mimeType,
                                                          bool *status);

/**
 * Sets the callbacks without handle of a session. They replace earlier ones and exist beside those of the other
 * generations.
 *
 * Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback).
 *
 * @param mediaKeySession the session
 * @param callback the callbacks; copied
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or callback is null
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_SetMediaKeySessionCallback(MediaKeySession *mediaKeySession,
                                                          struct MediaKeySession_Callback *callback);

/**
 * Sets the callbacks with handle of a session. They replace earlier ones and exist beside those of the other
 * generations.
 *
 * Any thread. When it returns, earlier callbacks are not running and will not run (unless called from a callback).
 *
 * @param mediaKeySession the session
 * @param callback the callbacks; copied
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession or callback is null
 * @since 12
 */
Drm_ErrCode OH_MediaKeySession_SetCallback(MediaKeySession *mediaKeySession,
                                           struct OH_MediaKeySession_Callback *callback);

/**
 * Destroys a session; its handle is stale afterwards and its keys are wiped.
 *
 * Any thread, also in a callback. When it returns, no callback of the session is running or will run. Called from a
 * callback, of whatever session, it waits for no callback, so that callbacks can destroy each other's: one that is running
 * then goes on, and what it uses must outlive it; OH_MediaKeySystem_Destroy() from outside of a callback waits for it. A
 * decrypt that is under way on another thread is waited for.
 *
 * @param mediaKeySession the session
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession
 * @since 11
 */
Drm_ErrCode OH_MediaKeySession_Destroy(MediaKeySession *mediaKeySession);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_MEDIAKEYSESSION_H */

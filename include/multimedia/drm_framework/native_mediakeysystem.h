/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_mediakeysystem/; do not edit.
 */

/**
 * @addtogroup Drm
 * @{
 */

/**
 * @file native_mediakeysystem.h
 * @brief MediaKeySystem: key systems, provisioning, offline keys.
 */

#ifndef NATIVE_MEDIAKEYSYSTEM_H
#define NATIVE_MEDIAKEYSYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "native_drm_common.h"
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Receives events of a MediaKeySystem, with its handle. Otherwise like MediaKeySystem_Callback.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySystem the instance that the event belongs to
 * @param eventType the event
 * @param info data of the event, valid during the call
 * @param infoLen bytes of info
 * @param extra a decimal number as text, never null
 * @return ignored
 * @since 12
 */
typedef Drm_ErrCode (*OH_MediaKeySystem_Callback)(MediaKeySystem *mediaKeySystem,
                                                  DRM_EventType eventType,
                                                  uint8_t *info,
                                                  int32_t infoLen,
                                                  char *extra);

/**
 * Receives events of a MediaKeySystem, without its handle.
 *
 * Called on a thread of the library, on which the program's signals are blocked. The events of an instance come one at a
 * time and in order, at the same time as those of its sessions and of others, which do not wait for them. Every function
 * of the library may be called from it.
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
typedef Drm_ErrCode (*MediaKeySystem_Callback)(DRM_EventType eventType, uint8_t *info, int32_t infoLen, char *extra);

/**
 * Sets the callback with handle for the events of a MediaKeySystem. It replaces an earlier one and exists beside those
 * of the other generations.
 *
 * Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback).
 *
 * @param mediaKeySystem the instance
 * @param callback the callback
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or callback is null
 * @since 12
 */
Drm_ErrCode OH_MediaKeySystem_SetCallback(MediaKeySystem *mediaKeySystem, OH_MediaKeySystem_Callback callback);

/**
 * Lists the key systems that this library has, always in the same order: com.clearplay.drm, org.w3.clearkey,
 * com.policyplay.drm. An array of three has room for them. Those of plugins (native_drm_plugin.h) come behind these
 * three, and so do key systems that a later version adds: a program that is to get all of them offers
 * MAX_MEDIA_KEY_SYSTEM_NUM entries, or asks with count 0 how many there are, 64 at most.
 *
 * Any thread.
 *
 * @param descs receives the descriptions
 * @param count in: entries that descs has room for; out: entries written, or entries needed if there is too little
 *     room
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if a pointer is null or count is too small
 * @since 12
 */
Drm_ErrCode OH_MediaKeySystem_GetMediaKeySystems(DRM_MediaKeySystemDescription *descs, uint32_t *count);

/**
 * Tells whether a key system is supported.
 *
 * Any thread.
 *
 * @param name name of the key system, such as "com.clearplay.drm", NUL-terminated, less than
 *     MAX_MEDIA_KEY_SYSTEM_NAME_LEN bytes
 * @return true if it is; false also if name is null, empty or too long
 * @since 11
 */
bool OH_MediaKeySystem_IsSupported(const char *name);

/**
 * Tells whether a key system is supported for a MIME type.
 *
 * Any thread.
 *
 * @param name name of the key system, as for OH_MediaKeySystem_IsSupported()
 * @param mimeType MIME type or EME init data type, NUL-terminated, less than NATIVE_DRM_MAX_CONFIG_NAME_LEN bytes;
 *     parameters after ';' and letter case do not matter
 * @return true if it is; false also if an argument is null, empty or too long
 * @since 11
 */
bool OH_MediaKeySystem_IsSupported2(const char *name, const char *mimeType);

/**
 * Tells whether a key system is supported for a MIME type at a content protection level.
 *
 * Any thread.
 *
 * @param name name of the key system, as for OH_MediaKeySystem_IsSupported()
 * @param mimeType MIME type or EME init data type, as for OH_MediaKeySystem_IsSupported2()
 * @param contentProtectionLevel the level
 * @return true if it is; false also if an argument is null, empty, too long or not a level
 * @since 11
 */
bool OH_MediaKeySystem_IsSupported3(const char *name,
                                    const char *mimeType,
                                    DRM_ContentProtectionLevel contentProtectionLevel);

/**
 * Creates an instance of a key system.
 *
 * Any thread.
 *
 * @param name name of the key system, NUL-terminated, less than MAX_MEDIA_KEY_SYSTEM_NAME_LEN bytes
 * @param mediaKeySystem receives the instance, to be destroyed with OH_MediaKeySystem_Destroy()
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if an argument is null or name is empty or too long; DRM_ERR_UNKNOWN if
 *     there is no such key system; DRM_ERR_MAX_SYSTEM_NUM_REACHED if 64 instances of it exist, or as many as its plugin
 *     allows; what a plugin fails with
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_Create(const char *name, MediaKeySystem **mediaKeySystem);

/**
 * Sets a configuration string.
 *
 * "storagePath" names the directory of the offline store from now on. "outputHdcp" says how the output is protected,
 * HDCP_NONE, HDCP_V1 or HDCP_V2; licenses of com.policyplay.drm go by it at once. "provisioningUrl" and
 * "licenseUrl" are the default URLs of com.policyplay.drm's requests, the latter also of renewals whose license names none.
 * "sessionSharing" with the value "enable": a session decrypts with keys of the instance's other sessions, too.
 * "vendor", "version", "description", "algorithms", "deviceUniqueId", "maxSessionNum" and "currentSessionNum" are
 * read-only, except in com.clearplay.drm, where a value that was set takes the place of the default. Any other name is kept
 * with the instance and has no meaning to the library.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param value the value, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_VALUE_LEN - 1 bytes
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, or a string is null, empty, too
 *     long or not UTF-8; DRM_ERR_UNKNOWN if the name is read-only, 256 names are set, "outputHdcp" has another value
 *     or a URL does not fit into MAX_DEFAULT_URL_LEN;
 *     DRM_ERR_SERVICE_DIED if the key system failed, or "storagePath" is relative and there is no current directory
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_SetConfigurationString(MediaKeySystem *mediaKeySystem,
                                                     const char *configName,
                                                     const char *value);

/**
 * Gets a configuration string. See OH_MediaKeySystem_SetConfigurationString() for the names.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param value receives the value and a NUL
 * @param valueLen bytes that value has room for, at least 1
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
 *     empty or too long, or valueLen is too small (the last error names the bytes needed); DRM_ERR_UNKNOWN if there
 *     is no such name; DRM_ERR_SERVICE_DIED if the key system or its storage failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GetConfigurationString(MediaKeySystem *mediaKeySystem,
                                                     const char *configName,
                                                     char *value,
                                                     int32_t valueLen);

/**
 * Sets a configuration byte array. The names are separate from those of strings; the same ones are read-only, except in
 * com.clearplay.drm.
 * "licenseAuthority" is the certificate (X.509 in DER) of the one authority that com.policyplay.drm trusts; without it the
 * first provisioning decides. Any other name is kept with the instance and has no meaning to the library.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param value the value; copied
 * @param valueLen bytes of value, 1 to NATIVE_DRM_MAX_CONFIG_VALUE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
 *     empty or too long, or valueLen is out of range; DRM_ERR_UNKNOWN if the name is read-only or 256 names are set;
 *     DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_SetConfigurationByteArray(MediaKeySystem *mediaKeySystem,
                                                        const char *configName,
                                                        uint8_t *value,
                                                        int32_t valueLen);

/**
 * Gets a configuration byte array: one that was set, or "deviceUniqueId" (16 bytes).
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param configName the name, NUL-terminated, UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param value receives the value
 * @param valueLen in: bytes that value has room for; out: bytes written, or bytes needed if there is too little room
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null, the name is
 *     empty or too long, or valueLen is too small or negative; DRM_ERR_UNKNOWN if there is no such name;
 *     DRM_ERR_SERVICE_DIED if the key system or its storage failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GetConfigurationByteArray(MediaKeySystem *mediaKeySystem,
                                                        const char *configName,
                                                        uint8_t *value,
                                                        int32_t *valueLen);

/**
 * Gets statistics: "version", "currentSessionNum", "decryptNumber" (samples decrypted since the instance was created),
 * "errorDecryptNumber" (samples that failed), "decryptBytes".
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param statistics receives the statistics
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or statistics is null;
 *     DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GetStatistics(MediaKeySystem *mediaKeySystem, DRM_Statistics *statistics);

/**
 * Gets the highest content protection level: CONTENT_PROTECTION_LEVEL_SW_CRYPTO, unless the environment variable
 * NATIVE_DRM_EMULATE_LEVEL asks to emulate a higher one, which builds with emulation listen to.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param contentProtectionLevel receives the level
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or contentProtectionLevel is null;
 *     DRM_ERR_SERVICE_DIED if the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GetMaxContentProtectionLevel(MediaKeySystem *mediaKeySystem,
                                                           DRM_ContentProtectionLevel *contentProtectionLevel);

/**
 * Sets the callback without handle for the events of a MediaKeySystem. It replaces an earlier one and exists beside
 * those of the other generations.
 *
 * Any thread. When it returns, an earlier callback is not running and will not run (unless called from a callback).
 *
 * @param mediaKeySystem the instance
 * @param callback the callback
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or callback is null
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_SetMediaKeySystemCallback(MediaKeySystem *mediaKeySystem,
                                                        MediaKeySystem_Callback callback);

/**
 * Creates a session.
 *
 * A level above the highest available one is accepted; the session then has the highest available one
 * (OH_MediaKeySession_GetContentProtectionLevel() tells).
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param level the wanted level, CONTENT_PROTECTION_LEVEL_SW_CRYPTO to CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO
 * @param mediaKeySession receives the session, to be destroyed with OH_MediaKeySession_Destroy() or together with
 *     mediaKeySystem
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or the level is
 *     out of range; DRM_ERR_MAX_SESSION_NUM_REACHED if 64 sessions exist, or as many as a plugin
 *     allows; DRM_ERR_SERVICE_DIED if the key system failed; what a plugin fails with
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_CreateMediaKeySession(MediaKeySystem *mediaKeySystem,
                                                    DRM_ContentProtectionLevel *level,
                                                    MediaKeySession **mediaKeySession);

/**
 * Generates a provisioning request.
 *
 * com.clearplay.drm and org.w3.clearkey answer with a fixed message, and any non-empty response is accepted: they need no
 * certificate. com.policyplay.drm: a signed request with the device's keys, new ones if it has none.
 * com.clearplay.drm fires EVENT_PROVISION_REQUIRED at the first request of an instance.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param request receives the request
 * @param requestLen in: bytes that request has room for, at least 1; out: bytes written, or bytes needed if there is
 *     too little room
 * @param defaultUrl receives the URL to send the request to, and a NUL
 * @param defaultUrlLen bytes that defaultUrl has room for, at least 1
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or a length is
 *     not positive or too small; DRM_ERR_SERVICE_DIED if the device's identity cannot be read or the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GenerateKeySystemRequest(MediaKeySystem *mediaKeySystem,
                                                       uint8_t *request,
                                                       int32_t *requestLen,
                                                       char *defaultUrl,
                                                       int32_t defaultUrlLen);

/**
 * Processes a provisioning response. com.policyplay.drm: the device's certificate; durable when it returns, and the
 * certificate of all instances and programs that use the same storagePath.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param response the response
 * @param responseLen bytes of response, 1 to NATIVE_DRM_MAX_RESPONSE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, response is null or responseLen is
 *     out of range; DRM_ERR_UNKNOWN if it answers no request of this instance or does not come from the service that the
 *     device trusts; DRM_ERR_SERVICE_DENIED if it is the service's refusal; DRM_ERR_SERVICE_DIED if the certificate cannot
 *     be stored or the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_ProcessKeySystemResponse(MediaKeySystem *mediaKeySystem,
                                                       uint8_t *response,
                                                       int32_t responseLen);

/**
 * Lists the ids of the stored (offline) media keys, damaged ones included.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param offlineMediaKeyIds receives the ids
 * @return DRM_ERR_OK, also if there are none; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or
 *     offlineMediaKeyIds is null; DRM_ERR_SERVICE_DIED if the store cannot be read or the key system failed
 * @since 12
 */
Drm_ErrCode OH_MediaKeySystem_GetOfflineMediaKeyIds(MediaKeySystem *mediaKeySystem,
                                                    DRM_OfflineMediakeyIdArray *offlineMediaKeyIds);

/**
 * Gets the status of a stored (offline) media key: usable, or inactive because it was released or, for com.policyplay.drm,
 * because its license is over.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param offlineMediaKeyId the key's id
 * @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
 * @param status receives the status
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, a pointer is null or the length is
 *     out of range; DRM_ERR_UNKNOWN if there is no such key; DRM_ERR_NOT_PROVISIONED if com.policyplay.drm has no
 *     certificate; DRM_ERR_SERVICE_DIED if its file cannot be read or is damaged, or the key system failed
 * @since 12
 */
Drm_ErrCode OH_MediaKeySystem_GetOfflineMediaKeyStatus(MediaKeySystem *mediaKeySystem,
                                                       uint8_t *offlineMediaKeyId,
                                                       int32_t offlineMediaKeyIdLen,
                                                       DRM_OfflineMediaKeyStatus *status);

/**
 * Deletes a stored (offline) media key, also a damaged one. Sessions that have restored it keep it; a license of
 * com.policyplay.drm that nobody has used is lost to them as well, since its first use could not be recorded.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param offlineMediaKeyId the key's id
 * @param offlineMediaKeyIdLen bytes of the id, 1 to MAX_OFFLINE_MEDIA_KEY_ID_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, offlineMediaKeyId is null or the
 *     length is out of range; DRM_ERR_UNKNOWN if there is no such key; DRM_ERR_SERVICE_DIED if it cannot be deleted or
 *     the key system failed
 * @since 12
 */
Drm_ErrCode OH_MediaKeySystem_ClearOfflineMediaKeys(MediaKeySystem *mediaKeySystem,
                                                    uint8_t *offlineMediaKeyId,
                                                    int32_t offlineMediaKeyIdLen);

/**
 * Gets the status of the device certificate. com.clearplay.drm and org.w3.clearkey need none: CERT_STATUS_PROVISIONED.
 * com.policyplay.drm: that of the device's certificate in the store, by the instance's clock.
 *
 * Any thread.
 *
 * @param mediaKeySystem the instance
 * @param certStatus receives the status
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem or certStatus is null;
 *     DRM_ERR_SERVICE_DIED if the device's identity cannot be read or the key system failed
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_GetCertificateStatus(MediaKeySystem *mediaKeySystem, DRM_CertificateStatus *certStatus);

/**
 * Destroys a MediaKeySystem and its sessions; their handles are stale afterwards and their keys are wiped.
 *
 * Any thread, also in a callback. When it returns, no callback of the instance or its sessions is running or will run.
 * Called from a callback, of whatever session, it waits for no callback, so that callbacks can destroy each other's: one
 * that is running then goes on, and what it uses must outlive it. A decrypt that is under way on another thread is waited
 * for.
 *
 * @param mediaKeySystem the instance
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem
 * @since 11
 */
Drm_ErrCode OH_MediaKeySystem_Destroy(MediaKeySystem *mediaKeySystem);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_MEDIAKEYSYSTEM_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_license_service/; do not edit.
 */

/**
 * @addtogroup DrmExtension
 * @{
 */

/**
 * @file native_drm_license_service.h
 * @brief The license service for com.policyplay.drm in the program itself. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_DRM_LICENSE_SERVICE_H
#define NATIVE_DRM_LICENSE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "native_drm_err.h"
#include "native_drm_extension.h"
#include "native_drm_license.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes in the longest directory name, including its NUL.
 */
#define NATIVE_DRM_MAX_LICENSE_PATH_LEN 4096

/**
 * Bytes in the longest message.
 */
#define NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN 262144

/**
 * Bytes of a license's id.
 */
#define NATIVE_DRM_LICENSE_ID_LEN 16

/**
 * A license service. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since native_drm 0.1
 */
typedef struct OH_DrmLicenseService OH_DrmLicenseService;

/**
 * What the service answered.
 *
 * @since native_drm 0.1
 */
typedef struct OH_DrmLicenseService_Answer {
    /**
     * The license's id; zeros if the answer is not about a license.
     */
    uint8_t licenseId[NATIVE_DRM_LICENSE_ID_LEN];
    /**
     * The license's sequence, which rises with each renewal; 0 if the answer is not about a license.
     */
    uint64_t sequence;
    /**
     * HTTP status: 200, or 400 and above for a refusal.
     */
    uint32_t status;
} OH_DrmLicenseService_Answer;

/**
 * Creates a license service.
 *
 * With a directory its keys, contents, policies, devices and licenses outlive the program; one process at a time uses a
 * directory. Without, they end with the service.
 *
 * Any thread.
 *
 * @param directory the directory, created where it is missing, NUL-terminated UTF-8, 1 to
 *     NATIVE_DRM_MAX_LICENSE_PATH_LEN - 1 bytes; null for none
 * @param profile the rules that license templates are held to, one of DRM_LicenseProfile
 * @param service receives the service; destroy it with OH_DrmLicenseService_Destroy()
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if service is null, directory is not a valid string or profile is not a
 *     DRM_LicenseProfile; DRM_ERR_SERVICE_DIED if the directory cannot be used or is in use; DRM_ERR_UNKNOWN if there are
 *     65,536 services
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_Create(const char *directory,
                                        DRM_LicenseProfile profile,
                                        struct OH_DrmLicenseService **service);

/**
 * Destroys a license service. What was in its directory stays there.
 *
 * Any thread. Calls that are running on other threads end normally.
 *
 * @param service the service
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if service is not a license service
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_Destroy(struct OH_DrmLicenseService *service);

/**
 * Adds a content, or replaces the one with the same id.
 *
 * The text is JSON: `{"content_id": base64, "provider": name, "policy": name, "require_provider": true, "keys": [{"track_type":
 * "SD", "key_id": base64 of 16 bytes, "key": base64 of 16 bytes, "security_level": 1 to 5, "hdcp": "HDCP_NONE"}]}`. All but
 * content_id (1 to 1,024 bytes), key_id and key may be missing. Without keys, the tracks AUDIO, SD, HD, UHD1 and UHD2 have keys
 * that are derived from content_id; OH_DrmLicenseService_GetContentKey() tells them.
 *
 * require_provider counts where the directory is used by native-drm-license-server: devices then get licenses only through a
 * message of the provider. If it is missing, it is whether the provider has a token.
 *
 * Any thread.
 *
 * @param service the service
 * @param json the text, UTF-8
 * @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters, ids or keys, if a key id belongs to another content, or if
 *     require_provider is true without a provider;
 *     DRM_ERR_UNKNOWN if the text is malformed; DRM_ERR_SERVICE_DIED if the directory cannot be written
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_AddContent(struct OH_DrmLicenseService *service,
                                            const uint8_t *json,
                                            uint32_t jsonLen);

/**
 * Adds a policy, or replaces the one with the same name. `default` is the name of the policy for all content that has no
 * other.
 *
 * Any thread.
 *
 * @param service the service
 * @param name the name, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param json the policy as an object with the fields of `policy_overrides`, and perhaps `rental_scope`
 * @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if the policy breaks a rule of the license
 *     template; DRM_ERR_SERVICE_DIED if the directory cannot be written
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_AddPolicy(struct OH_DrmLicenseService *service,
                                           const char *name,
                                           const uint8_t *json,
                                           uint32_t jsonLen);

/**
 * Adds a provider, or replaces the one with the same name.
 *
 * Any thread.
 *
 * @param service the service
 * @param name the name, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param token with which it authenticates where the directory is used by native-drm-license-server, NUL-terminated UTF-8,
 *     16 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes; null for none
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_SERVICE_DIED if the directory cannot be written
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_AddProvider(struct OH_DrmLicenseService *service,
                                             const char *name,
                                             const char *token);

/**
 * Adds providers, policies and contents from one text: `{"providers": [{"name", "token"}], "policies": {name: policy},
 * "contents": [content]}`, each part as the functions for one of them take it.
 *
 * Any thread.
 *
 * @param service the service
 * @param json the text, UTF-8
 * @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
 * @return as those functions; what comes before the part that failed is then added
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_AddCatalog(struct OH_DrmLicenseService *service,
                                            const uint8_t *json,
                                            uint32_t jsonLen);

/**
 * Gets key id and key of a content's track, for whoever encrypts it.
 *
 * Any thread.
 *
 * @param service the service
 * @param contentId the content's id
 * @param contentIdLen bytes of contentId, at least 1
 * @param trackType the track type, NUL-terminated UTF-8, 1 to NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1 bytes
 * @param keyId receives the key id, 16 bytes
 * @param key receives the key, 16 bytes
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if there is no such content or track;
 *     DRM_ERR_SERVICE_DIED if the directory cannot be read
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_GetContentKey(struct OH_DrmLicenseService *service,
                                               const uint8_t *contentId,
                                               uint32_t contentIdLen,
                                               const char *trackType,
                                               uint8_t *keyId,
                                               uint8_t *key);

/**
 * Answers a message: what a MediaKeySystem or MediaKeySession of com.policyplay.drm generated, or a license template in
 * JSON with such a message as its payload. The caller decides over policies and keys.
 *
 * The answer to a message is for the device as it is. The answer to a template is JSON for whoever sent it: `status` "OK",
 * `license` (base64 of what is for the device; not with `parse_only`), `license_id` (hexadecimal), `sequence`, `warnings`
 * and, for a license, `session_init` with its tokens.
 *
 * A refusal is an answer, too: JSON with `status`, `reason`, `rule`, `pointer` and `message`, which
 * OH_MediaKeySession_ProcessMediaKeyResponse() takes and reports as DRM_ERR_SERVICE_DENIED.
 *
 * Any thread. A message counts once: if response is too small, call again with the same message and enough room, before
 * anything else is asked of this service.
 *
 * @param service the service
 * @param message the message
 * @param messageLen bytes of message, 1 to NATIVE_DRM_MAX_LICENSE_MESSAGE_LEN
 * @param response receives the answer
 * @param responseLen in: room in response, at most NATIVE_DRM_MAX_RESPONSE_LEN is needed; out: bytes used or needed
 * @param answer receives what the answer is about; may be null
 * @return DRM_ERR_OK for a license and for a refusal; DRM_ERR_INVALID_VAL for bad parameters or if response is too small
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_HandleMessage(struct OH_DrmLicenseService *service,
                                               const uint8_t *message,
                                               uint32_t messageLen,
                                               uint8_t *response,
                                               uint32_t *responseLen,
                                               struct OH_DrmLicenseService_Answer *answer);

/**
 * Ends a license: renewals are denied, and the next answer to its device, about whatever, says that it is over.
 *
 * Any thread.
 *
 * @param service the service
 * @param licenseId the license's id, NATIVE_DRM_LICENSE_ID_LEN bytes
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL for bad parameters; DRM_ERR_UNKNOWN if there is no such license;
 *     DRM_ERR_SERVICE_DIED if the directory cannot be written
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_RevokeLicense(struct OH_DrmLicenseService *service, const uint8_t *licenseId);

/**
 * Gets the certificate of the service's authority, X.509 in DER: what devices may be told to trust.
 *
 * Any thread.
 *
 * @param service the service
 * @param certificate receives the certificate
 * @param certificateLen in: room in certificate; out: bytes used or needed
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL for bad parameters or if certificate is too small
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_GetAuthority(struct OH_DrmLicenseService *service,
                                              uint8_t *certificate,
                                              uint32_t *certificateLen);

/**
 * Sets the service's clock, which then stands still; for tests.
 *
 * Any thread.
 *
 * @param service the service
 * @param unixMillis milliseconds since 1970; a negative number returns to the machine's clock
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if service is not a license service
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseService_SetTime(struct OH_DrmLicenseService *service, int64_t unixMillis);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_LICENSE_SERVICE_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_license/; do not edit.
 */

/**
 * @addtogroup DrmExtension
 * @{
 */

/**
 * @file native_drm_license.h
 * @brief License templates. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_DRM_LICENSE_H
#define NATIVE_DRM_LICENSE_H

#include <stdbool.h>
#include <stdint.h>
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of a template or stored policy as JSON, for NUL-terminated ones including the NUL.
 */
#define NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN 1048576

/**
 * Bytes of a JSON pointer argument, including its NUL.
 */
#define NATIVE_DRM_MAX_LICENSE_POINTER_LEN 1024

/**
 * The rules that a license template is held to.
 *
 * @since native_drm 0.1
 */
typedef enum DRM_LicenseProfile {
    /**
     * Enforces every rule.
     */
    DRM_LICENSE_PROFILE_STRICT = 0,
    /**
     * What the samples of Azure Media Services send is accepted with warnings: allowed_track_types beside
     * content_key_specs, unknown fields, upper-case HDCP, null members.
     */
    DRM_LICENSE_PROFILE_AZURE = 1,
} DRM_LicenseProfile;

/**
 * A license template. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since native_drm 0.1
 */
typedef struct OH_DrmLicenseTemplate OH_DrmLicenseTemplate;

/**
 * Creates a template without any field, like the message {}.
 *
 * Any thread.
 *
 * @param profile the rules that it will be held to, one of DRM_LicenseProfile
 * @param licenseTemplate receives the template, to be destroyed with OH_DrmLicenseTemplate_Destroy()
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if profile is not a DRM_LicenseProfile or licenseTemplate is null;
 *     DRM_ERR_UNKNOWN if there are 65,536 templates
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_Create(DRM_LicenseProfile profile, struct OH_DrmLicenseTemplate **licenseTemplate);

/**
 * Destroys a template and erases the keys in it.
 *
 * Any thread.
 *
 * @param licenseTemplate the template; stale afterwards
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_Destroy(struct OH_DrmLicenseTemplate *licenseTemplate);

/**
 * Replaces a template by a message. Every rule is checked; if one is broken the template stays as it was and
 * OH_DrmLicenseTemplate_GetRefusal() tells which.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param json the message, JSON in UTF-8; a NUL at the end is not part of it
 * @param jsonLen bytes of json, 1 to NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, json is null or jsonLen is
 *     out of range; DRM_ERR_UNKNOWN if the message is refused
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_Parse(struct OH_DrmLicenseTemplate *licenseTemplate,
                                        const uint8_t *json,
                                        uint32_t jsonLen);

/**
 * Sets a boolean field.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param pointer JSON pointer to the field, such as "/policy_overrides/can_play", less than
 *     NATIVE_DRM_MAX_LICENSE_POINTER_LEN bytes; objects on the way come into being, as does the element of
 *     content_key_specs after the last one
 * @param value the value
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, or pointer is null, empty or
 *     too long; DRM_ERR_UNKNOWN if there is no such field or it does not take this value; the template is unchanged then
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_SetBool(struct OH_DrmLicenseTemplate *licenseTemplate,
                                          const char *pointer,
                                          bool value);

/**
 * Sets a duration (seconds, 0 = unlimited) or a security level (1 to 5).
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param pointer JSON pointer to the field, as for OH_DrmLicenseTemplate_SetBool()
 * @param value the value
 * @return as OH_DrmLicenseTemplate_SetBool()
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_SetInt(struct OH_DrmLicenseTemplate *licenseTemplate,
                                         const char *pointer,
                                         int64_t value);

/**
 * Sets a text, an enum (its word) or bytes (padded standard base64).
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param pointer JSON pointer to the field, as for OH_DrmLicenseTemplate_SetBool()
 * @param value the value, UTF-8, less than NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN bytes, may be empty; copied
 * @return as OH_DrmLicenseTemplate_SetBool(); DRM_ERR_INVALID_VAL also if value is null, too long or not UTF-8
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_SetString(struct OH_DrmLicenseTemplate *licenseTemplate,
                                            const char *pointer,
                                            const char *value);

/**
 * Holds a template to the rules between its fields, such as one that was built field by field.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate; DRM_ERR_UNKNOWN if the
 *     template is refused
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_Validate(struct OH_DrmLicenseTemplate *licenseTemplate);

/**
 * Writes a template as JSON: fields without a value are left out, enums are words. It may contain content keys.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param json receives the text and a NUL
 * @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, a pointer is null or the
 *     room is too small
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_Serialize(struct OH_DrmLicenseTemplate *licenseTemplate,
                                            char *json,
                                            uint32_t *jsonLen);

/**
 * Writes the effective policy as JSON, with a value for every field: field defaults, then the stored policy, then the
 * template's policy_overrides. With use_policy_overrides_exclusively the stored policy drops out.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param storedPolicy the stored policy as JSON: the fields of policy_overrides and rental_scope ("start_window" or
 *     "absolute"), less than NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN bytes; null for a service's default, {"can_play":true}
 * @param json receives the text and a NUL
 * @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, storedPolicy is empty, too
 *     long or not UTF-8, another pointer is null or the room is too small; DRM_ERR_UNKNOWN if the template or the stored
 *     policy is refused
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetEffectivePolicy(struct OH_DrmLicenseTemplate *licenseTemplate,
                                                     const char *storedPolicy,
                                                     char *json,
                                                     uint32_t *jsonLen);

/**
 * Writes what is doubtful about a template and its effective policy as a JSON array of
 * {"rule","pointer","message"}; it may be empty.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param storedPolicy the stored policy, as for OH_DrmLicenseTemplate_GetEffectivePolicy()
 * @param json receives the text and a NUL
 * @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
 * @return as OH_DrmLicenseTemplate_GetEffectivePolicy()
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetWarnings(struct OH_DrmLicenseTemplate *licenseTemplate,
                                              const char *storedPolicy,
                                              char *json,
                                              uint32_t *jsonLen);

/**
 * Gets the status of the last refusal as HTTP numbers it: 400 malformed, 422 invalid.
 *
 * The refusal is that of the last Parse, Set…, Validate, GetEffectivePolicy or GetWarnings of this template; one that
 * succeeds clears it.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param status receives the status, 0 if that call was not refused
 * @return DRM_ERR_OK, or DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate or status is null
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetRefusalStatus(struct OH_DrmLicenseTemplate *licenseTemplate, uint32_t *status);

/**
 * Gets the id of the rule that the last refusal names, such as "SPEC_WITHOUT_TRACK_TYPE".
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param rule receives the id and a NUL; 64 bytes are always enough
 * @param ruleLen in: room in rule, at least 1; out: bytes of id and NUL, also if the room is too small
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if licenseTemplate is not an OH_DrmLicenseTemplate, a pointer is null or the
 *     room is too small; DRM_ERR_UNKNOWN if nothing was refused
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetRefusalRule(struct OH_DrmLicenseTemplate *licenseTemplate,
                                                 char *rule,
                                                 uint32_t *ruleLen);

/**
 * Gets the place of the last refusal as a JSON pointer (RFC 6901), empty for the whole message. As long as the names in
 * the message.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param pointer receives the pointer and a NUL
 * @param pointerLen in: room in pointer, at least 1; out: bytes of pointer and NUL, also if the room is too small
 * @return as OH_DrmLicenseTemplate_GetRefusalRule()
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetRefusalPointer(struct OH_DrmLicenseTemplate *licenseTemplate,
                                                    char *pointer,
                                                    uint32_t *pointerLen);

/**
 * Writes the last refusal as a JSON object: status, reason, rule, pointer, message, and suggestion where there is one.
 *
 * Any thread.
 *
 * @param licenseTemplate the template
 * @param json receives the text and a NUL
 * @param jsonLen in: room in json, at least 1; out: bytes of text and NUL, also if the room is too small
 * @return as OH_DrmLicenseTemplate_GetRefusalRule()
 * @since native_drm 0.1
 */
Drm_ErrCode OH_DrmLicenseTemplate_GetRefusal(struct OH_DrmLicenseTemplate *licenseTemplate,
                                             char *json,
                                             uint32_t *jsonLen);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_LICENSE_H */

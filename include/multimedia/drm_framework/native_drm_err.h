/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_err.rs; do not edit.
 */

/**
 * @addtogroup Drm
 * @{
 */

/**
 * @file native_drm_err.h
 * @brief Codes that the DRM functions return.
 */

#ifndef NATIVE_DRM_ERR_H
#define NATIVE_DRM_ERR_H


#ifdef __cplusplus
extern "C" {
#endif

/**
 * What DRM functions return.
 *
 * The numbers of the codes that this library returns are those of OpenHarmony's DrmErrorCode. The members marked
 * "never returned" keep the NDK's numbers, so that sources written for the NDK compile.
 *
 * @since 11
 */
typedef enum Drm_ErrCode {
    /**
     * Success.
     */
    DRM_ERR_OK = 0,
    /**
     * A parameter check failed: null, stale, foreign or destroyed handle; empty or overlong string; length or enum
     * value out of range; buffer too small. Nothing was changed.
     */
    DRM_ERR_INVALID_VAL = 401,
    /**
     * The call was well formed but could not be done: malformed license or init data, no such configuration name or
     * offline key, unsupported scheme. OH_Drm_GetLastErrorMessage() has the reason.
     */
    DRM_ERR_UNKNOWN = 24700101,
    /**
     * 64 MediaKeySystem instances of this key system exist already.
     */
    DRM_ERR_MAX_SYSTEM_NUM_REACHED = 24700103,
    /**
     * 64 MediaKeySession instances of this MediaKeySystem exist already.
     */
    DRM_ERR_MAX_SESSION_NUM_REACHED = 24700104,
    /**
     * The device has not been provisioned.
     */
    DRM_ERR_NOT_PROVISIONED = 24700105,
    /**
     * There is no device certificate.
     */
    DRM_ERR_NO_DEVICE_CERT = 24700106,
    /**
     * The device certificate has been revoked.
     */
    DRM_ERR_DRM_CERTIFICATES_REVOKED = 24700107,
    /**
     * The device's clock cannot be trusted.
     */
    DRM_ERR_DEVICE_TIME_ERROR = 24700108,
    /**
     * The license service refused.
     */
    DRM_ERR_SERVICE_DENIED = 24700109,
    /**
     * The key is present, but its license does not allow to use it now.
     */
    DRM_ERR_NO_LICENSE = 24700110,
    /**
     * The session has no key for this key id.
     */
    DRM_ERR_NO_KEY = 24700111,
    /**
     * The key system itself failed: it panicked, its storage cannot be read or written, no thread for callbacks can be
     * started, too many events wait for a callback, there is no memory for keys, or the host process of an isolated
     * instance has ended.
     */
    DRM_ERR_SERVICE_DIED = 24700201,
    /**
     * Never returned: base of the NDK's error numbers.
     */
    DRM_CAPI_ERR_BASE = 24700500,
    /**
     * Never returned: out of memory.
     */
    DRM_ERR_NO_MEMORY = 24700501,
    /**
     * Never returned: operation not permitted.
     */
    DRM_ERR_OPERATION_NOT_PERMITTED = 24700502,
    /**
     * Never returned: input/output error.
     */
    DRM_ERR_IO = 24700504,
    /**
     * Never returned: timeout.
     */
    DRM_ERR_TIMEOUT = 24700505,
    /**
     * Never returned: invalid state.
     */
    DRM_ERR_INVALID_STATE = 24700508,
    /**
     * Never returned: unsupported.
     */
    DRM_ERR_UNSUPPORTED = 24700509,
    /**
     * Never returned: start of extended error numbers.
     */
    DRM_ERR_EXTEND_START = 24700600,
} Drm_ErrCode;

/**
 * OpenHarmony's documentation calls the type DrmErrorCode.
 */
typedef enum Drm_ErrCode DrmErrorCode;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_ERR_H */

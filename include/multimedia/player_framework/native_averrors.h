/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_averrors.rs; do not edit.
 */

/**
 * @addtogroup Core
 * @{
 */

/**
 * @file native_averrors.h
 * @brief Codes that the OH_AVCencInfo and OH_AVBuffer functions return.
 */

#ifndef NATIVE_AVERRORS_H
#define NATIVE_AVERRORS_H


#ifdef __cplusplus
extern "C" {
#endif

/**
 * What OH_AVCencInfo and OH_AVBuffer functions return. Only AV_ERR_OK and AV_ERR_INVALID_VAL are returned by this
 * library; the others are for programs that name them.
 *
 * @since 9
 */
typedef enum OH_AVErrCode {
    /**
     * Success.
     */
    AV_ERR_OK = 0,
    /**
     * Out of memory.
     */
    AV_ERR_NO_MEMORY = 1,
    /**
     * Operation not permitted.
     */
    AV_ERR_OPERATE_NOT_PERMIT = 2,
    /**
     * A parameter check failed.
     */
    AV_ERR_INVALID_VAL = 3,
    /**
     * Input/output error.
     */
    AV_ERR_IO = 4,
    /**
     * Timeout.
     */
    AV_ERR_TIMEOUT = 5,
    /**
     * Unknown error.
     */
    AV_ERR_UNKNOWN = 6,
    /**
     * The service died.
     */
    AV_ERR_SERVICE_DIED = 7,
    /**
     * Invalid state.
     */
    AV_ERR_INVALID_STATE = 8,
    /**
     * Not supported.
     */
    AV_ERR_UNSUPPORT = 9,
    /**
     * Unusable input data.
     */
    AV_ERR_INPUT_DATA_ERROR = 10,
    /**
     * Unsupported format.
     */
    AV_ERR_UNSUPPORTED_FORMAT = 11,
    /**
     * Start of extended error numbers.
     */
    AV_ERR_EXTEND_START = 100,
    /**
     * Start of DRM error numbers.
     */
    AV_ERR_DRM_BASE = 200,
    /**
     * Decryption failed.
     */
    AV_ERR_DRM_DECRYPT_FAILED = 201,
    /**
     * Start of video error numbers.
     */
    AV_ERR_VIDEO_BASE = 300,
    /**
     * A conversion between these color spaces is not supported.
     */
    AV_ERR_VIDEO_UNSUPPORTED_COLOR_SPACE_CONVERSION = 301,
    /**
     * The host was not found.
     */
    AV_ERR_IO_CANNOT_FIND_HOST = 5411001,
    /**
     * Connecting took too long.
     */
    AV_ERR_IO_CONNECTION_TIMEOUT = 5411002,
    /**
     * The connection failed because the network misbehaved.
     */
    AV_ERR_IO_NETWORK_ABNORMAL = 5411003,
    /**
     * The connection failed because there was no network.
     */
    AV_ERR_IO_NETWORK_UNAVAILABLE = 5411004,
    /**
     * The program may not use the network.
     */
    AV_ERR_IO_NO_PERMISSION = 5411005,
    /**
     * The server refused the request.
     */
    AV_ERR_IO_NETWORK_ACCESS_DENIED = 5411006,
    /**
     * The server does not have the resource.
     */
    AV_ERR_IO_RESOURCE_NOT_FOUND = 5411007,
    /**
     * The server did not accept the client's certificate, or got none.
     */
    AV_ERR_IO_SSL_CLIENT_CERT_NEEDED = 5411008,
    /**
     * The client did not accept the server's certificate, or got none.
     */
    AV_ERR_IO_SSL_CONNECT_FAIL = 5411009,
    /**
     * The server's certificate is not trusted.
     */
    AV_ERR_IO_SSL_SERVER_CERT_UNTRUSTED = 5411010,
    /**
     * The protocol does not support the request.
     */
    AV_ERR_IO_UNSUPPORTED_REQUEST = 5411011,
    /**
     * Unencrypted HTTP is not allowed.
     */
    AV_ERR_IO_CLEARTEXT_NOT_PERMITTED = 5411012,
    /**
     * The stream's format changed.
     */
    AV_ERR_STREAM_CHANGED = 5410005,
    /**
     * There is no buffer at the moment.
     */
    AV_ERR_TRY_AGAIN_LATER = 5410006,
    /**
     * Super-resolution is not supported.
     */
    AV_ERR_SUPER_RESOLUTION_UNSUPPORTED = 5410003,
    /**
     * Super-resolution was not enabled.
     */
    AV_ERR_SUPER_RESOLUTION_NOT_ENABLED = 5410004,
} OH_AVErrCode;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVERRORS_H */

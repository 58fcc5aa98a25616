/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_avsession_errors.rs; do not edit.
 */

/**
 * @addtogroup OHAVSession
 * @{
 */

/**
 * @file native_avsession_errors.h
 * @brief Codes that the AVSession functions and their callbacks return.
 */

#ifndef NATIVE_AVSESSION_ERRORS_H
#define NATIVE_AVSESSION_ERRORS_H


#ifdef __cplusplus
extern "C" {
#endif

/**
 * What AVSession functions return.
 *
 * The members marked "never returned" keep the NDK's numbers, so that sources written for the NDK compile.
 *
 * @since 13
 */
typedef enum AVSession_ErrCode {
    /**
     * Success.
     */
    AV_SESSION_ERR_SUCCESS = 0,
    /**
     * A parameter check failed: null, stale, foreign or destroyed handle; text that is not UTF-8 or too long; enum value out
     * of range. Nothing was changed.
     */
    AV_SESSION_ERR_INVALID_PARAMETER = 401,
    /**
     * The call was well formed but could not be done: a second session in the process, a negative time, a duration below -1.
     * OH_Drm_GetLastErrorMessage() has the reason.
     */
    AV_SESSION_ERR_SERVICE_EXCEPTION = 6600101,
    /**
     * There is no such session.
     */
    AV_SESSION_ERR_CODE_SESSION_NOT_EXIST = 6600102,
    /**
     * Not a command, or a command that is not registered.
     */
    AV_SESSION_ERR_CODE_COMMAND_INVALID = 6600105,
    /**
     * The session takes no commands: it is not active or has no metadata.
     */
    AV_SESSION_ERR_CODE_SESSION_INACTIVE = 6600106,
    /**
     * Too many commands wait for the callbacks.
     */
    AV_SESSION_ERR_CODE_MESSAGE_OVERLOAD = 6600107,
    /**
     * Never returned: remote connection not exist.
     */
    AV_SESSION_ERR_CODE_REMOTE_CONNECTION_NOT_EXIST = 6600109,
    /**
     * Never returned: cast control: unspecified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_UNSPECIFIED = 6611000,
    /**
     * Never returned: cast control: remote error.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_REMOTE_ERROR = 6611001,
    /**
     * Never returned: cast control: behind live window.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_BEHIND_LIVE_WINDOW = 6611002,
    /**
     * Never returned: cast control: timeout.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_TIMEOUT = 6611003,
    /**
     * Never returned: cast control: runtime check failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_RUNTIME_CHECK_FAILED = 6611004,
    /**
     * Never returned: cast control: player not working.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PLAYER_NOT_WORKING = 6611100,
    /**
     * Never returned: cast control: seek mode unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_SEEK_MODE_UNSUPPORTED = 6611101,
    /**
     * Never returned: cast control: illegal seek target.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_ILLEGAL_SEEK_TARGET = 6611102,
    /**
     * Never returned: cast control: play mode unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PLAY_MODE_UNSUPPORTED = 6611103,
    /**
     * Never returned: cast control: play speed unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PLAY_SPEED_UNSUPPORTED = 6611104,
    /**
     * Never returned: cast control: device missing.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DEVICE_MISSING = 6611105,
    /**
     * Never returned: cast control: invalid param.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_INVALID_PARAM = 6611106,
    /**
     * Never returned: cast control: no memory.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_NO_MEMORY = 6611107,
    /**
     * Never returned: cast control: operation not allowed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_OPERATION_NOT_ALLOWED = 6611108,
    /**
     * Never returned: cast control: io unspecified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_UNSPECIFIED = 6612000,
    /**
     * Never returned: cast control: io network connection failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NETWORK_CONNECTION_FAILED = 6612001,
    /**
     * Never returned: cast control: io network connection timeout.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NETWORK_CONNECTION_TIMEOUT = 6612002,
    /**
     * Never returned: cast control: io invalid http content type.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_INVALID_HTTP_CONTENT_TYPE = 6612003,
    /**
     * Never returned: cast control: io bad http status.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_BAD_HTTP_STATUS = 6612004,
    /**
     * Never returned: cast control: io file not found.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_FILE_NOT_FOUND = 6612005,
    /**
     * Never returned: cast control: io no permission.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NO_PERMISSION = 6612006,
    /**
     * Never returned: cast control: io cleartext not permitted.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_CLEARTEXT_NOT_PERMITTED = 6612007,
    /**
     * Never returned: cast control: io read position out of range.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_READ_POSITION_OUT_OF_RANGE = 6612008,
    /**
     * Never returned: cast control: io no contents.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NO_CONTENTS = 6612100,
    /**
     * Never returned: cast control: io read error.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_READ_ERROR = 6612101,
    /**
     * Never returned: cast control: io content busy.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_CONTENT_BUSY = 6612102,
    /**
     * Never returned: cast control: io content expired.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_CONTENT_EXPIRED = 6612103,
    /**
     * Never returned: cast control: io use forbidden.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_USE_FORBIDDEN = 6612104,
    /**
     * Never returned: cast control: io not verified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NOT_VERIFIED = 6612105,
    /**
     * Never returned: cast control: io exhausted allowed uses.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_EXHAUSTED_ALLOWED_USES = 6612106,
    /**
     * Never returned: cast control: io network packet sending failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_IO_NETWORK_PACKET_SENDING_FAILED = 6612107,
    /**
     * Never returned: cast control: parsing unspecified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PARSING_UNSPECIFIED = 6613000,
    /**
     * Never returned: cast control: parsing container malformed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PARSING_CONTAINER_MALFORMED = 6613001,
    /**
     * Never returned: cast control: parsing manifest malformed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PARSING_MANIFEST_MALFORMED = 6613002,
    /**
     * Never returned: cast control: parsing container unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PARSING_CONTAINER_UNSUPPORTED = 6613003,
    /**
     * Never returned: cast control: parsing manifest unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_PARSING_MANIFEST_UNSUPPORTED = 6613004,
    /**
     * Never returned: cast control: decoding unspecified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_UNSPECIFIED = 6614000,
    /**
     * Never returned: cast control: decoding init failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_INIT_FAILED = 6614001,
    /**
     * Never returned: cast control: decoding query failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_QUERY_FAILED = 6614002,
    /**
     * Never returned: cast control: decoding failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_FAILED = 6614003,
    /**
     * Never returned: cast control: decoding format exceeds capabilities.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_FORMAT_EXCEEDS_CAPABILITIES = 6614004,
    /**
     * Never returned: cast control: decoding format unsupported.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_DECODING_FORMAT_UNSUPPORTED = 6614005,
    /**
     * Never returned: cast control: audio renderer unspecified.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_AUDIO_RENDERER_UNSPECIFIED = 6615000,
    /**
     * Never returned: cast control: audio renderer init failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_AUDIO_RENDERER_INIT_FAILED = 6615001,
    /**
     * Never returned: cast control: audio renderer write failed.
     */
    AV_SESSION_ERR_CODE_CAST_CONTROL_AUDIO_RENDERER_WRITE_FAILED = 6615002,
} AVSession_ErrCode;

/**
 * What callbacks return. It does not change what the library does; failures are logged.
 *
 * @since 13
 */
typedef enum AVSessionCallback_Result {
    /**
     * The command was carried out or will be.
     */
    AVSESSION_CALLBACK_RESULT_SUCCESS = 0,
    /**
     * The command could not be carried out.
     */
    AVSESSION_CALLBACK_RESULT_FAILURE = -1,
} AVSessionCallback_Result;

/**
 * What OH_AVMetadataBuilder and OH_AVMetadata functions return.
 *
 * @since 13
 */
typedef enum AVMetadata_Result {
    /**
     * Success.
     */
    AVMETADATA_SUCCESS = 0,
    /**
     * A parameter check failed. Nothing was changed.
     */
    AVMETADATA_ERROR_INVALID_PARAM = 1,
    /**
     * There is no memory or no handle left.
     */
    AVMETADATA_ERROR_NO_MEMORY = 2,
} AVMetadata_Result;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_AVSESSION_ERRORS_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_drm_common.rs; do not edit.
 */

/**
 * @addtogroup Drm
 * @{
 */

/**
 * @file native_drm_common.h
 * @brief Enums, structs and constants of the DRM kit; what callbacks and signal handlers must not do, and the stack that calls need.
 *
 * Callbacks, of this kit and of all others of the library, return to where they were called.
 *
 * On the library's own threads (events, key changes, commands, log lines of these threads), an exception of C++
 * that leaves a callback ends the program by std::terminate(), as on any thread. A callback may end its thread
 * (pthread_exit(), as Python before 3.14 does while it exits): it counts as having returned and as removed, and is
 * not called again. These threads are not cancelled unless a callback enables that for its thread. A callback must
 * not be left by longjmp().
 *
 * Functions of the library also call back before they return (OH_Drm_ParsePsshBoxes(), log lines of a call). There,
 * an exception that leaves the callback ends the process, and a thread that the callback ends stays where it is for
 * ever; both are said on standard error. A cancellation waits until the function has returned.
 *
 * Functions that decrypt need at most 32 KiB of the calling thread's stack, all others 64 KiB.
 *
 * Signal handlers must not call the library on a thread that they have interrupted inside of it. They may leave a
 * function that decrypts, and no other, by siglongjmp(), if the memory of a sample is not there: the sample is
 * undefined then, and the thread may be one that is not cancelled any more. The thread's next call of a function that
 * takes a handle, or its end, gives up what the decrypt has held; until then, whoever clears keys or destroys a
 * session on another thread waits.
 */

#ifndef NATIVE_DRM_COMMON_H
#define NATIVE_DRM_COMMON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Options in one media key request.
 */
#define MAX_MEDIA_KEY_REQUEST_OPTION_COUNT 16

/**
 * Bytes of an option's name, including its NUL.
 */
#define MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN 64

/**
 * Bytes of an option's data.
 */
#define MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN 128

/**
 * Bytes of init data.
 */
#define MAX_INIT_DATA_LEN 2048

/**
 * Bytes of a MIME type, including its NUL.
 */
#define MAX_MIMETYPE_LEN 64

/**
 * Bytes of a media key request.
 */
#define MAX_MEDIA_KEY_REQUEST_DATA_LEN 8192

/**
 * Bytes of a default URL, including its NUL.
 */
#define MAX_DEFAULT_URL_LEN 2048

/**
 * Entries of DRM_Statistics.
 */
#define MAX_STATISTICS_COUNT 10

/**
 * Bytes of a statistic's name, including its NUL.
 */
#define MAX_STATISTICS_NAME_LEN 64

/**
 * Bytes of a statistic's value, including its NUL.
 */
#define MAX_STATISTICS_BUFFER_LEN 256

/**
 * Offline media keys in one store.
 */
#define MAX_OFFLINE_MEDIA_KEY_ID_COUNT 512

/**
 * Bytes of an offline media key id.
 */
#define MAX_OFFLINE_MEDIA_KEY_ID_LEN 64

/**
 * Keys in one key change.
 */
#define MAX_KEY_INFO_COUNT 64

/**
 * Bytes of a key id.
 */
#define MAX_KEY_ID_LEN 16

/**
 * Bytes of a key's status word, including its NUL.
 */
#define MAX_KEY_STATUS_VALUE_LEN 128

/**
 * Rows of DRM_MediaKeyStatus.
 */
#define MAX_MEDIA_KEY_STATUS_COUNT 64

/**
 * Bytes of a row's name, including its NUL.
 */
#define MAX_MEDIA_KEY_STATUS_NAME_LEN 64

/**
 * Bytes of a row's value, including its NUL.
 */
#define MAX_MEDIA_KEY_STATUS_VALUE_LEN 256

/**
 * Bytes of a DRM system id.
 */
#define DRM_UUID_LEN 16

/**
 * Bytes of one pssh box.
 */
#define MAX_PSSH_DATA_LEN 2048

/**
 * Boxes in DRM_MediaKeySystemInfo.
 */
#define MAX_PSSH_INFO_COUNT 8

/**
 * Bytes of a key system's name, including its NUL.
 */
#define MAX_MEDIA_KEY_SYSTEM_NAME_LEN 128

/**
 * Key systems that a program has to expect.
 */
#define MAX_MEDIA_KEY_SYSTEM_NUM 8

/**
 * Events that callbacks receive.
 *
 * @since 11
 */
typedef enum DRM_EventType {
    /**
     * Base of the event numbers; not an event.
     */
    EVENT_DRM_BASE = 200,
    /**
     * A device certificate is needed. No info.
     */
    EVENT_PROVISION_REQUIRED = 201,
    /**
     * A license is needed. Info: the init data to pass to the next OH_MediaKeySession_GenerateMediaKeyRequest(): a pssh
     * box, to be passed with mimeType "cenc" whatever the media's is; at com.clearplay.drm's first request for some init
     * data: that init data as it was given, to be passed with the mimeType of that request.
     *
     * Where a decrypt has no key: once per key id until it arrives. A session remembers 4,096 needs and forgets the oldest;
     * while events of 4 MiB wait for a callback, nothing is announced, and the next decrypt after that does it.
     */
    EVENT_KEY_REQUIRED = 202,
    /**
     * Keys expired or were cleared. Info: their key ids, 16 bytes each.
     */
    EVENT_KEY_EXPIRED = 203,
    /**
     * Defined by the key system, as is its info.
     */
    EVENT_VENDOR_DEFINED = 204,
    /**
     * The expiry changed or a license was restored. Info: milliseconds since 1970 as decimal text, "0" = never.
     */
    EVENT_EXPIRATION_UPDATE = 206,
} DRM_EventType;

/**
 * Content protection levels, lowest first.
 *
 * @since 11
 */
typedef enum DRM_ContentProtectionLevel {
    /**
     * No level; not accepted as an argument.
     */
    CONTENT_PROTECTION_LEVEL_UNKNOWN = 0,
    /**
     * Cryptography in software. The highest level that this library really has.
     */
    CONTENT_PROTECTION_LEVEL_SW_CRYPTO = 1,
    /**
     * Cryptography in hardware.
     */
    CONTENT_PROTECTION_LEVEL_HW_CRYPTO = 2,
    /**
     * Cryptography and the whole media path in hardware.
     */
    CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO = 3,
    /**
     * One past the highest level; not accepted as an argument.
     */
    CONTENT_PROTECTION_LEVEL_MAX = 4,
} DRM_ContentProtectionLevel;

/**
 * Whether a media key is stored.
 *
 * @since 11
 */
typedef enum DRM_MediaKeyType {
    /**
     * A key that is stored and can be restored without a server.
     */
    MEDIA_KEY_TYPE_OFFLINE = 0,
    /**
     * A key that lives as long as its session.
     */
    MEDIA_KEY_TYPE_ONLINE = 1,
} DRM_MediaKeyType;

/**
 * Kinds of media key request.
 *
 * @since 11
 */
typedef enum DRM_MediaKeyRequestType {
    /**
     * Unknown.
     */
    MEDIA_KEY_REQUEST_TYPE_UNKNOWN = 0,
    /**
     * Initial request for a license.
     */
    MEDIA_KEY_REQUEST_TYPE_INITIAL = 1,
    /**
     * Request to renew a license.
     */
    MEDIA_KEY_REQUEST_TYPE_RENEWAL = 2,
    /**
     * Request to release a license.
     */
    MEDIA_KEY_REQUEST_TYPE_RELEASE = 3,
    /**
     * No request is needed.
     */
    MEDIA_KEY_REQUEST_TYPE_NONE = 4,
    /**
     * Request to update a license.
     */
    MEDIA_KEY_REQUEST_TYPE_UPDATE = 5,
} DRM_MediaKeyRequestType;

/**
 * States of a stored (offline) media key.
 *
 * @since 11
 */
typedef enum DRM_OfflineMediaKeyStatus {
    /**
     * Unknown.
     */
    OFFLINE_MEDIA_KEY_STATUS_UNKNOWN = 0,
    /**
     * The key can be restored and used.
     */
    OFFLINE_MEDIA_KEY_STATUS_USABLE = 1,
    /**
     * The key has been released.
     */
    OFFLINE_MEDIA_KEY_STATUS_INACTIVE = 2,
} DRM_OfflineMediaKeyStatus;

/**
 * States of the device certificate.
 *
 * @since 11
 */
typedef enum DRM_CertificateStatus {
    /**
     * The device has a valid certificate, or the key system needs none.
     */
    CERT_STATUS_PROVISIONED = 0,
    /**
     * The device has no certificate.
     */
    CERT_STATUS_NOT_PROVISIONED = 1,
    /**
     * The certificate has expired.
     */
    CERT_STATUS_EXPIRED = 2,
    /**
     * The certificate is not valid.
     */
    CERT_STATUS_INVALID = 3,
    /**
     * The status is not known.
     */
    CERT_STATUS_UNAVAILABLE = 4,
} DRM_CertificateStatus;

/**
 * A session that holds media keys. A handle: never dereferenced, safe to pass after destruction
 * (DRM_ERR_INVALID_VAL).
 *
 * @since 11
 */
typedef struct MediaKeySession MediaKeySession;

/**
 * An instance of a key system. A handle: never dereferenced, safe to pass after destruction (DRM_ERR_INVALID_VAL).
 *
 * @since 11
 */
typedef struct MediaKeySystem MediaKeySystem;

/**
 * What OH_MediaKeySession_GenerateMediaKeyRequest() needs.
 *
 * @since 11
 */
typedef struct DRM_MediaKeyRequestInfo {
    /**
     * MEDIA_KEY_TYPE_ONLINE or MEDIA_KEY_TYPE_OFFLINE.
     */
    DRM_MediaKeyType type;
    /**
     * Bytes used in initData, 1 to MAX_INIT_DATA_LEN.
     */
    int32_t initDataLen;
    /**
     * Init data: concatenated pssh boxes, a WebM key id, or a "keyids" JSON text, as mimeType says.
     */
    uint8_t initData[MAX_INIT_DATA_LEN];
    /**
     * MIME type of the media, such as "video/mp4", or the EME init data type "cenc", "webm" or "keyids";
     * NUL-terminated.
     */
    char mimeType[MAX_MIMETYPE_LEN];
    /**
     * Options used, 0 to MAX_MEDIA_KEY_REQUEST_OPTION_COUNT.
     */
    uint32_t optionsCount;
    /**
     * Names of the options, NUL-terminated.
     */
    char optionName[MAX_MEDIA_KEY_REQUEST_OPTION_COUNT][MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN];
    /**
     * Values of the options; a value that fills its array needs no NUL.
     */
    char optionData[MAX_MEDIA_KEY_REQUEST_OPTION_COUNT][MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN];
} DRM_MediaKeyRequestInfo;

/**
 * What OH_MediaKeySession_GenerateMediaKeyRequest() returns: the message for the license server.
 *
 * @since 11
 */
typedef struct DRM_MediaKeyRequest {
    /**
     * Kind of request.
     */
    DRM_MediaKeyRequestType type;
    /**
     * Bytes used in data.
     */
    int32_t dataLen;
    /**
     * The message.
     */
    uint8_t data[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    /**
     * Where to send it, NUL-terminated; empty if the key system does not know.
     */
    char defaultUrl[MAX_DEFAULT_URL_LEN];
} DRM_MediaKeyRequest;

/**
 * Names and values of statistics.
 *
 * @since 11
 */
typedef struct DRM_Statistics {
    /**
     * Entries used.
     */
    uint32_t statisticsCount;
    /**
     * Names, NUL-terminated.
     */
    char statisticsName[MAX_STATISTICS_COUNT][MAX_STATISTICS_NAME_LEN];
    /**
     * Values as text, NUL-terminated.
     */
    char statisticsDescription[MAX_STATISTICS_COUNT][MAX_STATISTICS_BUFFER_LEN];
} DRM_Statistics;

/**
 * Ids of stored (offline) media keys.
 *
 * @since 12
 */
typedef struct DRM_OfflineMediakeyIdArray {
    /**
     * Ids used.
     */
    uint32_t idsCount;
    /**
     * Bytes used in each id.
     */
    int32_t idsLen[MAX_OFFLINE_MEDIA_KEY_ID_COUNT];
    /**
     * The ids.
     */
    uint8_t ids[MAX_OFFLINE_MEDIA_KEY_ID_COUNT][MAX_OFFLINE_MEDIA_KEY_ID_LEN];
} DRM_OfflineMediakeyIdArray;

/**
 * Keys of a session and their status words, as key-change callbacks receive them.
 *
 * @since 11
 */
typedef struct DRM_KeysInfo {
    /**
     * Keys listed; a session's keys beyond MAX_KEY_INFO_COUNT are not listed.
     */
    uint32_t keysInfoCount;
    /**
     * Key ids; a shorter id is padded with zeros, a longer one is cut.
     */
    uint8_t keyId[MAX_KEY_INFO_COUNT][MAX_KEY_ID_LEN];
    /**
     * Status words: USABLE EXPIRED OUTPUT_NOT_ALLOWED PENDING INTERNAL_ERROR USABLE_IN_FUTURE; NUL-terminated.
     */
    char statusValue[MAX_KEY_INFO_COUNT][MAX_KEY_STATUS_VALUE_LEN];
} DRM_KeysInfo;

/**
 * Status rows of a session: one per key (name = lower-case hexadecimal key id, value = status word), then rows of the
 * license where it has a policy.
 *
 * @since 11
 */
typedef struct DRM_MediaKeyStatus {
    /**
     * Rows used.
     */
    uint32_t statusCount;
    /**
     * Names, NUL-terminated.
     */
    char statusName[MAX_MEDIA_KEY_STATUS_COUNT][MAX_MEDIA_KEY_STATUS_NAME_LEN];
    /**
     * Values, NUL-terminated.
     */
    char statusValue[MAX_MEDIA_KEY_STATUS_COUNT][MAX_MEDIA_KEY_STATUS_VALUE_LEN];
} DRM_MediaKeyStatus;

/**
 * One pssh box (ISO/IEC 23001-7 section 8.1).
 *
 * @since 11
 */
typedef struct DRM_PsshInfo {
    /**
     * DRM system id.
     */
    uint8_t uuid[DRM_UUID_LEN];
    /**
     * Bytes used in data.
     */
    int32_t dataLen;
    /**
     * The complete box, ready to be used as init data.
     */
    uint8_t data[MAX_PSSH_DATA_LEN];
} DRM_PsshInfo;

/**
 * The pssh boxes of a stream.
 *
 * @since 11
 */
typedef struct DRM_MediaKeySystemInfo {
    /**
     * Boxes used.
     */
    uint32_t psshCount;
    /**
     * The boxes.
     */
    struct DRM_PsshInfo psshInfo[MAX_PSSH_INFO_COUNT];
} DRM_MediaKeySystemInfo;

/**
 * Receives the pssh boxes of a stream from a player. The library declares the type for players and calls no such callback:
 * on which thread it is called is the player's to say. OH_Drm_ParseMediaKeySystemInfo() fills what it receives.
 *
 * native_drm_common.h says what it must not do.
 *
 * @param mediaKeySystemInfo the boxes; valid during the call
 * @since 11
 */
typedef void (*DRM_MediaKeySystemInfoCallback)(struct DRM_MediaKeySystemInfo *mediaKeySystemInfo);

/**
 * Name and system id of a key system.
 *
 * @since 12
 */
typedef struct DRM_MediaKeySystemDescription {
    /**
     * Name, NUL-terminated.
     */
    char name[MAX_MEDIA_KEY_SYSTEM_NAME_LEN];
    /**
     * System id as in pssh boxes.
     */
    uint8_t uuid[DRM_UUID_LEN];
} DRM_MediaKeySystemDescription;

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_DRM_COMMON_H */

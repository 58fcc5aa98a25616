/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * One call of every function that takes a handle, with arguments that are right but for the handle. Each checks that a
 * refused call left the output as it was. For tests that pass bad handles, or any handle while it is being destroyed.
 */
#ifndef TEST_SUPPORT_CALLS_H
#define TEST_SUPPORT_CALLS_H

#include "buffers.h"
#include "drm.h"
#include "multimedia/drm_framework/native_drm_isolation.h"
#include "multimedia/drm_framework/native_drm_license_service.h"

typedef Drm_ErrCode (*HandleCall)(void *handle);

typedef struct NamedCall {
    const char *name;
    HandleCall call;
} NamedCall;

#define CALL_FILL 0x5a

/* `call` is one that refused its handle, if it left `output` alone. */
#define CALL_UNTOUCHED(code, output)                      \
    do {                                                  \
        if ((code) == DRM_ERR_INVALID_VAL) {              \
            CHECK_FILLED(&(output), CALL_FILL, sizeof(output)); \
        }                                                 \
    } while (0)

static inline Drm_ErrCode ignore_event(MediaKeySystem *system, DRM_EventType event, uint8_t *info, int32_t info_len,
                                       char *extra)
{
    (void)system;
    (void)event;
    (void)info;
    (void)info_len;
    (void)extra;
    return DRM_ERR_OK;
}

static inline Drm_ErrCode ignore_plain_event(DRM_EventType event, uint8_t *info, int32_t info_len, char *extra)
{
    return ignore_event(NULL, event, info, info_len, extra);
}

static inline Drm_ErrCode call_system_set_callback(void *handle)
{
    return OH_MediaKeySystem_SetCallback((MediaKeySystem *)handle, ignore_event);
}

static inline Drm_ErrCode call_system_set_plain_callback(void *handle)
{
    return OH_MediaKeySystem_SetMediaKeySystemCallback((MediaKeySystem *)handle, ignore_plain_event);
}

static inline Drm_ErrCode call_system_set_user_data_callback(void *handle)
{
    return OH_MediaKeySystem_SetCallbackWithUserData((MediaKeySystem *)handle, NULL, NULL);
}

static inline Drm_ErrCode call_system_set_string(void *handle)
{
    return OH_MediaKeySystem_SetConfigurationString((MediaKeySystem *)handle, "name", "value");
}

static inline Drm_ErrCode call_system_get_string(void *handle)
{
    char value[64];
    memset(value, CALL_FILL, sizeof(value));
    Drm_ErrCode code = OH_MediaKeySystem_GetConfigurationString((MediaKeySystem *)handle, "vendor", value,
                                                                (int32_t)sizeof(value));
    CALL_UNTOUCHED(code, value);
    return code;
}

static inline Drm_ErrCode call_system_set_bytes(void *handle)
{
    uint8_t value[4] = {1, 2, 3, 4};
    return OH_MediaKeySystem_SetConfigurationByteArray((MediaKeySystem *)handle, "name", value, 4);
}

static inline Drm_ErrCode call_system_get_bytes(void *handle)
{
    uint8_t value[64];
    int32_t size = (int32_t)sizeof(value);
    memset(value, CALL_FILL, sizeof(value));
    Drm_ErrCode code = OH_MediaKeySystem_GetConfigurationByteArray((MediaKeySystem *)handle, "deviceUniqueId", value,
                                                                   &size);
    CALL_UNTOUCHED(code, value);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (int32_t)sizeof(value));
    return code;
}

static inline Drm_ErrCode call_system_statistics(void *handle)
{
    DRM_Statistics statistics;
    memset(&statistics, CALL_FILL, sizeof(statistics));
    Drm_ErrCode code = OH_MediaKeySystem_GetStatistics((MediaKeySystem *)handle, &statistics);
    CALL_UNTOUCHED(code, statistics);
    return code;
}

static inline Drm_ErrCode call_system_sample_buffer(void *handle)
{
    uint8_t *buffer = NULL;
    memset(&buffer, CALL_FILL, sizeof(buffer));
    Drm_ErrCode code = OH_Drm_AllocateSampleBuffer((MediaKeySystem *)handle, 16, &buffer);
    CALL_UNTOUCHED(code, buffer);
    if (code == DRM_ERR_OK) {
        CHECK_OK(OH_Drm_FreeSampleBuffer(buffer));
    }
    return code;
}

static inline Drm_ErrCode call_system_level(void *handle)
{
    DRM_ContentProtectionLevel level;
    memset(&level, CALL_FILL, sizeof(level));
    Drm_ErrCode code = OH_MediaKeySystem_GetMaxContentProtectionLevel((MediaKeySystem *)handle, &level);
    CALL_UNTOUCHED(code, level);
    return code;
}

static inline Drm_ErrCode call_system_create_session(void *handle)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    MediaKeySession *session = NULL;
    memset(&session, CALL_FILL, sizeof(session));
    Drm_ErrCode code = OH_MediaKeySystem_CreateMediaKeySession((MediaKeySystem *)handle, &level, &session);
    CALL_UNTOUCHED(code, session);
    if (code == DRM_ERR_OK) {
        OH_MediaKeySession_Destroy(session);
    }
    return code;
}

static inline Drm_ErrCode call_system_request(void *handle)
{
    uint8_t request[256];
    int32_t size = (int32_t)sizeof(request);
    char url[128];
    memset(request, CALL_FILL, sizeof(request));
    memset(url, CALL_FILL, sizeof(url));
    Drm_ErrCode code = OH_MediaKeySystem_GenerateKeySystemRequest((MediaKeySystem *)handle, request, &size, url,
                                                                  (int32_t)sizeof(url));
    CALL_UNTOUCHED(code, request);
    CALL_UNTOUCHED(code, url);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (int32_t)sizeof(request));
    return code;
}

static inline Drm_ErrCode call_system_response(void *handle)
{
    uint8_t response[2] = {'o', 'k'};
    return OH_MediaKeySystem_ProcessKeySystemResponse((MediaKeySystem *)handle, response, 2);
}

static inline Drm_ErrCode call_system_offline_ids(void *handle)
{
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE(ids != NULL);
    memset(ids, CALL_FILL, sizeof(*ids));
    Drm_ErrCode code = OH_MediaKeySystem_GetOfflineMediaKeyIds((MediaKeySystem *)handle, ids);
    CALL_UNTOUCHED(code, *ids);
    free(ids);
    return code;
}

static inline Drm_ErrCode call_system_offline_status(void *handle)
{
    uint8_t id[16];
    DRM_OfflineMediaKeyStatus status;
    memcpy(id, KID_A, 16);
    memset(&status, CALL_FILL, sizeof(status));
    Drm_ErrCode code = OH_MediaKeySystem_GetOfflineMediaKeyStatus((MediaKeySystem *)handle, id, 16, &status);
    CALL_UNTOUCHED(code, status);
    return code;
}

static inline Drm_ErrCode call_system_clear_offline(void *handle)
{
    uint8_t id[16];
    memcpy(id, KID_A, 16);
    return OH_MediaKeySystem_ClearOfflineMediaKeys((MediaKeySystem *)handle, id, 16);
}

static inline Drm_ErrCode call_system_certificate(void *handle)
{
    DRM_CertificateStatus status;
    memset(&status, CALL_FILL, sizeof(status));
    Drm_ErrCode code = OH_MediaKeySystem_GetCertificateStatus((MediaKeySystem *)handle, &status);
    CALL_UNTOUCHED(code, status);
    return code;
}

static inline Drm_ErrCode call_system_find_session(void *handle)
{
    MediaKeySession *session = NULL;
    memset(&session, CALL_FILL, sizeof(session));
    Drm_ErrCode code = OH_MediaKeySystem_FindSessionByKeyId((MediaKeySystem *)handle, KID_A, 0, &session);
    CALL_UNTOUCHED(code, session);
    return code;
}

/* Refused where the system has sessions, as it has in most tests. */
static inline Drm_ErrCode call_system_set_virtual_clock(void *handle)
{
    return OH_MediaKeySystem_SetVirtualClock((MediaKeySystem *)handle, INT64_C(1767225600000));
}

/* Refused where the system goes by the machine's clock. */
static inline Drm_ErrCode call_system_advance_virtual_clock(void *handle)
{
    return OH_MediaKeySystem_AdvanceVirtualClock((MediaKeySystem *)handle, 1, false);
}

/* Every function that takes a MediaKeySystem, but Destroy. */
static const NamedCall SYSTEM_CALLS[] = {
    {"SetCallback", call_system_set_callback},
    {"SetMediaKeySystemCallback", call_system_set_plain_callback},
    {"SetCallbackWithUserData", call_system_set_user_data_callback},
    {"SetConfigurationString", call_system_set_string},
    {"GetConfigurationString", call_system_get_string},
    {"SetConfigurationByteArray", call_system_set_bytes},
    {"GetConfigurationByteArray", call_system_get_bytes},
    {"GetStatistics", call_system_statistics},
    {"AllocateSampleBuffer", call_system_sample_buffer},
    {"GetMaxContentProtectionLevel", call_system_level},
    {"CreateMediaKeySession", call_system_create_session},
    {"GenerateKeySystemRequest", call_system_request},
    {"ProcessKeySystemResponse", call_system_response},
    {"GetOfflineMediaKeyIds", call_system_offline_ids},
    {"GetOfflineMediaKeyStatus", call_system_offline_status},
    {"ClearOfflineMediaKeys", call_system_clear_offline},
    {"GetCertificateStatus", call_system_certificate},
    {"FindSessionByKeyId", call_system_find_session},
    {"SetVirtualClock", call_system_set_virtual_clock},
    {"AdvanceVirtualClock", call_system_advance_virtual_clock},
};
#define SYSTEM_CALL_COUNT (sizeof(SYSTEM_CALLS) / sizeof(SYSTEM_CALLS[0]))

static inline Drm_ErrCode call_session_key_request(void *handle)
{
    uint8_t pssh[64];
    uint8_t kids[1][16];
    memcpy(kids[0], KID_A, 16);
    size_t size = make_pssh(pssh, W3C_UUID, (const uint8_t(*)[16])kids, 1, NULL, 0);
    DRM_MediaKeyRequestInfo *info = make_request_info("video/mp4", pssh, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    memset(request, CALL_FILL, sizeof(*request));
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest((MediaKeySession *)handle, info, request);
    CALL_UNTOUCHED(code, *request);
    free(request);
    free(info);
    return code;
}

static inline Drm_ErrCode call_session_key_response(void *handle)
{
    char text[256];
    uint8_t id[64];
    int32_t size = (int32_t)sizeof(id);
    jwk_license(text, sizeof(text), "temporary", KID_A, NIST_KEY);
    memset(id, CALL_FILL, sizeof(id));
    Drm_ErrCode code = OH_MediaKeySession_ProcessMediaKeyResponse((MediaKeySession *)handle, (uint8_t *)text,
                                                                  (int32_t)strlen(text), id, &size);
    CALL_UNTOUCHED(code, id);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (int32_t)sizeof(id));
    return code;
}

static inline Drm_ErrCode call_session_key_status(void *handle)
{
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)malloc(sizeof(*status));
    REQUIRE(status != NULL);
    memset(status, CALL_FILL, sizeof(*status));
    Drm_ErrCode code = OH_MediaKeySession_CheckMediaKeyStatus((MediaKeySession *)handle, status);
    CALL_UNTOUCHED(code, *status);
    free(status);
    return code;
}

static inline Drm_ErrCode call_session_clear(void *handle)
{
    return OH_MediaKeySession_ClearMediaKeys((MediaKeySession *)handle);
}

static inline Drm_ErrCode call_session_release_request(void *handle)
{
    uint8_t id[16];
    uint8_t request[256];
    int32_t size = (int32_t)sizeof(request);
    memcpy(id, KID_A, 16);
    memset(request, CALL_FILL, sizeof(request));
    Drm_ErrCode code = OH_MediaKeySession_GenerateOfflineReleaseRequest((MediaKeySession *)handle, id, 16, request,
                                                                        &size);
    CALL_UNTOUCHED(code, request);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (int32_t)sizeof(request));
    return code;
}

static inline Drm_ErrCode call_session_release_response(void *handle)
{
    uint8_t id[16];
    uint8_t response[] = "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}";
    memcpy(id, KID_A, 16);
    return OH_MediaKeySession_ProcessOfflineReleaseResponse((MediaKeySession *)handle, id, 16, response,
                                                            (int32_t)sizeof(response) - 1);
}

static inline Drm_ErrCode call_session_restore(void *handle)
{
    uint8_t id[16];
    memcpy(id, KID_A, 16);
    return OH_MediaKeySession_RestoreOfflineMediaKeys((MediaKeySession *)handle, id, 16);
}

static inline Drm_ErrCode call_session_level(void *handle)
{
    DRM_ContentProtectionLevel level;
    memset(&level, CALL_FILL, sizeof(level));
    Drm_ErrCode code = OH_MediaKeySession_GetContentProtectionLevel((MediaKeySession *)handle, &level);
    CALL_UNTOUCHED(code, level);
    return code;
}

static inline Drm_ErrCode call_session_secure_decoder(void *handle)
{
    bool status;
    memset(&status, 0, sizeof(status));
    Drm_ErrCode code = OH_MediaKeySession_RequireSecureDecoderModule((MediaKeySession *)handle, "video/avc", &status);
    CHECK(!status);
    return code;
}

static inline Drm_ErrCode call_session_set_plain_callback(void *handle)
{
    MediaKeySession_Callback callback = {NULL, NULL};
    return OH_MediaKeySession_SetMediaKeySessionCallback((MediaKeySession *)handle, &callback);
}

static inline Drm_ErrCode call_session_set_callback(void *handle)
{
    OH_MediaKeySession_Callback callback = {NULL, NULL};
    return OH_MediaKeySession_SetCallback((MediaKeySession *)handle, &callback);
}

static inline Drm_ErrCode call_session_set_user_data_callback(void *handle)
{
    return OH_MediaKeySession_SetCallbackWithUserData((MediaKeySession *)handle, NULL, NULL);
}

static inline Drm_ErrCode call_session_decrypt(void *handle)
{
    return decrypt_nist((MediaKeySession *)handle, KID_A);
}

static inline Drm_ErrCode call_session_decrypt_cencinfo(void *handle)
{
    uint8_t data[NIST_SIZE];
    uint8_t before[NIST_SIZE];
    DRM_SampleInfo info = nist_ctr_sample(KID_A, data);
    memcpy(before, data, NIST_SIZE);
    OH_AVCencInfo *cenc_info = OH_AVCencInfo_Create();
    DrmSubsample none = {0, 0};
    CHECK_INT(OH_AVCencInfo_SetAlgorithm(cenc_info, DRM_ALG_CENC_AES_CTR), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(cenc_info, info.keyId, 16, info.iv, 16), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(cenc_info, 0, 0, 0, 0, &none), AV_ERR_OK);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSampleWithCencInfo((MediaKeySession *)handle, cenc_info, data,
                                                                    NIST_SIZE);
    if (code != DRM_ERR_OK) {
        CHECK_MEM(data, before, NIST_SIZE);
    }
    CHECK_INT(OH_AVCencInfo_Destroy(cenc_info), AV_ERR_OK);
    return code;
}

static inline Drm_ErrCode call_session_decrypt_buffer(void *handle)
{
    OH_AVBuffer *buffer = make_buffer(NIST_SIZE);
    uint8_t before[NIST_SIZE];
    hex_decode(NIST_CTR_CIPHER, before);
    memcpy(OH_AVBuffer_GetAddr(buffer), before, NIST_SIZE);
    set_range(buffer, 0, NIST_SIZE);
    attach_ctr(buffer, KID_A);
    Drm_ErrCode code = OH_MediaKeySession_DecryptAVBuffer((MediaKeySession *)handle, buffer);
    if (code != DRM_ERR_OK) {
        CHECK_MEM(OH_AVBuffer_GetAddr(buffer), before, NIST_SIZE);
    }
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
    return code;
}

static inline Drm_ErrCode call_session_decrypt_several(void *handle)
{
    uint8_t data[NIST_SIZE];
    uint8_t before[NIST_SIZE];
    DRM_SampleInfo info = nist_ctr_sample(KID_A, data);
    DRM_Sample samples[1];
    memcpy(before, data, NIST_SIZE);
    samples[0].info = &info;
    samples[0].data = data;
    samples[0].dataLen = NIST_SIZE;
    samples[0].reserved = 0;
    Drm_ErrCode code = OH_MediaKeySession_DecryptSamples((MediaKeySession *)handle, samples, 1, NULL);
    if (code != DRM_ERR_OK) {
        CHECK_MEM(data, before, NIST_SIZE);
    }
    return code;
}

static inline Drm_ErrCode call_session_decrypt_unit(void *handle)
{
    uint8_t data[7 + 16 + NIST_SIZE] = {0xff, 0xf1, 0x50, 0x80, (7 + 16 + NIST_SIZE) >> 3,
                                        (7 + 16 + NIST_SIZE) << 5 & 0xff, 0xfc};
    uint8_t before[sizeof(data)];
    uint32_t size = (uint32_t)sizeof(data);
    DRM_AccessUnitInfo info;
    DRM_AccessUnitState state;
    memset(&info, 0, sizeof(info));
    memset(&state, 0, sizeof(state));
    info.structSize = (uint32_t)sizeof(info);
    info.format = DRM_ACCESS_UNIT_SAMPLE_AES_AAC;
    memcpy(info.keyId, KID_A, 16);
    memcpy(before, data, sizeof(data));
    Drm_ErrCode code = OH_MediaKeySession_DecryptAccessUnit((MediaKeySession *)handle, &info, &state, data, &size);
    if (code != DRM_ERR_OK) {
        CHECK_MEM(data, before, sizeof(data));
    }
    CHECK(size == (uint32_t)sizeof(data));
    return code;
}

static inline Drm_ErrCode call_session_explain(void *handle)
{
    char text[64];
    uint32_t size = (uint32_t)sizeof(text);
    memset(text, CALL_FILL, sizeof(text));
    Drm_ErrCode code = OH_MediaKeySession_ExplainLicenses((MediaKeySession *)handle, text, &size);
    CALL_UNTOUCHED(code, text);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (uint32_t)sizeof(text));
    return code;
}

/* Every function that takes a MediaKeySession, but Destroy. */
static const NamedCall SESSION_CALLS[] = {
    {"GenerateMediaKeyRequest", call_session_key_request},
    {"ProcessMediaKeyResponse", call_session_key_response},
    {"CheckMediaKeyStatus", call_session_key_status},
    {"ClearMediaKeys", call_session_clear},
    {"GenerateOfflineReleaseRequest", call_session_release_request},
    {"ProcessOfflineReleaseResponse", call_session_release_response},
    {"RestoreOfflineMediaKeys", call_session_restore},
    {"GetContentProtectionLevel", call_session_level},
    {"RequireSecureDecoderModule", call_session_secure_decoder},
    {"SetMediaKeySessionCallback", call_session_set_plain_callback},
    {"SetCallback", call_session_set_callback},
    {"SetCallbackWithUserData", call_session_set_user_data_callback},
    {"DecryptSample", call_session_decrypt},
    {"DecryptSampleWithCencInfo", call_session_decrypt_cencinfo},
    {"DecryptAVBuffer", call_session_decrypt_buffer},
    {"DecryptSamples", call_session_decrypt_several},
    {"DecryptAccessUnit", call_session_decrypt_unit},
    {"ExplainLicenses", call_session_explain},
};
#define SESSION_CALL_COUNT (sizeof(SESSION_CALLS) / sizeof(SESSION_CALLS[0]))

#define CALL_CONTENT "{\"content_id\":\"bW92aWU=\"}"

static inline Drm_ErrCode call_service_add_content(void *handle)
{
    return OH_DrmLicenseService_AddContent((OH_DrmLicenseService *)handle, (const uint8_t *)CALL_CONTENT,
                                           (uint32_t)strlen(CALL_CONTENT));
}

static inline Drm_ErrCode call_service_add_policy(void *handle)
{
    return OH_DrmLicenseService_AddPolicy((OH_DrmLicenseService *)handle, "name", (const uint8_t *)"{}", 2);
}

static inline Drm_ErrCode call_service_add_provider(void *handle)
{
    return OH_DrmLicenseService_AddProvider((OH_DrmLicenseService *)handle, "name", NULL);
}

static inline Drm_ErrCode call_service_add_catalog(void *handle)
{
    return OH_DrmLicenseService_AddCatalog((OH_DrmLicenseService *)handle, (const uint8_t *)"{}", 2);
}

static inline Drm_ErrCode call_service_content_key(void *handle)
{
    uint8_t id[16];
    uint8_t key[16];
    memset(id, CALL_FILL, sizeof(id));
    memset(key, CALL_FILL, sizeof(key));
    Drm_ErrCode code = OH_DrmLicenseService_GetContentKey((OH_DrmLicenseService *)handle, (const uint8_t *)"movie", 5,
                                                          "SD", id, key);
    CALL_UNTOUCHED(code, id);
    CALL_UNTOUCHED(code, key);
    return code;
}

static inline Drm_ErrCode call_service_message(void *handle)
{
    uint8_t response[4096];
    uint32_t size = (uint32_t)sizeof(response);
    OH_DrmLicenseService_Answer answer;
    memset(response, CALL_FILL, sizeof(response));
    memset(&answer, CALL_FILL, sizeof(answer));
    Drm_ErrCode code = OH_DrmLicenseService_HandleMessage((OH_DrmLicenseService *)handle, (const uint8_t *)"{}", 2,
                                                          response, &size, &answer);
    CALL_UNTOUCHED(code, response);
    CALL_UNTOUCHED(code, answer);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (uint32_t)sizeof(response));
    return code;
}

/* There is no such license. */
static inline Drm_ErrCode call_service_revoke(void *handle)
{
    uint8_t id[NATIVE_DRM_LICENSE_ID_LEN] = {0};
    return OH_DrmLicenseService_RevokeLicense((OH_DrmLicenseService *)handle, id);
}

static inline Drm_ErrCode call_service_authority(void *handle)
{
    uint8_t certificate[2048];
    uint32_t size = (uint32_t)sizeof(certificate);
    memset(certificate, CALL_FILL, sizeof(certificate));
    Drm_ErrCode code = OH_DrmLicenseService_GetAuthority((OH_DrmLicenseService *)handle, certificate, &size);
    CALL_UNTOUCHED(code, certificate);
    CHECK(code != DRM_ERR_INVALID_VAL || size == (uint32_t)sizeof(certificate));
    return code;
}

static inline Drm_ErrCode call_service_set_time(void *handle)
{
    return OH_DrmLicenseService_SetTime((OH_DrmLicenseService *)handle, -1);
}

/* Every function that takes an OH_DrmLicenseService, but Destroy. */
static const NamedCall SERVICE_CALLS[] = {
    {"AddContent", call_service_add_content},
    {"AddPolicy", call_service_add_policy},
    {"AddProvider", call_service_add_provider},
    {"AddCatalog", call_service_add_catalog},
    {"GetContentKey", call_service_content_key},
    {"HandleMessage", call_service_message},
    {"RevokeLicense", call_service_revoke},
    {"GetAuthority", call_service_authority},
    {"SetTime", call_service_set_time},
};
#define SERVICE_CALL_COUNT (sizeof(SERVICE_CALLS) / sizeof(SERVICE_CALLS[0]))

#endif /* TEST_SUPPORT_CALLS_H */

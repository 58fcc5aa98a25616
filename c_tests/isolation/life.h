/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The life of a session, call by call.
 */
#ifndef TEST_ISOLATION_LIFE_H
#define TEST_ISOLATION_LIFE_H

#include "multimedia/drm_framework/native_drm_isolation.h"
#include "support/access_unit.h"
#include "support/drm.h"

typedef struct Life {
    MediaKeySystem *system;
    MediaKeySession *session;
    uint8_t *buffer;
    int events; /* callbacks so far */
} Life;

static inline Drm_ErrCode life_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len,
                                     char *extra, void *data)
{
    (void)session, (void)event, (void)info, (void)info_len, (void)extra;
    __atomic_add_fetch(&((Life *)data)->events, 1, __ATOMIC_SEQ_CST);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode life_system_event(MediaKeySystem *system, DRM_EventType event, uint8_t *info, int32_t info_len,
                                            char *extra, void *data)
{
    (void)system;
    return life_event(NULL, event, info, info_len, extra, data);
}

static inline Drm_ErrCode life_keys(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *data)
{
    (void)session, (void)keys, (void)new_keys;
    __atomic_add_fetch(&((Life *)data)->events, 1, __ATOMIC_SEQ_CST);
    return DRM_ERR_OK;
}

/* A step that the host answers with a refusal: it has had the message, which is all that a step is for. */
static inline Drm_ErrCode life_refused(Drm_ErrCode code, Drm_ErrCode refusal)
{
    return code == refusal ? DRM_ERR_OK : code == DRM_ERR_OK ? DRM_ERR_UNKNOWN : code;
}

static Drm_ErrCode life_create(Life *life)
{
    return OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &life->system);
}

static Drm_ErrCode life_set_string(Life *life)
{
    return OH_MediaKeySystem_SetConfigurationString(life->system, "name", "value");
}

static Drm_ErrCode life_get_string(Life *life)
{
    char value[64];
    return OH_MediaKeySystem_GetConfigurationString(life->system, "vendor", value, sizeof(value));
}

static Drm_ErrCode life_set_bytes(Life *life)
{
    uint8_t value[3] = {1, 2, 3};
    return OH_MediaKeySystem_SetConfigurationByteArray(life->system, "bytes", value, sizeof(value));
}

static Drm_ErrCode life_get_bytes(Life *life)
{
    uint8_t value[64];
    int32_t size = sizeof(value);
    return OH_MediaKeySystem_GetConfigurationByteArray(life->system, "bytes", value, &size);
}

static Drm_ErrCode life_provision(Life *life)
{
    static uint8_t request[8192];
    char url[2048];
    int32_t size = sizeof(request);
    return OH_MediaKeySystem_GenerateKeySystemRequest(life->system, request, &size, url, sizeof(url));
}

static Drm_ErrCode life_provisioned(Life *life)
{
    uint8_t response[] = "who knows";
    return OH_MediaKeySystem_ProcessKeySystemResponse(life->system, response, sizeof(response));
}

static Drm_ErrCode life_set_clock(Life *life)
{
    return OH_MediaKeySystem_SetVirtualClock(life->system, 1767225600000);
}

static Drm_ErrCode life_advance_clock(Life *life)
{
    return OH_MediaKeySystem_AdvanceVirtualClock(life->system, 1000, false);
}

static Drm_ErrCode life_listen_to_system(Life *life)
{
    return OH_MediaKeySystem_SetCallbackWithUserData(life->system, life_system_event, life);
}

static Drm_ErrCode life_certificate(Life *life)
{
    DRM_CertificateStatus status;
    return OH_MediaKeySystem_GetCertificateStatus(life->system, &status);
}

static Drm_ErrCode life_max_level(Life *life)
{
    DRM_ContentProtectionLevel level;
    return OH_MediaKeySystem_GetMaxContentProtectionLevel(life->system, &level);
}

static Drm_ErrCode life_session(Life *life)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    return OH_MediaKeySystem_CreateMediaKeySession(life->system, &level, &life->session);
}

static Drm_ErrCode life_listen(Life *life)
{
    OH_MediaKeySession_UserDataCallback callback = {life_event, life_keys};
    return OH_MediaKeySession_SetCallbackWithUserData(life->session, &callback, life);
}

static Drm_ErrCode life_buffer(Life *life)
{
    return OH_Drm_AllocateSampleBuffer(life->system, NIST_SIZE, &life->buffer);
}

static Drm_ErrCode life_request(Life *life)
{
    static DRM_MediaKeyRequestInfo info;
    static DRM_MediaKeyRequest request;
    memset(&info, 0, sizeof(info));
    info.type = MEDIA_KEY_TYPE_OFFLINE;
    info.initDataLen = (int32_t)make_pssh(info.initData, "1077efecc0b24d02ace33c1e52e2fb4b", &KID_A, 1, NULL, 0);
    strcpy(info.mimeType, "video/mp4");
    return OH_MediaKeySession_GenerateMediaKeyRequest(life->session, &info, &request);
}

static Drm_ErrCode life_offline_key(Life *life)
{
    char text[256];
    return process_response(life->session, clearplay_license(text, sizeof(text), '1', KID_A, NIST_KEY));
}

static Drm_ErrCode life_online_key(Life *life)
{
    char text[256];
    return process_response(life->session, clearplay_license(text, sizeof(text), '0', KID_B, NIST_KEY));
}

static Drm_ErrCode life_status(Life *life)
{
    DRM_MediaKeyStatus status;
    return OH_MediaKeySession_CheckMediaKeyStatus(life->session, &status);
}

static Drm_ErrCode life_level(Life *life)
{
    DRM_ContentProtectionLevel level;
    return OH_MediaKeySession_GetContentProtectionLevel(life->session, &level);
}

static Drm_ErrCode life_secure(Life *life)
{
    bool secure;
    return OH_MediaKeySession_RequireSecureDecoderModule(life->session, "video/mp4", &secure);
}

static Drm_ErrCode life_decrypt(Life *life)
{
    return decrypt_nist(life->session, KID_A);
}

static Drm_ErrCode life_decrypt_shared(Life *life)
{
    uint8_t plain[NIST_SIZE];
    DRM_SampleInfo info = nist_ctr_sample(KID_B, life->buffer);
    hex_decode(NIST_PLAIN, plain);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSample(life->session, &info, life->buffer, NIST_SIZE);
    if (code == DRM_ERR_OK) {
        CHECK_MEM(life->buffer, plain, NIST_SIZE);
    }
    return code;
}

static Drm_ErrCode life_batch(Life *life)
{
    uint8_t data[2][NIST_SIZE], plain[NIST_SIZE];
    DRM_SampleInfo a = nist_ctr_sample(KID_A, data[0]), b = nist_ctr_sample(KID_B, data[1]);
    DRM_Sample samples[2] = {{&a, data[0], NIST_SIZE, 0}, {&b, data[1], NIST_SIZE, 0}};
    hex_decode(NIST_PLAIN, plain);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSamples(life->session, samples, 2, NULL);
    if (code == DRM_ERR_OK) {
        CHECK_MEM(data[0], plain, NIST_SIZE);
        CHECK_MEM(data[1], plain, NIST_SIZE);
    }
    return code;
}

/* A batch of which the second sample is wrong in itself: the host is asked whether the first one is, too. */
static Drm_ErrCode life_check_batch(Life *life)
{
    uint8_t data[2][NIST_SIZE];
    DRM_SampleInfo a = nist_ctr_sample(KID_A, data[0]), b = nist_ctr_sample(KID_B, data[1]);
    DRM_Sample samples[2] = {{&a, data[0], NIST_SIZE, 0}, {&b, data[1], NIST_SIZE, 1}};
    return life_refused(OH_MediaKeySession_DecryptSamples(life->session, samples, 2, NULL), DRM_ERR_INVALID_VAL);
}

static Drm_ErrCode life_unit(Life *life)
{
    const DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    Unit unit = usual_unit();
    uint8_t plain[NIST_SIZE];
    uint32_t size = unit.size;
    memset(&state, 0, sizeof(state));
    hex_decode(NIST_PLAIN, plain);
    Drm_ErrCode code = OH_MediaKeySession_DecryptAccessUnit(life->session, &info, &state, unit.bytes, &size);
    if (code == DRM_ERR_OK) {
        CHECK_MEM(unit.bytes + size - 1 - NIST_SIZE, plain, 16);
    }
    return code;
}

static Drm_ErrCode life_find(Life *life)
{
    MediaKeySession *found = NULL;
    Drm_ErrCode code = OH_MediaKeySystem_FindSessionByKeyId(life->system, KID_A, 60000, &found);
    CHECK(code != DRM_ERR_OK || found == life->session);
    return code;
}

static Drm_ErrCode life_ids(Life *life)
{
    static DRM_OfflineMediakeyIdArray ids;
    return OH_MediaKeySystem_GetOfflineMediaKeyIds(life->system, &ids);
}

static Drm_ErrCode life_offline_status(Life *life)
{
    DRM_OfflineMediaKeyStatus status;
    return OH_MediaKeySystem_GetOfflineMediaKeyStatus(life->system, (uint8_t *)KID_A, 16, &status);
}

static Drm_ErrCode life_statistics(Life *life)
{
    static DRM_Statistics statistics;
    return OH_MediaKeySystem_GetStatistics(life->system, &statistics);
}

static Drm_ErrCode life_explain(Life *life)
{
    char json[256];
    uint32_t size = sizeof(json);
    return OH_MediaKeySession_ExplainLicenses(life->session, json, &size);
}

static Drm_ErrCode life_clear(Life *life)
{
    return OH_MediaKeySession_ClearMediaKeys(life->session);
}

static Drm_ErrCode life_restore(Life *life)
{
    return OH_MediaKeySession_RestoreOfflineMediaKeys(life->session, (uint8_t *)KID_A, 16);
}

static Drm_ErrCode life_release_request(Life *life)
{
    static uint8_t request[8192];
    int32_t size = sizeof(request);
    return OH_MediaKeySession_GenerateOfflineReleaseRequest(life->session, (uint8_t *)KID_A, 16, request, &size);
}

/* For a key that is not stored, as the next one. */
static Drm_ErrCode life_release_response(Life *life)
{
    uint8_t response[] = "ok";
    return life_refused(OH_MediaKeySession_ProcessOfflineReleaseResponse(life->session, (uint8_t *)KID_B, 16, response, 2),
                        DRM_ERR_UNKNOWN);
}

static Drm_ErrCode life_clear_offline(Life *life)
{
    return life_refused(OH_MediaKeySystem_ClearOfflineMediaKeys(life->system, (uint8_t *)KID_B, 16), DRM_ERR_UNKNOWN);
}

/* What a step is about: without one, its function is about no handle. */
typedef enum LifeNeeds { OF_SYSTEM, OF_SESSION, OF_BUFFER } LifeNeeds;

typedef struct LifeStep {
    const char *name;
    Drm_ErrCode (*call)(Life *life);
    LifeNeeds needs;
} LifeStep;

static inline bool life_has(const Life *life, LifeNeeds needs)
{
    return needs == OF_SYSTEM || (needs == OF_SESSION ? life->session != NULL : life->buffer != NULL);
}

/* Every message that there is, but that too many events wait, for which there would have to be 4 MiB of them; life_end() closes. */
static const LifeStep LIFE[] = {
    {"create", life_create, OF_SYSTEM},
    {"set a string", life_set_string, OF_SYSTEM},
    {"listen to the instance", life_listen_to_system, OF_SYSTEM}, /* not a message if somebody listens already, so not the first */
    {"get a string", life_get_string, OF_SYSTEM},
    {"set bytes", life_set_bytes, OF_SYSTEM},
    {"get bytes", life_get_bytes, OF_SYSTEM},
    {"provisioning request", life_provision, OF_SYSTEM},
    {"provisioning response", life_provisioned, OF_SYSTEM},
    {"certificate", life_certificate, OF_SYSTEM},
    {"highest level", life_max_level, OF_SYSTEM},
    {"virtual clock", life_set_clock, OF_SYSTEM},
    {"session", life_session, OF_SYSTEM},
    {"listen", life_listen, OF_SESSION},
    {"sample buffer", life_buffer, OF_SYSTEM},
    {"request", life_request, OF_SESSION},
    {"offline key", life_offline_key, OF_SESSION},
    {"online key", life_online_key, OF_SESSION},
    {"status", life_status, OF_SESSION},
    {"level", life_level, OF_SESSION},
    {"secure decoder", life_secure, OF_SESSION},
    {"decrypt", life_decrypt, OF_SESSION},
    {"decrypt in shared memory", life_decrypt_shared, OF_BUFFER},
    {"decrypt a batch", life_batch, OF_SESSION},
    {"check a batch", life_check_batch, OF_SESSION},
    {"decrypt an access unit", life_unit, OF_SESSION},
    {"find", life_find, OF_SYSTEM},
    {"advance the clock", life_advance_clock, OF_SYSTEM},
    {"ids", life_ids, OF_SYSTEM},
    {"status of an offline key", life_offline_status, OF_SYSTEM},
    {"statistics", life_statistics, OF_SYSTEM},
    {"explain", life_explain, OF_SESSION},
    {"clear", life_clear, OF_SESSION},
    {"restore", life_restore, OF_SESSION},
    {"release request", life_release_request, OF_SESSION},
    {"release response", life_release_response, OF_SESSION},
    {"clear an offline key", life_clear_offline, OF_SYSTEM},
};
enum { LIFE_STEPS = sizeof(LIFE) / sizeof(LIFE[0]) };

/* The end, which works, whatever has happened. */
static inline void life_end(Life *life)
{
    if (life->session != NULL) {
        CHECK_OK(OH_MediaKeySession_Destroy(life->session));
        CHECK_INVALID(OH_MediaKeySession_ClearMediaKeys(life->session));
    }
    if (life->system != NULL) {
        CHECK_OK(OH_MediaKeySystem_Destroy(life->system));
        CHECK_INVALID(life_statistics(life));
    }
    if (life->buffer != NULL) {
        memset(life->buffer, 0x33, NIST_SIZE);
        CHECK_OK(OH_Drm_FreeSampleBuffer(life->buffer));
        CHECK_INVALID(OH_Drm_FreeSampleBuffer(life->buffer));
    }
}

#endif /* TEST_ISOLATION_LIFE_H */

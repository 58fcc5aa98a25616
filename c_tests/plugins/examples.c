/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The example plugins: examples DIRECTORY, where they are.
 */
#include "support/events.h"
#include "support/plugin_path.h"

#include "native_drm_plugin.h"

#define XOR "com.example.xor"
#define TEXT "com.example.text"
#define XOR_UUID "5a0e3a0f6d1b4c679e21786f722e6331"
#define TEXT_UUID "1f83e1e86ee94f0dba2f5ec4e3ed1a66"

static Drm_ErrCode respond(MediaKeySession *to, const char *text)
{
    return process_response(to, text);
}

/* Asks for KID_A; the message in the end. */
static Drm_ErrCode ask(const char *uuid, DRM_MediaKeyType type, const char *expected)
{
    uint8_t box[256];
    size_t size = make_pssh(box, uuid, A_AND_B, 1, NULL, 0);
    DRM_MediaKeyRequestInfo *info = make_request_info("video/mp4", box, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)calloc(1, sizeof(*request));
    REQUIRE(request != NULL);
    info->type = type;
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request);
    if (code == DRM_ERR_OK && CHECK_INT(request->dataLen, strlen(expected))) {
        CHECK_MEM(request->data, expected, strlen(expected));
    }
    free(info);
    free(request);
    return code;
}

static void provision(const char *answer, Drm_ErrCode expected)
{
    static uint8_t request[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    static char url[MAX_DEFAULT_URL_LEN];
    int32_t size = (int32_t)sizeof(request);
    REQUIRE_OK(OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, request, &size, url, (int32_t)sizeof(url)));
    CHECK_INT(size, 8);
    CHECK_MEM(request, "who am I", 8);
    CHECK_STR(url, "https://xor.example/provision");
    char copy[128];
    strcpy(copy, answer);
    CHECK_CODE(OH_MediaKeySystem_ProcessKeySystemResponse(drm_system, (uint8_t *)copy, (int32_t)strlen(copy)), expected);
}

static void expect_xor(Drm_ErrCode expected)
{
    static const DrmSubsample SUBSAMPLES[2] = {{5, 17}, {3, 15}};
    uint8_t plain[40], data[40];
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = data[i] = (uint8_t)(i * 7);
    }
    size_t byte = 0, at = 0;
    for (int i = 0; i < 2; i++) {
        at += SUBSAMPLES[i].clearHeaderLen;
        for (uint32_t j = 0; j < SUBSAMPLES[i].payLoadLen; j++) {
            data[at++] ^= NIST_KEY[byte++ % 16];
        }
    }
    uint8_t cipher[40];
    memcpy(cipher, data, sizeof(data));
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    info.subsamples = SUBSAMPLES;
    info.subsampleCount = 2;
    CHECK_CODE(OH_MediaKeySession_DecryptSample(session, &info, data, sizeof(data)), expected);
    CHECK_MEM(data, expected == DRM_ERR_OK ? plain : cipher, sizeof(data));
    /* What does not add up never comes to the plugin. */
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, &info, data, sizeof(data) - 1));
    memcpy(data, cipher, sizeof(data));
    DRM_Sample samples[2] = {{&info, data, sizeof(data), 0}, {&info, cipher, sizeof(cipher), 0}};
    uint32_t failed = 9;
    CHECK_CODE(OH_MediaKeySession_DecryptSamples(session, samples, 2, &failed), expected);
    if (expected == DRM_ERR_OK) {
        CHECK_MEM(data, plain, sizeof(data));
        CHECK_MEM(cipher, plain, sizeof(data));
    } else {
        CHECK_INT(failed, 0);
    }
}

static void a_key_system_that_keeps_its_keys(void)
{
    char license[256];
    begin(XOR);
    DRM_CertificateStatus status;
    REQUIRE_OK(OH_MediaKeySystem_GetCertificateStatus(drm_system, &status));
    CHECK_INT(status, CERT_STATUS_NOT_PROVISIONED);
    record_system(&recorder, drm_system);
    CHECK_CODE(ask(XOR_UUID, MEDIA_KEY_TYPE_ONLINE, ""), DRM_ERR_NOT_PROVISIONED);
    REQUIRE(recorder_wait(&recorder, 1));
    expect_event(0, EVENT_PROVISION_REQUIRED, NULL, 0);
    snprintf(license, sizeof(license), "%s %s", KID_A_HEX, "2b7e151628aed2a6abf7158809cf4f3c");
    CHECK_CODE(respond(session, license), DRM_ERR_NOT_PROVISIONED);
    provision("you are ", DRM_ERR_SERVICE_DENIED);
    provision("who knows", DRM_ERR_SERVICE_DENIED);
    provision("you are Ada", DRM_ERR_OK);
    REQUIRE_OK(OH_MediaKeySystem_GetCertificateStatus(drm_system, &status));
    CHECK_INT(status, CERT_STATUS_PROVISIONED);
    CHECK_OK(ask(XOR_UUID, MEDIA_KEY_TYPE_ONLINE, KID_A_HEX "\n"));

    record_session(&recorder, session);
    CHECK_UNKNOWN(respond(session, "nonsense"));
    expect_xor(DRM_ERR_NO_KEY);
    REQUIRE(recorder_wait(&recorder, 2));
    recorder_reset(&recorder);
    CHECK_OK(respond(session, license));
    REQUIRE(recorder_wait(&recorder, 2));
    RecordedCall *call = recorder_copy(&recorder, 0);
    CHECK_INT(call->event, EVENT_VENDOR_DEFINED);
    CHECK_INT(call->info_len, 15);
    CHECK_MEM(call->info, "licensed to Ada", 15);
    CHECK_STR(call->extra, "1");
    free(call);
    expect_keys(1, A_AND_B, 1, true);
    expect_xor(DRM_ERR_OK);
    DRM_Statistics statistics;
    REQUIRE_OK(OH_MediaKeySystem_GetStatistics(drm_system, &statistics));
    CHECK_STR(statistics.statisticsName[2], "decryptNumber");
    CHECK_STR(statistics.statisticsDescription[2], "3");
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    expect_xor(DRM_ERR_NO_KEY);

    /* Shared like others. */
    CHECK_OK(respond(session, license));
    MediaKeySession *owner = session;
    session = make_session(drm_system);
    expect_xor(DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(drm_system, "sessionSharing", "enable"));
    expect_xor(DRM_ERR_OK);
    CHECK_OK(OH_MediaKeySession_Destroy(owner));
    expect_xor(DRM_ERR_NO_KEY);
    end();
    /* The certificate outlives the instance. */
    begin(XOR);
    CHECK_OK(ask(XOR_UUID, MEDIA_KEY_TYPE_ONLINE, KID_A_HEX "\n"));
    end();
}

static void a_key_system_with_clear_and_offline_keys(void)
{
#define KEY_LINE "key " KID_A_HEX " 2b7e151628aed2a6abf7158809cf4f3c\n"
    begin(TEXT);
    CHECK_OK(ask(TEXT_UUID, MEDIA_KEY_TYPE_ONLINE, "text request 1\nkey " KID_A_HEX "\n"));
    CHECK_OK(ask(TEXT_UUID, MEDIA_KEY_TYPE_OFFLINE, "text request 1\nkey " KID_A_HEX "\noffline\n"));
    static const char *const BAD[] = {"", "x", "text license 2\n" KEY_LINE, "text license 1\n",
                                      "text license 1\nkey 00 11\n", "text license 1\n" KEY_LINE "until soon\n",
                                      "text license 1\n" KEY_LINE "more\n"};
    for (size_t i = 1; i < sizeof(BAD) / sizeof(*BAD); i++) {
        CHECK_UNKNOWN(respond(session, BAD[i]));
    }
    CHECK_CODE(respond(session, "text license 1\n" KEY_LINE "until 1\n"), DRM_ERR_NO_LICENSE);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(respond(session, "text license 1\n" KEY_LINE));
    CHECK_OK(decrypt_nist(session, KID_A));
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(drm_system, ids));
    CHECK_INT(ids->idsCount, 0);
    CHECK_OK(respond(session, "text license 1\n" KEY_LINE "offline\n"));
    end();

    begin(TEXT);
    uint8_t id[16], text[128];
    memcpy(id, KID_A, 16);
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(drm_system, ids));
    CHECK_INT(ids->idsCount, 1);
    free(ids);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    int32_t size = (int32_t)sizeof(text);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, text, &size));
    CHECK_INT(size, 42);
    CHECK_MEM(text, "give back " KID_A_HEX, 42);
    CHECK_UNKNOWN(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, text, 42));
    CHECK_OK(decrypt_nist(session, KID_A));
    memcpy(text, "taken " KID_A_HEX, 38);
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, text, 38));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    end();
}

static void load(const char *directory, const char *name)
{
    char path[2048];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    REQUIRE_OK(OH_Drm_LoadPlugin(path));
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 2);
    require_private(argv[1]);
    load(argv[1], "xor_plugin.so");
    load(argv[1], "text_plugin.so");
    RUN(a_key_system_that_keeps_its_keys);
    RUN(a_key_system_with_clear_and_offline_keys);
    return check_finish("plugin_examples");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * What a policy costs per sample: the same sample decrypted in a session of com.policyplay.drm and in one of
 * com.clearplay.drm, in turns. Prints the median of the ratios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multimedia/drm_framework/native_drm_license_service.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "turns.h"

#define ROUNDS 2001
#define SAMPLES 500
#define SAMPLE_BYTES 400

static const char LICENSE[] = "0AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==";
static const char CONTENT[] = "{\"content_id\":\"YQ==\",\"policy\":\"p\",\"keys\":[{\"key_id\":\"AAECAwQFBgcICQoLDA0ODw==\","
                              "\"track_type\":\"SD\",\"key\":\"EBESExQVFhcYGRobHB0eHw==\"}]}";
static const char POLICY[] = "{\"can_play\":true,\"license_duration_seconds\":86400,\"playback_duration_seconds\":43200}";

static MediaKeySession *open_session(const char *name, MediaKeySystem **system)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    MediaKeySession *session = NULL;
    need(OH_MediaKeySystem_Create(name, system), "create a key system");
    need(OH_MediaKeySystem_CreateMediaKeySession(*system, &level, &session), "create a session");
    return session;
}

static void process(MediaKeySession *session, uint8_t *response, int32_t size)
{
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_size = sizeof(id);
    need(OH_MediaKeySession_ProcessMediaKeyResponse(session, response, size, id, &id_size), "process a license");
}

/* Provisions the device and gets a license with a policy. */
static void get_policy_license(MediaKeySystem *system, MediaKeySession *session)
{
    static uint8_t message[NATIVE_DRM_MAX_RESPONSE_LEN];
    static uint8_t answer[NATIVE_DRM_MAX_RESPONSE_LEN];
    static DRM_MediaKeyRequestInfo info = {.type = MEDIA_KEY_TYPE_ONLINE, .initDataLen = 16, .mimeType = "webm"};
    static DRM_MediaKeyRequest request;
    char url[MAX_DEFAULT_URL_LEN];
    OH_DrmLicenseService *service = NULL;
    int32_t size = sizeof(message);
    uint32_t length = sizeof(answer);

    need(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service), "create a license service");
    need(OH_DrmLicenseService_AddPolicy(service, "p", (const uint8_t *)POLICY, sizeof(POLICY) - 1), "add a policy");
    need(OH_DrmLicenseService_AddContent(service, (const uint8_t *)CONTENT, sizeof(CONTENT) - 1), "add a content");
    need(OH_MediaKeySystem_GenerateKeySystemRequest(system, message, &size, url, sizeof(url)), "ask for a certificate");
    need(OH_DrmLicenseService_HandleMessage(service, message, (uint32_t)size, answer, &length, NULL), "provision");
    need(OH_MediaKeySystem_ProcessKeySystemResponse(system, answer, (int32_t)length), "process the certificate");
    for (uint8_t i = 0; i < 16; i++)
        info.initData[i] = i;
    need(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, &request), "ask for a license");
    length = sizeof(answer);
    need(OH_DrmLicenseService_HandleMessage(service, request.data, (uint32_t)request.dataLen, answer, &length, NULL),
         "get a license");
    process(session, answer, (int32_t)length);
    need(OH_DrmLicenseService_Destroy(service), "destroy the license service");
}

static double nanoseconds(MediaKeySession *session, const DRM_SampleInfo *info, uint8_t *data)
{
    double start = now();
    for (int i = 0; i < SAMPLES; i++)
        need(OH_MediaKeySession_DecryptSample(session, info, data, SAMPLE_BYTES), "decrypt");
    return (now() - start) / SAMPLES;
}

int main(void)
{
    static double plain[ROUNDS], limited[ROUNDS], ratios[ROUNDS];
    static uint8_t data[SAMPLE_BYTES];
    DRM_SampleInfo info = {.structSize = sizeof(info), .algorithm = DRM_ALG_CENC_AES_CTR, .ivLen = 8, .iv = {1}};
    MediaKeySystem *clear_system, *policy_system;
    MediaKeySession *clear = open_session("com.clearplay.drm", &clear_system);
    MediaKeySession *policy = open_session("com.policyplay.drm", &policy_system);
    char license[sizeof(LICENSE)];

    memcpy(license, LICENSE, sizeof(license));
    process(clear, (uint8_t *)license, sizeof(LICENSE) - 1);
    get_policy_license(policy_system, policy);
    for (uint8_t i = 0; i < 16; i++)
        info.keyId[i] = i;
    for (int round = 0; round < ROUNDS; round++) {
        /* In turns of their own, so that neither always comes second. */
        if (round % 2) {
            limited[round] = nanoseconds(policy, &info, data);
            plain[round] = nanoseconds(clear, &info, data);
        } else {
            plain[round] = nanoseconds(clear, &info, data);
            limited[round] = nanoseconds(policy, &info, data);
        }
        ratios[round] = limited[round] / plain[round];
    }
    double ratio = median(ratios, ROUNDS);
    printf("%d B, cenc: %.1f ns without a policy, %.1f ns with one; ratio %.3f (median of %d; quartiles %.3f, %.3f)\n",
           SAMPLE_BYTES, median(plain, ROUNDS), median(limited, ROUNDS), ratio, ROUNDS, ratios[ROUNDS / 4],
           ratios[3 * ROUNDS / 4]);
    need(OH_MediaKeySystem_Destroy(clear_system), "destroy a key system");
    need(OH_MediaKeySystem_Destroy(policy_system), "destroy a key system");
    return EXIT_SUCCESS;
}

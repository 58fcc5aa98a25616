/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decrypts one sample so many times, for scripts/count-arm64.sh, which counts the instructions:
 *
 *   arm64_calls aes|sm4 cenc|cbcs CRYPT:SKIP BYTES CALLS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

enum { MOST_BYTES = 16384 };

/* Key id and key of the benchmark. */
static const char LICENSE[] = "0YmVuY2htYXJrIGtleSBpZA==:K34VFiiu0qar9xWICc9PPA==";

int main(int argc, char **argv)
{
    static uint8_t data[MOST_BYTES];
    unsigned int crypt = 0, skip = 0;
    if (argc != 6 || sscanf(argv[3], "%u:%u", &crypt, &skip) != 2) {
        fail("usage: arm64_calls aes|sm4 cenc|cbcs CRYPT:SKIP BYTES CALLS");
    }
    bool sm4 = strcmp(argv[1], "sm4") == 0, cbcs = strcmp(argv[2], "cbcs") == 0;
    unsigned long bytes = strtoul(argv[4], NULL, 10), calls = strtoul(argv[5], NULL, 10);
    if (bytes == 0 || bytes > MOST_BYTES) {
        fail("1 to %d bytes", MOST_BYTES);
    }
    MediaKeySystem *system = NULL;
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_length = sizeof(id);
    uint8_t license[sizeof(LICENSE)];
    memcpy(license, LICENSE, sizeof(LICENSE));
    if (OH_MediaKeySystem_Create("com.clearplay.drm", &system) != DRM_ERR_OK ||
        OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session) != DRM_ERR_OK ||
        OH_MediaKeySession_ProcessMediaKeyResponse(session, license, (int32_t)strlen(LICENSE), id, &id_length) != DRM_ERR_OK) {
        fail("no key");
    }
    DRM_SampleInfo info = {
        .structSize = sizeof(info),
        .algorithm = sm4 ? (cbcs ? DRM_ALG_CENC_SM4_CBC : DRM_ALG_CENC_SM4_CTR)
                         : (cbcs ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR),
        .scheme = cbcs ? DRM_CENC_SCHEME_CBCS : DRM_CENC_SCHEME_CENC,
        .ivLen = 16,
        .cryptByteBlock = crypt,
        .skipByteBlock = skip,
    };
    memcpy(info.keyId, "benchmark key id", sizeof(info.keyId));
    for (unsigned long call = 0; call < calls; call++) {
        if (OH_MediaKeySession_DecryptSample(session, &info, data, (uint32_t)bytes) != DRM_ERR_OK) {
            fail("a sample was refused");
        }
    }
    return EXIT_SUCCESS;
}

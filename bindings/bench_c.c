/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a decrypt costs from C, to compare the packages for Python and Node.js with: bench_c SIZE... prints for each size the
 * nanoseconds of a call, the lowest of many rounds.
 */

#include <native_mediadecrypt.h>
#include <native_mediakeysession.h>
#include <native_mediakeysystem.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 200, CALLS = 200 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
    char license[] =
        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"ABEiM0RVZneImaq7zN3u_w\",\"k\":\"K34VFiiu0qar9xWICc9PPA\"}],\"type\":\"temporary\"}";
    DRM_SampleInfo info = {.structSize = sizeof info, .algorithm = DRM_ALG_CENC_AES_CTR, .ivLen = 16};
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    int32_t idLen = sizeof info.keyId;
    MediaKeySystem *system = NULL;
    MediaKeySession *session = NULL;
    if (OH_MediaKeySystem_Create("org.w3.clearkey", &system) != DRM_ERR_OK ||
        OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session) != DRM_ERR_OK ||
        OH_MediaKeySession_ProcessMediaKeyResponse(session, (uint8_t *)license, sizeof license - 1, info.keyId, &idLen) !=
            DRM_ERR_OK) {
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        uint32_t size = (uint32_t)strtoul(argv[i], NULL, 10);
        uint8_t *sample = calloc(size, 1);
        double best = 1e18;
        int calls = size < 100000 ? CALLS : 20;
        for (int round = 0; round < ROUNDS; round++) {
            double start = now();
            for (int call = 0; call < calls; call++) {
                if (OH_MediaKeySession_DecryptSample(session, &info, sample, size) != DRM_ERR_OK) {
                    return 1;
                }
            }
            double each = (now() - start) / calls;
            best = each < best ? each : best;
        }
        printf("%u %.1f\n", size, best);
        free(sample);
    }
    return OH_MediaKeySystem_Destroy(system) != DRM_ERR_OK;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a batch gains over single calls, and what many keys cost: small samples, where the way to the cipher counts.
 *
 *   native_drm_batch_bench [--check]    with the goals' outcome as exit status (2 = one was missed)
 *
 * What is compared is measured in turns within one run. Prints medians.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "turns.h"

enum { ROUNDS = 501, BATCH = 64, BATCHES = 12, SAMPLE_BYTES = 400, CALLS = BATCH * BATCHES, KEYS_PER_LICENSE = 500 };

/* A sample of a batch by a single call; a call with two keys in turn less one with the only key, in nanoseconds. */
static const double BATCH_GOAL = 0.7, KEYS_GOAL = 15;

static uint8_t data[BATCH][448];

/* Ids that a hash of some of their bits would put in one place: they differ in three bytes in the middle. */
static void key_id(uint32_t number, uint8_t id[DRM_KEY_ID_SIZE])
{
    memset(id, 0x11, DRM_KEY_ID_SIZE);
    id[6] = (uint8_t)(number >> 16);
    id[7] = (uint8_t)(number >> 8);
    id[8] = (uint8_t)number;
}

static char *base64(char *to, const uint8_t bytes[16])
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 16; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16 | (i + 1 < 16 ? (uint32_t)bytes[i + 1] << 8 | bytes[i + 2] : 0);
        for (int digit = 0; digit < 4; digit++) {
            *to++ = i + 1 == 16 && digit > 1 ? '=' : DIGITS[group >> (18 - 6 * digit) & 63];
        }
    }
    return to;
}

static MediaKeySession *session_with_keys(MediaKeySystem *system, uint32_t count)
{
    static uint8_t license[KEYS_PER_LICENSE * 50 + 2];
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    MediaKeySession *session = NULL;
    need(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session), "create a session");
    for (uint32_t done = 0; done < count;) {
        char *end = (char *)license;
        *end++ = '0';
        for (int i = 0; i < KEYS_PER_LICENSE && done < count; i++, done++) {
            uint8_t id[DRM_KEY_ID_SIZE], key[16] = {(uint8_t)done, (uint8_t)(done >> 8)};
            key_id(done, id);
            if (i > 0) {
                *end++ = ',';
            }
            end = base64(end, id);
            *end++ = ':';
            end = base64(end, key);
        }
        uint8_t offline_id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
        int32_t id_length = sizeof(offline_id);
        int32_t length = (int32_t)(end - (char *)license);
        need(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, length, offline_id, &id_length), "add keys");
    }
    return session;
}

static DRM_SampleInfo sample_info(bool cbc, bool pattern, uint32_t key)
{
    DRM_SampleInfo info = {
        .structSize = sizeof(info),
        .algorithm = cbc ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR,
        .scheme = cbc ? DRM_CENC_SCHEME_CBCS : DRM_CENC_SCHEME_CENC,
        .ivLen = 16,
        .cryptByteBlock = pattern,
        .skipByteBlock = pattern ? 9 : 0,
    };
    key_id(key, info.keyId);
    return info;
}

/* Nanoseconds per sample. */
static double single_calls(MediaKeySession *session, const DRM_Sample samples[BATCH])
{
    double start = now();
    for (int i = 0; i < CALLS; i++) {
        const DRM_Sample *sample = &samples[i % BATCH];
        need(OH_MediaKeySession_DecryptSample(session, sample->info, sample->data, sample->dataLen), "decrypt");
    }
    return (now() - start) / CALLS;
}

static double batches(MediaKeySession *session, const DRM_Sample samples[BATCH])
{
    double start = now();
    for (int i = 0; i < BATCHES; i++) {
        need(OH_MediaKeySession_DecryptSamples(session, samples, BATCH, NULL), "decrypt a batch");
    }
    return (now() - start) / CALLS;
}

static bool measure_batches(MediaKeySession *session, const char *what, bool cbc, bool pattern, bool has_goal)
{
    static double single[ROUNDS], batch[ROUNDS], ratios[ROUNDS];
    DRM_SampleInfo infos[BATCH];
    DRM_Sample samples[BATCH];
    for (int i = 0; i < BATCH; i++) {
        infos[i] = sample_info(cbc, pattern, 0);
        infos[i].iv[7] = (uint8_t)i;
        samples[i] = (DRM_Sample){.info = &infos[i], .data = data[i], .dataLen = SAMPLE_BYTES};
    }
    for (int round = 0; round < ROUNDS; round++) {
        /* In turns of their own, so that neither always comes second. */
        if (round % 2 == 0) {
            single[round] = single_calls(session, samples);
        }
        batch[round] = batches(session, samples);
        if (round % 2 != 0) {
            single[round] = single_calls(session, samples);
        }
        ratios[round] = batch[round] / single[round];
    }
    double ratio = median(ratios, ROUNDS);
    printf("  %-22s %6.1f ns a call  %6.1f ns a sample  ratio %.2f", what, median(single, ROUNDS), median(batch, ROUNDS), ratio);
    printf(has_goal ? " (goal: %.1f)\n" : "\n", BATCH_GOAL);
    return !has_goal || ratio <= BATCH_GOAL;
}

/* Nanoseconds per call for two keys in turn: the first one and the last one. */
static double keys_in_turn(MediaKeySession *session, const DRM_SampleInfo infos[2])
{
    double start = now();
    for (int i = 0; i < CALLS; i++) {
        need(OH_MediaKeySession_DecryptSample(session, &infos[i % 2], data[i % BATCH], SAMPLE_BYTES), "decrypt");
    }
    return (now() - start) / CALLS;
}

static bool measure_keys(MediaKeySystem *system)
{
    static const uint32_t COUNTS[] = {1, 2, 64, 4096, 20000};
    enum { SESSIONS = sizeof(COUNTS) / sizeof(COUNTS[0]) };
    static double times[SESSIONS][ROUNDS], more[SESSIONS][ROUNDS];
    MediaKeySession *sessions[SESSIONS];
    DRM_SampleInfo infos[SESSIONS][2];
    bool reached = true;
    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = session_with_keys(system, COUNTS[i]);
        infos[i][0] = sample_info(false, false, 0);
        infos[i][1] = sample_info(false, false, COUNTS[i] - 1);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int turn = 0; turn < SESSIONS; turn++) {
            int i = (round + turn) % SESSIONS;
            times[i][round] = keys_in_turn(sessions[i], infos[i]);
        }
        for (int i = 0; i < SESSIONS; i++) {
            more[i][round] = times[i][round] - times[0][round];
        }
    }
    for (int i = 0; i < SESSIONS; i++) {
        double difference = median(more[i], ROUNDS);
        printf("  %6u %6.1f ns a call, %+6.1f than with one key", (unsigned)COUNTS[i], median(times[i], ROUNDS), difference);
        printf(i > 0 ? " (goal: +%.0f)\n" : "\n", KEYS_GOAL);
        reached &= i == 0 || difference <= KEYS_GOAL;
    }
    return reached;
}

int main(int argc, char **argv)
{
    bool check = argc == 2 && strcmp(argv[1], "--check") == 0;
    if (argc > 1 && !check) {
        fail("usage: %s [--check]", argv[0]);
    }
    MediaKeySystem *system = NULL;
    need(OH_MediaKeySystem_Create("com.clearplay.drm", &system), "create a key system");
    MediaKeySession *session = session_with_keys(system, 1);
    bool reached = true;
    printf("%d samples of %d B, each by a call and all by one (medians of %d turns)\n", BATCH, SAMPLE_BYTES, ROUNDS);
    reached &= measure_batches(session, "cenc", false, false, true);
    reached &= measure_batches(session, "cbcs, all blocks", true, false, true);
    reached &= measure_batches(session, "cbcs 1:9", true, true, false);
    printf("Two keys in turn, %d B of cenc, among this many keys\n", SAMPLE_BYTES);
    reached &= measure_keys(system);
    need(OH_MediaKeySystem_Destroy(system), "destroy the key system");
    return check && !reached ? 2 : 0;
}

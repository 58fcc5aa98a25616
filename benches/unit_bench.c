/*
 * SPDX-License-Identifier: Apache-2.0
 * What finding the encrypted parts of an access unit costs: OH_MediaKeySession_DecryptAccessUnit compared with
 * OH_MediaKeySession_DecryptSample, which is told where they are. Prints the median of the ratios for units as they are at
 * 1080p.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "turns.h"

#define ROUNDS 2001
#define MAX_SLICES 16
#define MAX_BYTES (512 * 1024)
#define CLEAR 32

static const char LICENSE[] = "0AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==";
static const uint8_t CEI_UUID[16] = {0x70, 0xc1, 0xdb, 0x9f, 0x66, 0xae, 0x41, 0x27,
                                     0xbf, 0xc0, 0xbb, 0x19, 0x81, 0x69, 0x4b, 0x66};

typedef struct Work {
    const char *what;
    uint32_t format;
    uint32_t slices, slice_bytes;
    uint8_t cei_algorithm;
    /* Emulation prevention in the first slice: one every so many bytes, none for 0. */
    uint32_t prevention;
} Work;

static const Work WORK[] = {
    {"SAMPLE-AES, 1 slice of 12 KiB", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 1, 12 << 10, 0, 0},
    {"SAMPLE-AES, 1 slice of 40 KiB", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 1, 40 << 10, 0, 0},
    {"SAMPLE-AES, 1 slice of 200 KiB", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 1, 200 << 10, 0, 0},
    {"SAMPLE-AES, 8 slices of 5 KiB", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 8, 5 << 10, 0, 0},
    {"SAMPLE-AES, 40 KiB, one 03 in front", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 1, 40 << 10, 0, 40 << 10},
    {"SAMPLE-AES, 40 KiB, a 03 each 4 KiB", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 1, 40 << 10, 0, 4096},
    {"CEI AES 1:9, 40 KiB", DRM_ACCESS_UNIT_CEI_H264, 1, 40 << 10, 2, 0},
    {"CEI AES, 40 KiB", DRM_ACCESS_UNIT_CEI_H264, 1, 40 << 10, 5, 0},
    {"CEI SM4 1:9, 40 KiB", DRM_ACCESS_UNIT_CEI_H264, 1, 40 << 10, 1, 0},
    {"CEI SM4, 40 KiB", DRM_ACCESS_UNIT_CEI_H264, 1, 40 << 10, 3, 0},
    {"SAMPLE-AES, AAC frame of 400 B", DRM_ACCESS_UNIT_SAMPLE_AES_AAC, 1, 400, 0, 0},
};

static uint8_t unit[MAX_BYTES], data[MAX_BYTES];
static DrmSubsample subsamples[MAX_SLICES + 1];
static DRM_SampleInfo sample;
static DRM_AccessUnitInfo info;

static uint32_t append(uint32_t at, const uint8_t *bytes, uint32_t count)
{
    memcpy(unit + at, bytes, count);
    return at + count;
}

/* Content encryption information as encoders write it: encrypted, descriptor; no byte of it needs prevention. */
static uint32_t append_cei(uint32_t at, uint8_t algorithm)
{
    const uint8_t head[] = {0, 0, 1, 6, 5, 16 + 1 + 16 + 1 + 16 + 3};
    const uint8_t flags = 0xa0, iv_length = 16, descriptor[] = {0xc0, 1, algorithm, 0x80};
    at = append(at, head, sizeof(head));
    at = append(at, CEI_UUID, 16);
    at = append(at, &flags, 1);
    at = append(at, sample.keyId, 16);
    at = append(at, &iv_length, 1);
    at = append(at, sample.iv, 16);
    return append(at, descriptor, sizeof(descriptor));
}

/* Fills `unit`, `info` and what describes the same parts to DecryptSample; returns the unit's bytes. */
static uint32_t make_unit(const Work *work)
{
    uint32_t at = 0, clear_from = 0;
    const bool audio = work->format == DRM_ACCESS_UNIT_SAMPLE_AES_AAC;
    const bool sm4 = work->cei_algorithm == 1 || work->cei_algorithm == 3;
    const bool striped = !audio && work->cei_algorithm < 3;

    info.format = work->format;
    memcpy(info.keyId, sample.keyId, 16);
    memcpy(info.iv, sample.iv, 16);
    sample.algorithm = sm4 ? DRM_ALG_CENC_SM4_CBC : DRM_ALG_CENC_AES_CBC;
    sample.scheme = striped ? DRM_CENC_SCHEME_CBCS : DRM_CENC_SCHEME_CBC1;
    sample.cryptByteBlock = striped ? 1 : 0;
    sample.skipByteBlock = striped ? 9 : 0;
    sample.subsampleCount = 0;
    sample.subsamples = subsamples;
    if (work->cei_algorithm != 0)
        at = append_cei(at, work->cei_algorithm);
    for (uint32_t i = 0; i < work->slices; i++) {
        const uint8_t code[] = {0, 0, 1, 0x65};
        const uint8_t adts[] = {0xff, 0xf1, 0x50, (uint8_t)(0x80 | work->slice_bytes >> 11),
                                (uint8_t)(work->slice_bytes >> 3), (uint8_t)(work->slice_bytes << 5 | 0x1f), 0xfc};
        const uint32_t start = at + (audio ? 0 : 3), end = start + work->slice_bytes;
        at = audio ? append(at, adts, sizeof(adts)) : append(at, code, sizeof(code));
        /* As compressed data, with zero bytes but no pair of them. */
        for (; at < end; at++) {
            unit[at] = (uint8_t)rand();
            if (unit[at - 1] == 0 && unit[at] == 0)
                unit[at] = 0x40;
        }
        unit[end - 1] = 0x80;
        for (uint32_t place = start + 100; i == 0 && work->prevention != 0 && place + 4 < end; place += work->prevention)
            memcpy(unit + place, "\0\0\3\1", 4);
        subsamples[i].clearHeaderLen = start + (audio ? 7 + 16 : CLEAR) - clear_from;
        clear_from = audio ? end : end - 1;
        subsamples[i].payLoadLen = clear_from - (start + (audio ? 7 + 16 : CLEAR));
    }
    subsamples[work->slices].clearHeaderLen = at - clear_from;
    subsamples[work->slices].payLoadLen = 0;
    sample.subsampleCount = work->slices + 1;
    return at;
}

/* The same bytes each time, fetched into the cache by copying them: what was decrypted has other bytes. */
static double of_unit(MediaKeySession *session, uint32_t size)
{
    DRM_AccessUnitState state = {.flags = 0};
    memcpy(data, unit, size);
    double start = now();
    need(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, data, &size), "decrypt a unit");
    return now() - start;
}

static double of_sample(MediaKeySession *session, uint32_t size)
{
    memcpy(data, unit, size);
    double start = now();
    need(OH_MediaKeySession_DecryptSample(session, &sample, data, size), "decrypt a sample");
    return now() - start;
}

int main(void)
{
    static double bare[ROUNDS], whole[ROUNDS], ratios[ROUNDS];
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    MediaKeySystem *system = NULL;
    MediaKeySession *session = NULL;
    uint8_t license[sizeof(LICENSE)], id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_size = sizeof(id);

    memcpy(license, LICENSE, sizeof(license));
    need(OH_MediaKeySystem_Create("com.clearplay.drm", &system), "create a key system");
    need(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session), "create a session");
    need(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, sizeof(LICENSE) - 1, id, &id_size), "get a key");
    sample.structSize = sizeof(sample);
    sample.ivLen = 16;
    info.structSize = sizeof(info);
    for (uint8_t i = 0; i < 16; i++) {
        sample.keyId[i] = i;
        sample.iv[i] = (uint8_t)(0x50 + i);
    }
    /* A key id is in the stream: 00 01 02 03 needs no prevention. */
    printf("%-36s %10s %10s %7s\n", "access unit", "bare, ns", "unit, ns", "ratio");
    for (size_t i = 0; i < sizeof(WORK) / sizeof(WORK[0]); i++) {
        const uint32_t size = make_unit(&WORK[i]);
        for (int round = 0; round < ROUNDS; round++) {
            if (round % 2) {
                whole[round] = of_unit(session, size);
                bare[round] = of_sample(session, size);
            } else {
                bare[round] = of_sample(session, size);
                whole[round] = of_unit(session, size);
            }
            ratios[round] = whole[round] / bare[round];
        }
        printf("%-36s %10.0f %10.0f %7.2f\n", WORK[i].what, median(bare, ROUNDS), median(whole, ROUNDS), median(ratios, ROUNDS));
    }
    need(OH_MediaKeySystem_Destroy(system), "destroy a key system");
    return EXIT_SUCCESS;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decrypting several samples with one call: all or nothing, at each place and for each reason, and the same result as with a
 * call for each.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"
#include "support/threads.h"

static const uint8_t KID_C[16] = {0xc0};

static MediaKeySystem *drm_system;
static MediaKeySession *session;

/* What can be wrong with a sample of an array, and the code for it. */
typedef struct Fault {
    const char *what;
    Drm_ErrCode code;
    void (*make)(DRM_Sample *sample, DRM_SampleInfo *info);
} Fault;

static DrmSubsample too_short[1] = {{0, NIST_SIZE - 1}};

static void unknown_key(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, memcpy(info->keyId, KID_B, 16); }
static void struct_size(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->structSize--; }
static void info_reserved(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->reserved = 1; }
static void algorithm(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->algorithm = (DrmCencAlgorithm)9; }
static void widevine(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->algorithm = DRM_ALG_CENC_AES_WV; }
static void scheme(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->scheme = DRM_CENC_SCHEME_CBCS; }
static void iv_of_9(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->ivLen = 9; }
static void iv_of_17(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->ivLen = 17; }
static void pattern(DRM_Sample *sample, DRM_SampleInfo *info) { (void)sample, info->skipByteBlock = 1; }
static void no_info(DRM_Sample *sample, DRM_SampleInfo *info) { (void)info, sample->info = NULL; }
static void no_data(DRM_Sample *sample, DRM_SampleInfo *info) { (void)info, sample->data = NULL; }
static void reserved(DRM_Sample *sample, DRM_SampleInfo *info) { (void)info, sample->reserved = 1; }

static void no_subsamples(DRM_Sample *sample, DRM_SampleInfo *info)
{
    (void)sample;
    info->subsampleCount = 1;
}

static void sum(DRM_Sample *sample, DRM_SampleInfo *info)
{
    (void)sample;
    info->subsampleCount = 1;
    info->subsamples = too_short;
}

static void clear_with_iv_of_17(DRM_Sample *sample, DRM_SampleInfo *info)
{
    (void)sample;
    info->algorithm = DRM_ALG_CENC_UNENCRYPTED;
    info->ivLen = 17;
}

static const Fault FAULTS[] = {
    {"an unknown key", DRM_ERR_NO_KEY, unknown_key},
    {"another structSize", DRM_ERR_INVALID_VAL, struct_size},
    {"reserved of the info", DRM_ERR_INVALID_VAL, info_reserved},
    {"no algorithm", DRM_ERR_INVALID_VAL, algorithm},
    {"DRM_ALG_CENC_AES_WV", DRM_ERR_UNKNOWN, widevine},
    {"a scheme of the other mode", DRM_ERR_INVALID_VAL, scheme},
    {"an IV of 9 bytes", DRM_ERR_INVALID_VAL, iv_of_9},
    {"an IV of 17 bytes", DRM_ERR_INVALID_VAL, iv_of_17},
    {"a pattern that encrypts nothing", DRM_ERR_INVALID_VAL, pattern},
    {"no info", DRM_ERR_INVALID_VAL, no_info},
    {"no data", DRM_ERR_INVALID_VAL, no_data},
    {"reserved of the sample", DRM_ERR_INVALID_VAL, reserved},
    {"no subsamples", DRM_ERR_INVALID_VAL, no_subsamples},
    {"subsamples that are too short", DRM_ERR_INVALID_VAL, sum},
    {"a clear sample with an IV of 17 bytes", DRM_ERR_INVALID_VAL, clear_with_iv_of_17},
};

static void arrays(void)
{
    enum { COUNT = 40 };
    uint8_t data[COUNT][NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    uint8_t cipher[NIST_SIZE];
    DRM_SampleInfo infos[COUNT];
    DRM_Sample samples[COUNT];
    uint32_t failed = 77;
    hex_decode(NIST_PLAIN, plain);
    hex_decode(NIST_CTR_CIPHER, cipher);
    for (int i = 0; i < COUNT; i++) {
        infos[i] = nist_ctr_sample(KID_A, data[i]);
        samples[i].info = &infos[i];
        samples[i].data = data[i];
        samples[i].dataLen = NIST_SIZE;
        samples[i].reserved = 0;
    }
    /* Whichever sample is refused, for whatever reason: none is touched, and the first such sample is named. */
    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        for (uint32_t bad = 0; bad < COUNT; bad++) {
            const DRM_Sample good = samples[bad], last = samples[COUNT - 1];
            const DRM_SampleInfo good_info = infos[bad];
            FAULTS[i].make(&samples[bad], &infos[bad]);
            failed = 77;
            int ok = CHECK_CODE(OH_MediaKeySession_DecryptSamples(session, samples, COUNT, &failed), FAULTS[i].code);
            ok = CHECK_INT(failed, bad) && ok;
            if (bad < COUNT - 1) {
                samples[COUNT - 1].reserved = 1;
                failed = 77;
                ok = CHECK_CODE(OH_MediaKeySession_DecryptSamples(session, samples, COUNT, &failed), FAULTS[i].code) && ok;
                ok = CHECK_INT(failed, bad) && ok;
            }
            if (!ok) {
                fprintf(stderr, "    %s at %u\n", FAULTS[i].what, (unsigned)bad);
            }
            samples[COUNT - 1] = last;
            samples[bad] = good;
            infos[bad] = good_info;
        }
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_MEM(data[i], cipher, NIST_SIZE);
    }
    failed = 77;
    CHECK_OK(OH_MediaKeySession_DecryptSamples(session, samples, COUNT, &failed));
    CHECK_INT(failed, 77);
    for (int i = 0; i < COUNT; i++) {
        CHECK_MEM(data[i], plain, NIST_SIZE);
    }
    CHECK_OK(OH_MediaKeySession_DecryptSamples(session, samples, 0, &failed));
    CHECK_OK(OH_MediaKeySession_DecryptSamples(session, NULL, 0, NULL));
    CHECK_INVALID(OH_MediaKeySession_DecryptSamples(session, NULL, 1, &failed));
    CHECK_INT(failed, 77);
}

/* Random batches give what a call for each sample gives: all schemes, keys in turn, clear and empty samples in between. */
static void arrays_like_single_calls(void)
{
    enum { ROUNDS = 300, COUNT = 70, SUBSAMPLES = 4, SIZE = 1500 };
    static const struct { DrmCencAlgorithm algorithm; uint32_t scheme, crypt, skip; } KINDS[] = {
        {DRM_ALG_CENC_AES_CTR, DRM_CENC_SCHEME_CENC, 0, 0}, {DRM_ALG_CENC_AES_CTR, DRM_CENC_SCHEME_CENS, 2, 3},
        {DRM_ALG_CENC_AES_CBC, DRM_CENC_SCHEME_CBC1, 0, 0}, {DRM_ALG_CENC_AES_CBC, DRM_CENC_SCHEME_CBCS, 0, 0},
        {DRM_ALG_CENC_AES_CBC, DRM_CENC_SCHEME_CBCS, 1, 9}, {DRM_ALG_CENC_SM4_CTR, DRM_CENC_SCHEME_CENC, 0, 0},
        {DRM_ALG_CENC_SM4_CBC, DRM_CENC_SCHEME_CBCS, 1, 9}, {DRM_ALG_CENC_UNENCRYPTED, DRM_CENC_SCHEME_AUTO, 0, 0},
    };
    static uint8_t batch[COUNT][SIZE], single[COUNT][SIZE];
    static DRM_SampleInfo infos[COUNT];
    static DrmSubsample subsamples[COUNT][SUBSAMPLES];
    static DRM_Sample samples[COUNT];
    uint64_t random = test_seed();
    give_key(session, KID_C, KID_B);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t count = 1 + (random_below(&random, COUNT));
        uint32_t kind = 0, iv_length = 16;
        for (uint32_t i = 0; i < count; i++) {
            if (i == 0 || random_below(&random, 8) == 0) {
                kind = random_below(&random, sizeof(KINDS) / sizeof(KINDS[0]));
                iv_length = random_below(&random, 2) == 0 ? 8 : 16;
            }
            DRM_SampleInfo info = {.structSize = sizeof(info), .algorithm = KINDS[kind].algorithm, .ivLen = iv_length};
            info.scheme = KINDS[kind].scheme;
            info.cryptByteBlock = KINDS[kind].crypt;
            info.skipByteBlock = KINDS[kind].skip;
            memcpy(info.keyId, random_below(&random, 4) == 0 ? KID_C : KID_A, 16);
            for (int byte = 0; byte < 16; byte++) {
                info.iv[byte] = (uint8_t)random_below(&random, 256);
            }
            uint32_t length = (random_below(&random, 3) == 0 ? 400 : random_below(&random, SIZE));
            info.subsampleCount = random_below(&random, 2) == 0 ? 0 : 1 + (random_below(&random, SUBSAMPLES));
            if (info.subsampleCount > 0) {
                uint32_t left = length;
                for (uint32_t j = 0; j < info.subsampleCount; j++) {
                    uint32_t clear = (random_below(&random, 40));
                    clear = clear < left ? clear : left;
                    uint32_t protected = j + 1 < info.subsampleCount ? (random_below(&random, left - clear + 1))
                                                                    : left - clear;
                    subsamples[i][j] = (DrmSubsample){clear, protected};
                    left -= clear + protected;
                }
                info.subsamples = subsamples[i];
            }
            for (uint32_t byte = 0; byte < length; byte++) {
                batch[i][byte] = single[i][byte] = (uint8_t)random_below(&random, 256);
            }
            infos[i] = info;
            samples[i] = (DRM_Sample){&infos[i], length == 0 ? NULL : batch[i], length, 0};
        }
        CHECK_OK(OH_MediaKeySession_DecryptSamples(session, samples, count, NULL));
        for (uint32_t i = 0; i < count; i++) {
            CHECK_OK(OH_MediaKeySession_DecryptSample(session, &infos[i], single[i], samples[i].dataLen));
            CHECK_MEM(batch[i], single[i], samples[i].dataLen);
        }
    }
}

/* A count that is far too large is found out at the first refused sample. */
static void array_with_a_wrong_count(void)
{
    DRM_Sample *only = (DRM_Sample *)guard_alloc(sizeof(DRM_Sample));
    uint32_t failed = 77;
    memset(only, 0, sizeof(*only));
    CHECK_INVALID(OH_MediaKeySession_DecryptSamples(session, only, UINT32_MAX, &failed));
    CHECK_INT(failed, 0);
    guard_free(only, sizeof(DRM_Sample));
}

int main(void)
{
    drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    RUN(arrays);
    RUN(arrays_like_single_calls);
    RUN(array_with_a_wrong_count);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_decrypt_arrays");
}

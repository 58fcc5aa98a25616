/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decrypting samples: known answers, every member of DRM_SampleInfo out of range.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

static MediaKeySystem *drm_system;
static MediaKeySession *session;

/* What a refused call may not change. */
static void expect_refused(const DRM_SampleInfo *info, uint32_t size, Drm_ErrCode code, const char *what)
{
    uint8_t *data = (uint8_t *)guard_alloc(size);
    memset(data, 0x5a, size);
    DRM_SampleInfo *copy = (DRM_SampleInfo *)guard_copy(info, sizeof(*info));
    bool ok = CHECK_CODE(OH_MediaKeySession_DecryptSample(session, copy, size == 0 ? NULL : data, size), code);
    ok = CHECK_FILLED(data, 0x5a, size) && ok;
    DRM_Sample sample = {copy, size == 0 ? NULL : data, size, 0};
    uint32_t failed = 77;
    ok = CHECK_CODE(OH_MediaKeySession_DecryptSamples(session, &sample, 1, &failed), code) && ok;
    ok = CHECK_INT(failed, 0) && ok;
    ok = CHECK_FILLED(data, 0x5a, size) && ok;
    if (!ok) {
        fprintf(stderr, "    %s\n", what);
    }
    guard_free(copy, sizeof(*info));
    guard_free(data, size);
}

static void known_answers(void)
{
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    CHECK_OK(decrypt_nist(session, KID_A));
    hex_decode(NIST_CBC_CIPHER, data);
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CBC, KID_A, NIST_CBC_IV);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
    /* In subsamples of odd sizes, CTR runs on; with clear bytes between, CBC chains over them (cbc1). */
    uint8_t sparse[NIST_SIZE + 7];
    DrmSubsample subsamples[3] = {{3, 16}, {0, 0}, {4, 48}};
    hex_decode(NIST_CBC_CIPHER, data);
    memset(sparse, 0xcc, sizeof(sparse));
    memcpy(sparse + 3, data, 16);
    memcpy(sparse + 23, data + 16, 48);
    info.scheme = DRM_CENC_SCHEME_CBC1;
    info.subsampleCount = 3;
    info.subsamples = subsamples;
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, sparse, sizeof(sparse)));
    CHECK_FILLED(sparse, 0xcc, 3);
    CHECK_MEM(sparse + 3, plain, 16);
    CHECK_FILLED(sparse + 19, 0xcc, 4);
    CHECK_MEM(sparse + 23, plain + 16, 48);
}

/* An 8-byte IV means the same as one padded with zeros (ISO/IEC 23001-7 section 9.1); the vectors have the answers. */
static void short_iv(void)
{
    uint8_t first[NIST_SIZE];
    uint8_t second[NIST_SIZE];
    for (int cbc = 0; cbc < 2; cbc++) {
        DRM_SampleInfo full = sample_info(cbc ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR, KID_A,
                                          "f0f1f2f3f4f5f6f70000000000000000");
        DRM_SampleInfo half = full;
        half.ivLen = 8;
        memset(half.iv + 8, 0xee, 8); /* not to be looked at */
        hex_decode(NIST_CTR_CIPHER, first);
        hex_decode(NIST_CTR_CIPHER, second);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &full, first, NIST_SIZE));
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &half, second, NIST_SIZE));
        CHECK_MEM(second, first, NIST_SIZE);
    }
}

static void empty_samples(void)
{
    DrmSubsample nothing[2] = {{0, 0}, {0, 0}};
    static const DrmCencAlgorithm algorithms[] = {DRM_ALG_CENC_UNENCRYPTED, DRM_ALG_CENC_AES_CTR, DRM_ALG_CENC_AES_CBC,
                                                  DRM_ALG_CENC_SM4_CBC, DRM_ALG_CENC_SM4_CTR};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        DRM_SampleInfo info = sample_info(algorithms[i], KID_A, NIST_CTR_IV);
        uint8_t *end = (uint8_t *)guard_alloc(0);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, NULL, 0));
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, end, 0));
        info.subsampleCount = 2;
        info.subsamples = nothing;
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, NULL, 0));
        guard_free(end, 0);
    }
}

static void unencrypted(void)
{
    MediaKeySession *without_keys = make_session(drm_system);
    uint8_t data[33];
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_UNENCRYPTED, KID_B, NIST_CTR_IV);
    memset(data, 0x5a, sizeof(data));
    CHECK_OK(OH_MediaKeySession_DecryptSample(without_keys, &info, data, sizeof(data)));
    memset(&info, 0, sizeof(info));
    info.structSize = (uint32_t)sizeof(info);
    CHECK_OK(OH_MediaKeySession_DecryptSample(without_keys, &info, data, sizeof(data)));
    CHECK_FILLED(data, 0x5a, sizeof(data));
    CHECK_OK(OH_MediaKeySession_Destroy(without_keys));
}

static void members_out_of_range(void)
{
    const DRM_SampleInfo good = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    DRM_SampleInfo info;
    static const uint32_t sizes[] = {0, 1, sizeof(DRM_SampleInfo) - 1, UINT32_MAX};
    static const int algorithms[] = {-1, 6, 7, 255, 2147483647, -2147483647 - 1};
    static const uint32_t iv_lengths[] = {0, 1, 7, 9, 12, 15, 17, 32, 0x7fffffff, 0x80000000, UINT32_MAX};
    static const uint32_t schemes[] = {1, 0x6365, 0x63656e63 ^ 1, 0x70696666, 0x636e6563, UINT32_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        info = good;
        info.structSize = sizes[i];
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "structSize");
    }
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        info = good;
        memcpy(&info.algorithm, &algorithms[i], sizeof(info.algorithm));
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "algorithm");
    }
    info = good;
    info.algorithm = DRM_ALG_CENC_AES_WV;
    expect_refused(&info, 32, DRM_ERR_UNKNOWN, "DRM_ALG_CENC_AES_WV");
    for (size_t i = 0; i < sizeof(iv_lengths) / sizeof(iv_lengths[0]); i++) {
        info = good;
        info.ivLen = iv_lengths[i];
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "ivLen");
        expect_refused(&info, 0, DRM_ERR_INVALID_VAL, "ivLen of an empty sample");
    }
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        info = good;
        info.scheme = schemes[i];
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "scheme");
    }
    info = good;
    info.reserved = 1;
    expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "reserved");
}

static void contradictions(void)
{
    static const DrmCencAlgorithm counter[] = {DRM_ALG_CENC_AES_CTR, DRM_ALG_CENC_SM4_CTR};
    static const DrmCencAlgorithm chained[] = {DRM_ALG_CENC_AES_CBC, DRM_ALG_CENC_SM4_CBC};
    for (int i = 0; i < 2; i++) {
        DRM_SampleInfo info = sample_info(counter[i], KID_A, NIST_CTR_IV);
        info.scheme = DRM_CENC_SCHEME_CBC1;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "CTR as cbc1");
        info.scheme = DRM_CENC_SCHEME_CBCS;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "CTR as cbcs");
        info.scheme = DRM_CENC_SCHEME_CENC;
        info.cryptByteBlock = 1;
        info.skipByteBlock = 9;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "cenc with a pattern");
        info = sample_info(chained[i], KID_A, NIST_CTR_IV);
        info.scheme = DRM_CENC_SCHEME_CENC;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "CBC as cenc");
        info.scheme = DRM_CENC_SCHEME_CENS;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "CBC as cens");
        info.scheme = DRM_CENC_SCHEME_CBC1;
        info.cryptByteBlock = 1;
        info.skipByteBlock = 9;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "cbc1 with a pattern");
        info.scheme = DRM_CENC_SCHEME_CBCS;
        info.cryptByteBlock = 0;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "pattern 0:9");
        info.skipByteBlock = UINT32_MAX;
        expect_refused(&info, 32, DRM_ERR_INVALID_VAL, "pattern 0:4294967295");
    }
}

/* Patterns far larger than the sample are none of arithmetic's business. */
static void huge_patterns(void)
{
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CBC, KID_A, NIST_CBC_IV);
    hex_decode(NIST_CBC_CIPHER, data);
    hex_decode(NIST_PLAIN, plain);
    info.cryptByteBlock = UINT32_MAX;
    info.skipByteBlock = UINT32_MAX;
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
    info.cryptByteBlock = 1;
    hex_decode(NIST_CBC_CIPHER, data);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, NIST_SIZE));
    CHECK_MEM(data, plain, 16);
    hex_decode(NIST_CBC_CIPHER, plain);
    CHECK_MEM(data + 16, plain + 16, 48);
}

static void subsamples_that_do_not_add_up(void)
{
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    static const DrmSubsample sums[][2] = {
        {{0, 63}, {0, 0}},          {{0, 65}, {0, 0}},          {{64, 1}, {0, 0}},
        {{0, 0}, {0, 0}},           {{32, 0}, {0, 31}},         {{32, 0}, {0, 33}},
        {{UINT32_MAX, 65}, {0, 0}}, {{65, UINT32_MAX}, {0, 0}}, {{UINT32_MAX, UINT32_MAX}, {65, 1}},
        {{0, 0x80000000}, {0, 0x80000040}}};
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        DrmSubsample *end = (DrmSubsample *)guard_copy(sums[i], sizeof(sums[i]));
        info.subsampleCount = 2;
        info.subsamples = end;
        expect_refused(&info, NIST_SIZE, DRM_ERR_INVALID_VAL, "sum of the subsamples");
        guard_free(end, sizeof(sums[i]));
    }
    DrmSubsample some = {0, 16};
    info.subsampleCount = 1;
    info.subsamples = &some;
    expect_refused(&info, 0, DRM_ERR_INVALID_VAL, "subsamples of an empty sample");
    info.subsamples = NULL;
    expect_refused(&info, 16, DRM_ERR_INVALID_VAL, "subsamples null");
}

static void null_pointers(void)
{
    uint8_t data[16] = {7};
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, NULL, data, 16));
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, &info, NULL, 1));
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, &info, NULL, UINT32_MAX));
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, NULL, NULL, 0));
    CHECK_INT(data[0], 7);
}

static void no_key(void)
{
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_B, NIST_CTR_IV);
    expect_refused(&info, NIST_SIZE, DRM_ERR_NO_KEY, "no key");
    expect_refused(&info, 0, DRM_ERR_NO_KEY, "no key for an empty sample");
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), KID_B_HEX) != NULL);
    memset(info.keyId, 0, sizeof(info.keyId));
    expect_refused(&info, NIST_SIZE, DRM_ERR_NO_KEY, "key id zero");
}

/* Every length and every alignment, in front of a page that must not be touched, against one long sample. */
static void lengths_and_alignments(void)
{
    enum { LONGEST = 300 };
    uint8_t key_stream[LONGEST];
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    memset(key_stream, 0, sizeof(key_stream));
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, key_stream, LONGEST));
    uint8_t plain[NIST_SIZE];
    uint8_t cipher[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    hex_decode(NIST_CTR_CIPHER, cipher);
    for (int i = 0; i < NIST_SIZE; i++) {
        CHECK_INT(key_stream[i], plain[i] ^ cipher[i]);
    }
    for (uint32_t size = 1; size < LONGEST; size++) {
        uint8_t *data = (uint8_t *)guard_alloc(size);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, size));
        CHECK_MEM(data, key_stream, size);
        guard_free(data, size);
    }
    for (uint32_t offset = 0; offset < 64; offset++) {
        uint8_t buffer[LONGEST + 128];
        memset(buffer, 0x5a, sizeof(buffer));
        memset(buffer + offset, 0, 200);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, buffer + offset, 200));
        CHECK_FILLED(buffer, 0x5a, offset);
        CHECK_MEM(buffer + offset, key_stream, 200);
        CHECK_FILLED(buffer + offset + 200, 0x5a, sizeof(buffer) - offset - 200);
    }
}

/* A thousand subsamples: the CTR counter runs on through all of them. */
static void many_subsamples(void)
{
    enum { COUNT = 1000, CLEAR = 3, ENCRYPTED = 5 };
    uint8_t key_stream[COUNT * ENCRYPTED];
    uint8_t *data = (uint8_t *)guard_alloc((size_t)COUNT * (CLEAR + ENCRYPTED));
    DrmSubsample *subsamples = (DrmSubsample *)guard_alloc(COUNT * sizeof(DrmSubsample));
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    memset(key_stream, 0, sizeof(key_stream));
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, key_stream, sizeof(key_stream)));
    for (int i = 0; i < COUNT; i++) {
        subsamples[i].clearHeaderLen = CLEAR;
        subsamples[i].payLoadLen = ENCRYPTED;
    }
    info.subsampleCount = COUNT;
    info.subsamples = subsamples;
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, COUNT * (CLEAR + ENCRYPTED)));
    for (int i = 0; i < COUNT; i++) {
        CHECK_FILLED(data + i * (CLEAR + ENCRYPTED), 0, CLEAR);
        CHECK_MEM(data + i * (CLEAR + ENCRYPTED) + CLEAR, key_stream + i * ENCRYPTED, ENCRYPTED);
    }
    guard_free(subsamples, COUNT * sizeof(DrmSubsample));
    guard_free(data, (size_t)COUNT * (CLEAR + ENCRYPTED));
}

int main(void)
{
    drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    RUN(known_answers);
    RUN(short_iv);
    RUN(empty_samples);
    RUN(unencrypted);
    RUN(members_out_of_range);
    RUN(contradictions);
    RUN(huge_patterns);
    RUN(subsamples_that_do_not_add_up);
    RUN(null_pointers);
    RUN(no_key);
    RUN(lengths_and_alignments);
    RUN(many_subsamples);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_decrypt");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * OH_AVCencInfo, decryption with it, and what it holds.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

static MediaKeySystem *drm_system;
static MediaKeySession *session;
static uint8_t key_id[16];
static uint8_t iv[16];

/* An instance that describes NIST's CTR example in one piece. */
static OH_AVCencInfo *make_cenc_info(void)
{
    DrmSubsample none = {0, 0};
    OH_AVCencInfo *info = OH_AVCencInfo_Create();
    REQUIRE(info != NULL);
    CHECK_INT(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_AES_CTR), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, key_id, 16, iv, 16), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 0, &none), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET), AV_ERR_OK);
    return info;
}

static void expect_decrypts(OH_AVCencInfo *info)
{
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_CTR_CIPHER, data);
    hex_decode(NIST_PLAIN, plain);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
}

static void expect_refused(OH_AVCencInfo *info, Drm_ErrCode code)
{
    uint8_t data[NIST_SIZE];
    memset(data, 0x5a, sizeof(data));
    CHECK_CODE(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE), code);
    CHECK_FILLED(data, 0x5a, sizeof(data));
}

static void decrypts(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    expect_decrypts(info);
    expect_decrypts(info);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, NULL, 0));
    CHECK_INVALID(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, NULL, 1));
    CHECK_INVALID(OH_MediaKeySession_DecryptSampleWithCencInfo(session, NULL, iv, 16));
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void fresh_instance_is_unencrypted(void)
{
    uint8_t data[NIST_SIZE];
    OH_AVCencInfo *info = OH_AVCencInfo_Create();
    memset(data, 0x5a, sizeof(data));
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_FILLED(data, 0x5a, sizeof(data));
    CHECK_INT(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_FILLED(data, 0x5a, sizeof(data));
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void algorithm(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    static const int bad[] = {-1, 6, 100, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        DrmCencAlgorithm value;
        memcpy(&value, &bad[i], sizeof(value));
        CHECK_INT(OH_AVCencInfo_SetAlgorithm(info, value), AV_ERR_INVALID_VAL);
        CHECK(OH_Drm_GetLastErrorMessage()[0] != '\0');
    }
    expect_decrypts(info);
    CHECK_INT(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_AES_WV), AV_ERR_OK);
    expect_refused(info, DRM_ERR_UNKNOWN);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void mode(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    static const int bad[] = {-1, 2, 100, 2147483647, -2147483647 - 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        DrmCencInfoMode value;
        memcpy(&value, &bad[i], sizeof(value));
        CHECK_INT(OH_AVCencInfo_SetMode(info, value), AV_ERR_INVALID_VAL);
    }
    expect_decrypts(info);
    CHECK_INT(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET), AV_ERR_OK);
    expect_decrypts(info);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void key_id_and_iv(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    static const uint32_t bad[] = {0, 1, 8, 15, 17, 0x80000010, UINT32_MAX};
    uint8_t *end = (uint8_t *)guard_copy(key_id, 16);
    uint8_t other[16];
    memset(other, 0xee, sizeof(other));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, other, bad[i], other, 16), AV_ERR_INVALID_VAL);
        CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, other, 16, other, bad[i]), AV_ERR_INVALID_VAL);
    }
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, NULL, 16, other, 16), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, other, 16, NULL, 16), AV_ERR_INVALID_VAL);
    expect_decrypts(info); /* nothing of that was taken */
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, end, 16, iv, 16), AV_ERR_OK);
    memset(end, 0, 16); /* copied */
    expect_decrypts(info);
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, other, 16, iv, 16), AV_ERR_OK);
    expect_refused(info, DRM_ERR_NO_KEY);
    guard_free(end, 16);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void subsamples(void)
{
    enum { MAX = DRM_KEY_MAX_SUB_SAMPLE_NUM };
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample *list = (DrmSubsample *)guard_alloc((MAX + 1) * sizeof(DrmSubsample));
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    for (int i = 0; i < MAX + 1; i++) {
        list[i].clearHeaderLen = 0;
        list[i].payLoadLen = 1;
    }
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 9, 5, MAX + 1, list), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 9, 5, UINT32_MAX, list), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 9, 5, 1, NULL), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 9, 5, 0, NULL), AV_ERR_INVALID_VAL);
    expect_decrypts(info);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, MAX, list + 1), AV_ERR_OK);
    memset(list, 0xff, (MAX + 1) * sizeof(DrmSubsample)); /* copied */
    expect_decrypts(info);
    /* With clear bytes in front. */
    DrmSubsample halves[2] = {{4, 20}, {8, 32}};
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 2, halves), AV_ERR_OK);
    memset(data, 0, sizeof(data));
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    halves[0].clearHeaderLen = 0;
    uint8_t again[NIST_SIZE];
    memset(again, 0, sizeof(again));
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 4, 2, halves), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, again, NIST_SIZE));
    CHECK_MEM(again, data, NIST_SIZE);
    CHECK_FILLED(again, 0, 4);
    CHECK_FILLED(again + 24, 0, 8);
    /* The rest behind the offset is protected if there are no subsamples. */
    uint8_t shifted[NIST_SIZE + 3];
    memset(shifted, 0x5a, 3);
    hex_decode(NIST_CTR_CIPHER, shifted + 3);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 3, 0, halves), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, shifted, sizeof(shifted)));
    CHECK_FILLED(shifted, 0x5a, 3);
    CHECK_MEM(shifted + 3, plain, NIST_SIZE);
    guard_free(list, (MAX + 1) * sizeof(DrmSubsample));
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void what_does_not_add_up(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample one = {0, NIST_SIZE - 1};
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 1, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 2, 1, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, UINT32_MAX, 1, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, NIST_SIZE + 1, 0, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    one.clearHeaderLen = UINT32_MAX;
    one.payLoadLen = NIST_SIZE + 1;
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 1, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 9, 0, 0, &one), AV_ERR_OK);
    expect_refused(info, DRM_ERR_INVALID_VAL); /* pattern 0:9 */
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

/* CBC with a pattern is cbcs, which restarts at the IV in every subsample; without one it is cbc1, which does not. */
static void schemes(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    uint8_t cbc_iv[16];
    DrmSubsample whole = {0, 64};
    DrmSubsample pieces[4] = {{0, 16}, {0, 16}, {0, 16}, {0, 16}};
    hex_decode(NIST_PLAIN, plain);
    hex_decode(NIST_CBC_IV, cbc_iv);
    CHECK_INT(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_AES_CBC), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(info, key_id, 16, cbc_iv, 16), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 4, pieces), AV_ERR_OK);
    hex_decode(NIST_CBC_CIPHER, data);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 0, 0, 1, &whole), AV_ERR_OK);
    hex_decode(NIST_CBC_CIPHER, data);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 0, 0, 4, pieces), AV_ERR_OK);
    hex_decode(NIST_CBC_CIPHER, data);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, NIST_SIZE));
    CHECK_MEM(data, plain, 16);
    CHECK(memcmp(data + 16, plain + 16, 16) != 0);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

/* ---- what an instance holds, as a DRM_SampleInfo ---- */

enum { ALL_SUBSAMPLES = DRM_KEY_MAX_SUB_SAMPLE_NUM + 1 };

/* A DRM_SampleInfo of which only structSize is right. */
static DRM_SampleInfo unset_sample_info(void)
{
    DRM_SampleInfo out;
    memset(&out, 0x5a, sizeof(out));
    out.structSize = (uint32_t)sizeof(out);
    return out;
}

static void expect_no_sample_info(OH_AVCencInfo *info, uint32_t room, uint32_t needed)
{
    DrmSubsample list[ALL_SUBSAMPLES];
    DRM_SampleInfo out = unset_sample_info();
    DRM_SampleInfo before = out;
    uint32_t count = room;
    memset(list, 0x5a, sizeof(list));
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, list, &count), AV_ERR_INVALID_VAL);
    CHECK(OH_Drm_GetLastErrorMessage()[0] != '\0');
    CHECK_INT(count, needed);
    CHECK_MEM(&out, &before, sizeof(out));
    CHECK_FILLED(list, 0x5a, sizeof(list));
}

static void sample_info_outlives_the_instance(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample halves[2] = {{0, 24}, {8, 32}};
    DrmSubsample list[ALL_SUBSAMPLES];
    DRM_SampleInfo out = unset_sample_info();
    uint32_t count = ALL_SUBSAMPLES;
    uint8_t data[NIST_SIZE];
    uint8_t same[NIST_SIZE];
    hex_decode(NIST_CTR_CIPHER, data);
    memcpy(same, data, sizeof(same));
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 3, 7, 0, 2, halves), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, list, &count), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, same, NIST_SIZE));
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
    CHECK_INT(out.structSize, sizeof(out));
    CHECK_INT(out.algorithm, DRM_ALG_CENC_AES_CTR);
    CHECK_INT(out.scheme, DRM_CENC_SCHEME_AUTO);
    CHECK_INT(out.ivLen, 16);
    CHECK_MEM(out.keyId, key_id, 16);
    CHECK_MEM(out.iv, iv, 16);
    CHECK(out.cryptByteBlock == 3 && out.skipByteBlock == 7 && out.reserved == 0);
    CHECK(count == 2 && out.subsampleCount == 2 && out.subsamples == list);
    CHECK_MEM(list, halves, sizeof(halves));
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &out, data, NIST_SIZE));
    CHECK_MEM(data, same, NIST_SIZE);
    count = 77;
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, list, &count), AV_ERR_INVALID_VAL);
    CHECK_INT(count, 77);
}

/* No subsamples, and an offset with and without them. */
static void sample_info_with_an_offset(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample *list = (DrmSubsample *)guard_alloc(sizeof(DrmSubsample));
    DrmSubsample most[DRM_KEY_MAX_SUB_SAMPLE_NUM];
    DRM_SampleInfo out = unset_sample_info();
    uint32_t count = 0;
    uint8_t data[NIST_SIZE + 3];
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, NULL, &count), AV_ERR_OK);
    CHECK(count == 0 && out.subsampleCount == 0 && out.subsamples == NULL);
    hex_decode(NIST_CTR_CIPHER, data);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &out, data, NIST_SIZE));
    CHECK_MEM(data, plain, NIST_SIZE);
    /* The rest behind the offset is protected. */
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 3, 0, most), AV_ERR_OK);
    expect_no_sample_info(info, 0, 1);
    count = 1;
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, sizeof(data), &out, list, &count), AV_ERR_OK);
    CHECK(count == 1 && list[0].clearHeaderLen == 3 && list[0].payLoadLen == NIST_SIZE);
    hex_decode(NIST_CTR_CIPHER, data + 3);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &out, data, sizeof(data)));
    CHECK_MEM(data + 3, plain, NIST_SIZE);
    /* One that does not fit the sample is refused by both. */
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, 2, &out, list, &count), AV_ERR_OK);
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, &out, data, 2));
    CHECK_INVALID(OH_MediaKeySession_DecryptSampleWithCencInfo(session, info, data, 2));
    guard_free(list, sizeof(DrmSubsample));
    /* As many as there can be. */
    for (int i = 0; i < DRM_KEY_MAX_SUB_SAMPLE_NUM; i++) {
        most[i].clearHeaderLen = 0;
        most[i].payLoadLen = 1;
    }
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 3, DRM_KEY_MAX_SUB_SAMPLE_NUM, most), AV_ERR_OK);
    expect_no_sample_info(info, ALL_SUBSAMPLES - 1, ALL_SUBSAMPLES);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "65 subsamples are needed, 64 are available") != NULL);
    list = (DrmSubsample *)guard_alloc(ALL_SUBSAMPLES * sizeof(DrmSubsample));
    count = ALL_SUBSAMPLES;
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, sizeof(data), &out, list, &count), AV_ERR_OK);
    CHECK(count == ALL_SUBSAMPLES && list[0].clearHeaderLen == 3 && list[0].payLoadLen == 0);
    hex_decode(NIST_CTR_CIPHER, data + 3);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &out, data, sizeof(data)));
    CHECK_MEM(data + 3, plain, NIST_SIZE);
    guard_free(list, ALL_SUBSAMPLES * sizeof(DrmSubsample));
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

/* An instance that says that nothing is set gives the algorithm and nothing else. */
static void sample_info_of_nothing(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample one = {0, NIST_SIZE};
    DRM_SampleInfo out = unset_sample_info();
    uint32_t count = 0;
    uint8_t data[NIST_SIZE] = {0};
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 1, 9, 4, 1, &one), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, NULL, &count), AV_ERR_OK);
    CHECK(out.algorithm == DRM_ALG_CENC_AES_CTR && out.ivLen == 0 && out.subsampleCount == 0);
    CHECK(out.cryptByteBlock == 0 && out.skipByteBlock == 0);
    CHECK_FILLED(out.keyId, 0, 16);
    CHECK_FILLED(out.iv, 0, 16);
    CHECK_INVALID(OH_MediaKeySession_DecryptSample(session, &out, data, NIST_SIZE));
    CHECK_INT(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_UNENCRYPTED), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, NULL, &count), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &out, data, NIST_SIZE));
    CHECK_FILLED(data, 0, NIST_SIZE);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

static void sample_info_misuse(void)
{
    OH_AVCencInfo *info = make_cenc_info();
    DrmSubsample list[ALL_SUBSAMPLES] = {{0, NIST_SIZE}};
    static const uint32_t sizes[] = {0, 1, sizeof(DRM_SampleInfo) - 1, sizeof(DRM_SampleInfo) + 1, UINT32_MAX};
    CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(info, 0, 0, 0, 1, list), AV_ERR_OK);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        DRM_SampleInfo out = unset_sample_info();
        uint32_t count = ALL_SUBSAMPLES;
        out.structSize = sizes[i];
        CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, list, &count), AV_ERR_INVALID_VAL);
        CHECK_INT(out.structSize, sizes[i]);
    }
    DRM_SampleInfo out = unset_sample_info();
    DRM_SampleInfo before = out;
    uint32_t count = ALL_SUBSAMPLES;
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(NULL, NIST_SIZE, &out, list, &count), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo((OH_AVCencInfo *)session, NIST_SIZE, &out, list, &count), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, NULL, list, &count), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, NULL, &count), AV_ERR_INVALID_VAL);
    CHECK_INT(OH_AVCencInfo_GetSampleInfo(info, NIST_SIZE, &out, list, NULL), AV_ERR_INVALID_VAL);
    CHECK_INT(count, ALL_SUBSAMPLES);
    CHECK_MEM(&out, &before, sizeof(out));
    expect_no_sample_info(info, 0, 1);
    CHECK_INT(OH_AVCencInfo_Destroy(info), AV_ERR_OK);
}

int main(void)
{
    drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    memcpy(key_id, KID_A, 16);
    hex_decode(NIST_CTR_IV, iv);
    RUN(decrypts);
    RUN(fresh_instance_is_unencrypted);
    RUN(algorithm);
    RUN(mode);
    RUN(key_id_and_iv);
    RUN(subsamples);
    RUN(what_does_not_add_up);
    RUN(schemes);
    RUN(sample_info_outlives_the_instance);
    RUN(sample_info_with_an_offset);
    RUN(sample_info_of_nothing);
    RUN(sample_info_misuse);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_cencinfo");
}

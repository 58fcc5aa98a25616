/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * OH_AVCencInfo and decryption with it.
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
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_cencinfo");
}

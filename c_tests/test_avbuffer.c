/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * OH_AVBuffer, what is attached to it, and decryption in it.
 */
#include "support/buffers.h"
#include "support/check.h"
#include "support/drm.h"

static MediaKeySystem *drm_system;
static MediaKeySession *session;

static void created_and_destroyed(void)
{
    static const int32_t sizes[] = {1, 2, 15, 63, 64, 65, 4095, 4096, 100000, 1 << 22};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        OH_AVBuffer *buffer = make_buffer(sizes[i]);
        uint8_t *address = OH_AVBuffer_GetAddr(buffer);
        REQUIRE(address != NULL);
        CHECK_INT(OH_AVBuffer_GetCapacity(buffer), sizes[i]);
        CHECK_INT((uintptr_t)address % 64, 0);
        CHECK_FILLED(address, 0, (size_t)sizes[i]);
        memset(address, 0xff, (size_t)sizes[i]);
        CHECK(OH_AVBuffer_GetAddr(buffer) == address);
        CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
        CHECK_AV_INVALID(OH_AVBuffer_Destroy(buffer));
    }
}

static void capacities_out_of_range(void)
{
    static const int32_t bad[] = {0, -1, -64, -4096, INT32_MIN, INT32_MIN + 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK(OH_AVBuffer_Create(bad[i]) == NULL);
        CHECK(strstr(OH_Drm_GetLastErrorMessage(), "capacity") != NULL);
    }
    if (getenv("NATIVE_DRM_TEST_SHORT") != NULL) {
        return; /* memory checkers make all of what follows resident */
    }
    /* As large as a capacity can be: it costs address space only, and may be refused. */
    OH_AVBuffer *buffer = OH_AVBuffer_Create(INT32_MAX);
    if (buffer != NULL) {
        CHECK_INT(OH_AVBuffer_GetCapacity(buffer), INT32_MAX);
        CHECK_INT(OH_AVBuffer_GetAddr(buffer)[INT32_MAX - 1], 0);
        set_range(buffer, INT32_MAX, 0);
        set_range(buffer, 0, INT32_MAX);
        set_range(buffer, INT32_MAX - 1, 1);
        CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
    } else {
        CHECK(strstr(OH_Drm_GetLastErrorMessage(), "no memory") != NULL);
    }
}

static void attributes(void)
{
    OH_AVBuffer *buffer = make_buffer(100);
    OH_AVCodecBufferAttr attr;
    memset(&attr, 0x5a, sizeof(attr));
    CHECK_AV_OK(OH_AVBuffer_GetBufferAttr(buffer, &attr));
    CHECK(attr.pts == 0 && attr.size == 0 && attr.offset == 0 && attr.flags == 0);
    OH_AVCodecBufferAttr set = {-5, 40, 60, AVCODEC_BUFFER_FLAGS_EOS | AVCODEC_BUFFER_FLAGS_SYNC_FRAME | 0x80000000u};
    CHECK_AV_OK(OH_AVBuffer_SetBufferAttr(buffer, &set));
    static const int32_t bad[][2] = {
        {0, 101}, {1, 100}, {60, 41}, {100, 1}, {101, 0}, {101, -1}, {-1, 1}, {-1, 0}, {0, -1}, {50, -50},
        {INT32_MAX, INT32_MAX}, {INT32_MAX, 1}, {1, INT32_MAX}, {INT32_MIN, INT32_MIN}, {INT32_MIN, 0}, {0, INT32_MIN},
        {INT32_MIN, INT32_MAX},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OH_AVCodecBufferAttr wrong = {77, bad[i][1], bad[i][0], 0};
        CHECK_AV_INVALID(OH_AVBuffer_SetBufferAttr(buffer, &wrong));
    }
    CHECK_AV_INVALID(OH_AVBuffer_SetBufferAttr(buffer, NULL));
    CHECK_AV_INVALID(OH_AVBuffer_GetBufferAttr(buffer, NULL));
    CHECK_AV_OK(OH_AVBuffer_GetBufferAttr(buffer, &attr));
    CHECK(attr.pts == -5 && attr.size == 40 && attr.offset == 60 && attr.flags == set.flags);
    set_range(buffer, 0, 100);
    set_range(buffer, 100, 0);
    set_range(buffer, 0, 0);
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
}

static void bad_handles(void)
{
    OH_AVBuffer *stale = make_buffer(16);
    OH_AVCencInfo *info = OH_AVCencInfo_Create();
    CHECK_AV_OK(OH_AVBuffer_Destroy(stale));
    OH_AVBuffer *bad[] = {NULL, stale, (OH_AVBuffer *)info, (OH_AVBuffer *)session, (OH_AVBuffer *)&stale};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        OH_AVCodecBufferAttr attr;
        memset(&attr, 0x5a, sizeof(attr));
        CHECK_AV_INVALID(OH_AVBuffer_GetBufferAttr(bad[i], &attr));
        CHECK_FILLED(&attr, 0x5a, sizeof(attr));
        CHECK_AV_INVALID(OH_AVBuffer_SetBufferAttr(bad[i], &attr));
        CHECK(OH_AVBuffer_GetAddr(bad[i]) == NULL);
        CHECK_INT(OH_AVBuffer_GetCapacity(bad[i]), -1);
        CHECK_AV_INVALID(OH_AVCencInfo_SetAVBuffer(info, bad[i]));
        CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, bad[i]));
        CHECK_AV_INVALID(OH_AVBuffer_Destroy(bad[i]));
    }
    OH_AVBuffer *buffer = make_nist_buffer(0, NIST_SIZE);
    CHECK_AV_INVALID(OH_AVCencInfo_SetAVBuffer(NULL, buffer));
    CHECK_AV_OK(OH_AVCencInfo_Destroy(info));
    CHECK_AV_INVALID(OH_AVCencInfo_SetAVBuffer(info, buffer));
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(NULL, buffer));
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer((MediaKeySession *)buffer, buffer));
    expect_nist(buffer, 0, NIST_CTR_CIPHER);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
}

/* Only the data changes, and only once. */
static void decrypts_the_range(void)
{
    static const int32_t offsets[] = {0, 1, 7, 64, 100};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        int32_t end = offsets[i] + NIST_SIZE;
        OH_AVBuffer *buffer = make_nist_buffer(offsets[i], end + 33);
        uint8_t *address = OH_AVBuffer_GetAddr(buffer);
        memset(address, 0x5a, (size_t)offsets[i]);
        memset(address + end, 0x5a, 33);
        CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
        expect_nist(buffer, offsets[i], NIST_PLAIN);
        CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
        CHECK(strstr(OH_Drm_GetLastErrorMessage(), "no OH_AVCencInfo is attached") != NULL);
        expect_nist(buffer, offsets[i], NIST_PLAIN);
        CHECK_FILLED(address, 0x5a, (size_t)offsets[i]);
        CHECK_FILLED(address + end, 0x5a, 33);
        /* The next sample in the same buffer. */
        hex_decode(NIST_CTR_CIPHER, address + offsets[i]);
        CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
        expect_nist(buffer, offsets[i], NIST_CTR_CIPHER);
        attach_ctr(buffer, KID_A);
        CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
        expect_nist(buffer, offsets[i], NIST_PLAIN);
        CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
    }
}

/* A refused sample is as it was, and what is attached stays: the same call succeeds when the reason is gone. */
static void refused_and_tried_again(void)
{
    MediaKeySession *other = make_session(drm_system);
    OH_AVBuffer *buffer = make_nist_buffer(3, NIST_SIZE + 10);
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(other, buffer), DRM_ERR_NO_KEY);
    expect_nist(buffer, 3, NIST_CTR_CIPHER);
    give_key(other, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    expect_nist(buffer, 3, NIST_PLAIN);
    /* Setting again replaces. */
    hex_decode(NIST_CTR_CIPHER, OH_AVBuffer_GetAddr(buffer) + 3);
    attach_ctr(buffer, KID_B);
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(other, buffer), DRM_ERR_NO_KEY);
    attach_ctr(buffer, KID_A);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    expect_nist(buffer, 3, NIST_PLAIN);
    /* Subsamples that do not add up to the size. */
    DrmSubsample one = {0, NIST_SIZE - 1};
    attach(buffer, DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV, 0, 1, &one);
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    expect_nist(buffer, 3, NIST_PLAIN);
    set_range(buffer, 3, NIST_SIZE - 1);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    attach(buffer, DRM_ALG_CENC_AES_WV, KID_A, NIST_CTR_IV, 0, 0, NULL);
    CHECK_UNKNOWN(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    attach_ctr(buffer, KID_A);
    CHECK_OK(OH_MediaKeySession_Destroy(other));
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(other, buffer));
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
}

static void clear_and_empty(void)
{
    OH_AVBuffer *buffer = make_buffer(NIST_SIZE);
    OH_AVCencInfo *info = OH_AVCencInfo_Create();
    hex_decode(NIST_CTR_CIPHER, OH_AVBuffer_GetAddr(buffer));
    set_range(buffer, 0, NIST_SIZE);
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, buffer)); /* nothing is attached */
    for (int mode = 0; mode < 2; mode++) {
        CHECK_AV_OK(OH_AVCencInfo_SetMode(info, (DrmCencInfoMode)mode));
        CHECK_AV_OK(OH_AVCencInfo_SetAVBuffer(info, buffer));
        CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
        CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    }
    expect_nist(buffer, 0, NIST_CTR_CIPHER);
    /* Protected, but without key id, IV and subsamples. */
    CHECK_AV_OK(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_AES_CTR));
    CHECK_AV_OK(OH_AVCencInfo_SetAVBuffer(info, buffer));
    CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "not set") != NULL);
    expect_nist(buffer, 0, NIST_CTR_CIPHER);
    attach_ctr(buffer, KID_A);
    set_range(buffer, NIST_SIZE, 0);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    expect_nist(buffer, 0, NIST_CTR_CIPHER);
    CHECK_AV_OK(OH_AVCencInfo_Destroy(info));
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
}

/* NIST's CBC example as cbc1 in pieces and as cbcs in one; test_vectors has all schemes and ciphers in buffers. */
static void schemes(void)
{
    OH_AVBuffer *buffer = make_buffer(NIST_SIZE);
    DrmSubsample pieces[4] = {{0, 16}, {0, 16}, {0, 16}, {0, 16}};
    DrmSubsample whole = {0, NIST_SIZE};
    set_range(buffer, 0, NIST_SIZE);
    hex_decode(NIST_CBC_CIPHER, OH_AVBuffer_GetAddr(buffer));
    attach(buffer, DRM_ALG_CENC_AES_CBC, KID_A, NIST_CBC_IV, 0, 4, pieces);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    expect_nist(buffer, 0, NIST_PLAIN);
    hex_decode(NIST_CBC_CIPHER, OH_AVBuffer_GetAddr(buffer));
    attach(buffer, DRM_ALG_CENC_AES_CBC, KID_A, NIST_CBC_IV, 1, 1, &whole);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    expect_nist(buffer, 0, NIST_PLAIN);
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
}

/* Samples in buffers are counted as others are. */
static void statistics(void)
{
    MediaKeySystem *own = make_system(CLEARPLAY);
    MediaKeySession *counting = make_session(own);
    OH_AVBuffer *buffer = make_nist_buffer(0, NIST_SIZE);
    DRM_Statistics before;
    DRM_Statistics after;
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(counting, buffer), DRM_ERR_NO_KEY);
    give_key(counting, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySystem_GetStatistics(own, &before));
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(counting, buffer));
    CHECK_OK(OH_MediaKeySystem_GetStatistics(own, &after));
    CHECK_INT(before.statisticsCount, after.statisticsCount);
    bool counted = false;
    for (uint32_t i = 0; i < after.statisticsCount; i++) {
        CHECK_STR(after.statisticsName[i], before.statisticsName[i]);
        counted = counted || strcmp(after.statisticsDescription[i], before.statisticsDescription[i]) != 0;
    }
    CHECK(counted);
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
    CHECK_OK(OH_MediaKeySystem_Destroy(own));
}

static void as_many_as_handles(void)
{
    enum { LIMIT = 65536 };
    OH_AVBuffer **buffers = (OH_AVBuffer **)calloc(LIMIT, sizeof(*buffers));
    REQUIRE(buffers != NULL);
    for (int i = 0; i < LIMIT; i++) {
        buffers[i] = OH_AVBuffer_Create(1);
        REQUIRE(buffers[i] != NULL);
    }
    CHECK(OH_AVBuffer_Create(1) == NULL);
    CHECK_AV_OK(OH_AVBuffer_Destroy(buffers[77]));
    buffers[77] = OH_AVBuffer_Create(1);
    CHECK(buffers[77] != NULL);
    for (int i = 0; i < LIMIT; i++) {
        REQUIRE(OH_AVBuffer_Destroy(buffers[i]) == AV_ERR_OK);
    }
    free(buffers);
}

int main(void)
{
    drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    RUN(created_and_destroyed);
    RUN(capacities_out_of_range);
    RUN(attributes);
    RUN(bad_handles);
    RUN(decrypts_the_range);
    RUN(refused_and_tried_again);
    RUN(clear_and_empty);
    RUN(schemes);
    RUN(statistics);
    RUN(as_many_as_handles);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_avbuffer");
}

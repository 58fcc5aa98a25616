/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Buffers for the C tests.
 */
#ifndef TEST_SUPPORT_BUFFERS_H
#define TEST_SUPPORT_BUFFERS_H

#include "multimedia/player_framework/native_avbuffer.h"

#include "check.h"
#include "drm.h"

#define CHECK_AV_OK(call) CHECK_INT(call, AV_ERR_OK)
/* A refused call leaves a message. */
#define CHECK_AV_INVALID(call)                                \
    do {                                                      \
        CHECK_INT(call, AV_ERR_INVALID_VAL);                  \
        CHECK(OH_Drm_GetLastErrorMessage()[0] != '\0');       \
    } while (0)

static inline OH_AVBuffer *make_buffer(int32_t capacity)
{
    OH_AVBuffer *buffer = OH_AVBuffer_Create(capacity);
    REQUIRE(buffer != NULL);
    return buffer;
}

/* Sets only where the data is. */
static inline void set_range(OH_AVBuffer *buffer, int32_t offset, int32_t size)
{
    OH_AVCodecBufferAttr attr = {0, size, offset, AVCODEC_BUFFER_FLAGS_NONE};
    CHECK_AV_OK(OH_AVBuffer_SetBufferAttr(buffer, &attr));
}

/* Attaches a description, and changes and destroys the OH_AVCencInfo that it came from. */
static inline void attach(OH_AVBuffer *buffer, DrmCencAlgorithm algorithm, const uint8_t *kid, const char *iv_hex,
                   uint32_t crypt, uint32_t count, DrmSubsample *subsamples)
{
    DrmSubsample none = {0, 0};
    uint8_t key_id[16];
    uint8_t iv[16];
    OH_AVCencInfo *info = OH_AVCencInfo_Create();
    memcpy(key_id, kid, sizeof(key_id));
    hex_decode(iv_hex, iv);
    CHECK_AV_OK(OH_AVCencInfo_SetAlgorithm(info, algorithm));
    CHECK_AV_OK(OH_AVCencInfo_SetKeyIdAndIv(info, key_id, 16, iv, 16));
    CHECK_AV_OK(OH_AVCencInfo_SetSubsampleInfo(info, crypt, 0, 0, count, count == 0 ? &none : subsamples));
    CHECK_AV_OK(OH_AVCencInfo_SetMode(info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET));
    CHECK_AV_OK(OH_AVCencInfo_SetAVBuffer(info, buffer));
    memset(iv, 0, sizeof(iv));
    CHECK_AV_OK(OH_AVCencInfo_SetKeyIdAndIv(info, key_id, 16, iv, 16));
    CHECK_AV_OK(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_UNENCRYPTED));
    CHECK_AV_OK(OH_AVCencInfo_Destroy(info));
}

static inline void attach_ctr(OH_AVBuffer *buffer, const uint8_t *kid)
{
    attach(buffer, DRM_ALG_CENC_AES_CTR, kid, NIST_CTR_IV, 0, 0, NULL);
}

/* NIST's CTR example at `offset`. */
static inline OH_AVBuffer *make_nist_buffer(int32_t offset, int32_t capacity)
{
    OH_AVBuffer *buffer = make_buffer(capacity);
    hex_decode(NIST_CTR_CIPHER, OH_AVBuffer_GetAddr(buffer) + offset);
    set_range(buffer, offset, NIST_SIZE);
    attach_ctr(buffer, KID_A);
    return buffer;
}

static inline void expect_nist(OH_AVBuffer *buffer, int32_t offset, const char *expected_hex)
{
    uint8_t expected[NIST_SIZE];
    hex_decode(expected_hex, expected);
    CHECK_MEM(OH_AVBuffer_GetAddr(buffer) + offset, expected, NIST_SIZE);
}

#endif /* TEST_SUPPORT_BUFFERS_H */

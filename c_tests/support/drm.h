/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Systems, sessions, licenses and samples for the C tests.
 */
#ifndef TEST_SUPPORT_DRM_H
#define TEST_SUPPORT_DRM_H

#include "multimedia/drm_framework/native_drm_common.h"
#include "multimedia/drm_framework/native_drm_err.h"
#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "multimedia/player_framework/native_cencinfo.h"

#include "check.h"
#include "encode.h"

#define CLEARPLAY "com.clearplay.drm"
#define W3C_CLEARKEY "org.w3.clearkey"

/* NIST SP 800-38A: key of the AES-128 examples, and their plaintext. */
static const uint8_t NIST_KEY[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
#define NIST_PLAIN                                                     \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
/* F.5.1 CTR-AES128. */
#define NIST_CTR_IV "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define NIST_CTR_CIPHER                                                \
    "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff" \
    "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"
/* F.2.1 CBC-AES128. */
#define NIST_CBC_IV "000102030405060708090a0b0c0d0e0f"
#define NIST_CBC_CIPHER                                                \
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" \
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
#define NIST_SIZE 64

/* Key ids that the tests give to keys. */
static const uint8_t KID_A[16] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                                  0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
static const uint8_t KID_B[16] = {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7,
                                  0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf};
#define KID_A_HEX "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define KID_B_HEX "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
static const uint8_t OTHER_KEY[16] = {0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88,
                                      0x79, 0x6a, 0x5b, 0x4c, 0x3d, 0x2e, 0x1f, 0x00};

static inline MediaKeySystem *make_system(const char *name)
{
    MediaKeySystem *system = NULL;
    REQUIRE_OK(OH_MediaKeySystem_Create(name, &system));
    REQUIRE(system != NULL);
    return system;
}

static inline MediaKeySession *make_session(MediaKeySystem *system)
{
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    REQUIRE_OK(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session));
    REQUIRE(session != NULL);
    return session;
}

/* Processes a license text; the media key id is dropped. */
static inline Drm_ErrCode process_response(MediaKeySession *session, const char *text)
{
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_len = (int32_t)sizeof(id);
    size_t size = strlen(text);
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    memcpy(copy, text, size + 1);
    Drm_ErrCode code = OH_MediaKeySession_ProcessMediaKeyResponse(session, copy, (int32_t)size, id, &id_len);
    free(copy);
    return code;
}

/* Gives a session one key, in the format of com.clearplay.drm: flag '0' online, '1' offline. */
static inline void give_key_as(MediaKeySession *session, char flag, const uint8_t kid[16], const uint8_t key[16])
{
    char text[256];
    REQUIRE_OK(process_response(session, clearplay_license(text, sizeof(text), flag, kid, key)));
}

static inline void give_key(MediaKeySession *session, const uint8_t kid[16], const uint8_t key[16])
{
    give_key_as(session, '0', kid, key);
}

/* Gives a session one key as a JWK Set, which every key system takes. */
static inline void give_jwk(MediaKeySession *session, const char *type, const uint8_t kid[16], const uint8_t key[16])
{
    char text[256];
    REQUIRE_OK(process_response(session, jwk_license(text, sizeof(text), type, kid, key)));
}

/* A whole-sample DRM_SampleInfo with a 16-byte IV given as hexadecimal text. */
static inline DRM_SampleInfo sample_info(DrmCencAlgorithm algorithm, const uint8_t kid[16], const char *iv_hex)
{
    DRM_SampleInfo info;
    memset(&info, 0, sizeof(info));
    info.structSize = (uint32_t)sizeof(info);
    info.algorithm = algorithm;
    memcpy(info.keyId, kid, 16);
    info.ivLen = (uint32_t)hex_decode(iv_hex, info.iv);
    return info;
}

/* The SP 800-38A CTR example as a sample for `kid`; fills `data`, NIST_SIZE bytes. */
static inline DRM_SampleInfo nist_ctr_sample(const uint8_t kid[16], uint8_t *data)
{
    hex_decode(NIST_CTR_CIPHER, data);
    return sample_info(DRM_ALG_CENC_AES_CTR, kid, NIST_CTR_IV);
}

/* Decrypts the SP 800-38A CTR example and checks the result. */
static inline Drm_ErrCode decrypt_nist(MediaKeySession *session, const uint8_t kid[16])
{
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    uint8_t cipher[NIST_SIZE];
    DRM_SampleInfo info = nist_ctr_sample(kid, data);
    hex_decode(NIST_PLAIN, plain);
    hex_decode(NIST_CTR_CIPHER, cipher);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSample(session, &info, data, NIST_SIZE);
    CHECK_MEM(data, code == DRM_ERR_OK ? plain : cipher, NIST_SIZE);
    return code;
}

/* A pssh box (ISO/IEC 23001-7 section 8.1), version 1 with `count` key ids or, with 0, version 0; returns its size. */
static inline size_t make_pssh(uint8_t *out, const char *system_id_hex, const uint8_t (*kids)[16], size_t count,
                               const void *data, size_t data_len)
{
    size_t at = 8;
    memcpy(out + 4, "pssh", 4);
    at = 12;
    memset(out + 8, 0, 4);
    out[8] = count > 0 ? 1 : 0;
    at += hex_decode(system_id_hex, out + at);
    if (count > 0) {
        out[at++] = 0;
        out[at++] = 0;
        out[at++] = (uint8_t)(count >> 8);
        out[at++] = (uint8_t)count;
        memcpy(out + at, kids, count * 16);
        at += count * 16;
    }
    out[at++] = 0;
    out[at++] = 0;
    out[at++] = (uint8_t)(data_len >> 8);
    out[at++] = (uint8_t)data_len;
    if (data_len > 0) {
        memcpy(out + at, data, data_len);
        at += data_len;
    }
    out[0] = 0;
    out[1] = 0;
    out[2] = (uint8_t)(at >> 8);
    out[3] = (uint8_t)at;
    return at;
}

#define CLEARPLAY_UUID "47a10ff0ca3c49c69c12a764ffde091f"
#define W3C_UUID "1077efecc0b24d02ace33c1e52e2fb4b"
#define DASHIF_CLEARKEY_UUID "e2719d58a985b3c9781ab030af78d30e"
#define WIDEVINE_UUID "edef8ba979d64acea3c827dcd51d21ed"

/* A request for `mime` with the given init data. */
static inline DRM_MediaKeyRequestInfo *make_request_info(const char *mime, const void *init_data, size_t size)
{
    DRM_MediaKeyRequestInfo *info = (DRM_MediaKeyRequestInfo *)calloc(1, sizeof(*info));
    REQUIRE(info != NULL && size <= MAX_INIT_DATA_LEN && strlen(mime) < MAX_MIMETYPE_LEN);
    info->type = MEDIA_KEY_TYPE_ONLINE;
    info->initDataLen = (int32_t)size;
    memcpy(info->initData, init_data, size);
    memcpy(info->mimeType, mime, strlen(mime) + 1);
    return info;
}

#endif /* TEST_SUPPORT_DRM_H */

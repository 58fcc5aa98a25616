/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decrypts the CTR vector of NIST SP 800-38A, section F.5.1, through an installed native_drm. Both include forms.
 */

#include <stdio.h>
#include <string.h>

#include <multimedia/drm_framework/native_mediakeysystem.h>
#include <native_drm_extension.h>
#include <native_mediadecrypt.h>
#include <native_mediakeysession.h>

/* Key id 00112233445566778899aabbccddeeff, key 2b7e151628aed2a6abf7158809cf4f3c, online. */
static const char LICENSE[] = "0ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA==";
static const uint8_t KEY_ID[DRM_KEY_ID_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                                0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
static const uint8_t COUNTER[DRM_KEY_IV_SIZE] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
                                                 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
static const uint8_t PLAIN[64] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
    0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
    0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
static const uint8_t CIPHER[64] = {
    0x87, 0x4d, 0x61, 0x91, 0xb6, 0x20, 0xe3, 0x26, 0x1b, 0xef, 0x68, 0x64, 0x99, 0x0d, 0xb6, 0xce,
    0x98, 0x06, 0xf6, 0x6b, 0x79, 0x70, 0xfd, 0xff, 0x86, 0x17, 0x18, 0x7b, 0xb9, 0xff, 0xfd, 0xff,
    0x5a, 0xe4, 0xdf, 0x3e, 0xdb, 0xd5, 0xd3, 0x5e, 0x5b, 0x4f, 0x09, 0x02, 0x0d, 0xb0, 0x3e, 0xab,
    0x1e, 0x03, 0x1d, 0xda, 0x2f, 0xbe, 0x03, 0xd1, 0x79, 0x21, 0x70, 0xa0, 0xf3, 0x00, 0x9c, 0xee};

static int failed(const char *what, Drm_ErrCode code)
{
    if (code != DRM_ERR_OK) {
        fprintf(stderr, "%s: %d: %s\n", what, (int)code, OH_Drm_GetLastErrorMessage());
    }
    return code != DRM_ERR_OK;
}

int main(void)
{
    MediaKeySystem *system = NULL;
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    uint8_t license[sizeof(LICENSE) - 1];
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t idLen = (int32_t)sizeof(id);
    uint8_t sample[sizeof(CIPHER)];
    DRM_SampleInfo info;

    if (OH_Drm_GetVersion() >> 8 != NATIVE_DRM_VERSION_MAJOR * 256 + NATIVE_DRM_VERSION_MINOR) {
        fprintf(stderr, "header and library have different versions\n");
        return 1;
    }
    memcpy(license, LICENSE, sizeof(license));
    memcpy(sample, CIPHER, sizeof(sample));
    memset(&info, 0, sizeof(info));
    info.structSize = sizeof(info);
    info.algorithm = DRM_ALG_CENC_AES_CTR;
    info.ivLen = DRM_KEY_IV_SIZE;
    memcpy(info.keyId, KEY_ID, sizeof(info.keyId));
    memcpy(info.iv, COUNTER, sizeof(info.iv));

    if (failed("create", OH_MediaKeySystem_Create("com.clearplay.drm", &system)) ||
        failed("session", OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session)) ||
        failed("license", OH_MediaKeySession_ProcessMediaKeyResponse(session, license, (int32_t)sizeof(license), id,
                                                                     &idLen)) ||
        failed("decrypt", OH_MediaKeySession_DecryptSample(session, &info, sample, (uint32_t)sizeof(sample)))) {
        return 1;
    }
    if (memcmp(sample, PLAIN, sizeof(sample)) != 0) {
        fprintf(stderr, "wrong clear data\n");
        return 1;
    }
    if (failed("destroy", OH_MediaKeySession_Destroy(session)) || failed("destroy", OH_MediaKeySystem_Destroy(system))) {
        return 1;
    }
    puts("decrypted 64 bytes");
    return 0;
}

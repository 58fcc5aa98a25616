/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Key systems that a program registers: everything that they do as they should.
 */
#include "support/plugin.h"

#define NAME "test.puppet"

static void listed_like_the_others(void)
{
    DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    CHECK(!OH_MediaKeySystem_IsSupported(NAME));
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    /* What it was read from may go. */
    memset(&plugin, 0x5a, sizeof(plugin));
    CHECK(OH_MediaKeySystem_IsSupported(NAME));
    CHECK(OH_MediaKeySystem_IsSupported2(NAME, "VIDEO/mp4; codecs=x"));
    CHECK(!OH_MediaKeySystem_IsSupported2(NAME, "video/webm"));
    CHECK(OH_MediaKeySystem_IsSupported3(NAME, "cenc", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!OH_MediaKeySystem_IsSupported3(NAME, "cenc", CONTENT_PROTECTION_LEVEL_HW_CRYPTO));
    DRM_MediaKeySystemDescription found[MAX_MEDIA_KEY_SYSTEM_NUM];
    uint32_t count = 3;
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(found, &count));
    CHECK_INT(count, 4);
    REQUIRE_OK(OH_MediaKeySystem_GetMediaKeySystems(found, &count));
    CHECK_STR(found[3].name, NAME);
    uint8_t uuid[16];
    hex_decode(PUPPET_UUID, uuid);
    CHECK_MEM(found[3].uuid, uuid, 16);
}

static void from_license_to_sample(void)
{
    puppet_reset();
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", "init data", 9);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
    CHECK_INT(request->type, MEDIA_KEY_REQUEST_TYPE_INITIAL);
    CHECK_INT(request->dataLen, 9);
    CHECK_MEM(request->data, "init data", 9);
    CHECK_STR(request->defaultUrl, "https://license.example");
    free(info);
    free(request);

    uint8_t license[64];
    puppet_license(license, KID_B, OTHER_KEY);
    puppet_license(license + 32, KID_A, NIST_KEY);
    uint8_t id[64];
    int32_t id_len = 15;
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_INVALID(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, 64, id, &id_len));
    CHECK_INT(id_len, 16);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    REQUIRE_OK(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, 64, id, &id_len));
    CHECK_INT(id_len, 16);
    CHECK_MEM(id, KID_A, 16);
    CHECK_OK(decrypt_nist(session, KID_A));
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)malloc(sizeof(*status));
    REQUIRE_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    CHECK_INT(status->statusCount, 2);
    CHECK_STR(status->statusName[0], KID_B_HEX);
    CHECK_STR(status->statusName[1], KID_A_HEX);
    CHECK_STR(status->statusValue[1], "USABLE");
    free(status);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);

    CHECK_OK(OH_MediaKeySession_Destroy(session));
    CHECK_INT(puppet.sessions_destroyed, 1);
    make_session(system);
    make_session(system);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INT(puppet.sessions_destroyed, 3);
    CHECK_INT(puppet.systems_destroyed, 1);
    CHECK_INT(puppet.destroyed_too_early, 0);
}

int main(void)
{
    puppet_reset();
    RUN(listed_like_the_others);
    RUN(from_license_to_sample);
    return check_finish("plugin");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The lives of sessions of the example plugins in hosts that die at each of their messages, in a library with emulation: what was
 * confirmed is in the plugins' stores afterwards. plugin_life DIRECTORY, where the plugins are.
 */
#define _GNU_SOURCE
#include "isolation/deaths.h"
#include "multimedia/drm_framework/native_drm_isolation.h"
#include "support/plugin_path.h"
#include "support/policy.h"

#include "native_drm_plugin.h"

#define DIRECTORY "PLUGIN_LIFE_DIRECTORY"
#define XOR "com.example.xor"
#define TEXT "com.example.text"
#define KEY_HEX "2b7e151628aed2a6abf7158809cf4f3c"
#define TEXT_LICENSE "text license 1\nkey " KID_A_HEX " " KEY_HEX "\n"

static MediaKeySystem *drm_system;
static MediaKeySession *session;
static bool provisioned, licensed, release_asked, released;

static Drm_ErrCode create_session(void)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    return OH_MediaKeySystem_CreateMediaKeySession(drm_system, &level, &session);
}

static Drm_ErrCode ignore(MediaKeySystem *from, DRM_EventType event, uint8_t *info, int32_t size, char *extra, void *data)
{
    (void)from, (void)event, (void)info, (void)size, (void)extra, (void)data;
    return DRM_ERR_OK;
}

static Drm_ErrCode listen_to_system(void)
{
    return OH_MediaKeySystem_SetCallbackWithUserData(drm_system, ignore, NULL);
}

static Drm_ErrCode ask(const char *uuid, DRM_MediaKeyType type)
{
    static DRM_MediaKeyRequestInfo info;
    static DRM_MediaKeyRequest request;
    memset(&info, 0, sizeof(info));
    info.type = type;
    info.initDataLen = (int32_t)make_pssh(info.initData, uuid, &KID_A, 1, NULL, 0);
    strcpy(info.mimeType, "video/mp4");
    return OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, &request);
}

static Drm_ErrCode statistics(void)
{
    static DRM_Statistics statistics;
    return OH_MediaKeySystem_GetStatistics(drm_system, &statistics);
}

static Drm_ErrCode clear(void)
{
    return OH_MediaKeySession_ClearMediaKeys(session);
}

/* com.example.xor: provisioning, vendor events, keys that it keeps, a cipher of its own. */
static Drm_ErrCode create_xor(void)
{
    return OH_MediaKeySystem_CreateIsolated(XOR, &drm_system);
}

static Drm_ErrCode certificate(void)
{
    DRM_CertificateStatus status;
    return OH_MediaKeySystem_GetCertificateStatus(drm_system, &status);
}

static Drm_ErrCode ask_for_certificate(void)
{
    static uint8_t request[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    static char url[MAX_DEFAULT_URL_LEN];
    int32_t size = (int32_t)sizeof(request);
    return OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, request, &size, url, (int32_t)sizeof(url));
}

static Drm_ErrCode take_certificate(void)
{
    uint8_t answer[] = "you are Ada";
    Drm_ErrCode code = OH_MediaKeySystem_ProcessKeySystemResponse(drm_system, answer, (int32_t)sizeof(answer) - 1);
    provisioned = code == DRM_ERR_OK;
    return code;
}

static Drm_ErrCode ask_xor(void)
{
    return ask("5a0e3a0f6d1b4c679e21786f722e6331", MEDIA_KEY_TYPE_ONLINE);
}

static Drm_ErrCode take_xor_license(void)
{
    return process_response(session, KID_A_HEX " " KEY_HEX);
}

static DRM_SampleInfo xor_sample(uint8_t data[16])
{
    memcpy(data, NIST_KEY, 16); /* of zeros */
    return sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
}

static Drm_ErrCode decrypt_xor(void)
{
    static const uint8_t PLAIN[16] = {0};
    uint8_t data[16];
    DRM_SampleInfo info = xor_sample(data);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSample(session, &info, data, sizeof(data));
    CHECK_MEM(data, code == DRM_ERR_OK ? PLAIN : NIST_KEY, sizeof(data));
    return code;
}

static Drm_ErrCode decrypt_xor_batch(void)
{
    uint8_t data[2][16];
    DRM_SampleInfo info = xor_sample(data[0]);
    xor_sample(data[1]);
    DRM_Sample samples[2] = {{&info, data[0], 16, 0}, {&info, data[1], 16, 0}};
    return OH_MediaKeySession_DecryptSamples(session, samples, 2, NULL);
}

static const DeathStep XOR_STEPS[] = {
    {create_xor, false},
    {listen_to_system, false},
    {certificate, false},
    {ask_for_certificate, false},
    {take_certificate, false},
    {create_session, false},
    {ask_xor, true},
    {take_xor_license, true},
    {decrypt_xor, true},
    {decrypt_xor_batch, true},
    {statistics, false},
    {clear, true},
};
enum { XOR_STEP_COUNT = sizeof(XOR_STEPS) / sizeof(XOR_STEPS[0]) };

static void look_at_xor(void)
{
    DRM_CertificateStatus status;
    REQUIRE_OK(create_xor());
    REQUIRE_OK(OH_MediaKeySystem_GetCertificateStatus(drm_system, &status));
    CHECK(!provisioned || status == CERT_STATUS_PROVISIONED);
    REQUIRE_OK(take_certificate());
    REQUIRE_OK(create_session());
    CHECK_OK(take_xor_license());
    CHECK_OK(decrypt_xor());
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
}

/* com.example.text: keys for the library's cipher, offline keys in the library's store. */
static Drm_ErrCode create_text(void)
{
    return OH_MediaKeySystem_CreateIsolated(TEXT, &drm_system);
}

static Drm_ErrCode ask_text(void)
{
    return ask("1f83e1e86ee94f0dba2f5ec4e3ed1a66", MEDIA_KEY_TYPE_OFFLINE);
}

static Drm_ErrCode take_text_license(void)
{
    Drm_ErrCode code = process_response(session, TEXT_LICENSE "offline\n");
    licensed = code == DRM_ERR_OK;
    return code;
}

static Drm_ErrCode decrypt_text(void)
{
    return decrypt_nist(session, KID_A);
}

static Drm_ErrCode ids(void)
{
    static DRM_OfflineMediakeyIdArray ids;
    return OH_MediaKeySystem_GetOfflineMediaKeyIds(drm_system, &ids);
}

static Drm_ErrCode offline_status(void)
{
    DRM_OfflineMediaKeyStatus status;
    return OH_MediaKeySystem_GetOfflineMediaKeyStatus(drm_system, (uint8_t *)KID_A, 16, &status);
}

static Drm_ErrCode restore(void)
{
    return OH_MediaKeySession_RestoreOfflineMediaKeys(session, (uint8_t *)KID_A, 16);
}

static Drm_ErrCode ask_for_release(void)
{
    uint8_t request[128];
    int32_t size = (int32_t)sizeof(request);
    return OH_MediaKeySession_GenerateOfflineReleaseRequest(session, (uint8_t *)KID_A, 16, request, &size);
}

static Drm_ErrCode take_release(void)
{
    uint8_t answer[] = "taken " KID_A_HEX;
    release_asked = true;
    Drm_ErrCode code = OH_MediaKeySession_ProcessOfflineReleaseResponse(session, (uint8_t *)KID_A, 16, answer,
                                                                        (int32_t)sizeof(answer) - 1);
    released = code == DRM_ERR_OK;
    return code;
}

static const DeathStep TEXT_STEPS[] = {
    {create_text, false},
    {create_session, false},
    {ask_text, true},
    {take_text_license, true},
    {decrypt_text, true},
    {ids, false},
    {offline_status, false},
    {clear, true},
    {restore, true},
    {decrypt_text, true},
    {ask_for_release, true},
    {take_release, true},
};
enum { TEXT_STEP_COUNT = sizeof(TEXT_STEPS) / sizeof(TEXT_STEPS[0]) };

static void look_at_text(void)
{
    REQUIRE_OK(create_text());
    REQUIRE_OK(create_session());
    if (released) {
        CHECK_CODE(restore(), DRM_ERR_UNKNOWN);
    } else if (licensed && !release_asked) {
        CHECK_OK(restore());
        CHECK_OK(decrypt_text());
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
}

static void load(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", getenv(DIRECTORY), name);
    REQUIRE_OK(OH_Drm_LoadPlugin(path));
}

static int one_life(const char *life, const char *store)
{
    bool is_xor = strcmp(life, "xor") == 0;
    use_own_store(store);
    load(is_xor ? "xor_plugin.so" : "text_plugin.so");
    bool dead = is_xor ? live(XOR_STEPS, XOR_STEP_COUNT, &session) : live(TEXT_STEPS, TEXT_STEP_COUNT, &session);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    /* What a host has recorded before it died may be there without having been confirmed; what was confirmed must be. */
    REQUIRE(unsetenv("NATIVE_DRM_EMULATE_SERVICE_DEATH") == 0);
    session = NULL;
    if (is_xor) {
        look_at_xor();
    } else {
        look_at_text();
    }
    return end_of_life(life, dead);
}

static void a_key_system_that_keeps_its_keys(void)
{
    die_at_each_message("xor", XOR_STEP_COUNT - 1);
}

static void a_key_system_with_offline_keys(void)
{
    die_at_each_message("text", TEXT_STEP_COUNT - 1);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        return one_life(argv[1], argv[2]);
    }
    REQUIRE(argc == 2);
    require_private(argv[1]);
    REQUIRE(setenv(DIRECTORY, argv[1], 1) == 0);
    RUN(a_key_system_that_keeps_its_keys);
    RUN(a_key_system_with_offline_keys);
    return check_finish("plugin_life");
}

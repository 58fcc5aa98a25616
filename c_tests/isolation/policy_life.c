/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The life of a session of com.policyplay.drm in a host that dies at each of its messages, in a library with emulation: what was
 * confirmed is there afterwards.
 */
#define _GNU_SOURCE
#include "isolation/deaths.h"
#include "multimedia/drm_framework/native_drm_isolation.h"
#include "support/policy.h"

static OH_DrmLicenseService *service;
static MediaKeySystem *drm_system;
static MediaKeySession *session;
static Message message; /* the newest that the device has written */
static bool provisioned, licensed;
static uint8_t license_id[16];
static int64_t now;

/* What the service says to it; nothing of use, if the device has not written it. */
static Message answer(void)
{
    return message.size > 1 ? ask_service(service, message.bytes, message.size) : message;
}

static Drm_ErrCode create(void)
{
    return OH_MediaKeySystem_CreateIsolated(POLICYPLAY, &drm_system);
}

static Drm_ErrCode set_clock(void)
{
    return OH_MediaKeySystem_SetVirtualClock(drm_system, now);
}

static Drm_ErrCode ask_for_certificate(void)
{
    char url[256];
    int32_t size = (int32_t)sizeof(message.bytes);
    Drm_ErrCode code =
        OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, message.bytes, &size, url, (int32_t)sizeof(url));
    message.size = code == DRM_ERR_OK ? (uint32_t)size : 1;
    return code;
}

static Drm_ErrCode take_certificate(void)
{
    Message response = answer();
    Drm_ErrCode code = process_provision(drm_system, &response);
    provisioned = code == DRM_ERR_OK;
    return code;
}

static Drm_ErrCode create_session(void)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    return OH_MediaKeySystem_CreateMediaKeySession(drm_system, &level, &session);
}

static Drm_ErrCode ask_for_license(void)
{
    static DRM_MediaKeyRequest request;
    Drm_ErrCode code = try_request(session, MEDIA_KEY_TYPE_OFFLINE, NULL, NULL, &request);
    message.size = code == DRM_ERR_OK ? (uint32_t)request.dataLen : 1;
    memcpy(message.bytes, request.data, message.size);
    return code;
}

static Drm_ErrCode take_license(void)
{
    Message response = answer();
    Drm_ErrCode code = process_message(session, &response, license_id);
    licensed = code == DRM_ERR_OK;
    return code;
}

static Drm_ErrCode decrypt(void)
{
    return decrypt_nist(session, KID_A);
}

static Drm_ErrCode pass_time(void)
{
    return OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 1000, false);
}

static Drm_ErrCode explain(void)
{
    char json[4096];
    uint32_t size = sizeof(json);
    return OH_MediaKeySession_ExplainLicenses(session, json, &size);
}

static Drm_ErrCode clear(void)
{
    return OH_MediaKeySession_ClearMediaKeys(session);
}

static Drm_ErrCode restore(void)
{
    return OH_MediaKeySession_RestoreOfflineMediaKeys(session, license_id, 16);
}

static const DeathStep STEPS[] = {
    {create, false},
    {set_clock, false},
    {ask_for_certificate, false},
    {take_certificate, false},
    {create_session, false},
    {ask_for_license, true},
    {take_license, true},
    {decrypt, true},
    {pass_time, false},
    {explain, true},
    {clear, true},
    {restore, true},
    {decrypt, true},
};
enum { STEP_COUNT = sizeof(STEPS) / sizeof(STEPS[0]) };

/* Everything that was confirmed is in the store, whatever has happened to the host. */
static void look_at_the_store(void)
{
    REQUIRE(unsetenv("NATIVE_DRM_EMULATE_SERVICE_DEATH") == 0);
    now += 5000;
    REQUIRE_OK(create());
    REQUIRE_OK(set_clock());
    if (provisioned) {
        CHECK_INT(certificate_of(drm_system), CERT_STATUS_PROVISIONED);
    }
    if (licensed) {
        REQUIRE_OK(create_session());
        CHECK_OK(restore());
        CHECK_OK(decrypt());
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
}

static int one_life(const char *store)
{
    now = START_MILLIS;
    use_own_store(store);
    service = make_policy_service("{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":3600}");
    bool dead = live(STEPS, STEP_COUNT, &session);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    look_at_the_store();
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
    return end_of_life("policy", dead);
}

static void death_at_each_message(void)
{
    die_at_each_message("policy", STEP_COUNT - 1);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        return one_life(argv[2]);
    }
    RUN(death_at_each_message);
    return check_finish("policy_life");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.policyplay.drm: licenses that the service has revoked end with its next answer to the device, and stay so. A new MediaKeySystem
 * stands for a new process: nothing but the store connects them.
 */
#include "support/policy.h"

#define FOR_EVER "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true}"

static MediaKeySystem *next_process(MediaKeySystem *system, MediaKeySession **session)
{
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    MediaKeySystem *next = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(next, START_MILLIS));
    *session = make_session(next);
    return next;
}

static void expect_revoked(Drm_ErrCode code)
{
    CHECK_CODE(code, DRM_ERR_NO_LICENSE);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "revoked by the service") != NULL);
}

static Drm_ErrCode restore(MediaKeySession *session, uint8_t id[16])
{
    return OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16);
}

static void expect_inactive(MediaKeySystem *system, uint8_t id[16])
{
    DRM_OfflineMediaKeyStatus status = (DRM_OfflineMediaKeyStatus)77;
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, &status));
    CHECK_INT(status, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
}

/* Of two sessions with a license each the one whose license is revoked stops, when the other one gets its next answer. */
static void in_use(void)
{
    OH_DrmLicenseService *service = make_policy_service(FOR_EVER);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    MediaKeySession *other = make_session(system);
    Recorder recorder;
    recorder_init(&recorder);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, id);
    get_license(other, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(decrypt_nist(other, KID_A));
    record_session(&recorder, session);
    REQUIRE_OK(OH_DrmLicenseService_RevokeLicense(service, id));
    CHECK_OK(decrypt_nist(session, KID_A));

    Message renewal = renewal_request(other, MEDIA_KEY_TYPE_ONLINE, "");
    Message response = ask_service(service, renewal.bytes, renewal.size);
    CHECK_INT(response.answer.status, 200);
    /* Not with a bit of the answer changed. */
    response.bytes[response.size / 2] ^= 1;
    CHECK(process_message(other, &response, NULL) != DRM_ERR_OK);
    CHECK_OK(decrypt_nist(session, KID_A));
    response.bytes[response.size / 2] ^= 1;
    REQUIRE_OK(process_message(other, &response, NULL));
    expect_revoked(decrypt_nist(session, KID_A));
    told(&recorder, 2, "keys- expired");
    CHECK_STR(row_of(session, KID_A_HEX), "EXPIRED");
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "0");
    char text[4096];
    uint32_t size = sizeof(text);
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(session, text, &size));
    CHECK(strstr(text, "\"state\":\"EXPIRED\"") != NULL && strstr(text, "\"revoked\":") != NULL);
    CHECK(strstr(text, "The service revoked it") != NULL);
    CHECK(strstr(text, "the license was revoked by the service") != NULL);
    size = sizeof(text);
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(other, text, &size));
    CHECK(strstr(text, "revoked") == NULL);
    CHECK_OK(decrypt_nist(other, KID_A));

    /* Another license for the same content plays. */
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    told(&recorder, 3, "never keys+ required");
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* A license that is stored and never renewed. */
static void stored(void)
{
    OH_DrmLicenseService *service = make_policy_service(FOR_EVER);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    uint8_t id[16];
    uint8_t next[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_OK(decrypt_nist(session, KID_A));
    REQUIRE_OK(OH_DrmLicenseService_RevokeLicense(service, id));
    system = next_process(system, &session);
    CHECK_OK(restore(session, id));
    CHECK_OK(decrypt_nist(session, KID_A));
    system = next_process(system, &session);

    /* No session holds it when the answer comes. */
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, next);
    CHECK_OK(decrypt_nist(session, KID_A));
    for (int process = 0; process < 2; process++) {
        expect_revoked(restore(session, id));
        expect_inactive(system, id);
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
        expect_revoked(restore(session, id));
        CHECK_OK(restore(session, next));
        CHECK_OK(decrypt_nist(session, KID_A));
        system = next_process(system, &session);
    }

    /* An acknowledged release ends it as any other. */
    Message request;
    int32_t size = (int32_t)sizeof(request.bytes);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request.bytes, &size));
    Message response = ask_service(service, request.bytes, (size_t)size);
    CHECK_INT(response.answer.status, 200);
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response.bytes, (int32_t)response.size));
    CHECK_UNKNOWN(restore(session, id));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

int main(void)
{
    RUN_IN_OWN_STORE(in_use);
    RUN_IN_OWN_STORE(stored);
    return check_finish("policyplay_revoked");
}

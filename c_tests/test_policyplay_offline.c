/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.policyplay.drm: stored licenses. A new MediaKeySystem stands for a new process: nothing but the store connects them.
 */
#include "support/policy.h"

#define RENTAL                                                                                                  \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":100000,"           \
    "\"rental_duration_seconds\":2592000,\"playback_duration_seconds\":172800}"

static DRM_OfflineMediaKeyStatus stored_status(MediaKeySystem *system, uint8_t id[16])
{
    DRM_OfflineMediaKeyStatus status = (DRM_OfflineMediaKeyStatus)77;
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, &status));
    return status;
}

/* Another process, at a time: the wall clock shows `now`. */
static MediaKeySystem *next_process(MediaKeySystem *system, int64_t now, MediaKeySession **session)
{
    if (system != NULL) {
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
    MediaKeySystem *next = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(next, now));
    *session = make_session(next);
    return next;
}

static void a_rental(void)
{
    OH_DrmLicenseService *service =
        make_policy_service("{\"can_play\":true,\"can_persist\":true,\"rental_duration_seconds\":2592000,"
                            "\"playback_duration_seconds\":172800}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    Recorder recorder;
    recorder_init(&recorder);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_STR(row_of(session, "LicenseType"), "Offline");
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(system, ids));
    CHECK_INT(ids->idsCount, 1);
    CHECK_INT(ids->idsLen[0], 16);
    CHECK_MEM(ids->ids[0], id, 16);
    free(ids);

    /* Ten days later, not used yet. */
    int64_t now = START_MILLIS + INT64_C(864000000);
    system = next_process(system, now, &session);
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_USABLE);
    record_session(&recorder, session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    told(&recorder, 2, "expiry=2592000 keys+");
    CHECK_STR(row_of(session, "PlaybackDurationRemaining"), "172800");
    CHECK_STR(row_of(session, "RentalDurationRemaining"), "1728000");
    CHECK_OK(decrypt_nist(session, KID_A));
    told(&recorder, 1, "expiry=1036800");

    /* A day later, in two sessions. */
    now += INT64_C(86400000);
    system = next_process(system, now, &session);
    record_session(&recorder, session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    told(&recorder, 2, "expiry=1036800 keys+");
    MediaKeySession *other = make_session(system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(other, id, 16));
    CHECK_OK(decrypt_nist(other, KID_A));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_STR(row_of(session, "PlaybackDurationRemaining"), "86400");
    /* Again in the same session. */
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    told(&recorder, 2, "expiry=1036800 keys+");
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 86399999, false));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 1, false));
    told(&recorder, 2, "keys- expired");
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_CODE(decrypt_nist(other, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_INACTIVE);

    /* Over for good, whatever the clock shows. */
    system = next_process(system, START_MILLIS, &session);
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_STR(row_of(session, KID_A_HEX), "EXPIRED");
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* Two sessions hold a stored license that neither has used: the first use counts for both. */
static void one_first_use(void)
{
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    session = make_session(system);
    MediaKeySession *other = make_session(system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(other, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 50000000, false));
    CHECK_STR(row_of(other, "PlaybackDurationRemaining"), "172800");
    CHECK_OK(decrypt_nist(other, KID_A));
    CHECK_STR(row_of(other, "PlaybackDurationRemaining"), "122800");
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void a_clock_that_was_set_back(void)
{
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    Recorder recorder;
    recorder_init(&recorder);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 5000000, false));
    CHECK_OK(decrypt_nist(session, KID_A));

    /* A minute is made up for. */
    system = next_process(system, START_MILLIS + 4940000, &session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_STR(row_of(session, "PlaybackDurationRemaining"), "172800");

    /* More is not. */
    system = next_process(system, START_MILLIS + 4000000, &session);
    record_session(&recorder, session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    told(&recorder, 2, "expiry=100000 keys-");
    CHECK_STR(row_of(session, KID_A_HEX), "USABLE_IN_FUTURE");
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_DEVICE_TIME_ERROR);
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 939999, false));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_DEVICE_TIME_ERROR);
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 1, false));
    told(&recorder, 2, "keys+ required");
    CHECK_OK(decrypt_nist(session, KID_A));

    /* Or a renewal helps. */
    system = next_process(system, START_MILLIS, &session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_DEVICE_TIME_ERROR);
    CHECK_OK(OH_DrmLicenseService_SetTime(service, START_MILLIS + 50000000));
    Message request = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");
    Message response = ask_service(service, request.bytes, request.size);
    CHECK_INT(response.answer.status, 200);
    CHECK_OK(process_message(session, &response, NULL));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "100000");
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* Nobody was there when the renewal was due: the time for it begins when the license is restored, and the status says so. */
static void a_renewal_that_was_due_long_ago(void)
{
    OH_DrmLicenseService *service =
        make_policy_service("{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"renewal_delay_seconds\":10,"
                            "\"renewal_recovery_duration_seconds\":20}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    system = next_process(system, START_MILLIS + 86400000, &session);
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 20000, false));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_INT(stored_status(system, id), OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* A renewal outlives the process; so does its sequence. */
static void a_stored_renewal(void)
{
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    int64_t now = START_MILLIS;
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    pass(system, service, &now, 90000);
    Message request = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");
    Message response = ask_service(service, request.bytes, request.size);
    CHECK_OK(process_message(session, &response, NULL));
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "100000");
    Message unanswered = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");

    now += 50000000;
    CHECK_OK(OH_DrmLicenseService_SetTime(service, now));
    system = next_process(system, now, &session);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "50000");
    /* The answer that the last process asked for is not this one's. */
    response = ask_service(service, unanswered.bytes, unanswered.size);
    CHECK_INT(response.answer.status, 200);
    CHECK_UNKNOWN(process_message(session, &response, NULL));
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "50000");
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void releases(void)
{
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_OK(decrypt_nist(session, KID_A));
    Message request;
    int32_t size = 10;
    CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request.bytes, &size));
    CHECK(size > 10);
    size = (int32_t)sizeof(request.bytes);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request.bytes, &size));
    Message response = ask_service(service, request.bytes, (size_t)size);
    CHECK_INT(response.answer.status, 200);
    CHECK_UNKNOWN(OH_MediaKeySession_ProcessMediaKeyResponse(session, response.bytes, (int32_t)response.size,
                                                             request.bytes, &size));
    for (uint32_t i = 0; i < response.size; i += 7) {
        response.bytes[i] ^= 4;
        CHECK_UNKNOWN(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response.bytes,
                                                                       (int32_t)response.size));
        response.bytes[i] ^= 4;
    }
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response.bytes, (int32_t)response.size));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_STR(row_of(session, "LicenseType"), "");
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_UNKNOWN(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response.bytes,
                                                                   (int32_t)response.size));
    /* The service knows it, too. */
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    Message renewal = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");
    size = (int32_t)sizeof(request.bytes);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request.bytes, &size));
    ask_service(service, request.bytes, (size_t)size);
    response = ask_service(service, renewal.bytes, renewal.size);
    CHECK(response.answer.status >= 400);

    /* ClearOfflineMediaKeys deletes without asking anybody. */
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    /* A license that was not used before cannot be any more: its use could not be recorded. */
    session = make_session(system);
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, 16));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    session = make_session(system);
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* What cannot be recorded as used is not decrypted. */
static void a_store_that_cannot_be_read(void)
{
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    char place[512], away[600];
    snprintf(place, sizeof(place), "%s", getenv("NATIVE_DRM_STORAGE_DIR"));
    char file[600];
    snprintf(file, sizeof(file), "%s/device.key", place);
    snprintf(away, sizeof(away), "%s/elsewhere", place);
    REQUIRE(rename(file, away) == 0);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_SERVICE_DIED);
    REQUIRE(rename(away, file) == 0);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

int main(void)
{
    RUN_IN_OWN_STORE(a_rental);
    RUN_IN_OWN_STORE(one_first_use);
    RUN_IN_OWN_STORE(a_clock_that_was_set_back);
    RUN_IN_OWN_STORE(a_renewal_that_was_due_long_ago);
    RUN_IN_OWN_STORE(a_stored_renewal);
    RUN_IN_OWN_STORE(releases);
    RUN_IN_OWN_STORE(a_store_that_cannot_be_read);
    return check_finish("policyplay_offline");
}

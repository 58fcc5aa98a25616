/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.policyplay.drm: online licenses, from provisioning to expiry.
 */
#include "support/guard.h"
#include "support/policy.h"
#include "support/threads.h"

static void provisioning(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    MediaKeySystem *system = make_system(POLICYPLAY);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(system, START_MILLIS));
    Recorder recorder;
    recorder_init(&recorder);
    record_system(&recorder, system);
    CHECK_INT(certificate_of(system), CERT_STATUS_NOT_PROVISIONED);

    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    CHECK_CODE(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request), DRM_ERR_NOT_PROVISIONED);
    CHECK_CODE(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request), DRM_ERR_NOT_PROVISIONED);
    told(&recorder, 1, "provision");

    Message asked = provision_request(system);
    Message response = ask_service(service, asked.bytes, asked.size);
    CHECK_INT(response.answer.status, 200);
    for (uint32_t i = 0; i < response.size; i += 1 + response.size / 61) {
        response.bytes[i] ^= 0x10;
        CHECK_UNKNOWN(process_provision(system, &response));
        response.bytes[i] ^= 0x10;
        Message shorter = response;
        shorter.size = i;
        CHECK(process_provision(system, &shorter) != DRM_ERR_OK);
    }
    CHECK_INT(certificate_of(system), CERT_STATUS_NOT_PROVISIONED);
    CHECK_OK(process_provision(system, &response));
    CHECK_INT(certificate_of(system), CERT_STATUS_PROVISIONED);
    CHECK_UNKNOWN(process_provision(system, &response));
    CHECK_OK(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request));

    /* Other instances and other sessions are the same device. */
    MediaKeySystem *other = make_system(POLICYPLAY);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(other, START_MILLIS));
    CHECK_INT(certificate_of(other), CERT_STATUS_PROVISIONED);

    /* A year later. */
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(other, UINT64_C(366) * 86400 * 1000, false));
    CHECK_INT(certificate_of(other), CERT_STATUS_EXPIRED);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(other, START_MILLIS - INT64_C(86400000) * 366));
    CHECK_INT(certificate_of(other), CERT_STATUS_INVALID);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(other, START_MILLIS));
    CHECK_INT(certificate_of(other), CERT_STATUS_PROVISIONED);

    /* Another service than the one that the device knows. */
    OH_DrmLicenseService *stranger = make_policy_service("{\"can_play\":true}");
    asked = provision_request(other);
    response = ask_service(stranger, asked.bytes, asked.size);
    CHECK_INT(response.answer.status, 401);
    CHECK_CODE(process_provision(other, &response), DRM_ERR_SERVICE_DENIED);
    CHECK_INT(certificate_of(other), CERT_STATUS_PROVISIONED);
    CHECK_OK(OH_DrmLicenseService_Destroy(stranger));
    CHECK_OK(OH_MediaKeySystem_Destroy(other));

    free(request);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* A device that was told which authority to trust takes no other. */
static void only_the_trusted_authority(void)
{
    OH_DrmLicenseService *trusted = make_policy_service("{\"can_play\":true}");
    OH_DrmLicenseService *stranger = make_policy_service("{\"can_play\":true}");
    uint8_t authority[2048];
    uint32_t size = sizeof(authority);
    REQUIRE_OK(OH_DrmLicenseService_GetAuthority(trusted, authority, &size));
    MediaKeySystem *system = make_system(POLICYPLAY);
    char place[512];
    snprintf(place, sizeof(place), "%s/trusted", getenv("NATIVE_DRM_STORAGE_DIR"));
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(system, START_MILLIS));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "storagePath", place));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system, "licenseAuthority", authority, (int32_t)size));
    Message asked = provision_request(system);
    Message response = ask_service(stranger, asked.bytes, asked.size);
    CHECK_CODE(process_provision(system, &response), DRM_ERR_SERVICE_DENIED);
    CHECK_INT(certificate_of(system), CERT_STATUS_NOT_PROVISIONED);
    provision(system, trusted);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(trusted));
    CHECK_OK(OH_DrmLicenseService_Destroy(stranger));
}

/* A device that other programs share: an impostor has provisioned it, and its license is stored. */
static void the_trusted_authority_holds_against_what_is_stored(void)
{
    static const char policy[] = "{\"can_play\":true,\"can_persist\":true}";
    OH_DrmLicenseService *genuine = make_policy_service(policy);
    OH_DrmLicenseService *impostor = make_policy_service(policy);
    uint8_t authority[2048];
    uint32_t size = sizeof(authority);
    char place[512];
    uint8_t false_id[16];
    uint8_t id[16];
    REQUIRE_OK(OH_DrmLicenseService_GetAuthority(genuine, authority, &size));
    snprintf(place, sizeof(place), "%s/shared", getenv("NATIVE_DRM_STORAGE_DIR"));
    MediaKeySystem *careless = make_system(POLICYPLAY);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(careless, START_MILLIS));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(careless, "storagePath", place));
    provision(careless, impostor);
    MediaKeySession *session = make_session(careless);
    get_license(session, impostor, MEDIA_KEY_TYPE_OFFLINE, false_id);

    for (int round = 0; round < 2; round++) {
        /* The second time as another process that finds both identities. */
        MediaKeySystem *careful = make_system(POLICYPLAY);
        CHECK_OK(OH_MediaKeySystem_SetVirtualClock(careful, START_MILLIS));
        if (round == 1) {
            /* Also if the impostor's was in use before. */
            CHECK_OK(OH_MediaKeySystem_SetConfigurationString(careful, "storagePath", place));
            CHECK_INT(certificate_of(careful), CERT_STATUS_PROVISIONED);
        }
        CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(careful, "licenseAuthority", authority, (int32_t)size));
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(careful, "storagePath", place));
        CHECK_INT(certificate_of(careful), round == 0 ? CERT_STATUS_NOT_PROVISIONED : CERT_STATUS_PROVISIONED);
        session = make_session(careful);
        if (round == 0) {
            DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
            CHECK_CODE(try_request(session, MEDIA_KEY_TYPE_OFFLINE, NULL, NULL, request), DRM_ERR_NOT_PROVISIONED);
            free(request);
            CHECK_CODE(OH_MediaKeySession_RestoreOfflineMediaKeys(session, false_id, 16), DRM_ERR_NOT_PROVISIONED);
            Message asked = provision_request(careful);
            Message response = ask_service(impostor, asked.bytes, asked.size);
            CHECK_CODE(process_provision(careful, &response), DRM_ERR_SERVICE_DENIED);
            provision(careful, genuine);
            get_license(session, genuine, MEDIA_KEY_TYPE_OFFLINE, id);
        } else {
            CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
        }
        CHECK_OK(decrypt_nist(session, KID_A));
        CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, false_id, 16));
        CHECK_OK(OH_MediaKeySystem_Destroy(careful));
    }
    /* What was set aside is kept: who trusts the impostor goes on with it. */
    CHECK_INT(certificate_of(careless), CERT_STATUS_PROVISIONED);
    session = make_session(careless);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, false_id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(careless));
    CHECK_OK(OH_DrmLicenseService_Destroy(genuine));
    CHECK_OK(OH_DrmLicenseService_Destroy(impostor));
}

static void life_of_a_license(void)
{
    OH_DrmLicenseService *service = make_policy_service(
        "{\"can_play\":true,\"can_renew\":true,\"license_duration_seconds\":300,\"playback_duration_seconds\":900,"
        "\"renewal_delay_seconds\":180,\"renewal_retry_interval_seconds\":30,"
        "\"renewal_server_url\":\"https://renew.example/\"}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    int64_t now = START_MILLIS;
    Recorder recorder;
    recorder_init(&recorder);
    record_session(&recorder, session);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    told(&recorder, 1, "required");

    uint8_t id[16];
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, id);
    told(&recorder, 2, "expiry=300 keys+");
    CHECK_STR(row_of(session, KID_A_HEX), "USABLE");
    CHECK_STR(row_of(session, "LicenseType"), "Streaming");
    CHECK_STR(row_of(session, "PlayAllowed"), "True");
    CHECK_STR(row_of(session, "PersistAllowed"), "False");
    CHECK_STR(row_of(session, "RenewAllowed"), "True");
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "300");
    CHECK_STR(row_of(session, "PlaybackDurationRemaining"), "900");
    CHECK_STR(row_of(session, "RentalDurationRemaining"), "9223372036854775807");
    CHECK_STR(row_of(session, "RenewalServerUrl"), "https://renew.example/");
    MediaKeySession *found = NULL;
    CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found));
    CHECK(found == session);

    pass(system, service, &now, 20);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_INT(recorder_count(&recorder), 0);
    CHECK_STR(row_of(session, "PlaybackDurationRemaining"), "900");
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "280");

    /* The first attempt is due at 180; its init data asks for the renewal. */
    pass(system, service, &now, 160);
    REQUIRE(recorder_wait(&recorder, 1));
    RecordedCall *required = recorder_copy(&recorder, 0);
    CHECK_INT(required->event, EVENT_KEY_REQUIRED);
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", required->info, (size_t)required->info_len);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
    CHECK_INT(request->type, MEDIA_KEY_REQUEST_TYPE_RENEWAL);
    CHECK_STR(request->defaultUrl, "https://renew.example/");
    free(required);
    free(info);
    told(&recorder, 1, "required");
    CHECK_OK(decrypt_nist(session, KID_A));

    Message response = ask_service(service, request->data, (size_t)request->dataLen);
    CHECK_INT(response.answer.status, 200);
    CHECK_INT(response.answer.sequence, 2);
    CHECK_MEM(response.answer.licenseId, id, 16);
    CHECK_OK(process_message(session, &response, NULL));
    told(&recorder, 2, "expiry=480 keys-"); /* no status changed, but clients wait for it */
    /* The same answer again: a replay. */
    CHECK_UNKNOWN(process_message(session, &response, NULL));
    free(request);

    /* Renewals are denied from now on. */
    CHECK_OK(OH_DrmLicenseService_RevokeLicense(service, id));
    pass(system, service, &now, 180);
    told(&recorder, 1, "required");
    Message renewal = renewal_request(session, MEDIA_KEY_TYPE_ONLINE, "https://renew.example/");
    response = ask_service(service, renewal.bytes, renewal.size);
    CHECK(response.answer.status >= 400);
    CHECK_CODE(process_message(session, &response, NULL), DRM_ERR_SERVICE_DENIED);
    CHECK_OK(decrypt_nist(session, KID_A));
    char text[4096];
    uint32_t size = sizeof(text);
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(session, text, &size));
    CHECK(strstr(text, "\"state\":\"RENEWING\"") != NULL);
    CHECK(strstr(text, "\"binding_window\":\"license\"") != NULL);
    pass(system, service, &now, 60);
    told(&recorder, 2, "required required");
    pass(system, service, &now, 59);
    told(&recorder, 1, "required");
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 999, false));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 1, false));
    told(&recorder, 2, "keys- expired");
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), KID_A_HEX) != NULL);
    CHECK_STR(row_of(session, KID_A_HEX), "EXPIRED");
    CHECK_STR(row_of(session, "LicenseDurationRemaining"), "0");
    CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found), DRM_ERR_NO_KEY);

    /* A new license brings the keys back. */
    now += 1000;
    CHECK_OK(OH_DrmLicenseService_SetTime(service, now));
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    told(&recorder, 2, "expiry=780 keys+");
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    told(&recorder, 2, "expired keys-");
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* The settings are an instance's own; a license's renewal URL counts more. */
static void default_urls(void)
{
    OH_DrmLicenseService *service = make_policy_service(
        "{\"can_play\":true,\"can_renew\":true,\"license_duration_seconds\":100,\"renewal_delay_seconds\":50}");
    MediaKeySystem *system = make_device(service);
    MediaKeySystem *other = make_system(POLICYPLAY);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    for (int round = 0; round < 2; round++) {
        uint8_t message[POLICY_ROOM];
        int32_t size = (int32_t)sizeof(message);
        char url[64];
        CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(system, message, &size, url, (int32_t)sizeof(url)));
        CHECK_STR(url, round == 0 ? "" : "https://provision.example/");
        CHECK_OK(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request));
        CHECK_STR(request->defaultUrl, round == 0 ? "" : "https://license.example/");
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "provisioningUrl", "https://provision.example/"));
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "licenseUrl", "https://license.example/"));
        size = (int32_t)sizeof(message);
        CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(other, message, &size, url, (int32_t)sizeof(url)));
        CHECK_STR(url, "");
    }
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    renewal_request(session, MEDIA_KEY_TYPE_ONLINE, "https://license.example/");
    /* One byte more does not fit, and the earlier one stays. */
    char longest[MAX_DEFAULT_URL_LEN + 1] = "";
    memset(longest, 'u', MAX_DEFAULT_URL_LEN);
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, "licenseUrl", longest));
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, "provisioningUrl", longest));
    CHECK_OK(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request));
    CHECK_STR(request->defaultUrl, "https://license.example/");
    longest[MAX_DEFAULT_URL_LEN - 1] = '\0';
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "licenseUrl", longest));
    CHECK_OK(try_request(session, MEDIA_KEY_TYPE_ONLINE, NULL, NULL, request));
    CHECK_STR(request->defaultUrl, longest);
    /* Options of this key system are text: they reach the service. */
    CHECK_UNKNOWN(try_request(session, MEDIA_KEY_TYPE_ONLINE, "\xff\xfe", "value", request));
    CHECK_OK(try_request(session, MEDIA_KEY_TYPE_ONLINE, "name", "value", request));
    free(request);
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void a_late_renewal(void)
{
    OH_DrmLicenseService *service = make_policy_service(
        "{\"can_play\":true,\"can_renew\":true,\"license_duration_seconds\":100,\"renewal_delay_seconds\":50}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    int64_t now = START_MILLIS;
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    pass(system, service, &now, 99);
    Message request = renewal_request(session, MEDIA_KEY_TYPE_ONLINE, "");
    Message response = ask_service(service, request.bytes, request.size);
    CHECK_INT(response.answer.status, 200);
    pass(system, service, &now, 1);
    CHECK_CODE(process_message(session, &response, NULL), DRM_ERR_NO_LICENSE);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    /* Over licenses cannot be renewed any more. */
    DRM_MediaKeyRequest *none = (DRM_MediaKeyRequest *)malloc(sizeof(*none));
    CHECK_UNKNOWN(try_request(session, MEDIA_KEY_TYPE_ONLINE, "requestType", "renewal", none));
    CHECK_UNKNOWN(try_request(session, MEDIA_KEY_TYPE_ONLINE, "requestType", "something", none));
    free(none);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void outputs(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    Recorder recorder;
    recorder_init(&recorder);
    record_session(&recorder, session);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    told(&recorder, 2, "never keys+");
    CHECK_STR(row_of(session, KID_B_HEX), "OUTPUT_NOT_ALLOWED");
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_LICENSE);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "HDCP") != NULL);
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, "outputHdcp", "V1"));
    CHECK_STR(row_of(session, KID_B_HEX), "OUTPUT_NOT_ALLOWED");
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "outputHdcp", "HDCP_V2"));
    told(&recorder, 1, "keys+");
    CHECK_STR(row_of(session, KID_B_HEX), "USABLE");
    uint8_t data[NIST_SIZE];
    DRM_SampleInfo sample = nist_ctr_sample(KID_B, data);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &sample, data, NIST_SIZE));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "outputHdcp", "HDCP_NONE"));
    told(&recorder, 1, "keys-");
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_LICENSE);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* An environment that says how the output is protected: in vain, unless the library was built to listen. */
static void emulated_output(void)
{
    REQUIRE(setenv("NATIVE_DRM_EMULATE_HDCP", "V2", 1) == 0);
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    MediaKeySystem *system = make_device(service);
    REQUIRE(unsetenv("NATIVE_DRM_EMULATE_HDCP") == 0);
    MediaKeySession *session = make_session(system);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_STR(row_of(session, KID_B_HEX), NATIVE_DRM_EMULATION ? "USABLE" : "OUTPUT_NOT_ALLOWED");
    uint8_t data[NIST_SIZE];
    DRM_SampleInfo sample = nist_ctr_sample(KID_B, data);
    CHECK_CODE(OH_MediaKeySession_DecryptSample(session, &sample, data, NIST_SIZE),
               NATIVE_DRM_EMULATION ? DRM_ERR_OK : DRM_ERR_NO_LICENSE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* Whatever is wrong with an answer, the session stays as it was and still takes the right one. */
static void bad_answers(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    MediaKeySession *other = make_session(system);
    Message request = license_request(session, MEDIA_KEY_TYPE_ONLINE);
    Message response = ask_service(service, request.bytes, request.size);
    /* Every single bit; under valgrind and the like some of them. */
    uint32_t step = 20 / (uint32_t)repetitions(20);
    for (uint32_t bit = 0; bit < response.size * 8; bit += step == 1 ? 1 : 401) {
        Message bad = response;
        bad.bytes[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        CHECK_UNKNOWN(process_message(session, &bad, NULL));
    }
    for (uint32_t size = 1; size < response.size; size += step) {
        Message bad = response;
        bad.size = size;
        CHECK_UNKNOWN(process_message(session, &bad, NULL));
    }
    CHECK_STR(row_of(session, KID_A_HEX), "");
    CHECK_UNKNOWN(process_message(other, &response, NULL));
    CHECK_OK(process_message(session, &response, NULL));
    CHECK_UNKNOWN(process_message(session, &response, NULL));
    CHECK_OK(decrypt_nist(session, KID_A));

    /* The service's own refusals. */
    Message denied;
    denied.size = (uint32_t)snprintf((char *)denied.bytes, sizeof(denied.bytes),
                                     "{\"status\":403,\"rule\":\"NO\",\"message\":\"not you\"}");
    CHECK_CODE(process_message(session, &denied, NULL), DRM_ERR_SERVICE_DENIED);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "403") != NULL);
    Message persistent = license_request(session, MEDIA_KEY_TYPE_OFFLINE);
    denied = ask_service(service, persistent.bytes, persistent.size);
    CHECK_INT(denied.answer.status, 403);
    CHECK_CODE(process_message(session, &denied, NULL), DRM_ERR_SERVICE_DENIED);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "PERSIST_NOT_ALLOWED") != NULL);
    CHECK_OK(decrypt_nist(session, KID_A));

    /* A license that may not be played. */
    set_policy(service, "{\"can_play\":false}");
    get_license(other, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_STR(row_of(other, "PlayAllowed"), "False");
    CHECK_CODE(decrypt_nist(other, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* A license of the machine's own seconds: it expires without anybody calling. */
static void real_seconds(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true,\"playback_duration_seconds\":3}");
    MediaKeySystem *system = make_system(POLICYPLAY);
    CHECK_OK(OH_DrmLicenseService_SetTime(service, -1));
    /* The store has the certificate of START_MILLIS, from another service. */
    char place[512];
    snprintf(place, sizeof(place), "%s/real", getenv("NATIVE_DRM_STORAGE_DIR"));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "storagePath", place));
    provision(system, service);
    MediaKeySession *session = make_session(system);
    Recorder recorder;
    recorder_init(&recorder);
    record_session(&recorder, session);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    REQUIRE(recorder_wait(&recorder, 2));
    recorder_reset(&recorder);
    CHECK_OK(decrypt_nist(session, KID_A));
    REQUIRE(recorder_wait(&recorder, 3));
    RecordedCall *last = recorder_copy(&recorder, 2);
    CHECK_INT(last->event, EVENT_KEY_EXPIRED);
    CHECK_INT(last->info_len, 32);
    CHECK_MEM(last->info, KID_A, 16);
    free(last);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_UNKNOWN(OH_MediaKeySystem_AdvanceVirtualClock(system, 1, false));
    CHECK_UNKNOWN(OH_MediaKeySystem_SetVirtualClock(system, 0));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void decrypt_first(Worker *worker)
{
    MediaKeySession *session = (MediaKeySession *)worker->argument;
    for (int i = 0; i < 20; i++) {
        CHECK_OK(decrypt_nist(session, KID_A));
    }
}

/* Several threads begin to use a license at once: it begins once, and none of them is refused. */
static void many_first_uses(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true,\"playback_duration_seconds\":60}");
    MediaKeySystem *system = make_device(service);
    for (int round = 0; round < repetitions(100); round++) {
        MediaKeySession *session = make_session(system);
        Recorder recorder;
        recorder_init(&recorder);
        record_session(&recorder, session);
        get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
        run_workers(4, decrypt_first, session);
        told(&recorder, 3, "never keys+ expiry=60");
        CHECK_OK(OH_MediaKeySession_Destroy(session));
        recorder_destroy(&recorder);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* The first samples of a batch begin to use two licenses. */
static void batches(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    MediaKeySystem *system = make_device(service);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "outputHdcp", "HDCP_V2"));
    MediaKeySession *session = make_session(system);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    uint8_t data[3][NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    DRM_SampleInfo infos[3] = {nist_ctr_sample(KID_A, data[0]), nist_ctr_sample(KID_B, data[1]),
                               nist_ctr_sample(KID_A, data[2])};
    DRM_Sample samples[3];
    memset(samples, 0, sizeof(samples));
    for (int i = 0; i < 3; i++) {
        samples[i].info = &infos[i];
        samples[i].data = data[i];
        samples[i].dataLen = NIST_SIZE;
    }
    CHECK_OK(OH_MediaKeySession_DecryptSamples(session, samples, 3, NULL));
    CHECK_MEM(data[0], plain, NIST_SIZE);
    CHECK_MEM(data[2], plain, NIST_SIZE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void misuse(void)
{
    MediaKeySystem *system = make_system(POLICYPLAY);
    MediaKeySession *session = make_session(system);
    char text[8];
    uint32_t size = sizeof(text);
    CHECK_INVALID(OH_MediaKeySession_ExplainLicenses(NULL, text, &size));
    CHECK_INVALID(OH_MediaKeySession_ExplainLicenses(session, NULL, &size));
    CHECK_INVALID(OH_MediaKeySession_ExplainLicenses(session, text, NULL));
    size = 2;
    CHECK_INVALID(OH_MediaKeySession_ExplainLicenses(session, text, &size));
    CHECK_INT(size, 3);
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(session, text, &size));
    CHECK_STR(text, "[]");
    CHECK_INVALID(OH_MediaKeySystem_SetVirtualClock(NULL, 0));
    CHECK_INVALID(OH_MediaKeySystem_AdvanceVirtualClock(NULL, 0, false));
    CHECK_UNKNOWN(OH_MediaKeySystem_SetVirtualClock(system, 0));
    CHECK_UNKNOWN(OH_MediaKeySystem_AdvanceVirtualClock(system, 1, true));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(OH_MediaKeySession_ExplainLicenses(session, text, &size));
    CHECK_INVALID(OH_MediaKeySystem_SetVirtualClock(system, 0));
}

int main(void)
{
    RUN(provisioning);
    RUN(only_the_trusted_authority);
    RUN(the_trusted_authority_holds_against_what_is_stored);
    RUN_IN_OWN_STORE(life_of_a_license);
    RUN_IN_OWN_STORE(default_urls);
    RUN_IN_OWN_STORE(a_late_renewal);
    RUN_IN_OWN_STORE(outputs);
    RUN_IN_OWN_STORE(emulated_output);
    RUN_IN_OWN_STORE(bad_answers);
    RUN_IN_OWN_STORE(real_seconds);
    RUN_IN_OWN_STORE(many_first_uses);
    RUN_IN_OWN_STORE(batches);
    RUN_IN_OWN_STORE(misuse);
    return check_finish("policyplay");
}

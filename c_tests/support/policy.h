/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A license service, a device on a virtual clock, and what they say to each other.
 */
#ifndef TEST_SUPPORT_POLICY_H
#define TEST_SUPPORT_POLICY_H

#include "multimedia/drm_framework/native_drm_license_service.h"
#include "recorder.h"

#define POLICYPLAY "com.policyplay.drm"
#define POLICYPLAY_UUID "3e0f1006ed994bfb9e0ad4f5b9983054"
/* When the virtual clocks start: an hour from now, since a service's own certificate begins when it is created. */
#define START_MILLIS start_millis()
static inline int64_t start_millis(void)
{
    static int64_t start;
    if (start == 0) {
        start = ((int64_t)time(NULL) + 3600) * 1000;
    }
    return start;
}

#define POLICY_ROOM 8192

/* A message of the device or an answer of the service. */
typedef struct Message {
    uint8_t bytes[POLICY_ROOM];
    uint32_t size;
    OH_DrmLicenseService_Answer answer;
} Message;

/* Content "movie" under policy "p": key KID_A for SD, KID_B for HD with HDCP_V1. */
#define POLICY_MOVIE                                                                                                \
    "{\"content_id\":\"bW92aWU=\",\"policy\":\"p\",\"keys\":["                                                       \
    "{\"track_type\":\"SD\",\"key_id\":\"oKGio6SlpqeoqaqrrK2urw==\",\"key\":\"K34VFiiu0qar9xWICc9PPA==\"},"         \
    "{\"track_type\":\"HD\",\"key_id\":\"sLGys7S1tre4ubq7vL2+vw==\",\"key\":\"8eLTxLWml4h5altMPS4fAA==\","          \
    "\"hdcp\":\"HDCP_V1\"}]}"

static inline void set_policy(OH_DrmLicenseService *service, const char *json)
{
    REQUIRE_OK(OH_DrmLicenseService_AddPolicy(service, "p", (const uint8_t *)json, (uint32_t)strlen(json)));
}

static inline OH_DrmLicenseService *make_policy_service(const char *policy)
{
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service));
    REQUIRE_OK(OH_DrmLicenseService_SetTime(service, START_MILLIS));
    set_policy(service, policy);
    REQUIRE_OK(OH_DrmLicenseService_AddContent(service, (const uint8_t *)POLICY_MOVIE, (uint32_t)strlen(POLICY_MOVIE)));
    return service;
}

/* Lets the service answer. */
static inline Message ask_service(OH_DrmLicenseService *service, const uint8_t *bytes, size_t size)
{
    Message message;
    message.size = sizeof(message.bytes);
    REQUIRE_OK(OH_DrmLicenseService_HandleMessage(service, bytes, (uint32_t)size, message.bytes, &message.size,
                                                  &message.answer));
    return message;
}

static inline DRM_CertificateStatus certificate_of(MediaKeySystem *system)
{
    DRM_CertificateStatus status = (DRM_CertificateStatus)77;
    CHECK_OK(OH_MediaKeySystem_GetCertificateStatus(system, &status));
    return status;
}

static inline Message provision_request(MediaKeySystem *system)
{
    Message message;
    char url[256];
    int32_t size = (int32_t)sizeof(message.bytes);
    REQUIRE_OK(OH_MediaKeySystem_GenerateKeySystemRequest(system, message.bytes, &size, url, (int32_t)sizeof(url)));
    message.size = (uint32_t)size;
    return message;
}

static inline Drm_ErrCode process_provision(MediaKeySystem *system, Message *response)
{
    return OH_MediaKeySystem_ProcessKeySystemResponse(system, response->bytes, (int32_t)response->size);
}

static inline void provision(MediaKeySystem *system, OH_DrmLicenseService *service)
{
    Message request = provision_request(system);
    Message response = ask_service(service, request.bytes, request.size);
    REQUIRE_OK(process_provision(system, &response));
    CHECK_INT(certificate_of(system), CERT_STATUS_PROVISIONED);
}

/* What follows has a store of its own, which the library makes, below the directory that NATIVE_DRM_STORAGE_DIR named at first:
   each service is an authority of its own, and a device knows one. Returns the store's path. */
static inline const char *use_own_store(const char *name)
{
    static char base[2048];
    char path[2304];
    if (base[0] == '\0') {
        const char *given = getenv("NATIVE_DRM_STORAGE_DIR");
        REQUIRE(given != NULL && strlen(given) < sizeof(base));
        snprintf(base, sizeof(base), "%s", given);
    }
    REQUIRE((size_t)snprintf(path, sizeof(path), "%s/%s", base, name) < sizeof(path));
    REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", path, 1) == 0);
    return getenv("NATIVE_DRM_STORAGE_DIR");
}

/* As RUN(), with a store of the test's own. */
#define RUN_IN_OWN_STORE(function)    \
    do {                              \
        use_own_store(#function); \
        RUN(function);                \
    } while (0)

/* A provisioned system whose clock shows START_MILLIS. */
static inline MediaKeySystem *make_device(OH_DrmLicenseService *service)
{
    MediaKeySystem *system = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(system, START_MILLIS));
    if (certificate_of(system) != CERT_STATUS_PROVISIONED) {
        provision(system, service);
    }
    return system;
}

static inline Drm_ErrCode try_request(MediaKeySession *session, DRM_MediaKeyType type, const char *option,
                                      const char *value, DRM_MediaKeyRequest *request)
{
    DRM_MediaKeyRequestInfo *info = make_request_info("keyids", "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}", 35);
    info->type = type;
    if (option != NULL) {
        info->optionsCount = 1;
        snprintf(info->optionName[0], sizeof(info->optionName[0]), "%s", option);
        snprintf(info->optionData[0], sizeof(info->optionData[0]), "%s", value);
    }
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request);
    free(info);
    return code;
}

static inline Message license_request(MediaKeySession *session, DRM_MediaKeyType type)
{
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    Message message;
    REQUIRE(request != NULL);
    REQUIRE_OK(try_request(session, type, NULL, NULL, request));
    CHECK_INT(request->type, MEDIA_KEY_REQUEST_TYPE_INITIAL);
    message.size = (uint32_t)request->dataLen;
    memcpy(message.bytes, request->data, message.size);
    free(request);
    return message;
}

/* The request that a KEY_REQUIRED event asks for: a renewal. */
static inline Message renewal_request(MediaKeySession *session, DRM_MediaKeyType type, const char *url)
{
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    Message message;
    REQUIRE(request != NULL);
    REQUIRE_OK(try_request(session, type, "requestType", "renewal", request));
    CHECK_INT(request->type, MEDIA_KEY_REQUEST_TYPE_RENEWAL);
    CHECK_STR(request->defaultUrl, url);
    message.size = (uint32_t)request->dataLen;
    memcpy(message.bytes, request->data, message.size);
    free(request);
    return message;
}

static inline Drm_ErrCode process_message(MediaKeySession *session, const Message *response, uint8_t id[16])
{
    uint8_t own[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    uint8_t copy[POLICY_ROOM];
    int32_t size = (int32_t)sizeof(own);
    memcpy(copy, response->bytes, response->size);
    Drm_ErrCode code =
        OH_MediaKeySession_ProcessMediaKeyResponse(session, copy, (int32_t)response->size, own, &size);
    if (code == DRM_ERR_OK && id != NULL) {
        CHECK_INT(size, 16);
        memcpy(id, own, 16);
    }
    return code;
}

/* Gets a license; its id goes to `id`, if that is not null. */
static inline void get_license(MediaKeySession *session, OH_DrmLicenseService *service, DRM_MediaKeyType type,
                               uint8_t id[16])
{
    Message request = license_request(session, type);
    Message response = ask_service(service, request.bytes, request.size);
    REQUIRE(response.answer.status == 200);
    REQUIRE_OK(process_message(session, &response, id));
}

/* The license for a request in a template with these further members; the service's whole answer goes to `answer`. */
static inline Message license_in_template(OH_DrmLicenseService *service, const Message *request, const char *members,
                                          char *answer)
{
    static char asked[2 * POLICY_ROOM];
    strcpy(asked, "{\"payload\":\"");
    base64_encode(request->bytes, request->size, false, asked + strlen(asked));
    snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "\"%s}", members);
    Message message = ask_service(service, (const uint8_t *)asked, strlen(asked));
    memcpy(answer, message.bytes, message.size);
    answer[message.size] = '\0';
    const char *license = strstr(answer, "\"license\":\"");
    if (!CHECK_INT(message.answer.status, 200) || !CHECK(license != NULL)) {
        fprintf(stderr, "    %s\n", answer);
        REQUIRE(license != NULL);
    }
    message.size = (uint32_t)base64_decode(license + strlen("\"license\":\""), message.bytes);
    return message;
}

/* Time passes for the service and the device. */
static inline void pass(MediaKeySystem *system, OH_DrmLicenseService *service, int64_t *now, int64_t seconds)
{
    *now += seconds * 1000;
    REQUIRE_OK(OH_DrmLicenseService_SetTime(service, *now));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, (uint64_t)seconds * 1000, false));
}

/* The value of a status row; "" if there is none. */
static inline const char *row_of(MediaKeySession *session, const char *name)
{
    static char value[MAX_MEDIA_KEY_STATUS_VALUE_LEN];
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)malloc(sizeof(*status));
    REQUIRE(status != NULL);
    value[0] = '\0';
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    for (uint32_t i = 0; i < status->statusCount; i++) {
        if (strcmp(status->statusName[i], name) == 0) {
            memcpy(value, status->statusValue[i], sizeof(value));
        }
    }
    free(status);
    return value;
}

/* What was recorded, one word a call: "expiry=260", "keys+", "keys-", "required", "expired", "provision". Times are seconds
   since START_MILLIS. */
static inline void told(Recorder *recorder, size_t count, const char *expected)
{
    char text[1024] = "";
    REQUIRE(recorder_wait(recorder, count));
    for (size_t i = 0; i < recorder_count(recorder); i++) {
        RecordedCall *call = recorder_copy(recorder, i);
        char word[64];
        if (call->kind == RECORDED_KEY_CHANGE) {
            snprintf(word, sizeof(word), "keys%c", call->new_keys ? '+' : '-');
        } else if (call->event == EVENT_EXPIRATION_UPDATE) {
            char number[32] = "";
            memcpy(number, call->info, (size_t)call->info_len < sizeof(number) ? (size_t)call->info_len : 31);
            long long expiry = strtoll(number, NULL, 10);
            snprintf(word, sizeof(word), expiry == 0 ? "never" : "expiry=%lld", (long long)(expiry - START_MILLIS) / 1000);
        } else {
            const char *name = call->event == EVENT_KEY_REQUIRED          ? "required"
                               : call->event == EVENT_KEY_EXPIRED         ? "expired"
                               : call->event == EVENT_PROVISION_REQUIRED ? "provision"
                                                                          : "?";
            snprintf(word, sizeof(word), "%s", name);
        }
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i == 0 ? "" : " ", word);
        free(call);
    }
    CHECK_STR(text, expected);
    recorder_reset(recorder);
}

#endif /* TEST_SUPPORT_POLICY_H */

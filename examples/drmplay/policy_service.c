/*
 * SPDX-License-Identifier: Apache-2.0
 * A license service in the player itself.
 */
#include "policy_service.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "license.h"
#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_drm_license_service.h"

#define MAX_POLICY_BYTES 65536
#define ANSWER_ROOM 65536

struct policy_service {
    OH_DrmLicenseService *service;
    const struct clearkey_server *keys;
    int renewals; /* still to be granted; negative: all */
    unsigned contents;
    uint64_t start;
    int64_t start_millis; /* the same by the wall clock, since 1970 */
};

static int64_t wall_millis(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void policy_service_say(const struct policy_service *service, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    say("%6.1f s  %s", (double)(now_ns() - service->start) / 1e9, text);
}

int policy_service_add_content(struct policy_service *service, const uint8_t *init_data, size_t size)
{
    struct text json = {0};
    uint8_t id[KEY_BYTES], key[KEY_BYTES];
    char id_text[KEY_BASE64_LEN], key_text[KEY_BASE64_LEN];
    char name[KEY_BYTES];
    int count = 0;

    /* A content for each pssh box, as there is a license for each. */
    int name_size = snprintf(name, sizeof(name), "file %u", service->contents++);
    text_add(&json, "{\"content_id\":\"%s\",\"policy\":\"file\",\"keys\":[",
             to_base64(id_text, (const uint8_t *)name, (size_t)name_size, false));
    for (size_t i = 0; clearkey_server_key(service->keys, i, id, key); i++) {
        if (memmem(init_data, size, id, KEY_BYTES) == NULL)
            continue;
        text_add(&json, "%s{\"track_type\":\"track %d\",\"key_id\":\"%s\",\"key\":\"%s\"}", count ? "," : "", count,
                 to_base64(id_text, id, KEY_BYTES, false), to_base64(key_text, key, KEY_BYTES, false));
        count++;
    }
    text_add(&json, "]}");
    Drm_ErrCode code = DRM_ERR_UNKNOWN;
    if (!json.failed)
        code = OH_DrmLicenseService_AddContent(service->service, (const uint8_t *)json.chars, (uint32_t)json.length);
    free(json.chars);
    return code == DRM_ERR_OK ? 0 : complain_drm(code, "give the keys to the license service");
}

struct policy_service *policy_service_open(const char *policy, const struct clearkey_server *keys, int renewals)
{
    struct policy_service *service = calloc(1, sizeof(*service));
    size_t size = 0;
    uint8_t *json = service ? read_file(policy, MAX_POLICY_BYTES, &size) : NULL;

    if (!json)
        goto failed;
    service->renewals = renewals;
    Drm_ErrCode code = OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service->service);
    if (code == DRM_ERR_OK)
        code = OH_DrmLicenseService_AddPolicy(service->service, "file", json, (uint32_t)size);
    if (code != DRM_ERR_OK) {
        complain_drm(code, "use the policy");
        goto failed;
    }
    free(json);
    service->keys = keys;
    service->start = now_ns();
    service->start_millis = wall_millis();
    return service;

failed:
    free(json);
    policy_service_close(service);
    return NULL;
}

void policy_service_close(struct policy_service *service)
{
    if (service && service->service)
        OH_DrmLicenseService_Destroy(service->service);
    free(service);
}

/* Lets the service answer. Returns the size of the answer, to be freed; -1 after a complaint. */
static int32_t ask(const struct policy_service *service, const uint8_t *message, size_t size, uint8_t **answer,
                   OH_DrmLicenseService_Answer *about)
{
    uint32_t length = ANSWER_ROOM;

    *answer = malloc(length);
    if (!*answer)
        return complain("out of memory");
    Drm_ErrCode code =
        OH_DrmLicenseService_HandleMessage(service->service, message, (uint32_t)size, *answer, &length, about);
    if (code != DRM_ERR_OK)
        return complain_drm(code, "ask the license service");
    return (int32_t)length;
}

int policy_service_provision(struct policy_service *service, MediaKeySystem *system)
{
    uint8_t request[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    int32_t size = sizeof(request);
    char url[MAX_DEFAULT_URL_LEN];
    uint8_t *answer = NULL;
    OH_DrmLicenseService_Answer about;

    Drm_ErrCode code = OH_MediaKeySystem_GenerateKeySystemRequest(system, request, &size, url, sizeof(url));
    if (code != DRM_ERR_OK)
        return complain_drm(code, "make a provisioning request");
    int32_t length = ask(service, request, (size_t)size, &answer, &about);
    if (length >= 0) {
        code = OH_MediaKeySystem_ProcessKeySystemResponse(system, answer, length);
        if (code == DRM_ERR_OK)
            policy_service_say(service, "the device has a certificate of the license service");
        else
            length = complain_drm(code, "process the provisioning response");
    }
    free(answer);
    return length < 0 ? -1 : 0;
}

int policy_service_license(struct policy_service *service, MediaKeySession *session, const DRM_MediaKeyRequest *request)
{
    bool renewal = request->type == MEDIA_KEY_REQUEST_TYPE_RENEWAL;
    OH_DrmLicenseService_Answer about;
    uint8_t *answer = NULL;
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_size = sizeof(id);
    int32_t length = ask(service, request->data, (size_t)request->dataLen, &answer, &about);

    if (length < 0) {
        free(answer);
        return -1;
    }
    policy_service_say(service, "%s: the service answers %u", renewal ? "renewal" : "license", about.status);
    Drm_ErrCode code = OH_MediaKeySession_ProcessMediaKeyResponse(session, answer, length, id, &id_size);
    free(answer);
    if (code == DRM_ERR_OK && service->renewals == 0)
        code = OH_DrmLicenseService_RevokeLicense(service->service, about.licenseId);
    if (code == DRM_ERR_OK && service->renewals > 0 && renewal && --service->renewals == 0)
        code = OH_DrmLicenseService_RevokeLicense(service->service, about.licenseId);
    if (code == DRM_ERR_SERVICE_DENIED)
        policy_service_say(service, "denied: %s", OH_Drm_GetLastErrorMessage());
    else if (code != DRM_ERR_OK)
        return complain_drm(code, "process the license");
    return 0;
}

/* The event's init data asks for what is needed. */
static void renew(struct policy_service *service, MediaKeySession *session, const uint8_t *init_data, size_t size)
{
    DRM_MediaKeyRequestInfo *info = calloc(1, sizeof(*info));
    DRM_MediaKeyRequest *request = calloc(1, sizeof(*request));

    if (info && request && size <= sizeof(info->initData)) {
        info->type = MEDIA_KEY_TYPE_ONLINE;
        info->initDataLen = (int32_t)size;
        memcpy(info->initData, init_data, size);
        strcpy(info->mimeType, "cenc");
        Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request);
        if (code != DRM_ERR_OK)
            complain_drm(code, "ask for a renewal");
        else
            policy_service_license(service, session, request);
    }
    free(info);
    free(request);
}

static Drm_ErrCode on_event(MediaKeySession *session, DRM_EventType type, uint8_t *info, int32_t size, char *extra,
                            void *user)
{
    struct policy_service *service = user;
    char number[32] = "";

    (void)extra;
    switch (type) {
    case EVENT_KEY_REQUIRED:
        policy_service_say(service, "EVENT_KEY_REQUIRED: a renewal is due");
        renew(service, session, info, (size_t)size);
        break;
    case EVENT_KEY_EXPIRED: policy_service_say(service, "EVENT_KEY_EXPIRED"); break;
    case EVENT_EXPIRATION_UPDATE: {
        memcpy(number, info, (size_t)size < sizeof(number) ? (size_t)size : sizeof(number) - 1);
        int64_t millis = strtoll(number, NULL, 10);
        if (millis == 0)
            policy_service_say(service, "EVENT_EXPIRATION_UPDATE: never");
        else
            policy_service_say(service, "EVENT_EXPIRATION_UPDATE: %.1f s",
                               (double)(millis - service->start_millis) / 1000);
        break;
    }
    default: break;
    }
    return DRM_ERR_OK;
}

static Drm_ErrCode on_key_change(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user)
{
    (void)session;
    policy_service_say(user, "key change: %u keys, %s%s", keys->keysInfoCount,
                       keys->keysInfoCount ? keys->statusValue[0] : "none", new_keys ? ", new ones" : "");
    return DRM_ERR_OK;
}

int policy_service_attend(struct policy_service *service, MediaKeySession *session)
{
    OH_MediaKeySession_UserDataCallback callback = {on_event, on_key_change};
    Drm_ErrCode code = OH_MediaKeySession_SetCallbackWithUserData(session, &callback, service);

    return code == DRM_ERR_OK ? 0 : complain_drm(code, "listen to the session");
}

void policy_service_explain(const struct policy_service *service, MediaKeySession *session)
{
    uint32_t size = ANSWER_ROOM;
    char *json = malloc(size);

    if (json && OH_MediaKeySession_ExplainLicenses(session, json, &size) == DRM_ERR_OK) {
        cJSON *licenses = cJSON_Parse(json);
        const cJSON *license;
        cJSON_ArrayForEach(license, licenses)
        {
            const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(license, "text"));
            if (text)
                policy_service_say(service, "%s", text);
        }
        cJSON_Delete(licenses);
    }
    free(json);
}

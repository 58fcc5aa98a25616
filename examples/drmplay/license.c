/*
 * SPDX-License-Identifier: Apache-2.0
 * The life of a MediaKeySession.
 */
#include "license.h"

#include <stdlib.h>
#include <string.h>

#include "line_formats.h"
#include "multimedia/drm_framework/native_drm_extension.h"

#define MIME_TYPE "video/mp4"
#define POLICY_SYSTEM "com.policyplay.drm"

int complain_drm(Drm_ErrCode code, const char *what)
{
    return complain("cannot %s: error %d, %s", what, (int)code, OH_Drm_GetLastErrorMessage());
}

static bool find_system(const char *name, uint8_t id[DRM_UUID_LEN])
{
    DRM_MediaKeySystemDescription known[MAX_MEDIA_KEY_SYSTEM_NUM];
    uint32_t count = MAX_MEDIA_KEY_SYSTEM_NUM;

    if (OH_MediaKeySystem_GetMediaKeySystems(known, &count) != DRM_ERR_OK)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(known[i].name, name) == 0) {
            memcpy(id, known[i].uuid, DRM_UUID_LEN);
            return true;
        }
    }
    complain("there is no key system %s; there are:", name);
    for (uint32_t i = 0; i < count; i++)
        say("    %s", known[i].name);
    return false;
}

/* How the key system wants to be answered. */
static bool find_format(struct license *license)
{
    static const struct {
        const char *system;
        enum answer_format format;
    } known[] = {
        {"com.clearplay.drm", ANSWER_CLEARPLAY}, {"org.w3.clearkey", ANSWER_JWK_SET}, {"com.example.text", ANSWER_TEXT},
        {"com.example.xor", ANSWER_XOR},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(license->system_name, known[i].system) == 0) {
            license->format = known[i].format;
            return true;
        }
    }
    return strcmp(license->system_name, POLICY_SYSTEM) == 0 && license->policy;
}

int license_open(struct license *license, const char *system_name, const struct clearkey_server *server,
                 struct policy_service *policy, bool offline)
{
    *license = (struct license){.system_name = system_name, .server = server, .policy = policy, .offline = offline};
    if (!find_system(system_name, license->system_id))
        return -1;
    if (!find_format(license))
        return complain("this player's license server does not know how to answer %s", system_name);
    Drm_ErrCode code = OH_MediaKeySystem_Create(system_name, &license->system);
    if (code != DRM_ERR_OK)
        return complain_drm(code, "create the key system");
    if (policy && policy_service_provision(policy, license->system) < 0)
        return -1;
    if (license->format == ANSWER_XOR && lines_provision(license->system) < 0)
        return -1;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    code = OH_MediaKeySystem_CreateMediaKeySession(license->system, &level, &license->session);
    if (code != DRM_ERR_OK)
        return complain_drm(code, "create a session");
    return policy ? policy_service_attend(policy, license->session) : 0;
}

void license_close(struct license *license)
{
    if (license->session)
        OH_MediaKeySession_Destroy(license->session);
    if (license->system)
        OH_MediaKeySystem_Destroy(license->system);
    key_ids_free(&license->asked);
    license->session = NULL;
    license->system = NULL;
}

/* The key system's request for the keys that init data names; to be freed. */
static DRM_MediaKeyRequest *generate_request(struct license *license, const uint8_t *init_data, size_t size)
{
    DRM_MediaKeyRequestInfo *info = calloc(1, sizeof(*info));
    DRM_MediaKeyRequest *request = calloc(1, sizeof(*request));
    Drm_ErrCode code = DRM_ERR_INVALID_VAL;

    if (!info || !request || size > sizeof(info->initData)) {
        complain(info && request ? "too much init data" : "out of memory");
        goto failed;
    }
    info->type = license->offline ? MEDIA_KEY_TYPE_OFFLINE : MEDIA_KEY_TYPE_ONLINE;
    info->initDataLen = (int32_t)size;
    memcpy(info->initData, init_data, size);
    strcpy(info->mimeType, MIME_TYPE);
    code = OH_MediaKeySession_GenerateMediaKeyRequest(license->session, info, request);
    if (code != DRM_ERR_OK) {
        complain_drm(code, "make a license request");
        goto failed;
    }
    free(info);
    return request;

failed:
    free(info);
    free(request);
    return NULL;
}

static int ask_server(struct license *license, const DRM_MediaKeyRequest *request)
{
    struct key_ids missing = {0};
    uint8_t media_key_id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t media_key_id_size = sizeof(media_key_id);
    char hex[KEY_HEX_LEN];
    int result = -1;
    char *answer = clearkey_server_answer(license->server, license->format, request->data, (size_t)request->dataLen,
                                          &missing);

    if (!answer)
        goto done;
    for (size_t i = 0; i < missing.count; i++) {
        complain("the JWK Set has no key for key id %s", to_hex(hex, missing.ids[i], KEY_BYTES));
        if (key_ids_add(&license->asked, missing.ids[i]) < 0)
            goto done;
    }
    if (answer[0]) {
        Drm_ErrCode code = OH_MediaKeySession_ProcessMediaKeyResponse(
            license->session, (uint8_t *)answer, (int32_t)strlen(answer), media_key_id, &media_key_id_size);
        if (code != DRM_ERR_OK) {
            complain_drm(code, "process the license");
            goto done;
        }
    }
    result = (int)missing.count;

done:
    free(answer);
    key_ids_free(&missing);
    return result;
}

/* Reads the list of stored keys; to be freed. */
static DRM_OfflineMediakeyIdArray *list_stored(const struct license *license)
{
    DRM_OfflineMediakeyIdArray *list = calloc(1, sizeof(*list));

    if (!list) {
        complain("out of memory");
        return NULL;
    }
    Drm_ErrCode code = OH_MediaKeySystem_GetOfflineMediaKeyIds(license->system, list);
    if (code != DRM_ERR_OK) {
        complain_drm(code, "list the stored keys");
        free(list);
        return NULL;
    }
    return list;
}

static bool is_stored(const DRM_OfflineMediakeyIdArray *list, const uint8_t id[KEY_BYTES])
{
    for (uint32_t i = 0; i < list->idsCount; i++) {
        if (list->idsLen[i] == KEY_BYTES && memcmp(list->ids[i], id, KEY_BYTES) == 0)
            return true;
    }
    return false;
}

/* Loads one stored key. Returns 1 if there is none, -1 after a complaint. */
static int restore(struct license *license, const DRM_OfflineMediakeyIdArray *stored, uint8_t id[KEY_BYTES])
{
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    char hex[KEY_HEX_LEN];

    to_hex(hex, id, KEY_BYTES);
    if (key_ids_add(&license->asked, id) < 0)
        return -1;
    if (!is_stored(stored, id)) {
        complain("no key is stored for key id %s", hex);
        return 1;
    }
    Drm_ErrCode code = OH_MediaKeySystem_GetOfflineMediaKeyStatus(license->system, id, KEY_BYTES, &status);
    if (code != DRM_ERR_OK)
        return complain_drm(code, "read the status of a stored key");
    if (status == OFFLINE_MEDIA_KEY_STATUS_INACTIVE) {
        complain("the stored key %s has been released", hex);
        return 1;
    }
    code = OH_MediaKeySession_RestoreOfflineMediaKeys(license->session, id, KEY_BYTES);
    if (code != DRM_ERR_OK)
        return complain_drm(code, "restore a stored key");
    say("restored the stored key %s", hex);
    return 0;
}

static int restore_stored(struct license *license, const struct key_ids *wanted)
{
    DRM_OfflineMediakeyIdArray *stored = list_stored(license);
    int missing = stored ? 0 : -1;

    for (size_t i = 0; i < wanted->count && missing >= 0; i++) {
        int result = restore(license, stored, wanted->ids[i]);
        missing = result < 0 ? -1 : missing + result;
    }
    free(stored);
    return missing;
}

static void say_stored(const struct license *license, const struct key_ids *wanted)
{
    DRM_OfflineMediakeyIdArray *stored = list_stored(license);
    char hex[KEY_HEX_LEN];

    for (size_t i = 0; stored && i < wanted->count; i++) {
        if (is_stored(stored, wanted->ids[i]))
            say("stored the key %s", to_hex(hex, wanted->ids[i], KEY_BYTES));
    }
    free(stored);
}

/*
 * Obtains the keys that one box names, which are added to `wanted`. Returns the number of keys that could not be had; -1
 * after a complaint.
 */
static int obtain(struct license *license, const uint8_t *init_data, size_t size, struct key_ids *wanted)
{
    struct key_ids named = {0};
    DRM_MediaKeyRequest *request = generate_request(license, init_data, size);
    int missing = -1;

    if (request && license->policy && policy_service_add_content(license->policy, init_data, size) == 0)
        missing = policy_service_license(license->policy, license->session, request);
    else if (request && !license->policy && clearkey_parse_request(license->format, request->data, (size_t)request->dataLen, &named) == 0) {
        if (license->server)
            missing = ask_server(license, request);
        else if (license->offline)
            missing = restore_stored(license, &named);
        else
            missing = complain("the file is encrypted; give its keys with --keys, or --offline to use stored ones");
        if (missing >= 0 && license->offline && license->server)
            say_stored(license, &named);
        if (missing >= 0 && key_ids_add_all(wanted, &named) < 0)
            missing = -1;
    }
    key_ids_free(&named);
    free(request);
    return missing;
}

static bool contain_all(const struct key_ids *list, const struct key_ids *others)
{
    for (size_t i = 0; i < others->count; i++) {
        if (!key_ids_contain(list, others->ids[i]))
            return false;
    }
    return others->count > 0;
}

int license_obtain(struct license *license, const struct init_data *init_data)
{
    struct key_ids wanted = {0};
    int missing = 0;

    for (size_t i = 0; i < init_data->count && missing >= 0; i++) {
        const struct pssh_box *box = &init_data->boxes[i];
        if (contain_all(&wanted, &box->key_ids))
            continue;
        int result = obtain(license, box->bytes, box->size, &wanted);
        missing = result < 0 ? -1 : missing + result;
    }
    if (missing > 0 && (size_t)missing >= wanted.count)
        missing = complain("without its key%s this file cannot be played", wanted.count == 1 ? "" : "s");
    key_ids_free(&wanted);
    return missing;
}

bool license_obtain_key(struct license *license, const uint8_t key_id[KEY_BYTES])
{
    struct key_ids one = {0};
    struct key_ids wanted = {0};
    uint8_t init_data[128];
    bool obtained = false;

    if (key_ids_contain(&license->asked, key_id) || key_ids_add(&license->asked, key_id) < 0)
        return false;
    if (key_ids_add(&one, key_id) == 0) {
        size_t size = make_pssh(init_data, sizeof(init_data), license->system_id, &one);
        obtained = obtain(license, init_data, size, &wanted) == 0;
    }
    key_ids_free(&wanted);
    key_ids_free(&one);
    return obtained;
}

static int release_key(struct license *license, uint8_t id[KEY_BYTES])
{
    uint8_t *message = malloc(MAX_MEDIA_KEY_REQUEST_DATA_LEN);
    int32_t size = MAX_MEDIA_KEY_REQUEST_DATA_LEN;
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    char *acknowledgement = NULL;
    char hex[KEY_HEX_LEN];
    int result = -1;

    if (!message) {
        complain("out of memory");
        return -1;
    }
    Drm_ErrCode code = OH_MediaKeySession_GenerateOfflineReleaseRequest(license->session, id, KEY_BYTES, message, &size);
    if (code != DRM_ERR_OK) {
        complain_drm(code, "make a release request");
        goto done;
    }
    acknowledgement = clearkey_acknowledge_release(license->format, message, (size_t)size);
    if (!acknowledgement)
        goto done;
    code = OH_MediaKeySession_ProcessOfflineReleaseResponse(license->session, id, KEY_BYTES, (uint8_t *)acknowledgement,
                                                            (int32_t)strlen(acknowledgement));
    if (code != DRM_ERR_OK) {
        complain_drm(code, "process the release response");
        goto done;
    }
    code = OH_MediaKeySystem_GetOfflineMediaKeyStatus(license->system, id, KEY_BYTES, &status);
    say("released the stored key %s: it is %s now", to_hex(hex, id, KEY_BYTES),
        code != DRM_ERR_OK                                ? "gone"
        : status == OFFLINE_MEDIA_KEY_STATUS_INACTIVE ? "inactive"
                                                      : "still usable");
    result = status == OFFLINE_MEDIA_KEY_STATUS_USABLE ? -1 : 0;

done:
    free(acknowledgement);
    free(message);
    return result;
}

/* Gives back the stored keys that one box names. Returns their number, -1 after a complaint. */
static int release_box(struct license *license, const struct pssh_box *box)
{
    struct key_ids named = {0};
    DRM_OfflineMediakeyIdArray *stored = NULL;
    DRM_MediaKeyRequest *request = generate_request(license, box->bytes, box->size);
    int released = -1;

    if (request && clearkey_parse_request(license->format, request->data, (size_t)request->dataLen, &named) == 0)
        stored = list_stored(license);
    if (stored)
        released = 0;
    for (size_t i = 0; i < named.count && released >= 0; i++) {
        if (is_stored(stored, named.ids[i]))
            released = release_key(license, named.ids[i]) < 0 ? -1 : released + 1;
    }
    free(stored);
    free(request);
    key_ids_free(&named);
    return released;
}

int license_release(struct license *license, const struct init_data *init_data)
{
    int released = 0;

    if (init_data->count == 0)
        return complain("the file names no key ids that could be given back");
    for (size_t i = 0; i < init_data->count; i++) {
        int result = release_box(license, &init_data->boxes[i]);
        if (result < 0)
            return -1;
        released += result;
    }
    return released ? 0 : complain("no key of this file is stored");
}

void license_key_status(const struct license *license, const uint8_t key_id[KEY_BYTES], char *word)
{
    DRM_MediaKeyStatus *rows = malloc(sizeof(*rows));
    char hex[KEY_HEX_LEN];

    strcpy(word, "no key");
    to_hex(hex, key_id, KEY_BYTES);
    if (rows && OH_MediaKeySession_CheckMediaKeyStatus(license->session, rows) == DRM_ERR_OK) {
        for (uint32_t i = 0; i < rows->statusCount; i++) {
            if (strcmp(rows->statusName[i], hex) == 0)
                strcpy(word, rows->statusValue[i]);
        }
    }
    free(rows);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Init data of several pssh boxes: a request asks for the key ids of all of the key system's own, each once and in their
 * order; for those of another system's where there are no own ones.
 */
#include "support/policy.h"

enum Part { OWN_A, OWN_BA, OWN_DATA, OWN_BROKEN, OWN_EMPTY, FOREIGN, PARTS };
enum { LONGEST = 4, KID_C = 2 };

typedef struct System {
    const char *name;
    const char *uuid;
    /* Whether the data of its boxes are read, and whether other systems' boxes are. */
    bool reads_data;
    bool reads_foreign;
} System;

static const System systems[] = {
    {CLEARPLAY, CLEARPLAY_UUID, true, true},
    {W3C_CLEARKEY, W3C_UUID, false, false},
    {POLICYPLAY, POLICYPLAY_UUID, true, true},
};

static uint8_t kids[3][16];

static size_t append_part(uint8_t *out, const System *system, enum Part part)
{
    static const char data[] = "{\"kids\":[\"b0b1b2b3b4b5b6b7b8b9babbbcbdbebf\",\"c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2\"]}";
    uint8_t both[2][16];
    memcpy(both[0], KID_B, 16);
    memcpy(both[1], KID_A, 16);
    switch (part) {
    case OWN_A:
        return make_pssh(out, system->uuid, (const uint8_t(*)[16])kids, 1, NULL, 0);
    case OWN_BA:
        return make_pssh(out, system->uuid, (const uint8_t(*)[16])both, 2, "x", 1);
    case OWN_DATA:
        return make_pssh(out, system->uuid, NULL, 0, data, strlen(data));
    case OWN_BROKEN:
        return make_pssh(out, system->uuid, NULL, 0, "{\"kids\":[\"AAAA\"]}", 17);
    case OWN_EMPTY:
        return make_pssh(out, system->uuid, NULL, 0, NULL, 0);
    default:
        return make_pssh(out, WIDEVINE_UUID, (const uint8_t(*)[16])kids[KID_C], 1, NULL, 0);
    }
}

static size_t add_id(size_t *ids, size_t count, size_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id) {
            return count;
        }
    }
    ids[count] = id;
    return count + 1;
}

/* Which ids a request has for these parts, as numbers in `kids`. */
static size_t expected_ids(const System *system, const enum Part *parts, size_t count, size_t *ids)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i] == OWN_BA) {
            found = add_id(ids, found, 1);
        }
        if (parts[i] == OWN_A || parts[i] == OWN_BA) {
            found = add_id(ids, found, 0);
        }
        if (parts[i] == OWN_DATA && system->reads_data) {
            found = add_id(ids, found, 1);
            found = add_id(ids, found, KID_C);
        }
    }
    for (size_t i = 0; i < count && found == 0; i++) {
        if (parts[i] == FOREIGN && system->reads_foreign) {
            found = add_id(ids, found, KID_C);
        }
    }
    return found;
}

/* The ids as the key system writes them in its request, or as the service reads them from it. */
static void write_ids(const System *system, const size_t *ids, size_t count, char *text, size_t room)
{
    bool is_policyplay = strcmp(system->name, POLICYPLAY) == 0;
    snprintf(text, room, is_policyplay ? "\"key_ids\":[" : "{\"kids\":[");
    for (size_t i = 0; i < count; i++) {
        char id[48];
        size_t length = strlen(text);
        if (is_policyplay) {
            hex_encode(kids[ids[i]], 16, id);
        } else {
            base64_encode(kids[ids[i]], 16, strcmp(system->name, W3C_CLEARKEY) == 0, id);
        }
        snprintf(text + length, room - length, "%s\"%s\"", i > 0 ? "," : "", id);
    }
    size_t length = strlen(text);
    snprintf(text + length, room - length, is_policyplay ? "]" : "],\"type\":\"temporary\"}");
}

/* What the service says that it was asked. */
static void read_by_service(OH_DrmLicenseService *service, const DRM_MediaKeyRequest *request, char *text)
{
    static char asked[2 * POLICY_ROOM];
    strcpy(asked, "{\"parse_only\":true,\"payload\":\"");
    base64_encode(request->data, (size_t)request->dataLen, false, asked + strlen(asked));
    strcat(asked, "\",\"content_key_specs\":[{\"key\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"key_id\":\"AAAAAAAAAAAAAAAAAAAAAA==\"}]}");
    Message answer = ask_service(service, (const uint8_t *)asked, strlen(asked));
    memcpy(text, answer.bytes, answer.size);
    text[answer.size] = '\0';
}

static void check_parts(const System *system, MediaKeySession *session, OH_DrmLicenseService *service,
                        const enum Part *parts, size_t count)
{
    uint8_t init_data[MAX_INIT_DATA_LEN];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += append_part(init_data + size, system, parts[i]);
    }
    size_t ids[3];
    size_t found = expected_ids(system, parts, count, ids);
    char expected[256];
    static char text[POLICY_ROOM + 1];
    write_ids(system, ids, found, expected, sizeof(expected));
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", init_data, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)calloc(1, sizeof(*request));
    REQUIRE(request != NULL);
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request);
    bool right = CHECK_INT(code == DRM_ERR_OK, found > 0);
    if (code == DRM_ERR_OK) {
        if (strcmp(system->name, POLICYPLAY) == 0) {
            read_by_service(service, request, text);
        } else {
            memcpy(text, request->data, (size_t)request->dataLen);
            text[request->dataLen] = '\0';
        }
        right = CHECK(strstr(text, expected) != NULL) && right;
    }
    if (!right) {
        fprintf(stderr, "    %s, parts", system->name);
        for (size_t i = 0; i < count; i++) {
            fprintf(stderr, " %d", (int)parts[i]);
        }
        fprintf(stderr, ": %s instead of %s\n", code == DRM_ERR_OK ? text : "a refusal", expected);
    }
    free(request);
    free(info);
}

static void all_own_boxes_count(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    memcpy(kids[0], KID_A, 16);
    memcpy(kids[1], KID_B, 16);
    memset(kids[KID_C], 0xc2, 16);
    for (size_t s = 0; s < sizeof(systems) / sizeof(systems[0]); s++) {
        bool is_policyplay = strcmp(systems[s].name, POLICYPLAY) == 0;
        MediaKeySystem *system = is_policyplay ? make_device(service) : make_system(systems[s].name);
        MediaKeySession *session = make_session(system);
        /* All sequences; PolicyPlay's, each with a signature, up to a shorter length. */
        size_t longest = is_policyplay ? LONGEST - 1 : LONGEST;
        for (size_t count = 1; count <= longest; count++) {
            size_t sequences = 1;
            for (size_t i = 0; i < count; i++) {
                sequences *= PARTS;
            }
            for (size_t number = 0; number < sequences; number++) {
                enum Part parts[LONGEST];
                size_t rest = number;
                for (size_t i = 0; i < count; i++) {
                    parts[i] = (enum Part)(rest % PARTS);
                    rest /= PARTS;
                }
                check_parts(&systems[s], session, service, parts, count);
            }
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* As many boxes and ids as init data has room for. */
static void full_init_data(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true}");
    for (size_t s = 0; s < sizeof(systems) / sizeof(systems[0]); s++) {
        bool is_policyplay = strcmp(systems[s].name, POLICYPLAY) == 0;
        MediaKeySystem *system = is_policyplay ? make_device(service) : make_system(systems[s].name);
        MediaKeySession *session = make_session(system);
        uint8_t init_data[MAX_INIT_DATA_LEN];
        size_t size = 0;
        size_t count = 0;
        for (uint8_t id[1][16] = {{0}}; size + 52 <= sizeof(init_data); count++) {
            id[0][0] = (uint8_t)count;
            id[0][15] = 1;
            size += make_pssh(init_data + size, systems[s].uuid, (const uint8_t(*)[16])id, 1, NULL, 0);
        }
        DRM_MediaKeyRequestInfo *info = make_request_info("cenc", init_data, size);
        DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)calloc(1, sizeof(*request));
        REQUIRE(request != NULL);
        CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
        if (!is_policyplay) {
            size_t commas = 0;
            for (int32_t i = 0; i < request->dataLen; i++) {
                commas += request->data[i] == ',';
            }
            /* One between two ids, and one before the type. */
            CHECK_INT(commas, count);
        }
        free(request);
        free(info);
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

int main(void)
{
    RUN_IN_OWN_STORE(all_own_boxes_count);
    RUN_IN_OWN_STORE(full_init_data);
    return check_finish("request_boxes");
}

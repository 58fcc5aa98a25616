/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A session's life: key requests, key status, clearing, level, secure decoder.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

/* "{"kids":["oKGi…"],"type":…}" of KID_A (and KID_B), in each key system's base64. */
#define KID_A_BASE64 "oKGio6SlpqeoqaqrrK2urw" /* in base64url, too */
#define KID_B_BASE64 "sLGys7S1tre4ubq7vL2+vw"
#define KID_B_BASE64URL "sLGys7S1tre4ubq7vL2-vw"

static const uint8_t A_AND_B[2][16] = {
    {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf},
    {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf}};

/* Generates a request and compares its text; `expected` null: the init data has to be refused. */
static void expect_request(const char *system_name, DRM_MediaKeyType type, const char *mime, const void *init_data,
                           size_t size, const char *expected)
{
    MediaKeySystem *system = make_system(system_name);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequestInfo *info = make_request_info(mime, init_data, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    memset(request, 0x5a, sizeof(*request));
    info->type = type;
    if (expected == NULL) {
        CHECK_UNKNOWN(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
        CHECK_FILLED(request, 0x5a, sizeof(*request));
    } else if (CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request))) {
        CHECK_INT(request->type, MEDIA_KEY_REQUEST_TYPE_INITIAL);
        CHECK_INT(request->dataLen, strlen(expected));
        if (request->dataLen == (int32_t)strlen(expected)) {
            CHECK_MEM(request->data, expected, strlen(expected));
        }
        CHECK(memchr(request->defaultUrl, '\0', sizeof(request->defaultUrl)) != NULL);
    }
    free(request);
    free(info);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void requests_from_pssh(void)
{
    uint8_t box[512];
    size_t size = make_pssh(box, CLEARPLAY_UUID, A_AND_B, 2, NULL, 0);
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\",\"" KID_B_BASE64 "==\"],\"type\":\"temporary\"}");
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_OFFLINE, "cenc", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\",\"" KID_B_BASE64 "==\"],\"type\":\"persistent-license\"}");
    size = make_pssh(box, W3C_UUID, A_AND_B, 2, NULL, 0);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "cenc", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "\",\"" KID_B_BASE64URL "\"],\"type\":\"temporary\"}");
    size = make_pssh(box, DASHIF_CLEARKEY_UUID, A_AND_B, 1, NULL, 0);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_OFFLINE, "video/mp4", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "\"],\"type\":\"persistent-license\"}");
    /* Repeated key ids are asked for once. */
    uint8_t twice[2][16];
    memcpy(twice[0], KID_A, 16);
    memcpy(twice[1], KID_A, 16);
    size = make_pssh(box, CLEARPLAY_UUID, (const uint8_t(*)[16])twice, 2, NULL, 0);
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "cenc", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\"],\"type\":\"temporary\"}");
}

/* ClearPlay's own box with the JSON in its data, as OpenHarmony's test content has it. */
static void requests_from_json_in_pssh(void)
{
    static const char json[] = "{\"kids\":[\"" KID_A_BASE64 "==\",\"" KID_B_BASE64 "==\"]}";
    static const char partly[] = "{\"kids\":[\"" KID_A_BASE64 "==\",\"AAAA\"]}";
    static const char *const broken[] = {"{\"kids\":[\"AAAA\"]}", "{\"kids\":\"x\"}", "{", "[]",
                                         "{\"kids\":[\"" KID_A_BASE64 "==\"]", "{\"kids\":[1]}", "{\"kids\":[\"?\"]}"};
    uint8_t box[512];
    size_t size = make_pssh(box, CLEARPLAY_UUID, NULL, 0, json, strlen(json));
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/avc", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\",\"" KID_B_BASE64 "==\"],\"type\":\"temporary\"}");
    /* One bad entry costs nothing but itself. */
    size = make_pssh(box, CLEARPLAY_UUID, NULL, 0, partly, strlen(partly));
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", box, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\"],\"type\":\"temporary\"}");
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        size = make_pssh(box, CLEARPLAY_UUID, NULL, 0, broken[i], strlen(broken[i]));
        expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", box, size, NULL);
    }
}

/* The own system's box wins; ClearPlay takes another system's where its own is missing, W3C Clear Key does not. */
static void chooses_among_boxes(void)
{
    uint8_t boxes[512];
    size_t size = make_pssh(boxes, WIDEVINE_UUID, A_AND_B, 1, NULL, 0);
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", boxes, size,
                   "{\"kids\":[\"" KID_A_BASE64 "==\"],\"type\":\"temporary\"}");
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "cenc", boxes, size, NULL);
    size_t own = make_pssh(boxes + size, CLEARPLAY_UUID, &A_AND_B[1], 1, NULL, 0);
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", boxes, size + own,
                   "{\"kids\":[\"" KID_B_BASE64 "==\"],\"type\":\"temporary\"}");
    own = make_pssh(boxes + size, W3C_UUID, &A_AND_B[1], 1, NULL, 0);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "cenc", boxes, size + own,
                   "{\"kids\":[\"" KID_B_BASE64URL "\"],\"type\":\"temporary\"}");
}

static void requests_from_webm_and_json(void)
{
    static const char json[] = "{\"kids\":[\"" KID_A_BASE64 "\",\"" KID_B_BASE64URL "\"]}";
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/webm", KID_A, 16,
                   "{\"kids\":[\"" KID_A_BASE64 "==\"],\"type\":\"temporary\"}");
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_OFFLINE, "webm", KID_B, 16,
                   "{\"kids\":[\"" KID_B_BASE64URL "\"],\"type\":\"persistent-license\"}");
    /* A WebM key id has 1 to 512 bytes. */
    static const uint8_t long_id[513] = {0};
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "webm", "\1\2\3\4", 4, "{\"kids\":[\"AQIDBA==\"],\"type\":\"temporary\"}");
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "webm", "\1", 1, "{\"kids\":[\"AQ\"],\"type\":\"temporary\"}");
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "webm", long_id, 513, NULL);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "webm", long_id, 513, NULL);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "keyids", json, strlen(json),
                   "{\"kids\":[\"" KID_A_BASE64 "\",\"" KID_B_BASE64URL "\"],\"type\":\"temporary\"}");
    expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "keyids", json, strlen(json),
                   "{\"kids\":[\"" KID_A_BASE64 "==\",\"" KID_B_BASE64 "==\"],\"type\":\"temporary\"}");
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "keyids", json, strlen(json) - 1, NULL);
    expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "keyids", "{\"kids\":[]}", 11, NULL);
}

static void refuses_malformed_init_data(void)
{
    uint8_t good[64];
    uint8_t bad[512];
    size_t size = make_pssh(good, W3C_UUID, A_AND_B, 1, NULL, 0);
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? CLEARPLAY : W3C_CLEARKEY;
        for (size_t cut = 1; cut < size; cut++) {
            expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", good, cut, NULL);
        }
        /* A size field of one byte more than there is. */
        memcpy(bad, good, size);
        bad[3]++;
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", bad, size, NULL);
        /* A key id count that only 32-bit arithmetic finds room for. */
        memcpy(bad, good, size);
        memcpy(bad + 28, "\x10\x00\x00\x01", 4);
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", bad, size, NULL);
        memcpy(bad, good, size);
        memcpy(bad + size - 4, "\xff\xff\xff\xff", 4);
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", bad, size, NULL);
        memcpy(bad, good, size);
        memcpy(bad + 4, "moov", 4);
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", bad, size, NULL);
        /* No key id at all. */
        size_t empty = make_pssh(bad, W3C_UUID, NULL, 0, NULL, 0);
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "cenc", bad, empty, NULL);
        /* Well formed, but not for this MIME type. */
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "text/plain", good, size, NULL);
        expect_request(name, MEDIA_KEY_TYPE_ONLINE, "webm", good, size, NULL);
    }
}

/* A box that is malformed, foreign or none at all costs nothing but itself. */
static void passes_over_bad_boxes(void)
{
    uint8_t good[64];
    size_t size = make_pssh(good, W3C_UUID, A_AND_B, 1, NULL, 0);
    for (int kind = 0; kind < 6; kind++) {
        for (int place = 0; place < 2; place++) {
            uint8_t bad[64];
            uint8_t both[128];
            size_t bad_size = size;
            memcpy(bad, good, size);
            if (kind == 0) {
                bad[8] = 0; /* a version that has no list */
            } else if (kind == 1) {
                bad[28] = 0x10; /* more ids than there are */
            } else if (kind == 2) {
                bad[0] = 0x7f; /* longer than the data */
            } else if (kind == 3) {
                memcpy(bad + 4, "free", 4);
            } else if (kind == 4) {
                bad_size = 1;
            } else {
                bad_size = make_pssh(bad, WIDEVINE_UUID, NULL, 0, "opaque", 6);
            }
            memcpy(both, place == 0 ? bad : good, place == 0 ? bad_size : size);
            memcpy(both + (place == 0 ? bad_size : size), place == 0 ? good : bad, place == 0 ? size : bad_size);
            expect_request(W3C_CLEARKEY, MEDIA_KEY_TYPE_ONLINE, "cenc", both, size + bad_size,
                           "{\"kids\":[\"" KID_A_BASE64 "\"],\"type\":\"temporary\"}");
            expect_request(CLEARPLAY, MEDIA_KEY_TYPE_ONLINE, "video/mp4", both, size + bad_size,
                           "{\"kids\":[\"" KID_A_BASE64 "==\"],\"type\":\"temporary\"}");
        }
    }
}

/* As many key ids as init data has room for. */
static void largest_init_data(void)
{
    uint8_t kids[126][16];
    uint8_t box[MAX_INIT_DATA_LEN + 64];
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    for (int i = 0; i < 126; i++) {
        memset(kids[i], i, 16);
    }
    size_t size = make_pssh(box, W3C_UUID, (const uint8_t(*)[16])kids, 125, "twelve bytes", 12);
    REQUIRE(size == MAX_INIT_DATA_LEN);
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", box, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
    /* {"kids":[125 * 22 characters in quotes with commas],"type":"temporary"} */
    CHECK_INT(request->dataLen, 9 + 125 * 25 - 1 + 1 + 19 + 1);
    free(request);
    free(info);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void bad_request_arguments(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    uint8_t box[64];
    size_t size = make_pssh(box, CLEARPLAY_UUID, A_AND_B, 1, NULL, 0);
    DRM_MediaKeyRequestInfo *good = make_request_info("video/mp4", box, size);
    DRM_MediaKeyRequestInfo info;
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)guard_alloc(sizeof(*request));
    static const int types[] = {-1, 2, 3, 100, 2147483647};
    static const int lengths[] = {0, -1, MAX_INIT_DATA_LEN + 1, 2147483647, -2147483647 - 1};
    memset(request, 0x5a, sizeof(*request));
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, NULL, request));
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, good, NULL));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        info = *good;
        memcpy(&info.type, &types[i], sizeof(info.type));
        CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    }
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        info = *good;
        info.initDataLen = lengths[i];
        CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    }
    info = *good;
    info.mimeType[0] = '\0';
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    memset(info.mimeType, 'v', sizeof(info.mimeType));
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    info = *good;
    info.optionsCount = MAX_MEDIA_KEY_REQUEST_OPTION_COUNT + 1;
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    info.optionsCount = UINT32_MAX;
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    info.optionsCount = 1; /* its name is empty */
    CHECK_INVALID(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    CHECK_FILLED(request, 0x5a, sizeof(*request));
    /* Names need neither a NUL nor an encoding. */
    memset(info.optionName[0], 'o', sizeof(info.optionName[0]));
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    memset(info.optionName[0], 0xff, sizeof(info.optionName[0]));
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    CHECK_STR(request->defaultUrl, "http://default.com");

    /* All options, the last one's value filling its array. */
    info = *good;
    info.optionsCount = MAX_MEDIA_KEY_REQUEST_OPTION_COUNT;
    for (int i = 0; i < MAX_MEDIA_KEY_REQUEST_OPTION_COUNT; i++) {
        snprintf(info.optionName[i], sizeof(info.optionName[i]), "option%d", i);
        memset(info.optionData[i], 'd', sizeof(info.optionData[i]));
    }
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, request));
    guard_free(request, sizeof(*request));
    free(good);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* Browser engines copy the MIME type without its NUL into a struct that they have not initialised. */
static void mime_types_without_nul(void)
{
    static const char *const types[] = {"video/mp4", "VIDEO/MP4", "audio/mp4",    "video/avc", "cenc",
                                        "webm",      "audio/mpeg", "video/mp4v-es", "video/webm"};
    static const char *const unknown[] = {"text/plain", "video/", "video", "xcenc", "\xff\xfe"};
    static const int fills[] = {0xff, 0xcd, 'x', '4', ' ', ';', 1};
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    uint8_t box[64];
    size_t box_size = make_pssh(box, CLEARPLAY_UUID, A_AND_B, 1, NULL, 0);
    REQUIRE(request != NULL);
    for (size_t fill = 0; fill < sizeof(fills) / sizeof(fills[0]); fill++) {
        for (int with_nul = 0; with_nul < 2; with_nul++) {
            for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                bool webm = strstr(types[i], "webm") != NULL;
                DRM_MediaKeyRequestInfo *info =
                    make_request_info("", webm ? (const void *)KID_A : (const void *)box, webm ? 16 : box_size);
                memset(info->mimeType, fills[fill], sizeof(info->mimeType));
                memcpy(info->mimeType, types[i], strlen(types[i]));
                if (with_nul) {
                    info->mimeType[strlen(types[i]) + 3] = '\0';
                }
                CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
                free(info);
            }
            for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
                DRM_MediaKeyRequestInfo *info = make_request_info("", box, box_size);
                memset(info->mimeType, fills[fill], sizeof(info->mimeType));
                memcpy(info->mimeType, unknown[i], strlen(unknown[i]));
                if (with_nul) {
                    info->mimeType[strlen(unknown[i]) + 3] = '\0';
                }
                CHECK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request) != DRM_ERR_OK);
                free(info);
            }
        }
    }
    /* The longest: an array that starts with video/mp4v-es is not taken for video/mp4, nor is a match cut. */
    DRM_MediaKeyRequestInfo *info = make_request_info("video/webmcenc", KID_A, 16);
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
    free(info);
    info = make_request_info("video/mp4; codecs=\"avc1.42E01E\"", box, box_size);
    CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request));
    free(info);
    free(request);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void tells_key_status(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)guard_alloc(sizeof(*status));
    CHECK_INVALID(OH_MediaKeySession_CheckMediaKeyStatus(session, NULL));
    status->statusCount = 7;
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    CHECK_INT(status->statusCount, 0);
    give_key(session, KID_B, NIST_KEY);
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    CHECK_INT(status->statusCount, 2);
    CHECK_STR(status->statusName[0], KID_B_HEX);
    CHECK_STR(status->statusValue[0], "USABLE");
    CHECK_STR(status->statusName[1], KID_A_HEX);
    CHECK_STR(status->statusValue[1], "USABLE");
    /* More keys than rows. */
    for (int i = 0; i < MAX_MEDIA_KEY_STATUS_COUNT; i++) {
        uint8_t kid[16];
        memset(kid, i, sizeof(kid));
        give_key(session, kid, OTHER_KEY);
    }
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    CHECK_INT(status->statusCount, MAX_MEDIA_KEY_STATUS_COUNT);
    CHECK_STR(status->statusName[0], KID_B_HEX);
    CHECK_STR(status->statusName[63], "3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d");
    CHECK_OK(decrypt_nist(session, KID_A));
    guard_free(status, sizeof(*status));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void clears_keys(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    MediaKeySession *other = make_session(system);
    DRM_MediaKeyStatus status;
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    give_key(session, KID_A, NIST_KEY);
    give_key(session, KID_B, NIST_KEY);
    give_key(other, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, &status));
    CHECK_INT(status.statusCount, 0);
    CHECK_OK(decrypt_nist(other, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void secure_decoder(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    char *endless = guard_text_without_nul(NATIVE_DRM_MAX_CONFIG_NAME_LEN);
    bool required = true;
    CHECK_INVALID(OH_MediaKeySession_RequireSecureDecoderModule(session, NULL, &required));
    CHECK_INVALID(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/avc", NULL));
    CHECK_INVALID(OH_MediaKeySession_RequireSecureDecoderModule(session, "", &required));
    CHECK_INVALID(OH_MediaKeySession_RequireSecureDecoderModule(session, endless, &required));
    CHECK(required);
    CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/avc", &required));
    CHECK(!required);
    guard_free(endless, NATIVE_DRM_MAX_CONFIG_NAME_LEN);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void sessions_are_apart(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *first = make_session(system);
    MediaKeySession *second = make_session(system);
    give_key(first, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_CODE(decrypt_nist(second, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_Destroy(first));
    CHECK_INVALID(decrypt_nist(first, KID_A));
    give_key(second, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(second, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(decrypt_nist(second, KID_A));
}

/* With sessionSharing, a session decrypts with the keys of the instance's other sessions, whenever they came. */
static void sessions_share_keys(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *stranger = make_system(CLEARPLAY);
    MediaKeySession *first = make_session(system);
    MediaKeySession *second = make_session(system);
    MediaKeySession *apart = make_session(stranger);
    DRM_MediaKeyStatus status;
    char value[16];
    give_key(second, KID_A, NIST_KEY);
    give_key(apart, KID_B, NIST_KEY);
    CHECK_CODE(decrypt_nist(first, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "sessionSharing", "enable"));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationString(system, "sessionSharing", value, 16));
    CHECK_STR(value, "enable");
    /* Sessions from before and after the setting, keys from before and after. */
    MediaKeySession *third = make_session(system);
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_OK(decrypt_nist(third, KID_A));
    CHECK_CODE(decrypt_nist(first, KID_B), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_nist(apart, KID_A), DRM_ERR_NO_KEY);
    give_key(third, KID_B, NIST_KEY);
    CHECK_OK(decrypt_nist(first, KID_B));
    CHECK_OK(decrypt_nist(second, KID_B));
    /* All other ways to decrypt say the same. */
    uint8_t data[2][NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    DRM_SampleInfo infos[2] = {nist_ctr_sample(KID_A, data[0]), nist_ctr_sample(KID_B, data[1])};
    DRM_Sample samples[2];
    memset(samples, 0, sizeof(samples));
    for (int i = 0; i < 2; i++) {
        samples[i].info = &infos[i];
        samples[i].data = data[i];
        samples[i].dataLen = NIST_SIZE;
    }
    hex_decode(NIST_PLAIN, plain);
    CHECK_OK(OH_MediaKeySession_DecryptSamples(first, samples, 2, NULL));
    CHECK_MEM(data[0], plain, NIST_SIZE);
    CHECK_MEM(data[1], plain, NIST_SIZE);
    /* The keys are the other sessions' still. */
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(first, &status));
    CHECK_INT(status.statusCount, 0);
    /* A key of one's own comes first; one that cannot be used (15 bytes) does not hide another's. */
    give_key(first, KID_B, OTHER_KEY);
    DRM_SampleInfo info = nist_ctr_sample(KID_B, data[0]);
    CHECK_OK(OH_MediaKeySession_DecryptSample(first, &info, data[0], NIST_SIZE));
    CHECK(memcmp(data[0], plain, NIST_SIZE) != 0);
    CHECK_OK(process_response(first, "0sLGys7S1tre4ubq7vL2+vw==:AAECAwQFBgcICQoLDA0O"));
    CHECK_OK(decrypt_nist(first, KID_B));
    /* They end with their session's keys, with the session, and with the setting. */
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(third));
    CHECK_CODE(decrypt_nist(first, KID_B), DRM_ERR_NO_KEY);
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_OK(OH_MediaKeySession_Destroy(second));
    CHECK_CODE(decrypt_nist(first, KID_A), DRM_ERR_NO_KEY);
    give_key(third, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "sessionSharing", "disable"));
    CHECK_CODE(decrypt_nist(first, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_Destroy(stranger));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(decrypt_nist(first, KID_A));
}

int main(void)
{
    RUN(requests_from_pssh);
    RUN(requests_from_json_in_pssh);
    RUN(chooses_among_boxes);
    RUN(requests_from_webm_and_json);
    RUN(refuses_malformed_init_data);
    RUN(passes_over_bad_boxes);
    RUN(largest_init_data);
    RUN(bad_request_arguments);
    RUN(mime_types_without_nul);
    RUN(tells_key_status);
    RUN(clears_keys);
    RUN(secure_decoder);
    RUN(sessions_are_apart);
    RUN(sessions_share_keys);
    return check_finish("test_session");
}

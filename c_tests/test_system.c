/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Key systems: what there is, creation, levels, provisioning, statistics.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"
#include "support/process.h"

static void lists_key_systems(void)
{
    DRM_MediaKeySystemDescription descs[MAX_MEDIA_KEY_SYSTEM_NUM + 1];
    uint32_t needed = 0;
    memset(descs, 0x5a, sizeof(descs));
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(descs, &needed));
    REQUIRE(needed >= 3 && needed <= MAX_MEDIA_KEY_SYSTEM_NUM);
    uint32_t count = needed - 1;
    char message[128];
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(descs, &count));
    CHECK_INT(count, needed);
    snprintf(message, sizeof(message), "%u key systems are needed, %u are available", (unsigned)needed,
             (unsigned)needed - 1);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), message) != NULL);
    CHECK_FILLED(descs, 0x5a, sizeof(descs));
    CHECK_OK(OH_MediaKeySystem_GetMediaKeySystems(descs, &count));
    CHECK_INT(count, needed);
    CHECK_FILLED(&descs[needed], 0x5a, sizeof(descs[0]));
    count = MAX_MEDIA_KEY_SYSTEM_NUM + 1;
    CHECK_OK(OH_MediaKeySystem_GetMediaKeySystems(descs, &count));
    CHECK_INT(count, needed);
    /* The built-in three come first, in this order, and the array of OpenHarmony's guide has room for them. */
    CHECK_STR(descs[0].name, CLEARPLAY);
    CHECK_STR(descs[1].name, W3C_CLEARKEY);
    CHECK_STR(descs[2].name, "com.policyplay.drm");
    DRM_MediaKeySystemDescription three[3];
    count = 3;
    CHECK_OK(OH_MediaKeySystem_GetMediaKeySystems(three, &count));
    CHECK_INT(count, 3);
    bool clearplay = false;
    bool w3c = false;
    for (uint32_t i = 0; i < count; i++) {
        char uuid[33];
        CHECK(memchr(descs[i].name, '\0', sizeof(descs[i].name)) != NULL);
        CHECK(OH_MediaKeySystem_IsSupported(descs[i].name));
        hex_encode(descs[i].uuid, DRM_UUID_LEN, uuid);
        clearplay = clearplay || (strcmp(descs[i].name, CLEARPLAY) == 0 && strcmp(uuid, CLEARPLAY_UUID) == 0);
        w3c = w3c || (strcmp(descs[i].name, W3C_CLEARKEY) == 0 && strcmp(uuid, W3C_UUID) == 0);
    }
    CHECK(clearplay);
    CHECK(w3c);
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(NULL, &count));
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(descs, NULL));
    CHECK_INVALID(OH_MediaKeySystem_GetMediaKeySystems(NULL, NULL));
}

static void supports_names(void)
{
    char longest[MAX_MEDIA_KEY_SYSTEM_NAME_LEN + 1];
    char *endless = guard_text_without_nul(MAX_MEDIA_KEY_SYSTEM_NAME_LEN);
    memset(longest, 'a', sizeof(longest));
    CHECK(OH_MediaKeySystem_IsSupported(CLEARPLAY));
    CHECK(OH_MediaKeySystem_IsSupported(W3C_CLEARKEY));
    CHECK(!OH_MediaKeySystem_IsSupported(NULL));
    CHECK(!OH_MediaKeySystem_IsSupported(""));
    CHECK(!OH_MediaKeySystem_IsSupported("com.wiseplay.drm"));
    CHECK(!OH_MediaKeySystem_IsSupported("com.widevine.alpha"));
    CHECK(!OH_MediaKeySystem_IsSupported("com.clearplay.dr"));
    CHECK(!OH_MediaKeySystem_IsSupported("com.clearplay.drm "));
    CHECK(!OH_MediaKeySystem_IsSupported(endless));
    longest[MAX_MEDIA_KEY_SYSTEM_NAME_LEN - 1] = '\0';
    CHECK(!OH_MediaKeySystem_IsSupported(longest));
    guard_free(endless, MAX_MEDIA_KEY_SYSTEM_NAME_LEN);
}

static void supports_mime_types(void)
{
    static const char *const both[] = {"video/mp4", "audio/mp4", "video/webm", "audio/webm", "cenc", "webm", "keyids"};
    static const char *const clearplay_only[] = {"video/avc", "video/hevc", "video/av01", "video/vp9", "audio/mp4a-latm"};
    static const char *const none[] = {"", "text/plain", "video", "video/", "/", "image/mp4", "cencx", "video/mp4x"};
    char *endless = guard_text_without_nul(NATIVE_DRM_MAX_CONFIG_NAME_LEN);
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        CHECK(OH_MediaKeySystem_IsSupported2(CLEARPLAY, both[i]));
        CHECK(OH_MediaKeySystem_IsSupported2(W3C_CLEARKEY, both[i]));
        CHECK(!OH_MediaKeySystem_IsSupported2("com.wiseplay.drm", both[i]));
    }
    for (size_t i = 0; i < sizeof(clearplay_only) / sizeof(clearplay_only[0]); i++) {
        CHECK(OH_MediaKeySystem_IsSupported2(CLEARPLAY, clearplay_only[i]));
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        CHECK(!OH_MediaKeySystem_IsSupported2(CLEARPLAY, none[i]));
        CHECK(!OH_MediaKeySystem_IsSupported2(W3C_CLEARKEY, none[i]));
    }
    CHECK(OH_MediaKeySystem_IsSupported2(CLEARPLAY, "Video/MP4; codecs=\"avc1.42E01E\""));
    CHECK(!OH_MediaKeySystem_IsSupported2(CLEARPLAY, NULL));
    CHECK(!OH_MediaKeySystem_IsSupported2(NULL, "video/mp4"));
    CHECK(!OH_MediaKeySystem_IsSupported2("", "video/mp4"));
    CHECK(!OH_MediaKeySystem_IsSupported2(CLEARPLAY, endless));
    CHECK(!OH_MediaKeySystem_IsSupported2(endless, "video/mp4"));
    CHECK(!OH_MediaKeySystem_IsSupported3(CLEARPLAY, endless, CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!OH_MediaKeySystem_IsSupported3(endless, "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    guard_free(endless, NATIVE_DRM_MAX_CONFIG_NAME_LEN);
}

static void supports_levels(void)
{
    static const int refused[] = {-2147483647 - 1, -1, CONTENT_PROTECTION_LEVEL_UNKNOWN,
                                  CONTENT_PROTECTION_LEVEL_HW_CRYPTO, CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO,
                                  CONTENT_PROTECTION_LEVEL_MAX, 5, 2147483647};
    CHECK(OH_MediaKeySystem_IsSupported3(CLEARPLAY, "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(OH_MediaKeySystem_IsSupported3(W3C_CLEARKEY, "cenc", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        CHECK(!OH_MediaKeySystem_IsSupported3(CLEARPLAY, "video/mp4", (DRM_ContentProtectionLevel)refused[i]));
    }
    CHECK(!OH_MediaKeySystem_IsSupported3(NULL, "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!OH_MediaKeySystem_IsSupported3(CLEARPLAY, NULL, CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!OH_MediaKeySystem_IsSupported3(CLEARPLAY, "text/plain", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!OH_MediaKeySystem_IsSupported3("other", "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
}

static void creates_and_destroys(void)
{
    char *endless = guard_text_without_nul(MAX_MEDIA_KEY_SYSTEM_NAME_LEN);
    MediaKeySystem *untouched = (MediaKeySystem *)(uintptr_t)0x5a5a;
    MediaKeySystem *system = untouched;
    CHECK_INVALID(OH_MediaKeySystem_Create(NULL, &system));
    CHECK_INVALID(OH_MediaKeySystem_Create(CLEARPLAY, NULL));
    CHECK_INVALID(OH_MediaKeySystem_Create("", &system));
    CHECK_INVALID(OH_MediaKeySystem_Create(endless, &system));
    CHECK_UNKNOWN(OH_MediaKeySystem_Create("com.widevine.alpha", &system));
    CHECK(system == untouched);
    guard_free(endless, MAX_MEDIA_KEY_SYSTEM_NAME_LEN);
    MediaKeySystem *other = make_system(W3C_CLEARKEY);
    CHECK_OK(OH_MediaKeySystem_Create(CLEARPLAY, &system));
    CHECK(system != NULL && system != untouched && system != other);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
}

static void creates_sessions(void)
{
    static const int refused[] = {-1, CONTENT_PROTECTION_LEVEL_UNKNOWN, CONTENT_PROTECTION_LEVEL_MAX, 5, 2147483647};
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *untouched = (MediaKeySession *)(uintptr_t)0x5a5a;
    MediaKeySession *session = untouched;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    CHECK_INVALID(OH_MediaKeySystem_CreateMediaKeySession(system, NULL, &session));
    CHECK_INVALID(OH_MediaKeySystem_CreateMediaKeySession(system, &level, NULL));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        memcpy(&level, &refused[i], sizeof(level));
        CHECK_INVALID(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session));
    }
    CHECK(session == untouched);
    for (int wanted = CONTENT_PROTECTION_LEVEL_SW_CRYPTO; wanted < CONTENT_PROTECTION_LEVEL_MAX; wanted++) {
        DRM_ContentProtectionLevel actual = CONTENT_PROTECTION_LEVEL_MAX;
        level = (DRM_ContentProtectionLevel)wanted;
        REQUIRE_OK(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session));
        CHECK_INT(level, wanted);
        CHECK_OK(OH_MediaKeySession_GetContentProtectionLevel(session, &actual));
        CHECK_INT(actual, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
        CHECK_INVALID(OH_MediaKeySession_GetContentProtectionLevel(session, NULL));
        CHECK_OK(OH_MediaKeySession_Destroy(session));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void tells_level_and_certificate(void)
{
    for (int i = 0; i < 2; i++) {
        MediaKeySystem *system = make_system(i == 0 ? CLEARPLAY : W3C_CLEARKEY);
        DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_MAX;
        DRM_CertificateStatus status = CERT_STATUS_INVALID;
        CHECK_OK(OH_MediaKeySystem_GetMaxContentProtectionLevel(system, &level));
        CHECK_INT(level, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
        CHECK_INVALID(OH_MediaKeySystem_GetMaxContentProtectionLevel(system, NULL));
        CHECK_OK(OH_MediaKeySystem_GetCertificateStatus(system, &status));
        CHECK_INT(status, CERT_STATUS_PROVISIONED);
        CHECK_INVALID(OH_MediaKeySystem_GetCertificateStatus(system, NULL));
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

static void provisioning_request(const char *name)
{
    MediaKeySystem *system = make_system(name);
    uint8_t request[256];
    uint8_t exact[256];
    char url[256];
    char exact_url[256];
    int32_t size = (int32_t)sizeof(request);
    memset(request, 0x5a, sizeof(request));
    memset(url, 0x5a, sizeof(url));
    REQUIRE_OK(OH_MediaKeySystem_GenerateKeySystemRequest(system, request, &size, url, (int32_t)sizeof(url)));
    REQUIRE(size > 0 && size < (int32_t)sizeof(request));
    CHECK_FILLED(request + size, 0x5a, sizeof(request) - (size_t)size);
    REQUIRE(memchr(url, '\0', sizeof(url)) != NULL);
    if (strcmp(name, CLEARPLAY) == 0) {
        static const char expected[] = "{\"signedRequest\":\"KEYREQUESTTYPE_DOWNLOADCERT\"}";
        CHECK_INT(size, sizeof(expected) - 1);
        CHECK_MEM(request, expected, sizeof(expected) - 1);
        CHECK_STR(url, "http://default.com");
    }
    int32_t url_size = (int32_t)strlen(url) + 1;
    int32_t room = size;
    memset(exact, 0x5a, sizeof(exact));
    memset(exact_url, 0x5a, sizeof(exact_url));
    CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, exact_url, url_size));
    CHECK_INT(room, size);
    CHECK_MEM(exact, request, (size_t)size);
    CHECK_FILLED(exact + size, 0x5a, sizeof(exact) - (size_t)size);
    CHECK_STR(exact_url, url);
    CHECK_FILLED(exact_url + url_size, 0x5a, sizeof(exact_url) - (size_t)url_size);

    memset(exact, 0x5a, sizeof(exact));
    memset(exact_url, 0x5a, sizeof(exact_url));
    room = size - 1;
    CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, exact_url, url_size));
    CHECK_INT(room, size);
    CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, exact_url, url_size - 1));
    for (int32_t bad = 0; bad > -3; bad--) {
        int32_t bad_size = bad == -2 ? INT32_MIN : bad;
        room = bad_size;
        CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, exact_url, url_size));
        room = size;
        CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, exact_url, bad_size));
    }
    room = size;
    CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, NULL, &room, exact_url, url_size));
    CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, NULL, exact_url, url_size));
    CHECK_INVALID(OH_MediaKeySystem_GenerateKeySystemRequest(system, exact, &room, NULL, url_size));
    CHECK_FILLED(exact, 0x5a, sizeof(exact));
    CHECK_FILLED(exact_url, 0x5a, sizeof(exact_url));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void provisioning_response(const char *name)
{
    MediaKeySystem *system = make_system(name);
    uint8_t *response = (uint8_t *)guard_alloc(NATIVE_DRM_MAX_RESPONSE_LEN + 1);
    memset(response, 'r', NATIVE_DRM_MAX_RESPONSE_LEN + 1);
    CHECK_OK(OH_MediaKeySystem_ProcessKeySystemResponse(system, response + NATIVE_DRM_MAX_RESPONSE_LEN, 1));
    CHECK_OK(OH_MediaKeySystem_ProcessKeySystemResponse(system, response + 1, NATIVE_DRM_MAX_RESPONSE_LEN));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, response, NATIVE_DRM_MAX_RESPONSE_LEN + 1));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, response, INT32_MAX));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, response, 0));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, response, -1));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, response, INT32_MIN));
    CHECK_INVALID(OH_MediaKeySystem_ProcessKeySystemResponse(system, NULL, 1));
    DRM_CertificateStatus status = CERT_STATUS_INVALID;
    CHECK_OK(OH_MediaKeySystem_GetCertificateStatus(system, &status));
    CHECK_INT(status, CERT_STATUS_PROVISIONED);
    guard_free(response, NATIVE_DRM_MAX_RESPONSE_LEN + 1);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void provisioning(void)
{
    provisioning_request(CLEARPLAY);
    provisioning_request(W3C_CLEARKEY);
    provisioning_response(CLEARPLAY);
    provisioning_response(W3C_CLEARKEY);
}

static const char *statistic(const DRM_Statistics *statistics, const char *name)
{
    REQUIRE(statistics->statisticsCount <= MAX_STATISTICS_COUNT);
    for (uint32_t i = 0; i < statistics->statisticsCount; i++) {
        REQUIRE(memchr(statistics->statisticsName[i], '\0', MAX_STATISTICS_NAME_LEN) != NULL);
        REQUIRE(memchr(statistics->statisticsDescription[i], '\0', MAX_STATISTICS_BUFFER_LEN) != NULL);
        if (strcmp(statistics->statisticsName[i], name) == 0) {
            return statistics->statisticsDescription[i];
        }
    }
    return NULL;
}

static void statistics(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    DRM_Statistics numbers;
    CHECK_INVALID(OH_MediaKeySystem_GetStatistics(system, NULL));
    memset(&numbers, 0x5a, sizeof(numbers));
    CHECK_OK(OH_MediaKeySystem_GetStatistics(system, &numbers));
    CHECK(statistic(&numbers, "version") != NULL && statistic(&numbers, "version")[0] != '\0');
    CHECK_STR(statistic(&numbers, "currentSessionNum"), "0");
    CHECK_STR(statistic(&numbers, "decryptNumber"), "0");
    CHECK_STR(statistic(&numbers, "errorDecryptNumber"), "0");
    CHECK_STR(statistic(&numbers, "decryptBytes"), "0");
    MediaKeySession *first = make_session(system);
    MediaKeySession *second = make_session(system);
    give_key(first, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_OK(decrypt_nist(first, KID_A));
    CHECK_CODE(decrypt_nist(second, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_GetStatistics(system, &numbers));
    CHECK_STR(statistic(&numbers, "currentSessionNum"), "2");
    CHECK_STR(statistic(&numbers, "decryptNumber"), "2");
    CHECK_STR(statistic(&numbers, "errorDecryptNumber"), "1");
    CHECK_STR(statistic(&numbers, "decryptBytes"), "128");
    CHECK_OK(OH_MediaKeySession_Destroy(first));
    CHECK_OK(OH_MediaKeySystem_GetStatistics(system, &numbers));
    CHECK_STR(statistic(&numbers, "currentSessionNum"), "1");
    CHECK_STR(statistic(&numbers, "decryptNumber"), "2");
    /* Another instance counts for itself. */
    MediaKeySystem *other = make_system(CLEARPLAY);
    CHECK_OK(OH_MediaKeySystem_GetStatistics(other, &numbers));
    CHECK_STR(statistic(&numbers, "decryptNumber"), "0");
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* In a child whose environment asks for a level: in vain, unless the library was built to listen. */
static int emulated(DRM_ContentProtectionLevel highest)
{
    highest = NATIVE_DRM_EMULATION ? highest : CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    MediaKeySystem *system = make_system(CLEARPLAY);
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_MAX;
    CHECK_OK(OH_MediaKeySystem_GetMaxContentProtectionLevel(system, &level));
    CHECK_INT(level, highest);
    for (int wanted = CONTENT_PROTECTION_LEVEL_SW_CRYPTO; wanted < CONTENT_PROTECTION_LEVEL_MAX; wanted++) {
        MediaKeySession *session = NULL;
        bool secure = false;
        int expected = wanted < (int)highest ? wanted : (int)highest;
        level = (DRM_ContentProtectionLevel)wanted;
        CHECK(OH_MediaKeySystem_IsSupported3(CLEARPLAY, "video/mp4", level) == (wanted <= (int)highest));
        REQUIRE_OK(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session));
        CHECK_OK(OH_MediaKeySession_GetContentProtectionLevel(session, &level));
        CHECK_INT(level, expected);
        CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/avc", &secure));
        CHECK_INT(secure, expected == CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO);
        CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "audio/mp4a-latm", &secure));
        CHECK_INT(secure, false);
        give_key(session, KID_A, NIST_KEY);
        CHECK_OK(decrypt_nist(session, KID_A));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    return check_finish("test_system, emulated level");
}

static void emulates_levels(void)
{
    static const char *const arguments[][3] = {{"emulated", "1", NULL}, {"emulated", "2", NULL}, {"emulated", "3", NULL}};
    static const char *const settings[][2] = {{"NATIVE_DRM_EMULATE_LEVEL=SW_CRYPTO", NULL},
                                              {"NATIVE_DRM_EMULATE_LEVEL=HW_CRYPTO", NULL},
                                              {"NATIVE_DRM_EMULATE_LEVEL=ENHANCED_HW_CRYPTO", NULL}};
    for (int i = 0; i < 3; i++) {
        CHECK(process_run(arguments[i], settings[i]));
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "emulated") == 0) {
        return emulated((DRM_ContentProtectionLevel)atoi(argv[2]));
    }
    RUN(lists_key_systems);
    RUN(supports_names);
    RUN(supports_mime_types);
    RUN(supports_levels);
    RUN(creates_and_destroys);
    RUN(creates_sessions);
    RUN(tells_level_and_certificate);
    RUN(provisioning);
    RUN(statistics);
    RUN(emulates_levels);
    return check_finish("test_system");
}

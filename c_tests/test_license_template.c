/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * License templates: the samples of the documentation, refusals, the builder, bad arguments, threads.
 */
#include <pthread.h>

#include "multimedia/drm_framework/native_drm_license.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "support/check.h"
#include "support/guard.h"

#define FILL 0x5a

/* What Json.NET makes of the .NET sample of Azure Media Services. */
#define DOTNET_SAMPLE                                                                                      \
    "{\"allowed_track_types\":\"SD_HD\",\"content_key_specs\":[{\"required_output_protection\":{\"hdcp\":" \
    "\"HDCP_NONE\"},\"security_level\":1,\"track_type\":\"SD\"}],\"policy_overrides\":{\"can_play\":true," \
    "\"can_persist\":true,\"can_renew\":false}}"

#define KEY "AAECAwQFBgcICQoLDA0ODw=="

static OH_DrmLicenseTemplate *make_template(DRM_LicenseProfile profile)
{
    OH_DrmLicenseTemplate *made = NULL;
    REQUIRE_OK(OH_DrmLicenseTemplate_Create(profile, &made));
    REQUIRE(made != NULL);
    return made;
}

static Drm_ErrCode parse(OH_DrmLicenseTemplate *handle, const char *json)
{
    return OH_DrmLicenseTemplate_Parse(handle, (const uint8_t *)json, (uint32_t)strlen(json));
}

static void check_text(OH_DrmLicenseTemplate *handle, const char *expected)
{
    char json[1024];
    uint32_t length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_Serialize(handle, json, &length));
    CHECK_STR(json, expected);
    CHECK_INT(length, strlen(expected) + 1);
}

static void check_refusal(OH_DrmLicenseTemplate *handle, uint32_t status, const char *rule, const char *pointer)
{
    uint32_t given_status = 0;
    char text[256];
    uint32_t length = sizeof(text);
    CHECK_OK(OH_DrmLicenseTemplate_GetRefusalStatus(handle, &given_status));
    CHECK_INT(given_status, status);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetRefusalRule(handle, text, &length));
    CHECK_STR(text, rule);
    length = sizeof(text);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetRefusalPointer(handle, text, &length));
    CHECK_STR(text, pointer);
    CHECK_INT(length, strlen(pointer) + 1);
}

static void check_no_refusal(OH_DrmLicenseTemplate *handle)
{
    uint32_t status = 1;
    char text[64];
    uint32_t length = sizeof(text);
    CHECK_OK(OH_DrmLicenseTemplate_GetRefusalStatus(handle, &status));
    CHECK_INT(status, 0);
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetRefusalRule(handle, text, &length));
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetRefusalPointer(handle, text, &length));
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetRefusal(handle, text, &length));
}

/* True if the warnings, given the stored policy, contain `part`. */
static bool warned(OH_DrmLicenseTemplate *handle, const char *stored, const char *part)
{
    char json[2048];
    uint32_t length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetWarnings(handle, stored, json, &length));
    return strstr(json, part) != NULL;
}

static void empty_message(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    check_text(handle, "{}");
    CHECK_OK(parse(handle, "{}"));
    check_text(handle, "{}");
    char json[1024];
    uint32_t length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, NULL, json, &length));
    CHECK_STR(json, "{\"can_play\":true,\"can_persist\":false,\"can_renew\":false,\"rental_duration_seconds\":0,"
                    "\"playback_duration_seconds\":0,\"license_duration_seconds\":0,"
                    "\"renewal_recovery_duration_seconds\":0,\"renewal_server_url\":\"\",\"renewal_delay_seconds\":0,"
                    "\"renewal_retry_interval_seconds\":0,\"renew_with_usage\":false,\"rental_scope\":\"start_window\"}");
    CHECK_INT(length, strlen(json) + 1);
    length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetWarnings(handle, NULL, json, &length));
    CHECK_STR(json, "[]");
    check_no_refusal(handle);
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void dotnet_sample(void)
{
    OH_DrmLicenseTemplate *strict = make_template(DRM_LICENSE_PROFILE_STRICT);
    CHECK_UNKNOWN(parse(strict, DOTNET_SAMPLE));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "422 INVALID_REQUEST (BOTH_SELECTORS) at /allowed_track_types") != NULL);
    check_refusal(strict, 422, "BOTH_SELECTORS", "/allowed_track_types");
    check_text(strict, "{}");
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(strict));

    OH_DrmLicenseTemplate *azure = make_template(DRM_LICENSE_PROFILE_AZURE);
    CHECK_OK(parse(azure, DOTNET_SAMPLE));
    check_no_refusal(azure);
    check_text(azure, DOTNET_SAMPLE);
    CHECK(warned(azure, NULL, "\"BOTH_SELECTORS\""));
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(azure));
}

static void built_by_fields(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_AZURE);
    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/allowed_track_types", "SD_HD"));
    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/content_key_specs/0/track_type", "SD"));
    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/content_key_specs/0/required_output_protection/hdcp", "HDCP_NONE"));
    CHECK_OK(OH_DrmLicenseTemplate_SetInt(handle, "/content_key_specs/0/security_level", 1));
    CHECK_OK(OH_DrmLicenseTemplate_SetBool(handle, "/policy_overrides/can_play", true));
    CHECK_OK(OH_DrmLicenseTemplate_SetBool(handle, "/policy_overrides/can_persist", true));
    CHECK_OK(OH_DrmLicenseTemplate_SetBool(handle, "/policy_overrides/can_renew", false));
    check_text(handle, DOTNET_SAMPLE);
    CHECK_OK(OH_DrmLicenseTemplate_Validate(handle));

    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/content_key_specs/1/key", KEY));
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_Validate(handle));
    check_refusal(handle, 422, "KEY_WITHOUT_TRACK_TYPE_OR_KEY_ID", "/content_key_specs/1/key");
    char json[1024];
    uint32_t length = sizeof(json);
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, NULL, json, &length));
    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/content_key_specs/1/key_id", KEY));
    check_no_refusal(handle);
    CHECK_OK(OH_DrmLicenseTemplate_Validate(handle));

    /* What is refused changes nothing. */
    CHECK_OK(parse(handle, "{\"policy_overrides\":{\"license_duration_seconds\":0}}"));
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_SetInt(handle, "/policy_overrides/license_duration_seconds", -1));
    check_refusal(handle, 422, "NEGATIVE_DURATION", "/policy_overrides/license_duration_seconds");
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_SetBool(handle, "/policy_overrides/can persist", true));
    check_refusal(handle, 422, "UNKNOWN_FIELD", "/policy_overrides/can persist");
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_SetString(handle, "/policy_overrides/can_play", "true"));
    check_refusal(handle, 400, "WRONG_TYPE", "/policy_overrides/can_play");
    check_text(handle, "{\"policy_overrides\":{\"license_duration_seconds\":0}}");
    CHECK_OK(OH_DrmLicenseTemplate_SetInt(handle, "/policy_overrides/license_duration_seconds", INT64_MAX));
    check_text(handle, "{\"policy_overrides\":{\"license_duration_seconds\":9223372036854775807}}");
    CHECK_OK(OH_DrmLicenseTemplate_SetString(handle, "/policy_overrides/renewal_server_url", ""));
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void stored_policies(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    CHECK_OK(parse(handle, "{\"policy_overrides\":{\"renewal_server_url\":\"http://license.example/\"}}"));
    const char *stored = "{\"can_play\":true,\"rental_duration_seconds\":60,\"rental_scope\":\"absolute\"}";
    char json[1024];
    uint32_t length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, stored, json, &length));
    CHECK(strstr(json, "\"rental_duration_seconds\":60") != NULL);
    CHECK(strstr(json, "\"rental_scope\":\"absolute\"") != NULL);
    CHECK(warned(handle, stored, "\"RENEWAL_FIELD_WITHOUT_CAN_RENEW\""));

    length = sizeof(json);
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, "{\"can_renew\":true}", json, &length));
    check_refusal(handle, 422, "RENEWAL_URL_NOT_HTTPS", "/policy_overrides/renewal_server_url");
    CHECK_INT(length, sizeof(json));
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetWarnings(handle, "{\"can_plai\":true}", json, &length));
    check_refusal(handle, 422, "UNKNOWN_FIELD", "/can_plai");
    length = sizeof(json);
    REQUIRE_OK(OH_DrmLicenseTemplate_GetRefusal(handle, json, &length));
    CHECK(strstr(json, "\"reason\":\"INVALID_REQUEST\"") != NULL);
    CHECK(strstr(json, "\"suggestion\":\"can_play\"") != NULL);
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, "{", json, &length));
    check_refusal(handle, 400, "NOT_JSON", "");
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void malformed_messages(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    CHECK_OK(parse(handle, "{\"provider\":\"kept\"}"));
    /* Every proper prefix of a message is malformed, and reading ends where the message does. */
    const char *message = "{\"policy_overrides\":{\"can_play\":true,\"license_duration_seconds\":60}}";
    for (size_t length = 1; length < strlen(message); length++) {
        uint8_t *copy = (uint8_t *)guard_copy(message, length);
        CHECK_UNKNOWN(OH_DrmLicenseTemplate_Parse(handle, copy, (uint32_t)length));
        check_refusal(handle, 400, "NOT_JSON", "");
        guard_free(copy, length);
    }
    CHECK_UNKNOWN(parse(handle, "{\"provider\":\"a\",\"provider\":\"b\"}"));
    check_refusal(handle, 400, "DUPLICATE_MEMBER", "/provider");
    check_text(handle, "{\"provider\":\"kept\"}");

    /* Long and deep, up to the limit and beyond. */
    char *large = (char *)malloc(NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN + 1);
    REQUIRE(large != NULL);
    memset(large, '[', NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN + 1);
    CHECK_UNKNOWN(OH_DrmLicenseTemplate_Parse(handle, (uint8_t *)large, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN));
    CHECK_INVALID(OH_DrmLicenseTemplate_Parse(handle, (uint8_t *)large, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN + 1));
    memset(large, ' ', NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN);
    memcpy(large, "{}", 2);
    CHECK_OK(OH_DrmLicenseTemplate_Parse(handle, (uint8_t *)large, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN));
    check_text(handle, "{}");
    free(large);
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

/* What restricts a license is never ignored: in no profile, and however a name is misspelt. */
static void near_misses(void)
{
    static const struct {
        const char *json;
        const char *pointer;
        const char *suggestion;
    } cases[] = {
        {"{\"policy_overrides\":{\"rental_duration\":60}}", "/policy_overrides/rental_duration", "rental_duration_seconds"},
        {"{\"policy_overrides\":{\"rentalDurationSeconds\":60}}", "/policy_overrides/rentalDurationSeconds",
         "rental_duration_seconds"},
        {"{\"policy_overrides\":{\"can persist\":true}}", "/policy_overrides/can persist", "can_persist"},
        {"{\"policy_overrides\":{\"unheard_of\":1}}", "/policy_overrides/unheard_of", NULL},
        {"{\"polcy_name\":\"x\"}", "/polcy_name", "policy_name"},
        {"{\"overrides\":{\"can_play\":false}}", "/overrides", "policy_overrides"},
        {"{\"policy\":{\"rental_duration_seconds\":5}}", "/policy", NULL},
        {"{\"specs\":[{\"track_type\":\"SD\",\"security_level\":5}]}", "/specs", "content_key_specs"},
        {"{\"vendor\":{\"a\":[0,{\"b\":{\"hdcp\":\"HDCP_V2\"}}]}}", "/vendor", NULL},
        {"{\"content_key_specs\":[{\"track_type\":\"SD\",\"required_output_protection\":{\"h_dcp\":\"HDCP_V2\"}}]}",
         "/content_key_specs/0/required_output_protection/h_dcp", "hdcp"},
    };
    static const DRM_LicenseProfile profiles[] = {DRM_LICENSE_PROFILE_STRICT, DRM_LICENSE_PROFILE_AZURE};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t profile = 0; profile < 2; profile++) {
            OH_DrmLicenseTemplate *handle = make_template(profiles[profile]);
            char json[512];
            char part[64];
            uint32_t length = sizeof(json);
            CHECK_UNKNOWN(parse(handle, cases[i].json));
            check_refusal(handle, 422, "UNKNOWN_FIELD", cases[i].pointer);
            REQUIRE_OK(OH_DrmLicenseTemplate_GetRefusal(handle, json, &length));
            snprintf(part, sizeof(part), "\"suggestion\":\"%s\"", cases[i].suggestion != NULL ? cases[i].suggestion : "");
            if (!CHECK((strstr(json, part) != NULL) == (cases[i].suggestion != NULL))) {
                fprintf(stderr, "    %s\n", json);
            }
            check_text(handle, "{}");
            CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
        }
    }
}

/* Quotation marks of word processors, and other characters that look like JSON's: where, and what they are. */
static void typographic_characters(void)
{
    static const struct {
        const char *json;
        const char *name;
    } cases[] = {
        {"{\n \xe2\x80\x9cprovider\xe2\x80\x9d:\"a\"}", "U+201C"},
        {"{\n \xc2\xabprovider\xc2\xbb:\"a\"}", "U+00AB"},
        {"{\n \xe2\x80\x98provider\xe2\x80\x99:\"a\"}", "U+2018"},
        {"{\n \xe2\x80\x9eprovider\xe2\x80\x9c:\"a\"}", "U+201E"},
    };
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_UNKNOWN(parse(handle, cases[i].json));
        check_refusal(handle, 400, "NOT_JSON", "");
        if (!CHECK(strstr(OH_Drm_GetLastErrorMessage(), cases[i].name) != NULL)) {
            fprintf(stderr, "    %s\n", OH_Drm_GetLastErrorMessage());
        }
    }
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void bad_arguments(void)
{
    OH_DrmLicenseTemplate *handle = NULL;
    CHECK_INVALID(OH_DrmLicenseTemplate_Create((DRM_LicenseProfile)2, &handle));
    CHECK_INVALID(OH_DrmLicenseTemplate_Create(DRM_LICENSE_PROFILE_STRICT, NULL));
    CHECK(handle == NULL);
    handle = make_template(DRM_LICENSE_PROFILE_STRICT);

    CHECK_INVALID(OH_DrmLicenseTemplate_Parse(handle, NULL, 2));
    CHECK_INVALID(OH_DrmLicenseTemplate_Parse(handle, (const uint8_t *)"{}", 0));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetBool(handle, NULL, true));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetBool(handle, "", true));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetInt(handle, NULL, 1));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetString(handle, NULL, ""));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetString(handle, "/provider", NULL));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetString(handle, "/provider", "\xff"));
    char *endless = guard_text_without_nul(NATIVE_DRM_MAX_LICENSE_POINTER_LEN);
    CHECK_INVALID(OH_DrmLicenseTemplate_SetBool(handle, endless, true));
    guard_free(endless, NATIVE_DRM_MAX_LICENSE_POINTER_LEN);
    endless = guard_text_without_nul(NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN);
    CHECK_INVALID(OH_DrmLicenseTemplate_SetString(handle, "/provider", endless));
    guard_free(endless, NATIVE_DRM_MAX_LICENSE_TEMPLATE_LEN);
    check_text(handle, "{}");

    char json[64];
    uint32_t length = sizeof(json);
    CHECK_INVALID(OH_DrmLicenseTemplate_Serialize(handle, NULL, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_Serialize(handle, json, NULL));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, "", json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusalStatus(handle, NULL));
    length = 0;
    CHECK_INVALID(OH_DrmLicenseTemplate_Serialize(handle, json, &length));
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void room_for_texts(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    CHECK_OK(parse(handle, "{\"provider\":\"p\"}"));
    const uint32_t needed = sizeof("{\"provider\":\"p\"}");
    for (uint32_t room = 1; room < needed; room++) {
        char *json = (char *)guard_alloc(room);
        memset(json, FILL, room);
        uint32_t length = room;
        CHECK_INVALID(OH_DrmLicenseTemplate_Serialize(handle, json, &length));
        CHECK_INT(length, needed);
        CHECK_FILLED(json, FILL, room);
        guard_free(json, room);
    }
    char *json = (char *)guard_alloc(needed);
    uint32_t length = needed;
    CHECK_OK(OH_DrmLicenseTemplate_Serialize(handle, json, &length));
    CHECK_STR(json, "{\"provider\":\"p\"}");
    guard_free(json, needed);

    CHECK_UNKNOWN(parse(handle, "{\"x\":1}"));
    char rule[4];
    length = sizeof(rule);
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusalRule(handle, rule, &length));
    CHECK_INT(length, sizeof("UNKNOWN_FIELD"));
    length = 3;
    CHECK_OK(OH_DrmLicenseTemplate_GetRefusalPointer(handle, rule, &length));
    CHECK_STR(rule, "/x");
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

static void check_bad_handle(void *bad)
{
    OH_DrmLicenseTemplate *handle = (OH_DrmLicenseTemplate *)bad;
    char json[64];
    memset(json, FILL, sizeof(json));
    uint32_t length = sizeof(json);
    uint32_t status = 7;
    CHECK_INVALID(OH_DrmLicenseTemplate_Parse(handle, (const uint8_t *)"{}", 2));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetBool(handle, "/parse_only", true));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetInt(handle, "/policy_overrides/license_duration_seconds", 1));
    CHECK_INVALID(OH_DrmLicenseTemplate_SetString(handle, "/provider", ""));
    CHECK_INVALID(OH_DrmLicenseTemplate_Validate(handle));
    CHECK_INVALID(OH_DrmLicenseTemplate_Serialize(handle, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, NULL, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetWarnings(handle, NULL, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusalStatus(handle, &status));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusalRule(handle, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusalPointer(handle, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_GetRefusal(handle, json, &length));
    CHECK_INVALID(OH_DrmLicenseTemplate_Destroy(handle));
    CHECK_FILLED(json, FILL, sizeof(json));
    CHECK_INT(length, sizeof(json));
    CHECK_INT(status, 7);
}

static void bad_handles(void)
{
    OH_DrmLicenseTemplate *stale = make_template(DRM_LICENSE_PROFILE_STRICT);
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(stale));
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_STRICT);
    MediaKeySystem *system = NULL;
    REQUIRE_OK(OH_MediaKeySystem_Create("org.w3.clearkey", &system));
    check_bad_handle(NULL);
    check_bad_handle(stale);
    check_bad_handle(system);
    check_bad_handle(&stale);
    for (unsigned bit = 0; bit < 64; bit++) {
        check_bad_handle((void *)((uintptr_t)handle ^ ((uintptr_t)1 << bit)));
    }
    CHECK_INVALID(OH_MediaKeySystem_Destroy((MediaKeySystem *)handle));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    check_text(handle, "{}");
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
}

#define ROUNDS 200

/* Uses a template that the main thread destroys at some time. */
static void *use(void *argument)
{
    OH_DrmLicenseTemplate *handle = (OH_DrmLicenseTemplate *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        Drm_ErrCode code = i % 2 == 0 ? parse(handle, DOTNET_SAMPLE) : parse(handle, "{}");
        char json[1024];
        uint32_t length = sizeof(json);
        Drm_ErrCode read = OH_DrmLicenseTemplate_Serialize(handle, json, &length);
        if (read == DRM_ERR_OK && !CHECK(strcmp(json, "{}") == 0 || strcmp(json, DOTNET_SAMPLE) == 0)) {
            fprintf(stderr, "    %s\n", json);
        }
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_INVALID_VAL);
        CHECK(read == DRM_ERR_OK || read == DRM_ERR_INVALID_VAL);
    }
    return NULL;
}

static void threads(void)
{
    OH_DrmLicenseTemplate *handle = make_template(DRM_LICENSE_PROFILE_AZURE);
    pthread_t users[4];
    for (size_t i = 0; i < 4; i++) {
        REQUIRE(pthread_create(&users[i], NULL, use, handle) == 0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        char json[1024];
        uint32_t length = sizeof(json);
        CHECK_OK(OH_DrmLicenseTemplate_GetEffectivePolicy(handle, NULL, json, &length));
    }
    CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle));
    for (size_t i = 0; i < 4; i++) {
        pthread_join(users[i], NULL);
    }
}

int main(void)
{
    RUN(empty_message);
    RUN(dotnet_sample);
    RUN(built_by_fields);
    RUN(stored_policies);
    RUN(malformed_messages);
    RUN(near_misses);
    RUN(typographic_characters);
    RUN(bad_arguments);
    RUN(room_for_texts);
    RUN(bad_handles);
    RUN(threads);
    return check_finish("license_template");
}

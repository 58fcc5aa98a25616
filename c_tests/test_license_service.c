/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The license service in the program: parameters, contents, policies, refusals, answers that did not fit.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_drm_license_service.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

#define MOVIE                                                                                                       \
    "{\"content_id\":\"bW92aWU=\",\"provider\":\"acme\",\"policy\":\"rental\",\"keys\":[{\"track_type\":\"SD\","    \
    "\"key_id\":\"oKGio6SlpqeoqaqrrK2urw==\",\"key\":\"K34VFiiu0qar9xWICc9PPA==\"}]}"
#define DERIVED "{\"content_id\":\"ZGVyaXZlZA==\"}"

static OH_DrmLicenseService *make_service(const char *directory)
{
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(directory, DRM_LICENSE_PROFILE_STRICT, &service));
    REQUIRE(service != NULL);
    return service;
}

/* A text that ends where a page without access begins. */
static Drm_ErrCode with_text(OH_DrmLicenseService *service, const char *name, const char *json)
{
    size_t size = strlen(json);
    uint8_t *copy = (uint8_t *)guard_copy(json, size);
    Drm_ErrCode code = name == NULL ? OH_DrmLicenseService_AddContent(service, copy, (uint32_t)size)
                                    : OH_DrmLicenseService_AddPolicy(service, name, copy, (uint32_t)size);
    guard_free(copy, size);
    return code;
}

static void fill(OH_DrmLicenseService *service)
{
    CHECK_OK(OH_DrmLicenseService_AddProvider(service, "acme", "0123456789abcdef"));
    CHECK_OK(with_text(service, "rental", "{\"can_play\":true,\"rental_duration_seconds\":60}"));
    CHECK_OK(with_text(service, NULL, MOVIE));
    CHECK_OK(with_text(service, NULL, DERIVED));
}

static void contents_and_policies(void)
{
    OH_DrmLicenseService *service = make_service(NULL);
    uint8_t id[16], key[16];
    fill(service);
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "SD", id, key));
    CHECK_MEM(id, KID_A, 16);
    CHECK_MEM(key, NIST_KEY, 16);

    /* Derived keys differ by track and stay the same. */
    uint8_t other_id[16], other_key[16];
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"derived", 7, "SD", id, key));
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"derived", 7, "HD", other_id, other_key));
    CHECK(memcmp(id, other_id, 16) != 0);
    CHECK(memcmp(key, other_key, 16) != 0);
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"derived", 7, "SD", other_id, other_key));
    CHECK_MEM(other_id, id, 16);
    CHECK_MEM(other_key, key, 16);

    memset(key, 0x5a, sizeof(key));
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "HD", id, key), DRM_ERR_UNKNOWN);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"none", 4, "SD", id, key), DRM_ERR_UNKNOWN);
    static const uint8_t long_id[40000]; /* is not quoted whole */
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, long_id, sizeof(long_id), "SD", id, key), DRM_ERR_UNKNOWN);
    CHECK(strlen(OH_Drm_GetLastErrorMessage()) < 200);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 0, "SD", id, key),
               DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, NULL, 5, "SD", id, key), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, NULL, id, key),
               DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "SD", NULL, key),
               DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "SD", id, NULL),
               DRM_ERR_INVALID_VAL);
    CHECK_FILLED(key, 0x5a, 16);

    CHECK_CODE(with_text(service, NULL, "{}"), DRM_ERR_UNKNOWN);
    CHECK_CODE(with_text(service, NULL, "{\"content_id\":\"AA==\",\"key\":[]}"), DRM_ERR_UNKNOWN);
    CHECK_CODE(with_text(service, NULL, "{\"content_id\":\"\"}"), DRM_ERR_INVALID_VAL);
    CHECK_CODE(with_text(service, NULL, "{\"content_id\":\"AA==\",\"require_provider\":1}"), DRM_ERR_UNKNOWN);
    CHECK_CODE(with_text(service, NULL, "{\"content_id\":\"AA==\",\"require_provider\":true}"), DRM_ERR_INVALID_VAL);
    CHECK_OK(with_text(service, NULL, "{\"content_id\":\"AA==\",\"provider\":\"acme\",\"require_provider\":true}"));
    CHECK_CODE(with_text(service, "bad", "{\"can_plya\":true}"), DRM_ERR_UNKNOWN);
    CHECK_CODE(with_text(service, "bad", "{\"can_play\":1}"), DRM_ERR_UNKNOWN);
    CHECK_CODE(with_text(service, "", "{}"), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_AddProvider(service, "p", "short"), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_AddProvider(service, NULL, NULL), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_AddContent(service, NULL, 1), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_AddContent(service, (const uint8_t *)"{", 0), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_AddContent(service, (const uint8_t *)"{", UINT32_MAX), DRM_ERR_INVALID_VAL);
    const char *catalog = "{\"providers\":[{\"name\":\"q\"}],\"policies\":{\"x\":{\"can_play\":false}},\"contents\":[]}";
    CHECK_OK(OH_DrmLicenseService_AddCatalog(service, (const uint8_t *)catalog, (uint32_t)strlen(catalog)));
    CHECK_CODE(OH_DrmLicenseService_AddCatalog(service, (const uint8_t *)"[]", 2), DRM_ERR_UNKNOWN);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* What is wrong in a catalogue is named with its place; names that there are not are refused, and nothing is added. */
static void catalogues(void)
{
    static const struct {
        const char *json;
        const char *reason;
    } cases[] = {
        {"{\"contents\":[{\"content_id\":\"AAAA\"},{\"content_id\":\"BBBB\",\"polcy\":\"p\"}]}",
         "/contents/1/polcy: there is no such member; did you mean `policy`?"},
        {"{\"contents\":[{\"content_id\":\"AAAA\",\"keys\":[{\"keyid\":\"\"}]}]}",
         "/contents/0/keys/0/keyid: there is no such member; did you mean `key_id`?"},
        {"{\"providers\":[{\"tokn\":\"0123456789abcdef\"}]}",
         "/providers/0/tokn: there is no such member; did you mean `token`?"},
        {"{\"providers\":[{}]}", "/providers/0/name: missing"},
        {"{\"contents\":[{\"content_id\":7}]}", "/contents/0/content_id: not a text"},
        {"{\"contents\":[{\"content_id\":\"AAAA\",\"keys\":[{\"key_id\":\"?\",\"key\":\"\"}]}]}",
         "/contents/0: malformed key_id"},
        {"{\"policies\":{\"p\":{\"can_plya\":true}}}", "/policies/p/can_plya"},
        {"{\"contents\":[{\"content_id\":\"AAAA\"},{\"content_id\":\"BBBB\",\"policy\":\"nobodys\"}]}",
         "/contents/1/policy: there is no policy `nobodys`"},
        {"{\"providers\":[{\"name\":\"new\"}],\"contents\":[{\"content_id\":\"AAAA\",\"provider\":\"neu\"}]}",
         "/contents/0/provider: there is no provider `neu`"},
    };
    OH_DrmLicenseService *service = make_service(NULL);
    uint8_t id[16], key[16];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *json = cases[i].json;
        CHECK_CODE(OH_DrmLicenseService_AddCatalog(service, (const uint8_t *)json, (uint32_t)strlen(json)), DRM_ERR_UNKNOWN);
        if (!CHECK(strstr(OH_Drm_GetLastErrorMessage(), cases[i].reason) != NULL)) {
            fprintf(stderr, "    %s instead of %s\n", OH_Drm_GetLastErrorMessage(), cases[i].reason);
        }
        CHECK_CODE(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"\0\0", 3, "SD", id, key), DRM_ERR_UNKNOWN);
    }
    /* What another catalogue has brought is known. */
    const char *names = "{\"contents\":[{\"content_id\":\"AAAA\",\"policy\":\"p\",\"provider\":\"new\"}]}";
    const char *brings = "{\"providers\":[{\"name\":\"new\"}],\"policies\":{\"p\":{}}}";
    CHECK_OK(OH_DrmLicenseService_AddCatalog(service, (const uint8_t *)brings, (uint32_t)strlen(brings)));
    CHECK_OK(OH_DrmLicenseService_AddCatalog(service, (const uint8_t *)names, (uint32_t)strlen(names)));
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"\0\0", 3, "SD", id, key));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void refusals_are_answers(void)
{
    OH_DrmLicenseService *service = make_service(NULL);
    fill(service);
    static const struct {
        const char *message;
        uint32_t status;
        const char *rule;
    } cases[] = {
        {"x", 400, "NOT_JSON"},
        {"{}", 422, "PAYLOAD_MISSING"},
        {"{\"payload\":\"*\"}", 400, "BAD_BASE64"},
        {"{\"can_play\":true}", 422, "UNKNOWN_FIELD"},
        {"{\"allowed_track_types\":\"SD_ONLY\",\"content_key_specs\":[{\"track_type\":\"SD\"}]}", 422, "BOTH_SELECTORS"},
        {"NDLP\x02\x03............................................................................", 400, "BAD_MESSAGE"},
        {"{\"parse_only\":true,\"policy_name\":\"none\"}", 404, "POLICY_NOT_FOUND"},
        {"{\"parse_only\":true,\"policy_name\":\"rental\"}", 200, "\"rental_duration_seconds\":60"},
        /* As the license for the content would have it, with the same refusals. */
        {"{\"parse_only\":true,\"content_id\":\"bW92aWU=\"}", 200, "\"rental_duration_seconds\":60"},
        {"{\"parse_only\":true,\"content_id\":\"bm90aGluZw==\"}", 404, "CONTENT_NOT_FOUND"},
        {"{\"parse_only\":true,\"content_id\":\"ZGVyaXZlZA==\",\"content_key_specs\":[{\"track_type\":\"SD\"}]}", 200,
         "\"TRACKS_WITHOUT_KEY\""},
        {"{\"parse_only\":true,\"content_id\":\"ZGVyaXZlZA==\",\"content_key_specs\":[{\"track_type\":\"8K\"}]}", 200,
         "\"TRACK_NOT_IN_CONTENT\""},
        {"{\"parse_only\":true,\"policy_overrides\":{\"can_play\":false}}", 200, "\"CAN_PLAY_FALSE\""},
        {"{\"parse_only\":true,\"policy_overrides\":{\"rental_duration\":60}}", 422,
         "\"suggestion\":\"rental_duration_seconds\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = strlen(cases[i].message);
        uint8_t *message = (uint8_t *)guard_copy(cases[i].message, size);
        uint8_t response[4096];
        uint32_t length = sizeof(response) - 1;
        OH_DrmLicenseService_Answer answer;
        memset(&answer, 0x5a, sizeof(answer));
        CHECK_OK(OH_DrmLicenseService_HandleMessage(service, message, (uint32_t)size, response, &length, &answer));
        response[length] = 0;
        CHECK_INT(answer.status, cases[i].status);
        CHECK_INT(answer.sequence, 0);
        CHECK_FILLED(answer.licenseId, 0, 16);
        if (!CHECK(strstr((const char *)response, cases[i].rule) != NULL)) {
            fprintf(stderr, "    %s\n", (const char *)response);
        }
        guard_free(message, size);
    }
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void an_answer_that_does_not_fit_waits(void)
{
    OH_DrmLicenseService *service = make_service(NULL);
    uint8_t response[4096];
    uint32_t length = 10;
    memset(response, 0x5a, sizeof(response));
    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, (const uint8_t *)"{}", 2, response, &length, NULL),
               DRM_ERR_INVALID_VAL);
    CHECK_FILLED(response, 0x5a, sizeof(response));
    CHECK(length > 10 && length < sizeof(response));
    uint32_t needed = length;
    CHECK_OK(OH_DrmLicenseService_HandleMessage(service, (const uint8_t *)"{}", 2, response, &length, NULL));
    CHECK_INT(length, needed);
    CHECK_FILLED(response + length, 0x5a, sizeof(response) - length);

    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, NULL, 2, response, &length, NULL), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, response, 0, response, &length, NULL), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, response, UINT32_MAX, response, &length, NULL),
               DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, (const uint8_t *)"{}", 2, NULL, &length, NULL),
               DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_HandleMessage(service, (const uint8_t *)"{}", 2, response, NULL, NULL),
               DRM_ERR_INVALID_VAL);

    length = 1;
    CHECK_CODE(OH_DrmLicenseService_GetAuthority(service, response, &length), DRM_ERR_INVALID_VAL);
    needed = length;
    length = sizeof(response);
    CHECK_OK(OH_DrmLicenseService_GetAuthority(service, response, &length));
    CHECK_INT(length, needed);
    CHECK_INT(response[0], 0x30);
    static const uint8_t nothing[16];
    CHECK_CODE(OH_DrmLicenseService_RevokeLicense(service, nothing), DRM_ERR_UNKNOWN);
    CHECK_CODE(OH_DrmLicenseService_RevokeLicense(service, NULL), DRM_ERR_INVALID_VAL);
    CHECK_OK(OH_DrmLicenseService_SetTime(service, 1000));
    CHECK_OK(OH_DrmLicenseService_SetTime(service, -1));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void a_directory_keeps_its_content(void)
{
    char directory[] = "/tmp/native_drm_service_XXXXXX";
    REQUIRE(mkdtemp(directory) != NULL);
    OH_DrmLicenseService *service = make_service(directory);
    fill(service);
    OH_DrmLicenseService *second = (OH_DrmLicenseService *)(uintptr_t)0x5a;
    CHECK_CODE(OH_DrmLicenseService_Create(directory, DRM_LICENSE_PROFILE_STRICT, &second), DRM_ERR_SERVICE_DIED);
    CHECK(second == (OH_DrmLicenseService *)(uintptr_t)0x5a);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));

    service = make_service(directory);
    uint8_t id[16], key[16];
    CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "SD", id, key));
    CHECK_MEM(key, NIST_KEY, 16);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));

    CHECK_CODE(OH_DrmLicenseService_Create("/dev/null/x", DRM_LICENSE_PROFILE_STRICT, &second), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(OH_DrmLicenseService_Create("", DRM_LICENSE_PROFILE_STRICT, &second), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, NULL), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_DrmLicenseService_Create(NULL, (DRM_LicenseProfile)2, &second), DRM_ERR_INVALID_VAL);
    char name[sizeof(directory) + 16];
    snprintf(name, sizeof(name), "%s/master.key", directory);
    CHECK(unlink(name) == 0);
    snprintf(name, sizeof(name), "%s/service.redb", directory);
    CHECK(unlink(name) == 0);
    CHECK(rmdir(directory) == 0);
}

#define THREADS 4
#define ROUNDS 50

static void *ask(void *argument)
{
    OH_DrmLicenseService *service = (OH_DrmLicenseService *)argument;
    static const char message[] = "{\"parse_only\":true,\"policy_name\":\"rental\"}";
    intptr_t answered = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t response[4096];
        uint32_t length = sizeof(response);
        OH_DrmLicenseService_Answer answer;
        Drm_ErrCode code = OH_DrmLicenseService_HandleMessage(service, (const uint8_t *)message,
                                                              (uint32_t)strlen(message), response, &length, &answer);
        if (code == DRM_ERR_OK && answer.status == 200 && length > 0) {
            answered++;
        } else if (code != DRM_ERR_INVALID_VAL) {
            return (void *)(intptr_t)-1;
        }
    }
    return (void *)answered;
}

/* Many threads at one service, which is destroyed under the last ones. */
static void threads(void)
{
    for (int destroyed = 0; destroyed < 2; destroyed++) {
        OH_DrmLicenseService *service = make_service(NULL);
        fill(service);
        pthread_t workers[THREADS];
        for (int i = 0; i < THREADS; i++) {
            REQUIRE(pthread_create(&workers[i], NULL, ask, service) == 0);
        }
        for (int i = 0; i < ROUNDS; i++) {
            CHECK_OK(with_text(service, "rental", i % 2 ? "{\"can_play\":true}" : "{\"can_play\":false}"));
        }
        if (destroyed) {
            CHECK_OK(OH_DrmLicenseService_Destroy(service));
        }
        for (int i = 0; i < THREADS; i++) {
            void *answered = NULL;
            REQUIRE(pthread_join(workers[i], &answered) == 0);
            CHECK((intptr_t)answered >= 0);
            CHECK(destroyed || (intptr_t)answered == ROUNDS);
        }
        CHECK_CODE(OH_DrmLicenseService_Destroy(service), destroyed ? DRM_ERR_INVALID_VAL : DRM_ERR_OK);
    }
}

int main(void)
{
    contents_and_policies();
    catalogues();
    refusals_are_answers();
    an_answer_that_does_not_fit_waits();
    a_directory_keeps_its_content();
    threads();
    return check_finish("license_service");
}

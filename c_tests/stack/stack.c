/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * How much stack the library's functions need: players call them from threads with small ones. Each case runs on a stack that was
 * filled with a pattern; what is not the pattern any more was used.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "support/policy.h"

#define STACK_SIZE ((size_t)1 << 20)
#define PATTERN 0xa5
/* What the reference promises, in bytes; the C library's own part of a stack comes on top. */
#define DECRYPT_LIMIT ((size_t)32 << 10)
#define LIMIT ((size_t)64 << 10)

static OH_DrmLicenseService *service;
static MediaKeySystem *drm;
static MediaKeySession *session;
static MediaKeySession *spare;
static Message request;
static Message response;
static uint8_t license_id[16];
static const char *system_name;

static void nothing(void) {}
static void create_system(void) { drm = make_system(system_name); }
static void create_session(void) { session = make_session(drm); }
static void ask_for_certificate(void) { request = provision_request(drm); }
static void take_certificate(void) { CHECK_OK(process_provision(drm, &response)); }
static void ask_for_license(void) { request = license_request(session, MEDIA_KEY_TYPE_OFFLINE); }
static void take_license(void) { CHECK_OK(process_message(session, &response, license_id)); }
static void decrypt_first(void) { CHECK_OK(decrypt_nist(session, KID_A)); }
static void decrypt_again(void) { CHECK_OK(decrypt_nist(session, KID_A)); }
static void decrypt_without_key(void)
{
    static const uint8_t KID_C[16] = {0xc0};
    CHECK_CODE(decrypt_nist(session, KID_C), DRM_ERR_NO_KEY);
}
static void look_at_status(void) { CHECK(row_of(session, "LicenseType") != NULL); }
static void restore_license(void) { CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(spare, license_id, 16)); }
static void list_stored(void)
{
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(drm, ids));
    free(ids);
}
static void ask_for_release(void)
{
    int32_t size = (int32_t)sizeof(request.bytes);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, license_id, 16, request.bytes, &size));
    request.size = (uint32_t)size;
}
static void take_release(void)
{
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, license_id, 16, response.bytes,
                                                              (int32_t)response.size));
}
static void clear_keys(void) { CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session)); }
static void destroy_session(void) { CHECK_OK(OH_MediaKeySession_Destroy(session)); }
static void destroy_system(void) { CHECK_OK(OH_MediaKeySystem_Destroy(drm)); }
static void take_key(void) { give_jwk(session, NULL, KID_A, NIST_KEY); }

static void *run(void *argument)
{
    void (*function)(void);
    memcpy(&function, &argument, sizeof(function));
    function();
    return NULL;
}

/* Bytes of stack that a function on a thread of its own uses. */
static size_t used_by(void (*function)(void))
{
    uint8_t *stack = (uint8_t *)mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(stack != (uint8_t *)MAP_FAILED);
    memset(stack, PATTERN, STACK_SIZE);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    REQUIRE(pthread_attr_setstack(&attributes, stack, STACK_SIZE) == 0);
    void *argument;
    memcpy(&argument, &function, sizeof(argument));
    REQUIRE(pthread_create(&thread, &attributes, run, argument) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
    size_t untouched = 0;
    while (untouched < STACK_SIZE && stack[untouched] == PATTERN) {
        untouched++;
    }
    munmap(stack, STACK_SIZE);
    return STACK_SIZE - untouched;
}

static size_t base;

static void measure(const char *name, void (*function)(void), size_t limit)
{
    size_t used = used_by(function);
    used = used > base ? used - base : 0;
    printf("  %-28s %6zu bytes\n", name, used);
    if (!CHECK(used <= limit)) {
        fprintf(stderr, "  %s: %zu bytes of stack\n", name, used);
    }
}

static void answer(void) { response = ask_service(service, request.bytes, request.size); }

#define MEASURE(function) measure(#function, function, LIMIT)
#define MEASURE_DECRYPT(function) measure(#function, function, DECRYPT_LIMIT)

static void policyplay(void)
{
    service = make_policy_service("{\"can_play\":true,\"can_persist\":true,\"rental_duration_seconds\":100000,"
                                  "\"playback_duration_seconds\":1000}");
    system_name = POLICYPLAY;
    MEASURE(create_system);
    CHECK_OK(OH_MediaKeySystem_SetVirtualClock(drm, START_MILLIS));
    MEASURE(ask_for_certificate);
    MEASURE(answer);
    MEASURE(take_certificate);
    MEASURE(create_session);
    MEASURE(ask_for_license);
    MEASURE(answer);
    MEASURE(take_license);
    MEASURE_DECRYPT(decrypt_first);
    MEASURE_DECRYPT(decrypt_again);
    MEASURE_DECRYPT(decrypt_without_key);
    MEASURE(look_at_status);
    spare = make_session(drm);
    MEASURE(restore_license);
    MEASURE(list_stored);
    MEASURE(ask_for_release);
    MEASURE(answer);
    MEASURE(take_release);
    MEASURE(clear_keys);
    MEASURE(destroy_session);
    MEASURE(destroy_system);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void keys_in_the_clear(const char *name)
{
    system_name = name;
    MEASURE(create_system);
    MEASURE(create_session);
    MEASURE(take_key);
    MEASURE_DECRYPT(decrypt_first);
    MEASURE_DECRYPT(decrypt_without_key);
    MEASURE(look_at_status);
    MEASURE(clear_keys);
    MEASURE(destroy_session);
    MEASURE(destroy_system);
}

static void clearplay(void) { keys_in_the_clear(CLEARPLAY); }
static void clearkey(void) { keys_in_the_clear(W3C_CLEARKEY); }

int main(void)
{
    base = used_by(nothing);
    printf("a thread without anything: %zu bytes\n", base);
    RUN(clearplay);
    RUN(clearkey);
    RUN(policyplay);
    return check_finish("stack");
}

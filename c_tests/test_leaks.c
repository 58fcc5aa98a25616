/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * 10,000 times a whole life: memory, descriptors and threads of the process do not grow.
 */
#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/library_threads.h"
#include "support/threads.h"
#include "support/usage.h"

/* Allocated bytes that may differ: what the allocator caches for threads. One
 * lost allocation in each of 10,000 lives would be more than twice that. */
#define TOLERATED_BYTES 131072
/* Resident pages that may differ: the allocator's arenas settle slowly. */
#define TOLERATED_PAGES 128

static void expect_no_growth(const char *what, int count, const Usage *before, const Usage *after)
{
    printf("  %d %s: allocated %zu -> %zu, pages %ld -> %ld, descriptors %d -> %d, threads %d -> %d\n", count, what,
           before->allocated, after->allocated, before->pages, after->pages, before->descriptors, after->descriptors,
           before->threads, after->threads);
    /* A sanitizer's own thread opens and closes a file now and then; a leak would be many. */
    CHECK(after->descriptors <= before->descriptors + 2);
    /* Fewer: a thread that had just been started was not known as one for events yet. */
    CHECK(after->threads <= before->threads);
    if (getenv("NATIVE_DRM_TEST_SHORT") == NULL) { /* Memory checkers keep what is freed for a while. */
        CHECK(after->allocated <= before->allocated + TOLERATED_BYTES);
        CHECK(after->pages <= before->pages + TOLERATED_PAGES);
    }
}

/* With the threads that stay: those for events end when they have nothing to do, and what they hold with them. */
static Usage settled_usage(void)
{
    CHECK(wait_for_event_threads(0));
    return read_usage();
}

/* The kernel lists a thread a moment longer than its join takes. */
static Usage settled_usage_after(const Usage *before)
{
    Usage usage = settled_usage();
    for (int i = 0; i < 10000 && usage.threads > before->threads; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        usage = settled_usage();
    }
    return usage;
}

static Drm_ErrCode on_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len, char *extra)
{
    (void)session;
    return ignore_plain_event(event, info, info_len, extra);
}

static Drm_ErrCode on_keys(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys)
{
    (void)session;
    (void)keys;
    (void)new_keys;
    return DRM_ERR_OK;
}

/* With every kind of thing that is allocated on the way: requests, licenses, callbacks, errors, samples. */
static void one_life(int number)
{
    MediaKeySystem *system = make_system(number % 2 == 0 ? CLEARPLAY : W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    if (number % 10 == 0) {
        OH_MediaKeySession_Callback callback = {on_event, on_keys};
        CHECK_OK(call_system_set_callback(system));
        CHECK_OK(OH_MediaKeySession_SetCallback(session, &callback));
    }
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "name", "value"));
    CHECK_OK(call_session_key_request(session));
    give_jwk(session, "temporary", KID_A, NIST_KEY);
    give_jwk(session, "temporary", KID_B, OTHER_KEY);
    CHECK_UNKNOWN(process_response(session, "{\"keys\":[]}"));
    CHECK_OK(call_session_decrypt(session));
    CHECK_OK(call_session_decrypt_cencinfo(session));
    CHECK_OK(call_session_decrypt_several(session));
    CHECK_OK(call_session_key_status(session));
    if (number % 3 == 0) {
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        CHECK_CODE(call_session_decrypt(session), DRM_ERR_NO_KEY);
    }
    if (number % 2 == 0) {
        CHECK_OK(OH_MediaKeySession_Destroy(session));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void no_growth(void)
{
    int lives = repetitions(10000);
    int warm_up = lives / 2;
    for (int i = 0; i < warm_up; i++) {
        one_life(i);
    }
    Usage before = settled_usage();
    for (int i = 0; i < lives; i++) {
        one_life(i);
    }
    Usage after = settled_usage_after(&before);
    expect_no_growth("lives", lives, &before, &after);
}

/* A session that lives long: many licenses, clearings, errors, key ids. */
static void long_life(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    int rounds = repetitions(10000);
    Usage before = settled_usage();
    for (int i = 0; i < rounds + rounds / 5; i++) {
        if (i == rounds / 5) {
            before = settled_usage();
        }
        give_key(session, KID_A, NIST_KEY);
        CHECK_OK(call_session_decrypt(session));
        CHECK_UNKNOWN(process_response(session, "0"));
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    }
    Usage after = settled_usage_after(&before);
    expect_no_growth("rounds", rounds, &before, &after);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void short_thread(Worker *worker)
{
    (void)worker;
    CHECK_INVALID(OH_MediaKeySystem_Destroy(NULL));
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(call_session_decrypt(session));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* What the library keeps per thread goes with the thread. */
static void many_threads(void)
{
    int rounds = repetitions(2000);
    Usage before = settled_usage();
    for (int i = 0; i < rounds + rounds / 5; i++) {
        if (i == rounds / 5) {
            before = settled_usage();
        }
        run_workers(2, short_thread, NULL);
    }
    Usage after = settled_usage_after(&before);
    expect_no_growth("threads", 2 * rounds, &before, &after);
}

int main(void)
{
    test_seed();
    RUN(no_growth);
    RUN(long_life);
    RUN(many_threads);
    return check_finish("test_leaks");
}

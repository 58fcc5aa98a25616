/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Inside callbacks every function may be called, also those that destroy. After Destroy no callback runs.
 */
#include <sched.h>
#include <semaphore.h>

#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/events.h"
#include "support/library_threads.h"

/* Every function of the library, from within a callback of the session and of the system. */
static void call_everything(const RecordedCall *call, void *argument)
{
    (void)call;
    bool *done = (bool *)argument;
    if (__atomic_exchange_n(done, true, __ATOMIC_SEQ_CST)) {
        return;
    }
    for (size_t i = 0; i < SYSTEM_CALL_COUNT; i++) {
        Drm_ErrCode code = SYSTEM_CALLS[i].call(drm_system);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN || code == DRM_ERR_NO_KEY);
    }
    for (size_t i = 0; i < SESSION_CALL_COUNT; i++) {
        Drm_ErrCode code = SESSION_CALLS[i].call(session);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN || code == DRM_ERR_NO_KEY);
    }
    MediaKeySystem *another = make_system(W3C_CLEARKEY);
    MediaKeySession *its = make_session(another);
    give_jwk(its, NULL, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(its, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(another));
    CHECK_INVALID(call_session_level(its));
    CHECK(OH_MediaKeySystem_IsSupported(CLEARPLAY));
    CHECK(OH_Drm_GetVersion() != 0);
}

static void everything_inside(void)
{
    for (int i = 0; i < 2; i++) {
        bool done = false;
        begin(CLEARPLAY);
        recorder_set_hook(&recorder, call_everything, &done);
        if (i == 0) {
            record_session(&recorder, session);
            give_key(session, KID_A, NIST_KEY);
        } else {
            record_system(&recorder, drm_system);
            CHECK_OK(call_system_request(drm_system));
        }
        REQUIRE(recorder_wait(&recorder, 1));
        CHECK(done);
        end();
    }
}

typedef enum Victim { VICTIM_SESSION, VICTIM_SYSTEM } Victim;

static void destroy_inside(const RecordedCall *call, void *argument)
{
    Victim victim = *(const Victim *)argument;
    (void)call;
    if (victim == VICTIM_SESSION) {
        CHECK_OK(OH_MediaKeySession_Destroy(session));
        CHECK_INVALID(OH_MediaKeySession_Destroy(session));
    } else {
        CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
        CHECK_INVALID(OH_MediaKeySystem_Destroy(drm_system));
        CHECK_INVALID(OH_MediaKeySession_Destroy(session));
    }
}

/* The callback that destroys is the last one, although more had been queued. */
static void destroying_inside(void)
{
    for (int i = 0; i < 3; i++) {
        Victim victim = i == 0 ? VICTIM_SESSION : VICTIM_SYSTEM;
        begin(CLEARPLAY);
        recorder_set_hook(&recorder, destroy_inside, &victim);
        if (i < 2) {
            uint8_t init_data[64];
            size_t size = make_pssh(init_data, CLEARPLAY_UUID, A_AND_B, 1, NULL, 0);
            record_session(&recorder, session);
            CHECK_OK(request_keys("cenc", init_data, size));
            /* More events, unless the session is gone already. */
            process_response(session, "0oKGio6SlpqeoqaqrrK2urw==:K34VFiiu0qar9xWICc9PPA==");
            OH_MediaKeySession_ClearMediaKeys(session);
        } else {
            record_system(&recorder, drm_system);
            CHECK_OK(call_system_request(drm_system));
        }
        REQUIRE(recorder_wait(&recorder, 1));
        CHECK(wait_for_event_threads(0)); /* whatever was queued is done */
        CHECK_INT(recorder_count(&recorder), 1);
        CHECK_INVALID(OH_MediaKeySession_Destroy(session));
        CHECK_CODE(OH_MediaKeySystem_Destroy(drm_system), victim == VICTIM_SESSION ? DRM_ERR_OK : DRM_ERR_INVALID_VAL);
        recorder_destroy(&recorder);
    }
}

static void replace_inside(const RecordedCall *call, void *argument)
{
    Recorder *next = (Recorder *)argument;
    (void)call;
    record_session(next, session);
}

static void replacing_inside(void)
{
    Recorder next;
    begin(CLEARPLAY);
    recorder_init(&next);
    recorder_set_hook(&recorder, replace_inside, &next);
    record_session(&recorder, session);
    give_key(session, KID_A, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 1));
    give_key(session, KID_B, NIST_KEY);
    REQUIRE(recorder_wait(&next, 1));
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    CHECK_INT(recorder.count, 1);
    CHECK_INT(next.count, 1);
    recorder_destroy(&next);
    recorder_destroy(&recorder);
}

/* What players of this NDK do: the events themselves drive the license exchange, inside the callbacks. */
static void license_inside(const RecordedCall *call, void *argument)
{
    (void)argument;
    if (call->kind == RECORDED_EVENT && call->event == EVENT_KEY_REQUIRED) {
        CHECK_OK(request_keys("cenc", call->info, (size_t)call->info_len));
        give_jwk(session, NULL, KID_A, NIST_KEY);
    }
    if (call->kind == RECORDED_KEY_CHANGE && call->new_keys) {
        CHECK_OK(decrypt_nist(session, KID_A));
    }
}

static void driven_by_events(const char *name)
{
    begin(name);
    recorder_set_hook(&recorder, license_inside, NULL);
    record_session(&recorder, session);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    REQUIRE(recorder_wait(&recorder, 2));
    expect_keys(1, A_AND_B, 1, true);
    recorder_set_hook(&recorder, NULL, NULL);
    end();
}

static void events_drive_the_exchange(void)
{
    driven_by_events(CLEARPLAY);
    driven_by_events(W3C_CLEARKEY);
}

/* ---- none after Destroy ---- */

typedef struct Blocker {
    sem_t entered;
    sem_t go_on;
    bool left;
} Blocker;

static void blocker_init(Blocker *blocker)
{
    blocker->left = false;
    sem_init(&blocker->entered, 0, 0);
    sem_init(&blocker->go_on, 0, 0);
}

static void blocker_destroy(Blocker *blocker)
{
    sem_destroy(&blocker->entered);
    sem_destroy(&blocker->go_on);
}

static void block_inside(const RecordedCall *call, void *argument)
{
    Blocker *blocker = (Blocker *)argument;
    (void)call;
    if (__atomic_load_n(&blocker->left, __ATOMIC_SEQ_CST)) {
        return; /* one that started before the end was asked for */
    }
    sem_post(&blocker->entered);
    sem_wait(&blocker->go_on);
    __atomic_store_n(&blocker->left, true, __ATOMIC_SEQ_CST);
}

static void *let_go(void *argument)
{
    Blocker *blocker = (Blocker *)argument;
    sem_post(&blocker->go_on);
    return NULL;
}

/* Destroy (or a setter) waits for the callback that is running, and no queued one follows. */
static void waits_for_a_running_callback(void)
{
    for (int i = 0; i < 3; i++) {
        Blocker blocker;
        pthread_t thread;
        blocker_init(&blocker);
        begin(CLEARPLAY);
        recorder_set_hook(&recorder, block_inside, &blocker);
        record_session(&recorder, session);
        for (int key = 0; key < 10; key++) {
            give_key(session, KID_A, NIST_KEY);
        }
        sem_wait(&blocker.entered);
        REQUIRE(pthread_create(&thread, NULL, let_go, &blocker) == 0);
        if (i == 0) {
            CHECK_OK(OH_MediaKeySession_Destroy(session));
        } else if (i == 1) {
            CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
        } else {
            CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, NULL, NULL));
        }
        CHECK(__atomic_load_n(&blocker.left, __ATOMIC_SEQ_CST));
        pthread_join(thread, NULL);
        size_t count = recorder_count(&recorder);
        CHECK(count >= 1);
        if (i != 1) {
            CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
        }
        CHECK_INT(recorder_count(&recorder), count);
        recorder_destroy(&recorder);
        blocker_destroy(&blocker);
    }
}

static void destroy_and_block_inside(const RecordedCall *call, void *argument)
{
    (void)call;
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    block_inside(call, argument);
}

static void *destroy_session(void *argument)
{
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    return argument;
}

static void *let_go_late(void *argument)
{
    for (int i = 0; i < 1000; i++) {
        sched_yield(); /* time for a Destroy that does not wait to return */
    }
    return let_go(argument);
}

/* Destroying a system waits for the callbacks of sessions that are being destroyed already: by another thread, or by the
 * callback itself. */
static void waits_for_callbacks_of_sessions_that_are_going(void)
{
    for (int i = 0; i < 2; i++) {
        Blocker blocker;
        pthread_t destroyer;
        pthread_t thread;
        blocker_init(&blocker);
        begin(CLEARPLAY);
        recorder_set_hook(&recorder, i == 0 ? block_inside : destroy_and_block_inside, &blocker);
        record_session(&recorder, session);
        give_key(session, KID_A, NIST_KEY);
        sem_wait(&blocker.entered);
        if (i == 0) {
            REQUIRE(pthread_create(&destroyer, NULL, destroy_session, NULL) == 0);
            while (call_session_level(session) == DRM_ERR_OK) {
                sched_yield();
            }
        }
        REQUIRE(pthread_create(&thread, NULL, let_go_late, &blocker) == 0);
        CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
        CHECK(__atomic_load_n(&blocker.left, __ATOMIC_SEQ_CST));
        pthread_join(thread, NULL);
        if (i == 0) {
            pthread_join(destroyer, NULL);
        }
        CHECK_INT(recorder_count(&recorder), 1);
        recorder_destroy(&recorder);
        blocker_destroy(&blocker);
    }
}

int main(void)
{
    RUN(everything_inside);
    RUN(destroying_inside);
    RUN(replacing_inside);
    RUN(events_drive_the_exchange);
    RUN(waits_for_a_running_callback);
    RUN(waits_for_callbacks_of_sessions_that_are_going);
    return check_finish("test_callbacks_inside");
}

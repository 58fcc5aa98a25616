/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks of different sessions do not wait for each other: one that blocks, one that waits for another, many that block;
 * each session keeps its order; and the threads for that come and go.
 */
#include <sched.h>

#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/library_threads.h"
#include "support/listener.h"
#include "support/threads.h"

/* ---- callbacks that block ---- */

enum { SESSIONS = 64 }; /* of one instance */

static void a_blocked_callback_delays_nobody(void)
{
    Listener blocked;
    Listener others[8];
    Listener another;
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other_system = make_system(W3C_CLEARKEY);
    listen(&blocked, system, block, NULL);
    for (int i = 0; i < 8; i++) {
        listen(&others[i], system, NULL, NULL);
    }
    listen(&another, other_system, NULL, NULL);
    give_key(blocked.session, KID_A, NIST_KEY);
    give_key(blocked.session, KID_B, NIST_KEY);
    await(&blocked.entered);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++) {
            give_key(others[i].session, KID_A, NIST_KEY);
        }
        give_jwk(another.session, NULL, KID_A, NIST_KEY);
        for (int i = 0; i < 8; i++) {
            await(&others[i].left);
        }
        await(&another.left);
    }
    /* Its own wait. */
    CHECK_INT(calls_of(&blocked.key_changes), 0);
    sem_post(&blocked.go_on);
    sem_post(&blocked.go_on);
    await(&blocked.left);
    await(&blocked.left);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_MediaKeySystem_Destroy(other_system));
    CHECK_INT(calls_of(&blocked.key_changes), 2);
    CHECK_INT(calls_of(&another.key_changes), 10);
    forget(&blocked);
    forget(&another);
    for (int i = 0; i < 8; i++) {
        CHECK_INT(calls_of(&others[i].key_changes), 10);
        forget(&others[i]);
    }
}

/* Each waits for the callback of the next session, the last of which is caused last. */
static void wait_for_next(Listener *listener)
{
    if (listener->argument != NULL) {
        await(&((Listener *)listener->argument)->left);
    }
}

static void callbacks_wait_for_each_other(void)
{
    enum { CHAIN = 32 };
    Listener chain[CHAIN];
    MediaKeySystem *system = make_system(CLEARPLAY);
    for (int i = 0; i < CHAIN; i++) {
        listen(&chain[i], system, wait_for_next, i + 1 < CHAIN ? &chain[i + 1] : NULL);
    }
    for (int i = 0; i < CHAIN; i++) {
        give_key(chain[i].session, KID_A, NIST_KEY);
    }
    await(&chain[0].left);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    for (int i = 0; i < CHAIN; i++) {
        CHECK_INT(calls_of(&chain[i].key_changes), 1);
        forget(&chain[i]);
    }
}

static void meet(Listener *listener)
{
    pthread_barrier_wait((pthread_barrier_t *)listener->argument);
}

/* As many as there are: each of them waits until all of them run. */
static void all_sessions_block_at_once(void)
{
    int systems = repetitions(8);
    int count = systems * SESSIONS;
    Listener *listeners = (Listener *)calloc((size_t)count, sizeof(*listeners));
    MediaKeySystem *all[8];
    pthread_barrier_t barrier;
    REQUIRE(listeners != NULL && pthread_barrier_init(&barrier, NULL, (unsigned)count) == 0);
    for (int i = 0; i < systems; i++) {
        all[i] = make_system(CLEARPLAY);
        for (int j = 0; j < SESSIONS; j++) {
            listen(&listeners[i * SESSIONS + j], all[i], meet, &barrier);
        }
    }
    for (int i = 0; i < count; i++) {
        give_key(listeners[i].session, KID_A, NIST_KEY);
    }
    for (int i = 0; i < count; i++) {
        await(&listeners[i].left);
    }
    printf("  %d threads for %d callbacks that block\n", event_threads(), count);
    for (int i = 0; i < systems; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(all[i]));
    }
    for (int i = 0; i < count; i++) {
        forget(&listeners[i]);
    }
    pthread_barrier_destroy(&barrier);
    free(listeners);
    CHECK(wait_for_event_threads(0));
}

/* ---- callbacks that do not ---- */

/* All instances with all their sessions: far fewer threads than sessions, and none of them stays. */
static void all_sessions_have_events(void)
{
    enum { SYSTEMS = 64, ROUNDS = 4 };
    int systems = repetitions(SYSTEMS);
    int count = systems * SESSIONS;
    Listener *listeners = (Listener *)calloc((size_t)count, sizeof(*listeners));
    MediaKeySystem *all[SYSTEMS];
    int most = 0;
    REQUIRE(listeners != NULL);
    for (int i = 0; i < systems; i++) {
        all[i] = make_system(W3C_CLEARKEY);
        for (int j = 0; j < SESSIONS; j++) {
            listen(&listeners[i * SESSIONS + j], all[i], NULL, NULL);
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            give_jwk(listeners[i].session, NULL, KID_A, NIST_KEY);
            if (i % 64 == 0) {
                int threads = event_threads();
                most = threads > most ? threads : most;
            }
        }
    }
    for (int i = 0; i < count; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            await(&listeners[i].left);
        }
        CHECK_INT(calls_of(&listeners[i].key_changes), ROUNDS);
    }
    printf("  %d threads for %d sessions\n", most, count);
    CHECK(most >= 1 && most <= 64);
    CHECK(wait_for_event_threads(0));
    for (int i = 0; i < systems; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(all[i]));
    }
    for (int i = 0; i < count; i++) {
        forget(&listeners[i]);
    }
    free(listeners);
}

/* ---- order ---- */

enum { ORDERED = 24, CHANGES = 60 };

typedef struct Ordered {
    MediaKeySession *session;
    int next;
    int inside;
} Ordered;

/* The number of keys says which change it is: there is one more each time. */
static Drm_ErrCode expect_next(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user_data)
{
    Ordered *ordered = (Ordered *)user_data;
    (void)session;
    CHECK_INT(__atomic_add_fetch(&ordered->inside, 1, __ATOMIC_SEQ_CST), 1);
    CHECK(new_keys);
    CHECK_INT(keys->keysInfoCount, ++ordered->next);
    __atomic_sub_fetch(&ordered->inside, 1, __ATOMIC_SEQ_CST);
    return DRM_ERR_OK;
}

static void give_many(Worker *worker)
{
    Ordered *all = (Ordered *)worker->argument;
    for (int i = 0; i < CHANGES; i++) {
        for (int j = worker->number; j < ORDERED; j += 4) {
            uint8_t kid[16];
            memset(kid, i, sizeof(kid));
            give_key(all[j].session, kid, NIST_KEY);
            if (random_below(&worker->random, 8) == 0) {
                sched_yield();
            }
        }
    }
}

static void each_session_keeps_its_order(void)
{
    Ordered all[ORDERED];
    MediaKeySystem *system = make_system(CLEARPLAY);
    memset(all, 0, sizeof(all));
    for (int i = 0; i < ORDERED; i++) {
        all[i].session = make_session(system);
        OH_MediaKeySession_UserDataCallback callback = {NULL, expect_next};
        REQUIRE_OK(OH_MediaKeySession_SetCallbackWithUserData(all[i].session, &callback, &all[i]));
    }
    run_workers(4, give_many, all);
    CHECK(wait_for_event_threads(0));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    for (int i = 0; i < ORDERED; i++) {
        CHECK_INT(all[i].next, CHANGES);
    }
}

/* ---- waiting for keys ---- */

static void find_b(Listener *listener)
{
    MediaKeySession *found = NULL;
    if (listener->key_changes == 0) {
        CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId((MediaKeySystem *)listener->argument, KID_B, UINT32_MAX, &found));
        CHECK(found != NULL && found != listener->session);
    }
}

static void give_b_to(Listener *listener)
{
    if (listener->events == 0 && listener->key_changes == 0) {
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(listener->session));
        give_key((MediaKeySession *)listener->argument, KID_B, NIST_KEY);
    }
}

/* One callback waits for a key that another callback brings, which clears keys besides. */
static void a_callback_waits_for_a_key_of_another(void)
{
    Listener finder;
    Listener giver;
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *third = make_session(system);
    listen(&finder, system, find_b, system);
    listen(&giver, system, give_b_to, third);
    give_key(finder.session, KID_A, NIST_KEY);
    await(&finder.entered);
    give_key(giver.session, KID_A, NIST_KEY);
    await(&finder.left);
    for (int i = 0; i < 3; i++) {
        await(&giver.left);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INT(calls_of(&giver.key_changes), 2);
    CHECK_INT(calls_of(&giver.events), 1);
    forget(&finder);
    forget(&giver);
}

int main(void)
{
    RUN(a_blocked_callback_delays_nobody);
    RUN(callbacks_wait_for_each_other);
    RUN(all_sessions_block_at_once);
    RUN(all_sessions_have_events);
    RUN(each_session_keeps_its_order);
    RUN(a_callback_waits_for_a_key_of_another);
    return check_finish("test_callbacks_parallel");
}

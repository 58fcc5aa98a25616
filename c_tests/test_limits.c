/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * 64 instances of each key system, 64 sessions of each instance; freed places can be taken again.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/threads.h"

#define LIMIT 64

static void systems(void)
{
    static const char *const names[] = {CLEARPLAY, W3C_CLEARKEY};
    MediaKeySystem *all[2][LIMIT];
    MediaKeySystem *untouched = (MediaKeySystem *)(uintptr_t)0x5a5a;
    MediaKeySystem *one_more = untouched;
    for (int i = 0; i < LIMIT; i++) {
        for (int kind = 0; kind < 2; kind++) { /* each kind counts for itself */
            all[kind][i] = make_system(names[kind]);
        }
    }
    for (int kind = 0; kind < 2; kind++) {
        for (int again = 0; again < 3; again++) {
            CHECK_CODE(OH_MediaKeySystem_Create(names[kind], &one_more), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
        }
        CHECK(one_more == untouched);
        /* A place in the middle, the first, the last. */
        static const int places[] = {31, 0, LIMIT - 1};
        for (int i = 0; i < 3; i++) {
            CHECK_OK(OH_MediaKeySystem_Destroy(all[kind][places[i]]));
            CHECK_INVALID(OH_MediaKeySystem_Destroy(all[kind][places[i]]));
            all[kind][places[i]] = make_system(names[kind]);
            CHECK_CODE(OH_MediaKeySystem_Create(names[kind], &one_more), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
        }
    }
    for (int kind = 0; kind < 2; kind++) {
        for (int i = 0; i < LIMIT; i++) {
            CHECK_OK(OH_MediaKeySystem_Destroy(all[kind][i]));
        }
    }
}

static void sessions(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other = make_system(CLEARPLAY);
    MediaKeySession *all[LIMIT];
    MediaKeySession *untouched = (MediaKeySession *)(uintptr_t)0x5a5a;
    MediaKeySession *one_more = untouched;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    char number[8];
    for (int i = 0; i < LIMIT; i++) {
        all[i] = make_session(system);
        for (int j = 0; j < i; j++) {
            CHECK(all[i] != all[j]);
        }
    }
    CHECK_CODE(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &one_more), DRM_ERR_MAX_SESSION_NUM_REACHED);
    CHECK(one_more == untouched);
    CHECK_OK(OH_MediaKeySystem_GetConfigurationString(system, "currentSessionNum", number, (int32_t)sizeof(number)));
    CHECK_STR(number, "64");
    MediaKeySession *elsewhere = make_session(other);
    CHECK_OK(OH_MediaKeySession_Destroy(elsewhere));
    for (int i = 0; i < LIMIT; i += 7) {
        CHECK_OK(OH_MediaKeySession_Destroy(all[i]));
        all[i] = make_session(system);
        CHECK_CODE(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &one_more),
                   DRM_ERR_MAX_SESSION_NUM_REACHED);
    }
    /* All of them work. */
    for (int i = 0; i < LIMIT; i++) {
        give_key(all[i], KID_A, NIST_KEY);
        CHECK_OK(decrypt_nist(all[i], KID_A));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    for (int i = 0; i < LIMIT; i++) {
        CHECK_INVALID(OH_MediaKeySession_Destroy(all[i]));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
}

/* Sessions of destroyed systems leave no trace in the count. */
static void systems_with_sessions(void)
{
    for (int round = 0; round < 5; round++) {
        MediaKeySystem *all[LIMIT];
        for (int i = 0; i < LIMIT; i++) {
            all[i] = make_system(W3C_CLEARKEY);
            make_session(all[i]);
            make_session(all[i]);
        }
        for (int i = 0; i < LIMIT; i++) {
            CHECK_OK(OH_MediaKeySystem_Destroy(all[i]));
        }
    }
}

typedef struct Race {
    MediaKeySystem *system;
    int systems_made;
    int sessions_made;
} Race;

/* Eight threads want 96 of each: 64 get one. */
static void create_many(Worker *worker)
{
    Race *race = (Race *)worker->argument;
    MediaKeySystem *systems_of_mine[12] = {NULL};
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    for (int i = 0; i < 12; i++) {
        MediaKeySession *session = NULL;
        Drm_ErrCode code = OH_MediaKeySystem_Create(W3C_CLEARKEY, &systems_of_mine[i]);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_MAX_SYSTEM_NUM_REACHED);
        __atomic_fetch_add(&race->systems_made, code == DRM_ERR_OK ? 1 : 0, __ATOMIC_SEQ_CST);
        code = OH_MediaKeySystem_CreateMediaKeySession(race->system, &level, &session);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_MAX_SESSION_NUM_REACHED);
        __atomic_fetch_add(&race->sessions_made, code == DRM_ERR_OK ? 1 : 0, __ATOMIC_SEQ_CST);
    }
    pthread_barrier_wait(worker->start); /* nobody destroys before all have created */
    for (int i = 0; i < 12; i++) {
        if (systems_of_mine[i] != NULL) {
            CHECK_OK(OH_MediaKeySystem_Destroy(systems_of_mine[i]));
        }
    }
}

static void limits_hold_for_threads(void)
{
    for (int i = 0; i < repetitions(20); i++) {
        Race race = {make_system(CLEARPLAY), 0, 0};
        run_workers(8, create_many, &race);
        CHECK_INT(race.systems_made, LIMIT);
        CHECK_INT(race.sessions_made, LIMIT);
        CHECK_OK(OH_MediaKeySystem_Destroy(race.system));
    }
}

int main(void)
{
    test_seed();
    RUN(systems);
    RUN(sessions);
    RUN(systems_with_sessions);
    RUN(limits_hold_for_threads);
    RUN(systems);
    return check_finish("test_limits");
}

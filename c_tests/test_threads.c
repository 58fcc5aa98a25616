/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function from any thread at any time, also on handles that another thread is destroying: each call either does
 * its work or is refused, samples come out whole or untouched, nothing crashes or hangs.
 */
#include <sched.h>

#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/recorder.h"
#include "support/threads.h"

#define SAMPLE_SIZE 4096

static uint8_t cipher_text[SAMPLE_SIZE];
static uint8_t clear_text[SAMPLE_SIZE];
static DRM_SampleInfo sample_description;

/* Decrypts a sample between canaries: it comes out clear, or untouched if the call is refused. */
static Drm_ErrCode decrypt_whole_or_not(MediaKeySession *session)
{
    uint8_t buffer[SAMPLE_SIZE + 64];
    memset(buffer, 0x5a, sizeof(buffer));
    memcpy(buffer + 32, cipher_text, SAMPLE_SIZE);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSample(session, &sample_description, buffer + 32, SAMPLE_SIZE);
    CHECK_FILLED(buffer, 0x5a, 32);
    CHECK_FILLED(buffer + 32 + SAMPLE_SIZE, 0x5a, 32);
    CHECK_MEM(buffer + 32, code == DRM_ERR_OK ? clear_text : cipher_text, SAMPLE_SIZE);
    return code;
}

/* The sample's first bytes are NIST's example, so that the rest stands on a known answer. */
static void prepare_sample(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_CTR_CIPHER, cipher_text);
    hex_decode(NIST_PLAIN, plain);
    sample_description = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    give_key(session, KID_A, NIST_KEY);
    memcpy(clear_text, cipher_text, SAMPLE_SIZE);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &sample_description, clear_text, SAMPLE_SIZE));
    CHECK_MEM(clear_text, plain, NIST_SIZE);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* ---- many sessions, each with its own thread ---- */

static void whole_lives(Worker *worker)
{
    for (int i = 0; i < repetitions(200); i++) {
        MediaKeySystem *system = make_system(worker->number % 2 == 0 ? CLEARPLAY : W3C_CLEARKEY);
        MediaKeySession *session = make_session(system);
        uint8_t kid[16];
        memset(kid, worker->number, sizeof(kid));
        CHECK_OK(call_session_key_request(session));
        give_jwk(session, "temporary", kid, OTHER_KEY);
        give_jwk(session, "temporary", KID_A, NIST_KEY);
        CHECK_OK(decrypt_whole_or_not(session));
        CHECK_OK(call_session_key_status(session));
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        CHECK_CODE(decrypt_whole_or_not(session), DRM_ERR_NO_KEY);
        CHECK_OK(OH_MediaKeySession_Destroy(session));
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

static void separate_sessions(void)
{
    run_workers(8, whole_lives, NULL);
}

/* ---- one handle, some threads that use it and one that destroys it ---- */

typedef struct Shared {
    MediaKeySystem *system;
    MediaKeySession *session;
    bool destroy_system;
    int refused;
    int decrypted;
} Shared;

/* The first worker destroys, at some moment; the others decrypt until they are refused. */
static void decrypt_until_destroyed(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    if (worker->number == 0) {
        for (uint32_t pause = random_below(&worker->random, 20000); pause > 0; pause--) {
            __atomic_load_n(&shared->decrypted, __ATOMIC_SEQ_CST);
        }
        CHECK_OK(shared->destroy_system ? OH_MediaKeySystem_Destroy(shared->system)
                                        : OH_MediaKeySession_Destroy(shared->session));
        /* From now on no decrypt works. */
        CHECK_INVALID(decrypt_whole_or_not(shared->session));
        return;
    }
    for (;;) {
        Drm_ErrCode code = decrypt_whole_or_not(shared->session);
        if (code != DRM_ERR_OK) {
            CHECK_INT(code, DRM_ERR_INVALID_VAL);
            __atomic_fetch_add(&shared->refused, 1, __ATOMIC_SEQ_CST);
            return;
        }
        __atomic_fetch_add(&shared->decrypted, 1, __ATOMIC_SEQ_CST);
    }
}

static void destroy_while_decrypting(void)
{
    int decrypted = 0;
    for (int i = 0; i < repetitions(200); i++) {
        Shared shared = {make_system(CLEARPLAY), NULL, i % 2 == 0, 0, 0};
        shared.session = make_session(shared.system);
        give_key(shared.session, KID_A, NIST_KEY);
        run_workers(4, decrypt_until_destroyed, &shared);
        CHECK_INT(shared.refused, 3);
        decrypted += shared.decrypted;
        CHECK_CODE(OH_MediaKeySystem_Destroy(shared.system), i % 2 == 0 ? DRM_ERR_INVALID_VAL : DRM_ERR_OK);
    }
    printf("  %d samples decrypted before the end\n", decrypted);
}

static void decrypt_while_clearing(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    for (int i = 0; i < repetitions(500); i++) {
        if (worker->number == 0) {
            give_key(shared->session, KID_A, NIST_KEY);
            CHECK_OK(OH_MediaKeySession_ClearMediaKeys(shared->session));
        } else if (worker->number == 1) {
            uint8_t kid[16];
            memset(kid, i, sizeof(kid));
            give_key(shared->session, kid, OTHER_KEY);
        } else {
            for (int j = 0; j < 4; j++) {
                Drm_ErrCode code = decrypt_whole_or_not(shared->session);
                CHECK(code == DRM_ERR_OK || code == DRM_ERR_NO_KEY);
            }
        }
    }
}

static void clear_while_decrypting(void)
{
    Shared shared = {make_system(CLEARPLAY), NULL, false, 0, 0};
    shared.session = make_session(shared.system);
    run_workers(5, decrypt_while_clearing, &shared);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(shared.session));
    CHECK_CODE(decrypt_whole_or_not(shared.session), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_Destroy(shared.system));
}

/* A key that is replaced while it is used: every sample is decrypted with one of the two keys as a whole. */
static void decrypt_while_replacing(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    for (int i = 0; i < repetitions(1000); i++) {
        if (worker->number == 0) {
            give_key(shared->session, KID_A, i % 2 == 0 ? OTHER_KEY : NIST_KEY);
        } else {
            uint8_t first[SAMPLE_SIZE];
            memcpy(first, cipher_text, SAMPLE_SIZE);
            CHECK_OK(OH_MediaKeySession_DecryptSample(shared->session, &sample_description, first, SAMPLE_SIZE));
            if (memcmp(first, clear_text, 16) == 0) {
                CHECK_MEM(first, clear_text, SAMPLE_SIZE);
            } else {
                CHECK(memcmp(first + SAMPLE_SIZE - 16, clear_text + SAMPLE_SIZE - 16, 16) != 0);
            }
        }
    }
}

static void replace_while_decrypting(void)
{
    Shared shared = {make_system(CLEARPLAY), NULL, false, 0, 0};
    shared.session = make_session(shared.system);
    give_key(shared.session, KID_A, NIST_KEY);
    run_workers(3, decrypt_while_replacing, &shared);
    CHECK_OK(OH_MediaKeySystem_Destroy(shared.system));
}

/* ---- any function on handles that come and go ---- */

enum { PLACES = 4 };

typedef struct Zoo {
    MediaKeySystem *systems[PLACES];
    MediaKeySession *sessions[PLACES];
} Zoo;

static void check_random_code(Drm_ErrCode code, const char *name)
{
    bool known = code == DRM_ERR_OK || code == DRM_ERR_INVALID_VAL || code == DRM_ERR_UNKNOWN || code == DRM_ERR_NO_KEY;
    if (!CHECK(known)) {
        fprintf(stderr, "    %s: %d (%s)\n", name, (int)code, OH_Drm_GetLastErrorMessage());
    }
}

static void random_calls(Worker *worker)
{
    Zoo *zoo = (Zoo *)worker->argument;
    for (int i = 0; i < repetitions(3000); i++) {
        uint32_t place = random_below(&worker->random, PLACES);
        MediaKeySystem *system = __atomic_load_n(&zoo->systems[place], __ATOMIC_SEQ_CST);
        MediaKeySession *session = __atomic_load_n(&zoo->sessions[place], __ATOMIC_SEQ_CST);
        uint32_t choice = random_below(&worker->random, 100);
        if (choice < 50) {
            const NamedCall *call = &SESSION_CALLS[random_below(&worker->random, SESSION_CALL_COUNT)];
            check_random_code(call->call(session), call->name);
        } else if (choice < 90) {
            const NamedCall *call = &SYSTEM_CALLS[random_below(&worker->random, SYSTEM_CALL_COUNT)];
            check_random_code(call->call(system), call->name);
        } else if (choice < 95) {
            MediaKeySession *fresh = NULL;
            DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
            check_random_code(OH_MediaKeySession_Destroy(session), "Destroy");
            if (OH_MediaKeySystem_CreateMediaKeySession(system, &level, &fresh) == DRM_ERR_OK) {
                MediaKeySession *former = __atomic_exchange_n(&zoo->sessions[place], fresh, __ATOMIC_SEQ_CST);
                check_random_code(OH_MediaKeySession_Destroy(former), "Destroy");
            }
        } else if (choice < 98) {
            MediaKeySystem *fresh = make_system(place % 2 == 0 ? CLEARPLAY : W3C_CLEARKEY);
            MediaKeySystem *former = __atomic_exchange_n(&zoo->systems[place], fresh, __ATOMIC_SEQ_CST);
            CHECK_OK(OH_MediaKeySystem_Destroy(former));
            CHECK_INVALID(OH_MediaKeySystem_Destroy(former));
        } else {
            check_random_code(OH_MediaKeySession_Destroy((MediaKeySession *)system), "Destroy of a system as a session");
        }
    }
}

static void handles_come_and_go(void)
{
    Zoo zoo;
    for (int i = 0; i < PLACES; i++) {
        zoo.systems[i] = make_system(CLEARPLAY);
        zoo.sessions[i] = make_session(zoo.systems[i]);
    }
    run_workers(6, random_calls, &zoo);
    for (int i = 0; i < PLACES; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(zoo.systems[i]));
        CHECK_INVALID(OH_MediaKeySession_Destroy(zoo.sessions[i]));
    }
}

/* ---- two threads destroy the same: one of them does it ---- */

static void destroy_once(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    Drm_ErrCode code = shared->destroy_system ? OH_MediaKeySystem_Destroy(shared->system)
                                              : OH_MediaKeySession_Destroy(shared->session);
    CHECK(code == DRM_ERR_OK || code == DRM_ERR_INVALID_VAL);
    if (code == DRM_ERR_INVALID_VAL) {
        __atomic_fetch_add(&shared->refused, 1, __ATOMIC_SEQ_CST);
    }
}

static void destroyed_by_several(void)
{
    for (int i = 0; i < repetitions(300); i++) {
        Shared shared = {make_system(CLEARPLAY), NULL, i % 2 == 0, 0, 0};
        shared.session = make_session(shared.system);
        run_workers(3, destroy_once, &shared);
        CHECK_INT(shared.refused, 2);
        if (!shared.destroy_system) {
            CHECK_OK(OH_MediaKeySystem_Destroy(shared.system));
        }
    }
}

/* ---- a system is destroyed while sessions are made for it: none of them outlives it ---- */

typedef struct Birth {
    MediaKeySystem *system;
    MediaKeySession *last; /* the newest session that was made */
} Birth;

static void make_or_destroy(Worker *worker)
{
    Birth *birth = (Birth *)worker->argument;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    if (worker->number == 0) {
        while (__atomic_load_n(&birth->last, __ATOMIC_RELAXED) == NULL) {
            sched_yield();
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(birth->system));
        return;
    }
    Drm_ErrCode code = DRM_ERR_OK;
    while (code == DRM_ERR_OK || code == DRM_ERR_MAX_SESSION_NUM_REACHED) {
        MediaKeySession *session = NULL;
        code = OH_MediaKeySystem_CreateMediaKeySession(birth->system, &level, &session);
        if (code == DRM_ERR_OK) {
            __atomic_store_n(&birth->last, session, __ATOMIC_RELAXED);
        }
    }
    CHECK_INT(code, DRM_ERR_INVALID_VAL);
}

static void destroyed_while_sessions_are_made(void)
{
    for (int i = 0; i < repetitions(500); i++) {
        Birth birth = {make_system(CLEARPLAY), NULL};
        run_workers(2, make_or_destroy, &birth);
        CHECK_INVALID(OH_MediaKeySession_Destroy(birth.last));
    }
}

/* ---- callbacks while destroying ---- */

static int callbacks_for_dead;

typedef struct Listener {
    int dead;
} Listener;

static Drm_ErrCode count_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len,
                               char *extra, void *user_data)
{
    Listener *listener = (Listener *)user_data;
    (void)event;
    (void)info;
    (void)info_len;
    (void)extra;
    if (__atomic_load_n(&listener->dead, __ATOMIC_SEQ_CST) != 0) {
        __atomic_fetch_add(&callbacks_for_dead, 1, __ATOMIC_SEQ_CST);
    }
    call_session_level(session);
    return DRM_ERR_OK;
}

static Drm_ErrCode count_key_change(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user_data)
{
    char extra[] = "0";
    (void)keys;
    (void)new_keys;
    return count_event(session, EVENT_KEY_REQUIRED, NULL, 0, extra, user_data);
}

/* When Destroy has returned, the user data may go: any later callback would be seen here (and by memory checkers). */
static void destroy_while_called_back(Worker *worker)
{
    for (int i = 0; i < repetitions(200); i++) {
        MediaKeySystem *system = make_system(CLEARPLAY);
        MediaKeySession *session = make_session(system);
        Listener *listener = (Listener *)calloc(1, sizeof(*listener));
        OH_MediaKeySession_UserDataCallback callback = {count_event, count_key_change};
        REQUIRE(listener != NULL);
        CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, &callback, listener));
        for (int j = 0; j < 3; j++) {
            give_key(session, KID_A, NIST_KEY);
            CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        }
        switch (random_below(&worker->random, 3)) {
        case 0:
            CHECK_OK(OH_MediaKeySession_Destroy(session));
            break;
        case 1:
            CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, NULL, NULL));
            break;
        default:
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
            system = NULL;
            break;
        }
        __atomic_store_n(&listener->dead, 1, __ATOMIC_SEQ_CST);
        free(listener);
        if (system != NULL) {
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
        }
    }
}

static void callbacks_end_with_destroy(void)
{
    run_workers(4, destroy_while_called_back, NULL);
    CHECK_INT(callbacks_for_dead, 0);
}

/* ---- searches ---- */

static void search_and_supply(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    if (worker->number > 0) {
        MediaKeySession *found = NULL;
        CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(shared->system, KID_A, UINT32_MAX, &found));
        CHECK(found == shared->session);
    } else {
        give_key(shared->session, KID_B, OTHER_KEY);
        give_key(shared->session, KID_A, NIST_KEY);
    }
}

static void search_and_destroy(Worker *worker)
{
    Shared *shared = (Shared *)worker->argument;
    if (worker->number > 0) {
        MediaKeySession *found = NULL;
        CHECK_INVALID(OH_MediaKeySystem_FindSessionByKeyId(shared->system, KID_A, UINT32_MAX, &found));
        CHECK(found == NULL);
    } else {
        CHECK_OK(OH_MediaKeySystem_Destroy(shared->system));
    }
}

static void searches(void)
{
    for (int i = 0; i < repetitions(100); i++) {
        Shared shared = {make_system(CLEARPLAY), NULL, false, 0, 0};
        shared.session = make_session(shared.system);
        run_workers(4, search_and_supply, &shared);
        CHECK_OK(OH_MediaKeySession_Destroy(shared.session));
        run_workers(4, search_and_destroy, &shared);
    }
}

int main(void)
{
    test_seed();
    prepare_sample();
    RUN(separate_sessions);
    RUN(destroy_while_decrypting);
    RUN(clear_while_decrypting);
    RUN(replace_while_decrypting);
    RUN(handles_come_and_go);
    RUN(destroyed_by_several);
    RUN(destroyed_while_sessions_are_made);
    RUN(callbacks_end_with_destroy);
    RUN(searches);
    return check_finish("test_threads");
}

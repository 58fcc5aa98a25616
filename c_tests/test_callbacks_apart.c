/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What callbacks must not do to others: sessions that their callbacks destroy across each other, a callback that lets
 * events pile up, media sessions beside DRM sessions, and signals.
 */
#include <signal.h>
#include <unistd.h>

#include "support/avsession.h"
#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/library_threads.h"
#include "support/listener.h"
#include "support/threads.h"

/* ---- destroying from other callbacks ---- */

static void destroy_other(Listener *listener)
{
    CHECK_OK(OH_MediaKeySession_Destroy(((Listener *)listener->argument)->session));
}

static void destroy_system(Listener *listener)
{
    CHECK_OK(OH_MediaKeySystem_Destroy(*(MediaKeySystem **)listener->argument));
}

/* From a callback, Destroy waits for no callback; a Destroy of the instance from outside does. */
static void destroying_what_is_blocked(void)
{
    Listener blocked;
    Listener destroyer;
    for (int i = 0; i < 2; i++) {
        MediaKeySystem *system = make_system(CLEARPLAY);
        MediaKeySystem *other = make_system(CLEARPLAY);
        listen(&blocked, system, block, NULL);
        listen(&destroyer, other, i == 0 ? destroy_other : destroy_system, i == 0 ? (void *)&blocked : (void *)&system);
        give_key(blocked.session, KID_A, NIST_KEY);
        give_key(blocked.session, KID_B, NIST_KEY);
        await(&blocked.entered);
        give_key(destroyer.session, KID_A, NIST_KEY);
        await(&destroyer.left);
        CHECK_INT(__atomic_load_n(&blocked.inside, __ATOMIC_SEQ_CST), 1);
        CHECK_INVALID(OH_MediaKeySession_Destroy(blocked.session));
        sem_post(&blocked.go_on);
        if (i == 0) {
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
            CHECK_INT(__atomic_load_n(&blocked.inside, __ATOMIC_SEQ_CST), 0);
        } else {
            await(&blocked.left);
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(other));
        CHECK(wait_for_event_threads(0));
        CHECK_INT(calls_of(&blocked.key_changes), 1); /* the second one found nobody */
        forget(&blocked);
        forget(&destroyer);
    }
}

typedef struct Pair {
    Listener listeners[2];
    MediaKeySystem *systems[2];
    pthread_barrier_t barrier;
} Pair;

static void destroy_each_other(Listener *listener)
{
    Pair *pair = (Pair *)listener->argument;
    int other = listener == &pair->listeners[0];
    pthread_barrier_wait(&pair->barrier);
    CHECK_OK(OH_MediaKeySession_Destroy(pair->listeners[other].session));
    CHECK_OK(OH_MediaKeySystem_Destroy(pair->systems[other]));
}

static void destroying_each_other(void)
{
    for (int round = 0; round < repetitions(200); round++) {
        Pair pair;
        pthread_barrier_init(&pair.barrier, NULL, 2);
        for (int i = 0; i < 2; i++) {
            pair.systems[i] = make_system(CLEARPLAY);
            listen(&pair.listeners[i], pair.systems[i], destroy_each_other, &pair);
        }
        MediaKeySession *sessions[2] = {pair.listeners[0].session, pair.listeners[1].session};
        give_key(sessions[0], KID_A, NIST_KEY);
        give_key(sessions[1], KID_A, NIST_KEY);
        await(&pair.listeners[0].left);
        await(&pair.listeners[1].left);
        for (int i = 0; i < 2; i++) {
            CHECK_INVALID(OH_MediaKeySession_Destroy(sessions[i]));
            CHECK_INVALID(OH_MediaKeySystem_Destroy(pair.systems[i]));
        }
        pthread_barrier_destroy(&pair.barrier);
        if (round % 50 == 49 || round + 1 == repetitions(200)) {
            CHECK(wait_for_event_threads(0)); /* sem_post has returned in all of them */
        }
        for (int i = 0; i < 2; i++) {
            CHECK_INT(calls_of(&pair.listeners[i].key_changes), 1);
        }
    }
}

/* ---- media sessions ---- */

typedef struct Remote {
    sem_t entered;
    sem_t go_on;
    sem_t left;
    bool blocks;
} Remote;

static AVSessionCallback_Result on_play(OH_AVSession *session, AVSession_ControlCommand command, void *user_data)
{
    Remote *remote = (Remote *)user_data;
    (void)session, (void)command;
    sem_post(&remote->entered);
    if (remote->blocks) {
        await(&remote->go_on);
    }
    sem_post(&remote->left);
    return AVSESSION_CALLBACK_RESULT_SUCCESS;
}

/* A player that hangs in a command still gets its keys, and the other way round. */
static void media_sessions_and_drm_sessions(void)
{
    Listener listener;
    Remote remote = {.blocks = true};
    sem_init(&remote.entered, 0, 0);
    sem_init(&remote.go_on, 0, 0);
    sem_init(&remote.left, 0, 0);
    OH_AVSession *media = create_session(SESSION_TYPE_VIDEO);
    publish_title(media, "Title");
    CHECK_OK(OH_AVSession_RegisterCommandCallback(media, CONTROL_CMD_PLAY, on_play, &remote));
    CHECK_OK(OH_AVSession_Activate(media));
    MediaKeySystem *system = make_system(CLEARPLAY);
    listen(&listener, system, NULL, NULL);
    CHECK_OK(OH_AVSession_HandleMediaKey(media, NATIVE_AVSESSION_KEY_PLAY, NATIVE_AVSESSION_KEY_ACTION_DOWN, 0));
    await(&remote.entered);
    give_key(listener.session, KID_A, NIST_KEY);
    await(&listener.left);
    sem_post(&remote.go_on);
    await(&remote.left);
    remote.blocks = false;
    Listener blocked;
    listen(&blocked, system, block, NULL);
    give_key(blocked.session, KID_A, NIST_KEY);
    await(&blocked.entered);
    CHECK_OK(OH_AVSession_HandleMediaKey(media, NATIVE_AVSESSION_KEY_PLAY, NATIVE_AVSESSION_KEY_ACTION_DOWN, 0));
    await(&remote.left);
    CHECK_OK(OH_AVSession_Destroy(media));
    sem_post(&blocked.go_on);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    forget(&listener);
    forget(&blocked);
    sem_destroy(&remote.entered);
    sem_destroy(&remote.go_on);
    sem_destroy(&remote.left);
}

/* ---- what waits ---- */

static void unknown_id(uint8_t id[16], uint32_t number)
{
    memset(id, 0x5a, 16);
    memcpy(id, &number, sizeof(number));
}

static Drm_ErrCode decrypt_unknown(MediaKeySession *session, uint32_t number)
{
    uint8_t id[16];
    unknown_id(id, number);
    return decrypt_nist(session, id);
}

static void block_once(Listener *listener)
{
    if (listener->events + listener->key_changes == 0) {
        block(listener);
    }
}

/* A callback that does not return, and a program that goes on: what waits is limited, and said later. */
static void what_waits_is_limited(void)
{
    enum { MANY = 40000 };
    Listener listener;
    MediaKeySystem *system = make_system(CLEARPLAY);
    listen(&listener, system, block_once, NULL);
    give_key(listener.session, KID_A, NIST_KEY);
    await(&listener.entered);
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK_CODE(decrypt_unknown(listener.session, i), DRM_ERR_NO_KEY);
    }
    /* No room for what more keys would cause; decryption and what takes keys away go on. */
    char text[256];
    clearplay_license(text, sizeof(text), '0', KID_B, NIST_KEY);
    CHECK_CODE(process_response(listener.session, text), DRM_ERR_SERVICE_DIED);
    CHECK_OK(decrypt_nist(listener.session, KID_A));
    CHECK_CODE(decrypt_nist(listener.session, KID_B), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(listener.session));
    sem_post(&listener.go_on);
    CHECK(wait_for_event_threads(0));
    int announced = calls_of(&listener.events) - 1;
    printf("  %d of %d needs were announced\n", announced, MANY);
    CHECK(announced > 4096 && announced < MANY);
    CHECK_INT(calls_of(&listener.key_changes), 2);
    while (sem_trywait(&listener.left) == 0) {
    }
    /* What was not announced is now, once. */
    CHECK_CODE(decrypt_unknown(listener.session, MANY - 1), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_unknown(listener.session, MANY - 1), DRM_ERR_NO_KEY);
    CHECK_OK(process_response(listener.session, text));
    await(&listener.left);
    await(&listener.left);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INT(calls_of(&listener.events), announced + 2);
    CHECK_INT(calls_of(&listener.key_changes), 3);
    forget(&listener);
}

/* ---- signals ---- */

static int handled;
static pthread_t handled_by;

static void on_signal(int number)
{
    (void)number;
    handled_by = pthread_self();
    __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

typedef struct Mask {
    sigset_t blocked;
    pthread_t thread;
} Mask;

static void look_at_mask_and_block(Listener *listener)
{
    Mask *mask = (Mask *)listener->argument;
    pthread_sigmask(SIG_SETMASK, NULL, &mask->blocked);
    mask->thread = pthread_self();
    sem_post(&listener->left);
    block(listener);
}

/* The program's handlers run on the program's threads only; those of faults are where faults are. */
static void signals_come_to_the_program(void)
{
    Listener listener;
    Mask mask;
    sigset_t user;
    sigset_t former;
    sigset_t pending;
    struct sigaction action;
    struct sigaction before;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    REQUIRE(sigaction(SIGUSR1, &action, &before) == 0);
    MediaKeySystem *system = make_system(CLEARPLAY);
    listen(&listener, system, look_at_mask_and_block, &mask);
    give_key(listener.session, KID_A, NIST_KEY);
    await(&listener.left);
    for (int number = 1; number < 32; number++) {
        bool free = number == SIGKILL || number == SIGSTOP || number == SIGSEGV || number == SIGBUS ||
                    number == SIGFPE || number == SIGILL || number == SIGTRAP || number == SIGSYS;
        CHECK_INT(sigismember(&mask.blocked, number), free ? 0 : 1);
    }
    /* With the program's only thread blocking it, too, nobody takes it. */
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user, &former);
    CHECK(!sigismember(&former, SIGUSR1));
    REQUIRE(kill(getpid(), SIGUSR1) == 0 && pthread_kill(mask.thread, SIGUSR1) == 0);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1));
    CHECK_INT(__atomic_load_n(&handled, __ATOMIC_SEQ_CST), 0);
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    CHECK_INT(__atomic_load_n(&handled, __ATOMIC_SEQ_CST), 1);
    CHECK(pthread_equal(handled_by, pthread_self()));
    sem_post(&listener.go_on);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK(wait_for_event_threads(0));
    CHECK_INT(__atomic_load_n(&handled, __ATOMIC_SEQ_CST), 1);
    sigaction(SIGUSR1, &before, NULL);
    forget(&listener);
}

int main(void)
{
    RUN(destroying_what_is_blocked);
    RUN(destroying_each_other);
    RUN(media_sessions_and_drm_sessions);
    RUN(what_waits_is_limited);
    RUN(signals_come_to_the_program);
    return check_finish("test_callbacks_apart");
}

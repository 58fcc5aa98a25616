/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks that do not return: pthread_exit and cancellation end their thread, and another one goes on with what waits. Where
 * a function of the library is calling, the thread stops with a line on standard error.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "support/avsession.h"
#include "support/listener.h"
#include "support/process.h"
#include "support/threads.h"

enum Way { BY_EXIT, BY_CANCEL, BY_CANCEL_REFUSED, WAYS };

/* Threads that a callback has ended. */
static int ended;

static void count_ended(void *ignored)
{
    (void)ignored;
    __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
}

/* Returns if the thread refuses. */
static void leave(enum Way way)
{
    pthread_cleanup_push(count_ended, NULL);
    switch (way) {
    case BY_EXIT:
        pthread_exit(NULL);
    case BY_CANCEL:
        /* The library's threads are not cancelled unless they ask for it. */
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        pthread_cancel(pthread_self());
        pthread_testcancel();
        break;
    case BY_CANCEL_REFUSED:
        pthread_cancel(pthread_self());
        pthread_testcancel();
        break;
    case WAYS:
        break;
    }
    pthread_cleanup_pop(0);
}

/* ---- events: each callback ends its thread, and is not called again */

typedef struct Called {
    enum Way way;
    sem_t entered;
    int calls;
} Called;

static Called plain, with_user_data;

static void called(Called *own)
{
    __atomic_add_fetch(&own->calls, 1, __ATOMIC_SEQ_CST);
    sem_post(&own->entered);
    leave(own->way);
}

static Drm_ErrCode plain_keys(DRM_KeysInfo *keys, bool new_keys)
{
    (void)keys, (void)new_keys;
    called(&plain);
    return DRM_ERR_OK;
}

static Drm_ErrCode keys_with_user_data(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user_data)
{
    (void)session, (void)keys, (void)new_keys;
    called((Called *)user_data);
    return DRM_ERR_OK;
}

static void set_plain(MediaKeySession *session)
{
    MediaKeySession_Callback functions = {NULL, plain_keys};
    CHECK_OK(OH_MediaKeySession_SetMediaKeySessionCallback(session, &functions));
}

static void set_with_user_data(MediaKeySession *session)
{
    OH_MediaKeySession_UserDataCallback functions = {NULL, keys_with_user_data};
    CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, &functions, &with_user_data));
}

static void events(enum Way way)
{
    int count = repetitions(40);
    ended = 0;
    plain = with_user_data = (Called){.way = way};
    sem_init(&plain.entered, 0, 0);
    sem_init(&with_user_data.entered, 0, 0);
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    for (int i = 0; i < count; i++) {
        set_plain(session);
        set_with_user_data(session);
        give_jwk(session, NULL, KID_A, NIST_KEY);
        /* The second generation is told although the first has ended its thread. */
        await(&plain.entered);
        await(&with_user_data.entered);
    }
    /* Waits for what is running. From now on there is one that has ended its thread, and one that has not been called. */
    set_plain(session);
    if (way != BY_CANCEL_REFUSED) {
        CHECK(__atomic_load_n(&ended, __ATOMIC_SEQ_CST) >= 2 * count - 1);
    }
    give_jwk(session, NULL, KID_A, NIST_KEY);
    await(&plain.entered);
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    /* Nothing of it runs any more. What has not ended its thread may have been called once more before that. */
    CHECK_INT(plain.calls, count + 1);
    CHECK(with_user_data.calls == count || (way == BY_CANCEL_REFUSED && with_user_data.calls == count + 1));
    CHECK_INT(ended, way == BY_CANCEL_REFUSED ? 0 : 2 * count + 1);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    sem_destroy(&plain.entered);
    sem_destroy(&with_user_data.entered);
}

/* ---- commands */

static void leave_command(OH_AVSession *session, const char *line, void *way)
{
    (void)session, (void)line;
    leave(*(enum Way *)way);
}

static void commands(enum Way way)
{
    Commands received;
    int count = repetitions(40);
    ended = 0;
    commands_init(&received);
    commands_hook(&received, leave_command, &way);
    OH_AVSession *session = create_session(SESSION_TYPE_AUDIO);
    publish_title(session, "title");
    CHECK_OK(OH_AVSession_Activate(session));
    for (int i = 0; i < count; i++) {
        CHECK_OK(OH_AVSession_RegisterCommandCallback(session, CONTROL_CMD_PLAY, on_command, &received));
        CHECK_OK(OH_AVSession_HandleMediaKey(session, NATIVE_AVSESSION_KEY_PLAY, NATIVE_AVSESSION_KEY_ACTION_DOWN, 0));
        CHECK(commands_wait(&received, (size_t)i + 1));
    }
    CHECK_OK(OH_AVSession_Destroy(session));
    CHECK_INT(__atomic_load_n(&ended, __ATOMIC_SEQ_CST), way == BY_CANCEL_REFUSED ? 0 : count);
    commands_destroy(&received);
}

/* ---- a thread of the program that is cancelled inside of the library: when that has returned */

static void *cancelled(void *returned)
{
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    pthread_cancel(pthread_self());
    MediaKeySystem *system = NULL;
    /* It opens files and writes to the log, both of which are points of cancellation. */
    Drm_ErrCode code = OH_MediaKeySystem_Create(CLEARPLAY, &system);
    *(int *)returned = code == DRM_ERR_OK && OH_MediaKeySystem_Destroy(system) == DRM_ERR_OK;
    pthread_testcancel();
    return NULL;
}

static void cancelled_inside(void)
{
    pthread_t thread;
    int returned = 0;
    void *result = NULL;
    int own = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);
    REQUIRE(own >= 0 && null >= 0 && dup2(null, STDERR_FILENO) >= 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, NULL, NULL));
    REQUIRE(pthread_create(&thread, NULL, cancelled, &returned) == 0);
    CHECK_INT(pthread_join(thread, &result), 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    REQUIRE(dup2(own, STDERR_FILENO) >= 0);
    close(own);
    close(null);
    CHECK(returned && result == PTHREAD_CANCELED);
}

/* ---- a callback that a function of the library is calling; in a process of its own, for one thread stays for ever */

static int32_t leave_parse(const uint8_t *uuid, const uint8_t *pssh, size_t size, void *data)
{
    (void)uuid, (void)pssh, (void)size, (void)data;
    pthread_exit(NULL);
}

static void *parse(void *data)
{
    uint8_t pssh[256];
    size_t size = make_pssh(pssh, CLEARPLAY_UUID, &KID_A, 1, NULL, 0);
    OH_Drm_ParsePsshBoxes(pssh, size, leave_parse, data);
    return NULL;
}

static void leave_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    pthread_exit(NULL);
}

static void *log_something(void *data)
{
    (void)data;
    MediaKeySystem *system = NULL;
    OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, leave_log, NULL);
    OH_MediaKeySystem_Create(CLEARPLAY, &system);
    return NULL;
}

static int stop(void *(*run)(void *))
{
    static const char expected[] = "native_drm: a thread was ended in a callback";
    int pipes[2];
    char line[256] = "";
    pthread_t thread;
    REQUIRE(pipe(pipes) == 0);
    int own = dup(STDERR_FILENO);
    REQUIRE(own >= 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
    REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
    /* The test's own limit ends what waits for ever. */
    REQUIRE(read(pipes[0], line, sizeof(line) - 1) > 0);
    REQUIRE(dup2(own, STDERR_FILENO) >= 0);
    CHECK(strncmp(line, expected, sizeof(expected) - 1) == 0);
    /* The others go on. */
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    fflush(NULL);
    _exit(check_failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return stop(strcmp(argv[1], "parse") == 0 ? parse : log_something);
    }
    for (enum Way way = 0; way < WAYS; way++) {
        events(way);
        commands(way);
    }
    cancelled_inside();
    CHECK(process_run((const char *[]){"parse", NULL}, NULL));
    CHECK(process_run((const char *[]){"log", NULL}, NULL));
    CHECK(wait_for_event_threads(0));
    return check_finish("callbacks_exit");
}

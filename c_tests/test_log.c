/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The log at its edges: calls while a thread ends, levels and callbacks that change while lines are given out, and a standard
 * error that the program gives up.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "support/check.h"
#include "support/drm.h"

static void some_life(void)
{
    uint8_t id[16];
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    memcpy(id, KID_A, sizeof(id));
    give_key_as(session, '1', KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, (int32_t)sizeof(id)));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static int lines;

static void count_lines(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    __atomic_add_fetch(&lines, 1, __ATOMIC_SEQ_CST);
}

/* ---- calls from destructors of a thread's own values, after those of the library's */

static pthread_key_t key;
static int rounds;

static void live_at_the_end(void *value)
{
    if (++rounds < 3) {
        /* There is another round of destructors then. */
        CHECK_INT(pthread_setspecific(key, value), 0);
    }
    some_life();
}

static void *live_and_end(void *value)
{
    some_life();
    CHECK_INT(pthread_setspecific(key, value), 0);
    return NULL;
}

static void calls_at_the_end_of_a_thread(void)
{
    pthread_t thread;
    lines = 0;
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, count_lines, NULL));
    REQUIRE(pthread_key_create(&key, live_at_the_end) == 0);
    REQUIRE(pthread_create(&thread, NULL, live_and_end, &lines) == 0);
    pthread_join(thread, NULL);
    pthread_key_delete(key);
    CHECK_INT(rounds, 3);
    CHECK(__atomic_load_n(&lines, __ATOMIC_SEQ_CST) > 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
}

/* ---- */

static FILE *captured;
static int own_stderr;

static void capture_stderr(void)
{
    captured = tmpfile();
    own_stderr = dup(STDERR_FILENO);
    REQUIRE(captured != NULL && own_stderr >= 0 && dup2(fileno(captured), STDERR_FILENO) == STDERR_FILENO);
}

/* Returns how much was written meanwhile. */
static long release_stderr(void)
{
    REQUIRE(dup2(own_stderr, STDERR_FILENO) == STDERR_FILENO);
    close(own_stderr);
    long size = (long)lseek(fileno(captured), 0, SEEK_END);
    fclose(captured);
    return size;
}

static int former_lines;

static void turn_off(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    former_lines++;
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
}

static void want_errors_only(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    former_lines++;
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_ERROR, count_lines, NULL));
}

static void give_way(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    former_lines++;
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, count_lines, NULL));
}

/* What a callback sets counts for the very next line, also for one of the same call. */
static void a_callback_changes_what_is_wanted(void)
{
    /* Two keys are passed over, which is a line each. */
    static const char text[] = "{\"keys\":[{\"kty\":\"RSA\"},{\"kty\":\"EC\"},{\"kty\":\"oct\","
                               "\"k\":\"K34VFiiu0qar9xWICc9PPA\",\"kid\":\"oKGio6SlpqeoqaqrrK2urw\"}]}";
    static const OH_Drm_LogCallback callbacks[] = {turn_off, want_errors_only, give_way};
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    for (int i = 0; i < 3; i++) {
        lines = 0;
        former_lines = 0;
        capture_stderr();
        Drm_ErrCode set = OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, callbacks[i], NULL);
        Drm_ErrCode processed = process_response(session, text);
        Drm_ErrCode unset = OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL);
        CHECK_INT(release_stderr(), 0);
        CHECK_OK(set);
        CHECK_OK(processed);
        CHECK_OK(unset);
        CHECK_INT(former_lines, 1);
        CHECK_INT(lines, callbacks[i] == give_way ? 2 : 0);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* A pipe that was standard error is at its end once the program has put something else there. */
static void standard_error_is_given_up(void)
{
    int ends[2];
    char text[4096];
    ssize_t size;
    size_t total = 0;
    int own = dup(STDERR_FILENO);
    REQUIRE(own >= 0 && pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO && close(ends[1]) == 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, NULL, NULL));
    some_life();
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    REQUIRE(dup2(own, STDERR_FILENO) == STDERR_FILENO && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    while ((size = read(ends[0], text, sizeof(text))) > 0) {
        total += (size_t)size;
    }
    CHECK(total > 0);
    CHECK_INT(size, 0); /* its end; -1 where somebody still has it */
    close(ends[0]);
    close(own);
}

int main(void)
{
    RUN(a_callback_changes_what_is_wanted);
    RUN(standard_error_is_given_up);
    RUN(calls_at_the_end_of_a_thread);
    return check_finish("test_log");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is not in OpenHarmony's NDK: last error, version, log, finding sessions.
 */
#include <pthread.h>
#include <semaphore.h>

#include "support/check.h"
#include "support/drm.h"
#include "support/process.h"

/* ---- last error ---- */

static void *other_thread(void *argument)
{
    (void)argument;
    /* No call of this thread has failed. */
    const char *message = OH_Drm_GetLastErrorMessage();
    CHECK_STR(message, "");
    CHECK_UNKNOWN(OH_MediaKeySystem_Create("of.the.thread", &(MediaKeySystem *){NULL}));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "of.the.thread") != NULL);
    return NULL;
}

static void last_error_is_the_threads_own(void)
{
    MediaKeySystem *system = NULL;
    pthread_t thread;
    CHECK_UNKNOWN(OH_MediaKeySystem_Create("of.main", &system));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "of.main") != NULL);
    REQUIRE(pthread_create(&thread, NULL, other_thread, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "of.main") != NULL);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "of.the.thread") == NULL);
}

static void success_leaves_the_last_error(void)
{
    char before[512];
    MediaKeySystem *system = NULL;
    CHECK_UNKNOWN(OH_MediaKeySystem_Create("no.such.system", &system));
    snprintf(before, sizeof(before), "%s", OH_Drm_GetLastErrorMessage());
    CHECK(strstr(before, "no.such.system") != NULL);
    system = make_system(CLEARPLAY);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_STR(OH_Drm_GetLastErrorMessage(), before);
    CHECK_INVALID(OH_MediaKeySystem_Destroy(system));
    CHECK(strcmp(OH_Drm_GetLastErrorMessage(), before) != 0);
}

/* The message names the argument. */
static void last_error_names_the_argument(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    char value[8];
    CHECK_INVALID(OH_MediaKeySystem_GetStatistics(system, NULL));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "statistics") != NULL);
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, NULL, value, 8));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "configName") != NULL);
    CHECK_INVALID(OH_MediaKeySession_CheckMediaKeyStatus(session, NULL));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "mediaKeyStatus") != NULL);
    CHECK_INVALID(OH_MediaKeySession_Destroy((MediaKeySession *)system));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "mediaKeySession") != NULL);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void version(void)
{
    uint32_t expected =
        NATIVE_DRM_VERSION_MAJOR * 65536u + NATIVE_DRM_VERSION_MINOR * 256u + NATIVE_DRM_VERSION_PATCH;
    CHECK_INT(OH_Drm_GetVersion(), expected);
}

/* ---- log ---- */

typedef struct Lines {
    pthread_mutex_t mutex;
    int count;
    int most_detailed;
    bool key_seen;
} Lines;

static void on_log(NativeDrm_LogLevel level, const char *message, void *user_data)
{
    Lines *lines = (Lines *)user_data;
    pthread_mutex_lock(&lines->mutex);
    CHECK(message != NULL && strchr(message, '\n') == NULL);
    lines->count++;
    lines->most_detailed = (int)level > lines->most_detailed ? (int)level : lines->most_detailed;
    lines->key_seen = lines->key_seen || strstr(message, "2b7e1516") != NULL || strstr(message, "K34VFiiu") != NULL;
    /* Other functions may be called from here. */
    CHECK(OH_MediaKeySystem_IsSupported(CLEARPLAY));
    pthread_mutex_unlock(&lines->mutex);
}

static void some_life(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    give_key(session, KID_A, NIST_KEY);
    CHECK_UNKNOWN(process_response(session, "0K34VFiiu0qar9xWICc9PPA==.K34VFiiu0qar9xWICc9PPA=="));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* What there was, and from now on nothing. A host's lines come on another thread, after the call that caused them. */
static Lines take(Lines *lines)
{
    pthread_mutex_lock(&lines->mutex);
    Lines taken = *lines;
    lines->count = 0;
    lines->most_detailed = 0;
    pthread_mutex_unlock(&lines->mutex);
    return taken;
}

static void log_callback(void)
{
    static Lines lines = {PTHREAD_MUTEX_INITIALIZER, 0, 0, false};
    static const int bad[] = {-1, 5, 100, 2147483647};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        NativeDrm_LogLevel level;
        memcpy(&level, &bad[i], sizeof(level));
        CHECK_INVALID(OH_Drm_SetLogCallback(level, on_log, &lines));
    }
    some_life();
    CHECK_INT(take(&lines).count, 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, on_log, &lines));
    some_life();
    Lines detailed = take(&lines);
    CHECK(detailed.count > 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_WARN, on_log, &lines));
    some_life();
    Lines warnings = take(&lines);
    CHECK(warnings.count < detailed.count && warnings.most_detailed <= NATIVE_DRM_LOG_WARN);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, on_log, &lines));
    some_life();
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    some_life();
    Lines last = take(&lines);
    CHECK_INT(last.count, 0);
    CHECK(!last.key_seen);
}

/* In a child whose standard error is a file: what NATIVE_DRM_LOG lets through. */
static int log_child(const char *path)
{
    if (freopen(path, "w", stderr) == NULL) {
        return EXIT_FAILURE;
    }
    some_life();
    return check_finish("test_extension, log");
}

static long logged_bytes(const char *setting)
{
    char path[4096];
    const char *settings[] = {setting, NULL};
    snprintf(path, sizeof(path), "%s/log", getenv("NATIVE_DRM_STORAGE_DIR"));
    const char *arguments[] = {"log", path, NULL};
    CHECK(process_run(arguments, settings));
    FILE *file = fopen(path, "r");
    REQUIRE(file != NULL);
    static char text[65536];
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    text[size] = '\0';
    fclose(file);
    CHECK(strstr(text, "2b7e1516") == NULL && strstr(text, "K34VFiiu") == NULL);
    return (long)size;
}

static void log_to_standard_error(void)
{
    if (getenv("NATIVE_DRM_LOG") != NULL) {
        printf("NATIVE_DRM_LOG is set: not tested\n");
        return;
    }
    CHECK_INT(logged_bytes("NATIVE_DRM_TEST=1"), 0);
    CHECK_INT(logged_bytes("NATIVE_DRM_LOG=error"), 0);
    CHECK(logged_bytes("NATIVE_DRM_LOG=debug") > 0);
    CHECK_INT(logged_bytes("NATIVE_DRM_LOG=nonsense"), 0);
}

/* ---- finding sessions ---- */

static void finds_sessions(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other = make_system(CLEARPLAY);
    MediaKeySession *untouched = (MediaKeySession *)(uintptr_t)0x5a5a;
    MediaKeySession *found = untouched;
    CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found), DRM_ERR_NO_KEY);
    CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 30, &found), DRM_ERR_NO_KEY);
    CHECK_INVALID(OH_MediaKeySystem_FindSessionByKeyId(system, NULL, 0, &found));
    CHECK_INVALID(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, NULL));
    CHECK(found == untouched);
    MediaKeySession *first = make_session(system);
    MediaKeySession *second = make_session(system);
    MediaKeySession *empty = make_session(system);
    give_key(first, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found));
    CHECK(found == first);
    give_key(second, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, UINT32_MAX, &found));
    CHECK(found == second); /* the newest */
    CHECK_OK(OH_MediaKeySession_Destroy(second));
    CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found));
    CHECK(found == first);
    CHECK_OK(OH_MediaKeySession_Destroy(empty));
    found = untouched;
    CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(other, KID_A, 0, &found), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(first));
    CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, 0, &found), DRM_ERR_NO_KEY);
    CHECK(found == untouched);
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(OH_MediaKeySystem_FindSessionByKeyId(system, KID_A, UINT32_MAX, &found));
}

typedef struct Search {
    MediaKeySystem *system;
    MediaKeySession *found;
    Drm_ErrCode code;
    sem_t started;
} Search;

static void *search(void *argument)
{
    Search *one = (Search *)argument;
    sem_post(&one->started);
    one->code = OH_MediaKeySystem_FindSessionByKeyId(one->system, KID_A, UINT32_MAX, &one->found);
    return NULL;
}

/* Several searches wait without limit; the key's arrival, or the end of the system, ends all of them. */
static void searches_wait(void)
{
    enum { SEARCHES = 4 };
    for (int round = 0; round < 2; round++) {
        MediaKeySystem *system = make_system(CLEARPLAY);
        MediaKeySession *session = make_session(system);
        Search searches[SEARCHES];
        pthread_t threads[SEARCHES];
        for (int i = 0; i < SEARCHES; i++) {
            searches[i].system = system;
            searches[i].found = NULL;
            sem_init(&searches[i].started, 0, 0);
            REQUIRE(pthread_create(&threads[i], NULL, search, &searches[i]) == 0);
        }
        for (int i = 0; i < SEARCHES; i++) {
            sem_wait(&searches[i].started);
        }
        give_key(session, KID_B, NIST_KEY); /* another key ends no search */
        if (round == 0) {
            give_key(session, KID_A, NIST_KEY);
        } else {
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
        }
        for (int i = 0; i < SEARCHES; i++) {
            pthread_join(threads[i], NULL);
            CHECK_INT(searches[i].code, round == 0 ? DRM_ERR_OK : DRM_ERR_INVALID_VAL);
            CHECK(searches[i].found == (round == 0 ? session : NULL));
            sem_destroy(&searches[i].started);
        }
        if (round == 0) {
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "log") == 0) {
        return log_child(argv[2]);
    }
    RUN(last_error_is_the_threads_own);
    RUN(success_leaves_the_last_error);
    RUN(last_error_names_the_argument);
    RUN(version);
    RUN(log_callback);
    RUN(log_to_standard_error);
    RUN(finds_sessions);
    RUN(searches_wait);
    return check_finish("test_extension");
}

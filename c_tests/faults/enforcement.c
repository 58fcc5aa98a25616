/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whatever happens to the store or to standard error, a license ends in its second, every function returns, and a first use
 * that cannot be recorded is none. The store is locked by a process that was stopped, each of its system calls in turn fails,
 * takes seconds or finds no room, FIFOs stand where its files should be, nobody reads standard error, and 512 sessions
 * have one stored license.
 *
 * Runs with the library fault_shim preloaded. Most of their time the cases wait: they run side by side. The timed assertions of
 * the project are here and in enforcement_races.c, because what is asserted is a time: LATE milliseconds after its expiry a
 * license must have ended.
 */
#define _GNU_SOURCE
#include "enforcement.h"

static void a_stopped_process_has_the_lock(const char *name, int number)
{
    Player player;
    make_player(&player, name, (Kind)number);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    pid_t holder = hold_lock(player.store);
    await_end(&player);
    end(&player);
    free_lock(holder);
}

/* First use waits for the lock, is refused, and begins once there is no lock. */
static void a_first_use_that_cannot_be_recorded(const char *name, int number)
{
    Player player;
    policy = "{\"can_play\":true,\"can_persist\":true,\"rental_duration_seconds\":3600,\"playback_duration_seconds\":2}";
    make_player(&player, name, (Kind)(number + OFFLINE));
    pid_t holder = hold_lock(player.store);
    int64_t start = steady_seconds();
    CHECK_CODE(decrypt_nist(player.session, KID_A), DRM_ERR_SERVICE_DIED);
    CHECK(steady_seconds() - start <= LONGEST_CALL);
    CHECK_STR(row_of(player.session, "PlaybackDurationRemaining"), "2");
    free_lock(holder);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    await_end(&player);
    end(&player);
}

/* What is not stored needs no store. */
static void a_license_that_is_not_stored_needs_no_store(const char *name, int number)
{
    (void)number;
    Player player;
    memset(&player, 0, sizeof(player));
    make_player(&player, name, ONLINE);
    pid_t holder = hold_lock(player.store);
    MediaKeySession *other = make_session(player.drm);
    get_license(other, player.service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(decrypt_nist(other, KID_A));
    CHECK_OK(decrypt_nist(player.session, KID_A));
    await_end(&player);
    end(&player);
    free_lock(holder);
}

/* Nobody reads standard error, and there is something to say: the store is locked, too. */
static void nobody_reads_standard_error(const char *name, int number)
{
    Player player;
    int ends[2];
    REQUIRE(setenv("NATIVE_DRM_LOG", "debug", 1) == 0);
    REQUIRE(pipe(ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    char page[4096];
    memset(page, 'x', sizeof(page));
    while (write(ends[1], page, sizeof(page)) > 0) {
    }
    while (write(ends[1], page, 1) > 0) {
    }
    REQUIRE(fcntl(ends[1], F_SETFL, 0) == 0);
    int own = dup(STDERR_FILENO);
    REQUIRE(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    make_player(&player, name, (Kind)number);
    Drm_ErrCode code = decrypt_nist(player.session, KID_A);
    pid_t holder = hold_lock(player.store);
    for (size_t i = 0; ended_at == 0 && recorder_wait(&player.recorder, i + 1); i++) {
    }
    /* Lines that did not get through are counted where the next one does. */
    char text[4096] = "";
    while (read(ends[0], page, sizeof(page)) == (ssize_t)sizeof(page)) {
        if (page[0] != 'x' || page[4095] != 'x') {
            break;
        }
        if (fcntl(ends[0], F_GETFL) >= 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
            break;
        }
    }
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(player.session));
    ssize_t size = read(ends[0], text, sizeof(text) - 1);
    REQUIRE(dup2(own, STDERR_FILENO) == STDERR_FILENO);
    CHECK_OK(code);
    CHECK(size > 0 && strstr(text, "lines were lost") != NULL);
    ended_at = ended_at > 0 ? ended_at : INT64_MAX;
    CHECK(ended_at - expiry < LATE);
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
    free_lock(holder);
}

/* The program's log callback blocks until the license has ended. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static MediaKeySession *logged_session;
static int logged;

static void block_in_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    /* It may call the library. */
    DRM_ContentProtectionLevel protection;
    if (logged_session != NULL) {
        (void)row_of(logged_session, "LicenseType");
        CHECK_OK(OH_MediaKeySession_GetContentProtectionLevel(logged_session, &protection));
    }
    __atomic_add_fetch(&logged, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

static void a_log_callback_blocks(const char *name, int number)
{
    Player player;
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, block_in_log, NULL));
    make_player(&player, name, (Kind)number);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    logged_session = player.session;
    pid_t holder = hold_lock(player.store);
    pthread_mutex_lock(&gate);
    await_end(&player);
    pthread_mutex_unlock(&gate);
    CHECK_STR(row_of(player.session, KID_A_HEX), "EXPIRED");
    CHECK(__atomic_load_n(&logged, __ATOMIC_SEQ_CST) > 0);
    free_lock(holder);
    logged_session = NULL;
    end(&player);
}

/* FIFOs in the places of the store's files. */
static void fifos_in_the_store(const char *name, int number)
{
    Player player;
    char path[PATH_MAX + 128];
    char hex[33];
    make_player(&player, name, (Kind)(number % KINDS));
    CHECK_OK(decrypt_nist(player.session, KID_A));
    for (int i = 0; i < 16; i++) {
        snprintf(hex + 2 * i, 3, "%02x", player.id[i]);
    }
    if (number == 2 * KINDS + ONLINE) {
        await_end(&player); /* what is not stored has no file */
        end(&player);
        return;
    }
    const char *format = number / KINDS == 0 ? "%s/lock" : number / KINDS == 1 ? "%s/device.key" : "%s/" POLICYPLAY "/%s.key";
    snprintf(path, sizeof(path), format, player.store, hex);
    (void)unlink(path);
    REQUIRE(mkfifo(path, 0600) == 0);
    await_end(&player);
    DRM_OfflineMediaKeyStatus status;
    MediaKeySession *other = make_session(player.drm);
    if (number % KINDS != ONLINE) {
        int64_t start = steady_seconds();
        Drm_ErrCode code = OH_MediaKeySession_RestoreOfflineMediaKeys(other, player.id, 16);
        CHECK(code == DRM_ERR_SERVICE_DIED || code == DRM_ERR_NO_LICENSE);
        (void)OH_MediaKeySystem_GetOfflineMediaKeyStatus(player.drm, player.id, 16, &status);
        (void)OH_MediaKeySystem_ClearOfflineMediaKeys(player.drm, player.id, 16);
        CHECK(steady_seconds() - start <= 3 * LONGEST_CALL);
    }
    end(&player);
}

/* Each system call of the store in turn goes wrong while a license is used, ends and goes: until there is none left. */
static void a_call_goes_wrong(const char *name, int number, FaultKind fault)
{
    Player player;
    make_player(&player, name, number % 2 == 0 ? OFFLINE : RESTORED);
    fault_arm(player.store, number + 1, fault);
    Drm_ErrCode code = decrypt_nist(player.session, KID_A);
    CHECK(code == DRM_ERR_OK || code == DRM_ERR_SERVICE_DIED || code == DRM_ERR_NO_LICENSE);
    await_end(&player);
    end(&player);
    nothing_left = fault_disarm() == NULL;
}

static void a_call_fails(const char *name, int number) { a_call_goes_wrong(name, number, FAULT_EIO); }
static void a_call_takes_seconds(const char *name, int number) { a_call_goes_wrong(name, number, FAULT_SLOW); }
static void there_is_no_more_room(const char *name, int number) { a_call_goes_wrong(name, number, FAULT_FULL); }

/* A call of the store takes seconds while a license is taken: its time runs from when the program has handed it in. */
static void a_license_is_taken_slowly(const char *name, int number, DRM_MediaKeyType type)
{
    enum { SECONDS = 5 };
    Player player;
    policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":5}";
    make_bare_player(&player, name);
    record_session(&player.recorder, player.session);
    Message request = license_request(player.session, type);
    Message license = ask_service(player.service, request.bytes, request.size);
    int64_t handed_in_at = now_millis();
    fault_arm(player.store, number + 1, FAULT_SLOW);
    REQUIRE_OK(process_message(player.session, &license, player.id));
    await_end(&player);
    CHECK(ended_at < handed_in_at + SECONDS * 1000 + LATE);
    end(&player);
    nothing_left = fault_disarm() == NULL;
}

static void a_streaming_license_is_taken_slowly(const char *name, int number)
{
    a_license_is_taken_slowly(name, number, MEDIA_KEY_TYPE_ONLINE);
}

static void a_stored_license_is_taken_slowly(const char *name, int number)
{
    a_license_is_taken_slowly(name, number, MEDIA_KEY_TYPE_OFFLINE);
}

/* 512 sessions on one stored license. */
#define SYSTEMS 8
#define SESSIONS 64
static int ended_sessions;
static int64_t last_ended_at;
static pthread_mutex_t ended_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_ended = PTHREAD_COND_INITIALIZER;

static Drm_ErrCode count_ends(MediaKeySession *session, DRM_EventType type, uint8_t *info, int32_t size, char *extra)
{
    (void)session, (void)info, (void)size, (void)extra;
    if (type == EVENT_KEY_EXPIRED) {
        pthread_mutex_lock(&ended_mutex);
        last_ended_at = now_millis();
        if (++ended_sessions == SYSTEMS * SESSIONS) {
            pthread_cond_signal(&all_ended);
        }
        pthread_mutex_unlock(&ended_mutex);
    }
    return DRM_ERR_OK;
}

typedef struct {
    Player player;
    MediaKeySystem *systems[SYSTEMS];
    MediaKeySession *sessions[SYSTEMS][SESSIONS];
    int made;
} Crowd;

/* Whether all of them have the license before it is about to end. */
static bool share_license(Crowd *crowd, const char *name)
{
    OH_MediaKeySession_Callback callback = {count_ends, NULL};
    memset(crowd, 0, sizeof(*crowd));
    make_player(&crowd->player, name, OFFLINE);
    CHECK_OK(decrypt_nist(crowd->player.session, KID_A));
    for (int i = 0; i < SYSTEMS; i++) {
        crowd->systems[i] = make_system(POLICYPLAY);
        crowd->made = i + 1;
        for (int k = 0; k < SESSIONS; k++) {
            MediaKeySession *session = crowd->sessions[i][k] = make_session(crowd->systems[i]);
            REQUIRE_OK(OH_MediaKeySession_SetCallback(session, &callback));
            if (now_millis() > expiry - 2000) {
                return false;
            }
            REQUIRE_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, crowd->player.id, 16));
        }
    }
    return true;
}

static void end_crowd(Crowd *crowd)
{
    for (int i = 0; i < crowd->made; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(crowd->systems[i]));
    }
}

static void many_sessions_have_one_license(const char *name, int number)
{
    static Crowd crowd;
    char again[128];
    (void)number;
    policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":12}";
    if (!share_license(&crowd, name)) {
        /* A slow disk: a license that is long enough there. */
        end_crowd(&crowd);
        await_end(&crowd.player);
        end(&crowd.player);
        alarm(300);
        ended_sessions = 0;
        ended_at = 0;
        policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":150}";
        snprintf(again, sizeof(again), "%s.again", name);
        REQUIRE(share_license(&crowd, again));
    }
    pthread_mutex_lock(&ended_mutex);
    while (ended_sessions < SYSTEMS * SESSIONS) {
        pthread_cond_wait(&all_ended, &ended_mutex);
    }
    pthread_mutex_unlock(&ended_mutex);
    printf("512 sessions on one license: the last ended %lld ms after its expiry\n", (long long)(last_ended_at - expiry));
    CHECK(last_ended_at - expiry < LATE);
    for (int i = 0; i < SYSTEMS; i++) {
        CHECK_CODE(decrypt_nist(crowd.sessions[i][SESSIONS - 1], KID_A), DRM_ERR_NO_LICENSE);
    }
    end_crowd(&crowd);
    end(&crowd.player);
}

static const Case cases[] = {
    {"many_sessions_have_one_license", many_sessions_have_one_license, 1},
    {"a_stopped_process_has_the_lock", a_stopped_process_has_the_lock, KINDS},
    {"a_first_use_that_cannot_be_recorded", a_first_use_that_cannot_be_recorded, 2},
    {"a_license_that_is_not_stored_needs_no_store", a_license_that_is_not_stored_needs_no_store, 1},
    {"nobody_reads_standard_error", nobody_reads_standard_error, KINDS},
    {"a_log_callback_blocks", a_log_callback_blocks, KINDS},
    {"fifos_in_the_store", fifos_in_the_store, 3 * KINDS},
    {"a_call_fails", a_call_fails, CALLS},
    {"a_call_takes_seconds", a_call_takes_seconds, CALLS},
    {"there_is_no_more_room", there_is_no_more_room, CALLS},
    {"a_streaming_license_is_taken_slowly", a_streaming_license_is_taken_slowly, CALLS},
    {"a_stored_license_is_taken_slowly", a_stored_license_is_taken_slowly, CALLS},
};
int main(int argc, char **argv)
{
    return run_cases("enforcement", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of enforcement: a device with a license that soon ends, what must be so when it has ended, a store that somebody
 * else has locked, and cases that run side by side. Each case is a process of its own, forked from one that has never used the
 * library; the library fault_shim is preloaded.
 */
#ifndef TEST_FAULTS_ENFORCEMENT_H
#define TEST_FAULTS_ENFORCEMENT_H

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"
#include "support/policy.h"

/* Milliseconds after its expiry within which a license must have ended. */
#define LATE 500
/* A call that needs a store that somebody holds gives up after 5 s, and one more thread's wait. */
#define LONGEST_CALL 12
#define AT_ONCE 24
/* More system calls than a store gets in a case. */
#define CALLS 300
#define NOTHING_LEFT 3

static const char *policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":2}";

typedef enum Kind { ONLINE, OFFLINE, RESTORED, KINDS } Kind;

typedef struct Player {
    OH_DrmLicenseService *service;
    MediaKeySystem *drm;
    MediaKeySession *session;
    Recorder recorder;
    uint8_t id[16];
    char store[PATH_MAX];
} Player;

static inline int64_t now_millis(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t steady_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

/* The time at which the library called, in place of the thread. */
static int64_t ended_at;
static int64_t expiry;
/* Whether a case with a higher number would be the same. */
static bool nothing_left;

static inline void look_at_time(const RecordedCall *call, void *argument)
{
    (void)argument;
    if (call->kind == RECORDED_EVENT && call->event == EVENT_KEY_EXPIRED) {
        ended_at = now_millis();
    }
    if (call->kind == RECORDED_EVENT && call->event == EVENT_EXPIRATION_UPDATE) {
        char number[32] = "";
        memcpy(number, call->info, (size_t)call->info_len < sizeof(number) ? (size_t)call->info_len : 31);
        expiry = strtoll(number, NULL, 10);
    }
}

static inline OH_DrmLicenseService *machine_time_service(void)
{
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service));
    set_policy(service, policy);
    REQUIRE_OK(
        OH_DrmLicenseService_AddContent(service, (const uint8_t *)POLICY_MOVIE, (uint32_t)strlen(POLICY_MOVIE)));
    return service;
}

/* A provisioned device with a session that has no license, in a store called `name`. */
static inline void make_bare_player(Player *player, const char *name)
{
    memset(player, 0, sizeof(*player));
    snprintf(player->store, sizeof(player->store), "%s", use_own_store(name));
    player->service = machine_time_service();
    player->drm = make_system(POLICYPLAY);
    provision(player->drm, player->service);
    player->session = make_session(player->drm);
    recorder_init(&player->recorder);
    player->recorder.hook = look_at_time;
}

/* A device with a license that it has not used yet. */
static inline void make_player(Player *player, const char *name, Kind kind)
{
    make_bare_player(player, name);
    if (kind == RESTORED) {
        MediaKeySession *first = make_session(player->drm);
        get_license(first, player->service, MEDIA_KEY_TYPE_OFFLINE, player->id);
        CHECK_OK(OH_MediaKeySession_Destroy(first));
        record_session(&player->recorder, player->session);
        REQUIRE_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(player->session, player->id, 16));
        return;
    }
    record_session(&player->recorder, player->session);
    DRM_MediaKeyType type = kind == ONLINE ? MEDIA_KEY_TYPE_ONLINE : MEDIA_KEY_TYPE_OFFLINE;
    get_license(player->session, player->service, type, player->id);
}

/* Waits for KEY_EXPIRED; it must not be late. (The clocks that it is told by are not read in the same millisecond.) */
static inline void await_end(Player *player)
{
    for (size_t i = 0; ended_at == 0 && recorder_wait(&player->recorder, i + 1); i++) {
    }
    CHECK_CODE(decrypt_nist(player->session, KID_A), DRM_ERR_NO_LICENSE);
    int64_t late = ended_at - expiry;
    if (!CHECK(expiry > 0 && late >= -2 && late < LATE)) {
        fprintf(stderr, "  ended %lld ms after its expiry\n", (long long)late);
    }
}

/* Every function returns, what needs the store in its time. */
static inline void end(Player *player)
{
    int64_t start = steady_seconds();
    CHECK_STR(row_of(player->session, KID_A_HEX), "EXPIRED");
    CHECK(steady_seconds() - start <= 1);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(player->session));
    CHECK_OK(OH_MediaKeySession_Destroy(player->session));
    CHECK_OK(OH_MediaKeySystem_Destroy(player->drm));
    CHECK(steady_seconds() - start <= LONGEST_CALL);
    CHECK_OK(OH_DrmLicenseService_Destroy(player->service));
    recorder_destroy(&player->recorder);
}

/* The request to release a stored license, and what its response comes to. */
static inline Message release_request(MediaKeySession *session, uint8_t id[16])
{
    Message message;
    int32_t size = (int32_t)sizeof(message.bytes);
    REQUIRE_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, message.bytes, &size));
    message.size = (uint32_t)size;
    return message;
}

static inline Drm_ErrCode process_release(MediaKeySession *session, uint8_t id[16], Message *response)
{
    return OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response->bytes, (int32_t)response->size);
}

/* A process that holds a store's lock and was stopped. */
static inline pid_t hold_lock(const char *store)
{
    char path[PATH_MAX + 8];
    int status = 0;
    snprintf(path, sizeof(path), "%s/lock", store);
    pid_t holder = fork();
    REQUIRE(holder >= 0);
    if (holder == 0) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0 || flock(file, LOCK_EX) != 0) {
            _exit(1);
        }
        raise(SIGSTOP);
        _exit(0);
    }
    REQUIRE(waitpid(holder, &status, WUNTRACED) == holder && WIFSTOPPED(status));
    return holder;
}

static inline void free_lock(pid_t holder)
{
    int status = 0;
    REQUIRE(kill(holder, SIGKILL) == 0 && waitpid(holder, &status, 0) == holder);
}

/* ---- */

/* `number` says which kind of license, and more; `name` has it in it, so that stores do not meet. */
typedef struct Case {
    const char *name;
    void (*run)(const char *name, int number);
    int count;
} Case;

static inline pid_t start_case(const Case *one, int number)
{
    char name[128];
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(100);
        check_failed_count = 0;
        snprintf(name, sizeof(name), "%s.%d", one->name, number);
        one->run(name, number);
        if (check_failed_count > 0) {
            fprintf(stderr, "failed: %s\n", name);
        }
        fflush(NULL);
        _exit(check_failed_count > 0 ? EXIT_FAILURE : nothing_left ? NOTHING_LEFT : EXIT_SUCCESS);
    }
    return child;
}

/* All numbers of a case, AT_ONCE at a time. */
static inline void run_all(const Case *one)
{
    int started = 0;
    int count = one->count;
    for (int ended = 0; ended < started || started < count; ended++) {
        while (started < count && started < ended + AT_ONCE) {
            start_case(one, started++);
        }
        int status = 0;
        REQUIRE(wait(&status) > 0);
        bool good = WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == NOTHING_LEFT);
        if (!CHECK(good)) {
            fprintf(stderr, "  a process of %s ended with status %x\n", one->name, (unsigned)status);
        } else if (WEXITSTATUS(status) == NOTHING_LEFT) {
            count = started;
        }
    }
    CHECK(started < CALLS);
    printf("%s: %d processes\n", one->name, started);
}

/* Runs the cases, or the one that the program's argument names. */
static inline int run_cases(const char *test, const Case *cases, size_t count, int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0) {
            run_all(&cases[i]);
        }
    }
    return check_finish(test);
}

#endif /* TEST_FAULTS_ENFORCEMENT_H */

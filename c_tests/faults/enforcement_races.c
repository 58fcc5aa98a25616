/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Samples take long while keys are replaced, keys go while the store is locked, tokens are stored slowly, and there are no more
 * threads: a license ends in its second all the same.
 *
 * As enforcement.c: each case is a process of its own. Whoever waits here waits for an event; limits are there for a library in
 * which it does not come.
 */
#define _GNU_SOURCE
#include "enforcement.h"

#include <poll.h>
#include <sys/mman.h>

/* ---- a sample that takes long: its second page is missing until somebody writes to a pipe ---- */

static uint8_t *pages;
static size_t page_size;
static int arrived[2];
static int go_on[2];

static void provide_page(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    uint8_t *address = (uint8_t *)info->si_addr;
    if (address < pages + page_size || address >= pages + 2 * page_size || write(arrived[1], "", 1) != 1) {
        signal(signal_number, SIG_DFL);
        return;
    }
    struct pollfd gate = {go_on[0], POLLIN, 0};
    (void)poll(&gate, 1, 7000);
    (void)mprotect(pages, 2 * page_size, PROT_READ | PROT_WRITE);
}

static void *decrypt_for_long(void *session)
{
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    CHECK_OK(OH_MediaKeySession_DecryptSample((MediaKeySession *)session, &info, pages, (uint32_t)(2 * page_size)));
    return NULL;
}

static pthread_t begin_long_sample(MediaKeySession *session)
{
    pthread_t thread;
    char byte;
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = provide_page;
    action.sa_flags = SA_SIGINFO;
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    pages = (uint8_t *)mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED && mprotect(pages + page_size, page_size, PROT_NONE) == 0);
    REQUIRE(pipe(arrived) == 0 && pipe(go_on) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    REQUIRE(pthread_create(&thread, NULL, decrypt_for_long, session) == 0);
    REQUIRE(read(arrived[0], &byte, 1) == 1);
    return thread;
}

/* Whatever another session does meanwhile, and waits for. */
enum { RESPOND, CLEAR, DESTROY, RESTORE, RELEASE, ACTIONS };

typedef struct Act {
    int action;
    MediaKeySession *session;
    uint8_t id[16];
    Message response;
} Act;

static void *act(void *argument)
{
    Act *one = (Act *)argument;
    switch (one->action) {
    case RESPOND:
        CHECK_OK(process_message(one->session, &one->response, NULL));
        break;
    case CLEAR:
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(one->session));
        break;
    case DESTROY:
        CHECK_OK(OH_MediaKeySession_Destroy(one->session));
        break;
    case RESTORE:
        CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(one->session, one->id, 16));
        break;
    default:
        CHECK_OK(process_release(one->session, one->id, &one->response));
        break;
    }
    return NULL;
}

/* The sample is that of a session without a license, or the acting session's own. */
static void a_sample_takes_long(const char *name, int number)
{
    Player player;
    pthread_t thread;
    Act one = {.action = number % ACTIONS};
    make_bare_player(&player, name);
    one.session = make_session(player.drm);
    get_license(one.session, player.service, MEDIA_KEY_TYPE_OFFLINE, one.id);
    CHECK_OK(decrypt_nist(one.session, KID_A));
    if (one.action == RESPOND || one.action == RELEASE) {
        Message request = one.action == RESPOND ? license_request(one.session, MEDIA_KEY_TYPE_OFFLINE)
                                                : release_request(one.session, one.id);
        one.response = ask_service(player.service, request.bytes, request.size);
        REQUIRE(one.response.answer.status == 200);
    }
    MediaKeySession *reader = one.session;
    if (number < ACTIONS) {
        reader = make_session(make_system(CLEARPLAY));
        give_key(reader, KID_A, NIST_KEY);
    }
    /* It ends after the acting session's, so that it would be held up by that one. */
    set_policy(player.service, "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":3}");
    record_session(&player.recorder, player.session);
    get_license(player.session, player.service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    pthread_t sample = begin_long_sample(reader);
    REQUIRE(pthread_create(&thread, NULL, act, &one) == 0);
    await_end(&player);
    REQUIRE(write(go_on[1], "", 1) == 1);
    pthread_join(thread, NULL);
    pthread_join(sample, NULL);
    end(&player);
}

/* ---- */

/* Keys go when they are cleared, not when what has become of them is stored. */
static void *clear_or_destroy(void *argument)
{
    Act *one = (Act *)argument;
    act(one);
    __atomic_store_n(&one->session, NULL, __ATOMIC_SEQ_CST);
    return NULL;
}

static void keys_go_while_the_store_is_locked(const char *name, int number)
{
    Player player;
    pthread_t thread;
    make_player(&player, name, OFFLINE);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    Act one = {.action = number == 0 ? CLEAR : DESTROY, .session = player.session};
    pid_t holder = hold_lock(player.store);
    CHECK(recorder_wait(&player.recorder, 2));
    struct timespec shortly_before = {(expiry - 200) / 1000, (expiry - 200) % 1000 * 1000000};
    (void)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &shortly_before, NULL);
    REQUIRE(pthread_create(&thread, NULL, clear_or_destroy, &one) == 0);
    int64_t last = 0;
    while (__atomic_load_n(&one.session, __ATOMIC_SEQ_CST) != NULL) {
        last = decrypt_nist(player.session, KID_A) == DRM_ERR_OK ? now_millis() : last;
    }
    pthread_join(thread, NULL);
    if (!CHECK(last < expiry + LATE)) {
        fprintf(stderr, "  used %lld ms after its expiry\n", (long long)(last - expiry));
    }
    free_lock(holder);
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

/* All sessions of an instance together wait for the store as long as one does. */
static void many_sessions_are_destroyed_while_the_store_is_locked(const char *name, int number)
{
    (void)number;
    Player player;
    policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":3600}";
    make_player(&player, name, OFFLINE);
    for (int i = 0; i < 12; i++) {
        MediaKeySession *session = make_session(player.drm);
        get_license(session, player.service, MEDIA_KEY_TYPE_OFFLINE, NULL);
        CHECK_OK(decrypt_nist(session, KID_A));
    }
    pid_t holder = hold_lock(player.store);
    int64_t start = steady_seconds();
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
    CHECK(steady_seconds() - start <= 3);
    free_lock(holder);
}

/* ---- a license has a client token, which is stored as well: each system call takes seconds ---- */

#define CLIENT_TOKEN \
    ",\"session_init\":{\"provider_client_token\":\"Y2xpZW50LXRva2VuLW9mLWFjbWU=\",\"override_provider_client_token\":true}"

typedef struct Taking {
    Player *player;
    Message license; /* of size 0: it is restored */
    Drm_ErrCode code;
    int done;
} Taking;

static void *take(void *argument)
{
    Taking *one = (Taking *)argument;
    MediaKeySession *session = one->player->session;
    one->code = one->license.size > 0 ? process_message(session, &one->license, NULL)
                                      : OH_MediaKeySession_RestoreOfflineMediaKeys(session, one->player->id, 16);
    __atomic_store_n(&one->done, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void a_token_is_stored_slowly(const char *name, int number, Kind kind)
{
    static char answer[POLICY_ROOM + 1];
    Player player;
    pthread_t thread;
    Taking one = {.player = &player};
    make_bare_player(&player, name);
    DRM_MediaKeyType type = kind == ONLINE ? MEDIA_KEY_TYPE_ONLINE : MEDIA_KEY_TYPE_OFFLINE;
    MediaKeySession *first = kind == ONLINE ? player.session : make_session(player.drm);
    Message request = license_request(first, type);
    Message license = license_in_template(player.service, &request, CLIENT_TOKEN, answer);
    if (kind == ONLINE) {
        one.license = license;
    } else {
        REQUIRE_OK(process_message(first, &license, player.id));
        CHECK_OK(decrypt_nist(first, KID_A));
        CHECK_OK(OH_MediaKeySession_Destroy(first));
    }
    record_session(&player.recorder, player.session);
    fault_arm(player.store, number + 1, FAULT_SLOW);
    REQUIRE(pthread_create(&thread, NULL, take, &one) == 0);
    int64_t last = 0;
    bool done = false;
    while (!done) {
        done = __atomic_load_n(&one.done, __ATOMIC_SEQ_CST) != 0;
        last = decrypt_nist(player.session, KID_A) == DRM_ERR_OK ? now_millis() : last;
        usleep(5000);
    }
    pthread_join(thread, NULL);
    nothing_left = fault_disarm() == NULL;
    CHECK(one.code == DRM_ERR_OK || one.code == DRM_ERR_NO_LICENSE);
    /* What is not stored plays at once. */
    if (last > 0 || kind == ONLINE) {
        await_end(&player);
        CHECK(last < expiry + LATE);
    }
    end(&player);
}

static void a_token_of_a_response_is_stored_slowly(const char *name, int number)
{
    a_token_is_stored_slowly(name, number, ONLINE);
}

static void a_token_of_a_restored_license_is_stored_slowly(const char *name, int number)
{
    a_token_is_stored_slowly(name, number, RESTORED);
}

/* ---- */

/* A child after fork() that cannot have a timer uses no license, whatever it asks first; then it can. */
static void a_child_without_threads(const char *name, int number)
{
    Player player;
    int status = 0;
    policy = "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":3}";
    make_player(&player, name, number < 3 ? ONLINE : OFFLINE);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    CHECK(recorder_wait(&player.recorder, 2));
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        fault_allow_threads(false);
        if (number % 3 == 0) {
            CHECK_STR(row_of(player.session, KID_A_HEX), "PENDING");
        } else if (number % 3 == 1) {
            (void)OH_MediaKeySystem_SetConfigurationString(player.drm, "outputHdcp", "HDCP_V1");
        }
        CHECK_CODE(decrypt_nist(player.session, KID_A), DRM_ERR_SERVICE_DIED);
        fault_allow_threads(true);
        CHECK_OK(decrypt_nist(player.session, KID_A));
        await_end(&player);
        fflush(NULL);
        _exit(check_failed_count > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    await_end(&player);
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

static const Case cases[] = {
    {"a_sample_takes_long", a_sample_takes_long, 2 * ACTIONS},
    {"keys_go_while_the_store_is_locked", keys_go_while_the_store_is_locked, 2},
    {"many_sessions_are_destroyed_while_the_store_is_locked", many_sessions_are_destroyed_while_the_store_is_locked, 1},
    {"a_token_of_a_response_is_stored_slowly", a_token_of_a_response_is_stored_slowly, CALLS},
    {"a_token_of_a_restored_license_is_stored_slowly", a_token_of_a_restored_license_is_stored_slowly, CALLS},
    {"a_child_without_threads", a_child_without_threads, 6},
};

int main(int argc, char **argv)
{
    return run_cases("enforcement_races", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Licenses are released while they are restored and before they are first used, the output changes in several threads, a log
 * callback is replaced while lines wait for it, children are forked while the store is locked, and one of several licenses cannot
 * be written: what was released is not used, the last one that was set counts, and nothing holds up the others. Nothing here is
 * about time.
 *
 * As enforcement.c: each case is a process of its own.
 */
#define _GNU_SOURCE
#include "enforcement.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/prctl.h>

#define RENTAL "{\"can_play\":true,\"can_persist\":true,\"rental_duration_seconds\":3600}"

/* For what may not come: releasing may need a lock that restoring has, a fault may keep a line from its callback. */
static void wait_at_most(sem_t *semaphore, int seconds)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += seconds;
    while (sem_timedwait(semaphore, &limit) != 0 && errno == EINTR) {
    }
}

/* ---- a license is released while it is restored, between any two system calls ---- */

static sem_t paused;
static sem_t released;

static void pause_restoring(void)
{
    sem_post(&paused);
    /* Releasing may need the lock that restoring has. */
    wait_at_most(&released, 1);
}

static void *restore_until_it_pauses(void *argument)
{
    Player *player = (Player *)argument;
    (void)OH_MediaKeySession_RestoreOfflineMediaKeys(player->session, player->id, 16);
    nothing_left = fault_disarm() == NULL;
    sem_post(&paused);
    return NULL;
}

static void a_license_is_released_while_restored(const char *name, int number, bool used, bool elsewhere)
{
    Player player;
    pthread_t thread;
    policy = RENTAL;
    make_bare_player(&player, name);
    MediaKeySystem *other = elsewhere ? make_system(POLICYPLAY) : player.drm;
    MediaKeySession *releasing = make_session(other);
    get_license(releasing, player.service, MEDIA_KEY_TYPE_OFFLINE, player.id);
    if (used) {
        CHECK_OK(decrypt_nist(releasing, KID_A));
    }
    Message request = release_request(releasing, player.id);
    Message response = ask_service(player.service, request.bytes, request.size);
    sem_init(&paused, 0, 0);
    sem_init(&released, 0, 0);
    fault_tell(pause_restoring);
    fault_arm(player.store, number + 1, FAULT_TOLD);
    REQUIRE(pthread_create(&thread, NULL, restore_until_it_pauses, &player) == 0);
    sem_wait(&paused);
    CHECK_OK(process_release(releasing, player.id, &response));
    sem_post(&released);
    pthread_join(thread, NULL);
    CHECK(decrypt_nist(player.session, KID_A) != DRM_ERR_OK);
    CHECK(decrypt_nist(releasing, KID_A) != DRM_ERR_OK);
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

static void a_used_license_is_released_while_restored(const char *name, int number)
{
    a_license_is_released_while_restored(name, number, true, false);
}

static void an_unused_license_is_released_while_restored(const char *name, int number)
{
    a_license_is_released_while_restored(name, number, false, false);
}

static void an_unused_license_is_released_elsewhere_while_restored(const char *name, int number)
{
    a_license_is_released_while_restored(name, number, false, true);
}

/* A first use that cannot be recorded, since there is no license to record it in any more. */
static void a_first_use_of_what_is_stored_no_more(const char *name, int number)
{
    Player player;
    policy = RENTAL;
    make_player(&player, name, RESTORED);
    MediaKeySystem *other = make_system(POLICYPLAY);
    if (number == 0) {
        MediaKeySession *releasing = make_session(other);
        REQUIRE_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(releasing, player.id, 16));
        Message request = release_request(releasing, player.id);
        Message response = ask_service(player.service, request.bytes, request.size);
        CHECK_OK(process_release(releasing, player.id, &response));
    } else {
        CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(other, player.id, 16));
    }
    CHECK_CODE(decrypt_nist(player.session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

/* ---- */

/* Three licenses end; the entry of one of them is a directory now. */
static int by_id(const void *a, const void *b) { return memcmp(a, b, 16); }

static void an_entry_cannot_be_written(const char *name, int number)
{
    enum { LICENSES = 3 };
    Player player;
    uint8_t ids[LICENSES][16];
    char path[PATH_MAX + 128];
    make_player(&player, name, OFFLINE);
    memcpy(ids[0], player.id, 16);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    for (int i = 1; i < LICENSES; i++) {
        MediaKeySession *session = make_session(player.drm);
        get_license(session, player.service, MEDIA_KEY_TYPE_OFFLINE, ids[i]);
        CHECK_OK(decrypt_nist(session, KID_A));
        record_session(&player.recorder, session);
    }
    qsort(ids, LICENSES, 16, by_id);
    int size = snprintf(path, sizeof(path), "%s/" POLICYPLAY "/", player.store);
    for (int i = 0; i < 16; i++) {
        size += snprintf(path + size, sizeof(path) - (size_t)size, "%02x", ids[number][i]);
    }
    snprintf(path + size, sizeof(path) - (size_t)size, ".key");
    REQUIRE(unlink(path) == 0 && mkdir(path, 0700) == 0);
    int ended = 0;
    for (size_t i = 0; ended < LICENSES && recorder_wait(&player.recorder, i + 1); i++) {
        RecordedCall *call = recorder_copy(&player.recorder, i);
        ended += call->kind == RECORDED_EVENT && call->event == EVENT_KEY_EXPIRED;
        free(call);
    }
    /* The broken one first, so that writing it has failed at least once. */
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    CHECK_CODE(OH_MediaKeySystem_GetOfflineMediaKeyStatus(player.drm, ids[number], 16, &status), DRM_ERR_SERVICE_DIED);
    for (int i = 0; i < LICENSES; i++) {
        if (i != number) {
            CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(player.drm, ids[i], 16, &status));
            CHECK_INT(status, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
        }
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

/* A log callback is replaced while lines of the library's threads wait for it: three stores that cannot be written. */
enum { LOGGED_STORES = 3 };
static pthread_t main_thread;
static sem_t former_called;
static sem_t former_may_return;
static sem_t new_called;
static int former_calls;

static void block_at_first(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    if (pthread_equal(pthread_self(), main_thread)) {
        return;
    }
    if (__atomic_add_fetch(&former_calls, 1, __ATOMIC_SEQ_CST) == 1) {
        sem_post(&former_called);
        sem_wait(&former_may_return);
    }
}

static void count_call(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)message, (void)data;
    if (!pthread_equal(pthread_self(), main_thread)) {
        sem_post(&new_called);
    }
}

static void a_log_callback_is_replaced(const char *name, int number)
{
    (void)number;
    static Player players[LOGGED_STORES];
    char store[128];
    char path[PATH_MAX + 8];
    DRM_OfflineMediaKeyStatus status;
    main_thread = pthread_self();
    sem_init(&former_called, 0, 0);
    sem_init(&former_may_return, 0, 0);
    sem_init(&new_called, 0, 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_ERROR, block_at_first, NULL));
    for (int i = 0; i < LOGGED_STORES; i++) {
        snprintf(store, sizeof(store), "%s.%d", name, i);
        make_player(&players[i], store, OFFLINE);
        CHECK_OK(decrypt_nist(players[i].session, KID_A));
        snprintf(path, sizeof(path), "%s/lock", players[i].store);
        REQUIRE(unlink(path) == 0 && mkdir(path, 0700) == 0);
    }
    for (int i = 0; i < LOGGED_STORES; i++) {
        for (size_t k = 0; recorder_wait(&players[i].recorder, k + 1); k++) {
            RecordedCall *call = recorder_copy(&players[i].recorder, k);
            bool ended = call->kind == RECORDED_EVENT && call->event == EVENT_KEY_EXPIRED;
            free(call);
            if (ended) {
                break;
            }
        }
        /* The line about a first attempt waits for the callback once a second one is made. */
        for (int k = 0; k < 2; k++) {
            CHECK_CODE(OH_MediaKeySystem_GetOfflineMediaKeyStatus(players[i].drm, players[i].id, 16, &status),
                       DRM_ERR_SERVICE_DIED);
        }
    }
    sem_wait(&former_called);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_ERROR, count_call, NULL));
    sem_post(&former_may_return);
    for (int i = 1; i < LOGGED_STORES; i++) {
        wait_at_most(&new_called, 5);
    }
    CHECK_INT(__atomic_load_n(&former_calls, __ATOMIC_SEQ_CST), 1);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    for (int i = 0; i < LOGGED_STORES; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(players[i].drm));
    }
}

/* The output is set by several threads at the same time: all sessions of an instance see the same one afterwards. */
#define OUTPUT_SESSIONS 40
#define OUTPUT_THREADS 4
static MediaKeySystem *output_system;
static pthread_barrier_t output_barrier;
static int output_rounds;

static void *set_output(void *value)
{
    for (int i = 0; i < output_rounds; i++) {
        pthread_barrier_wait(&output_barrier);
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(output_system, "outputHdcp", (const char *)value));
        pthread_barrier_wait(&output_barrier);
        pthread_barrier_wait(&output_barrier);
    }
    return NULL;
}

static void the_output_changes_in_several_threads(const char *name, int number)
{
    (void)number;
    Player player;
    pthread_t threads[OUTPUT_THREADS];
    MediaKeySession *sessions[OUTPUT_SESSIONS];
    uint8_t sample[16] = {0};
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, KID_B, NIST_CTR_IV);
    policy = "{\"can_play\":true}";
    make_bare_player(&player, name);
    output_system = player.drm;
    output_rounds = 400;
    for (int i = 0; i < OUTPUT_SESSIONS; i++) {
        sessions[i] = make_session(player.drm);
        get_license(sessions[i], player.service, MEDIA_KEY_TYPE_ONLINE, NULL);
    }
    REQUIRE(pthread_barrier_init(&output_barrier, NULL, OUTPUT_THREADS + 1) == 0);
    for (int i = 0; i < OUTPUT_THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, set_output, i % 2 == 0 ? "HDCP_V1" : "HDCP_NONE") == 0);
    }
    for (int i = 0; i < output_rounds; i++) {
        pthread_barrier_wait(&output_barrier);
        pthread_barrier_wait(&output_barrier);
        int usable = 0;
        for (int k = 0; k < OUTPUT_SESSIONS; k++) {
            usable += OH_MediaKeySession_DecryptSample(sessions[k], &info, sample, sizeof(sample)) == DRM_ERR_OK;
        }
        CHECK(usable == 0 || usable == OUTPUT_SESSIONS);
        pthread_barrier_wait(&output_barrier);
    }
    for (int i = 0; i < OUTPUT_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

/* ---- a child is forked, which lives on and does nothing: it has what the library had open, locks too ---- */

static pid_t idle_child;

static void fork_idle_child(void)
{
    idle_child = fork();
    REQUIRE(idle_child >= 0);
    while (idle_child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
    }
}

/* At any system call with which a first use is stored. */
static void a_child_is_forked_while_something_is_stored(const char *name, int number)
{
    Player player;
    policy = RENTAL;
    make_player(&player, name, OFFLINE);
    fault_tell(fork_idle_child);
    fault_arm(player.store, number + 1, FAULT_TOLD);
    CHECK_OK(decrypt_nist(player.session, KID_A));
    nothing_left = fault_disarm() == NULL;
    MediaKeySession *other = make_session(player.drm);
    get_license(other, player.service, MEDIA_KEY_TYPE_OFFLINE, player.id);
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(player.drm, player.id, 16));
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
    if (idle_child > 0) {
        free_lock(idle_child);
    }
}

/* A license service opens its store again after a fault of the disk. */
static void a_child_of_a_license_service(const char *name, int number)
{
    (void)number;
    Player player;
    char directory[PATH_MAX + 16];
    OH_DrmLicenseService *service = NULL;
    Message answer;
    policy = RENTAL;
    make_bare_player(&player, name);
    Message request = license_request(player.session, MEDIA_KEY_TYPE_ONLINE);
    snprintf(directory, sizeof(directory), "%s/service", player.store);
    fault_arm(directory, 0, FAULT_BROKEN);
    REQUIRE_OK(OH_DrmLicenseService_Create(directory, DRM_LICENSE_PROFILE_STRICT, &service));
    fork_idle_child();
    fault_arm(directory, 1, FAULT_BROKEN);
    CHECK(OH_DrmLicenseService_AddPolicy(service, "p", (const uint8_t *)policy, (uint32_t)strlen(policy)) != DRM_ERR_OK);
    CHECK(fault_disarm() != NULL);
    set_policy(service, policy);
    answer = ask_service(service, request.bytes, request.size);
    CHECK_INT(answer.answer.status, 401); /* it answers: the device is another service's */
    free_lock(idle_child);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
    CHECK_OK(OH_MediaKeySystem_Destroy(player.drm));
}

static const Case cases[] = {
    {"a_used_license_is_released_while_restored", a_used_license_is_released_while_restored, CALLS},
    {"an_unused_license_is_released_while_restored", an_unused_license_is_released_while_restored, CALLS},
    {"an_unused_license_is_released_elsewhere_while_restored", an_unused_license_is_released_elsewhere_while_restored,
     CALLS},
    {"a_first_use_of_what_is_stored_no_more", a_first_use_of_what_is_stored_no_more, 2},
    {"a_child_is_forked_while_something_is_stored", a_child_is_forked_while_something_is_stored, CALLS},
    {"a_child_of_a_license_service", a_child_of_a_license_service, 1},
    {"an_entry_cannot_be_written", an_entry_cannot_be_written, 3},
    {"a_log_callback_is_replaced", a_log_callback_is_replaced, 1},
    {"the_output_changes_in_several_threads", the_output_changes_in_several_threads, 1},
};

int main(int argc, char **argv)
{
    return run_cases("license_races", cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

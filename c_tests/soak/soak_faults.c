/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A long run in which something is always about to go wrong: trouble.h says what. Threads play licenses of a few seconds that
 * are renewed or not, keep, restore, release and delete stored ones, and travel in virtual time; children are forked. No license
 * ends late, what was confirmed as stored can be restored when the fault has ended, what was confirmed as released or deleted
 * stays so, every call that the fault does not concern succeeds, and nothing grows.
 *
 *     soak_faults [SECONDS]    20 without an argument
 *
 * NATIVE_DRM_TEST_SEED repeats the order of the faults; what threads are doing meanwhile differs. A license may be later than
 * LATE by what a thread of the test itself was late, and by what its answer took from the service to the library: its time runs from
 * when it is handed in. One that is over by the time the store has it never plays, and is told of when the call returns.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <semaphore.h>

#include "soak/trouble.h"
#include "support/library_threads.h"
#include "support/service_process.h"
#include "support/usage.h"

#define PLAYERS 4
#define SLOTS 16
#define LATE 500
#define DURATION 100 /* of a license in virtual time, seconds */
#define TOLERATED_PAGES 1024
#define TOLERATED_BYTES (256 * 1024)

static const char *const POLICIES[] = {
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":3,\"renewal_delay_seconds\":1}",
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true}",
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":100}",
};
enum { SHORT, ENDLESS, VIRTUAL };

enum { LIVES, RENEWALS, BAD_ANSWERS, STORED, RESTORED, RELEASED, DELETED, FAILED, JOURNEYS, CHECKED, CHILDREN, COUNTERS };
static const char *const COUNTER_NAMES[COUNTERS] = {
    "licenses that ended in time", "renewals", "answers refused as they should be", "licenses stored", "restored", "released",
    "deleted", "calls that failed for the fault", "journeys in virtual time", "stored licenses checked after a fault",
    "children"};
static unsigned long long counters[COUNTERS];
static int stop;
static int64_t latest_license;
/* Held for reading while a thread is inside the library: nobody else may be while it forks. */
static pthread_rwlock_t inside = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void count(int what)
{
    __atomic_fetch_add(&counters[what], 1, __ATOMIC_RELAXED);
}

static bool stopping(void)
{
    return __atomic_load_n(&stop, __ATOMIC_SEQ_CST) != 0;
}

/* How long the last answer of a thread took from the service to the library at most, milliseconds. */
static _Thread_local int64_t answer_age;

/* Requests and processes a license or a renewal. An answer that was spoilt is refused. */
static Drm_ErrCode request_license(MediaKeySession *session, DRM_MediaKeyType type, int policy, int64_t now, bool renewal,
                                   uint64_t *random, uint8_t id[16], bool *spoilt)
{
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    Drm_ErrCode code = try_request(session, type, renewal ? "requestType" : NULL, "renewal", request);
    *spoilt = false;
    if (code == DRM_ERR_OK) {
        Message answer = ask_at(policy, now, request->data, (size_t)request->dataLen);
        answer_age = millis_of(CLOCK_REALTIME) - asked_at;
        code = spoil(&answer, random, spoilt) ? process_message(session, &answer, id) : DRM_ERR_UNKNOWN;
        if (*spoilt) {
            CHECK(code != DRM_ERR_OK);
            count(BAD_ANSWERS);
        }
    }
    free(request);
    return code;
}

/* A call that needs the store went right, or failed for the fault. */
static bool went_right(Drm_ErrCode code, unsigned before, const char *what)
{
    if (code != DRM_ERR_OK && may_fail(before)) {
        if (!CHECK_CODE(code, DRM_ERR_SERVICE_DIED)) {
            fprintf(stderr, "  (%s)\n", what);
        }
        count(FAILED);
        return false;
    }
    if (!CHECK_OK(code)) {
        fprintf(stderr, "  (%s)\n", what);
    }
    return code == DRM_ERR_OK;
}

/* ---- lives of licenses, by the machine's clock ---- */

typedef enum Kind { ONLINE, OFFLINE, BROUGHT_BACK, KINDS } Kind;

typedef struct Life {
    MediaKeySession *session;
    sem_t over;
    int64_t expiry; /* milliseconds since 1970 */
    int64_t ended;
    int64_t taken; /* when the call that brought the license had returned, milliseconds since 1970 */
    bool played;   /* it could be used then */
    int64_t answer_age; /* what the license may be late by, because its answer took so long: milliseconds */
    bool waiting; /* the license is there, nobody touches the session until it ends */
} Life;

static MediaKeySystem *player_system;
static Life lives[PLAYERS];
/* Stored licenses that could not be removed yet. */
static uint8_t leftovers[1024][16];
static size_t leftover_count;
static pthread_mutex_t leftover_lock = PTHREAD_MUTEX_INITIALIZER;

static Drm_ErrCode on_life_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len, char *extra,
                                 void *data)
{
    Life *life = (Life *)data;
    (void)session, (void)extra;
    if (event == EVENT_EXPIRATION_UPDATE) {
        char number[32] = "";
        memcpy(number, info, (size_t)info_len < sizeof(number) ? (size_t)info_len : 31);
        __atomic_store_n(&life->expiry, strtoll(number, NULL, 10), __ATOMIC_SEQ_CST);
    } else if (event == EVENT_KEY_EXPIRED) {
        __atomic_store_n(&life->ended, millis_of(CLOCK_REALTIME), __ATOMIC_SEQ_CST);
        sem_post(&life->over);
    }
    return DRM_ERR_OK;
}

static void open_life(Life *life)
{
    OH_MediaKeySession_UserDataCallback callback = {on_life_event, NULL};
    life->session = make_session(player_system);
    CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(life->session, &callback, life));
}

static void check_end(const Life *life, const char *whose)
{
    int64_t after_expiry = life->ended - life->expiry;
    int64_t late = life->taken > life->expiry && !life->played ? life->ended - life->taken : after_expiry;
    int64_t machine = machine_late();
    int64_t most = __atomic_load_n(&latest_license, __ATOMIC_RELAXED);
    if (late > most) {
        __atomic_store_n(&latest_license, late, __ATOMIC_RELAXED);
    }
    /* A thread knows the end, another one calls back, and this one is told: each is woken late where the machine is busy. */
    if (!CHECK(life->ended > 0 && life->expiry > 0 && late < LATE + 3 * machine + life->answer_age && after_expiry > -50)) {
        fprintf(stderr,
                "  (%s: ended %lld ms late, %lld ms after its expiry; the machine was late by %lld, the answer by %lld; fault %u: %s)\n",
                whose, (long long)late, (long long)after_expiry, (long long)machine, (long long)life->answer_age, trouble_number,
                trouble_name);
    }
    CHECK_CODE(decrypt_nist(life->session, KID_A), DRM_ERR_NO_LICENSE);
}

static bool begin_life(Life *life, Kind kind, uint64_t *random, uint8_t id[16])
{
    bool spoilt;
    unsigned before = now_troubled();
    DRM_MediaKeyType type = kind == ONLINE ? MEDIA_KEY_TYPE_ONLINE : MEDIA_KEY_TYPE_OFFLINE;
    int64_t start = millis_of(CLOCK_REALTIME);
    Drm_ErrCode code = request_license(life->session, type, SHORT, MACHINE_TIME, false, random, id, &spoilt);
    if (spoilt) {
        return false;
    }
    /* A request has the client token in it, which is stored. */
    if (!went_right(code, before, "a license")) {
        return false;
    }
    life->taken = millis_of(CLOCK_REALTIME);
    /* A renewal that is later than that moves no clock. */
    life->answer_age = answer_age;
    if (kind == BROUGHT_BACK) {
        life->answer_age = 0;
        CHECK_OK(OH_MediaKeySession_Destroy(life->session));
        life->expiry = life->ended = 0;
        while (sem_trywait(&life->over) == 0) {
        }
        open_life(life);
        before = now_troubled();
        code = OH_MediaKeySession_RestoreOfflineMediaKeys(life->session, id, 16);
        if (code == DRM_ERR_NO_LICENSE && CHECK(millis_of(CLOCK_REALTIME) - start >= 1900)) {
            return false; /* it is over, so slow is the store */
        }
        life->taken = millis_of(CLOCK_REALTIME);
        if (!went_right(code, before, "restoring")) {
            return false;
        }
    }
    before = now_troubled();
    code = decrypt_nist(life->session, KID_A);
    life->played = code == DRM_ERR_OK;
    if (code == DRM_ERR_NO_LICENSE) {
        CHECK(millis_of(CLOCK_REALTIME) - start >= 1900);
    } else if (kind == ONLINE) {
        CHECK_OK(code);
    } else {
        (void)went_right(code, before, "first use");
    }
    return true;
}

static void live(Life *life, uint64_t *random)
{
    uint8_t id[16];
    Kind kind = (Kind)random_below(random, KINDS);
    struct timespec limit;
    memset(life, 0, sizeof(*life));
    memset(id, 0, sizeof(id));
    sem_init(&life->over, 0, 0);
    pthread_rwlock_rdlock(&inside);
    open_life(life);
    bool begun = begin_life(life, kind, random, id);
    __atomic_store_n(&life->waiting, begun, __ATOMIC_SEQ_CST);
    pthread_rwlock_unlock(&inside);
    if (begun && random_below(random, 2) == 0) {
        bool spoilt;
        sleep_millis(1100 + random_below(random, 1500));
        pthread_rwlock_rdlock(&inside);
        unsigned before = now_troubled();
        DRM_MediaKeyType type = kind == ONLINE ? MEDIA_KEY_TYPE_ONLINE : MEDIA_KEY_TYPE_OFFLINE;
        int64_t now = millis_of(CLOCK_REALTIME);
        int64_t expiry = __atomic_load_n(&life->expiry, __ATOMIC_SEQ_CST);
        if (now < expiry) {
            Drm_ErrCode code = request_license(life->session, type, SHORT, MACHINE_TIME, true, random, NULL, &spoilt);
            bool refused = code == DRM_ERR_NO_LICENSE || code == DRM_ERR_SERVICE_DENIED;
            bool over = refused && millis_of(CLOCK_REALTIME) >= expiry;
            if (!spoilt && !over && went_right(code, before, "renewal")) {
                count(RENEWALS);
            }
        }
        pthread_rwlock_unlock(&inside);
    }
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 30;
    if (begun && CHECK(sem_timedwait(&life->over, &limit) == 0)) {
        count(LIVES);
    }
    pthread_rwlock_rdlock(&inside);
    if (begun) {
        check_end(life, "a player");
    }
    __atomic_store_n(&life->waiting, false, __ATOMIC_SEQ_CST);
    CHECK_OK(OH_MediaKeySession_Destroy(life->session));
    unsigned before = now_troubled();
    if (kind != ONLINE && id[0] + id[1] + id[2] != 0 &&
        !went_right(OH_MediaKeySystem_ClearOfflineMediaKeys(player_system, id, 16), before, "removing")) {
        pthread_mutex_lock(&leftover_lock);
        REQUIRE(leftover_count < sizeof(leftovers) / sizeof(leftovers[0]));
        memcpy(leftovers[leftover_count++], id, 16);
        pthread_mutex_unlock(&leftover_lock);
    }
    pthread_rwlock_unlock(&inside);
    sem_destroy(&life->over);
}

static void *play(void *argument)
{
    Worker *worker = (Worker *)argument;
    while (!stopping()) {
        live(&lives[worker->number], &worker->random);
    }
    return NULL;
}

#include "soak/keepers.h"

/* ---- children ---- */

static pid_t last_child;

static void wait_for_child(void)
{
    int status = 0;
    if (last_child > 0) {
        REQUIRE(waitpid(last_child, &status, 0) == last_child);
        if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)) {
            fprintf(stderr, "  a child's status is %x\n", (unsigned)status);
        }
        last_child = 0;
    }
}

/* What the parent has ends in the child as well: the child's first sample, of whichever license, starts its timer. */
static void be_child(void)
{
    int64_t start = millis_of(CLOCK_REALTIME);
    alarm(60);
    check_failed_count = 0;
    start_watching_machine();
    for (int i = 0; i < PLAYERS; i++) {
        if (lives[i].waiting && lives[i].ended == 0) {
            (void)decrypt_nist(lives[i].session, KID_A);
            break;
        }
    }
    for (int i = 0; i < PLAYERS; i++) {
        Life *life = &lives[i];
        /* What was just about to end might have been told in the parent. */
        if (life->waiting && life->ended == 0 && life->expiry > start + 300) {
            while (__atomic_load_n(&life->ended, __ATOMIC_SEQ_CST) == 0) {
                sleep_millis(2);
            }
            check_end(life, "a child");
        }
    }
    fflush(NULL);
    _exit(check_failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void fork_child(void)
{
    wait_for_child();
    pthread_rwlock_wrlock(&inside);
    fflush(NULL);
    last_child = fork();
    REQUIRE(last_child >= 0);
    if (last_child == 0) {
        be_child();
    }
    pthread_rwlock_unlock(&inside);
    count(CHILDREN);
}

/* ---- */

static Usage usage(const char *when, double at)
{
    pthread_rwlock_wrlock(&inside);
    Usage seen = read_usage();
    seen.threads = other_threads();
    pthread_rwlock_unlock(&inside);
    printf("%6.1f s %-5s %8ld KiB resident, %10zu bytes allocated, %d descriptors, %d threads, latest license %lld ms\n", at,
           when, seen.pages * 4, seen.allocated, seen.descriptors, seen.threads, (long long)latest_license);
    fflush(stdout);
    return seen;
}

static void run(double seconds, uint64_t *random)
{
    Usage warm = {0, 0, 0, 0};
    bool is_warm = false;
    int64_t start = millis_of(CLOCK_MONOTONIC);
    double at = 0;
    double shown = 0;
    unsigned longest = seconds < 60 ? 2500 : 10000;
    while (at < seconds) {
        sleep_millis(100 + random_below(random, 400));
        if (random_below(random, 4) == 0) {
            fork_child();
        }
        be_in_trouble(random, longest);
        check_stored();
        at = (double)(millis_of(CLOCK_MONOTONIC) - start) / 1000;
        if (!is_warm && at > seconds * 2 / 5) {
            warm = usage("warm", at);
            is_warm = true;
        } else if (at - shown >= 30) {
            usage("", at);
            shown = at;
        }
    }
    Usage end = usage("end", at);
    CHECK(is_warm);
    CHECK(end.pages <= warm.pages + TOLERATED_PAGES);
    CHECK(end.allocated <= warm.allocated + TOLERATED_BYTES);
    /* The stores' recorders may have a file open each, and exist. */
    CHECK(end.descriptors <= warm.descriptors + 2 * STORES);
    CHECK(end.threads <= warm.threads + STORES + 1);
}

int main(int argc, char **argv)
{
    Worker workers[PLAYERS + 2];
    uint64_t random = test_seed() * 2862933555777941757u + 1;
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 20;
    REQUIRE(seconds > 0 && setenv("NATIVE_DRM_LOG", "debug", 1) == 0);
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_ARENA_MAX, 1);
    (void)START_MILLIS; /* the same for both processes */
    snprintf(trouble_base, sizeof(trouble_base), "%s/", getenv("NATIVE_DRM_STORAGE_DIR"));
    fault_arm(trouble_base, 0, FAULT_EIO);
    pid_t service = start_service(POLICIES);
    take_standard_error();
    open_devices();
    start_watching_machine();
    for (int i = 0; i < PLAYERS + 2; i++) {
        workers[i].number = i;
        workers[i].random = random * 3037000493u + (uint64_t)i + 1;
        void *(*body)(void *) = i < PLAYERS ? play : i == PLAYERS ? keep : travel;
        REQUIRE(pthread_create(&workers[i].thread, NULL, body, &workers[i]) == 0);
    }
    run(seconds, &random);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < PLAYERS + 2; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    wait_for_child();
    check_stored();
    check_rest();
    end_service_process(service);
    for (size_t i = 0; i < TROUBLE_COUNT; i++) {
        printf("%12u times: %s\n", trouble_counts[i], TROUBLES[i].name);
        CHECK(trouble_counts[i] > 0 || seconds < 300);
    }
    printf("%12llu bytes of log, losses told in %llu places\n", log_bytes, log_losses);
    for (int i = 0; i < COUNTERS; i++) {
        printf("%12llu %s\n", counters[i], COUNTER_NAMES[i]);
        CHECK(counters[i] > 0 || seconds < 300);
    }
    printf("the latest license ended %lld ms late\n", (long long)latest_license);
    return check_finish("soak_faults");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A long run: systems of all three key systems with all the sessions that they can have, two threads that decrypt, renew,
 * replace, clear, store and release, and a virtual clock by which licenses become due and end. Nothing fails that should
 * not, and memory, descriptors and threads do not grow once all has been used.
 *
 *     soak [SECONDS [SYSTEMS [SESSIONS]]]    per key system; 5 2 8 without arguments
 *
 * GLIBC_TUNABLES=glibc.malloc.tcache_count=0 belongs in its environment: what threads have freed and keep for themselves
 * would count as allocated.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <unistd.h>

#include "support/library_threads.h"
#include "support/service_process.h"
#include "support/threads.h"
#include "support/usage.h"

#define THREADS 2
#define MAX_SYSTEMS 64
#define MAX_SESSIONS 64
#define DURATION 1000 /* seconds that a license lasts */
#define POLICY                                                                                                      \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":1000,"                  \
    "\"renewal_delay_seconds\":500}"
/* Pages by which resident memory may differ at the end, and bytes by which what is allocated may: events are waiting to be
   delivered, more of them the more sessions there are. */
#define TOLERATED_PAGES 1024
#define TOLERATED_BYTES(warm) ((warm) / 50 + 256 * 1024)

static const char *const NAMES[3] = {CLEARPLAY, W3C_CLEARKEY, POLICYPLAY};

typedef struct Place {
    MediaKeySession *session;
    int64_t ends; /* of the license by the virtual clock, seconds; INT64_MAX: never */
} Place;

static MediaKeySystem *systems[3][MAX_SYSTEMS];
static Place places[3][MAX_SYSTEMS][MAX_SESSIONS];
static int system_count = 2;
static int session_count = 8;
static double seconds = 5;
static int stop;
/* Read by those who work, written by whoever moves the clock. */
static pthread_rwlock_t clock_lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int64_t now;

enum { DECRYPTED, REFUSED, LICENSES, RENEWALS, REPLACED, CLEARED, SESSIONS, RELEASED, EVENTS, DUE, EXPIRED, CHANGES, TICKS, COUNTERS };
static const char *const COUNTER_NAMES[COUNTERS] = {
    "samples decrypted", "samples refused as they should be", "licenses", "renewals", "keys replaced", "sessions cleared",
    "sessions renewed", "offline licenses stored and released", "events", "renewals due", "keys expired", "key changes",
    "steps of the clock"};
static unsigned long long counters[COUNTERS];

static void count(int what)
{
    __atomic_fetch_add(&counters[what], 1, __ATOMIC_RELAXED);
}

static Message ask(const void *bytes, size_t size)
{
    return ask_at(0, START_MILLIS + now * 1000, bytes, size);
}

/* ---- callbacks ---- */

static Drm_ErrCode on_soak_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len, char *extra,
                                 void *data)
{
    (void)session;
    (void)info;
    (void)extra;
    (void)data;
    CHECK(info_len >= 0);
    count(event == EVENT_KEY_REQUIRED ? DUE : event == EVENT_KEY_EXPIRED ? EXPIRED : EVENTS);
    return DRM_ERR_OK;
}

static Drm_ErrCode on_soak_keys(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *data)
{
    (void)session;
    (void)new_keys;
    (void)data;
    CHECK(keys->keysInfoCount <= 2);
    count(CHANGES);
    return DRM_ERR_OK;
}

/* ---- what is done to a session ---- */

static void request_license(MediaKeySession *session, DRM_MediaKeyType type, bool renewal, uint8_t id[16])
{
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    if (CHECK_OK(try_request(session, type, renewal ? "requestType" : NULL, "renewal", request))) {
        Message answer = ask(request->data, (size_t)request->dataLen);
        CHECK_OK(process_message(session, &answer, id));
    }
    free(request);
}

static void get_key(int kind, Place *place)
{
    if (kind == 2) {
        request_license(place->session, MEDIA_KEY_TYPE_ONLINE, false, NULL);
        place->ends = now + DURATION;
        count(LICENSES);
    } else {
        give_jwk(place->session, NULL, KID_A, NIST_KEY);
        place->ends = INT64_MAX;
    }
}

static void open_place(int kind, int index, Place *place)
{
    OH_MediaKeySession_UserDataCallback callback;
    MediaKeySession *session = make_session(systems[kind][index]);
    callback.eventCallback = on_soak_event;
    callback.keyChangeCallback = on_soak_keys;
    CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, &callback, place));
    __atomic_store_n(&place->session, session, __ATOMIC_SEQ_CST);
    get_key(kind, place);
}

/* A license that is stored, used and given back. */
static void store_and_release(Place *place)
{
    Message request;
    uint8_t id[16];
    int32_t size = (int32_t)sizeof(request.bytes);
    /* Otherwise the request could be a renewal of the license that is there. */
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(place->session));
    request_license(place->session, MEDIA_KEY_TYPE_OFFLINE, false, id);
    CHECK_OK(decrypt_nist(place->session, KID_A));
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(place->session, id, 16, request.bytes, &size));
    Message answer = ask(request.bytes, (size_t)size);
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(place->session, id, 16, answer.bytes, (int32_t)answer.size));
    CHECK_CODE(decrypt_nist(place->session, KID_A), DRM_ERR_NO_KEY);
    count(RELEASED);
    get_key(2, place);
}

static void change(int kind, int index, Place *place, uint64_t *random)
{
    uint32_t what = random_below(random, 100);
    if (what < 5) {
        CHECK_OK(OH_MediaKeySession_Destroy(place->session));
        open_place(kind, index, place);
        count(SESSIONS);
    } else if (what < 20) {
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(place->session));
        CHECK_CODE(decrypt_nist(place->session, KID_A), DRM_ERR_NO_KEY);
        get_key(kind, place);
        count(CLEARED);
    } else if (what < 22 && kind == 2) {
        store_and_release(place);
    } else {
        get_key(kind, place);
        count(REPLACED);
    }
}

static void use(int kind, Place *place)
{
    Drm_ErrCode expected = now < place->ends ? DRM_ERR_OK : DRM_ERR_NO_LICENSE;
    CHECK_CODE(decrypt_nist(place->session, KID_A), expected);
    count(expected == DRM_ERR_OK ? DECRYPTED : REFUSED);
    if (kind == 2 && expected != DRM_ERR_OK) {
        get_key(kind, place);
    } else if (kind == 2 && now >= place->ends - DURATION / 2) {
        request_license(place->session, MEDIA_KEY_TYPE_ONLINE, true, NULL);
        place->ends = now + DURATION;
        count(RENEWALS);
    }
}

/* A session that another thread may be clearing or destroying. */
static void use_foreign(Place *place)
{
    Drm_ErrCode code = decrypt_nist(__atomic_load_n(&place->session, __ATOMIC_SEQ_CST), KID_A);
    CHECK(code == DRM_ERR_OK || code == DRM_ERR_NO_KEY || code == DRM_ERR_NO_LICENSE || code == DRM_ERR_INVALID_VAL);
    count(code == DRM_ERR_OK ? DECRYPTED : REFUSED);
}

static void work(Worker *worker)
{
    /* With few sessions, some changes after each step of the clock: seldom enough that licenses become due in between,
       however fast the machine is. */
    const int sessions = 3 * system_count * session_count;
    const bool few = sessions < 3000;
    int64_t seen = -1;
    int left = 0;
    while (__atomic_load_n(&stop, __ATOMIC_SEQ_CST) == 0) {
        int kind = (int)random_below(&worker->random, 3);
        int index = (int)random_below(&worker->random, (uint32_t)system_count);
        Place *place = &places[kind][index][random_below(&worker->random, (uint32_t)session_count)];
        pthread_rwlock_rdlock(&clock_lock);
        if (now != seen) {
            seen = now;
            left = 1 + sessions / 32;
        }
        if (index % THREADS != worker->number) {
            use_foreign(place);
        } else if (few ? left > 0 : random_below(&worker->random, 50) == 0) {
            left--;
            change(kind, index, place, &worker->random);
        } else {
            use(kind, place);
        }
        pthread_rwlock_unlock(&clock_lock);
    }
}

static void *worker_alone(void *argument)
{
    work((Worker *)argument);
    return NULL;
}

/* ---- the clock, and what is used ---- */

static Usage usage(const char *when, double at)
{
    Usage seen = read_usage();
    seen.threads = other_threads(); /* those for events come and go */
    printf("%6.1f s %-10s %8ld KiB resident, %10zu bytes allocated, %d descriptors, %d threads\n", at, when,
           seen.pages * 4, seen.allocated, seen.descriptors, seen.threads);
    fflush(stdout);
    return seen;
}

static double elapsed(void)
{
    static struct timespec start;
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    if (start.tv_sec == 0) {
        start = at;
    }
    return (double)(at.tv_sec - start.tv_sec) + (double)(at.tv_nsec - start.tv_nsec) / 1e9;
}

static void pass_time(int64_t step)
{
    pthread_rwlock_wrlock(&clock_lock);
    now += step;
    for (int i = 0; i < system_count; i++) {
        CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(systems[2][i], (uint64_t)step * 1000, i % 2 == 1));
    }
    pthread_rwlock_unlock(&clock_lock);
    count(TICKS);
}

static void open_all(void)
{
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < system_count; i++) {
            systems[kind][i] = make_system(NAMES[kind]);
            if (kind == 2) {
                REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(systems[kind][i], START_MILLIS));
                if (certificate_of(systems[kind][i]) != CERT_STATUS_PROVISIONED) {
                    Message request = provision_request(systems[kind][i]);
                    Message answer = ask(request.bytes, request.size);
                    REQUIRE_OK(process_provision(systems[kind][i], &answer));
                }
            }
            for (int j = 0; j < session_count; j++) {
                open_place(kind, i, &places[kind][i][j]);
            }
        }
    }
}

static void run(void)
{
    Worker workers[THREADS];
    Usage warm = {0, 0, 0, 0};
    double start = elapsed();
    double shown = start;
    int64_t steps = 0;
    bool is_warm = false;
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].random = test_seed() * 2862933555777941757u + (uint64_t)i + 1;
        REQUIRE(pthread_create(&workers[i].thread, NULL, worker_alone, &workers[i]) == 0);
    }
    while (elapsed() - start < seconds) {
        usleep(200000);
        pass_time(60);
        steps++;
        /* Warm: several lives of all licenses, or two fifths of the time. */
        if (!is_warm && elapsed() - start > seconds * 2 / 5) {
            warm = usage("warm", elapsed() - start);
            is_warm = true;
        } else if (elapsed() - shown >= 30) {
            usage("", elapsed() - start);
            shown = elapsed();
        }
    }
    Usage end = usage("end", elapsed() - start);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    CHECK(is_warm);
    CHECK(end.pages <= warm.pages + TOLERATED_PAGES);
    CHECK(end.allocated <= warm.allocated + TOLERATED_BYTES(warm.allocated));
    CHECK(end.descriptors <= warm.descriptors + 1); /* one may be open in the store */
    CHECK(end.threads <= warm.threads + 1); /* one for events may have no name yet */
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        seconds = strtod(argv[1], NULL);
        system_count = argc > 2 ? atoi(argv[2]) : MAX_SYSTEMS;
        session_count = argc > 3 ? atoi(argv[3]) : MAX_SESSIONS;
    }
    REQUIRE(system_count >= THREADS && system_count <= MAX_SYSTEMS);
    REQUIRE(session_count > 0 && session_count <= MAX_SESSIONS && seconds > 0);
    /* With an arena for each thread, what this thread has opened is freed to one and replaced in others: resident memory
       would grow until all of it has been replaced. */
    mallopt(M_ARENA_MAX, 1);
    (void)START_MILLIS; /* the same for both processes */
    const char *const policies[] = {POLICY};
    pid_t service = start_service(policies);
    elapsed();
    open_all();
    printf("%d systems, %d sessions\n", 3 * system_count, 3 * system_count * session_count);
    usage("open", elapsed());
    run();
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < system_count; i++) {
            CHECK_OK(OH_MediaKeySystem_Destroy(systems[kind][i]));
        }
    }
    usage("destroyed", elapsed());
    end_service_process(service);
    for (int i = 0; i < COUNTERS; i++) {
        printf("%12llu %s\n", counters[i], COUNTER_NAMES[i]);
        CHECK(counters[i] > 0 || i == RELEASED);
    }
    return check_finish("soak");
}

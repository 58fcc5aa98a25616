/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Measures OH_MediaKeySession_DecryptSample against OpenSSL and libgcrypt.
 *
 *   native_drm_decrypt_bench [--json FILE] [--repetitions N] [--slice-ms MS] [--cold-mib N] [--one-thread] [--only ID]
 *                            [--check]
 *
 * Every figure is the median over the repetitions, in each of which all contestants have their turn for a slice of time.
 * Ratios are taken within a repetition. Before that, all contestants decrypt the same sample and must agree. With --check, the
 * exit status is 2 if a goal was missed. The goals are for processors with VAES and AVX-512. With NATIVE_DRM_CPU=aesni, avx2 or
 * vaes256, OpenSSL and libgcrypt have no better instructions either.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "turns.h"

#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

#define MAX_REPETITIONS 101

/* All contestants turn the same bytes into the same bytes, and native_drm changes nothing beside them. */
static void check_agreement(const Workload *workload, Contestant *const contestants[CONTESTANTS])
{
    Pool expected = pool_new(workload, 0);
    contestant_run(contestants[NATIVE_DRM], expected.memory);
    for (int i = OPENSSL; i <= GCRYPT; i++) {
        if (contestants[i] == NULL) {
            continue;
        }
        Pool other = pool_new(workload, 0);
        contestant_run(contestants[i], other.memory);
        if (memcmp(expected.memory, other.memory, expected.stride) != 0) {
            fail("workload %s: %s and native_drm disagree", workload->id, CONTESTANT_NAMES[i]);
        }
        pool_free(&other);
    }
    pool_free(&expected);
}

/* Medians of the times and of the ratios, over all repetitions. */
static void measure(const Settings *settings, Contestant *const contestants[CONTESTANTS], const Workload *workload,
                    size_t bytes, double nanoseconds[CONTESTANTS], double over_openssl[CONTESTANTS],
                    double over_gcrypt[CONTESTANTS])
{
    double times[CONTESTANTS][MAX_REPETITIONS];
    double values[MAX_REPETITIONS];
    uint64_t runs[CONTESTANTS];
    /* One pool for all: what is in cache is so for all of them. */
    Pool pool = pool_new(workload, bytes);
    for (int i = 0; i < CONTESTANTS; i++) {
        runs[i] = contestants[i] == NULL ? 0 : runs_for(contestants[i], &pool, settings->slice_ms * 1e6);
    }
    for (int repetition = 0; repetition < settings->repetitions; repetition++) {
        for (int turn = 0; turn < CONTESTANTS; turn++) {
            /* Another one begins each time. */
            int i = (turn + repetition) % CONTESTANTS;
            if (contestants[i] != NULL) {
                times[i][repetition] = time_runs(contestants[i], &pool, runs[i]);
            }
        }
    }
    pool_free(&pool);
    for (int i = 0; i < CONTESTANTS; i++) {
        if (contestants[i] == NULL) {
            continue;
        }
        for (int other = OPENSSL; other <= GCRYPT; other++) {
            double *ratio = other == OPENSSL ? over_openssl : over_gcrypt;
            if (ratio != NULL && contestants[other] != NULL) {
                for (int repetition = 0; repetition < settings->repetitions; repetition++) {
                    values[repetition] = times[other][repetition] / times[i][repetition];
                }
                ratio[i] = median(values, settings->repetitions);
            }
        }
    }
    for (int i = 0; i < CONTESTANTS; i++) {
        if (contestants[i] != NULL) {
            nanoseconds[i] = median(times[i], settings->repetitions);
        }
    }
}

/* Throughput of two threads by that of one thread measured right before it. */
static double scaling(const Settings *settings, int which, const Workload *workload, MediaKeySession *first,
                      MediaKeySession *second)
{
    double ratios[MAX_REPETITIONS];
    Contestant *contestants[2] = {contestant_new(which, workload, first), contestant_new(which, workload, second)};
    Pool pools[2] = {pool_new(workload, WARM_BYTES), pool_new(workload, WARM_BYTES)};
    /* The threads are not quite at the same time; longer slices make that small. */
    uint64_t runs = runs_for(contestants[0], &pools[0], 4 * settings->slice_ms * 1e6);
    for (int repetition = 0; repetition < settings->repetitions; repetition++) {
        double one = time_runs(contestants[0], &pools[0], runs);
        ratios[repetition] = one / time_two_threads(contestants, pools, runs);
    }
    for (int i = 0; i < 2; i++) {
        contestant_free(contestants[i]);
        pool_free(&pools[i]);
    }
    return median(ratios, settings->repetitions);
}

static void measure_workload(const Settings *settings, MediaKeySession *const sessions[2], Result *result)
{
    const Workload *workload = result->workload;
    Contestant *contestants[CONTESTANTS];
    for (int i = 0; i < CONTESTANTS; i++) {
        contestants[i] = contestant_new(i, workload, sessions[0]);
        result->present[i] = contestants[i] != NULL;
    }
    check_agreement(workload, contestants);
    measure(settings, contestants, workload, WARM_BYTES, result->nanoseconds, result->over_openssl, result->over_gcrypt);
    if (settings->cold_bytes > 0) {
        measure(settings, contestants, workload, settings->cold_bytes, result->cold_nanoseconds,
                result->cold_over_openssl, NULL);
    }
    for (int i = 0; i < CONTESTANTS; i++) {
        contestant_free(contestants[i]);
    }
    if (settings->threads && sysconf(_SC_NPROCESSORS_ONLN) >= 2) {
        result->one_session = scaling(settings, NATIVE_DRM, workload, sessions[0], sessions[0]);
        result->two_sessions = scaling(settings, NATIVE_DRM, workload, sessions[0], sessions[1]);
        result->openssl_threads = scaling(settings, OPENSSL, workload, NULL, NULL);
    }
}

static size_t default_cold_bytes(void)
{
    const size_t mib = 1024 * 1024;
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    size_t bytes = cache > 0 ? 2 * (size_t)cache : 256 * mib;
    return bytes < 64 * mib ? 64 * mib : bytes > 1024 * mib ? 1024 * mib : bytes;
}

int main(int argc, char **argv)
{
    Settings settings = {.repetitions = 21, .slice_ms = 2, .cold_bytes = default_cold_bytes(), .threads = true};
    const char *json = NULL;
    bool check = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--check") == 0) {
            check = true;
            continue;
        } else if (strcmp(argv[i], "--one-thread") == 0) {
            settings.threads = false;
            continue;
        } else if (strcmp(argv[i], "--json") == 0) {
            json = value;
        } else if (strcmp(argv[i], "--repetitions") == 0) {
            settings.repetitions = atoi(value);
        } else if (strcmp(argv[i], "--slice-ms") == 0) {
            settings.slice_ms = atof(value);
        } else if (strcmp(argv[i], "--cold-mib") == 0) {
            settings.cold_bytes = strtoull(value, NULL, 10) * 1024 * 1024;
        } else if (strcmp(argv[i], "--only") == 0) {
            settings.only = value;
        } else {
            fail("usage: %s [--json FILE] [--repetitions N] [--slice-ms MS] [--cold-mib N] [--one-thread] "
                 "[--only ID] [--check]", argv[0]);
        }
        i++;
    }
    if (settings.repetitions < 1 || settings.repetitions > MAX_REPETITIONS || settings.slice_ms <= 0) {
        fail("repetitions: 1 to %d; slices longer than 0 ms", MAX_REPETITIONS);
    }
    restrict_others(argv);
    if (gcry_check_version(GCRYPT_VERSION) == NULL || gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0) != 0) {
        fail("libgcrypt is older than its header");
    }
    pin_to_cpu(0);

    MediaKeySystem *system = NULL;
    if (OH_MediaKeySystem_Create("com.clearplay.drm", &system) != DRM_ERR_OK) {
        fail("no MediaKeySystem");
    }
    MediaKeySession *sessions[2] = {make_session(system), make_session(system)};
    static Workload workloads[MAX_WORKLOADS];
    static Result results[MAX_WORKLOADS];
    int workload_count = make_workloads(workloads);
    int count = 0;
    for (int i = 0; i < workload_count; i++) {
        if (settings.only == NULL || strcmp(settings.only, workloads[i].id) == 0) {
            fprintf(stderr, "%s: %s\n", workloads[i].id, workloads[i].what);
            results[count].workload = &workloads[i];
            measure_workload(&settings, sessions, &results[count]);
            count++;
        }
    }
    if (count == 0) {
        fail("no workload %s", settings.only);
    }
    OH_MediaKeySystem_Destroy(system);
    print_results(results, count);
    if (json != NULL) {
        write_json(json, &settings, results, count);
    }
    return check && goals_missed(results, count) > 0 ? 2 : 0;
}

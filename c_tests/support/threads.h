/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Threads, a common start, random numbers with a printed seed, and how much a test repeats.
 */
#ifndef TEST_SUPPORT_THREADS_H
#define TEST_SUPPORT_THREADS_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"

/* Fewer repetitions where NATIVE_DRM_TEST_SHORT is set: under valgrind, for one. */
static inline int repetitions(int full)
{
    return getenv("NATIVE_DRM_TEST_SHORT") == NULL ? full : (full + 19) / 20;
}

/* The seed of this run: NATIVE_DRM_TEST_SEED, or the time. Printed, so that a failure can be repeated. */
static inline uint64_t test_seed(void)
{
    static uint64_t seed;
    if (seed == 0) {
        const char *given = getenv("NATIVE_DRM_TEST_SEED");
        seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) | 1;
        printf("seed: NATIVE_DRM_TEST_SEED=%" PRIu64 "\n", seed);
        fflush(stdout);
    }
    return seed;
}

/* xorshift64* (Vigna, 2014). */
static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

typedef struct Worker {
    pthread_t thread;
    pthread_barrier_t *start;
    void (*run)(struct Worker *worker);
    int number;
    uint64_t random;
    void *argument;
} Worker;

static inline void *worker_main(void *argument)
{
    Worker *worker = (Worker *)argument;
    pthread_barrier_wait(worker->start);
    worker->run(worker);
    return NULL;
}

#define MAX_WORKERS 16

/* Runs `count` threads that start together, and waits for them. */
static inline void run_workers(int count, void (*run)(Worker *worker), void *argument)
{
    Worker workers[MAX_WORKERS];
    pthread_barrier_t start;
    REQUIRE(count <= MAX_WORKERS && pthread_barrier_init(&start, NULL, (unsigned)count) == 0);
    for (int i = 0; i < count; i++) {
        workers[i].start = &start;
        workers[i].run = run;
        workers[i].number = i;
        workers[i].random = test_seed() * 2862933555777941757u + (uint64_t)i * 3037000493u + 1;
        workers[i].argument = argument;
        REQUIRE(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    pthread_barrier_destroy(&start);
}

#endif /* TEST_SUPPORT_THREADS_H */

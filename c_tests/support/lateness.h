/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * How late the machine is: where it is busy, every thread is woken too late, those of the library and one of the test.
 */
#ifndef TEST_SUPPORT_LATENESS_H
#define TEST_SUPPORT_LATENESS_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "check.h"

static inline void sleep_millis(unsigned millis)
{
    struct timespec pause = {(time_t)(millis / 1000), (long)(millis % 1000) * 1000000};
    while (nanosleep(&pause, &pause) != 0) {
    }
}

static inline int64_t millis_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define LATENESS_BUCKETS 64
static int64_t late_by[LATENESS_BUCKETS];

/* Computes for some milliseconds, as whoever has been woken does. Returns by how much it took longer. */
static inline int64_t compute(int64_t millis)
{
    int64_t start = millis_of(CLOCK_MONOTONIC);
    int64_t own = millis_of(CLOCK_THREAD_CPUTIME_ID);
    while (millis_of(CLOCK_THREAD_CPUTIME_ID) < own + millis) {
    }
    return millis_of(CLOCK_MONOTONIC) - start - millis;
}

/* Notes for each tenth of a second by how much a short sleep and a short computation were too long. */
static inline void *watch_machine(void *unused)
{
    (void)unused;
    int64_t bucket = 0;
    for (;;) {
        int64_t start = millis_of(CLOCK_MONOTONIC);
        sleep_millis(90);
        int64_t late = millis_of(CLOCK_MONOTONIC) - start - 90 + compute(10);
        int64_t now = millis_of(CLOCK_MONOTONIC) / 100;
        if (bucket < now - LATENESS_BUCKETS) {
            bucket = now - LATENESS_BUCKETS;
        }
        while (bucket < now) {
            __atomic_store_n(&late_by[++bucket % LATENESS_BUCKETS], late, __ATOMIC_RELAXED);
        }
        if (late > late_by[bucket % LATENESS_BUCKETS]) {
            __atomic_store_n(&late_by[bucket % LATENESS_BUCKETS], late, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

/* By how much in the last two seconds, in milliseconds. */
static inline int64_t machine_late(void)
{
    int64_t most = 0;
    for (int64_t bucket = millis_of(CLOCK_MONOTONIC) / 100, i = 0; i < 20; i++) {
        int64_t late = __atomic_load_n(&late_by[(bucket - i) % LATENESS_BUCKETS], __ATOMIC_RELAXED);
        most = late > most ? late : most;
    }
    return most;
}

static inline void start_watching_machine(void)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, watch_machine, NULL) == 0 && pthread_detach(thread) == 0);
}

#endif /* TEST_SUPPORT_LATENESS_H */

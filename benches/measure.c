/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Timing.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "turns.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

Pool pool_new(const Workload *workload, size_t bytes)
{
    /* Samples are aligned as FFmpeg's packets are. What is protected in them is not, after a clear part. */
    const size_t alignment = 64;
    size_t stride = (workload->length + 1 + alignment - 1) / alignment * alignment;
    Pool pool = {.stride = stride, .count = bytes / stride > 0 ? bytes / stride : 1};
    size_t size = pool.stride * pool.count;
    pool.memory = aligned_alloc(alignment, size);
    if (pool.memory == NULL) {
        fail("no memory: %zu bytes", size);
    }
    for (size_t i = 0; i < size; i++) {
        pool.memory[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    return pool;
}

void pool_free(Pool *pool)
{
    free(pool->memory);
    pool->memory = NULL;
}

static void run_some(Contestant *contestant, Pool *pool, uint64_t runs)
{
    size_t next = pool->next;
    for (uint64_t i = 0; i < runs; i++) {
        contestant_run(contestant, pool->memory + next * pool->stride);
        next = next + 1 < pool->count ? next + 1 : 0;
    }
    pool->next = next;
}

double time_runs(Contestant *contestant, Pool *pool, uint64_t runs)
{
    double start = now();
    run_some(contestant, pool, runs);
    return (now() - start) / (double)runs;
}

uint64_t runs_for(Contestant *contestant, Pool *pool, double nanoseconds)
{
    uint64_t runs = 1;
    double per_run = 0;
    do {
        runs *= 2;
        per_run = time_runs(contestant, pool, runs);
    } while (per_run * (double)runs < nanoseconds / 4);
    uint64_t wanted = (uint64_t)(nanoseconds / per_run);
    return wanted > 0 ? wanted : 1;
}

typedef struct Worker {
    Contestant *contestant;
    Pool *pool;
    uint64_t runs;
    int cpu;
    pthread_barrier_t *barrier;
    double start, end;
} Worker;

static void *work(void *argument)
{
    Worker *worker = argument;
    pin_to_cpu(worker->cpu);
    run_some(worker->contestant, worker->pool, worker->runs / 8 + 1);
    pthread_barrier_wait(worker->barrier);
    worker->start = now();
    run_some(worker->contestant, worker->pool, worker->runs);
    worker->end = now();
    return NULL;
}

double time_two_threads(Contestant *contestants[2], Pool pools[2], uint64_t runs)
{
    pthread_barrier_t barrier;
    pthread_t threads[2];
    Worker workers[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++) {
        workers[i] = (Worker){contestants[i], &pools[i], runs, i, &barrier, 0, 0};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            fail("no thread");
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&barrier);
    /* The rates add up. From the first start to the last end, one of them may have been alone for a while. */
    double rate = 0;
    for (int i = 0; i < 2; i++) {
        rate += (double)runs / (workers[i].end - workers[i].start);
    }
    return 1 / rate;
}

/* The CPUs that the process was started on. */
static cpu_set_t allowed;

static void remember_cpus(void)
{
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        CPU_ZERO(&allowed);
    }
}

bool pin_to_cpu(int index)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, remember_cpus);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && index-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            return pthread_setaffinity_np(pthread_self(), sizeof(one), &one) == 0;
        }
    }
    return false;
}

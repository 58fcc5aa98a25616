/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the decryption benchmark share.
 *
 * A workload is a sample to decrypt. A contestant is a library that decrypts it. All contestants decrypt the same bytes
 * in place, again and again, in turns, so that whatever slows the machine down for a while slows all of them.
 */
#ifndef NATIVE_DRM_BENCH_H
#define NATIVE_DRM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fail.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"

#define MAX_SUBSAMPLES 16
#define MAX_WORKLOADS 16

/* MEMCPY copies the sample. TOUCH reads and writes every encrypted block where it is, and decrypts nothing: as far as a
   machine's memory is the limit, nobody can be faster. */
enum { NATIVE_DRM, OPENSSL, GCRYPT, MEMCPY, TOUCH, CONTESTANTS };

/* workloads.c ---------------------------------------------------------------------------------------------- */

typedef struct Workload {
    const char *id;
    const char *what;
    bool sm4;
    bool cbc;
    /* Pattern in blocks; 0:0 for none. */
    uint32_t crypt, skip;
    uint32_t length;
    uint32_t subsample_count;
    DrmSubsample subsamples[MAX_SUBSAMPLES];
    /* What the project wants to reach, times OpenSSL and times libgcrypt; 0 for no goal. */
    double goal_openssl, goal_gcrypt;
} Workload;

extern const uint8_t BENCH_KEY[16];
extern const uint8_t BENCH_KEY_ID[16];
extern const uint8_t BENCH_IV[16];

/* The level that NATIVE_DRM_CPU asks for, NULL if none. */
const char *forced_level(void);

/* Fills the table and returns the number of workloads. With a forced level, the goal is to be no slower than OpenSSL, and faster with SM4. */
int make_workloads(Workload workloads[MAX_WORKLOADS]);

/* contestants.c -------------------------------------------------------------------------------------------- */

extern const char *const CONTESTANT_NAMES[CONTESTANTS];

/* Denies OpenSSL and libgcrypt the instructions that the forced level lacks. To be called first: it may start the program again. */
void restrict_others(char **argv);

/* One contestant ready for one workload. Used by one thread. */
typedef struct Contestant Contestant;

/* `session` is for NATIVE_DRM only. NULL if the library does not have the cipher. */
Contestant *contestant_new(int which, const Workload *workload, MediaKeySession *session);
void contestant_free(Contestant *contestant);

/* Decrypts the workload's sample at `data` in place. */
void contestant_run(Contestant *contestant, uint8_t *data);

/* A session of com.clearplay.drm that has the key. */
MediaKeySession *make_session(MediaKeySystem *system);

/* measure.c ------------------------------------------------------------------------------------------------ */

/* Samples one after the other in memory. One fits the cache; many do not. */
typedef struct Pool {
    uint8_t *memory;
    size_t stride, count, next;
} Pool;

/* Small samples take turns, too: no player decrypts one twice, and a CPU must not read what it has just written. */
#define WARM_BYTES ((size_t)16 * 1024)

/* A pool of as many samples as fill `bytes`, at least one. */
Pool pool_new(const Workload *workload, size_t bytes);
void pool_free(Pool *pool);

/* Nanoseconds per sample for `runs` samples. */
double time_runs(Contestant *contestant, Pool *pool, uint64_t runs);

/* How many runs take about `nanoseconds`. */
uint64_t runs_for(Contestant *contestant, Pool *pool, double nanoseconds);

/* Nanoseconds per sample, all threads together, for two threads that run at the same time, `runs` samples each. */
double time_two_threads(Contestant *contestants[2], Pool pools[2], uint64_t runs);

/* Runs the calling thread on one CPU (counted among those that the process may use); false if it has fewer. */
bool pin_to_cpu(int index);


/* report.c ------------------------------------------------------------------------------------------------- */

typedef struct Result {
    const Workload *workload;
    bool present[CONTESTANTS];
    /* Medians in cache: nanoseconds per sample, and times as fast as OpenSSL and libgcrypt. */
    double nanoseconds[CONTESTANTS], over_openssl[CONTESTANTS], over_gcrypt[CONTESTANTS];
    /* Out of cache. */
    double cold_nanoseconds[CONTESTANTS], cold_over_openssl[CONTESTANTS];
    /* Throughput of two threads by that of one: on one session, on two, and OpenSSL's for comparison. 0 = not measured. */
    double one_session, two_sessions, openssl_threads;
} Result;

typedef struct Settings {
    int repetitions;
    double slice_ms;
    /* 0: not out of cache. */
    size_t cold_bytes;
    bool threads;
    const char *only;
} Settings;

void print_results(const Result *results, int count);
void write_json(const char *path, const Settings *settings, const Result *results, int count);

/* Number of goals that were missed. */
int goals_missed(const Result *results, int count);

#endif

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the benchmarks share, which compare calls in turns: results that have to be good, the clock, medians.
 */
#ifndef NATIVE_DRM_BENCH_TURNS_H
#define NATIVE_DRM_BENCH_TURNS_H

#include <stdlib.h>
#include <time.h>

#include "fail.h"
#include "multimedia/drm_framework/native_drm_extension.h"

/* Gives up unless a call was good. */
static inline void need(Drm_ErrCode code, const char *what)
{
    if (code != DRM_ERR_OK) {
        fail("cannot %s: %s", what, OH_Drm_GetLastErrorMessage());
    }
}

/* In nanoseconds. */
static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static inline int by_size(const void *a, const void *b)
{
    const double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* The median; sorts the values. */
static inline double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(values[0]), by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

#endif

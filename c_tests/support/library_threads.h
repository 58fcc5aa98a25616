/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The library's threads that call callbacks, as the kernel shows them.
 */
#ifndef TEST_SUPPORT_LIBRARY_THREADS_H
#define TEST_SUPPORT_LIBRARY_THREADS_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"

#define THREADS_LIMIT_SECONDS 60

/* Whether a task of this process has the name of those threads. */
static inline bool is_event_thread(const char *task)
{
    char path[64];
    char name[32] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", task);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false; /* it has just ended */
    }
    bool read = fgets(name, sizeof(name), file) != NULL;
    fclose(file);
    return read && strcmp(name, "native_drm\n") == 0;
}

static inline int threads_of_kind(bool for_events)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    REQUIRE(tasks != NULL);
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        count += task->d_name[0] != '.' && is_event_thread(task->d_name) == for_events;
    }
    closedir(tasks);
    return count;
}

/* One that has just been started may not be among them: it gives itself its name. */
static inline int event_threads(void)
{
    return threads_of_kind(true);
}

static inline int other_threads(void)
{
    return threads_of_kind(false);
}

/* Waits until at most so many are left; false if they stay. They end by themselves; the limit is there for a library whose
 * threads do not. */
static inline bool wait_for_event_threads(int at_most)
{
    struct timespec pause = {0, 10000000};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t limit = now.tv_sec + THREADS_LIMIT_SECONDS;
    int count = event_threads();
    while (count > at_most && now.tv_sec < limit) {
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        count = event_threads();
    }
    if (count > at_most) {
        fprintf(stderr, "%d threads stay\n", count);
    }
    return count <= at_most;
}

#endif /* TEST_SUPPORT_LIBRARY_THREADS_H */

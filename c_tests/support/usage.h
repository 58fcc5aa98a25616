/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the process uses: memory, descriptors, threads.
 */
#ifndef TEST_SUPPORT_USAGE_H
#define TEST_SUPPORT_USAGE_H

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>

#include "check.h"

typedef struct Usage {
    size_t allocated; /* bytes, mallinfo2(3) */
    long pages;       /* resident */
    int descriptors;
    int threads;
} Usage;

/* Number of entries of a directory, but "." and "..". */
static inline int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    REQUIRE(directory != NULL);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(directory);
    return count;
}

static inline int count_threads(void)
{
    return count_entries("/proc/self/task");
}

/* Descriptors: one more than there are, the one that looks. */
static inline Usage read_usage(void)
{
    Usage now = {mallinfo2().uordblks, 0, 0, 0};
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fscanf(file, "%*d %ld", &now.pages) == 1 && fclose(file) == 0);
    now.descriptors = count_entries("/proc/self/fd");
    now.threads = count_threads();
    return now;
}

#endif /* TEST_SUPPORT_USAGE_H */

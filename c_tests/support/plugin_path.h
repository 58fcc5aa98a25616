/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whether plugins can be loaded from a directory at all: not from a tree that a group can write to, as some umasks make it.
 */
#ifndef TEST_SUPPORT_PLUGIN_PATH_H
#define TEST_SUPPORT_PLUGIN_PATH_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What ctest takes for a test that was skipped. */
#define PLUGIN_PATH_SKIP 77

/* Ends the program as skipped if others can write to the directory or to one above it. */
static inline void require_private(const char *directory)
{
    char *path = realpath(directory, NULL);
    if (path == NULL) {
        return;
    }
    for (char *end = path + strlen(path); end > path; end = strrchr(path, '/')) {
        *end = '\0';
        struct stat status;
        if (stat(*path == '\0' ? "/" : path, &status) != 0 || (status.st_uid != 0 && status.st_uid != geteuid()) ||
            ((status.st_mode & 022) != 0 && (status.st_mode & S_ISVTX) == 0)) {
            printf("skipped: others can write to %s\n", path);
            exit(PLUGIN_PATH_SKIP);
        }
    }
    free(path);
}

#endif /* TEST_SUPPORT_PLUGIN_PATH_H */

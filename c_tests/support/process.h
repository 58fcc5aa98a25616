/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Runs the test program again, as a process with a clean library state, with arguments and environment of its own; and what
 * processes say to each other.
 *
 * Under an emulator of another processor the system cannot run the program: NATIVE_DRM_TEST_EMULATOR is the path of the one to start with it.
 */
#ifndef TEST_SUPPORT_PROCESS_H
#define TEST_SUPPORT_PROCESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PROCESS_MAX_ARGUMENTS 8
#define PROCESS_MAX_ENVIRONMENT 512

extern char **environ;

static inline bool process_overrides(const char *const *settings, const char *entry)
{
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++) {
        size_t name = (size_t)(strchr(settings[i], '=') - settings[i]) + 1;
        if (strncmp(settings[i], entry, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Starts this program with arguments and "NAME=value" settings, both ended by a null; the rest is inherited. */
static inline pid_t process_start(const char *const *arguments, const char *const *settings)
{
    char *argv[PROCESS_MAX_ARGUMENTS + 3];
    char *envp[PROCESS_MAX_ENVIRONMENT + 1];
    char program[4096];
    size_t count = 0;
    /* Not /proc/self/exe itself: under valgrind that would be valgrind. */
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    REQUIRE(length > 0);
    program[length] = '\0';
    char *emulator = getenv("NATIVE_DRM_TEST_EMULATOR");
    size_t before = emulator != NULL ? 1 : 0;
    argv[0] = emulator;
    argv[before] = program;
    for (size_t i = 0; i <= PROCESS_MAX_ARGUMENTS; i++) {
        argv[before + 1 + i] = (char *)arguments[i];
        if (arguments[i] == NULL) {
            break;
        }
    }
    for (char **entry = environ; *entry != NULL && count < PROCESS_MAX_ENVIRONMENT; entry++) {
        if (!process_overrides(settings, *entry)) {
            envp[count++] = *entry;
        }
    }
    for (size_t i = 0; settings != NULL && settings[i] != NULL && count < PROCESS_MAX_ENVIRONMENT; i++) {
        envp[count++] = (char *)settings[i];
    }
    envp[count] = NULL;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execve(argv[0], argv, envp);
        _exit(127);
    }
    REQUIRE(child > 0);
    return child;
}

/* Waits for a process; true if it ended with status 0. */
static inline bool process_succeeded(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "a child was ended by signal %d\n", WTERMSIG(status));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static inline bool process_run(const char *const *arguments, const char *const *settings)
{
    return process_succeeded(process_start(arguments, settings));
}

/* Writes or reads all of `bytes`; false if that fails or the other side has closed. */
static inline bool transfer(int descriptor, void *bytes, size_t size, bool sending)
{
    uint8_t *at = (uint8_t *)bytes;
    while (size > 0) {
        ssize_t done = sending ? write(descriptor, at, size) : read(descriptor, at, size);
        if (done <= 0) {
            return false;
        }
        at += done;
        size -= (size_t)done;
    }
    return true;
}

#endif /* TEST_SUPPORT_PROCESS_H */

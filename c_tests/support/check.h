/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Checks for the C tests. CHECK* print file, line, expected and actual value and go on; REQUIRE* also end the test
 * program. Every thread may use them.
 */
#ifndef TEST_SUPPORT_CHECK_H
#define TEST_SUPPORT_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "multimedia/drm_framework/native_drm_err.h"
#include "multimedia/drm_framework/native_drm_extension.h"

static int check_failed_count;
static int check_done_count;

static inline bool check_result(bool ok)
{
    __atomic_fetch_add(&check_done_count, 1, __ATOMIC_RELAXED);
    if (!ok) {
        __atomic_fetch_add(&check_failed_count, 1, __ATOMIC_RELAXED);
    }
    return ok;
}

static inline bool check_true(bool ok, const char *text, const char *file, int line)
{
    if (!ok) {
        fprintf(stderr, "%s:%d: expected: %s\n", file, line, text);
    }
    return check_result(ok);
}

static inline bool check_int(long long actual, long long expected, const char *text, const char *file, int line)
{
    if (actual != expected) {
        fprintf(stderr, "%s:%d: %s: expected %lld, actual %lld\n", file, line, text, expected, actual);
    }
    return check_result(actual == expected);
}

/* A failing call must also leave a message, which is printed where the code is not the expected one. */
static inline bool check_code(int actual, int expected, const char *text, const char *file, int line)
{
    const char *message = OH_Drm_GetLastErrorMessage();
    bool ok = actual == expected;
    if (!ok) {
        fprintf(stderr, "%s:%d: %s: expected %d, actual %d (last error: %s)\n", file, line, text, expected, actual,
                message == NULL ? "NULL" : message);
    } else if (actual != DRM_ERR_OK && (message == NULL || message[0] == '\0')) {
        fprintf(stderr, "%s:%d: %s: failed as expected, but without a message\n", file, line, text);
        ok = false;
    }
    return check_result(ok);
}

static inline bool check_str(const char *actual, const char *expected, const char *text, const char *file, int line)
{
    bool ok = actual != NULL && strcmp(actual, expected) == 0;
    if (!ok) {
        fprintf(stderr, "%s:%d: %s: expected \"%s\", actual \"%s\"\n", file, line, text, expected,
                actual == NULL ? "NULL" : actual);
    }
    return check_result(ok);
}

static inline bool check_mem(const void *actual, const void *expected, size_t size, const char *text, const char *file,
                             int line)
{
    const unsigned char *a = (const unsigned char *)actual;
    const unsigned char *e = (const unsigned char *)expected;
    for (size_t i = 0; i < size; i++) {
        if (a[i] != e[i]) {
            fprintf(stderr, "%s:%d: %s: byte %zu of %zu: expected %02x, actual %02x\n", file, line, text, i, size, e[i],
                    a[i]);
            return check_result(false);
        }
    }
    return check_result(true);
}

static inline bool check_filled(const void *bytes, int value, size_t size, const char *text, const char *file, int line)
{
    const unsigned char *b = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i++) {
        if (b[i] != (unsigned char)value) {
            fprintf(stderr, "%s:%d: %s: byte %zu of %zu: expected %02x still, actual %02x\n", file, line, text, i, size,
                    (unsigned)(value & 0xff), b[i]);
            return check_result(false);
        }
    }
    return check_result(true);
}

static inline int check_finish(const char *name)
{
    int failed = __atomic_load_n(&check_failed_count, __ATOMIC_SEQ_CST);
    int done = __atomic_load_n(&check_done_count, __ATOMIC_SEQ_CST);
    printf("%s: %d checks, %d failed\n", name, done, failed);
    return failed == 0 && done > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline void check_stop(void)
{
    fprintf(stderr, "cannot go on\n");
    fflush(NULL);
    /* Not exit(): other threads may still be using what its handlers destroy. */
    _Exit(EXIT_FAILURE);
}

#define CHECK(condition) check_true((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(actual, expected) \
    check_int((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__)
#define CHECK_CODE(call, expected) check_code((int)(call), (int)(expected), #call, __FILE__, __LINE__)
#define CHECK_OK(call) CHECK_CODE(call, DRM_ERR_OK)
#define CHECK_INVALID(call) CHECK_CODE(call, DRM_ERR_INVALID_VAL)
#define CHECK_UNKNOWN(call) CHECK_CODE(call, DRM_ERR_UNKNOWN)
#define CHECK_STR(actual, expected) check_str((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_MEM(actual, expected, size) check_mem((actual), (expected), (size), #actual, __FILE__, __LINE__)
/* The bytes all still have the value they were filled with. */
#define CHECK_FILLED(bytes, value, size) check_filled((bytes), (value), (size), #bytes, __FILE__, __LINE__)

#define REQUIRE(condition)       \
    do {                         \
        if (!CHECK(condition)) { \
            check_stop();        \
        }                        \
    } while (0)
#define REQUIRE_OK(call)       \
    do {                       \
        if (!CHECK_OK(call)) { \
            check_stop();      \
        }                      \
    } while (0)

/* Runs one test function and says so, so that the last line before a crash names it. */
#define RUN(function)            \
    do {                         \
        printf("%s\n", #function); \
        fflush(stdout);          \
        function();              \
    } while (0)

#endif /* TEST_SUPPORT_CHECK_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * How the benchmarks give up.
 */
#ifndef NATIVE_DRM_BENCH_FAIL_H
#define NATIVE_DRM_BENCH_FAIL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Prints a message and ends the program. */
__attribute__((format(printf, 1, 2))) static inline _Noreturn void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

#endif

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * rustc's ThreadSanitizer calls these functions, which GCC's runtime library does not have (GCC 12). It does intercept
 * the C library's.
 */

#include <string.h>

void *__tsan_memcpy(void *destination, const void *source, size_t size);
void *__tsan_memmove(void *destination, const void *source, size_t size);
void *__tsan_memset(void *destination, int value, size_t size);

__attribute__((weak)) void *__tsan_memcpy(void *destination, const void *source, size_t size)
{
    return memcpy(destination, source, size);
}

__attribute__((weak)) void *__tsan_memmove(void *destination, const void *source, size_t size)
{
    return memmove(destination, source, size);
}

__attribute__((weak)) void *__tsan_memset(void *destination, int value, size_t size)
{
    return memset(destination, value, size);
}

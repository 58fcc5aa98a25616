/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Memory that ends where a page without access begins: reading or writing one byte too far crashes the test.
 */
#ifndef TEST_SUPPORT_GUARD_H
#define TEST_SUPPORT_GUARD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t guard_pages(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page + page;
}

/* `size` bytes (0 allowed) directly in front of a page without access; guard_free() returns them. */
static inline void *guard_alloc(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t mapped = guard_pages(size);
    void *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect((char *)base + mapped - page, page, PROT_NONE) != 0) {
        perror("guard_alloc");
        abort();
    }
    return (char *)base + mapped - page - size;
}

static inline void guard_free(void *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t mapped = guard_pages(size);
    munmap((char *)bytes + size + page - mapped, mapped);
}

/* A copy of `size` bytes directly in front of a page without access. */
static inline void *guard_copy(const void *bytes, size_t size)
{
    void *copy = guard_alloc(size);
    if (size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

/* `length` times 'a' without a NUL. */
static inline char *guard_text_without_nul(size_t length)
{
    char *text = (char *)guard_alloc(length);
    memset(text, 'a', length);
    return text;
}

#endif /* TEST_SUPPORT_GUARD_H */

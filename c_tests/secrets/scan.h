/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Looks for patterns at every offset of all writable memory of this process, and in files.
 */
#ifndef TEST_SECRETS_SCAN_H
#define TEST_SECRETS_SCAN_H

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "forms.h"

#define CHUNK 65536
#define BUCKETS 65536
#define MAX_MAPPINGS 4096

/* A writable mapping. */
typedef struct Mapping {
    uintptr_t start;
    uintptr_t end;
    bool undumped; /* left out of core dumps: "dd" in smaps(5) */
    bool shared;   /* with another process: samples, which a host decrypts */
    char name[64];
} Mapping;

typedef struct Scan {
    size_t in_undumped;
    size_t elsewhere;
} Scan;

/* Bytes that were searched, in all. */
static uint64_t scanned_bytes;
static uint64_t scan_count;
/* The memory through which everything is read: the one place that is not searched. */
static uint8_t *scan_window;
static Mapping scan_mappings[MAX_MAPPINGS];
/* Per hash of the first eight bytes: one more than the number of a pattern, and the next one. */
static uint32_t scan_first[BUCKETS];
static uint32_t scan_next[MAX_PATTERNS];

static inline size_t scan_bucket(uint64_t word)
{
    return (size_t)((word * UINT64_C(0x9e3779b97f4a7c15)) >> 48);
}

static inline void scan_prepare(const Patterns *patterns)
{
    if (scan_window == NULL) {
        scan_window =
            (uint8_t *)mmap(NULL, CHUNK + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(scan_window != MAP_FAILED);
    }
    memset(scan_first, 0, sizeof(scan_first));
    for (size_t i = 0; i < patterns->count; i++) {
        uint64_t word;
        memcpy(&word, patterns->items[i].masked, 8);
        scan_next[i] = scan_first[scan_bucket(word)];
        scan_first[scan_bucket(word)] = (uint32_t)i + 1;
    }
}

static inline size_t scan_list_mappings(void)
{
    char line[512];
    size_t count = 0;
    bool open = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    REQUIRE(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        uintptr_t start;
        uintptr_t end;
        char access[8];
        int name = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s %*s %*s %*s %n", &start, &end, access, &name) == 3) {
            open = access[1] == 'w';
            if (open) {
                REQUIRE(count < MAX_MAPPINGS);
                Mapping *mapping = &scan_mappings[count++];
                mapping->start = start;
                mapping->end = end;
                mapping->undumped = false;
                mapping->shared = access[3] == 's';
                snprintf(mapping->name, sizeof(mapping->name), "%.60s", name > 0 ? line + name : "");
                mapping->name[strcspn(mapping->name, "\n")] = '\0';
            }
        } else if (open && strncmp(line, "VmFlags:", 8) == 0) {
            scan_mappings[count - 1].undumped = strstr(line, " dd") != NULL;
        }
    }
    fclose(file);
    REQUIRE(count > 3);
    return count;
}

/* The pattern at `bytes`, if there is one; eight bytes can be read there and `available` in all. */
static inline const Pattern *scan_match(const Patterns *patterns, const uint8_t *bytes, size_t available)
{
    uint64_t word;
    memcpy(&word, bytes, 8);
    word ^= UINT64_C(0x0101010101010101) * MASK;
    for (uint32_t i = scan_first[scan_bucket(word)]; i != 0; i = scan_next[i - 1]) {
        const Pattern *pattern = &patterns->items[i - 1];
        size_t matching = 0;
        while (matching < pattern->size && matching < available &&
               (bytes[matching] ^ MASK) == pattern->masked[matching]) {
            matching++;
        }
        if (matching == pattern->size) {
            return pattern;
        }
    }
    return NULL;
}

/* Whether there can be anything in the chunk: shared memory that nobody has written has no pages, and reading would make them, of
   all of its 512 MiB. */
static inline bool scan_has_pages(const Mapping *mapping, uintptr_t start, uintptr_t end)
{
    unsigned char pages[CHUNK / 4096];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = end - start < CHUNK ? end - start : CHUNK;
    bool found = !mapping->shared;
    if (!found && size > 0 && mincore((void *)start, size, pages) != 0) {
        /* Taken away since it was listed: by a thread that ends with its instance. */
        REQUIRE(errno == ENOMEM);
        return false;
    }
    for (size_t i = 0; !found && i < (size + page - 1) / page; i++) {
        found = (pages[i] & 1) != 0;
    }
    return found;
}

static inline void scan_range(const Patterns *patterns, int memory, const Mapping *mapping, uintptr_t start,
                              uintptr_t end, const char *when, bool quiet, Scan *found)
{
    for (uintptr_t at = start; at < end; at += CHUNK) {
        if (!scan_has_pages(mapping, at, end)) {
            continue;
        }
        size_t behind = end - at > CHUNK && scan_has_pages(mapping, at + CHUNK, end) ? MAX_WINDOW : 0;
        size_t wanted = end - at < CHUNK + behind ? end - at : CHUNK + behind;
        ssize_t size = pread(memory, scan_window, wanted, (off_t)at);
        if (size < 8) { /* Guard pages and the like. */
            return;
        }
        size_t length = (size_t)size < CHUNK ? (size_t)size : CHUNK;
        scanned_bytes += length;
        for (size_t offset = 0; offset < length && offset + 8 <= (size_t)size; offset++) {
            const Pattern *pattern = scan_match(patterns, scan_window + offset, (size_t)size - offset);
            if (pattern == NULL) {
                continue;
            }
            *(mapping->undumped ? &found->in_undumped : &found->elsewhere) += 1;
            if (when != NULL && !(quiet && mapping->undumped) && found->elsewhere + found->in_undumped < 40) {
                fprintf(stderr, "  %s: %s at %" PRIxPTR " in %" PRIxPTR "-%" PRIxPTR " %s\n", when, pattern->name,
                        at + offset, mapping->start, mapping->end, mapping->name);
            }
        }
    }
}

/* Searches all writable memory. Says what it finds, but nothing where `when` is null, and with `quiet` nothing of what core
   dumps leave out. */
static inline Scan scan_memory(const Patterns *patterns, const char *when, bool quiet)
{
    Scan found = {0, 0};
    scan_prepare(patterns);
    size_t count = scan_list_mappings();
    uintptr_t window = (uintptr_t)scan_window;
    uintptr_t window_end = window + CHUNK + 4096;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    REQUIRE(memory >= 0);
    for (size_t i = 0; i < count; i++) {
        const Mapping *mapping = &scan_mappings[i];
        if (window_end <= mapping->start || window >= mapping->end) {
            scan_range(patterns, memory, mapping, mapping->start, mapping->end, when, quiet, &found);
        } else {
            scan_range(patterns, memory, mapping, mapping->start, window, when, quiet, &found);
            scan_range(patterns, memory, mapping, window_end, mapping->end, when, quiet, &found);
        }
    }
    close(memory);
    explicit_bzero(scan_window, CHUNK + 4096);
    scan_count++;
    return found;
}

static inline bool has_pattern(const Patterns *patterns, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < patterns->count; i++) {
        bool same = patterns->items[i].size == size;
        for (size_t j = 0; same && j < size; j++) {
            same = (patterns->items[i].masked[j] ^ MASK) == bytes[j];
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* Everything that now lies in memory that core dumps leave out, round keys in whatever form among it, but for what was
 * there before: that is the device's; and for shared memory, where samples are, which the program has elsewhere, too. */
static inline void add_undumped_memory(Patterns *patterns, const Patterns *before)
{
    size_t count = scan_list_mappings();
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = (const uint8_t *)scan_mappings[i].start;
        if (scan_mappings[i].shared) {
            continue;
        }
        for (; scan_mappings[i].undumped && at < (const uint8_t *)scan_mappings[i].end; at += 16) {
            size_t zeros = 0;
            for (int j = 0; j < 16; j++) {
                zeros += at[j] == 0;
            }
            /* Not the numbers that tell variants apart, nor what is not used. */
            if (zeros < 4 && patterns->count < MAX_PATTERNS && !has_pattern(before, at, 16)) {
                add_pattern(patterns, "content of a key's slot", at, 16);
            }
        }
    }
}

/* Searches a file. */
static inline void scan_file(const Patterns *patterns, const char *path)
{
    scan_prepare(patterns);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(file >= 0);
    ssize_t size = read(file, scan_window, CHUNK);
    CHECK(size >= 0 && size < CHUNK);
    close(file);
    for (ssize_t at = 0; at + 8 <= size; at++) {
        const Pattern *pattern = scan_match(patterns, scan_window + at, (size_t)(size - at));
        if (!CHECK(pattern == NULL)) {
            fprintf(stderr, "  %s in %s at %zd\n", pattern->name, path, at);
        }
    }
    scanned_bytes += (uint64_t)size;
    explicit_bzero(scan_window, CHUNK + 4096);
}

#endif /* TEST_SECRETS_SCAN_H */

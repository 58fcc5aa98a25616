/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A library to preload: see shim.h. Files below a directory are recognised by the path that they were opened with, which
 * must be absolute. Nothing is really synchronised there: a process that is killed does not lose what it has written.
 */
#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 4096
/* What may happen to a call besides EIO and the end of the process. */
#define MAY_NEED_ROOM 1
#define MAY_BE_INTERRUPTED 2
#define MAY_BE_SHORT 4

static char below[4096];
static long wanted;
static long counted;
static FaultKind kind;
static const char *hit;
static bool inside[MAX_FILES];
static void (*told)(void);
static bool no_threads;

void fault_arm(const char *directory, long number, FaultKind with)
{
    strncpy(below, directory, sizeof(below) - 1);
    kind = with;
    hit = NULL;
    __atomic_store_n(&counted, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&wanted, number, __ATOMIC_SEQ_CST);
}

const char *fault_disarm(void)
{
    __atomic_store_n(&wanted, 0, __ATOMIC_SEQ_CST);
    return hit;
}

void fault_tell(void (*function)(void))
{
    told = function;
}

void fault_allow_threads(bool allowed)
{
    __atomic_store_n(&no_threads, !allowed, __ATOMIC_SEQ_CST);
}

static bool is_below(const char *path)
{
    size_t length = strlen(below);
    return length > 0 && path != NULL && strncmp(path, below, length) == 0;
}

static bool is_inside(int file)
{
    return file >= 0 && file < MAX_FILES && inside[file];
}

typedef enum Fate { GO_ON, FAIL, HALVE, DIE_AFTER } Fate;

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

static Fate fate(const char *call, bool relevant, int may)
{
    long limit = __atomic_load_n(&wanted, __ATOMIC_SEQ_CST);
    if (!relevant || limit == 0) {
        return GO_ON;
    }
    long number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    bool lasts = kind == FAULT_BROKEN || kind == FAULT_FULL || kind == FAULT_CRAWL || kind == FAULT_SOME;
    if (number != limit && !(lasts && number > limit)) {
        return GO_ON;
    }
    if (kind == FAULT_SOME && ((uint32_t)number * 2654435761u >> 16) % 5 != 0) {
        return GO_ON;
    }
    bool applies = ((kind != FAULT_ENOSPC && kind != FAULT_FULL) || (may & MAY_NEED_ROOM) != 0) &&
                   (kind != FAULT_EINTR || (may & MAY_BE_INTERRUPTED) != 0) &&
                   (kind != FAULT_SHORT || (may & MAY_BE_SHORT) != 0);
    if (number == limit) {
        hit = applies ? call : "";
    }
    if (!applies) {
        return GO_ON;
    }
    switch (kind) {
    case FAULT_KILL_BEFORE:
        die();
        return GO_ON;
    case FAULT_KILL_AFTER:
        return DIE_AFTER;
    case FAULT_SHORT:
        return HALVE;
    case FAULT_SLOW:
        sleep(3);
        return GO_ON;
    case FAULT_CRAWL:
        usleep(200000);
        return GO_ON;
    case FAULT_TOLD:
        told();
        return GO_ON;
    case FAULT_ENOSPC:
    case FAULT_FULL:
        errno = ENOSPC;
        return FAIL;
    case FAULT_EINTR:
        errno = EINTR;
        return FAIL;
    default:
        errno = EIO;
        return FAIL;
    }
}

/* Defines NAME to call the C library's one after the fate of the call is known. */
#define WRAP(result, name, parameters, arguments, relevant, may)                 \
    result name parameters                                                       \
    {                                                                            \
        static result(*real) parameters;                                         \
        if (real == NULL) {                                                      \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                           \
        }                                                                        \
        Fate what = fate(#name, relevant, may);                                  \
        if (what == FAIL) {                                                      \
            return (result)-1;                                                   \
        }                                                                        \
        result value = real arguments;                                           \
        if (what == DIE_AFTER) {                                                 \
            die();                                                               \
        }                                                                        \
        return value;                                                            \
    }

WRAP(int, rename, (const char *from, const char *to), (from, to), is_below(to), MAY_NEED_ROOM)
WRAP(int, link, (const char *from, const char *to), (from, to), is_below(to), MAY_NEED_ROOM)
WRAP(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags), is_below(to),
     MAY_NEED_ROOM)
WRAP(int, unlink, (const char *path), (path), is_below(path), 0)
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), is_below(path), MAY_NEED_ROOM)
WRAP(int, flock, (int file, int operation), (file, operation), is_inside(file), MAY_BE_INTERRUPTED)
WRAP(int, ftruncate64, (int file, off64_t length), (file, length), is_inside(file), MAY_NEED_ROOM | MAY_BE_INTERRUPTED)

/* Calls that transfer bytes. */
#define WRAP_TRANSFER(name, parameters, arguments, may)                          \
    ssize_t name parameters                                                      \
    {                                                                            \
        static ssize_t(*real) parameters;                                        \
        if (real == NULL) {                                                      \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                           \
        }                                                                        \
        Fate what = fate(#name, is_inside(file) && size > 0, may);               \
        if (what == FAIL) {                                                      \
            return -1;                                                           \
        }                                                                        \
        if (what == HALVE) {                                                     \
            size = (size + 1) / 2;                                               \
        }                                                                        \
        ssize_t value = real arguments;                                          \
        if (what == DIE_AFTER) {                                                 \
            die();                                                               \
        }                                                                        \
        return value;                                                            \
    }

#define MAY_ALL (MAY_NEED_ROOM | MAY_BE_INTERRUPTED | MAY_BE_SHORT)
WRAP_TRANSFER(write, (int file, const void *bytes, size_t size), (file, bytes, size), MAY_ALL)
WRAP_TRANSFER(pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at), MAY_ALL)
WRAP_TRANSFER(read, (int file, void *bytes, size_t size), (file, bytes, size), MAY_BE_INTERRUPTED | MAY_BE_SHORT)
WRAP_TRANSFER(pread64, (int file, void *bytes, size_t size, off64_t at), (file, bytes, size, at),
              MAY_BE_INTERRUPTED | MAY_BE_SHORT)

static int synchronise(const char *name, int file)
{
    static int (*real)(int);
    if (!is_inside(file)) {
        if (real == NULL) {
            *(void **)&real = dlsym(RTLD_NEXT, "fsync");
        }
        return real(file);
    }
    Fate what = fate(name, true, MAY_NEED_ROOM | MAY_BE_INTERRUPTED);
    if (what == DIE_AFTER) {
        die();
    }
    return what == FAIL ? -1 : 0;
}

int fsync(int file)
{
    return synchronise("fsync", file);
}

int fdatasync(int file)
{
    return synchronise("fdatasync", file);
}

int close(int file)
{
    static int (*real)(int);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "close");
    }
    bool relevant = is_inside(file);
    Fate what = fate("close", relevant, MAY_NEED_ROOM | MAY_BE_INTERRUPTED);
    int failure = errno;
    if (relevant) {
        inside[file] = false;
    }
    /* On Linux, the descriptor is gone, whatever close() says. */
    int value = real(file);
    if (what == DIE_AFTER) {
        die();
    }
    if (what == FAIL) {
        errno = failure;
        return -1;
    }
    return value;
}

static int open_any(const char *name, const char *path, int flags, mode_t mode)
{
    static int (*real)(const char *, int, ...);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "open64");
    }
    bool relevant = is_below(path);
    Fate what = fate(name, relevant, ((flags & O_CREAT) != 0 ? MAY_NEED_ROOM : 0) | MAY_BE_INTERRUPTED);
    if (what == FAIL) {
        return -1;
    }
    int file = real(path, flags, mode);
    if (what == DIE_AFTER) {
        die();
    }
    if (file >= 0 && file < MAX_FILES) {
        inside[file] = relevant;
    }
    return file;
}

#define WRAP_OPEN(name)                                         \
    int name(const char *path, int flags, ...)                  \
    {                                                           \
        mode_t mode = 0;                                        \
        if ((flags & (O_CREAT | O_TMPFILE)) != 0) {             \
            va_list more;                                       \
            va_start(more, flags);                              \
            mode = va_arg(more, mode_t);                        \
            va_end(more);                                       \
        }                                                       \
        return open_any(#name, path, flags, mode);              \
    }

WRAP_OPEN(open)
WRAP_OPEN(open64)

DIR *opendir(const char *path)
{
    static DIR *(*real)(const char *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "opendir");
    }
    Fate what = fate("opendir", is_below(path), 0);
    if (what == FAIL) {
        return NULL;
    }
    DIR *stream = real(path);
    if (what == DIE_AFTER) {
        die();
    }
    return stream;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    }
    return __atomic_load_n(&no_threads, __ATOMIC_SEQ_CST) ? EAGAIN : real(thread, attributes, body, argument);
}

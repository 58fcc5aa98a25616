/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The faults of the long run with faults: what may be wrong with stores, the log and the license service for a while. One
 * thread begins and ends them, one at a time; the library fault_shim is preloaded.
 */
#ifndef TEST_SOAK_TROUBLE_H
#define TEST_SOAK_TROUBLE_H

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/shim.h"
#include "support/lateness.h"
#include "support/policy.h"
#include "support/threads.h"

#define STORES 2

/* The directory with all stores, and these. */
static char trouble_base[PATH_MAX];
static char trouble_stores[STORES][PATH_MAX];
static pid_t lock_holders[STORES];
/* Raised when a fault of the stores begins and when it has ended: odd while there is one. */
static unsigned store_trouble;
/* Whether the license service refuses, cuts and garbles answers. */
static int service_trouble;
/* Whether anybody reads standard error. */
static int log_is_read = 1;
static unsigned trouble_number;
/* The fault that began last, for messages. */
static const char *trouble_name = "none yet";

/* A path below a directory. */
static void path_below(char path[PATH_MAX], const char *directory, const char *format, ...)
{
    va_list more;
    size_t length = strlen(directory);
    memcpy(path, directory, length);
    va_start(more, format);
    REQUIRE(vsnprintf(path + length, PATH_MAX - length, format, more) < (int)(PATH_MAX - length));
    va_end(more);
}

static void begin_shim(FaultKind kind)
{
    fault_arm(trouble_base, 1, kind);
}

static void end_shim(void) { (void)fault_disarm(); }

static void begin_broken(void) { begin_shim(FAULT_BROKEN); }
static void begin_full(void) { begin_shim(FAULT_FULL); }
static void begin_crawl(void) { begin_shim(FAULT_CRAWL); }
static void begin_some(void) { begin_shim(FAULT_SOME); }

/* Stopped processes hold the locks of all stores. */
static void begin_lock(void)
{
    for (int i = 0; i < STORES; i++) {
        char path[PATH_MAX];
        int status = 0;
        path_below(path, trouble_stores[i], "/lock");
        lock_holders[i] = fork();
        REQUIRE(lock_holders[i] >= 0);
        if (lock_holders[i] == 0) {
            alarm(600);
            int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
            if (file < 0 || flock(file, LOCK_EX) != 0) {
                _exit(1);
            }
            raise(SIGSTOP);
            _exit(0);
        }
        REQUIRE(waitpid(lock_holders[i], &status, WUNTRACED) == lock_holders[i] && WIFSTOPPED(status));
    }
}

static void end_lock(void)
{
    for (int i = 0; i < STORES; i++) {
        int status = 0;
        REQUIRE(kill(lock_holders[i], SIGKILL) == 0 && waitpid(lock_holders[i], &status, 0) == lock_holders[i]);
    }
}

/* FIFOs in the place of one of the stores' files. */
static void put_fifos(const char *name)
{
    for (int i = 0; i < STORES; i++) {
        char path[PATH_MAX];
        char away[PATH_MAX];
        path_below(path, trouble_stores[i], "/%s", name);
        path_below(away, trouble_base, "%s-away%d", name, i);
        REQUIRE(rename(path, away) == 0 && mkfifo(path, 0600) == 0);
    }
}

static void take_fifos(const char *name)
{
    for (int i = 0; i < STORES; i++) {
        char path[PATH_MAX];
        char away[PATH_MAX];
        path_below(path, trouble_stores[i], "/%s", name);
        path_below(away, trouble_base, "%s-away%d", name, i);
        REQUIRE(rename(away, path) == 0);
    }
}

static void begin_fifo_lock(void) { put_fifos("lock"); }
static void end_fifo_lock(void) { take_fifos("lock"); }
static void begin_fifo_key(void) { put_fifos("device.key"); }
static void end_fifo_key(void) { take_fifos("device.key"); }

/* An entry that nobody has stored is a FIFO. */
static void stray_entry(char path[PATH_MAX], int store)
{
    path_below(path, trouble_stores[store], "/" POLICYPLAY "/%032x.key", trouble_number);
}

static void begin_fifo_entry(void)
{
    for (int i = 0; i < STORES; i++) {
        char path[PATH_MAX];
        stray_entry(path, i);
        REQUIRE(mkfifo(path, 0600) == 0);
    }
}

static void end_fifo_entry(void)
{
    for (int i = 0; i < STORES; i++) {
        char path[PATH_MAX];
        stray_entry(path, i);
        (void)unlink(path);
    }
}

static void begin_log(void) { __atomic_store_n(&log_is_read, 0, __ATOMIC_SEQ_CST); }
static void end_log(void) { __atomic_store_n(&log_is_read, 1, __ATOMIC_SEQ_CST); }
static void begin_service(void) { __atomic_store_n(&service_trouble, 1, __ATOMIC_SEQ_CST); }
static void end_service(void) { __atomic_store_n(&service_trouble, 0, __ATOMIC_SEQ_CST); }

typedef struct Trouble {
    const char *name;
    bool of_store; /* calls that need a store may fail */
    void (*begin)(void);
    void (*end)(void);
} Trouble;

static const Trouble TROUBLES[] = {
    {"every call of the stores fails", true, begin_broken, end_shim},
    {"no room", true, begin_full, end_shim},
    {"every call of the stores takes 0.2 s", true, begin_crawl, end_shim},
    {"some calls of the stores fail", true, begin_some, end_shim},
    {"stopped processes have the locks", true, begin_lock, end_lock},
    {"the lock is a FIFO", true, begin_fifo_lock, end_fifo_lock},
    {"the device key is a FIFO", true, begin_fifo_key, end_fifo_key},
    {"an entry is a FIFO", false, begin_fifo_entry, end_fifo_entry},
    {"nobody reads the log", false, begin_log, end_log},
    {"the license service is cut, refuses and garbles", false, begin_service, end_service},
};
#define TROUBLE_COUNT (sizeof(TROUBLES) / sizeof(TROUBLES[0]))

static unsigned trouble_counts[TROUBLE_COUNT];

/* One fault for a while, up to `longest` milliseconds. */
static void be_in_trouble(uint64_t *random, unsigned longest)
{
    size_t which = random_below(random, TROUBLE_COUNT);
    const Trouble *trouble = &TROUBLES[which];
    unsigned millis = 50 + random_below(random, random_below(random, 4) == 0 ? longest : longest / 5);
    trouble_counts[which]++;
    trouble_number++;
    trouble_name = trouble->name;
    if (trouble->of_store) {
        __atomic_add_fetch(&store_trouble, 1, __ATOMIC_SEQ_CST);
    }
    trouble->begin();
    sleep_millis(millis);
    trouble->end();
    if (trouble->of_store) {
        __atomic_add_fetch(&store_trouble, 1, __ATOMIC_SEQ_CST);
    }
}

/* Whether a call that needs a store and began when `store_trouble` had this value may fail. */
static bool may_fail(unsigned before)
{
    return before % 2 == 1 || __atomic_load_n(&store_trouble, __ATOMIC_SEQ_CST) != before;
}

static unsigned now_troubled(void)
{
    return __atomic_load_n(&store_trouble, __ATOMIC_SEQ_CST);
}

/* What becomes of an answer on its way, if the service is in trouble. False: nothing arrives. */
static bool spoil(Message *answer, uint64_t *random, bool *spoilt)
{
    static const char REFUSAL[] = "{\"status\":503,\"reason\":\"TRY_AGAIN\",\"rule\":\"TRY_AGAIN\",\"pointer\":\"\",\"message\":\"\"}";
    uint32_t what = random_below(random, 8);
    *spoilt = __atomic_load_n(&service_trouble, __ATOMIC_SEQ_CST) != 0 && what < 6;
    if (!*spoilt) {
        return true;
    }
    if (what == 0) {
        return false;
    }
    if (what < 3) {
        memcpy(answer->bytes, REFUSAL, sizeof(REFUSAL) - 1);
        answer->size = sizeof(REFUSAL) - 1;
    } else if (what < 5) {
        answer->bytes[random_below(random, answer->size)] ^= (uint8_t)(1u << random_below(random, 8));
    } else {
        answer->size = 1 + random_below(random, answer->size - 1);
    }
    return true;
}

/* Standard error is a pipe that this thread reads, or does not; what the tests print goes to the former one. */
static int log_ends[2];
static unsigned long long log_bytes;
static unsigned long long log_losses;

static void *read_log(void *unused)
{
    static char page[65536];
    (void)unused;
    for (;;) {
        struct pollfd waiting = {log_ends[0], POLLIN, 0};
        if (__atomic_load_n(&log_is_read, __ATOMIC_SEQ_CST) == 0 || poll(&waiting, 1, 50) <= 0) {
            sleep_millis(5);
            continue;
        }
        ssize_t size = read(log_ends[0], page, sizeof(page) - 1);
        if (size <= 0) {
            return NULL;
        }
        page[size] = '\0';
        log_bytes += (unsigned long long)size;
        log_losses += strstr(page, "lines were lost") != NULL;
    }
}

static void take_standard_error(void)
{
    pthread_t thread;
    FILE *own = fdopen(dup(STDERR_FILENO), "w");
    REQUIRE(own != NULL && setvbuf(own, NULL, _IONBF, 0) == 0);
    stderr = own;
    REQUIRE(pipe2(log_ends, O_CLOEXEC) == 0 && fcntl(log_ends[1], F_SETPIPE_SZ, 4096) > 0);
    REQUIRE(dup2(log_ends[1], STDERR_FILENO) == STDERR_FILENO && close(log_ends[1]) == 0);
    REQUIRE(pthread_create(&thread, NULL, read_log, NULL) == 0 && pthread_detach(thread) == 0);
}

#endif /* TEST_SOAK_TROUBLE_H */

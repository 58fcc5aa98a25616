/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the preloaded library `fault_shim` offers: one of the next system calls on files below a directory goes
 * wrong, and there are no more threads.
 */
#ifndef TEST_FAULTS_SHIM_H
#define TEST_FAULTS_SHIM_H

#include <stdbool.h>

typedef enum FaultKind {
    FAULT_EIO,
    FAULT_ENOSPC,      /* of calls that may need room */
    FAULT_EINTR,       /* of calls that may be interrupted */
    FAULT_SHORT,       /* half of what is to be read or written */
    FAULT_KILL_BEFORE, /* SIGKILL instead of the call */
    FAULT_KILL_AFTER,  /* SIGKILL after the call */
    FAULT_BROKEN,      /* EIO, from now on in every call */
    FAULT_KINDS,       /* those above are for every call of every scenario */
    FAULT_SLOW = FAULT_KINDS, /* takes three seconds */
    FAULT_FULL,        /* ENOSPC, from now on in every call that may need room */
    FAULT_CRAWL,       /* from now on every call takes a fifth of a second */
    FAULT_SOME,        /* EIO, from now on in every fifth call or so */
    FAULT_TOLD         /* the function of fault_tell() is called, then the call is made */
} FaultKind;

/* From now on, the call with that number, from 1, goes wrong. */
void fault_arm(const char *directory, long number, FaultKind kind);

/* From now on nothing goes wrong. Returns the call that went wrong, null if none did, "" if the kind does not apply to it. */
const char *fault_disarm(void);

/* What FAULT_TOLD calls, in the thread that makes the call. */
void fault_tell(void (*function)(void));

/* Whether there can be new threads. */
void fault_allow_threads(bool allowed);

#endif /* TEST_FAULTS_SHIM_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A session with callbacks that a test lets do something, such as block.
 */
#ifndef TEST_SUPPORT_LISTENER_H
#define TEST_SUPPORT_LISTENER_H

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "drm.h"
#include "library_threads.h"

/* A session whose callbacks do what a test says. */
typedef struct Listener {
    MediaKeySession *session;
    void (*action)(struct Listener *listener);
    void *argument;
    sem_t entered;
    sem_t go_on;
    sem_t left;
    int events;
    int key_changes;
    int inside;
} Listener;

static inline void listener_called(Listener *listener, int *counter)
{
    CHECK_INT(__atomic_add_fetch(&listener->inside, 1, __ATOMIC_SEQ_CST), 1); /* one at a time */
    sem_post(&listener->entered);
    if (listener->action != NULL) {
        listener->action(listener);
    }
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&listener->inside, 1, __ATOMIC_SEQ_CST);
    sem_post(&listener->left);
}

/* How often so far. Atomic even where the threads that called have ended: that alone orders nothing for this one. */
static inline int calls_of(const int *counter)
{
    return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

static inline Drm_ErrCode listener_event(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len,
                                  char *extra, void *user_data)
{
    (void)session, (void)event, (void)info, (void)info_len, (void)extra;
    listener_called((Listener *)user_data, &((Listener *)user_data)->events);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode listener_keys(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user_data)
{
    (void)session, (void)keys, (void)new_keys;
    listener_called((Listener *)user_data, &((Listener *)user_data)->key_changes);
    return DRM_ERR_OK;
}

static inline void listen(Listener *listener, MediaKeySystem *system, void (*action)(Listener *), void *argument)
{
    memset(listener, 0, sizeof(*listener));
    sem_init(&listener->entered, 0, 0);
    sem_init(&listener->go_on, 0, 0);
    sem_init(&listener->left, 0, 0);
    listener->action = action;
    listener->argument = argument;
    listener->session = make_session(system);
    OH_MediaKeySession_UserDataCallback callback = {listener_event, listener_keys};
    REQUIRE_OK(OH_MediaKeySession_SetCallbackWithUserData(listener->session, &callback, listener));
}

/* Once no callback of it can come any more. */
static inline void forget(Listener *listener)
{
    sem_destroy(&listener->entered);
    sem_destroy(&listener->go_on);
    sem_destroy(&listener->left);
}

static inline void await(sem_t *semaphore)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += THREADS_LIMIT_SECONDS; /* for a library that hangs */
    while (sem_timedwait(semaphore, &limit) != 0) {
        REQUIRE(errno == EINTR);
    }
}

static inline void block(Listener *listener)
{
    await(&listener->go_on);
}

#endif /* TEST_SUPPORT_LISTENER_H */

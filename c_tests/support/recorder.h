/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A recorder of callbacks of all generations. A test waits on its condition variable until what it expects has come;
 * the limit is there for a library that hangs, not to measure time.
 */
#ifndef TEST_SUPPORT_RECORDER_H
#define TEST_SUPPORT_RECORDER_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drm.h"

#define RECORDER_LIMIT_SECONDS 60

enum RecordedKind { RECORDED_EVENT, RECORDED_KEY_CHANGE };
/* The three generations of callbacks: without handle, with handle, with user data. */
enum RecordedGeneration { GENERATION_PLAIN = 1, GENERATION_HANDLE = 2, GENERATION_USER_DATA = 3 };

typedef struct RecordedCall {
    int kind;
    int generation;
    bool of_system;
    void *handle;    /* null in GENERATION_PLAIN */
    void *user_data; /* null but in GENERATION_USER_DATA */
    pthread_t thread;
    int event;
    int32_t info_len;
    uint8_t info[MAX_INIT_DATA_LEN];
    char extra[32];
    DRM_KeysInfo keys;
    bool new_keys;
} RecordedCall;

/* Runs inside every recorded callback, before it is recorded. */
typedef void (*RecorderHook)(const RecordedCall *call, void *argument);

typedef struct Recorder {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    RecordedCall *calls;
    size_t count;
    size_t room;
    RecorderHook hook;
    void *hook_argument;
} Recorder;

/* Callbacks without user data have no other way to find their recorder. */
static Recorder *recorder_current;

static inline void recorder_init(Recorder *recorder)
{
    memset(recorder, 0, sizeof(*recorder));
    pthread_mutex_init(&recorder->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&recorder->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    recorder_current = recorder;
}

/* To be called when no callback can come any more. */
static inline void recorder_destroy(Recorder *recorder)
{
    recorder_current = NULL;
    pthread_cond_destroy(&recorder->changed);
    pthread_mutex_destroy(&recorder->mutex);
    free(recorder->calls);
}

static inline void recorder_add(Recorder *recorder, const RecordedCall *call)
{
    pthread_mutex_lock(&recorder->mutex);
    RecorderHook hook = recorder->hook;
    void *argument = recorder->hook_argument;
    pthread_mutex_unlock(&recorder->mutex);
    if (hook != NULL) {
        hook(call, argument);
    }
    pthread_mutex_lock(&recorder->mutex);
    if (recorder->count == recorder->room) {
        recorder->room = recorder->room == 0 ? 16 : recorder->room * 2;
        recorder->calls = (RecordedCall *)realloc(recorder->calls, recorder->room * sizeof(RecordedCall));
        if (recorder->calls == NULL) {
            abort();
        }
    }
    recorder->calls[recorder->count++] = *call;
    pthread_cond_broadcast(&recorder->changed);
    pthread_mutex_unlock(&recorder->mutex);
}

static inline void recorder_set_hook(Recorder *recorder, RecorderHook hook, void *argument)
{
    pthread_mutex_lock(&recorder->mutex);
    recorder->hook = hook;
    recorder->hook_argument = argument;
    pthread_mutex_unlock(&recorder->mutex);
}

static inline size_t recorder_count(Recorder *recorder)
{
    pthread_mutex_lock(&recorder->mutex);
    size_t count = recorder->count;
    pthread_mutex_unlock(&recorder->mutex);
    return count;
}

/* Forgets what was recorded. */
static inline void recorder_reset(Recorder *recorder)
{
    pthread_mutex_lock(&recorder->mutex);
    recorder->count = 0;
    pthread_mutex_unlock(&recorder->mutex);
}

/* Waits until `count` calls are recorded; false if they do not come. */
static inline bool recorder_wait(Recorder *recorder, size_t count)
{
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += RECORDER_LIMIT_SECONDS;
    pthread_mutex_lock(&recorder->mutex);
    int error = 0;
    while (recorder->count < count && error == 0) {
        error = pthread_cond_timedwait(&recorder->changed, &recorder->mutex, &limit);
    }
    bool arrived = recorder->count >= count;
    if (!arrived) {
        fprintf(stderr, "%zu of %zu callbacks came\n", recorder->count, count);
    }
    pthread_mutex_unlock(&recorder->mutex);
    return arrived;
}

/* A copy of the call with the given number. */
static inline RecordedCall *recorder_copy(Recorder *recorder, size_t index)
{
    RecordedCall *copy = (RecordedCall *)calloc(1, sizeof(*copy));
    REQUIRE(copy != NULL);
    pthread_mutex_lock(&recorder->mutex);
    if (index < recorder->count) {
        *copy = recorder->calls[index];
    } else {
        copy->kind = -1;
    }
    pthread_mutex_unlock(&recorder->mutex);
    return copy;
}

static inline void record_event(Recorder *recorder, int generation, bool of_system, void *handle, DRM_EventType event,
                                const uint8_t *info, int32_t info_len, const char *extra, void *user_data)
{
    RecordedCall *call = (RecordedCall *)calloc(1, sizeof(*call));
    REQUIRE(call != NULL && recorder != NULL);
    call->kind = RECORDED_EVENT;
    call->generation = generation;
    call->of_system = of_system;
    call->handle = handle;
    call->user_data = user_data;
    call->thread = pthread_self();
    call->event = (int)event;
    call->info_len = info_len;
    CHECK(extra != NULL && info_len >= 0 && (info_len == 0 || info != NULL));
    if (info != NULL && info_len > 0) {
        size_t size = (size_t)info_len;
        memcpy(call->info, info, size < sizeof(call->info) ? size : sizeof(call->info));
    }
    if (extra != NULL) {
        snprintf(call->extra, sizeof(call->extra), "%s", extra);
    }
    recorder_add(recorder, call);
    free(call);
}

static inline void record_key_change(Recorder *recorder, int generation, void *handle, const DRM_KeysInfo *keys,
                                     bool new_keys, void *user_data)
{
    RecordedCall *call = (RecordedCall *)calloc(1, sizeof(*call));
    REQUIRE(call != NULL && recorder != NULL && keys != NULL);
    call->kind = RECORDED_KEY_CHANGE;
    call->generation = generation;
    call->handle = handle;
    call->user_data = user_data;
    call->thread = pthread_self();
    call->keys = *keys;
    call->new_keys = new_keys;
    recorder_add(recorder, call);
    free(call);
}

static inline Drm_ErrCode on_system_event(DRM_EventType event, uint8_t *info, int32_t info_len, char *extra)
{
    record_event(recorder_current, GENERATION_PLAIN, true, NULL, event, info, info_len, extra, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_system_event2(MediaKeySystem *system, DRM_EventType event, uint8_t *info, int32_t info_len,
                                           char *extra)
{
    record_event(recorder_current, GENERATION_HANDLE, true, system, event, info, info_len, extra, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_system_event3(MediaKeySystem *system, DRM_EventType event, uint8_t *info, int32_t info_len,
                                           char *extra, void *user_data)
{
    record_event((Recorder *)user_data, GENERATION_USER_DATA, true, system, event, info, info_len, extra, user_data);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_event(DRM_EventType event, uint8_t *info, int32_t info_len, char *extra)
{
    record_event(recorder_current, GENERATION_PLAIN, false, NULL, event, info, info_len, extra, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_event2(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len,
                                    char *extra)
{
    record_event(recorder_current, GENERATION_HANDLE, false, session, event, info, info_len, extra, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_event3(MediaKeySession *session, DRM_EventType event, uint8_t *info, int32_t info_len,
                                    char *extra, void *user_data)
{
    record_event((Recorder *)user_data, GENERATION_USER_DATA, false, session, event, info, info_len, extra, user_data);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_keys(DRM_KeysInfo *keys, bool new_keys)
{
    record_key_change(recorder_current, GENERATION_PLAIN, NULL, keys, new_keys, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_keys2(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys)
{
    record_key_change(recorder_current, GENERATION_HANDLE, session, keys, new_keys, NULL);
    return DRM_ERR_OK;
}

static inline Drm_ErrCode on_keys3(MediaKeySession *session, DRM_KeysInfo *keys, bool new_keys, void *user_data)
{
    record_key_change((Recorder *)user_data, GENERATION_USER_DATA, session, keys, new_keys, user_data);
    return DRM_ERR_OK;
}

/* Registers the callbacks with user data of a session. */
static inline void record_session(Recorder *recorder, MediaKeySession *session)
{
    OH_MediaKeySession_UserDataCallback callback;
    callback.eventCallback = on_event3;
    callback.keyChangeCallback = on_keys3;
    REQUIRE_OK(OH_MediaKeySession_SetCallbackWithUserData(session, &callback, recorder));
}

static inline void record_system(Recorder *recorder, MediaKeySystem *system)
{
    REQUIRE_OK(OH_MediaKeySystem_SetCallbackWithUserData(system, on_system_event3, recorder));
}

#endif /* TEST_SUPPORT_RECORDER_H */

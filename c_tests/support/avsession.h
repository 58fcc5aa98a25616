/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Helpers for the AVSession tests, among them a recorder of commands that waits until what is expected has come.
 */
#ifndef TEST_SUPPORT_AVSESSION_H
#define TEST_SUPPORT_AVSESSION_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "multimedia/av_session/native_avsession.h"
#include "multimedia/av_session/native_avsession_extension.h"

#define COMMANDS_LIMIT_SECONDS 60

/* The commands that came, one line each, such as "seek 1500". */
typedef struct Commands {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    char (*lines)[160];
    size_t count;
    size_t room;
    /* Runs inside of every callback after the command was recorded. */
    void (*hook)(OH_AVSession *session, const char *line, void *argument);
    void *hook_argument;
} Commands;

static inline void commands_init(Commands *commands)
{
    memset(commands, 0, sizeof(*commands));
    pthread_mutex_init(&commands->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&commands->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* To be called when no callback can come any more. */
static inline void commands_destroy(Commands *commands)
{
    pthread_cond_destroy(&commands->changed);
    pthread_mutex_destroy(&commands->mutex);
    free(commands->lines);
}

static inline void commands_hook(Commands *commands, void (*hook)(OH_AVSession *, const char *, void *), void *argument)
{
    pthread_mutex_lock(&commands->mutex);
    commands->hook = hook;
    commands->hook_argument = argument;
    pthread_mutex_unlock(&commands->mutex);
}

static inline size_t commands_count(Commands *commands)
{
    pthread_mutex_lock(&commands->mutex);
    size_t count = commands->count;
    pthread_mutex_unlock(&commands->mutex);
    return count;
}

static inline AVSessionCallback_Result commands_add(Commands *commands, OH_AVSession *session, const char *line)
{
    pthread_mutex_lock(&commands->mutex);
    if (commands->count == commands->room) {
        commands->room = commands->room == 0 ? 64 : commands->room * 2;
        commands->lines = realloc(commands->lines, commands->room * sizeof(commands->lines[0]));
        if (commands->lines == NULL) {
            abort();
        }
    }
    snprintf(commands->lines[commands->count], sizeof(commands->lines[0]), "%s", line);
    commands->count++;
    void (*hook)(OH_AVSession *, const char *, void *) = commands->hook;
    void *argument = commands->hook_argument;
    pthread_cond_broadcast(&commands->changed);
    pthread_mutex_unlock(&commands->mutex);
    if (hook != NULL) {
        hook(session, line, argument);
    }
    return AVSESSION_CALLBACK_RESULT_SUCCESS;
}

/* Waits until `count` commands are recorded; false if they do not come. */
static inline bool commands_wait(Commands *commands, size_t count)
{
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += COMMANDS_LIMIT_SECONDS;
    pthread_mutex_lock(&commands->mutex);
    int error = 0;
    while (commands->count < count && error == 0) {
        error = pthread_cond_timedwait(&commands->changed, &commands->mutex, &limit);
    }
    bool arrived = commands->count >= count;
    if (!arrived) {
        fprintf(stderr, "%zu of %zu commands came\n", commands->count, count);
    }
    pthread_mutex_unlock(&commands->mutex);
    return arrived;
}

/* Checks that the next command, the one with that number, is the expected one. */
static inline void commands_expect(Commands *commands, size_t index, const char *line)
{
    REQUIRE(commands_wait(commands, index + 1));
    char actual[160];
    pthread_mutex_lock(&commands->mutex);
    memcpy(actual, commands->lines[index], sizeof(actual));
    pthread_mutex_unlock(&commands->mutex);
    CHECK_STR(actual, line);
}

/* Callbacks that record. */

static inline AVSessionCallback_Result on_command(OH_AVSession *session, AVSession_ControlCommand command, void *user_data)
{
    static const char *const names[] = {"play", "pause", "stop", "playNext", "playPrevious"};
    bool known = command >= CONTROL_CMD_PLAY && command <= CONTROL_CMD_PLAY_PREVIOUS;
    return commands_add((Commands *)user_data, session, known ? names[command] : "?");
}

#define RECORDING_CALLBACK(function, parameter, ...)                                                    \
    static inline AVSessionCallback_Result function(OH_AVSession *session, parameter, void *user_data)  \
    {                                                                                                   \
        char line[160];                                                                                 \
        snprintf(line, sizeof(line), __VA_ARGS__);                                                      \
        return commands_add((Commands *)user_data, session, line);                                      \
    }

RECORDING_CALLBACK(on_forward, uint32_t millis, "fastForward %" PRIu32, millis)
RECORDING_CALLBACK(on_rewind, uint32_t millis, "rewind %" PRIu32, millis)
RECORDING_CALLBACK(on_seek, uint64_t millis, "seek %" PRIu64, millis)
RECORDING_CALLBACK(on_loop_mode, AVSession_LoopMode mode, "setLoopMode %d", (int)mode)
RECORDING_CALLBACK(on_target_loop_mode, AVSession_LoopMode mode, "setTargetLoopMode %d", (int)mode)
RECORDING_CALLBACK(on_favorite, const char *asset_id, "toggleFavorite %s", asset_id)
RECORDING_CALLBACK(on_speed, double speed, "setSpeed %g", speed)
RECORDING_CALLBACK(on_volume, int32_t volume, "setVolume %d", (int)volume)
RECORDING_CALLBACK(on_asset, const char *asset_id, "playFromAssetId %s", asset_id)
RECORDING_CALLBACK(on_queue_item, int32_t item_id, "skipToQueueItem %d", (int)item_id)

static inline AVSessionCallback_Result on_common(OH_AVSession *session, const char *command, const char *arguments,
                                                 void *user_data)
{
    char line[160];
    snprintf(line, sizeof(line), "commonCommand %s %s", command, arguments);
    return commands_add((Commands *)user_data, session, line);
}

static inline AVSessionCallback_Result on_key(OH_AVSession *session, int32_t code, int32_t action, int64_t time,
                                              void *user_data)
{
    char line[160];
    snprintf(line, sizeof(line), "handleKeyEvent %d %d %" PRId64, (int)code, (int)action, time);
    return commands_add((Commands *)user_data, session, line);
}

static inline AVSessionCallback_Result on_answer(OH_AVSession *session, void *user_data)
{
    return commands_add((Commands *)user_data, session, "answer");
}

static inline AVSessionCallback_Result on_hang_up(OH_AVSession *session, void *user_data)
{
    return commands_add((Commands *)user_data, session, "hangUp");
}

static inline AVSessionCallback_Result on_mute(OH_AVSession *session, void *user_data)
{
    return commands_add((Commands *)user_data, session, "toggleCallMute");
}

/* Sessions and metadata. */

static inline OH_AVSession *create_session(AVSession_Type type)
{
    OH_AVSession *session = NULL;
    REQUIRE_OK(OH_AVSession_Create(type, "Test player", "org.example.player", "main", &session));
    REQUIRE(session != NULL);
    return session;
}

static inline OH_AVMetadataBuilder *create_builder(void)
{
    OH_AVMetadataBuilder *builder = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_Create(&builder));
    REQUIRE(builder != NULL);
    return builder;
}

/* Sets what a builder has collected for a session and destroys the builder. */
static inline void publish(OH_AVSession *session, OH_AVMetadataBuilder *builder)
{
    OH_AVMetadata *metadata = NULL;
    REQUIRE_OK(OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata));
    REQUIRE_OK(OH_AVSession_SetAVMetadata(session, metadata));
    REQUIRE_OK(OH_AVMetadata_Destroy(metadata));
    REQUIRE_OK(OH_AVMetadataBuilder_Destroy(builder));
}

/* Sets metadata with a title and an id. */
static inline void publish_title(OH_AVSession *session, const char *title)
{
    OH_AVMetadataBuilder *builder = create_builder();
    REQUIRE_OK(OH_AVMetadataBuilder_SetAssetId(builder, "asset-1"));
    REQUIRE_OK(OH_AVMetadataBuilder_SetTitle(builder, title));
    publish(session, builder);
}

#endif /* TEST_SUPPORT_AVSESSION_H */

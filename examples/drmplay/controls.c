/*
 * SPDX-License-Identifier: Apache-2.0
 * The player on the system's media controls.
 */
#include "controls.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "multimedia/drm_framework/native_drm_extension.h"
#include "util.h"

/* Orders that may wait; more are refused. */
#define MAX_ORDERS 64

struct controls {
    OH_AVSession *session;
    bool active;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct order orders[MAX_ORDERS];
    unsigned first, count;
};

/* On the library's thread: orders are left for the player's own. */
static AVSessionCallback_Result take(struct controls *controls, struct order order)
{
    bool taken = false;

    pthread_mutex_lock(&controls->lock);
    if (controls->count < MAX_ORDERS) {
        controls->orders[(controls->first + controls->count++) % MAX_ORDERS] = order;
        taken = true;
        pthread_cond_signal(&controls->arrived);
    }
    pthread_mutex_unlock(&controls->lock);
    return taken ? AVSESSION_CALLBACK_RESULT_SUCCESS : AVSESSION_CALLBACK_RESULT_FAILURE;
}

static AVSessionCallback_Result on_command(OH_AVSession *session, AVSession_ControlCommand command, void *user)
{
    struct order order = {0};

    (void)session;
    switch (command) {
    case CONTROL_CMD_PLAY: order.kind = ORDER_PLAY; break;
    case CONTROL_CMD_PAUSE: order.kind = ORDER_PAUSE; break;
    case CONTROL_CMD_STOP: order.kind = ORDER_STOP; break;
    case CONTROL_CMD_PLAY_NEXT: order.kind = ORDER_NEXT; break;
    case CONTROL_CMD_PLAY_PREVIOUS: order.kind = ORDER_PREVIOUS; break;
    default: return AVSESSION_CALLBACK_RESULT_FAILURE;
    }
    return take(user, order);
}

static AVSessionCallback_Result on_seek(OH_AVSession *session, uint64_t millis, void *user)
{
    (void)session;
    return take(user, (struct order){ORDER_SEEK, millis > INT64_MAX ? INT64_MAX : (int64_t)millis});
}

static int complain_session(int code, const char *what)
{
    return complain("cannot %s: error %d, %s", what, code, OH_Drm_GetLastErrorMessage());
}

struct controls *controls_open(bool video)
{
    struct controls *controls = calloc(1, sizeof(*controls));
    pthread_condattr_t attributes;

    if (!controls) {
        complain("out of memory");
        return NULL;
    }
    pthread_mutex_init(&controls->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* that of now_ns() */
    pthread_cond_init(&controls->arrived, &attributes);
    pthread_condattr_destroy(&attributes);

    AVSession_ErrCode code = OH_AVSession_Create(video ? SESSION_TYPE_VIDEO : SESSION_TYPE_AUDIO, "drmplay", "drmplay",
                                                 "player", &controls->session);
    static const AVSession_ControlCommand always[] = {CONTROL_CMD_PLAY, CONTROL_CMD_PAUSE, CONTROL_CMD_STOP};
    for (unsigned i = 0; i < sizeof(always) / sizeof(always[0]) && code == AV_SESSION_ERR_SUCCESS; i++)
        code = OH_AVSession_RegisterCommandCallback(controls->session, always[i], on_command, controls);
    if (code != AV_SESSION_ERR_SUCCESS) {
        complain_session((int)code, "open a media session");
        controls_close(controls);
        return NULL;
    }
    return controls;
}

void controls_close(struct controls *controls)
{
    if (!controls)
        return;
    /* No callback runs when this has returned. */
    if (controls->session)
        OH_AVSession_Destroy(controls->session);
    pthread_cond_destroy(&controls->arrived);
    pthread_mutex_destroy(&controls->lock);
    free(controls);
}

static AVSession_ErrCode offer(struct controls *controls, AVSession_ControlCommand command, bool possible)
{
    return possible ? OH_AVSession_RegisterCommandCallback(controls->session, command, on_command, controls)
                    : OH_AVSession_UnregisterCommandCallback(controls->session, command, on_command);
}

static OH_AVMetadata *make_metadata(const struct now_playing *playing)
{
    OH_AVMetadataBuilder *builder = NULL;
    OH_AVMetadata *metadata = NULL;
    AVMetadata_Result result = OH_AVMetadataBuilder_Create(&builder);

    if (result == AVMETADATA_SUCCESS)
        result = OH_AVMetadataBuilder_SetAssetId(builder, playing->id);
    if (result == AVMETADATA_SUCCESS)
        result = OH_AVMetadataBuilder_SetTitle(builder, playing->title);
    if (result == AVMETADATA_SUCCESS && playing->artist)
        result = OH_AVMetadataBuilder_SetArtist(builder, playing->artist);
    if (result == AVMETADATA_SUCCESS && playing->album)
        result = OH_AVMetadataBuilder_SetAlbum(builder, playing->album);
    if (result == AVMETADATA_SUCCESS)
        result = OH_AVMetadataBuilder_SetDuration(builder, playing->duration);
    if (result == AVMETADATA_SUCCESS)
        result = OH_AVMetadataBuilder_GenerateAVMetadata(builder, &metadata);
    if (result != AVMETADATA_SUCCESS)
        complain_session((int)result, "describe what is played");
    if (builder)
        OH_AVMetadataBuilder_Destroy(builder);
    return metadata;
}

int controls_publish(struct controls *controls, const struct now_playing *playing)
{
    OH_AVMetadata *metadata = make_metadata(playing);

    if (!metadata)
        return -1;
    AVSession_ErrCode code = OH_AVSession_SetAVMetadata(controls->session, metadata);
    OH_AVMetadata_Destroy(metadata);
    if (code == AV_SESSION_ERR_SUCCESS)
        code = playing->seekable ? OH_AVSession_RegisterSeekCallback(controls->session, on_seek, controls)
                                 : OH_AVSession_UnregisterSeekCallback(controls->session, on_seek);
    if (code == AV_SESSION_ERR_SUCCESS)
        code = offer(controls, CONTROL_CMD_PLAY_NEXT, playing->has_next);
    if (code == AV_SESSION_ERR_SUCCESS)
        code = offer(controls, CONTROL_CMD_PLAY_PREVIOUS, playing->has_previous);
    if (code == AV_SESSION_ERR_SUCCESS && !controls->active)
        code = OH_AVSession_Activate(controls->session);
    if (code != AV_SESSION_ERR_SUCCESS)
        return complain_session((int)code, "publish what is played");
    controls->active = true;
    return 0;
}

int controls_report(struct controls *controls, AVSession_PlaybackState state, int64_t millis)
{
    AVSession_PlaybackPosition position = {.elapsedTime = millis, .updateTime = 0}; /* now */
    AVSession_ErrCode code = OH_AVSession_SetPlaybackState(controls->session, state);

    if (code == AV_SESSION_ERR_SUCCESS)
        code = OH_AVSession_SetPlaybackPosition(controls->session, &position);
    return code == AV_SESSION_ERR_SUCCESS ? 0 : complain_session((int)code, "report the position");
}

struct order controls_wait(struct controls *controls, uint64_t deadline)
{
    struct timespec until = {.tv_sec = (time_t)(deadline / 1000000000u), .tv_nsec = (long)(deadline % 1000000000u)};
    struct order order = {0};
    int result = 0;

    pthread_mutex_lock(&controls->lock);
    while (controls->count == 0 && result == 0)
        result = deadline == NO_DEADLINE ? pthread_cond_wait(&controls->arrived, &controls->lock)
                                         : pthread_cond_timedwait(&controls->arrived, &controls->lock, &until);
    if (controls->count) {
        order = controls->orders[controls->first];
        controls->first = (controls->first + 1) % MAX_ORDERS;
        controls->count--;
    }
    pthread_mutex_unlock(&controls->lock);
    return order;
}

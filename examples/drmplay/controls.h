/*
 * SPDX-License-Identifier: Apache-2.0
 * The player on the system's media controls: what it publishes with OH_AVSession_*, and the orders that come back.
 */
#ifndef DRMPLAY_CONTROLS_H
#define DRMPLAY_CONTROLS_H

#include <stdbool.h>
#include <stdint.h>

#include "multimedia/av_session/native_avsession.h"

/* What the controls want. */
enum order_kind {
    ORDER_NONE,
    ORDER_PLAY,
    ORDER_PAUSE,
    ORDER_STOP,
    ORDER_NEXT,
    ORDER_PREVIOUS,
    ORDER_SEEK,
};

struct order {
    enum order_kind kind;
    int64_t millis; /* ORDER_SEEK: from the start */
};

/* What is played. */
struct now_playing {
    const char *id;
    const char *title;
    const char *artist;   /* NULL: not known */
    const char *album;    /* NULL: not known */
    int64_t duration;     /* milliseconds; 0 = not known */
    bool seekable;
    bool has_next;
    bool has_previous;
};

struct controls;

/* Appears on the media controls with the first controls_publish(). NULL after a complaint. */
struct controls *controls_open(bool video);
void controls_close(struct controls *controls);

/* Says what is played, and offers what can be done with it; all else is greyed out. Returns -1 after a complaint. */
int controls_publish(struct controls *controls, const struct now_playing *playing);

/* Says how it is played from now on. Returns -1 after a complaint. */
int controls_report(struct controls *controls, AVSession_PlaybackState state, int64_t millis);

/* For controls_wait(): as long as it takes. */
#define NO_DEADLINE UINT64_MAX

/* The next order; ORDER_NONE if there is none until now_ns() reaches the deadline. */
struct order controls_wait(struct controls *controls, uint64_t deadline);

#endif

/*
 * SPDX-License-Identifier: Apache-2.0
 * Playing in real time, under media controls.
 */
#include "player.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The clock that packets wait for. */
struct live {
    struct player *player;
    struct controls *controls;
    struct input_index index;
    bool playing;
    int64_t from;       /* position ... */
    uint64_t from_time; /* ... at that time of now_ns() */
    bool settling;      /* after a seek, until the next key frame: frames may lack those that they refer to */
    bool moved;         /* there was a seek: the packet that was read is void */
    bool ended;
};

static int64_t position(const struct live *live)
{
    int64_t millis = live->from;

    if (live->playing)
        millis += (int64_t)((now_ns() - live->from_time) / 1000000u);
    return live->index.duration && millis > live->index.duration ? live->index.duration : millis;
}

static int report(struct live *live, AVSession_PlaybackState state)
{
    return controls_report(live->controls, state, position(live));
}

static void say_order(const struct live *live, const char *words)
{
    int64_t millis = position(live);

    say("controls: %s at %" PRId64 ".%03d s", words, millis / 1000, (int)(millis % 1000));
}

static int set_playing(struct live *live, bool playing)
{
    live->from = position(live);
    live->from_time = now_ns();
    live->playing = playing;
    return report(live, playing ? PLAYBACK_STATE_PLAYING : PLAYBACK_STATE_PAUSED);
}

static int seek(struct live *live, int64_t millis)
{
    if (millis > live->index.duration)
        millis = live->index.duration;
    if (player_go_to(live->player, &live->index, millis) < 0)
        return -1;
    live->from = millis;
    live->from_time = now_ns();
    live->settling = true;
    live->moved = true;
    return report(live, live->playing ? PLAYBACK_STATE_PLAYING : PLAYBACK_STATE_PAUSED);
}

static int end(struct live *live, enum play_end how, const char *words)
{
    say_order(live, words);
    live->ended = true;
    live->player->end = how;
    return how == END_STOP ? controls_report(live->controls, PLAYBACK_STATE_STOPPED, 0) : 0;
}

static int obey(struct live *live, struct order order)
{
    char words[64];

    switch (order.kind) {
    case ORDER_PLAY: say_order(live, "play"); return set_playing(live, true);
    case ORDER_PAUSE: say_order(live, "pause"); return set_playing(live, false);
    case ORDER_STOP: return end(live, END_STOP, "stop");
    case ORDER_NEXT: return end(live, END_NEXT, "next");
    case ORDER_PREVIOUS: return end(live, END_PREVIOUS, "previous");
    case ORDER_SEEK:
        snprintf(words, sizeof(words), "seek to %" PRId64 ".%03d s", order.millis / 1000, (int)(order.millis % 1000));
        say_order(live, words);
        return seek(live, order.millis);
    case ORDER_NONE: break;
    }
    return 0;
}

/* Waits for a position, obeying orders meanwhile, until it is reached or is none to wait for any more. */
static int wait_for(struct live *live, int64_t millis)
{
    live->moved = false;
    while (!live->ended && !live->moved) {
        uint64_t deadline = NO_DEADLINE;
        if (millis <= position(live))
            deadline = 0;
        else if (live->playing)
            deadline = live->from_time + (uint64_t)(millis - live->from) * 1000000u;
        struct order order = controls_wait(live->controls, deadline);
        if (order.kind == ORDER_NONE)
            return 0;
        if (obey(live, order) < 0)
            return -1;
    }
    return 0;
}

/* Plays a packet when its time has come. */
static int play_in_time(struct live *live, AVPacket *packet)
{
    struct player *player = live->player;

    if ((unsigned)packet->stream_index >= player->count)
        return 0;
    struct decoder *decoder = &player->decoders[packet->stream_index];
    int64_t millis = input_millis(player->input->streams[packet->stream_index], packet);
    if (wait_for(live, millis) < 0)
        return -1;
    if (live->ended || live->moved)
        return 0;
    if (live->settling && packet->flags & AV_PKT_FLAG_KEY && millis > live->from &&
        player->input->streams[packet->stream_index]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
        live->settling = false;
    uint64_t errors = decoder->errors;
    int result = play_packet(player, packet);
    if (live->settling)
        decoder->errors = errors;
    if (live->index.duration)
        progress_show((double)position(live) / (double)live->index.duration);
    return result;
}

static const char *tag(const AVFormatContext *input, const char *name)
{
    const AVDictionaryEntry *entry = av_dict_get(input->metadata, name, NULL, 0);

    return entry && entry->value[0] ? entry->value : NULL;
}

static int publish(struct live *live)
{
    const struct options *options = &live->player->options;
    const AVFormatContext *input = live->player->input;
    const char *name = strrchr(options->file, '/');
    struct now_playing playing = {
        .id = options->file,
        .title = tag(input, "title"),
        .artist = tag(input, "artist"),
        .album = tag(input, "album"),
        .duration = live->index.duration,
        .seekable = live->index.count > 0,
        .has_next = options->number + 1 < options->file_count,
        .has_previous = options->number > 0,
    };

    if (!playing.title)
        playing.title = name ? name + 1 : options->file;
    return controls_publish(live->controls, &playing);
}

static int play_on(struct live *live, AVPacket *packet)
{
    struct player *player = live->player;

    while (!live->ended) {
        int result = input_read(player->input, packet);
        if (result == AVERROR_EOF) {
            if (wait_for(live, live->index.duration) < 0)
                return -1;
            if (live->moved)
                continue;
            break;
        }
        if (result < 0)
            return complain_av(result, "%s cannot be read to its end", player->options.file);
        result = play_in_time(live, packet);
        av_packet_unref(packet);
        if (result < 0)
            return -1;
    }
    /* What is cut off in the middle is not worth a complaint. */
    for (unsigned i = 0; i < player->count && !live->ended; i++) {
        if (decoder_feed(&player->decoders[i], NULL) < 0)
            return -1;
    }
    return live->ended ? 0 : report(live, PLAYBACK_STATE_COMPLETED);
}

int play_controlled(struct player *player)
{
    struct live live = {.player = player};
    AVPacket *packet = av_packet_alloc();
    int result = -1;

    player->end = END_OF_FILE;
    if (!packet) {
        complain("out of memory");
        goto done;
    }
    if (!player->controls)
        player->controls = controls_open(av_find_best_stream(player->input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0) >= 0);
    live.controls = player->controls;
    if (!live.controls || input_index_read(&live.index, &player->media) < 0)
        goto done;
    if (controls_report(live.controls, PLAYBACK_STATE_PREPARING, 0) < 0 || publish(&live) < 0 ||
        set_playing(&live, !player->options.paused) < 0)
        goto done;
    result = play_on(&live, packet);
    progress_clear();

done:
    input_index_free(&live.index);
    av_packet_free(&packet);
    return result;
}

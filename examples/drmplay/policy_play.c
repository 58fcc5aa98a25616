/*
 * SPDX-License-Identifier: Apache-2.0
 * Playing in real time, over and over, until the license is over.
 */
#include <stdlib.h>
#include <time.h>

#include "player.h"

/* Waits until now_ns() shows a time. */
static void wait_until(uint64_t time)
{
    uint64_t now = now_ns();

    if (time > now) {
        uint64_t wait = time - now;
        struct timespec rest = {(time_t)(wait / 1000000000u), (long)(wait % 1000000000u)};
        nanosleep(&rest, NULL);
    }
}

int play_policy(struct player *player)
{
    const struct policy_service *service = player->license.policy;
    struct input_index index = {0};
    AVPacket *packet = av_packet_alloc();
    uint64_t start = now_ns();
    int rounds = 1;
    int result = -1;

    if (!packet || input_index_read(&index, &player->media) < 0)
        goto done;
    policy_service_say(service, "plays %s", player->options.file);
    while (!player->license.over) {
        result = input_read(player->input, packet);
        if (result == AVERROR_EOF) {
            start += (uint64_t)index.duration * 1000000u;
            rounds++;
            if (index.duration <= 0 || player_go_to(player, &index, 0) < 0)
                goto done;
            continue;
        }
        if (result < 0) {
            result = complain_av(result, "%s cannot be read to its end", player->options.file);
            goto done;
        }
        int64_t millis = input_millis(player->input->streams[packet->stream_index], packet);
        if (millis > 0)
            wait_until(start + (uint64_t)millis * 1000000u);
        result = (unsigned)packet->stream_index < player->count ? play_packet(player, packet) : 0;
        av_packet_unref(packet);
        if (result < 0)
            goto done;
    }
    policy_service_say(service, "stops in round %d: %s", rounds, player->license.reason);
    policy_service_explain(service, player->license.session);
    result = 0;

done:
    input_index_free(&index);
    av_packet_free(&packet);
    return result;
}

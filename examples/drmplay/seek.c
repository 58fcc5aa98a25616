/*
 * SPDX-License-Identifier: Apache-2.0
 * Going to another place of a file.
 *
 * Not with av_seek_frame(): FFmpeg 5.1 finds only fragments that it has read before. The file is opened anew and packets are
 * passed over up to the right key frame.
 */
#include "input.h"

#include <stdlib.h>

/* Milliseconds between the places that are remembered. */
#define INDEX_STEP 500

int64_t input_millis(const AVStream *stream, const AVPacket *packet)
{
    int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    int64_t start = stream->start_time != AV_NOPTS_VALUE ? stream->start_time : 0;

    if (time == AV_NOPTS_VALUE)
        return INT64_MIN;
    return av_rescale_q(time - start, stream->time_base, (AVRational){1, 1000});
}

static int add_place(struct input_index *index, int64_t millis, uint64_t number)
{
    if (index->count && millis < index->packets[index->count - 1].millis + INDEX_STEP)
        return 0;
    void *larger = realloc(index->packets, (index->count + 1) * sizeof(*index->packets));
    if (!larger)
        return AVERROR(ENOMEM);
    index->packets = larger;
    index->packets[index->count++] = (struct key_packet){millis, number};
    return 0;
}

/* The stream whose key frames count. */
static int leading_stream(AVFormatContext *input)
{
    int best = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);

    return best >= 0 ? best : av_find_best_stream(input, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
}

int input_index_read(struct input_index *index, const struct media *media)
{
    AVFormatContext *input = NULL;
    AVPacket *packet = av_packet_alloc();
    int result = packet ? 0 : AVERROR(ENOMEM);

    *index = (struct input_index){0};
    if (packet && input_open(&input, media) < 0) {
        input_close(&input);
        av_packet_free(&packet);
        return -1;
    }
    int leading = input ? leading_stream(input) : -1;
    for (uint64_t number = 0; result >= 0; number++) {
        result = input_read(input, packet);
        if (result < 0)
            break;
        const AVStream *stream = input->streams[packet->stream_index];
        int64_t millis = input_millis(stream, packet);
        if (millis != INT64_MIN) {
            int64_t end = millis + av_rescale_q(packet->duration, stream->time_base, (AVRational){1, 1000});
            if (end > index->duration)
                index->duration = end;
            if (packet->stream_index == leading && packet->flags & AV_PKT_FLAG_KEY)
                result = add_place(index, millis, number);
        }
        av_packet_unref(packet);
    }
    input_close(&input);
    av_packet_free(&packet);
    if (result != AVERROR_EOF) {
        input_index_free(index);
        return complain_av(result, "%s cannot be read to its end", media->path);
    }
    return 0;
}

void input_index_free(struct input_index *index)
{
    free(index->packets);
    *index = (struct input_index){0};
}

int input_reopen_at(AVFormatContext **input, const struct media *media, const struct input_index *index, int64_t millis)
{
    AVFormatContext *other = NULL;
    AVPacket *packet = av_packet_alloc();
    uint64_t skip = 0;
    int result = packet ? 0 : AVERROR(ENOMEM);

    for (size_t i = 0; i < index->count && index->packets[i].millis <= millis; i++)
        skip = index->packets[i].number;
    if (packet && input_open(&other, media) < 0) {
        input_close(&other);
        av_packet_free(&packet);
        return -1;
    }
    for (; skip > 0 && result >= 0; skip--) {
        result = input_read(other, packet);
        if (result >= 0)
            av_packet_unref(packet);
    }
    av_packet_free(&packet);
    if (result >= 0 && other->nb_streams != (*input)->nb_streams)
        result = AVERROR_INVALIDDATA;
    if (result < 0) {
        input_close(&other);
        return complain_av(result, "cannot go to another place of %s", media->path);
    }
    input_close(input);
    *input = other;
    return 0;
}

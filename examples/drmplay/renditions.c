/*
 * SPDX-License-Identifier: Apache-2.0
 * Pictures and sound that are apart. What the player sees is a context without a demuxer, whose streams are copies.
 */
#include "renditions.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/intreadwrite.h>

#include "input.h"

#define SOURCES 2
/* Bytes of a segment in which the time of packed audio is looked for. */
#define MAX_TAG_BYTES 4096

struct source {
    AVFormatContext *input;
    const struct media *media;
    unsigned first; /* its first stream is that one of the whole */
    int64_t start;  /* of packed audio, microseconds: its frames have no time */
    AVPacket *packet;
    bool held;
    int result; /* why there is no packet */
};

struct renditions {
    struct source sources[SOURCES];
};

/* The time of the first frame: the ID3 tag in front of it has it in units of 1/90000 s (RFC 8216 section 3.4). */
static int64_t packed_start(const struct media *media)
{
    static const char owner[] = "com.apple.streaming.transportStreamTimestamp";
    uint8_t bytes[MAX_TAG_BYTES];
    AVIOContext *io = NULL;
    int64_t start = 0;

    if (media->kind != MEDIA_AUDIO || media_open_io(media, &io) < 0)
        return 0;
    int count = avio_read(io, bytes, sizeof(bytes));
    const uint8_t *found = count > 0 ? memmem(bytes, (size_t)count, owner, sizeof(owner)) : NULL;
    if (found && found + sizeof(owner) + 8 <= bytes + count)
        start = av_rescale((int64_t)(AV_RB64(found + sizeof(owner)) & ((1ull << 33) - 1)), AV_TIME_BASE, 90000);
    media_close_io(&io);
    return start;
}

static int add_stream(AVFormatContext *whole, const AVStream *from)
{
    AVStream *to = avformat_new_stream(whole, NULL);

    if (!to)
        return AVERROR(ENOMEM);
    to->id = from->id;
    to->time_base = from->time_base;
    to->start_time = from->start_time;
    to->duration = from->duration;
    to->avg_frame_rate = from->avg_frame_rate;
    to->r_frame_rate = from->r_frame_rate;
    to->sample_aspect_ratio = from->sample_aspect_ratio;
    to->disposition = from->disposition;
    int result = av_dict_copy(&to->metadata, from->metadata, 0);
    return result < 0 ? result : avcodec_parameters_copy(to->codecpar, from->codecpar);
}

static int add_source(AVFormatContext *whole, struct source *source, AVFormatContext *input, const struct media *media)
{
    int result = 0;

    source->input = input;
    source->media = media;
    source->first = whole->nb_streams;
    source->start = packed_start(media);
    source->packet = av_packet_alloc();
    for (unsigned i = 0; i < input->nb_streams && result >= 0; i++)
        result = add_stream(whole, input->streams[i]);
    return source->packet ? result : AVERROR(ENOMEM);
}

int renditions_join(AVFormatContext **input, const struct media *variant, const struct media *sound)
{
    AVFormatContext *second = NULL;
    AVFormatContext *whole = avformat_alloc_context();
    struct renditions *renditions = calloc(1, sizeof(*renditions));
    int result = whole && renditions ? 0 : AVERROR(ENOMEM);

    if (result >= 0 && input_open(&second, sound) < 0)
        goto failed;
    if (result >= 0)
        whole->opaque = renditions;
    if (result >= 0)
        result = add_source(whole, &renditions->sources[0], *input, variant);
    if (result >= 0)
        result = add_source(whole, &renditions->sources[1], second, sound);
    if (result >= 0) {
        *input = whole;
        return 0;
    }
    complain_av(result, "cannot play %s", sound->path);

failed:
    for (int i = 0; renditions && i < SOURCES; i++)
        av_packet_free(&renditions->sources[i].packet);
    input_close(&second);
    free(renditions);
    avformat_free_context(whole);
    return -1;
}

bool renditions_are(const AVFormatContext *input)
{
    return !input->iformat && input->opaque;
}

static struct source *source_of(const AVFormatContext *input, unsigned stream)
{
    struct renditions *renditions = input->opaque;

    return &renditions->sources[stream >= renditions->sources[1].first];
}

const struct media *renditions_media(const AVFormatContext *input, unsigned stream)
{
    return source_of(input, stream)->media;
}

/* When a packet is decoded, in microseconds; none: at once. */
static int64_t time_of(const AVFormatContext *whole, const struct source *source)
{
    const AVPacket *packet = source->packet;
    int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;

    return time == AV_NOPTS_VALUE ? INT64_MIN : av_rescale_q(time, whole->streams[packet->stream_index]->time_base, AV_TIME_BASE_Q);
}

/* Has a packet ready, if there is a further one. */
static void fetch(const AVFormatContext *whole, struct source *source)
{
    AVPacket *packet = source->packet;

    if (source->held || source->result < 0)
        return;
    /* Streams that are found on the way are none of those that are played. */
    do {
        av_packet_unref(packet);
        source->result = input_read(source->input, packet);
    } while (source->result >= 0 && source->first + (unsigned)packet->stream_index >=
                                        (source == source_of(whole, 0) ? source[1].first : whole->nb_streams));
    if (source->result < 0)
        return;
    packet->stream_index += (int)source->first;
    int64_t start = av_rescale_q(source->start, AV_TIME_BASE_Q, whole->streams[packet->stream_index]->time_base);
    if (packet->pts != AV_NOPTS_VALUE)
        packet->pts += start;
    if (packet->dts != AV_NOPTS_VALUE)
        packet->dts += start;
    source->held = true;
}

int renditions_read(AVFormatContext *input, AVPacket *packet)
{
    struct renditions *renditions = input->opaque;
    struct source *next = NULL;
    int result = AVERROR_EOF;

    for (int i = 0; i < SOURCES; i++) {
        struct source *source = &renditions->sources[i];
        fetch(input, source);
        if (!source->held && source->result != AVERROR_EOF)
            result = source->result;
        else if (source->held && (!next || time_of(input, source) < time_of(input, next)))
            next = source;
    }
    if (result != AVERROR_EOF || !next)
        return result;
    av_packet_move_ref(packet, next->packet);
    next->held = false;
    return 0;
}

void renditions_close(AVFormatContext **input)
{
    struct renditions *renditions = (*input)->opaque;

    for (int i = 0; i < SOURCES; i++) {
        av_packet_free(&renditions->sources[i].packet);
        input_close(&renditions->sources[i].input);
    }
    free(renditions);
    avformat_free_context(*input);
    *input = NULL;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * From the pieces that demuxers give to access units.
 */
#include "units.h"

#include <stdlib.h>
#include <string.h>

#include "media.h"

/* Most bytes that wait for the rest of a frame: far more than the largest frame has. */
#define MAX_WAITING (1u << 20)

/* Sound that waits to be cut into frames. */
struct stream {
    enum AVCodecID codec;
    uint8_t *bytes;
    size_t size;
    size_t skip;          /* bytes of an ID3 tag that are to come */
    int64_t position;     /* of the first byte in the file */
    int64_t base;         /* time of a frame ... */
    int64_t samples;      /* ... and samples since then */
    int64_t next_base;    /* time of the first frame that begins from next_at on; AV_NOPTS_VALUE: none */
    size_t next_at;
    bool lost;            /* bytes that are no frame were passed over */
    struct audio_header header; /* the latest; size 0: none yet */
    int64_t latest_dts;
    int64_t latest_step;
};

struct units {
    const struct media *media;
    struct stream *streams;
    unsigned count;
    int64_t *offsets; /* what is added to times after each discontinuity; AV_NOPTS_VALUE: not known yet */
    size_t discontinuities;
    int64_t end; /* of the time line */
    AVPacket *piece;
    int current; /* the stream that may have a frame ready; -1: none */
    bool ended;
};

struct units *units_open(const struct media *media)
{
    struct units *units = calloc(1, sizeof(*units));

    if (!units)
        return NULL;
    units->media = media;
    units->current = -1;
    units->discontinuities = media->parts[media->part_count - 1].discontinuity + (size_t)1;
    units->offsets = malloc(units->discontinuities * sizeof(*units->offsets));
    units->piece = av_packet_alloc();
    if (!units->offsets || !units->piece) {
        units_close(units);
        return NULL;
    }
    for (size_t i = 0; i < units->discontinuities; i++)
        units->offsets[i] = AV_NOPTS_VALUE;
    return units;
}

void units_close(struct units *units)
{
    if (!units)
        return;
    for (unsigned i = 0; i < units->count; i++)
        free(units->streams[i].bytes);
    free(units->streams);
    free(units->offsets);
    av_packet_free(&units->piece);
    free(units);
}

/* Streams may appear late. */
static int grow(struct units *units, const AVFormatContext *input)
{
    if (units->count >= input->nb_streams)
        return 0;
    struct stream *larger = realloc(units->streams, input->nb_streams * sizeof(*larger));
    if (!larger)
        return AVERROR(ENOMEM);
    units->streams = larger;
    for (; units->count < input->nb_streams; units->count++) {
        units->streams[units->count] = (struct stream){.codec = input->streams[units->count]->codecpar->codec_id,
                                                       .next_base = AV_NOPTS_VALUE,
                                                       .latest_dts = AV_NOPTS_VALUE};
        /* Packed audio has no times but for its beginning. */
        if (units->media->kind == MEDIA_TS)
            units->streams[units->count].base = AV_NOPTS_VALUE;
    }
    return 0;
}

static void drop(struct stream *stream, size_t count)
{
    memmove(stream->bytes, stream->bytes + count, stream->size - count);
    stream->size -= count;
    stream->position += (int64_t)count;
    stream->next_at = stream->next_at > count ? stream->next_at - count : 0;
}

static int append(struct stream *stream, const AVPacket *piece)
{
    const uint8_t *data = piece->data;
    size_t size = (size_t)piece->size;
    int64_t position = piece->pos;

    if (stream->skip) {
        size_t skipped = stream->skip < size ? stream->skip : size;
        stream->skip -= skipped;
        data += skipped;
        size -= skipped;
        position += (int64_t)skipped;
    }
    if (stream->size + size > MAX_WAITING)
        return AVERROR_INVALIDDATA;
    uint8_t *larger = realloc(stream->bytes, stream->size + size + 1);
    if (!larger)
        return AVERROR(ENOMEM);
    stream->bytes = larger;
    if (piece->pts != AV_NOPTS_VALUE) {
        stream->next_base = piece->pts;
        stream->next_at = stream->size;
    }
    if (!stream->size)
        stream->position = position;
    if (size)
        memcpy(stream->bytes + stream->size, data, size);
    stream->size += size;
    return 0;
}

/* Bytes of the frame at the start, with those that belong to it; 0 if more must come first, or none is there. */
static size_t frame_size(struct stream *stream, bool ended, struct audio_header *header)
{
    size_t size = 0;

    while (stream->size >= AUDIO_HEADER_BYTES + 2) {
        size_t tag = id3_size(stream->bytes);
        if (tag) {
            stream->skip = tag > stream->size ? tag - stream->size : 0;
            drop(stream, tag > stream->size ? stream->size : tag);
        } else if (audio_header_read(stream->codec, stream->bytes, header) && header->samples) {
            break;
        } else {
            stream->lost = true;
            drop(stream, 1);
        }
    }
    if (stream->size < AUDIO_HEADER_BYTES + 2 || header->size > stream->size)
        return 0;
    size = header->size;
    struct audio_header next;
    while (stream->codec == AV_CODEC_ID_EAC3) {
        if (stream->size < size + AUDIO_HEADER_BYTES)
            return ended || stream->size == size ? size : 0;
        if (!audio_header_read(stream->codec, stream->bytes + size, &next) || next.samples)
            break;
        size += next.size;
        if (size > stream->size)
            return 0;
    }
    return size;
}

/* Takes a frame out. Returns 1, 0 if none is ready, or an AVERROR code. */
static int take_frame(struct units *units, const AVFormatContext *input, int index, AVPacket *unit)
{
    struct stream *stream = &units->streams[index];
    AVRational time_base = input->streams[index]->time_base;
    struct audio_header header = {0};
    size_t size = frame_size(stream, units->ended, &header);

    if (!size)
        return 0;
    int result = av_new_packet(unit, (int)size);
    if (result < 0)
        return result;
    if (stream->next_base != AV_NOPTS_VALUE && stream->next_at == 0) {
        stream->base = stream->next_base;
        stream->samples = 0;
        stream->next_base = AV_NOPTS_VALUE;
    }
    AVRational samples = {1, header.sample_rate};
    memcpy(unit->data, stream->bytes, size);
    unit->stream_index = index;
    unit->pos = stream->position;
    unit->flags = AV_PKT_FLAG_KEY | (stream->lost ? AV_PKT_FLAG_CORRUPT : 0);
    unit->duration = av_rescale_q(header.samples, samples, time_base);
    if (stream->base != AV_NOPTS_VALUE)
        unit->pts = unit->dts = stream->base + av_rescale_q(stream->samples, samples, time_base);
    stream->samples += header.samples;
    stream->header = header;
    stream->lost = false;
    drop(stream, size);
    return 1;
}

/* Whether packets of a stream need not be whole frames. */
static bool is_cut(const struct stream *stream)
{
    switch (stream->codec) {
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3: return true;
    default: return false;
    }
}

/* Puts a unit on the time line. */
static void place(struct units *units, AVPacket *unit)
{
    struct stream *stream = &units->streams[unit->stream_index];
    size_t number = media_part_at(units->media, unit->pos)->discontinuity;

    if (unit->dts == AV_NOPTS_VALUE || units->discontinuities == 1)
        return;
    if (units->offsets[number] == AV_NOPTS_VALUE)
        units->offsets[number] = number ? units->end - unit->dts : 0;
    unit->dts += units->offsets[number];
    if (unit->pts != AV_NOPTS_VALUE)
        unit->pts += units->offsets[number];
    if (stream->latest_dts != AV_NOPTS_VALUE) {
        if (unit->dts <= stream->latest_dts) {
            unit->dts = stream->latest_dts + 1;
            if (unit->pts != AV_NOPTS_VALUE && unit->pts < unit->dts)
                unit->pts = unit->dts;
        }
        stream->latest_step = unit->dts - stream->latest_dts;
    }
    stream->latest_dts = unit->dts;
    int64_t end = unit->dts + (unit->duration ? unit->duration : stream->latest_step);
    if (end > units->end)
        units->end = end;
}

int units_read(struct units *units, AVFormatContext *input, AVPacket *unit)
{
    int result = 0;

    for (;;) {
        while (units->current >= 0) {
            result = take_frame(units, input, units->current, unit);
            if (result < 0)
                return result;
            if (result > 0) {
                if (units->media->kind == MEDIA_TS)
                    place(units, unit);
                return 0;
            }
            /* A frame that has begun and does not end. */
            if (units->ended && units->streams[units->current].size >= AUDIO_HEADER_BYTES + 2)
                return AVERROR_INVALIDDATA;
            units->current--;
            if (!units->ended)
                units->current = -1;
        }
        if (units->ended)
            return AVERROR_EOF;
        result = av_read_frame(input, units->piece);
        if (result == AVERROR_EOF) {
            units->ended = true;
            units->current = (int)units->count - 1;
            continue;
        }
        if (result >= 0)
            result = grow(units, input);
        if (result < 0)
            return result;
        int index = units->piece->stream_index;
        if (units->piece->size == 0) {
            av_packet_unref(units->piece);
            continue;
        }
        if (is_cut(&units->streams[index])) {
            result = append(&units->streams[index], units->piece);
            units->streams[index].lost |= (units->piece->flags & AV_PKT_FLAG_CORRUPT) != 0;
            av_packet_unref(units->piece);
            if (result < 0)
                return result;
            units->current = index;
            continue;
        }
        av_packet_move_ref(unit, units->piece);
        bool key;
        video_head_size(units->streams[index].codec, unit->data, (size_t)unit->size, &key);
        if (key)
            unit->flags |= AV_PKT_FLAG_KEY;
        place(units, unit);
        return 0;
    }
}

unsigned units_audio_parameters(const struct units *units, AVFormatContext *input)
{
    unsigned unknown = 0;

    for (unsigned i = 0; i < input->nb_streams; i++) {
        AVCodecParameters *parameters = input->streams[i]->codecpar;
        if (parameters->codec_type != AVMEDIA_TYPE_AUDIO)
            continue;
        if (i >= units->count || !units->streams[i].header.size) {
            unknown++;
            continue;
        }
        const struct audio_header *header = &units->streams[i].header;
        parameters->sample_rate = header->sample_rate;
        parameters->frame_size = (int)header->samples;
        av_channel_layout_uninit(&parameters->ch_layout);
        if (header->channels)
            av_channel_layout_default(&parameters->ch_layout, header->channels);
    }
    return unknown;
}

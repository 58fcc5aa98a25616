/*
 * SPDX-License-Identifier: Apache-2.0
 * What is played.
 */
#include "media.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/error.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>

#include "util.h"

#define IO_BYTES 32768
/* How much of a transport stream is searched for CEI. */
#define MAX_SEARCHED_BYTES (4 << 20)

/* Where FFmpeg is in it. */
struct reader {
    const struct media *media;
    AVIOContext *part; /* the open part; NULL: none */
    size_t number;     /* of that part */
    int64_t position;
};

int media_add_part(struct media *media, const char *url, int64_t offset, int64_t size)
{
    if (size < 0) {
        AVIOContext *io = NULL;
        int result = avio_open(&io, url, AVIO_FLAG_READ);
        if (result < 0)
            return complain_av(result, "cannot open %s", url);
        int64_t file_size = avio_size(io);
        avio_closep(&io);
        if (file_size < 0)
            return 1;
        size = file_size - offset;
        if (size < 0)
            return complain("%s has not the bytes that are wanted, from %lld on", url, (long long)offset);
    }
    if (size > INT64_MAX - media->size)
        return complain("%s is too large", media->path);
    struct media_part *larger = realloc(media->parts, (media->part_count + 1) * sizeof(*larger));
    char *copy = strdup(url);
    if (larger)
        media->parts = larger;
    if (!larger || !copy) {
        free(copy);
        return complain("out of memory");
    }
    media->parts[media->part_count++] = (struct media_part){.url = copy, .offset = offset, .size = size, .start = media->size};
    media->size += size;
    return 0;
}

static int open_part(struct reader *reader, size_t number)
{
    const struct media_part *part = &reader->media->parts[number];

    if (!reader->part || strcmp(reader->media->parts[reader->number].url, part->url) != 0) {
        avio_closep(&reader->part);
        int result = avio_open(&reader->part, part->url, AVIO_FLAG_READ);
        if (result < 0)
            return result;
    }
    reader->number = number;
    return 0;
}

/* The part that holds the position. */
static size_t find_part(const struct media *media, int64_t position)
{
    size_t low = 0;
    size_t high = media->part_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (media->parts[middle].start <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const struct media_part *media_part_at(const struct media *media, int64_t position)
{
    return &media->parts[find_part(media, position)];
}

static int read_some(void *opaque, uint8_t *bytes, int room)
{
    struct reader *reader = opaque;
    const struct media *media = reader->media;

    if (reader->position >= media->size)
        return AVERROR_EOF;
    size_t number = find_part(media, reader->position);
    const struct media_part *part = &media->parts[number];
    int64_t left = part->start + part->size - reader->position;
    int result = open_part(reader, number);
    if (result < 0)
        return result;
    int64_t at = part->offset + reader->position - part->start;
    if (avio_seek(reader->part, at, SEEK_SET) != at)
        return AVERROR(EIO);
    int count = avio_read(reader->part, bytes, left < room ? (int)left : room);
    if (count <= 0)
        return count < 0 ? count : AVERROR_EOF;
    mp4_samples_hide(media->samples, reader->position, bytes, (size_t)count);
    reader->position += count;
    return count;
}

static int64_t seek(void *opaque, int64_t offset, int whence)
{
    struct reader *reader = opaque;

    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return reader->media->size;
    case SEEK_SET: break;
    case SEEK_CUR: offset += reader->position; break;
    case SEEK_END: offset += reader->media->size; break;
    default: return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    reader->position = offset;
    return offset;
}

int media_open_io(const struct media *media, AVIOContext **io)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    uint8_t *buffer = av_malloc(IO_BYTES);

    *io = NULL;
    if (reader)
        reader->media = media;
    if (reader && buffer)
        *io = avio_alloc_context(buffer, IO_BYTES, 0, reader, read_some, NULL, seek);
    if (!*io) {
        av_free(buffer);
        free(reader);
        return AVERROR(ENOMEM);
    }
    return 0;
}

void media_close_io(AVIOContext **io)
{
    if (!*io)
        return;
    struct reader *reader = (*io)->opaque;
    avio_closep(&reader->part);
    free(reader);
    av_freep(&(*io)->buffer);
    avio_context_free(io);
}

/* Types of boxes that files begin with: "wide" and "mdat" in those of old encoders. */
static bool begins_file(const uint8_t type[4])
{
    static const char known[][5] = {"ftyp", "styp", "moov", "free", "skip", "wide", "mdat", "pdin", "sidx", "moof"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (memcmp(type, known[i], 4) == 0)
            return true;
    }
    return false;
}

/*
 * A file that ends inside a box has been cut off. FFmpeg would play what is left and call it a day. Files that are not made
 * of boxes (ISO/IEC 14496-12 section 4.2) pass. Returns 1 for MP4 files, -1 after a complaint.
 */
static int check_boxes(const struct media *media, AVIOContext *io)
{
    uint8_t header[16];
    int result = 0;

    for (int64_t at = 0; at < media->size;) {
        if (avio_seek(io, at, SEEK_SET) != at)
            break;
        int count = avio_read(io, header, sizeof(header));
        if (at == 0 && (count < 8 || !begins_file(header + 4)))
            break;
        result = 1;
        uint64_t box = count >= 8 ? AV_RB32(header) : 8;
        if (box == 0)
            break; /* to the end of the file */
        if (box == 1)
            box = count >= 16 ? AV_RB64(header + 8) : 16;
        if (box < 8)
            break; /* the demuxer will have its say */
        if (count < 8)
            return complain("%s is truncated: it ends inside the header of a box at byte %lld", media->path, (long long)at);
        if (box > (uint64_t)(media->size - at)) {
            for (int i = 4; i < 8; i++)
                header[i] = header[i] >= 0x20 && header[i] < 0x7f ? header[i] : '?';
            return complain("%s is truncated or damaged: the box '%.4s' at byte %lld should have %llu bytes, but the file "
                            "ends after %lld", media->path, (const char *)header + 4, (long long)at, (unsigned long long)box,
                            (long long)(media->size - at));
        }
        at += (int64_t)box;
    }
    return result;
}

static void drop_parts(struct media *media)
{
    while (media->part_count)
        free(media->parts[--media->part_count].url);
    free(media->parts);
    media->parts = NULL;
    media->size = 0;
}

/* What the first bytes are, behind an ID3 tag. */
static void recognize(struct media *media, AVIOContext *io)
{
    uint8_t bytes[TS_PACKET_BYTES + 1];
    size_t tag = 0;

    if (avio_seek(io, 0, SEEK_SET) != 0)
        return;
    int count = avio_read(io, bytes, sizeof(bytes));
    if (ts_begins(bytes, count)) {
        media->kind = MEDIA_TS;
        return;
    }
    if (count >= 10 && (tag = id3_size(bytes)) > 0)
        count = avio_seek(io, (int64_t)tag, SEEK_SET) == (int64_t)tag ? avio_read(io, bytes, sizeof(bytes)) : 0;
    media->codec = count >= AUDIO_HEADER_BYTES ? audio_codec(bytes) : AV_CODEC_ID_NONE;
    if (media->codec != AV_CODEC_ID_NONE)
        media->kind = MEDIA_AUDIO;
}

/* Whether the start of a transport stream has content encryption information, for where the program map does not say so. */
static bool has_cei(AVIOContext *io)
{
    static const uint8_t uuid[16] = {0x70, 0xc1, 0xdb, 0x9f, 0x66, 0xae, 0x41, 0x27,
                                     0xbf, 0xc0, 0xbb, 0x19, 0x81, 0x69, 0x4b, 0x66};
    uint8_t *bytes = malloc(MAX_SEARCHED_BYTES);
    int count = bytes && avio_seek(io, 0, SEEK_SET) == 0 ? avio_read(io, bytes, MAX_SEARCHED_BYTES) : 0;
    /* Packets may cut one in two, but hardly all. */
    bool found = count > 0 && memmem(bytes, (size_t)count, uuid, sizeof(uuid)) != NULL;

    free(bytes);
    return found;
}

/* Finds out what the segments of a playlist with SAMPLE-AES are, or whether a file is an encrypted transport stream. */
static int open_units(struct media *media, AVIOContext *io)
{
    bool encrypted = media->units;

    recognize(media, io);
    for (size_t i = 0; i < media->part_count && media->kind == MEDIA_TS; i++) {
        struct media_part *part = &media->parts[i];
        int result = ts_map_read(&part->map, io, part->start, part->start + part->size);
        if (result < 0)
            return complain_av(result, "cannot read %s", part->url);
        if (!part->map.count && i > 0)
            part->map = media->parts[i - 1].map; /* as it is behind EXT-X-MAP */
        encrypted |= part->map.described;
        for (unsigned k = 0; k < part->map.count; k++)
            encrypted |= ts_is_sample_aes(&part->map.streams[k]);
    }
    if (media->kind == MEDIA_TS && !encrypted)
        encrypted = has_cei(io);
    if (media->units && media->kind == MEDIA_OTHER)
        return complain("%s: its segments are neither MPEG-TS nor AAC, AC-3 or E-AC-3", media->path);
    if (!encrypted || (media->kind == MEDIA_AUDIO && !media->units))
        media->kind = MEDIA_OTHER;
    return 0;
}

int media_open(struct media *media, const char *path, const char *rendition)
{
    AVIOContext *io = NULL;

    *media = (struct media){.path = path, .wanted = rendition};
    if (playlist_read(media) < 0)
        return -1;
    if (rendition && !media->sound)
        return complain("%s has no audio rendition that is apart", path);
    if (!media->playlist) {
        drop_parts(media);
        if (media_add_part(media, path, 0, -1) < 0)
            return -1;
    }
    if (!media->part_count)
        return 0;
    if (media_open_io(media, &io) < 0)
        return complain("out of memory");
    int result = check_boxes(media, io);
    if (result > 0) {
        media->kind = MEDIA_MP4;
        result = mp4_samples_read(&media->samples, io);
    } else if (result == 0) {
        result = open_units(media, io);
        if (media->kind == MEDIA_OTHER)
            drop_parts(media);
    }
    media_close_io(&io);
    return result < 0 ? -1 : 0;
}

void media_close(struct media *media)
{
    drop_parts(media);
    free(media->playlist);
    free(media->sound);
    mp4_samples_free(media->samples);
    *media = (struct media){0};
}

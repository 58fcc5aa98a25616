/*
 * SPDX-License-Identifier: Apache-2.0
 * What is played: a file, or the segments of an HLS playlist put together.
 *
 * FFmpeg reads MP4 files through here, without the boxes that tell how samples are encrypted (senc, saiz, saio): it takes files
 * for damaged in which those are about sample groups or have constant IVs, and knows no PIFF. mp4_samples.h reads them.
 */
#ifndef DRMPLAY_MEDIA_H
#define DRMPLAY_MEDIA_H

#include <stdbool.h>

#include <libavformat/avio.h>

#include "mp4_samples.h"
#include "ts_map.h"
#include "units.h"

enum media_kind {
    MEDIA_OTHER, /* FFmpeg's own business */
    MEDIA_MP4,
    MEDIA_TS,    /* with SAMPLE-AES or CEI */
    MEDIA_AUDIO, /* packed audio with SAMPLE-AES */
};

/* How a segment is encrypted with SAMPLE-AES. */
struct segment_key {
    bool encrypted;
    const char *problem; /* why it cannot be decrypted; NULL: it can */
    uint8_t key_id[16];
    uint8_t iv[16];
};

/* A range of a file. */
struct media_part {
    char *url;
    int64_t offset; /* in that file */
    int64_t size;
    int64_t start; /* in the whole */
    struct segment_key key;
    unsigned discontinuity; /* discontinuities before it */
    struct ts_map map;
};

struct media {
    const char *path;
    enum media_kind kind;
    enum AVCodecID codec; /* of packed audio */
    char *playlist; /* the media playlist; NULL if it is a file */
    const char *wanted; /* name or language of the audio rendition; NULL: the usual one */
    char *sound; /* the playlist of the audio rendition; NULL: the sound is not apart */
    bool units; /* it has segments with METHOD=SAMPLE-AES */
    struct media_part *parts; /* none: FFmpeg opens the path on its own */
    size_t part_count;
    int64_t size;
    struct mp4_samples *samples; /* NULL: no MP4 file */
};

/*
 * Finds out what a file is, and reads how its samples are encrypted. `rendition` is the name or language of the audio rendition
 * that is wanted of a playlist, NULL for the usual one. Returns -1 after a complaint.
 */
int media_open(struct media *media, const char *path, const char *rendition);
void media_close(struct media *media);

/* Opens the parts for FFmpeg. `media` must live longer. Returns an AVERROR code. */
int media_open_io(const struct media *media, AVIOContext **io);
void media_close_io(AVIOContext **io);

/*
 * Adds a part: `size` bytes from `offset` on, all that follow if it is negative. Returns 1 if nobody knows how many follow (a
 * pipe), -1 after a complaint.
 */
int media_add_part(struct media *media, const char *url, int64_t offset, int64_t size);

/* The part that holds a place of the whole. There must be parts. */
const struct media_part *media_part_at(const struct media *media, int64_t position);

/*
 * Collects the parts of a playlist (RFC 8216) of fMP4 segments, or of others with SAMPLE-AES: the initialization section and the
 * segments of the variant with the greatest bandwidth, whose audio rendition is not read, but named. None if it is another file or playlist. Returns -1 after a complaint.
 */
int playlist_read(struct media *media);

#endif

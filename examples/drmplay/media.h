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

/* A range of a file. */
struct media_part {
    char *url;
    int64_t offset; /* in that file */
    int64_t size;
    int64_t start; /* in the whole */
};

struct media {
    const char *path;
    char *playlist; /* the media playlist; NULL if it is a file */
    struct media_part *parts; /* none: FFmpeg opens the path on its own */
    size_t part_count;
    int64_t size;
    struct mp4_samples *samples; /* NULL: no MP4 file */
};

/* Finds out what a file is, and reads how its samples are encrypted. Returns -1 after a complaint. */
int media_open(struct media *media, const char *path);
void media_close(struct media *media);

/* Opens an MP4 file for FFmpeg. `media` must live longer. Returns an AVERROR code. */
int media_open_io(const struct media *media, AVIOContext **io);
void media_close_io(AVIOContext **io);

/*
 * Adds a part: `size` bytes from `offset` on, all that follow if it is negative. Returns 1 if nobody knows how many follow (a
 * pipe), -1 after a complaint.
 */
int media_add_part(struct media *media, const char *url, int64_t offset, int64_t size);

/*
 * Collects the parts of a playlist of fMP4 segments (RFC 8216): the initialization section and the segments of the variant with
 * the greatest bandwidth. None if it is another file or playlist. Returns -1 after a complaint.
 */
int playlist_read(struct media *media);

#endif

/*
 * SPDX-License-Identifier: Apache-2.0
 * How the samples of an MP4 file are encrypted: Common Encryption (ISO/IEC 23001-7), with the sample groups of key rotation, and
 * PIFF 1.1.
 */
#ifndef DRMPLAY_MP4_SAMPLES_H
#define DRMPLAY_MP4_SAMPLES_H

#include <libavformat/avio.h>

#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "mp4_boxes.h"

struct mp4_sample {
    int64_t position; /* of its first byte in the file */
    uint32_t track_id;
    const struct protection *protection; /* NULL: clear */
    bool known; /* whether there was information about the sample: IV, subsamples */
    uint8_t iv_size;
    uint8_t iv[16];
    uint32_t subsample_count;
    size_t first_subsample;
};

struct mp4_samples;

/*
 * Reads the boxes of a file, from its start. A box that makes no sense costs the samples that it is about. Returns -1 after a
 * complaint.
 */
int mp4_samples_read(struct mp4_samples **samples, AVIOContext *io);
void mp4_samples_free(struct mp4_samples *samples);

/* Whether a track has encrypted samples. */
bool mp4_samples_encrypted(const struct mp4_samples *samples, uint32_t track_id);

/* The sample of an encrypted track that begins at a place of the file; NULL if there is none. */
const struct mp4_sample *mp4_samples_find(const struct mp4_samples *samples, uint32_t track_id, int64_t position);

/* Hides the boxes that have been read in a piece of the file: calls them free space. `samples` may be NULL. */
void mp4_samples_hide(const struct mp4_samples *samples, int64_t position, uint8_t *bytes, size_t size);

const DrmSubsample *mp4_samples_subsamples(const struct mp4_samples *samples, const struct mp4_sample *sample);

#endif

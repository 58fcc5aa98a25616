/*
 * SPDX-License-Identifier: Apache-2.0
 * The table behind mp4_samples.h, filled by one run of samples after the other.
 */
#ifndef DRMPLAY_MP4_TABLE_H
#define DRMPLAY_MP4_TABLE_H

#include "mp4_samples.h"

/* A track's description in moov. */
struct mp4_track {
    uint32_t id;
    struct protection *entries; /* of stsd */
    size_t entry_count;
    struct seig_groups groups;
    bool encrypted; /* has an entry with a scheme; the samples of other tracks are not in the table */
    uint32_t default_entry; /* of trex, from 1 */
    uint32_t default_size;
    struct mp4_track *next;
};

struct mp4_groups {
    struct seig_groups seig;
    struct mp4_groups *next;
};

struct mp4_samples {
    AVIOContext *io;
    int64_t file_size;
    struct mp4_track *tracks;  /* the latest first; a later moov's come before an earlier one's */
    struct mp4_sample *samples;
    size_t count;
    size_t room;
    DrmSubsample *subsamples;
    size_t subsample_count;
    size_t subsample_room;
    int64_t *hidden; /* where the types of boxes are that mp4_samples_hide() hides, in order */
    size_t hidden_count;
    const uint8_t *bytes; /* of the moov or moof that is being read, ... */
    int64_t bytes_position; /* ... and where they are in the file */
    struct mp4_groups *groups; /* of fragments; samples point to them */
};

/* A run of samples that are next to each other in a file: of a trun or a chunk. */
struct mp4_run {
    size_t first; /* sample in the table */
    uint32_t entry; /* sample description, from 1 */
};

/* What a traf or stbl box tells about its samples. */
struct mp4_part {
    struct mp4_track *track;
    size_t first; /* sample in the table */
    struct mp4_run *runs;
    size_t run_count;
    struct span senc;
    bool piff; /* senc is PIFF's */
    struct span saiz;
    struct span saio;
    struct span sbgp;
    int64_t aux_base; /* what the offsets of saio count from, within the file */
    struct mp4_groups *groups; /* of the fragment; NULL: none, so far */
};

/* Begins a run; the samples follow. Returns -1 after a complaint. */
int mp4_part_add_run(struct mp4_samples *samples, struct mp4_part *part, uint32_t entry);
/* Adds a sample. Returns 1 where the table or the file ends, -1 after a complaint. */
int mp4_part_add_sample(struct mp4_samples *samples, struct mp4_part *part, int64_t position);
/* Keeps a box that tells something about the samples for mp4_part_finish(). Returns -1 after a complaint. */
int mp4_part_take(struct mp4_samples *samples, struct mp4_part *part, const struct box *box);
/* The list for groups of the part itself; NULL after a complaint. */
struct seig_groups *mp4_part_groups(struct mp4_samples *samples, struct mp4_part *part);
/* Tells for each sample of the part how it is encrypted. Returns -1 after a complaint. */
int mp4_part_finish(struct mp4_samples *samples, struct mp4_part *part);

#endif

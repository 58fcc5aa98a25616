/*
 * SPDX-License-Identifier: Apache-2.0
 * From the boxes of an MP4 file to its samples.
 */
#include "mp4_samples.h"

#include <stdlib.h>

#include "mp4_table.h"

/* The largest moov or moof box that is read. */
#define MAX_BOX_BYTES (256u << 20)

static struct mp4_track *find_track(const struct mp4_samples *samples, uint32_t id)
{
    struct mp4_track *track = samples->tracks;

    while (track && track->id != id)
        track = track->next;
    return track;
}

static int read_stsd(struct mp4_track *track, struct span in)
{
    struct box entry;

    span_skip(&in, 8);
    while (next_box(&in, &entry)) {
        void *larger = realloc(track->entries, (track->entry_count + 1) * sizeof(*track->entries));
        if (!larger)
            return complain("out of memory");
        track->entries = larger;
        track->entries[track->entry_count] = read_sample_entry(&entry);
        if (track->entries[track->entry_count++].scheme)
            track->encrypted = true;
    }
    return 0;
}

/* The boxes that place the samples of a file that is not fragmented. */
struct sample_table {
    struct span stsz;
    struct span stsc;
    struct span chunks;
    bool wide_chunks; /* co64 */
};

static int place_samples(struct mp4_samples *samples, struct mp4_part *part, struct sample_table table)
{
    span_skip(&table.stsz, 4);
    uint32_t same_size = (uint32_t)span_number(&table.stsz, 4);
    uint64_t left = span_number(&table.stsz, 4);
    span_skip(&table.stsc, 4);
    uint64_t stsc_left = span_number(&table.stsc, 4);
    span_skip(&table.chunks, 4);
    uint64_t chunks = span_number(&table.chunks, 4);
    uint64_t next_first = stsc_left ? span_number(&table.stsc, 4) : UINT64_MAX;
    uint64_t per_chunk = 0;
    uint32_t entry = 0;
    int result = 0;

    for (uint64_t chunk = 1; chunk <= chunks && left > 0 && result == 0; chunk++) {
        int64_t position = (int64_t)span_number(&table.chunks, table.wide_chunks ? 8 : 4);
        while (chunk >= next_first && !table.stsc.bad) {
            per_chunk = span_number(&table.stsc, 4);
            entry = (uint32_t)span_number(&table.stsc, 4);
            next_first = --stsc_left ? span_number(&table.stsc, 4) : UINT64_MAX;
        }
        if (table.chunks.bad || table.stsc.bad || mp4_part_add_run(samples, part, entry) < 0)
            return table.chunks.bad || table.stsc.bad ? 0 : -1;
        for (uint64_t i = 0; i < per_chunk && left > 0 && result == 0; i++, left--) {
            uint32_t size = same_size ? same_size : (uint32_t)span_number(&table.stsz, 4);
            if (table.stsz.bad)
                return 0;
            result = mp4_part_add_sample(samples, part, position);
            position += size;
        }
    }
    return result < 0 ? -1 : 0;
}

static int read_stbl(struct mp4_samples *samples, struct mp4_track *track, struct span in)
{
    struct mp4_part part = {.track = track, .first = samples->count};
    struct sample_table table = {0};
    struct box box;
    int result = 0;

    while (next_box(&in, &box) && result == 0) {
        switch (box.type) {
        case FOURCC('s', 't', 's', 'd'): result = read_stsd(track, box.body); break;
        case FOURCC('s', 'g', 'p', 'd'): result = read_sgpd(&track->groups, box.body); break;
        case FOURCC('s', 't', 's', 'z'): table.stsz = box.body; break;
        case FOURCC('s', 't', 's', 'c'): table.stsc = box.body; break;
        case FOURCC('s', 't', 'c', 'o'): table.chunks = box.body; break;
        case FOURCC('c', 'o', '6', '4'):
            table.chunks = box.body;
            table.wide_chunks = true;
            break;
        default: result = mp4_part_take(samples, &part, &box); break;
        }
    }
    if (result == 0 && track->encrypted)
        result = place_samples(samples, &part, table);
    if (result == 0)
        result = mp4_part_finish(samples, &part);
    free(part.runs);
    return result;
}

static int read_trak(struct mp4_samples *samples, struct mp4_track *track, struct span in)
{
    struct box box;
    int result = 0;

    while (next_box(&in, &box) && result == 0) {
        if (box.type == FOURCC('t', 'k', 'h', 'd')) {
            bool wide = span_number(&box.body, 1) == 1;
            span_skip(&box.body, wide ? 19 : 11);
            track->id = (uint32_t)span_number(&box.body, 4);
        } else if (box.type == FOURCC('m', 'd', 'i', 'a') || box.type == FOURCC('m', 'i', 'n', 'f')) {
            result = read_trak(samples, track, box.body);
        } else if (box.type == FOURCC('s', 't', 'b', 'l')) {
            result = read_stbl(samples, track, box.body);
        }
    }
    return result;
}

static void read_trex(const struct mp4_samples *samples, struct span in)
{
    span_skip(&in, 4);
    struct mp4_track *track = find_track(samples, (uint32_t)span_number(&in, 4));
    if (track) {
        track->default_entry = (uint32_t)span_number(&in, 4);
        span_skip(&in, 4);
        track->default_size = (uint32_t)span_number(&in, 4);
    }
}

static int read_moov(struct mp4_samples *samples, struct span in)
{
    struct span again = in;
    struct box box;
    struct box child;
    int result = 0;

    while (next_box(&in, &box) && result == 0) {
        if (box.type != FOURCC('t', 'r', 'a', 'k'))
            continue;
        struct mp4_track *track = calloc(1, sizeof(*track));
        if (!track)
            return complain("out of memory");
        track->default_entry = 1;
        track->next = samples->tracks;
        samples->tracks = track;
        result = read_trak(samples, track, box.body);
    }
    while (next_box(&again, &box)) {
        while (box.type == FOURCC('m', 'v', 'e', 'x') && next_box(&box.body, &child)) {
            if (child.type == FOURCC('t', 'r', 'e', 'x'))
                read_trex(samples, child.body);
        }
    }
    return result;
}

/* Where the data of a fragment is. */
struct fragment {
    int64_t moof;
    int64_t next; /* after the previous run */
    int64_t base;
    uint32_t entry;
    uint32_t default_size;
};

/* The end of the file for offsets that are behind it. */
static int64_t file_offset(const struct mp4_samples *samples, uint64_t offset)
{
    return offset < (uint64_t)samples->file_size ? (int64_t)offset : samples->file_size;
}

static void read_tfhd(const struct mp4_samples *samples, struct mp4_part *part, struct fragment *fragment, struct span in)
{
    unsigned flags = (unsigned)span_number(&in, 4) & 0xffffff;

    part->track = find_track(samples, (uint32_t)span_number(&in, 4));
    if (!part->track)
        return;
    if (flags & 0x1)
        fragment->base = file_offset(samples, span_number(&in, 8));
    else
        fragment->base = flags & 0x20000 ? fragment->moof : fragment->next;
    fragment->next = fragment->base;
    fragment->entry = flags & 0x2 ? (uint32_t)span_number(&in, 4) : part->track->default_entry;
    span_skip(&in, flags & 0x8 ? 4 : 0);
    fragment->default_size = flags & 0x10 ? (uint32_t)span_number(&in, 4) : part->track->default_size;
    part->aux_base = fragment->base;
}

static int read_trun(struct mp4_samples *samples, struct mp4_part *part, struct fragment *fragment, struct span in)
{
    unsigned flags = (unsigned)span_number(&in, 4) & 0xffffff;
    uint64_t count = span_number(&in, 4);
    int result = 0;

    if (flags & 0x1)
        fragment->next = fragment->base + (int32_t)span_number(&in, 4);
    span_skip(&in, flags & 0x4 ? 4 : 0);
    if (mp4_part_add_run(samples, part, fragment->entry) < 0)
        return -1;
    if (!part->track->encrypted && !(flags & 0xf00)) {
        /* Of no interest but for its end; and the count may be anything. */
        fragment->next = file_offset(samples, (uint64_t)fragment->next + count * fragment->default_size);
        return 0;
    }
    for (; count > 0 && result == 0; count--) {
        span_skip(&in, flags & 0x100 ? 4 : 0);
        uint32_t size = flags & 0x200 ? (uint32_t)span_number(&in, 4) : fragment->default_size;
        span_skip(&in, flags & 0x400 ? 4 : 0);
        span_skip(&in, flags & 0x800 ? 4 : 0);
        if (in.bad)
            break;
        result = mp4_part_add_sample(samples, part, fragment->next);
        fragment->next += size;
    }
    return result < 0 ? -1 : 0;
}

static int read_traf(struct mp4_samples *samples, struct fragment *fragment, struct span in)
{
    struct mp4_part part = {.first = samples->count};
    struct seig_groups *groups;
    struct box box;
    int result = 0;

    while (next_box(&in, &box) && result == 0) {
        if (box.type == FOURCC('t', 'f', 'h', 'd')) {
            read_tfhd(samples, &part, fragment, box.body);
        } else if (!part.track) {
            continue; /* of a track that moov does not have */
        } else if (box.type == FOURCC('t', 'r', 'u', 'n')) {
            result = read_trun(samples, &part, fragment, box.body);
        } else if (box.type == FOURCC('s', 'g', 'p', 'd')) {
            groups = mp4_part_groups(samples, &part);
            result = groups ? read_sgpd(groups, box.body) : -1;
        } else {
            result = mp4_part_take(samples, &part, &box);
        }
    }
    if (part.track && result == 0)
        result = mp4_part_finish(samples, &part);
    free(part.runs);
    return result;
}

static int read_moof(struct mp4_samples *samples, int64_t position, struct span in)
{
    struct fragment fragment = {.moof = position, .next = position};
    struct box box;
    int result = 0;

    while (next_box(&in, &box) && result == 0) {
        if (box.type == FOURCC('t', 'r', 'a', 'f'))
            result = read_traf(samples, &fragment, box.body);
    }
    return result;
}

static int by_place(const void *a, const void *b)
{
    const struct mp4_sample *left = a;
    const struct mp4_sample *right = b;

    if (left->position != right->position)
        return left->position < right->position ? -1 : 1;
    return (left->track_id > right->track_id) - (left->track_id < right->track_id);
}

/* Reads a moov or moof box whose header ends at the place where the file is read. */
static int read_box(struct mp4_samples *samples, uint32_t type, int64_t position, uint64_t size)
{
    uint8_t *bytes = size <= MAX_BOX_BYTES ? malloc(size + 1) : NULL;
    int result = 0;

    if (!bytes)
        return size <= MAX_BOX_BYTES ? complain("out of memory") : 0;
    int count = avio_read(samples->io, bytes, (int)size);
    struct span in = {bytes, bytes + (count > 0 ? count : 0), false};
    samples->bytes = bytes;
    samples->bytes_position = avio_tell(samples->io) - (count > 0 ? count : 0);
    result = type == FOURCC('m', 'o', 'o', 'v') ? read_moov(samples, in) : read_moof(samples, position, in);
    free(bytes);
    return result;
}

int mp4_samples_read(struct mp4_samples **out, AVIOContext *io)
{
    struct mp4_samples *samples = calloc(1, sizeof(*samples));
    int result = 0;

    *out = NULL;
    if (!samples)
        return complain("out of memory");
    samples->io = io;
    samples->file_size = avio_size(io);
    for (int64_t at = 0; at < samples->file_size && result == 0;) {
        uint8_t header[16];
        int64_t left = samples->file_size - at;
        if (avio_seek(io, at, SEEK_SET) != at || avio_read(io, header, 8) != 8)
            break;
        struct span in = {header, header + 8, false};
        uint64_t size = span_number(&in, 4);
        uint32_t type = (uint32_t)span_number(&in, 4);
        unsigned header_size = size == 1 ? 16 : 8;
        if (size == 0)
            size = (uint64_t)left;
        if (size == 1) {
            if (avio_read(io, header + 8, 8) != 8)
                break;
            in = (struct span){header + 8, header + 16, false};
            size = span_number(&in, 8);
        }
        if (size < header_size || size > (uint64_t)left)
            break;
        if (type == FOURCC('m', 'o', 'o', 'v') || type == FOURCC('m', 'o', 'o', 'f'))
            result = read_box(samples, type, at, size - header_size);
        at += (int64_t)size;
    }
    samples->io = NULL;
    if (result < 0) {
        mp4_samples_free(samples);
        return -1;
    }
    if (samples->count)
        qsort(samples->samples, samples->count, sizeof(*samples->samples), by_place);
    *out = samples;
    return 0;
}

void mp4_samples_free(struct mp4_samples *samples)
{
    if (!samples)
        return;
    while (samples->tracks) {
        struct mp4_track *track = samples->tracks;
        samples->tracks = track->next;
        free(track->groups.entries);
        free(track->entries);
        free(track);
    }
    while (samples->groups) {
        struct mp4_groups *groups = samples->groups;
        samples->groups = groups->next;
        free(groups->seig.entries);
        free(groups);
    }
    free(samples->hidden);
    free(samples->subsamples);
    free(samples->samples);
    free(samples);
}

const struct mp4_sample *mp4_samples_find(const struct mp4_samples *samples, uint32_t track_id, int64_t position)
{
    struct mp4_sample wanted = {.position = position, .track_id = track_id};

    return samples->count ? bsearch(&wanted, samples->samples, samples->count, sizeof(wanted), by_place) : NULL;
}

bool mp4_samples_encrypted(const struct mp4_samples *samples, uint32_t track_id)
{
    /* A later moov may describe the track anew. */
    for (const struct mp4_track *track = samples->tracks; track; track = track->next) {
        if (track->id == track_id && track->encrypted)
            return true;
    }
    return false;
}

void mp4_samples_hide(const struct mp4_samples *samples, int64_t position, uint8_t *bytes, size_t size)
{
    size_t low = 0;
    size_t high = samples ? samples->hidden_count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (samples->hidden[middle] + 4 <= position)
            low = middle + 1;
        else
            high = middle;
    }
    for (; samples && low < samples->hidden_count && samples->hidden[low] < position + (int64_t)size; low++) {
        for (int i = 0; i < 4; i++) {
            int64_t at = samples->hidden[low] + i - position;
            if (at >= 0 && at < (int64_t)size)
                bytes[at] = (uint8_t)"free"[i];
        }
    }
}

const DrmSubsample *mp4_samples_subsamples(const struct mp4_samples *samples, const struct mp4_sample *sample)
{
    return sample->subsample_count ? samples->subsamples + sample->first_subsample : NULL;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * From the boxes of a fragment or track to what is known about each of its samples.
 */
#include "mp4_table.h"

#include <stdlib.h>
#include <string.h>

/* Samples of a file: a day of sound and pictures. A box of a few bytes can speak of billions. */
#define MAX_SAMPLES (16 << 20)
/* Bytes of sample information of a fragment or track. */
#define MAX_AUX_BYTES (64u << 20)
/* From here on, indices in sbgp are of the fragment's own groups (ISO/IEC 14496-12 section 8.9.4). */
#define FRAGMENT_GROUPS 0x10000u

#define SENC_OVERRIDE 1 /* PIFF: other protection than in tenc */
#define SENC_SUBSAMPLES 2

int mp4_part_add_run(struct mp4_samples *samples, struct mp4_part *part, uint32_t entry)
{
    void *larger = realloc(part->runs, (part->run_count + 1) * sizeof(*part->runs));

    if (!larger)
        return complain("out of memory");
    part->runs = larger;
    part->runs[part->run_count++] = (struct mp4_run){samples->count, entry};
    return 0;
}

int mp4_part_add_sample(struct mp4_samples *samples, struct mp4_part *part, int64_t position)
{
    if (!part->track->encrypted)
        return 0;
    /* Those with something in them cannot be more than the file has bytes. */
    int64_t limit = samples->file_size < MAX_SAMPLES ? samples->file_size : MAX_SAMPLES;
    if ((int64_t)samples->count >= limit || position < 0 || position >= samples->file_size)
        return 1;
    if (samples->count == samples->room) {
        size_t room = samples->room ? 2 * samples->room : 1024;
        void *larger = realloc(samples->samples, room * sizeof(*samples->samples));
        if (!larger)
            return complain("out of memory");
        samples->samples = larger;
        samples->room = room;
    }
    samples->samples[samples->count++] = (struct mp4_sample){.position = position, .track_id = part->track->id};
    return 0;
}

static int hide(struct mp4_samples *samples, const struct box *box)
{
    void *larger = realloc(samples->hidden, (samples->hidden_count + 1) * sizeof(*samples->hidden));

    if (!larger)
        return complain("out of memory");
    samples->hidden = larger;
    samples->hidden[samples->hidden_count++] = samples->bytes_position + (box->type_at - samples->bytes);
    return 0;
}

int mp4_part_take(struct mp4_samples *samples, struct mp4_part *part, const struct box *box)
{
    struct span type = box->body;

    switch (box->type) {
    case FOURCC('s', 'e', 'n', 'c'):
        part->senc = box->body;
        part->piff = false;
        return hide(samples, box);
    case FOURCC('s', 'a', 'i', 'z'): part->saiz = box->body; return hide(samples, box);
    case FOURCC('s', 'a', 'i', 'o'): part->saio = box->body; return hide(samples, box);
    case FOURCC('s', 'b', 'g', 'p'):
        span_skip(&type, 4);
        if (span_number(&type, 4) == FOURCC('s', 'e', 'i', 'g'))
            part->sbgp = box->body;
        break;
    case BOX_UUID:
        if (box_is_piff_senc(box) && !part->senc.at) {
            part->senc = box->body;
            part->piff = true;
        }
        break;
    default: break;
    }
    return 0;
}

struct seig_groups *mp4_part_groups(struct mp4_samples *samples, struct mp4_part *part)
{
    if (!part->groups) {
        part->groups = calloc(1, sizeof(*part->groups));
        if (!part->groups) {
            complain("out of memory");
            return NULL;
        }
        part->groups->next = samples->groups;
        samples->groups = part->groups;
    }
    return &part->groups->seig;
}

/* Samples belong to the protection of their sample description ... */
static void protect_by_entry(struct mp4_samples *samples, const struct mp4_part *part)
{
    for (size_t r = 0; r < part->run_count; r++) {
        uint32_t entry = part->runs[r].entry;
        size_t end = r + 1 < part->run_count ? part->runs[r + 1].first : samples->count;
        if (entry == 0 || entry > part->track->entry_count)
            continue;
        const struct protection *protection = &part->track->entries[entry - 1];
        for (size_t i = part->runs[r].first; i < end && protection->scheme; i++)
            samples->samples[i].protection = protection;
    }
}

static struct protection *find_group(const struct mp4_part *part, uint32_t number)
{
    const struct seig_groups *groups = &part->track->groups;

    if (number > FRAGMENT_GROUPS) {
        if (!part->groups)
            return NULL;
        groups = &part->groups->seig;
        number -= FRAGMENT_GROUPS;
    }
    return number > 0 && number <= groups->count ? &groups->entries[number - 1] : NULL;
}

/* ... unless they are in a group with another one. */
static void protect_by_group(struct mp4_samples *samples, const struct mp4_part *part)
{
    struct span in = part->sbgp;
    size_t at = part->first;

    unsigned version = (unsigned)span_number(&in, 1);
    span_skip(&in, version == 1 ? 11 : 7);
    uint64_t entries = span_number(&in, 4);
    for (uint64_t i = 0; i < entries && !in.bad; i++) {
        uint64_t count = span_number(&in, 4);
        struct protection *group = find_group(part, (uint32_t)span_number(&in, 4));
        for (; count > 0 && at < samples->count && !in.bad; count--, at++) {
            const struct protection *entry = samples->samples[at].protection;
            if (!group || !entry)
                continue;
            group->scheme = entry->scheme; /* the only thing that groups do not say */
            samples->samples[at].protection = group;
        }
    }
}

static int add_subsamples(struct mp4_samples *samples, struct mp4_sample *sample, struct span *in)
{
    size_t count = (size_t)span_number(in, 2);

    sample->first_subsample = samples->subsample_count;
    if (count * 6 > span_left(in)) {
        in->bad = true;
        return 0;
    }
    if (samples->subsample_count + count > samples->subsample_room) {
        size_t room = 2 * samples->subsample_room + count + 1024;
        void *larger = realloc(samples->subsamples, room * sizeof(*samples->subsamples));
        if (!larger)
            return complain("out of memory");
        samples->subsamples = larger;
        samples->subsample_room = room;
    }
    for (size_t i = 0; i < count; i++) {
        DrmSubsample *subsample = &samples->subsamples[samples->subsample_count++];
        subsample->clearHeaderLen = (uint32_t)span_number(in, 2);
        subsample->payLoadLen = (uint32_t)span_number(in, 4);
    }
    sample->subsample_count = (uint32_t)count;
    return 0;
}

/* The information of one sample: its IV and, perhaps, its subsamples. Sets in->bad if that cannot be. */
static int read_sample(struct mp4_samples *samples, struct mp4_sample *sample, struct span *in, bool subsamples)
{
    const struct protection *protection = sample->protection;
    size_t iv_size = protection ? protection->iv_size : 0;

    if (iv_size > sizeof(sample->iv)) {
        in->bad = true;
        return 0;
    }
    sample->iv_size = (uint8_t)iv_size;
    span_copy(in, sample->iv, iv_size);
    if (subsamples && add_subsamples(samples, sample, in) < 0)
        return -1;
    if (protection && protection->encrypted && iv_size == 0) {
        sample->iv_size = protection->constant_iv_size;
        memcpy(sample->iv, protection->constant_iv, sizeof(sample->iv));
    }
    sample->known = !in->bad && sample->iv_size > 0;
    return 0;
}

static int override_protection(struct mp4_samples *samples, struct mp4_part *part, struct span *in)
{
    struct seig_groups *groups = mp4_part_groups(samples, part);
    struct protection *larger =
        groups ? realloc(groups->entries, (groups->count + 1) * sizeof(*groups->entries)) : NULL;

    if (!larger)
        return complain("out of memory");
    groups->entries = larger;
    struct protection *protection = &groups->entries[groups->count++];
    *protection = (struct protection){.piff = true};
    read_piff_protection(in, protection);
    for (size_t i = part->first; i < samples->count; i++)
        samples->samples[i].protection = protection;
    return 0;
}

static int read_senc(struct mp4_samples *samples, struct mp4_part *part)
{
    struct span in = part->senc;
    int result = 0;

    span_skip(&in, 1);
    unsigned flags = (unsigned)span_number(&in, 3);
    if (part->piff && flags & SENC_OVERRIDE && override_protection(samples, part, &in) < 0)
        return -1;
    uint64_t count = span_number(&in, 4);
    for (size_t i = part->first; i < samples->count && count > 0 && !in.bad && result == 0; i++, count--)
        result = read_sample(samples, &samples->samples[i], &in, flags & SENC_SUBSAMPLES);
    return result;
}

/* Goes through the sizes in a saiz box. */
struct aux_sizes {
    uint8_t same; /* 0: each has its own */
    uint64_t count;
    struct span each;
};

static struct aux_sizes read_saiz(struct span in)
{
    struct aux_sizes sizes = {0};

    span_skip(&in, 3);
    bool typed = span_number(&in, 1) & 1;
    span_skip(&in, typed ? 8 : 0);
    sizes.same = (uint8_t)span_number(&in, 1);
    sizes.count = span_number(&in, 4);
    sizes.each = in;
    return sizes;
}

static uint8_t next_size(struct aux_sizes *sizes)
{
    if (sizes->count == 0)
        return 0;
    sizes->count--;
    return sizes->same ? sizes->same : (uint8_t)span_number(&sizes->each, 1);
}

/* Reads the information of the samples from `first` up to `end`, which is in the file at `offset`. */
static int read_aux_run(struct mp4_samples *samples, size_t first, size_t end, int64_t offset, struct aux_sizes *sizes)
{
    struct aux_sizes ahead = *sizes;
    size_t total = 0;
    int result = 0;

    for (size_t i = first; i < end; i++)
        total += next_size(&ahead);
    if (total > MAX_AUX_BYTES || offset < 0 || offset > samples->file_size || (int64_t)total > samples->file_size - offset) {
        *sizes = ahead;
        return 0; /* not known, then */
    }
    uint8_t *bytes = malloc(total + 1);
    if (!bytes)
        return complain("out of memory");
    if (avio_seek(samples->io, offset, SEEK_SET) != offset || avio_read(samples->io, bytes, (int)total) != (int)total)
        total = 0;
    struct span in = {bytes, bytes + total, false};
    for (size_t i = first; i < end && result == 0; i++) {
        struct mp4_sample *sample = &samples->samples[i];
        size_t size = next_size(sizes);
        size_t iv_size = sample->protection ? sample->protection->iv_size : 0;
        struct span own = {in.at, in.at + (size < span_left(&in) ? size : span_left(&in)), false};
        span_skip(&in, size);
        if (!in.bad)
            result = read_sample(samples, sample, &own, size > iv_size);
    }
    free(bytes);
    return result;
}

static int64_t aux_offset(const struct mp4_samples *samples, const struct mp4_part *part, struct span *in, size_t size)
{
    uint64_t offset = span_number(in, size);

    return offset > (uint64_t)samples->file_size ? -1 : part->aux_base + (int64_t)offset;
}

/* Where there is no senc box, saiz and saio tell where the same information is. */
static int read_aux(struct mp4_samples *samples, const struct mp4_part *part)
{
    struct aux_sizes sizes = read_saiz(part->saiz);
    struct span in = part->saio;
    int result = 0;

    unsigned version = (unsigned)span_number(&in, 1);
    span_skip(&in, 2);
    bool typed = span_number(&in, 1) & 1;
    span_skip(&in, typed ? 8 : 0);
    uint64_t offsets = span_number(&in, 4);
    if (offsets == 1) /* of all samples together, else one of each run */
        return read_aux_run(samples, part->first, samples->count, aux_offset(samples, part, &in, version ? 8 : 4), &sizes);
    for (size_t r = 0; r < part->run_count && r < offsets && result == 0 && !in.bad; r++) {
        size_t end = r + 1 < part->run_count ? part->runs[r + 1].first : samples->count;
        int64_t offset = aux_offset(samples, part, &in, version ? 8 : 4);
        if (!in.bad)
            result = read_aux_run(samples, part->runs[r].first, end, offset, &sizes);
    }
    return result;
}

int mp4_part_finish(struct mp4_samples *samples, struct mp4_part *part)
{
    int result = 0;

    protect_by_entry(samples, part);
    if (part->sbgp.at)
        protect_by_group(samples, part);
    if (part->senc.at)
        result = read_senc(samples, part);
    else if (part->saiz.at && part->saio.at)
        result = read_aux(samples, part);
    for (size_t i = part->first; i < samples->count && result == 0; i++) {
        struct mp4_sample *sample = &samples->samples[i];
        struct span nothing = {0};
        if (sample->protection && !sample->protection->encrypted)
            sample->protection = NULL;
        else if (sample->protection && !part->senc.at && !part->saiz.at)
            result = read_sample(samples, sample, &nothing, false); /* all of it, with the IV of all samples */
    }
    free(part->runs);
    part->runs = NULL;
    return result;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * Reading MP4 boxes.
 */
#include "mp4_boxes.h"

#include <stdlib.h>
#include <string.h>

/* Sizes of the fixed fields that precede the boxes in a sample entry. */
#define VISUAL_ENTRY_BYTES 78
#define AUDIO_ENTRY_BYTES 28
/* More of QuickTime's version 1. */
#define AUDIO_ENTRY_V1_BYTES 16
/* flags and numbers of seig and tenc, with the key id */
#define SEIG_BYTES 20

static const uint8_t piff_tenc[16] = {0x89, 0x74, 0xdb, 0xce, 0x7b, 0xe7, 0x4c, 0x51,
                                      0x84, 0xf9, 0x71, 0x48, 0xf9, 0x88, 0x25, 0x54};
static const uint8_t piff_senc[16] = {0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14,
                                      0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4};

void span_skip(struct span *in, size_t count)
{
    if (count > span_left(in)) {
        in->bad = true;
        in->at = in->end;
    } else if (count > 0) {
        in->at += count;
    }
}

uint64_t span_number(struct span *in, size_t count)
{
    uint64_t number = 0;

    if (count > span_left(in)) {
        in->at = in->end;
        in->bad = true;
        return 0;
    }
    for (; count > 0; count--)
        number = number << 8 | *in->at++;
    return number;
}

void span_copy(struct span *in, uint8_t *bytes, size_t count)
{
    memset(bytes, 0, count);
    if (count > 0 && count <= span_left(in))
        memcpy(bytes, in->at, count);
    span_skip(in, count);
}

bool next_box(struct span *in, struct box *box)
{
    struct span rest = *in;

    if (span_left(&rest) < 8)
        return false;
    uint64_t size = span_number(&rest, 4);
    *box = (struct box){.type_at = rest.at};
    box->type = (uint32_t)span_number(&rest, 4);
    if (size == 1)
        size = span_number(&rest, 8);
    else if (size == 0)
        size = span_left(in);
    if (box->type == BOX_UUID) {
        box->uuid = rest.at;
        span_skip(&rest, 16);
    }
    if (rest.bad || size > span_left(in) || size < (uint64_t)(rest.at - in->at))
        return false;
    box->body = (struct span){rest.at, in->at + size, false};
    in->at += size;
    return true;
}

bool box_is_piff_tenc(const struct box *box)
{
    return box->uuid && memcmp(box->uuid, piff_tenc, sizeof(piff_tenc)) == 0;
}

bool box_is_piff_senc(const struct box *box)
{
    return box->uuid && memcmp(box->uuid, piff_senc, sizeof(piff_senc)) == 0;
}

static void read_protection(struct span *in, bool has_pattern, struct protection *protection)
{
    span_skip(in, 1);
    uint8_t pattern = (uint8_t)span_number(in, 1);
    if (has_pattern) {
        protection->crypt_blocks = pattern >> 4;
        protection->skip_blocks = pattern & 15;
    }
    protection->encrypted = span_number(in, 1) == 1;
    protection->iv_size = (uint8_t)span_number(in, 1);
    span_copy(in, protection->key_id, KEY_BYTES);
    if (protection->encrypted && protection->iv_size == 0) {
        uint8_t size = (uint8_t)span_number(in, 1);
        protection->constant_iv_size = size <= sizeof(protection->constant_iv) ? size : 0;
        span_copy(in, protection->constant_iv, protection->constant_iv_size);
    }
}

void read_piff_protection(struct span *in, struct protection *protection)
{
    uint64_t algorithm = span_number(in, 3);

    protection->encrypted = algorithm != 0;
    protection->scheme = algorithm == 2 ? FOURCC('c', 'b', 'c', '1') : FOURCC('c', 'e', 'n', 'c');
    protection->iv_size = (uint8_t)span_number(in, 1);
    span_copy(in, protection->key_id, KEY_BYTES);
}

static void read_schi(struct span in, struct protection *protection)
{
    struct box box;

    while (next_box(&in, &box)) {
        if (box.type == FOURCC('t', 'e', 'n', 'c')) {
            bool versioned = span_number(&box.body, 1) > 0;
            span_skip(&box.body, 3);
            read_protection(&box.body, versioned, protection);
        } else if (box_is_piff_tenc(&box)) {
            span_skip(&box.body, 4);
            read_piff_protection(&box.body, protection);
            protection->piff = true;
        }
    }
}

struct protection read_sample_entry(const struct box *entry)
{
    struct protection protection = {0};
    struct span in = entry->body;
    struct box sinf;
    struct box box;

    if (entry->type == FOURCC('e', 'n', 'c', 'v')) {
        span_skip(&in, VISUAL_ENTRY_BYTES);
    } else if (entry->type == FOURCC('e', 'n', 'c', 'a')) {
        struct span version = in;
        span_skip(&version, 8);
        span_skip(&in, AUDIO_ENTRY_BYTES + (span_number(&version, 2) == 1 ? AUDIO_ENTRY_V1_BYTES : 0));
    } else {
        return protection;
    }
    while (next_box(&in, &sinf)) {
        if (sinf.type != FOURCC('s', 'i', 'n', 'f'))
            continue;
        uint32_t scheme = 0;
        struct protection found = {0};
        while (next_box(&sinf.body, &box)) {
            if (box.type == FOURCC('s', 'c', 'h', 'm')) {
                span_skip(&box.body, 4);
                scheme = (uint32_t)span_number(&box.body, 4);
            } else if (box.type == FOURCC('s', 'c', 'h', 'i')) {
                read_schi(box.body, &found);
            }
        }
        if (!found.piff)
            found.scheme = scheme;
        if (found.scheme)
            protection = found;
    }
    return protection;
}

int read_sgpd(struct seig_groups *groups, struct span in)
{
    unsigned version = (unsigned)span_number(&in, 1);
    span_skip(&in, 3);
    if (span_number(&in, 4) != FOURCC('s', 'e', 'i', 'g'))
        return 0;
    size_t default_size = version >= 1 ? (size_t)span_number(&in, 4) : 0;
    if (version >= 2)
        span_skip(&in, 4); /* default_group_description_index */
    uint64_t count = span_number(&in, 4);
    for (uint64_t i = 0; i < count; i++) {
        struct protection entry = {0};
        size_t size = version >= 1 && default_size == 0 ? (size_t)span_number(&in, 4) : default_size;
        struct span fields = in;
        if (in.bad || span_left(&in) < SEIG_BYTES)
            break;
        read_protection(&fields, true, &entry);
        void *larger = realloc(groups->entries, (groups->count + 1) * sizeof(entry));
        if (!larger)
            return complain("out of memory");
        groups->entries = larger;
        groups->entries[groups->count++] = entry;
        if (size)
            span_skip(&in, size);
        else
            in.at = fields.at;
    }
    return 0;
}

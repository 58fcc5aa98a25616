/*
 * SPDX-License-Identifier: Apache-2.0
 * Reading MP4 boxes (ISO/IEC 14496-12) that are in memory, those of Common Encryption (ISO/IEC 23001-7) and PIFF 1.1 above all.
 */
#ifndef DRMPLAY_MP4_BOXES_H
#define DRMPLAY_MP4_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* What is left to read. Reading past the end gives zeros and sets `bad`. */
struct span {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static inline size_t span_left(const struct span *in)
{
    return (size_t)(in->end - in->at);
}

void span_skip(struct span *in, size_t count);
/* The next 1 to 8 bytes as a number. */
uint64_t span_number(struct span *in, size_t count);
/* The next bytes; zeros if there are not as many. */
void span_copy(struct span *in, uint8_t *bytes, size_t count);

struct box {
    uint32_t type; /* BOX_UUID if `uuid` tells */
    const uint8_t *type_at;
    const uint8_t *uuid; /* 16 bytes */
    struct span body;
};

#define BOX_UUID FOURCC('u', 'u', 'i', 'd')

/* Takes a box off a list of boxes. False at the end and where a box has no possible size. */
bool next_box(struct span *in, struct box *box);

/* The sample information boxes of PIFF: what tenc and senc are in Common Encryption. */
bool box_is_piff_tenc(const struct box *box);
bool box_is_piff_senc(const struct box *box);

/* How samples are encrypted unless they say otherwise: the fields that tenc and seig share. */
struct protection {
    uint32_t scheme; /* four characters; 0 = clear */
    bool encrypted;
    uint8_t crypt_blocks;
    uint8_t skip_blocks;
    uint8_t iv_size; /* of the IV in each sample's information */
    uint8_t key_id[KEY_BYTES];
    uint8_t constant_iv_size; /* of the IV of all samples, if iv_size is 0 */
    uint8_t constant_iv[16];
    bool piff;
};

/* Reads the protection of an entry of stsd; scheme 0 if it has none. */
struct protection read_sample_entry(const struct box *entry);

/* An algorithm of PIFF, its IV size and key id, as in PIFF's tenc and in the override of its senc. */
void read_piff_protection(struct span *in, struct protection *protection);

/* Entries of sgpd boxes of the type seig. */
struct seig_groups {
    struct protection *entries;
    size_t count;
};

/* Adds the entries of a sgpd box, if it is one of seig. Returns -1 when out of memory. */
int read_sgpd(struct seig_groups *groups, struct span in);

#endif

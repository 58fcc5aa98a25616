/*
 * SPDX-License-Identifier: Apache-2.0
 * What happens to one track, and the table that tells it.
 */
#ifndef DRMPLAY_TRACK_H
#define DRMPLAY_TRACK_H

#include <libavformat/avformat.h>

#include "license.h"

struct track {
    const AVStream *stream;
    uint32_t scheme; /* four characters; 0 = no encrypted packet seen */
    uint32_t crypt_blocks;
    uint32_t skip_blocks;
    struct key_ids key_ids;  /* of the encrypted packets */
    uint64_t packets;
    uint64_t encrypted;      /* packets that had to be decrypted */
    uint64_t bytes;          /* bytes of packets that were decrypted */
    uint64_t refused;        /* packets that could not be decrypted */
    uint64_t undecoded;      /* packets or frames with decoding errors */
    uint64_t frames;         /* frames that were decoded */
    uint64_t nanoseconds;    /* in DecryptSample */
};

/*
 * Decrypts a packet in its own buffer if it is encrypted. Returns 0 if the packet is clear now, -1 if not: counted, and
 * complained about once for each key.
 */
int track_decrypt(struct track *track, struct license *license, AVPacket *packet);

/* Whether a packet is marked as encrypted by the demuxer. */
bool packet_is_encrypted(const AVPacket *packet);

/* Four characters and, if there is one, the pattern. */
void scheme_name(const struct track *track, char *text, size_t room);

void report_print(FILE *out, const struct track *tracks, unsigned count, const struct license *license);

/* Complains about what did not decode. Returns -1 if anything went wrong in the tracks. */
int report_failures(const struct track *tracks, unsigned count);

#endif

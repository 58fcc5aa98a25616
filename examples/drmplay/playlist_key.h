/*
 * SPDX-License-Identifier: Apache-2.0
 * The keys of segments with SAMPLE-AES (RFC 8216 sections 4.3.2.4 and 5.2).
 */
#ifndef DRMPLAY_PLAYLIST_KEY_H
#define DRMPLAY_PLAYLIST_KEY_H

#include "media.h"
#include "util.h"

/* What the EXT-X-KEY tags say about the segments that follow. */
struct playlist_key {
    struct text definitions; /* EXT-X-DEFINE tags so far */
    bool used;               /* a segment has followed the latest tag */
    bool encrypted;
    bool has_key_id;
    bool several; /* key ids, and no KEYID among them */
    bool has_iv;
    const char *problem;
    uint8_t key_id[16];
    uint8_t iv[16];
};

/* The value of an attribute, without quotes; to be freed. NULL if there is none. */
char *playlist_attribute(const char *list, const char *name);

/* Whether segments of a playlist are encrypted with METHOD=SAMPLE-AES. */
bool playlist_has_sample_aes(const char *text);

int playlist_key_define(struct playlist_key *key, const char *attributes);

/*
 * Reads an EXT-X-KEY tag. Its key id is KEYID, or the only one in the init data of the tag. Several tags in a row are about
 * the same key, for different key systems. Returns -1 after a complaint.
 */
int playlist_key_read(struct playlist_key *key, const char *attributes);

/* The key of a segment, whose media sequence number is the IV where the tag has none. */
void playlist_key_apply(struct playlist_key *key, uint64_t sequence, struct segment_key *segment);
void playlist_key_free(struct playlist_key *key);

#endif

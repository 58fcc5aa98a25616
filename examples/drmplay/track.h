/*
 * SPDX-License-Identifier: Apache-2.0
 * What happens to one track, and the table that tells it.
 */
#ifndef DRMPLAY_TRACK_H
#define DRMPLAY_TRACK_H

#include <libavformat/avformat.h>

#include "license.h"
#include "mp4_samples.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"

struct track {
    const AVStream *stream;
    const struct mp4_samples *samples; /* of an MP4 file */
    const struct media *media; /* of a transport stream or packed audio */
    DRM_AccessUnitState cei; /* what the stream has said about its units */
    const char *unit_scheme; /* "CEI" or "SAMPLE-AES"; NULL = no encrypted unit seen */
    bool webm_encrypted;     /* packets begin with a signal byte (WebM encryption) */
    uint8_t webm_key_id[KEY_BYTES];
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

/* How a packet is encrypted. */
struct sample {
    bool encrypted;
    DRM_SampleInfo info;
    DrmSubsample *subsamples;
    DRM_AccessUnitInfo unit; /* instead of info, if it has a format: an access unit that says itself how it is encrypted */
};

/*
 * Finds out how a packet is encrypted: from the boxes of an MP4 file, or from the header of an encrypted WebM frame, which is
 * taken off the packet. Returns -1 after a complaint; the packet is counted. `sample` is to be cleared.
 */
int track_describe(struct track *track, AVPacket *packet, struct sample *sample);
void sample_clear(struct sample *sample);

/* Decrypts a packet in its own buffer. Returns -1 if that is impossible: counted, and complained about once for each key. */
int track_decrypt(struct track *track, struct license *license, AVPacket *packet, const struct sample *sample);

/* FFmpeg's name for the key id of an encrypted WebM track. */
#define WEBM_KEY_ID_TAG "enc_key_id"

/* Whether a WebM track is encrypted, and with which key. Returns -1 after a complaint. */
int webm_find_key_id(struct track *track);
/* The part of track_describe() for WebM. Returns what is wrong, NULL if nothing is. */
const char *webm_describe(const struct track *track, AVPacket *packet, struct sample *sample);

/* The parts of track_describe() and track_decrypt() for access units. The first returns what is wrong, NULL if nothing is. */
const char *unit_describe(const struct track *track, const AVPacket *packet, struct sample *sample);
int unit_decrypt(struct track *track, struct license *license, AVPacket *packet, const struct sample *sample);

/* Counts a packet that cannot be decrypted, and says where the trouble starts. Returns -1. */
int track_give_up(struct track *track, const char *reason);

/* Four characters and, if there is one, the pattern. */
void scheme_name(const struct track *track, char *text, size_t room);

void report_print(FILE *out, const struct track *tracks, unsigned count, const struct license *license);

/* Complains about what did not decode. Returns -1 if anything went wrong in the tracks. */
int report_failures(const struct track *tracks, unsigned count);

#endif

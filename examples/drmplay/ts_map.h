/*
 * SPDX-License-Identifier: Apache-2.0
 * What the program map of an MPEG transport stream (ISO/IEC 13818-1 section 2.4.4.8) says about encryption.
 */
#ifndef DRMPLAY_TS_MAP_H
#define DRMPLAY_TS_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <libavformat/avio.h>

#define TS_MAX_STREAMS 16

struct ts_map {
    struct ts_stream {
        uint16_t pid;
        uint8_t type;
        uint8_t algorithm; /* of video, by the descriptor 0xC0 (ChinaDRM); 0 if there is none */
    } streams[TS_MAX_STREAMS];
    unsigned count;
    bool described; /* there was such a descriptor */
};

#define TS_PACKET_BYTES 188

/* Whether bytes begin with a packet, and with another one behind it. */
bool ts_begins(const uint8_t *bytes, int size);

/* Reads the first program map between two places of a file. Without one, the map is empty. Returns an AVERROR code. */
int ts_map_read(struct ts_map *map, AVIOContext *io, int64_t start, int64_t end);

/* NULL if the map does not have it. */
const struct ts_stream *ts_map_find(const struct ts_map *map, int pid);

/* Whether the type of a stream is one that SAMPLE-AES gives it (Apple, "MPEG-2 Stream Encryption Format ..."). */
bool ts_is_sample_aes(const struct ts_stream *stream);

#endif

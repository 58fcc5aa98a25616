/*
 * SPDX-License-Identifier: Apache-2.0
 * The program map.
 */
#include "ts_map.h"

#include <string.h>

#include <libavutil/error.h>
#include <libavutil/intreadwrite.h>

#define SYNC 0x47
#define DRM_DESCRIPTOR 0xc0
#define PROGRAM_MAP 2
#define NO_PID 0x1fff
/* Longest section of a program map, with the pointer field of its first packet. */
#define MAX_SECTION (1024 + 256)
/* Most packets that are searched: a program map comes every 100 ms. */
#define MAX_SEARCHED 20000

struct section {
    uint8_t bytes[MAX_SECTION];
    size_t size;
    bool begun;
};

bool ts_begins(const uint8_t *bytes, int size)
{
    return size > TS_PACKET_BYTES && bytes[0] == SYNC && bytes[TS_PACKET_BYTES] == SYNC;
}

/* Takes a packet's payload. Returns the section when it is complete. */
static const uint8_t *collect(struct section *section, const uint8_t *packet, size_t *length)
{
    size_t at = 4;

    if (packet[3] & 0x20)
        at += 1 + (size_t)packet[4];
    if (!(packet[3] & 0x10) || at >= TS_PACKET_BYTES)
        return NULL;
    if (packet[1] & 0x40) {
        at += 1 + (size_t)packet[at];
        section->size = 0;
        section->begun = true;
    }
    if (!section->begun || at >= TS_PACKET_BYTES)
        return NULL;
    size_t size = TS_PACKET_BYTES - at;
    if (size > sizeof(section->bytes) - section->size)
        size = sizeof(section->bytes) - section->size;
    memcpy(section->bytes + section->size, packet + at, size);
    section->size += size;
    if (section->size < 3)
        return NULL;
    *length = 3 + (size_t)(AV_RB16(section->bytes + 1) & 0xfff);
    if (section->size < *length)
        return NULL;
    section->begun = false;
    return section->bytes;
}

/* The algorithm by the last descriptor of ChinaDRM in a loop; the one of before if there is none. */
static uint8_t find_algorithm(struct ts_map *map, const uint8_t *loop, size_t size, uint8_t before)
{
    for (size_t at = 0; at + 2 <= size && at + 2 + loop[at + 1] <= size; at += 2 + (size_t)loop[at + 1]) {
        if (loop[at] == DRM_DESCRIPTOR && loop[at + 1] >= 2) {
            before = loop[at + 2] & 15;
            map->described = true;
        }
    }
    return before;
}

static void read_map(struct ts_map *map, const uint8_t *section, size_t length)
{
    if (length < 16 || section[0] != PROGRAM_MAP)
        return;
    size_t end = length - 4; /* the checksum */
    size_t at = 12 + (size_t)(AV_RB16(section + 10) & 0xfff);
    if (at > end)
        return;
    uint8_t algorithm = find_algorithm(map, section + 12, at - 12, 0);
    while (at + 5 <= end && map->count < TS_MAX_STREAMS) {
        size_t size = AV_RB16(section + at + 3) & 0xfff;
        if (at + 5 + size > end)
            break;
        struct ts_stream *stream = &map->streams[map->count++];
        stream->type = section[at];
        stream->pid = AV_RB16(section + at + 1) & 0x1fff;
        stream->algorithm = find_algorithm(map, section + at + 5, size, algorithm);
        at += 5 + size;
    }
}

int ts_map_read(struct ts_map *map, AVIOContext *io, int64_t start, int64_t end)
{
    struct section association = {.size = 0};
    struct section program = {.size = 0};
    uint8_t packet[TS_PACKET_BYTES];
    unsigned map_pid = NO_PID;
    size_t length;

    *map = (struct ts_map){0};
    if (avio_seek(io, start, SEEK_SET) != start)
        return AVERROR(EIO);
    for (int i = 0; i < MAX_SEARCHED && map->count == 0 && start + TS_PACKET_BYTES <= end; i++, start += TS_PACKET_BYTES) {
        int count = avio_read(io, packet, sizeof(packet));
        if (count < 0 && count != AVERROR_EOF)
            return count;
        if (count < TS_PACKET_BYTES || packet[0] != SYNC)
            break;
        unsigned pid = AV_RB16(packet + 1) & 0x1fff;
        if (pid == 0) {
            const uint8_t *section = collect(&association, packet, &length);
            for (size_t at = 8; section && at + 8 <= length; at += 4) {
                if (AV_RB16(section + at) != 0) { /* 0 is the network's table */
                    map_pid = AV_RB16(section + at + 2) & 0x1fff;
                    break;
                }
            }
        } else if (pid == map_pid) {
            const uint8_t *section = collect(&program, packet, &length);
            if (section)
                read_map(map, section, length);
        }
    }
    return 0;
}

const struct ts_stream *ts_map_find(const struct ts_map *map, int pid)
{
    for (unsigned i = 0; i < map->count; i++) {
        if (map->streams[i].pid == pid)
            return &map->streams[i];
    }
    return NULL;
}

bool ts_is_sample_aes(const struct ts_stream *stream)
{
    switch (stream->type) {
    case 0xdb: /* H.264 */
    case 0xcf: /* AAC */
    case 0xc1: /* AC-3 */
    case 0xc2: /* E-AC-3 */ return true;
    default: return false;
    }
}

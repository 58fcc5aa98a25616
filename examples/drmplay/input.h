/*
 * SPDX-License-Identifier: Apache-2.0
 * The demuxer: streams, packets, init data.
 */
#ifndef DRMPLAY_INPUT_H
#define DRMPLAY_INPUT_H

#include <libavformat/avformat.h>

#include "clearkey_server.h"
#include "media.h"

/* Opens a file, whose media must live longer. Returns -1 after a complaint. */
int input_open(AVFormatContext **input, const struct media *media);
void input_close(AVFormatContext **input);

/* Reads the next packet: a whole frame or access unit. Returns an AVERROR code. */
int input_read(AVFormatContext *input, AVPacket *packet);

/* Duration in seconds of the file, found by reading all of it; 0 if there is none. */
double input_measure(const struct media *media);

/* Milliseconds from the start of a stream at which a packet is decoded; INT64_MIN if it does not say. */
int64_t input_millis(const AVStream *stream, const AVPacket *packet);

/* Where in a file decoding can start. */
struct input_index {
    struct key_packet {
        int64_t millis;
        uint64_t number; /* packets before it, of all streams */
    } *packets;
    size_t count;
    int64_t duration; /* milliseconds of the longest stream */
};

/* Reads all of a file. Returns -1 after a complaint. */
int input_index_read(struct input_index *index, const struct media *media);
void input_index_free(struct input_index *index);

/*
 * Opens the file anew, just before the last packet from which everything at that time can be decoded. Returns -1 after a
 * complaint; then the input is as it was.
 */
int input_reopen_at(AVFormatContext **input, const struct media *media, const struct input_index *index, int64_t millis);

/* pssh boxes that were found in a file. */
struct init_data {
    struct pssh_box *boxes;
    size_t count;
};

struct pssh_box {
    uint8_t system[16];
    struct key_ids key_ids; /* of a version 1 box */
    uint8_t *bytes;
    size_t size;
};

/* Collects the init data that the demuxer found, or the library finds in the file's bytes. Returns -1 after a complaint. */
int init_data_find(struct init_data *init_data, const AVFormatContext *input, const struct media *media);
void init_data_free(struct init_data *init_data);

/*
 * Chooses what to send to a key system, each box in a request of its own, for key systems read one box of a request: its own
 * boxes, or boxes made for it from the key ids in the boxes of others; possibly none. `chosen` is to be freed. Returns -1
 * after a complaint.
 */
int init_data_choose(const struct init_data *init_data, const char *system_name, const uint8_t system[16],
                     struct init_data *chosen);

/* A version 1 pssh box with key ids (ISO/IEC 23001-7 section 8.1). Returns its size, 0 if there is no room. */
size_t make_pssh(uint8_t *bytes, size_t room, const uint8_t system[16], const struct key_ids *key_ids);

#endif

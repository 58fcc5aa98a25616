/*
 * SPDX-License-Identifier: Apache-2.0
 * MPEG-TS and packed audio whose encryption is inside of the elementary streams: SAMPLE-AES, and content encryption information
 * (CEI) of ChinaDRM. FFmpeg's demuxers give pieces of them, for its parsers must not see what is encrypted; here they become
 * access units.
 */
#ifndef DRMPLAY_UNITS_H
#define DRMPLAY_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavformat/avformat.h>

struct media;

/* What the beginning of an audio frame tells: the part of it that is never encrypted. */
struct audio_header {
    size_t size;      /* bytes of the frame */
    unsigned samples; /* of each channel; 0 if it belongs to the frame before (E-AC-3) */
    int sample_rate;
    int channels;
};

/* Bytes that audio_header_read() needs. */
#define AUDIO_HEADER_BYTES 8

/* Reads the header of an AAC (ADTS), AC-3 or E-AC-3 frame. False if there is none. */
bool audio_header_read(enum AVCodecID codec, const uint8_t bytes[AUDIO_HEADER_BYTES], struct audio_header *header);

/* The codec of packed audio by its first frame; AV_CODEC_ID_NONE if it is none. */
enum AVCodecID audio_codec(const uint8_t bytes[AUDIO_HEADER_BYTES]);

/* Bytes of an ID3 tag by its first ten bytes; 0 if there is none. */
size_t id3_size(const uint8_t bytes[10]);

/* Bytes in front of the first slice of an H.264, H.265 or AVS3 unit, `size` if there is none. `key`: whether decoding can start. */
size_t video_head_size(enum AVCodecID codec, const uint8_t *unit, size_t size, bool *key);

struct units;

/* For the streams of an input that has just been opened. NULL when out of memory. */
struct units *units_open(const struct media *media);
void units_close(struct units *units);

/*
 * Reads the next access unit, with its times and where it begins. On one time line: times that begin anew at a discontinuity
 * (RFC 8216 section 4.3.2.3) go on where those before ended. Returns an AVERROR code.
 */
int units_read(struct units *units, AVFormatContext *input, AVPacket *unit);

/* Tells the parameters of audio streams from the headers of frames that have been read. Returns how many are not known. */
unsigned units_audio_parameters(const struct units *units, AVFormatContext *input);

#endif

/*
 * SPDX-License-Identifier: Apache-2.0
 * What is clear in encrypted audio frames and video units.
 */
#include "units.h"

#include <string.h>

#include <libavcodec/ac3_parser.h>
#include <libavutil/intreadwrite.h>

/* ISO/IEC 13818-7 section 6.2. */
static bool adts_header(const uint8_t *bytes, struct audio_header *header)
{
    static const int rates[16] = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350};
    size_t fixed = bytes[1] & 1 ? 7 : 9;

    if (bytes[0] != 0xff || (bytes[1] & 0xf6) != 0xf0)
        return false;
    header->size = (size_t)(bytes[3] & 3) << 11 | (size_t)bytes[4] << 3 | bytes[5] >> 5;
    header->samples = 1024u * ((bytes[6] & 3u) + 1);
    header->sample_rate = rates[bytes[2] >> 2 & 15];
    header->channels = (bytes[2] & 1) << 2 | bytes[3] >> 6;
    if (header->channels == 7)
        header->channels = 8;
    return header->sample_rate > 0 && header->size > fixed;
}

/* ETSI TS 102 366 section 4.4 and annex E. */
static bool ac3_header(const uint8_t *bytes, bool enhanced, struct audio_header *header)
{
    static const int rates[4] = {48000, 44100, 32000, 0};
    static const int channels[8] = {2, 1, 2, 3, 3, 4, 4, 5};
    static const unsigned blocks[4] = {1, 2, 3, 6};
    uint8_t id;
    uint16_t size;

    if (AV_RB16(bytes) != 0x0b77 || (bytes[5] >> 3 > 10) != enhanced)
        return false;
    if (enhanced) {
        if (bytes[5] >> 3 > 16 || bytes[2] >> 6 == 3)
            return false;
        header->size = 2 * (((size_t)(bytes[2] & 7) << 8 | bytes[3]) + 1);
        bool half = bytes[4] >> 6 == 3;
        header->sample_rate = half ? rates[bytes[4] >> 4 & 3] / 2 : rates[bytes[4] >> 6];
        bool dependent = bytes[2] >> 6 == 1;
        header->samples = dependent ? 0 : 256 * (half ? 6 : blocks[bytes[4] >> 4 & 3]);
        header->channels = channels[bytes[4] >> 1 & 7] + (bytes[4] & 1);
        return header->sample_rate > 0 && header->size >= AUDIO_HEADER_BYTES;
    }
    uint8_t padded[AUDIO_HEADER_BYTES + AV_INPUT_BUFFER_PADDING_SIZE] = {0};
    memcpy(padded, bytes, AUDIO_HEADER_BYTES);
    if (av_ac3_parse_header(padded, AUDIO_HEADER_BYTES, &id, &size) < 0)
        return false;
    unsigned mode = bytes[6] >> 5;
    unsigned before = 3u + 2u * ((mode & 1) && mode != 1) + 2u * (mode >> 2 & 1) + 2u * (mode == 2);
    header->size = size;
    header->sample_rate = rates[bytes[4] >> 6];
    header->samples = 1536;
    header->channels = channels[mode] + (int)(AV_RB16(bytes + 6) >> (15 - before) & 1);
    return header->sample_rate > 0 && size >= AUDIO_HEADER_BYTES;
}

bool audio_header_read(enum AVCodecID codec, const uint8_t bytes[AUDIO_HEADER_BYTES], struct audio_header *header)
{
    switch (codec) {
    case AV_CODEC_ID_AAC: return adts_header(bytes, header);
    case AV_CODEC_ID_AC3: return ac3_header(bytes, false, header);
    case AV_CODEC_ID_EAC3: return ac3_header(bytes, true, header);
    default: return false;
    }
}

enum AVCodecID audio_codec(const uint8_t bytes[AUDIO_HEADER_BYTES])
{
    static const enum AVCodecID codecs[] = {AV_CODEC_ID_AAC, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3};
    struct audio_header header;

    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
        if (audio_header_read(codecs[i], bytes, &header))
            return codecs[i];
    }
    return AV_CODEC_ID_NONE;
}

size_t id3_size(const uint8_t bytes[10])
{
    if (memcmp(bytes, "ID3", 3) != 0)
        return 0;
    size_t size = 0;
    for (int i = 6; i < 10; i++)
        size = size << 7 | (bytes[i] & 0x7f);
    return size + (bytes[5] & 0x10 ? 20 : 10); /* with a footer or without */
}

/* Whether a NAL unit (a start code's type in AVS3) is a slice; `key` if decoding can start with it. */
static bool is_slice(enum AVCodecID codec, uint8_t first, bool *key)
{
    unsigned type;

    switch (codec) {
    case AV_CODEC_ID_H264:
        type = first & 31;
        *key |= type == 5;
        return type >= 1 && type <= 5;
    case AV_CODEC_ID_HEVC:
        type = first >> 1 & 63;
        *key |= type >= 16 && type <= 23;
        return type < 32;
    case AV_CODEC_ID_AVS3:
        *key |= first == 0xb3; /* an I picture's header, in front of its slices */
        return first < 0x90;
    default: return false;
    }
}

size_t video_head_size(enum AVCodecID codec, const uint8_t *unit, size_t size, bool *key)
{
    *key = false;
    for (size_t at = 0; at + 3 < size; at++) {
        if (unit[at] == 0 && unit[at + 1] == 0 && unit[at + 2] == 1 && is_slice(codec, unit[at + 3], key))
            return at > 0 && unit[at - 1] == 0 ? at - 1 : at;
    }
    return size;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * WebM encryption: FFmpeg's demuxer tells the key id of a track and leaves the header of each frame in the packet.
 *
 * Header (WebM Encryption, section 4): a signal byte (bit 0: encrypted, bit 1: partitioned); if encrypted, an 8-byte IV; if
 * partitioned, a count and that many 32-bit offsets at which clear and encrypted partitions take turns, clear ones first.
 */
#include "track.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/base64.h>
#include <libavutil/dict.h>
#include <libavutil/intreadwrite.h>

#define SIGNAL_ENCRYPTED 1
#define SIGNAL_PARTITIONED 2
#define IV_BYTES 8

int webm_find_key_id(struct track *track)
{
    const AVDictionaryEntry *entry = av_dict_get(track->stream->metadata, WEBM_KEY_ID_TAG, NULL, 0);

    if (!entry)
        return 0;
    if (!key_from_base64(track->webm_key_id, entry->value))
        return complain("track %d: its key id has not 16 bytes", track->stream->index);
    track->webm_encrypted = true;
    return 0;
}

/* The partitions as subsamples of a frame of `size` bytes. */
static const char *partition(struct sample *sample, const uint8_t *offsets, uint32_t count, uint32_t size)
{
    sample->subsamples = calloc(count / 2 + 1, sizeof(*sample->subsamples));
    if (!sample->subsamples)
        return "out of memory";
    uint32_t start = 0;
    for (uint32_t i = 0; i <= count; i++) {
        uint32_t end = i < count ? AV_RB32(offsets + 4 * (size_t)i) : size;
        if (end < start || end > size)
            return "its partitions are out of order";
        if (i % 2 == 0)
            sample->subsamples[i / 2].clearHeaderLen = end - start;
        else
            sample->subsamples[i / 2].payLoadLen = end - start;
        start = end;
    }
    sample->info.subsamples = sample->subsamples;
    sample->info.subsampleCount = count / 2 + 1;
    return NULL;
}

const char *webm_describe(const struct track *track, AVPacket *packet, struct sample *sample)
{
    const uint8_t *header = packet->data;
    uint32_t partitions = 0;
    int size = 1;

    if (packet->size < size)
        return "it is empty";
    uint8_t signal = header[0];
    if (signal & SIGNAL_ENCRYPTED) {
        sample->encrypted = true;
        size += IV_BYTES;
        if (signal & SIGNAL_PARTITIONED && packet->size > size) {
            partitions = header[size];
            size += 1 + 4 * (int)partitions;
        }
        if (packet->size < size)
            return "its header is cut short";
        DRM_SampleInfo *info = &sample->info;
        *info = (DRM_SampleInfo){
            .structSize = sizeof(*info), .algorithm = DRM_ALG_CENC_AES_CTR, .scheme = DRM_CENC_SCHEME_CENC, .ivLen = IV_BYTES};
        memcpy(info->keyId, track->webm_key_id, KEY_BYTES);
        memcpy(info->iv, header + 1, IV_BYTES);
        const char *problem = NULL;
        if (signal & SIGNAL_PARTITIONED)
            problem = partition(sample, header + 2 + IV_BYTES, partitions, (uint32_t)(packet->size - size));
        if (problem)
            return problem;
    }
    packet->data += size;
    packet->size -= size;
    return NULL;
}

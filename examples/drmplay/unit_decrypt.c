/*
 * SPDX-License-Identifier: Apache-2.0
 * Access units that say themselves how they are encrypted, to OH_MediaKeySession_DecryptAccessUnit().
 */
#include "track.h"

#include <string.h>

#include "media.h"
#include "multimedia/drm_framework/native_drm_extension.h"

static uint32_t sample_aes_format(enum AVCodecID codec)
{
    switch (codec) {
    case AV_CODEC_ID_H264: return DRM_ACCESS_UNIT_SAMPLE_AES_H264;
    case AV_CODEC_ID_AAC: return DRM_ACCESS_UNIT_SAMPLE_AES_AAC;
    case AV_CODEC_ID_AC3: return DRM_ACCESS_UNIT_SAMPLE_AES_AC3;
    case AV_CODEC_ID_EAC3: return DRM_ACCESS_UNIT_SAMPLE_AES_EAC3;
    default: return 0;
    }
}

static uint32_t cei_format(enum AVCodecID codec)
{
    switch (codec) {
    case AV_CODEC_ID_H264: return DRM_ACCESS_UNIT_CEI_H264;
    case AV_CODEC_ID_HEVC: return DRM_ACCESS_UNIT_CEI_H265;
    case AV_CODEC_ID_AVS3: return DRM_ACCESS_UNIT_CEI_AVS3;
    default: return 0;
    }
}

const char *unit_describe(const struct track *track, const AVPacket *packet, struct sample *sample)
{
    const struct media_part *part = media_part_at(track->media, packet->pos);
    const struct ts_stream *stream = ts_map_find(&part->map, track->stream->id);
    enum AVCodecID codec = track->stream->codecpar->codec_id;
    DRM_AccessUnitInfo *unit = &sample->unit;

    unit->structSize = sizeof(*unit);
    if (track->media->kind == MEDIA_AUDIO ? part->key.encrypted : stream && ts_is_sample_aes(stream)) {
        sample->encrypted = true;
        unit->format = sample_aes_format(codec);
        if (!unit->format)
            return "SAMPLE-AES is not defined for its codec";
        if (!part->key.encrypted)
            return track->media->playlist ? "the playlist has no EXT-X-KEY tag with METHOD=SAMPLE-AES for it"
                                          : "it has SAMPLE-AES, whose keys and IVs are in the playlist: play that";
        if (part->key.problem)
            return part->key.problem;
        memcpy(unit->keyId, part->key.key_id, DRM_KEY_ID_SIZE);
        memcpy(unit->iv, part->key.iv, DRM_KEY_IV_SIZE);
    } else if ((unit->format = cei_format(codec)) != 0) {
        /* Whether it is encrypted stands in the unit. */
        sample->encrypted = true;
        unit->algorithm = stream ? stream->algorithm : 0;
    }
    return NULL;
}

/*
 * The key id that a unit needs. The library leaves the state alone where it cannot decrypt; what is in front of the first slice
 * is a unit that it can.
 */
static bool find_key_id(const struct track *track, struct license *license, const AVPacket *packet,
                        const struct sample *sample, uint8_t key_id[KEY_BYTES])
{
    DRM_AccessUnitState state = track->cei;
    bool key;

    if (sample->unit.format >= DRM_ACCESS_UNIT_SAMPLE_AES_H264) {
        memcpy(key_id, sample->unit.keyId, KEY_BYTES);
        return true;
    }
    uint32_t size = (uint32_t)video_head_size(track->stream->codecpar->codec_id, packet->data, (size_t)packet->size, &key);
    uint8_t *head = size ? av_memdup(packet->data, size) : NULL;
    if (head)
        (void)OH_MediaKeySession_DecryptAccessUnit(license->session, &sample->unit, &state, head, &size);
    av_free(head);
    memcpy(key_id, state.keyId, KEY_BYTES);
    return (state.flags & DRM_ACCESS_UNIT_ENCRYPTED) != 0;
}

int unit_decrypt(struct track *track, struct license *license, AVPacket *packet, const struct sample *sample)
{
    bool cei = sample->unit.format < DRM_ACCESS_UNIT_SAMPLE_AES_H264;
    uint8_t key_id[KEY_BYTES];
    char hex[KEY_HEX_LEN];
    char reason[256];

    /* Copies the packet only if somebody else holds it, too. */
    if (av_packet_make_writable(packet) < 0)
        return track_give_up(track, "out of memory");
    for (;;) {
        uint32_t size = (uint32_t)packet->size;
        uint64_t start = now_ns();
        Drm_ErrCode code =
            OH_MediaKeySession_DecryptAccessUnit(license->session, &sample->unit, &track->cei, packet->data, &size);
        track->nanoseconds += now_ns() - start;
        if (code == DRM_ERR_OK) {
            if (cei && !(track->cei.flags & DRM_ACCESS_UNIT_ENCRYPTED)) {
                track->encrypted--;
                return 0;
            }
            track->unit_scheme = cei ? "CEI" : "SAMPLE-AES";
            track->bytes += (uint64_t)packet->size;
            av_shrink_packet(packet, (int)size);
            if (track->cei.flags & DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID)
                license_obtain_key(license, track->cei.nextKeyId);
            return key_ids_add(&track->key_ids, cei ? track->cei.keyId : sample->unit.keyId) < 0 ? -1 : 0;
        }
        if (code == DRM_ERR_NO_LICENSE && license->policy) {
            license->over = true;
            snprintf(license->reason, sizeof(license->reason), "%s", OH_Drm_GetLastErrorMessage());
            return -1;
        }
        snprintf(reason, sizeof(reason), "error %d, %s", (int)code, OH_Drm_GetLastErrorMessage());
        if (code == DRM_ERR_NO_KEY && find_key_id(track, license, packet, sample, key_id)) {
            if (license_obtain_key(license, key_id))
                continue;
            snprintf(reason, sizeof(reason), "there is no key for key id %s", to_hex(hex, key_id, KEY_BYTES));
        }
        return track_give_up(track, reason);
    }
}

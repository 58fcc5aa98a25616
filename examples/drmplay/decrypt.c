/*
 * SPDX-License-Identifier: Apache-2.0
 * From the encryption information of a file to OH_MediaKeySession_DecryptSample().
 */
#include "track.h"

#include <stdlib.h>
#include <string.h>

#include "multimedia/drm_framework/native_drm_extension.h"

int track_give_up(struct track *track, const char *reason)
{
    if (track->refused++ == 0)
        complain("track %d, packet %llu cannot be decrypted: %s", track->stream->index, (unsigned long long)track->packets,
                 reason);
    return -1;
}

static const char *set_scheme(DRM_SampleInfo *info, uint32_t scheme)
{
    *info = (DRM_SampleInfo){.structSize = sizeof(*info), .scheme = scheme};
    switch (scheme) {
    case DRM_CENC_SCHEME_CENC:
    case DRM_CENC_SCHEME_CENS: info->algorithm = DRM_ALG_CENC_AES_CTR; break;
    case DRM_CENC_SCHEME_CBC1:
    case DRM_CENC_SCHEME_CBCS: info->algorithm = DRM_ALG_CENC_AES_CBC; break;
    default: return "unknown encryption scheme";
    }
    return NULL;
}

/* Fills `sample` from what the file's boxes say. Returns what is wrong, NULL if nothing is. */
static const char *mp4_describe(const struct mp4_samples *samples, const struct mp4_sample *found, struct sample *sample)
{
    DRM_SampleInfo *info = &sample->info;

    if (!found->protection)
        return NULL;
    sample->encrypted = true;
    const char *problem = set_scheme(info, found->protection->scheme);
    if (problem)
        return problem;
    if (!found->known)
        return "the file tells no IV for it";
    memcpy(info->keyId, found->protection->key_id, DRM_KEY_ID_SIZE);
    memcpy(info->iv, found->iv, sizeof(found->iv));
    info->ivLen = found->iv_size;
    info->cryptByteBlock = found->protection->crypt_blocks;
    info->skipByteBlock = found->protection->skip_blocks;
    info->subsampleCount = found->subsample_count;
    if (found->subsample_count) {
        size_t size = found->subsample_count * sizeof(*sample->subsamples);
        sample->subsamples = malloc(size);
        if (!sample->subsamples)
            return "out of memory";
        memcpy(sample->subsamples, mp4_samples_subsamples(samples, found), size);
        info->subsamples = sample->subsamples;
    }
    return NULL;
}

int track_describe(struct track *track, AVPacket *packet, struct sample *sample)
{
    const char *problem = NULL;

    *sample = (struct sample){0};
    track->packets++;
    if (track->media) {
        problem = unit_describe(track, packet, sample);
    } else if (track->webm_encrypted) {
        problem = webm_describe(track, packet, sample);
    } else if (track->samples && mp4_samples_encrypted(track->samples, (uint32_t)track->stream->id)) {
        const struct mp4_sample *found = mp4_samples_find(track->samples, (uint32_t)track->stream->id, packet->pos);
        problem = found ? mp4_describe(track->samples, found, sample) : "the file's boxes do not tell of it";
    }
    if (sample->encrypted)
        track->encrypted++;
    return problem ? track_give_up(track, problem) : 0;
}

void sample_clear(struct sample *sample)
{
    free(sample->subsamples);
    *sample = (struct sample){0};
}

int track_decrypt(struct track *track, struct license *license, AVPacket *packet, const struct sample *sample)
{
    static const uint8_t no_key_id[KEY_BYTES];
    const DRM_SampleInfo *info = &sample->info;
    char hex[KEY_HEX_LEN];
    char reason[256];

    if (sample->unit.format)
        return unit_decrypt(track, license, packet, sample);
    track->scheme = info->scheme;
    if (info->cryptByteBlock) {
        track->crypt_blocks = info->cryptByteBlock;
        track->skip_blocks = info->skipByteBlock;
    }
    /* Copies the packet only if somebody else holds it, too. */
    if (key_ids_add(&track->key_ids, info->keyId) < 0 || av_packet_make_writable(packet) < 0)
        return track_give_up(track, "out of memory");
    for (;;) {
        uint64_t start = now_ns();
        Drm_ErrCode code = OH_MediaKeySession_DecryptSample(license->session, info, packet->data, (uint32_t)packet->size);
        track->nanoseconds += now_ns() - start;
        if (code == DRM_ERR_OK) {
            track->bytes += (uint64_t)packet->size;
            return 0;
        }
        if (code == DRM_ERR_NO_LICENSE && license->policy) {
            license->over = true;
            snprintf(license->reason, sizeof(license->reason), "%s", OH_Drm_GetLastErrorMessage());
            return -1;
        }
        if (code == DRM_ERR_NO_KEY && license_obtain_key(license, info->keyId))
            continue;
        if (code == DRM_ERR_NO_KEY && memcmp(info->keyId, no_key_id, KEY_BYTES) == 0)
            snprintf(reason, sizeof(reason), "the file tells no key id for it");
        else if (code == DRM_ERR_NO_KEY)
            snprintf(reason, sizeof(reason), "there is no key for key id %s", to_hex(hex, info->keyId, KEY_BYTES));
        else
            snprintf(reason, sizeof(reason), "error %d, %s", (int)code, OH_Drm_GetLastErrorMessage());
        return track_give_up(track, reason);
    }
}

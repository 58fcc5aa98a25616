/*
 * SPDX-License-Identifier: Apache-2.0
 * From the demuxer's encryption information to OH_MediaKeySession_DecryptSample().
 */
#include "track.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/encryption_info.h>

#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"

bool packet_is_encrypted(const AVPacket *packet)
{
    size_t size;

    return av_packet_get_side_data(packet, AV_PKT_DATA_ENCRYPTION_INFO, &size) != NULL;
}

/* Fills `info`; `*subsamples` is to be freed. Returns -1 after a complaint. */
static int describe(const AVEncryptionInfo *encryption, const struct track *track, DRM_SampleInfo *info,
                    DrmSubsample **subsamples)
{
    *subsamples = NULL;
    *info = (DRM_SampleInfo){.structSize = sizeof(*info), .scheme = encryption->scheme};
    switch (encryption->scheme) {
    case DRM_CENC_SCHEME_CENC:
    case DRM_CENC_SCHEME_CENS: info->algorithm = DRM_ALG_CENC_AES_CTR; break;
    case DRM_CENC_SCHEME_CBC1:
    case DRM_CENC_SCHEME_CBCS: info->algorithm = DRM_ALG_CENC_AES_CBC; break;
    default:
        return track->refused ? -1 : complain("track %d is encrypted with an unknown scheme, 0x%08x",
                                              track->stream->index, (unsigned)encryption->scheme);
    }
    if (encryption->key_id_size != DRM_KEY_ID_SIZE || encryption->iv_size == 0 || encryption->iv_size > DRM_KEY_IV_SIZE)
        return track->refused ? -1 : complain("track %d: a key id of %u bytes or an IV of %u bytes", track->stream->index,
                                              (unsigned)encryption->key_id_size, (unsigned)encryption->iv_size);
    memcpy(info->keyId, encryption->key_id, DRM_KEY_ID_SIZE);
    /* FFmpeg pads 8-byte IVs with zeros to 16 bytes. For the library that is the same: a zero block counter. */
    info->ivLen = encryption->iv_size;
    memcpy(info->iv, encryption->iv, encryption->iv_size);
    info->cryptByteBlock = encryption->crypt_byte_block;
    info->skipByteBlock = encryption->skip_byte_block;
    info->subsampleCount = encryption->subsample_count;
    if (encryption->subsample_count) {
        *subsamples = malloc(encryption->subsample_count * sizeof(**subsamples));
        if (!*subsamples)
            return complain("out of memory");
        for (uint32_t i = 0; i < encryption->subsample_count; i++) {
            (*subsamples)[i].clearHeaderLen = encryption->subsamples[i].bytes_of_clear_data;
            (*subsamples)[i].payLoadLen = encryption->subsamples[i].bytes_of_protected_data;
        }
        info->subsamples = *subsamples;
    }
    return 0;
}

static int decrypt(struct track *track, struct license *license, AVPacket *packet, const DRM_SampleInfo *info)
{
    static const uint8_t no_key_id[KEY_BYTES];

    if (memcmp(info->keyId, no_key_id, KEY_BYTES) == 0)
        return track->refused ? -1 : complain("track %d: FFmpeg's demuxer does not tell the key id (it does not read the sample "
                                              "groups of key rotation)", track->stream->index);
    track->scheme = info->scheme;
    if (info->cryptByteBlock) {
        track->crypt_blocks = info->cryptByteBlock;
        track->skip_blocks = info->skipByteBlock;
    }
    if (key_ids_add(&track->key_ids, info->keyId) < 0)
        return -1;
    for (;;) {
        uint64_t start = now_ns();
        Drm_ErrCode code = OH_MediaKeySession_DecryptSample(license->session, info, packet->data, (uint32_t)packet->size);
        track->nanoseconds += now_ns() - start;
        if (code == DRM_ERR_OK) {
            track->bytes += (uint64_t)packet->size;
            return 0;
        }
        if (code == DRM_ERR_NO_KEY && license_obtain_key(license, info->keyId))
            continue;
        if (code == DRM_ERR_NO_KEY)
            return -1; /* license_obtain_key() has complained */
        return track->refused ? -1 : complain("track %d, packet %llu cannot be decrypted: error %d, %s",
                                              track->stream->index, (unsigned long long)track->packets, (int)code,
                                              OH_Drm_GetLastErrorMessage());
    }
}

int track_decrypt(struct track *track, struct license *license, AVPacket *packet)
{
    AVEncryptionInfo *encryption = NULL;
    DrmSubsample *subsamples = NULL;
    DRM_SampleInfo info;
    size_t size = 0;
    const uint8_t *side_data = av_packet_get_side_data(packet, AV_PKT_DATA_ENCRYPTION_INFO, &size);
    int result = -1;

    track->packets++;
    if (!side_data)
        return 0;
    track->encrypted++;
    encryption = av_encryption_info_get_side_data(side_data, size);
    if (!encryption)
        complain("track %d, packet %llu: the encryption information is malformed", track->stream->index,
                 (unsigned long long)track->packets);
    /* Copies the packet only if somebody else holds it, too. */
    else if (av_packet_make_writable(packet) < 0)
        complain("out of memory");
    else if (describe(encryption, track, &info, &subsamples) == 0)
        result = decrypt(track, license, packet, &info);
    if (result < 0)
        track->refused++;
    free(subsamples);
    av_encryption_info_free(encryption);
    return result;
}

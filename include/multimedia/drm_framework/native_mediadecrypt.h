/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_mediadecrypt/; do not edit.
 */

/**
 * @file native_mediadecrypt.h
 * @brief Decryption of samples in place. Not part of OpenHarmony's NDK.
 */

#ifndef NATIVE_MEDIADECRYPT_H
#define NATIVE_MEDIADECRYPT_H

#include <stdint.h>
#include "../player_framework/native_avbuffer.h"
#include "../player_framework/native_averrors.h"
#include "../player_framework/native_cencinfo.h"
#include "native_drm_common.h"
#include "native_drm_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Value of DRM_SampleInfo.scheme: derive the scheme from algorithm and pattern. CTR without a pattern is cenc, CTR with
 * one is cens, CBC without a pattern is cbc1, CBC with one is cbcs.
 */
#define DRM_CENC_SCHEME_AUTO 0

/**
 * Scheme "cenc": CTR, no pattern.
 */
#define DRM_CENC_SCHEME_CENC 1667591779

/**
 * Scheme "cens": CTR with a pattern; pattern 0:0 = every whole block.
 */
#define DRM_CENC_SCHEME_CENS 1667591795

/**
 * Scheme "cbc1": CBC, no pattern, chained across the subsamples of a sample.
 */
#define DRM_CENC_SCHEME_CBC1 1667392305

/**
 * Scheme "cbcs": CBC with a pattern, restarted at the IV for every subsample; pattern 0:0 = every whole block.
 */
#define DRM_CENC_SCHEME_CBCS 1667392371

/**
 * How one sample is encrypted (ISO/IEC 23001-7).
 *
 * Set all of it to zero, then structSize to sizeof(DRM_SampleInfo), then the rest.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_SampleInfo {
    /**
     * sizeof(DRM_SampleInfo); a later version of the library may append members.
     */
    uint32_t structSize;
    /**
     * The algorithm. DRM_ALG_CENC_UNENCRYPTED passes the sample through; DRM_ALG_CENC_AES_WV is not supported.
     */
    DrmCencAlgorithm algorithm;
    /**
     * DRM_CENC_SCHEME_AUTO, or the scheme's four characters as in the stream's schm box. Needed to tell cbcs with
     * pattern 0:0 (full-sample audio in several subsamples) from cbc1.
     */
    uint32_t scheme;
    /**
     * Bytes used in iv: 8 or 16. In CTR modes an 8-byte IV is followed by a zero block counter; in CBC modes it is
     * padded with zeros on the right.
     */
    uint32_t ivLen;
    /**
     * Key id.
     */
    uint8_t keyId[DRM_KEY_ID_SIZE];
    /**
     * Initialisation vector.
     */
    uint8_t iv[DRM_KEY_IV_SIZE];
    /**
     * Encrypted 16-byte blocks of the pattern; 0 with skipByteBlock 0 = no pattern.
     */
    uint32_t cryptByteBlock;
    /**
     * Clear 16-byte blocks of the pattern.
     */
    uint32_t skipByteBlock;
    /**
     * Number of subsamples, any; 0 = the whole sample is protected.
     */
    uint32_t subsampleCount;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * The subsamples; may be null if there are none. Their lengths must add up to the sample's.
     */
    const DrmSubsample *subsamples;
} DRM_SampleInfo;

/**
 * One sample of OH_MediaKeySession_DecryptSamples().
 *
 * @since native_drm 0.1
 */
typedef struct DRM_Sample {
    /**
     * How the sample is encrypted.
     */
    const struct DRM_SampleInfo *info;
    /**
     * The sample's bytes, decrypted in place; may be null if there are none.
     */
    uint8_t *data;
    /**
     * Number of bytes.
     */
    uint32_t dataLen;
    /**
     * Zero.
     */
    uint32_t reserved;
} DRM_Sample;

/**
 * Decrypts a sample in place.
 *
 * Everything is checked before the first byte changes: when it fails, the sample is as it was. Does not allocate, log
 * or take a lock that another decrypt can hold.
 *
 * Any thread, also several at the same time on one session.
 *
 * @param mediaKeySession a session that holds the key
 * @param info how the sample is encrypted; read during the call
 * @param data the sample; may be null if dataLen is 0. Nothing else may access it during the call
 * @param dataLen bytes of data
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, structSize,
 *     algorithm, scheme, ivLen or pattern is out of range, they contradict each other, or the subsamples do not add up
 *     to dataLen; DRM_ERR_NO_KEY if the session has no 16-byte key for the key id (EVENT_KEY_REQUIRED follows, once per
 *     key id until it arrives); DRM_ERR_NO_LICENSE if the key may not be used now;
 *     DRM_ERR_DEVICE_TIME_ERROR if the clock was set back behind the last use of its stored license; DRM_ERR_UNKNOWN if
 *     the algorithm is not supported; DRM_ERR_SERVICE_DIED if the first use of a stored license cannot be recorded, or
 *     the key system failed
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_DecryptSample(MediaKeySession *mediaKeySession,
                                             const struct DRM_SampleInfo *info,
                                             uint8_t *data,
                                             uint32_t dataLen);

/**
 * Decrypts a sample in place, described by an OH_AVCencInfo. Like OH_MediaKeySession_DecryptSample() otherwise.
 *
 * CBC with pattern 0:0 is cbc1; for cbcs with every block encrypted set the pattern 1:0.
 *
 * Any thread.
 *
 * @param mediaKeySession a session that holds the key
 * @param cencInfo how the sample is encrypted; copied at the start
 * @param data the sample; may be null if dataLen is 0. Nothing else may access it during the call
 * @param dataLen bytes of data
 * @return as OH_MediaKeySession_DecryptSample(); DRM_ERR_INVALID_VAL also if cencInfo is not an OH_AVCencInfo or its
 *     mode is DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET and its algorithm not DRM_ALG_CENC_UNENCRYPTED
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_DecryptSampleWithCencInfo(MediaKeySession *mediaKeySession,
                                                         OH_AVCencInfo *cencInfo,
                                                         uint8_t *data,
                                                         uint32_t dataLen);

/**
 * Decrypts the data of a buffer in place, as the OH_AVCencInfo says that OH_AVCencInfo_SetAVBuffer() attached to it.
 * The data is what offset and size of the buffer's attributes name; a size of 0 is an empty sample.
 *
 * What was attached counts once. After success the data is clear and nothing is attached any more, so that a second
 * call is refused instead of garbling the data, and what is put into the buffer next cannot be taken for the sample
 * before. Where it fails, the data is as it was and what was attached stays. A clear sample needs an OH_AVCencInfo,
 * too, with DRM_ALG_CENC_UNENCRYPTED: the library cannot tell it from an encrypted one whose OH_AVCencInfo was
 * forgotten.
 *
 * Any thread. Of two calls for one buffer at the same time one is refused. The buffer may be destroyed meanwhile: its
 * memory is freed when this call is done.
 *
 * @param mediaKeySession a session that holds the key
 * @param buffer the buffer. Nothing else may access its data during the call
 * @return as OH_MediaKeySession_DecryptSampleWithCencInfo(); DRM_ERR_INVALID_VAL also if buffer is not an
 *     OH_AVBuffer, nothing is attached to it, or another call is decrypting it
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_DecryptAVBuffer(MediaKeySession *mediaKeySession, OH_AVBuffer *buffer);

/**
 * Decrypts several samples in place. Everything is checked before the first byte changes: when it fails, all samples are
 * as they were. Like OH_MediaKeySession_DecryptSample() otherwise.
 *
 * Any thread.
 *
 * @param mediaKeySession a session that holds the keys
 * @param samples the samples; their data must not overlap
 * @param count number of samples; 0 does nothing
 * @param failedIndex receives the index of the sample that was refused, on failure only; may be null
 * @return as OH_MediaKeySession_DecryptSample(), for the first sample that is refused
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_DecryptSamples(MediaKeySession *mediaKeySession,
                                              const struct DRM_Sample *samples,
                                              uint32_t count,
                                              uint32_t *failedIndex);

/**
 * Gets what an OH_AVCencInfo holds as a DRM_SampleInfo, which does not need the OH_AVCencInfo any more: for players
 * that keep it with a sample of their own. OH_MediaKeySession_DecryptSample() does with it what
 * OH_MediaKeySession_DecryptSampleWithCencInfo() does with the OH_AVCencInfo.
 *
 * The scheme is DRM_CENC_SCHEME_AUTO and ivLen is 16. The firstEncryptedOffset becomes a clear subsample in front.
 * With mode DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET only the algorithm is given: key id, IV, ivLen, pattern and
 * number of subsamples are 0, which decrypts nothing but a clear sample.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param dataLen bytes of the sample that is to be described; counts only if there is a firstEncryptedOffset without
 *     subsamples, where the rest of the sample is protected
 * @param info in: structSize is sizeof(DRM_SampleInfo); out: all of it. Its subsamples is the parameter subsamples,
 *     which the caller keeps as long as info, or null if there are none
 * @param subsamples receives the subsamples; may be null if subsampleCount says 0
 * @param subsampleCount in: subsamples that there is room for, DRM_KEY_MAX_SUB_SAMPLE_NUM + 1 is always enough; out:
 *     their number, also if there is too little room
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, a pointer is null, structSize is
 *     another, or there is too little room
 * @since native_drm 0.1
 */
OH_AVErrCode OH_AVCencInfo_GetSampleInfo(OH_AVCencInfo *cencInfo,
                                         uint32_t dataLen,
                                         struct DRM_SampleInfo *info,
                                         DrmSubsample *subsamples,
                                         uint32_t *subsampleCount);

/**
 * Finds a session that holds a usable key, waiting for it if necessary.
 *
 * Any thread. Waiting in a callback holds up the other callbacks of the same session or instance, and no others: a key
 * that one of those would fetch does not come meanwhile.
 *
 * @param mediaKeySystem the instance whose sessions are searched, newest first
 * @param keyId the key id, DRM_KEY_ID_SIZE bytes
 * @param timeoutMs milliseconds to wait; 0 = do not wait, UINT32_MAX = without limit
 * @param mediaKeySession receives the session; it still belongs to whoever created it
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySystem is not a MediaKeySystem, also when it is destroyed while
 *     waiting, or a pointer is null; DRM_ERR_NO_KEY if no session got the key in time; DRM_ERR_SERVICE_DIED if the key system failed
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySystem_FindSessionByKeyId(MediaKeySystem *mediaKeySystem,
                                                 const uint8_t *keyId,
                                                 uint32_t timeoutMs,
                                                 MediaKeySession **mediaKeySession);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* NATIVE_MEDIADECRYPT_H */

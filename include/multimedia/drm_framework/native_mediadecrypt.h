/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_mediadecrypt/; do not edit.
 */

/**
 * @addtogroup DrmExtension
 * @{
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
 * Value of DRM_AccessUnitInfo.format: H.264 with content encryption information of ChinaDRM (CEI) in SEI messages.
 */
#define DRM_ACCESS_UNIT_CEI_H264 1

/**
 * H.265 with CEI in prefix SEI messages.
 */
#define DRM_ACCESS_UNIT_CEI_H265 2

/**
 * AVS3 with CEI in extensions.
 */
#define DRM_ACCESS_UNIT_CEI_AVS3 3

/**
 * SAMPLE-AES (Apple, "MPEG-2 Stream Encryption Format for HTTP Live Streaming"): H.264.
 */
#define DRM_ACCESS_UNIT_SAMPLE_AES_H264 4

/**
 * SAMPLE-AES: AAC in ADTS frames.
 */
#define DRM_ACCESS_UNIT_SAMPLE_AES_AAC 5

/**
 * SAMPLE-AES: AC-3.
 */
#define DRM_ACCESS_UNIT_SAMPLE_AES_AC3 6

/**
 * SAMPLE-AES: Enhanced AC-3.
 */
#define DRM_ACCESS_UNIT_SAMPLE_AES_EAC3 7

/**
 * Bit of DRM_AccessUnitState.flags: there was CEI in the stream; without it all other members are zero.
 */
#define DRM_ACCESS_UNIT_HAS_CEI 1

/**
 * Slices are encrypted; keyId, iv and ivLen say how.
 */
#define DRM_ACCESS_UNIT_ENCRYPTED 2

/**
 * The key id that will be used next is announced in nextKeyId: time to request its key.
 */
#define DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID 4

/**
 * Slices have no second layer of emulation prevention.
 */
#define DRM_ACCESS_UNIT_ONE_PREVENTION 8

/**
 * A descriptor has named the algorithm.
 */
#define DRM_ACCESS_UNIT_HAS_ALGORITHM 16

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
 * What does not stand in the access units of a stream.
 *
 * Set all of it to zero, then structSize to sizeof(DRM_AccessUnitInfo), then the rest.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_AccessUnitInfo {
    /**
     * sizeof(DRM_AccessUnitInfo); a later version of the library may append members.
     */
    uint32_t structSize;
    /**
     * Codec and kind of encryption, one of the DRM_ACCESS_UNIT_CEI_... and DRM_ACCESS_UNIT_SAMPLE_AES_... constants.
     */
    uint32_t format;
    /**
     * H.264 and H.265: 0 = start codes, as in MPEG-TS; 1, 2 or 4 = bytes of the length before each NAL unit, as in MP4.
     * Otherwise 0.
     */
    uint32_t nalLengthSize;
    /**
     * CEI: the video's algorithm by the descriptor in the program map (tag 0xC0, low nibble of its first byte), which holds
     * until a descriptor in the stream does: 1 = SM4-CBC 1:9, 2 = AES-CBC 1:9, 3 = SM4-CBC, 5 = AES-CBC; 0 = not known.
     * SAMPLE-AES: 0.
     */
    uint32_t algorithm;
    /**
     * SAMPLE-AES: key id. CEI: not looked at, it stands in the stream.
     */
    uint8_t keyId[DRM_KEY_ID_SIZE];
    /**
     * SAMPLE-AES: IV of the playlist. CEI: not looked at.
     */
    uint8_t iv[DRM_KEY_IV_SIZE];
} DRM_AccessUnitInfo;

/**
 * What the last CEI of a stream said. Zero at the start of a stream and after a seek; SAMPLE-AES leaves it as it is.
 *
 * @since native_drm 0.1
 */
typedef struct DRM_AccessUnitState {
    /**
     * DRM_ACCESS_UNIT_HAS_CEI and the other bits.
     */
    uint32_t flags;
    /**
     * The algorithm, as in DRM_AccessUnitInfo, 0 also being no encryption.
     */
    uint32_t algorithm;
    /**
     * Bytes used in iv.
     */
    uint32_t ivLen;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Key id.
     */
    uint8_t keyId[DRM_KEY_ID_SIZE];
    /**
     * The key id that will be used next.
     */
    uint8_t nextKeyId[DRM_KEY_ID_SIZE];
    /**
     * IV.
     */
    uint8_t iv[DRM_KEY_IV_SIZE];
    /**
     * Zero.
     */
    uint8_t reservedForLater[64];
} DRM_AccessUnitState;

/**
 * Decrypts a sample in place.
 *
 * Everything is checked before the first byte changes: when it fails, the sample is as it was. Does not allocate, log
 * or take a lock that another decrypt can hold, except with an isolated instance (native_drm_isolation.h), whose host
 * process gets the sample, and with keys that a plugin keeps.
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
 *     mode is DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET and its algorithm not DRM_ALG_CENC_UNENCRYPTED: what is not set
 *     stands in the unit, where OH_MediaKeySession_DecryptAccessUnit() finds it
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
 * as they were. Only where a plugin keeps the keys, its own failure at one sample leaves those before it decrypted. Like
 * OH_MediaKeySession_DecryptSample() otherwise.
 *
 * The fastest way to decrypt small samples: blocks of several samples are in flight at the same time. What follows each
 * other should have key id, algorithm, scheme and pattern in common. Does not allocate, whatever the count is, unless
 * more than 16 keys of other sessions are used (sessionSharing) or the instance is isolated.
 *
 * Each key's license is asked once, when the samples are checked. Samples that overlap, or one that is there twice,
 * have undefined bytes afterwards; nothing else is touched.
 *
 * Any thread.
 *
 * @param mediaKeySession a session that holds the keys
 * @param samples the samples; their data must not overlap
 * @param count number of samples; 0 does nothing
 * @param failedIndex receives the index of the sample that was refused, on failure only; may be null
 * @return as OH_MediaKeySession_DecryptSample(), for the first sample that is refused; DRM_ERR_INVALID_VAL also if the
 *     program changes samples, infos or subsamples during the call, where some of the samples may have been decrypted
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

/**
 * Decrypts an access unit in place that says itself how it is encrypted: where OpenHarmony's OH_AVCencInfo has the mode
 * DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET, in MPEG-TS and HLS packed audio. The unit gets shorter if the encryptor added
 * emulation prevention.
 *
 * Everything is checked before the first byte changes: when it fails, the unit, dataLen and state are as they were. Does
 * not allocate, log or take a lock that another decrypt can hold, as OH_MediaKeySession_DecryptSample(), whose policies,
 * statistics and EVENT_KEY_REQUIRED apply. A unit with nothing encrypted in it passes through and needs no key.
 *
 * CEI: information counts from the unit that has it in front of its first slice; before the first information, units are
 * clear. The first slice of a unit that is long enough is encrypted, and no other, as in OpenHarmony's decoders.
 *
 * Any thread; several at the same time on one session, each stream with its own state.
 *
 * @param mediaKeySession a session that holds the key
 * @param info what does not stand in the unit; read during the call
 * @param state what the stream said before; belongs to the caller
 * @param data the unit: whole NAL units of one access unit, or whole audio frames, any number of them. Nothing else may
 *     access it during the call
 * @param dataLen in: bytes of data, 1 to 268435456; out: bytes that the unit has now
 * @return DRM_ERR_OK; DRM_ERR_INVALID_VAL if mediaKeySession is not a MediaKeySession, a pointer is null, structSize or
 *     another member of info or state is out of range, the unit has no start code at its beginning or no frame where one
 *     must be, a length in it goes beyond its end, CEI is cut off, has an IV of more than 16 bytes, encrypts with an IV of
 *     another length than 8 or 16 or with an algorithm that is unknown, or an encrypted slice ends with emulation
 *     prevention; DRM_ERR_UNKNOWN if a plugin keeps the key; DRM_ERR_NO_KEY, DRM_ERR_NO_LICENSE, DRM_ERR_DEVICE_TIME_ERROR
 *     and DRM_ERR_SERVICE_DIED as OH_MediaKeySession_DecryptSample()
 * @since native_drm 0.1
 */
Drm_ErrCode OH_MediaKeySession_DecryptAccessUnit(MediaKeySession *mediaKeySession,
                                                 const struct DRM_AccessUnitInfo *info,
                                                 struct DRM_AccessUnitState *state,
                                                 uint8_t *data,
                                                 uint32_t *dataLen);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_MEDIADECRYPT_H */

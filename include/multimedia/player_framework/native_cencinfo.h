/*
 * SPDX-License-Identifier: Apache-2.0
 * Generated from src/native_cencinfo/; do not edit.
 */

/**
 * @addtogroup Core
 * @{
 */

/**
 * @file native_cencinfo.h
 * @brief OH_AVCencInfo: encryption information of one sample.
 */

#ifndef NATIVE_CENCINFO_H
#define NATIVE_CENCINFO_H

#include <stdint.h>
#include "native_avbuffer.h"
#include "native_averrors.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Bytes of a key id.
 */
#define DRM_KEY_ID_SIZE 16

/**
 * Bytes of an initialisation vector.
 */
#define DRM_KEY_IV_SIZE 16

/**
 * Subsamples that an OH_AVCencInfo can hold; DRM_SampleInfo has no such limit.
 */
#define DRM_KEY_MAX_SUB_SAMPLE_NUM 64

/**
 * Algorithms that encrypt samples.
 *
 * @since 12
 */
typedef enum DrmCencAlgorithm {
    /**
     * The sample is clear.
     */
    DRM_ALG_CENC_UNENCRYPTED = 0,
    /**
     * AES-128 in counter mode: schemes cenc and cens.
     */
    DRM_ALG_CENC_AES_CTR = 1,
    /**
     * A vendor's mode; not supported.
     */
    DRM_ALG_CENC_AES_WV = 2,
    /**
     * AES-128 in CBC mode: schemes cbc1 and cbcs.
     */
    DRM_ALG_CENC_AES_CBC = 3,
    /**
     * SM4 in CBC mode.
     */
    DRM_ALG_CENC_SM4_CBC = 4,
    /**
     * SM4 in counter mode.
     */
    DRM_ALG_CENC_SM4_CTR = 5,
} DrmCencAlgorithm;

/**
 * Whether an OH_AVCencInfo carries key id, IV and subsamples.
 *
 * @since 12
 */
typedef enum DrmCencInfoMode {
    /**
     * Key id, IV and subsamples are set.
     */
    DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET = 0,
    /**
     * Key id, IV and subsamples are not set.
     */
    DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET = 1,
} DrmCencInfoMode;

/**
 * Encryption information of one sample. A handle: never dereferenced, safe to pass after destruction.
 *
 * @since 12
 */
typedef struct OH_AVCencInfo OH_AVCencInfo;

/**
 * A clear range followed by a protected one (ISO/IEC 23001-7 section 7.2).
 *
 * @since 12
 */
typedef struct DrmSubsample {
    /**
     * Clear bytes.
     */
    uint32_t clearHeaderLen;
    /**
     * Protected bytes.
     */
    uint32_t payLoadLen;
} DrmSubsample;

/**
 * Creates an OH_AVCencInfo: unencrypted, key id and IV zero, no subsamples, mode
 * DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET.
 *
 * Any thread.
 *
 * @return the instance, to be destroyed with OH_AVCencInfo_Destroy(); null if there are 65,536 instances
 * @since 12
 */
struct OH_AVCencInfo *OH_AVCencInfo_Create(void);

/**
 * Destroys an OH_AVCencInfo.
 *
 * Any thread.
 *
 * @param cencInfo the instance; stale afterwards
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_Destroy(struct OH_AVCencInfo *cencInfo);

/**
 * Sets the algorithm.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param algo one of DrmCencAlgorithm
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or algo is not a DrmCencAlgorithm
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_SetAlgorithm(struct OH_AVCencInfo *cencInfo, DrmCencAlgorithm algo);

/**
 * Sets key id and IV; both are copied.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param keyId the key id
 * @param keyIdLen bytes of keyId, DRM_KEY_ID_SIZE
 * @param iv the initialisation vector; a shorter one has to be padded with zeros on the right
 * @param ivLen bytes of iv, DRM_KEY_IV_SIZE
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, a pointer is null or a length is
 *     another
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_SetKeyIdAndIv(struct OH_AVCencInfo *cencInfo,
                                         uint8_t *keyId,
                                         uint32_t keyIdLen,
                                         uint8_t *iv,
                                         uint32_t ivLen);

/**
 * Sets pattern and subsamples; the subsamples are copied.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param encryptedBlockCount encrypted 16-byte blocks of the pattern; 0 with skippedBlockCount 0 = no pattern
 * @param skippedBlockCount clear 16-byte blocks of the pattern
 * @param firstEncryptedOffset clear bytes in front of the first subsample, usually 0
 * @param subsampleCount number of subsamples, 0 to DRM_KEY_MAX_SUB_SAMPLE_NUM; 0 = the whole sample is protected
 * @param subsamples the subsamples
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo, subsamples is null, or
 *     subsampleCount is greater than DRM_KEY_MAX_SUB_SAMPLE_NUM
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_SetSubsampleInfo(struct OH_AVCencInfo *cencInfo,
                                            uint32_t encryptedBlockCount,
                                            uint32_t skippedBlockCount,
                                            uint32_t firstEncryptedOffset,
                                            uint32_t subsampleCount,
                                            struct DrmSubsample *subsamples);

/**
 * Says whether key id, IV and subsamples are set.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param mode one of DrmCencInfoMode
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or mode is not a DrmCencInfoMode
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_SetMode(struct OH_AVCencInfo *cencInfo, DrmCencInfoMode mode);

/**
 * Attaches a copy of the encryption information to a buffer, in place of what was attached to it. Later changes of the
 * OH_AVCencInfo do not change the copy, and it can be destroyed.
 *
 * OH_MediaKeySession_DecryptAVBuffer() decrypts by it, and then detaches it.
 *
 * Any thread.
 *
 * @param cencInfo the instance
 * @param buffer the buffer that has the sample, or will have it
 * @return AV_ERR_OK, or AV_ERR_INVALID_VAL if cencInfo is not an OH_AVCencInfo or buffer is not an OH_AVBuffer
 * @since 12
 */
OH_AVErrCode OH_AVCencInfo_SetAVBuffer(struct OH_AVCencInfo *cencInfo, OH_AVBuffer *buffer);

#ifdef __cplusplus
} /* extern "C" */
#endif

/** @} */

#endif /* NATIVE_CENCINFO_H */

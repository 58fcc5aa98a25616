/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file cenc_info.hpp
 * @brief OH_AVCencInfo: how a sample is encrypted, as OpenHarmony's players have it.
 */

#ifndef NATIVE_DRM_CENC_INFO_HPP
#define NATIVE_DRM_CENC_INFO_HPP

#include <cstdint>
#include <memory>

#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "../multimedia/player_framework/native_cencinfo.h"
#include "av_buffer.hpp"
#include "core.hpp"
#include "sample_info.hpp"

namespace native_drm {

namespace detail {

struct CencInfoDestroyer {
    void operator()(::OH_AVCencInfo *handle) const noexcept { (void)OH_AVCencInfo_Destroy(handle); }
};

} // namespace detail

/** An OH_AVCencInfo: a SampleInfo that is shared with C code by a handle. Movable. */
class CencInfo {
public:
    /** Creates one: not encrypted. */
    CencInfo() : handle_(OH_AVCencInfo_Create())
    {
        if (!handle_) {
            throw Error("OH_AVCencInfo_Create", DRM_ERR_UNKNOWN, lastErrorMessage());
        }
    }

    /** Takes over one that the C API created: it is destroyed with the object that is returned. */
    static CencInfo adopt(::OH_AVCencInfo *handle) noexcept { return CencInfo(handle); }

    /** @return the handle for C functions; it still belongs to this object */
    ::OH_AVCencInfo *get() const noexcept { return handle_.get(); }

    /** @return the handle, which no longer belongs to this object */
    ::OH_AVCencInfo *release() noexcept { return handle_.release(); }

    /** Sets the algorithm. */
    void setAlgorithm(DrmCencAlgorithm algorithm)
    {
        detail::checkAv(OH_AVCencInfo_SetAlgorithm(get(), algorithm), "OH_AVCencInfo_SetAlgorithm");
    }

    /** Sets key id (16 bytes) and initialisation vector (at most 16; a shorter one is padded with zeros on the right). */
    void setKeyIdAndIv(ConstByteSpan keyId, ConstByteSpan iv)
    {
        const char *const function = "OH_AVCencInfo_SetKeyIdAndIv";
        KeyId id = detail::sixteen(keyId, function);
        std::uint8_t padded[DRM_KEY_IV_SIZE] = {};
        detail::copyBytes(padded, sizeof(padded), iv, function);
        detail::checkAv(OH_AVCencInfo_SetKeyIdAndIv(get(), id.data(), DRM_KEY_ID_SIZE, padded, DRM_KEY_IV_SIZE), function);
    }

    /**
     * Sets pattern and subsamples, which are copied.
     *
     * @param cryptBlocks encrypted 16-byte blocks of the pattern
     * @param skipBlocks clear 16-byte blocks of the pattern
     * @param subsamples at most DRM_KEY_MAX_SUB_SAMPLE_NUM; none means that the whole sample is protected
     * @param firstEncryptedOffset clear bytes in front of the first subsample
     */
    void setSubsamples(std::uint32_t cryptBlocks, std::uint32_t skipBlocks, SubsampleSpan subsamples,
                       std::uint32_t firstEncryptedOffset = 0)
    {
        const char *const function = "OH_AVCencInfo_SetSubsampleInfo";
        // C wants a pointer also where there is nothing, and does not write through it.
        DrmSubsample none{};
        auto *const raw = subsamples.empty() ? &none : const_cast<DrmSubsample *>(subsamples.data());
        const auto count = detail::length<std::uint32_t>(subsamples.size(), function);
        detail::checkAv(OH_AVCencInfo_SetSubsampleInfo(get(), cryptBlocks, skipBlocks, firstEncryptedOffset, count, raw),
                        function);
    }

    /** Says whether key id, initialisation vector and subsamples are set. */
    void setMode(DrmCencInfoMode mode) { detail::checkAv(OH_AVCencInfo_SetMode(get(), mode), "OH_AVCencInfo_SetMode"); }

    /** Attaches a copy of what this object holds to a buffer, in place of what was attached to it. */
    void attachTo(::OH_AVBuffer *buffer) const
    {
        detail::checkAv(OH_AVCencInfo_SetAVBuffer(get(), buffer), "OH_AVCencInfo_SetAVBuffer");
    }

    /** Attaches a copy of what this object holds to a buffer. */
    void attachTo(const AvBuffer &buffer) const { attachTo(buffer.get()); }

    /**
     * Gets what this object holds as a SampleInfo, which does not need this object any more.
     *
     * @param dataLen bytes of the sample; counts only if there is a firstEncryptedOffset without subsamples
     */
    SampleInfo sampleInfo(std::uint32_t dataLen = 0) const
    {
        DRM_SampleInfo raw{};
        raw.structSize = sizeof(raw);
        DrmSubsample subsamples[DRM_KEY_MAX_SUB_SAMPLE_NUM + 1];
        std::uint32_t count = DRM_KEY_MAX_SUB_SAMPLE_NUM + 1;
        detail::checkAv(OH_AVCencInfo_GetSampleInfo(get(), dataLen, &raw, subsamples, &count), "OH_AVCencInfo_GetSampleInfo");
        SampleInfo info(raw.algorithm, raw.keyId, ConstByteSpan(raw.iv, raw.ivLen));
        info.scheme(raw.scheme).pattern(raw.cryptByteBlock, raw.skipByteBlock);
        info.subsamples(SubsampleSpan(subsamples, count));
        return info;
    }

private:
    explicit CencInfo(::OH_AVCencInfo *handle) noexcept : handle_(handle) {}

    std::unique_ptr<::OH_AVCencInfo, detail::CencInfoDestroyer> handle_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_CENC_INFO_HPP */

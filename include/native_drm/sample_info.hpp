/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file sample_info.hpp
 * @brief How a sample is encrypted.
 */

#ifndef NATIVE_DRM_SAMPLE_INFO_HPP
#define NATIVE_DRM_SAMPLE_INFO_HPP

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "core.hpp"

namespace native_drm {

/** How one sample is encrypted; owns its subsamples. Its members are those of DRM_SampleInfo. */
class SampleInfo {
public:
    /**
     * @param algorithm the algorithm
     * @param keyId the key id, 16 bytes
     * @param iv the initialisation vector, 8 or 16 bytes
     */
    SampleInfo(DrmCencAlgorithm algorithm, ConstByteSpan keyId, ConstByteSpan iv)
    {
        if (keyId.size() != sizeof(info_.keyId) || iv.size() > sizeof(info_.iv)) {
            throw Error("SampleInfo", DRM_ERR_INVALID_VAL, "a key id has 16 bytes, an IV 8 or 16");
        }
        info_.structSize = sizeof(info_);
        info_.algorithm = algorithm;
        info_.ivLen = static_cast<std::uint32_t>(iv.size());
        std::memcpy(info_.keyId, keyId.data(), keyId.size());
        if (!iv.empty()) {
            std::memcpy(info_.iv, iv.data(), iv.size());
        }
    }

    /** Sets the scheme: DRM_CENC_SCHEME_AUTO, or the four characters of the schm box. */
    SampleInfo &scheme(std::uint32_t fourCharacters)
    {
        info_.scheme = fourCharacters;
        return *this;
    }

    /** Sets the pattern in 16-byte blocks. */
    SampleInfo &pattern(std::uint32_t cryptBlocks, std::uint32_t skipBlocks)
    {
        info_.cryptByteBlock = cryptBlocks;
        info_.skipByteBlock = skipBlocks;
        return *this;
    }

    /** Sets the subsamples; none means that the whole sample is protected. */
    SampleInfo &subsamples(std::vector<DrmSubsample> subsamples)
    {
        detail::length<std::uint32_t>(subsamples.size(), "SampleInfo");
        subsamples_ = std::move(subsamples);
        return *this;
    }

    /** @return the C struct; it points into this object */
    DRM_SampleInfo get() const noexcept
    {
        DRM_SampleInfo info = info_;
        info.subsampleCount = static_cast<std::uint32_t>(subsamples_.size());
        info.subsamples = subsamples_.empty() ? nullptr : subsamples_.data();
        return info;
    }

private:
    DRM_SampleInfo info_{};
    std::vector<DrmSubsample> subsamples_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_SAMPLE_INFO_HPP */

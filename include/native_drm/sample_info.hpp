/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file sample_info.hpp
 * @brief How a sample is encrypted.
 */

#ifndef NATIVE_DRM_SAMPLE_INFO_HPP
#define NATIVE_DRM_SAMPLE_INFO_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "core.hpp"

namespace native_drm {

/** Subsamples that belong to somebody else. */
using SubsampleSpan = Span<const DrmSubsample>;

/**
 * How one sample is encrypted: a DRM_SampleInfo that may own its subsamples.
 *
 * One object serves many samples: setters change what differs between samples, and allocate nothing but, once, room for
 * subsamples. On a temporary they return an object instead of a reference, so that what a chain of them gives can be kept.
 * A setter that throws has changed nothing.
 */
class SampleInfo {
public:
    /** Not encrypted. */
    SampleInfo() noexcept { raw_.structSize = sizeof(raw_); }

    /**
     * @param algorithm the algorithm
     * @param keyId the key id, 16 bytes
     * @param iv the initialisation vector, 8 or 16 bytes
     */
    SampleInfo(DrmCencAlgorithm algorithm, ConstByteSpan keyId, ConstByteSpan iv) : SampleInfo()
    {
        this->algorithm(algorithm).keyId(keyId).iv(iv);
    }

    SampleInfo(const SampleInfo &other) : raw_(other.raw_), owned_(other.owned_) { point(other); }

    SampleInfo(SampleInfo &&other) noexcept : raw_(other.raw_), owned_(std::move(other.owned_)) { other.forget(); }

    SampleInfo &operator=(const SampleInfo &other)
    {
        if (this != &other && !takeBorrower(other)) {
            // assign() keeps room that is there already.
            owned_.assign(other.owned_.begin(), other.owned_.end());
            raw_ = other.raw_;
            point(other);
        }
        return *this;
    }

    SampleInfo &operator=(SampleInfo &&other) noexcept
    {
        if (this != &other) {
            if (!takeBorrower(other)) {
                owned_ = std::move(other.owned_);
                raw_ = other.raw_;
            }
            other.forget();
        }
        return *this;
    }

    ~SampleInfo() = default;

    /** Sets the algorithm. */
    SampleInfo &algorithm(DrmCencAlgorithm algorithm) & noexcept
    {
        raw_.algorithm = algorithm;
        return *this;
    }
    SampleInfo algorithm(DrmCencAlgorithm algorithm) && noexcept { return std::move(this->algorithm(algorithm)); }

    /** Sets the key id, 16 bytes. */
    SampleInfo &keyId(ConstByteSpan keyId) &
    {
        detail::copyId(raw_.keyId, keyId, "SampleInfo");
        return *this;
    }
    SampleInfo keyId(ConstByteSpan keyId) && { return std::move(this->keyId(keyId)); }

    /** Sets the initialisation vector, 8 or 16 bytes; none for what is not encrypted. */
    SampleInfo &iv(ConstByteSpan iv) &
    {
        if (iv.size() == sizeof(raw_.iv) && iv.data() != nullptr) {
            std::memcpy(raw_.iv, iv.data(), sizeof(raw_.iv));
        } else if (iv.size() == sizeof(raw_.iv) / 2 && iv.data() != nullptr) {
            std::memcpy(raw_.iv, iv.data(), sizeof(raw_.iv) / 2);
            std::memset(raw_.iv + sizeof(raw_.iv) / 2, 0, sizeof(raw_.iv) / 2);
        } else {
            // For C to judge.
            std::uint8_t padded[sizeof(raw_.iv)] = {};
            detail::copyBytes(padded, sizeof(padded), iv, "SampleInfo");
            std::memcpy(raw_.iv, padded, sizeof(padded));
        }
        raw_.ivLen = static_cast<std::uint32_t>(iv.size());
        return *this;
    }
    SampleInfo iv(ConstByteSpan iv) && { return std::move(this->iv(iv)); }

    /** Sets the scheme: DRM_CENC_SCHEME_AUTO, or the four characters of the schm box. */
    SampleInfo &scheme(std::uint32_t fourCharacters) & noexcept
    {
        raw_.scheme = fourCharacters;
        return *this;
    }
    SampleInfo scheme(std::uint32_t fourCharacters) && noexcept { return std::move(this->scheme(fourCharacters)); }

    /** Sets the pattern in 16-byte blocks. */
    SampleInfo &pattern(std::uint32_t cryptBlocks, std::uint32_t skipBlocks) & noexcept
    {
        raw_.cryptByteBlock = cryptBlocks;
        raw_.skipByteBlock = skipBlocks;
        return *this;
    }
    SampleInfo pattern(std::uint32_t cryptBlocks, std::uint32_t skipBlocks) && noexcept
    {
        return std::move(this->pattern(cryptBlocks, skipBlocks));
    }

    /** Copies subsamples; none means that the whole sample is protected. */
    SampleInfo &subsamples(SubsampleSpan subsamples) &
    {
        const auto count = detail::length<std::uint32_t>(subsamples.size(), "SampleInfo");
        if (isOwn(subsamples)) {
            keepOnly(subsamples);
            return *this;
        }
        if (count != 0 && subsamples.data() == nullptr) {
            detail::refuseNull("SampleInfo");
        }
        if (owned_.size() != count) {
            owned_.resize(count);
        }
        std::copy(subsamples.begin(), subsamples.end(), owned_.begin());
        set(owned_.data(), count);
        return *this;
    }
    SampleInfo subsamples(SubsampleSpan subsamples) && { return std::move(this->subsamples(subsamples)); }

    /** Copies subsamples. */
    SampleInfo &subsamples(std::initializer_list<DrmSubsample> list) &
    {
        return this->subsamples(SubsampleSpan(list.begin(), list.size()));
    }
    SampleInfo subsamples(std::initializer_list<DrmSubsample> list) && { return std::move(this->subsamples(list)); }

    /** Takes subsamples over. */
    SampleInfo &subsamples(std::vector<DrmSubsample> &&subsamples) &
    {
        const auto count = detail::length<std::uint32_t>(subsamples.size(), "SampleInfo");
        owned_ = std::move(subsamples);
        set(owned_.data(), count);
        return *this;
    }
    SampleInfo subsamples(std::vector<DrmSubsample> &&subsamples) &&
    {
        return std::move(this->subsamples(std::move(subsamples)));
    }

    /** Refers to subsamples instead of copying them: they must stay while this object is in use. */
    SampleInfo &borrowSubsamples(SubsampleSpan subsamples) &
    {
        const auto count = detail::length<std::uint32_t>(subsamples.size(), "SampleInfo");
        if (isOwn(subsamples)) {
            keepOnly(subsamples);
            return *this;
        }
        set(subsamples.data(), count);
        owned_.clear();
        return *this;
    }
    SampleInfo borrowSubsamples(SubsampleSpan subsamples) && { return std::move(this->borrowSubsamples(subsamples)); }

    /** @return the C struct; it belongs to this object and changes with it */
    const DRM_SampleInfo &get() const & noexcept { return raw_; }
    const DRM_SampleInfo &get() const && = delete;

private:
    bool isOwn(SubsampleSpan subsamples) const noexcept
    {
        const std::less<const DrmSubsample *> less;
        return !owned_.empty() && !less(subsamples.data(), owned_.data()) &&
               less(subsamples.data(), owned_.data() + owned_.size());
    }

    /** Keeps a part of its own. Allocates nothing. */
    void keepOnly(SubsampleSpan part) noexcept
    {
        const auto first = owned_.begin() + (part.data() - owned_.data());
        owned_.erase(first + static_cast<std::ptrdiff_t>(part.size()), owned_.end());
        owned_.erase(owned_.begin(), first);
        set(owned_.data(), static_cast<std::uint32_t>(owned_.size()));
    }

    /** Takes what another one has if that borrows from this one, whose subsamples have to stay for that. */
    bool takeBorrower(const SampleInfo &other) noexcept
    {
        const SubsampleSpan part(other.raw_.subsamples, other.raw_.subsampleCount);
        if (!isOwn(part)) {
            return false;
        }
        raw_ = other.raw_;
        keepOnly(part);
        return true;
    }

    void set(const DrmSubsample *subsamples, std::uint32_t count) noexcept
    {
        raw_.subsamples = count == 0 ? nullptr : subsamples;
        raw_.subsampleCount = count;
    }

    /** Points a copy of another's struct to the copy of its subsamples, if they are its own. */
    void point(const SampleInfo &other) noexcept
    {
        if (!other.owned_.empty()) {
            raw_.subsamples = owned_.data();
        }
    }

    void forget() noexcept
    {
        owned_.clear();
        set(nullptr, 0);
    }

    DRM_SampleInfo raw_{};
    /** Empty if the subsamples are somebody else's. */
    std::vector<DrmSubsample> owned_;
};

/** @return an entry for decryptAll(); refers to both */
inline DRM_Sample makeSample(const DRM_SampleInfo &info, ByteSpan data)
{
    DRM_Sample sample{};
    sample.info = &info;
    sample.data = data.data();
    sample.dataLen = detail::length<std::uint32_t>(data.size(), "OH_MediaKeySession_DecryptSamples");
    return sample;
}

/** @return an entry for decryptAll(); refers to both */
inline DRM_Sample makeSample(const SampleInfo &info, ByteSpan data)
{
    return makeSample(info.get(), data);
}

DRM_Sample makeSample(const DRM_SampleInfo &&info, ByteSpan data) = delete;
DRM_Sample makeSample(const SampleInfo &&info, ByteSpan data) = delete;

/** A batch of samples of which one was refused. None of them was decrypted. */
class SampleError : public Error {
public:
    /**
     * @param error why
     * @param index the sample's
     */
    SampleError(const Error &error, std::uint32_t index) noexcept : Error(error), index_(index) {}

    /** @return index of the sample that was refused */
    std::uint32_t index() const noexcept { return index_; }

private:
    std::uint32_t index_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_SAMPLE_INFO_HPP */

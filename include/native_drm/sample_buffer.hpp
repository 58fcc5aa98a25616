/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file sample_buffer.hpp
 * @brief SampleBuffer.
 */

#ifndef NATIVE_DRM_SAMPLE_BUFFER_HPP
#define NATIVE_DRM_SAMPLE_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "../multimedia/drm_framework/native_drm_isolation.h"
#include "media_key_system_functions.hpp"

namespace native_drm {

/** Memory for samples that an instance decrypts without copying them, isolated or not. Freed with this object. Movable. */
class SampleBuffer {
public:
    /** Allocates memory, see OH_Drm_AllocateSampleBuffer(). */
    SampleBuffer(const MediaKeySystemFunctions &system, std::uint32_t size) : size_(size)
    {
        check(OH_Drm_AllocateSampleBuffer(system.get(), size, &data_), "OH_Drm_AllocateSampleBuffer");
    }

    SampleBuffer(SampleBuffer &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
    {
    }

    SampleBuffer &operator=(SampleBuffer &&other) noexcept
    {
        SampleBuffer moved(std::move(other));
        std::swap(data_, moved.data_);
        std::swap(size_, moved.size_);
        return *this;
    }

    SampleBuffer(const SampleBuffer &) = delete;
    SampleBuffer &operator=(const SampleBuffer &) = delete;

    ~SampleBuffer()
    {
        if (data_ != nullptr) {
            OH_Drm_FreeSampleBuffer(data_);
        }
    }

    /** @return the memory; null once it was moved from */
    std::uint8_t *data() const noexcept { return data_; }

    /** @return its bytes */
    std::size_t size() const noexcept { return size_; }

private:
    std::uint8_t *data_ = nullptr;
    std::uint32_t size_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_SAMPLE_BUFFER_HPP */

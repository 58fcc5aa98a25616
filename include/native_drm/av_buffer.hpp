/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file av_buffer.hpp
 * @brief OH_AVBuffer: memory for a sample, as OpenHarmony's players have it.
 */

#ifndef NATIVE_DRM_AV_BUFFER_HPP
#define NATIVE_DRM_AV_BUFFER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "../multimedia/player_framework/native_avbuffer.h"
#include "core.hpp"

namespace native_drm {

namespace detail {

/** Throws Error if a function of the player framework failed. */
inline void checkAv(OH_AVErrCode code, const char *function)
{
    if (code != AV_ERR_OK) {
        fail(code == AV_ERR_INVALID_VAL ? DRM_ERR_INVALID_VAL : DRM_ERR_UNKNOWN, function);
    }
}

struct AvBufferDestroyer {
    void operator()(::OH_AVBuffer *handle) const noexcept { (void)OH_AVBuffer_Destroy(handle); }
};

} // namespace detail

/** An OH_AVBuffer. Destroyed with this object. Movable. */
class AvBuffer {
public:
    /** Creates a buffer with room for capacity bytes, all zero. */
    explicit AvBuffer(std::int32_t capacity) : handle_(OH_AVBuffer_Create(capacity))
    {
        if (!handle_) {
            detail::fail(capacity > 0 ? DRM_ERR_UNKNOWN : DRM_ERR_INVALID_VAL, "OH_AVBuffer_Create");
        }
    }

    /** Takes over one that the C API created: it is destroyed with the object that is returned. */
    static AvBuffer adopt(::OH_AVBuffer *handle) noexcept { return AvBuffer(Handle(handle)); }

    /** @return the handle for C functions; it still belongs to this object */
    ::OH_AVBuffer *get() const noexcept { return handle_.get(); }

    /** @return the handle, which no longer belongs to this object */
    ::OH_AVBuffer *release() noexcept { return handle_.release(); }

    /** @return all of the buffer, valid until it is destroyed; nothing if it was */
    ByteSpan memory() const noexcept
    {
        const std::int32_t capacity = OH_AVBuffer_GetCapacity(get());
        return capacity > 0 ? ByteSpan(OH_AVBuffer_GetAddr(get()), static_cast<std::size_t>(capacity)) : ByteSpan();
    }

    /** @return where the data is in the buffer, its time and its flags */
    OH_AVCodecBufferAttr attributes() const
    {
        OH_AVCodecBufferAttr attributes{};
        detail::checkAv(OH_AVBuffer_GetBufferAttr(get(), &attributes), "OH_AVBuffer_GetBufferAttr");
        return attributes;
    }

    /** Sets where the data is in the buffer, its time and its flags. */
    void setAttributes(const OH_AVCodecBufferAttr &attributes)
    {
        detail::checkAv(OH_AVBuffer_SetBufferAttr(get(), &attributes), "OH_AVBuffer_SetBufferAttr");
    }

private:
    using Handle = std::unique_ptr<::OH_AVBuffer, detail::AvBufferDestroyer>;

    explicit AvBuffer(Handle handle) noexcept : handle_(std::move(handle)) {}

    Handle handle_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_AV_BUFFER_HPP */

/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file access_unit.hpp
 * @brief Elementary streams whose access units say themselves how they are encrypted.
 */

#ifndef NATIVE_DRM_ACCESS_UNIT_HPP
#define NATIVE_DRM_ACCESS_UNIT_HPP

#include <cstdint>

#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "core.hpp"

namespace native_drm {

/**
 * An elementary stream with content encryption information (CEI) or SAMPLE-AES, as MPEG-TS and HLS packed audio have it: what
 * does not stand in its units, and what they have said so far. For decrypt() of a session, one unit after the other; each
 * stream has an object of its own, which one thread at a time may use.
 */
class AccessUnitStream {
public:
    /** @param format DRM_ACCESS_UNIT_CEI_... or DRM_ACCESS_UNIT_SAMPLE_AES_... */
    explicit AccessUnitStream(std::uint32_t format) noexcept
    {
        info_.structSize = sizeof(info_);
        info_.format = format;
    }

    /**
     * @param format DRM_ACCESS_UNIT_SAMPLE_AES_...
     * @param keyId the key id, 16 bytes
     * @param iv the IV of the playlist, 16 bytes
     */
    AccessUnitStream(std::uint32_t format, ConstByteSpan keyId, ConstByteSpan iv) : AccessUnitStream(format)
    {
        this->keyId(keyId).iv(iv);
    }

    /** Sets bytes of the length before each NAL unit, 1, 2 or 4; 0 = start codes. */
    AccessUnitStream &nalLengthSize(std::uint32_t bytes) noexcept
    {
        info_.nalLengthSize = bytes;
        return *this;
    }

    /** Sets the algorithm that the descriptor in the program map names for the video (CEI). */
    AccessUnitStream &algorithm(std::uint32_t number) noexcept
    {
        info_.algorithm = number;
        return *this;
    }

    /** Sets the key id, 16 bytes (SAMPLE-AES). */
    AccessUnitStream &keyId(ConstByteSpan keyId)
    {
        detail::copyId(info_.keyId, keyId, "AccessUnitStream");
        return *this;
    }

    /** Sets the IV of the playlist, 16 bytes (SAMPLE-AES). */
    AccessUnitStream &iv(ConstByteSpan iv)
    {
        detail::copyId(info_.iv, iv, "AccessUnitStream");
        return *this;
    }

    /** Forgets what the units have said: after a seek. */
    void restart() noexcept { state_ = DRM_AccessUnitState{}; }

    /** @return whether the stream has announced the key id that it will use next: state().nextKeyId */
    bool announcesNextKeyId() const noexcept { return (state_.flags & DRM_ACCESS_UNIT_HAS_NEXT_KEY_ID) != 0; }

    /** @return the C struct with what does not stand in units */
    const DRM_AccessUnitInfo &info() const noexcept { return info_; }

    /** @return the C struct with what units have said */
    const DRM_AccessUnitState &state() const noexcept { return state_; }
    /** @return the C struct with what units have said */
    DRM_AccessUnitState &state() noexcept { return state_; }

private:
    DRM_AccessUnitInfo info_{};
    DRM_AccessUnitState state_{};
};

} // namespace native_drm

#endif /* NATIVE_DRM_ACCESS_UNIT_HPP */

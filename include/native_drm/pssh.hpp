/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file pssh.hpp
 * @brief Finding the pssh boxes of a stream.
 */

#ifndef NATIVE_DRM_PSSH_HPP
#define NATIVE_DRM_PSSH_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "core.hpp"

namespace native_drm {

/** A pssh box of a stream. */
struct Pssh {
    Uuid systemId;
    Bytes box;
};

/**
 * Finds all pssh boxes of an MP4 or WebM file or segment, an MPEG transport stream, of raw boxes, a DASH or Smooth Streaming
 * manifest or an HLS playlist: any number and of any length.
 */
inline std::vector<Pssh> parsePssh(ConstByteSpan data)
{
    struct Found {
        std::vector<Pssh> boxes;
        std::exception_ptr failure;

        // Exceptions must not pass through the library.
        static std::int32_t add(const std::uint8_t *uuid, const std::uint8_t *pssh, std::size_t size, void *userData) noexcept
        {
            auto &found = *static_cast<Found *>(userData);
            try {
                Pssh box{{}, Bytes(pssh, pssh + size)};
                std::memcpy(box.systemId.data(), uuid, box.systemId.size());
                found.boxes.push_back(std::move(box));
                return 0;
            } catch (...) {
                found.failure = std::current_exception();
                return 1;
            }
        }
    } found;
    check(OH_Drm_ParsePsshBoxes(data.data(), data.size(), &Found::add, &found), "OH_Drm_ParsePsshBoxes");
    if (found.failure) {
        std::rethrow_exception(found.failure);
    }
    return std::move(found.boxes);
}

/** Finds the pssh boxes that fit into OpenHarmony's struct, for functions that take it. parsePssh() finds all of them. */
inline std::unique_ptr<DRM_MediaKeySystemInfo> parseMediaKeySystemInfo(ConstByteSpan data)
{
    auto info = std::make_unique<DRM_MediaKeySystemInfo>();
    check(OH_Drm_ParseMediaKeySystemInfo(data.data(), data.size(), info.get()), "OH_Drm_ParseMediaKeySystemInfo");
    return info;
}

} // namespace native_drm

#endif /* NATIVE_DRM_PSSH_HPP */

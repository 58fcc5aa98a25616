/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file callbacks.hpp
 * @brief Callbacks as std::function, and what they receive.
 */

#ifndef NATIVE_DRM_CALLBACKS_HPP
#define NATIVE_DRM_CALLBACKS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../multimedia/drm_framework/native_mediakeysession.h"
#include "core.hpp"

namespace native_drm {

/** A key with its status word: USABLE EXPIRED OUTPUT_NOT_ALLOWED PENDING INTERNAL_ERROR or USABLE_IN_FUTURE. */
struct KeyStatus {
    KeyId id;
    std::string status;
};

/**
 * Receives an event: its type, its data, a decimal number as text. Runs on the library's dispatcher thread, where every
 * function may be called, also one that replaces the callback or destroys the object. The views are valid during the call.
 * It must not throw: like an exception that leaves a thread's function, that ends the program.
 */
using EventCallback = std::function<void(DRM_EventType type, ConstByteSpan info, std::string_view extra)>;

/** Receives the session's keys after a status changed. Otherwise like EventCallback. */
using KeyChangeCallback = std::function<void(const std::vector<KeyStatus> &keys, bool newKeysAvailable)>;

namespace detail {

/** What the library's userData points to. A running callback holds it, so that it may replace or destroy itself. */
struct Callbacks : std::enable_shared_from_this<Callbacks> {
    EventCallback event;
    KeyChangeCallback keyChange;

    template <typename Handle>
    static Drm_ErrCode onEvent(Handle *, DRM_EventType type, std::uint8_t *info, std::int32_t infoLen, char *extra,
                               void *userData) noexcept
    {
        const auto self = static_cast<Callbacks *>(userData)->shared_from_this();
        self->event(type, ConstByteSpan(info, static_cast<std::size_t>(infoLen)), extra);
        return DRM_ERR_OK;
    }

    static Drm_ErrCode onKeyChange(::MediaKeySession *, DRM_KeysInfo *info, bool newKeys, void *userData) noexcept
    {
        const auto self = static_cast<Callbacks *>(userData)->shared_from_this();
        std::vector<KeyStatus> keys(info->keysInfoCount);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            std::memcpy(keys[i].id.data(), info->keyId[i], keys[i].id.size());
            keys[i].status = text(info->statusValue[i]);
        }
        self->keyChange(keys, newKeys);
        return DRM_ERR_OK;
    }
};

} // namespace detail

} // namespace native_drm

#endif /* NATIVE_DRM_CALLBACKS_HPP */

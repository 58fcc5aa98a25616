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
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
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
 * Receives an event: its type, its data, a decimal number as text. Runs on a thread of the library, where every function may
 * be called, also one that replaces the callback or destroys the object. The views are valid during the call.
 * It must not throw: like an exception that leaves a thread's function, that ends the program.
 */
using EventCallback = std::function<void(DRM_EventType type, ConstByteSpan info, std::string_view extra)>;

/** Receives the session's keys after a status changed. Otherwise like EventCallback. */
using KeyChangeCallback = std::function<void(const std::vector<KeyStatus> &keys, bool newKeysAvailable)>;

namespace detail {

/** The callbacks of one object. Never changed, only replaced; a running callback holds them. */
struct CallbackFunctions {
    EventCallback event;
    KeyChangeCallback keyChange;
};

/**
 * The callbacks of all objects by id. The library's user data is an id instead of a pointer, so that an event that is under
 * way while its object goes (which nothing prevents when that happens in another session's callback) finds nothing.
 */
class CallbackRegistry {
public:
    using Functions = std::shared_ptr<const CallbackFunctions>;

    /** Never destroyed: events may arrive until the process ends. */
    static CallbackRegistry &instance()
    {
        static CallbackRegistry *const registry = new CallbackRegistry;
        return *registry;
    }

    /** @return a new id, without callbacks */
    std::uintptr_t add()
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        do {
            ++last_;
        } while (last_ == 0 || functions_.count(last_) != 0);
        functions_.emplace(last_, nullptr);
        return last_;
    }

    void remove(std::uintptr_t id) noexcept
    {
        // What goes is destroyed without the lock: it is the program's.
        Functions earlier = exchange(id, nullptr);
        const std::lock_guard<std::mutex> lock(mutex_);
        functions_.erase(id);
    }

    Functions find(std::uintptr_t id) const noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = functions_.find(id);
        return found == functions_.end() ? nullptr : found->second;
    }

    /** @return the earlier ones */
    Functions exchange(std::uintptr_t id, Functions functions) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = functions_.find(id);
        if (found != functions_.end()) {
            found->second.swap(functions);
        }
        return functions;
    }

    /** Undoes exchange(), unless somebody has replaced the callbacks since. */
    void restore(std::uintptr_t id, const Functions &present, const Functions &earlier) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = functions_.find(id);
        if (found != functions_.end() && found->second == present) {
            found->second = earlier;
        }
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::uintptr_t, Functions> functions_;
    std::uintptr_t last_ = 0;
};

/** An object's place in the registry. */
class CallbackId {
public:
    CallbackId() : id_(CallbackRegistry::instance().add()) {}
    CallbackId(CallbackId &&other) noexcept : id_(std::exchange(other.id_, 0)) {}
    CallbackId &operator=(CallbackId &&) = delete;
    void swap(CallbackId &other) noexcept { std::swap(id_, other.id_); }
    ~CallbackId() { stop(); }

    /**
     * No callback starts afterwards. Changes nothing of this object: a callback that is running may be using it until the
     * library has waited for that one.
     */
    void stop() const noexcept
    {
        if (id_ != 0) {
            CallbackRegistry::instance().remove(id_);
        }
    }

    /**
     * Replaces the callbacks; registers them with the library through set(userData), which returns the function's code. The
     * functions and the user data that it passes are always the same: it does not matter whose set() comes last. The
     * library waits there until earlier callbacks are done, where it promises to.
     */
    template <typename Set> void replace(CallbackFunctions functions, const char *function, Set set) const
    {
        CallbackRegistry &registry = CallbackRegistry::instance();
        const std::uintptr_t id = id_;
        const auto fresh = std::make_shared<const CallbackFunctions>(std::move(functions));
        // Destroyed last: with them may go the object that this belongs to.
        const auto earlier = registry.exchange(id, fresh);
        const Drm_ErrCode code = set(reinterpret_cast<void *>(id));
        if (code != DRM_ERR_OK) {
            registry.restore(id, fresh, earlier);
            check(code, function);
        }
    }

private:
    std::uintptr_t id_;
};

template <typename Handle>
Drm_ErrCode onEvent(Handle *, DRM_EventType type, std::uint8_t *info, std::int32_t infoLen, char *extra,
                    void *userData) noexcept
{
    const auto functions = CallbackRegistry::instance().find(reinterpret_cast<std::uintptr_t>(userData));
    if (functions && functions->event) {
        functions->event(type, ConstByteSpan(info, static_cast<std::size_t>(infoLen)), extra);
    }
    return DRM_ERR_OK;
}

inline Drm_ErrCode onKeyChange(::MediaKeySession *, DRM_KeysInfo *info, bool newKeys, void *userData) noexcept
{
    const auto functions = CallbackRegistry::instance().find(reinterpret_cast<std::uintptr_t>(userData));
    if (functions && functions->keyChange) {
        std::vector<KeyStatus> keys(info->keysInfoCount);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            std::memcpy(keys[i].id.data(), info->keyId[i], keys[i].id.size());
            keys[i].status = text(info->statusValue[i]);
        }
        functions->keyChange(keys, newKeys);
    }
    return DRM_ERR_OK;
}

} // namespace detail

} // namespace native_drm

#endif /* NATIVE_DRM_CALLBACKS_HPP */

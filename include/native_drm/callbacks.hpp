/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file callbacks.hpp
 * @brief Callbacks as std::function, and what they receive.
 */

#ifndef NATIVE_DRM_CALLBACKS_HPP
#define NATIVE_DRM_CALLBACKS_HPP

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <list>
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
 * It must not throw: like an exception that leaves a thread's function, that ends the program. native_drm_common.h says more.
 */
using EventCallback = std::function<void(DRM_EventType type, ConstByteSpan info, std::string_view extra)>;

/**
 * Receives the session's keys: once after each response that is accepted, also if no status changed, and after other changes
 * of a status. Otherwise like EventCallback.
 */
using KeyChangeCallback = std::function<void(const std::vector<KeyStatus> &keys, bool newKeysAvailable)>;

namespace detail {

/** What setCallbacks() sets. Never changed, only replaced; a running callback holds them. */
struct CallbackFunctions {
    EventCallback event;
    KeyChangeCallback keyChange;
};

/** The callbacks of one object. The registry's lock guards all of it. */
struct CallbackSlot {
    struct Entry {
        std::uint64_t number;
        std::shared_ptr<const CallbackFunctions> functions;
    };

    /** In the order in which they were set. The last receive; the others wait for the library to accept those. */
    std::list<Entry> entries;
    std::uint64_t lastNumber = 0;
    bool removed = false;
    /** Callbacks that run or whose captures are being destroyed. */
    std::size_t running = 0;
    std::condition_variable idle;
};

/**
 * The callbacks of all objects by id. The library's user data is an id instead of a pointer, so that an event that is under
 * way while its object goes (which nothing prevents when that happens in another session's callback) finds nothing.
 *
 * Functions leave it to be destroyed without the lock: they are the program's.
 */
class CallbackRegistry {
public:
    using Functions = std::shared_ptr<const CallbackFunctions>;
    using Slot = std::shared_ptr<CallbackSlot>;
    using Entries = std::list<CallbackSlot::Entry>;

    /** Never destroyed: events may arrive until the process ends. */
    static CallbackRegistry &instance()
    {
        static CallbackRegistry *const registry = new CallbackRegistry;
        return *registry;
    }

    /** @return the id of a new slot */
    std::uintptr_t add(const Slot &slot)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        do {
            ++last_;
        } while (last_ == 0 || slots_.count(last_) != 0);
        slots_.emplace(last_, slot);
        return last_;
    }

    void remove(std::uintptr_t id, CallbackSlot &slot) noexcept
    {
        Entries gone;
        const std::lock_guard<std::mutex> lock(mutex_);
        gone.swap(slot.entries);
        slot.removed = true;
        slots_.erase(id);
    }

    /** Lets an entry receive. @return its number */
    std::uint64_t push(CallbackSlot &slot, Entries entry) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::uint64_t number = ++slot.lastNumber;
        if (!slot.removed) {
            entry.front().number = number;
            slot.entries.splice(slot.entries.end(), entry);
        }
        return number;
    }

    /** The library has accepted an entry: those before it go. */
    void accept(CallbackSlot &slot, std::uint64_t number) noexcept
    {
        take(slot, [number](const CallbackSlot::Entry &entry) { return entry.number < number; });
    }

    /** The library has refused an entry: it goes. */
    void refuse(CallbackSlot &slot, std::uint64_t number) noexcept
    {
        take(slot, [number](const CallbackSlot::Entry &entry) { return entry.number == number; });
    }

    /** Begins a callback. @return the slot, null if there is nothing to call */
    Slot begin(std::uintptr_t id, Functions &functions) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = slots_.find(id);
        if (found == slots_.end() || found->second->entries.empty()) {
            return nullptr;
        }
        functions = found->second->entries.back().functions;
        ++found->second->running;
        return found->second;
    }

    void end(CallbackSlot &slot) noexcept
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--slot.running == 0) {
            slot.idle.notify_all();
        }
    }

    void wait(CallbackSlot &slot) noexcept
    {
        std::unique_lock<std::mutex> lock(mutex_);
        slot.idle.wait(lock, [&slot] { return slot.running == 0; });
    }

private:
    template <typename Goes> void take(CallbackSlot &slot, Goes goes) noexcept
    {
        Entries gone;
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto entry = slot.entries.begin(); entry != slot.entries.end();) {
            const auto present = entry++;
            if (goes(*present)) {
                gone.splice(gone.end(), slot.entries, present);
            }
        }
    }

    std::mutex mutex_;
    std::unordered_map<std::uintptr_t, Slot> slots_;
    std::uintptr_t last_ = 0;
};

/** A callback of this thread, while it runs. */
class RunningCallback {
public:
    explicit RunningCallback(void *userData) noexcept
        : slot_(CallbackRegistry::instance().begin(reinterpret_cast<std::uintptr_t>(userData), functions_))
    {
        ++depth();
    }
    RunningCallback(const RunningCallback &) = delete;
    RunningCallback &operator=(const RunningCallback &) = delete;

    ~RunningCallback()
    {
        // Still a part of the callback: what it captured may go here, and with that an object.
        functions_.reset();
        --depth();
        if (slot_) {
            CallbackRegistry::instance().end(*slot_);
        }
    }

    /** @return null if there is nothing to call */
    const CallbackFunctions *functions() const noexcept { return functions_.get(); }

    /** Whether this thread is in a callback. */
    static bool inside() noexcept { return depth() != 0; }

private:
    static int &depth() noexcept
    {
        static thread_local int depth = 0;
        return depth;
    }

    CallbackRegistry::Functions functions_;
    CallbackRegistry::Slot slot_;
};

/** An object's place in the registry. */
class CallbackId {
public:
    CallbackId() : slot_(std::make_shared<CallbackSlot>()), id_(CallbackRegistry::instance().add(slot_)) {}
    CallbackId(CallbackId &&other) noexcept : slot_(std::move(other.slot_)), id_(std::exchange(other.id_, 0)) {}
    CallbackId &operator=(CallbackId &&) = delete;
    void swap(CallbackId &other) noexcept
    {
        slot_.swap(other.slot_);
        std::swap(id_, other.id_);
    }
    ~CallbackId() { stop(); }

    /**
     * No callback starts afterwards. Changes nothing of this object: a callback that is running may be using it until that
     * one has been waited for.
     */
    void stop() const noexcept
    {
        if (slot_) {
            CallbackRegistry::instance().remove(id_, *slot_);
        }
    }

    /** After stop(), where the library has not waited: until no callback is running, unless in a callback. */
    void wait() const noexcept
    {
        if (slot_) {
            wait(*slot_);
        }
    }

    /**
     * Replaces the callbacks; registers them with the library through set(userData), which returns the function's code. The
     * functions and the user data that it passes are always the same: it does not matter whose set() comes last. The
     * library waits there until earlier callbacks are done, where it promises to.
     */
    template <typename Set> void replace(CallbackFunctions functions, const char *function, Set set) const
    {
        // With callbacks may go the object that this belongs to.
        const CallbackRegistry::Slot slot = slot_;
        const std::uintptr_t id = id_;
        if (!slot) {
            check(set(reinterpret_cast<void *>(id)), function);
            return;
        }
        CallbackRegistry &registry = CallbackRegistry::instance();
        CallbackRegistry::Entries fresh;
        fresh.push_back({0, std::make_shared<const CallbackFunctions>(std::move(functions))});
        // From here on only the registry holds them: who replaces them destroys them.
        const std::uint64_t number = registry.push(*slot, std::move(fresh));
        const Drm_ErrCode code = set(reinterpret_cast<void *>(id));
        if (code == DRM_ERR_OK) {
            registry.accept(*slot, number);
            return;
        }
        try {
            check(code, function);
        } catch (...) {
            registry.refuse(*slot, number);
            // An event that was under way may have found them.
            wait(*slot);
            throw;
        }
    }

private:
    static void wait(CallbackSlot &slot) noexcept
    {
        if (!RunningCallback::inside()) {
            CallbackRegistry::instance().wait(slot);
        }
    }

    CallbackRegistry::Slot slot_;
    std::uintptr_t id_;
};

template <typename Handle>
Drm_ErrCode onEvent(Handle *, DRM_EventType type, std::uint8_t *info, std::int32_t infoLen, char *extra,
                    void *userData)
{
    const RunningCallback running(userData);
    const CallbackFunctions *const functions = running.functions();
    if (functions != nullptr && functions->event) {
        functions->event(type, ConstByteSpan(info, static_cast<std::size_t>(infoLen)), extra);
    }
    return DRM_ERR_OK;
}

inline Drm_ErrCode onKeyChange(::MediaKeySession *, DRM_KeysInfo *info, bool newKeys, void *userData)
{
    const RunningCallback running(userData);
    const CallbackFunctions *const functions = running.functions();
    if (functions != nullptr && functions->keyChange) {
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

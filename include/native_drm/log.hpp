/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file log.hpp
 * @brief The library's log lines.
 */

#ifndef NATIVE_DRM_LOG_HPP
#define NATIVE_DRM_LOG_HPP

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "core.hpp"

namespace native_drm {

/**
 * Receives log lines: those of a call on the thread that made the call, at its end; others on a thread of the library's. It
 * may call every function of the library, and replace itself; while it blocks, nothing but its own thread's call waits. It
 * must not throw, which ends the program. The line is valid during the call.
 */
using LogCallback = std::function<void(NativeDrm_LogLevel level, std::string_view message)>;

namespace detail {

/** The process has one log. */
class Log {
public:
    /** Never destroyed: the library may log until the process ends. */
    static Log &instance()
    {
        static Log *const log = new Log;
        return *log;
    }

    void set(NativeDrm_LogLevel level, LogCallback callback)
    {
        auto fresh = callback ? std::make_shared<const LogCallback>(std::move(callback)) : nullptr;
        std::shared_ptr<const LogCallback> earlier;
        {
            // What the library calls and what is called from here change together.
            const std::lock_guard<std::mutex> order(order_);
            check(OH_Drm_SetLogCallback(level, fresh ? &Log::onLine : nullptr, nullptr), "OH_Drm_SetLogCallback");
            const std::lock_guard<std::mutex> lock(mutex_);
            earlier = std::exchange(callback_, std::move(fresh));
        }
    }

private:
    static void onLine(NativeDrm_LogLevel level, const char *message, void *)
    {
        Log &log = instance();
        std::shared_ptr<const LogCallback> callback;
        {
            const std::lock_guard<std::mutex> lock(log.mutex_);
            callback = log.callback_;
        }
        if (callback) {
            (*callback)(level, message);
        }
    }

    std::mutex order_;
    std::mutex mutex_;
    std::shared_ptr<const LogCallback> callback_;
};

} // namespace detail

/**
 * Sends log lines to a callback instead of standard error. Any thread. An earlier callback may still be running on another
 * thread when it returns; it is kept until then.
 *
 * @param level the most detailed level that is wanted
 * @param callback the callback; an empty one returns to standard error at that level
 */
inline void setLogCallback(NativeDrm_LogLevel level, LogCallback callback)
{
    detail::Log::instance().set(level, std::move(callback));
}

} // namespace native_drm

#endif /* NATIVE_DRM_LOG_HPP */

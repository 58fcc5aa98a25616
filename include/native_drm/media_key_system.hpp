/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_system.hpp
 * @brief MediaKeySystem and MediaKeySystemView.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP
#define NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP

#include <string>
#include <utility>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_drm_isolation.h"
#include "../multimedia/drm_framework/native_mediakeysystem.h"
#include "callbacks.hpp"
#include "media_key_system_functions.hpp"

namespace native_drm {

/**
 * An instance that somebody else owns: it is not destroyed with this object. Copy it freely. Once the instance is destroyed,
 * or for a view of nothing, functions fail with DRM_ERR_INVALID_VAL. The callback is the owner's.
 */
class MediaKeySystemView : public MediaKeySystemFunctions {
public:
    /** Of nothing. */
    MediaKeySystemView() noexcept : MediaKeySystemFunctions(nullptr) {}

    /** Of an instance that the C API created. */
    explicit MediaKeySystemView(::MediaKeySystem *handle) noexcept : MediaKeySystemFunctions(handle) {}

    /** Of an instance, whoever has it. */
    MediaKeySystemView(const MediaKeySystemFunctions &system) noexcept : MediaKeySystemFunctions(system) {}
};

/** A MediaKeySystem. Destroyed with this object, together with its sessions. Movable. */
class MediaKeySystem : public MediaKeySystemFunctions {
public:
    /** Creates an instance of a key system, such as "com.clearplay.drm". */
    explicit MediaKeySystem(const std::string &name) : MediaKeySystem()
    {
        const char *const function = "OH_MediaKeySystem_Create";
        check(OH_MediaKeySystem_Create(detail::cString(name, function), &handle_), function);
    }

    /** Creates an instance in a host process, see OH_MediaKeySystem_CreateIsolated(). */
    static MediaKeySystem isolated(const std::string &name)
    {
        const char *const function = "OH_MediaKeySystem_CreateIsolated";
        MediaKeySystem system;
        check(OH_MediaKeySystem_CreateIsolated(detail::cString(name, function), &system.handle_), function);
        return system;
    }

    /**
     * Takes over an instance that the C API created: it is destroyed with the object that is returned. For an instance that
     * stays somebody else's take MediaKeySystemView.
     */
    static MediaKeySystem adopt(::MediaKeySystem *handle)
    {
        MediaKeySystem system;
        system.handle_ = handle;
        return system;
    }

    MediaKeySystem(MediaKeySystem &&other) noexcept
        : MediaKeySystemFunctions(std::exchange(other.handle_, nullptr)), callbacks_(std::move(other.callbacks_))
    {
    }

    MediaKeySystem &operator=(MediaKeySystem &&other) noexcept
    {
        MediaKeySystem moved(std::move(other));
        std::swap(handle_, moved.handle_);
        callbacks_.swap(moved.callbacks_);
        return *this;
    }

    MediaKeySystem(const MediaKeySystem &) = delete;
    MediaKeySystem &operator=(const MediaKeySystem &) = delete;

    /**
     * Destroys the instance and its sessions. Its callback does not start afterwards; outside of callbacks, none of it or of
     * its sessions is running. In a callback, one that is running keeps what it has captured.
     */
    ~MediaKeySystem()
    {
        callbacks_.stop();
        if (handle_ == nullptr || OH_MediaKeySystem_Destroy(handle_) != DRM_ERR_OK) {
            callbacks_.wait();
        }
    }

    /** @return the handle, which no longer belongs to this object; it has no callback, as after setCallback() */
    ::MediaKeySystem *release() noexcept
    {
        callbacks_.stop();
        if (handle_ == nullptr || OH_MediaKeySystem_SetCallbackWithUserData(handle_, nullptr, nullptr) != DRM_ERR_OK) {
            callbacks_.wait();
        }
        return std::exchange(handle_, nullptr);
    }

    /** Sets the callback for events; an empty one receives nothing. As MediaKeySession::setCallbacks() otherwise. */
    void setCallback(EventCallback event) const
    {
        ::MediaKeySystem *const handle = handle_;
        callbacks_.replace({std::move(event), nullptr}, "OH_MediaKeySystem_SetCallbackWithUserData",
                           [handle](void *userData) {
                               return OH_MediaKeySystem_SetCallbackWithUserData(
                                   handle, &detail::onEvent<::MediaKeySystem>, userData);
                           });
    }

private:
    /** None yet. What can fail of taking over is done before there is an instance. */
    MediaKeySystem() : MediaKeySystemFunctions(nullptr) {}

    detail::CallbackId callbacks_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP */

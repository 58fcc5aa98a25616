/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_session.hpp
 * @brief MediaKeySession and MediaKeySessionView.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SESSION_HPP
#define NATIVE_DRM_MEDIA_KEY_SESSION_HPP

#include <utility>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediakeysession.h"
#include "callbacks.hpp"
#include "media_key_session_functions.hpp"

namespace native_drm {

/**
 * A session that somebody else owns: it is not destroyed with this object. Copy it freely. Once the session is destroyed, or
 * for a view of nothing, functions fail with DRM_ERR_INVALID_VAL. Callbacks are the owner's.
 */
class MediaKeySessionView : public MediaKeySessionFunctions {
public:
    /** Of nothing. */
    MediaKeySessionView() noexcept : MediaKeySessionFunctions(nullptr) {}

    /** Of a session that the C API created, such as one in a callback of C. */
    explicit MediaKeySessionView(::MediaKeySession *handle) noexcept : MediaKeySessionFunctions(handle) {}

    /** Of a session, whoever has it. */
    MediaKeySessionView(const MediaKeySessionFunctions &session) noexcept : MediaKeySessionFunctions(session) {}
};

/** A MediaKeySession. Destroyed with this object, or earlier together with its MediaKeySystem. Movable. */
class MediaKeySession : public MediaKeySessionFunctions {
public:
    /**
     * Takes over a session that the C API created: it is destroyed with the object that is returned. For a session that
     * stays somebody else's take MediaKeySessionView.
     */
    static MediaKeySession adopt(::MediaKeySession *handle)
    {
        MediaKeySession session;
        session.handle_ = handle;
        return session;
    }

    MediaKeySession(MediaKeySession &&other) noexcept
        : MediaKeySessionFunctions(std::exchange(other.handle_, nullptr)), callbacks_(std::move(other.callbacks_))
    {
    }

    MediaKeySession &operator=(MediaKeySession &&other) noexcept
    {
        MediaKeySession moved(std::move(other));
        std::swap(handle_, moved.handle_);
        callbacks_.swap(moved.callbacks_);
        return *this;
    }

    MediaKeySession(const MediaKeySession &) = delete;
    MediaKeySession &operator=(const MediaKeySession &) = delete;

    /**
     * Destroys the session. No callback of it starts afterwards; outside of callbacks, none is running. In a callback this
     * may be one that it is called from, or one of another session; such a callback keeps what it has captured.
     */
    ~MediaKeySession()
    {
        callbacks_.stop();
        // Fails if the MediaKeySystem was destroyed first, which ended the session as well, but in a callback waited for none.
        if (handle_ == nullptr || OH_MediaKeySession_Destroy(handle_) != DRM_ERR_OK) {
            callbacks_.wait();
        }
    }

    /** @return the handle, which no longer belongs to this object; it has no callbacks, as after setCallbacks() */
    ::MediaKeySession *release() noexcept
    {
        callbacks_.stop();
        if (handle_ == nullptr || OH_MediaKeySession_SetCallbackWithUserData(handle_, nullptr, nullptr) != DRM_ERR_OK) {
            callbacks_.wait();
        }
        return std::exchange(handle_, nullptr);
    }

    /**
     * Sets the callbacks; an empty one receives nothing. Any thread, also several at once, also in a callback.
     *
     * Outside of callbacks, earlier ones are not running and do not start once it returns, and what the callbacks replaced by
     * this call had captured is gone. In a callback, one that is running keeps what it has captured until it returns. When it
     * throws, the earlier ones stay, and outside of callbacks, none of the new ones is running.
     */
    void setCallbacks(EventCallback event, KeyChangeCallback keyChange) const
    {
        ::MediaKeySession *const handle = handle_;
        callbacks_.replace({std::move(event), std::move(keyChange)}, "OH_MediaKeySession_SetCallbackWithUserData",
                           [handle](void *userData) {
                               const OH_MediaKeySession_UserDataCallback functions{&detail::onEvent<::MediaKeySession>,
                                                                                   &detail::onKeyChange};
                               return OH_MediaKeySession_SetCallbackWithUserData(handle, &functions, userData);
                           });
    }

private:
    friend class MediaKeySystemFunctions;

    /** None yet. What can fail of taking over is done before there is a session. */
    MediaKeySession() : MediaKeySessionFunctions(nullptr) {}

    detail::CallbackId callbacks_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SESSION_HPP */

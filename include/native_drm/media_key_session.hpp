/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_session.hpp
 * @brief MediaKeySession.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SESSION_HPP
#define NATIVE_DRM_MEDIA_KEY_SESSION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediakeysession.h"
#include "callbacks.hpp"
#include "core.hpp"
#include "sample_info.hpp"

namespace native_drm {

/** A message for the license server. */
struct MediaKeyRequest {
    DRM_MediaKeyRequestType type;
    Bytes data;
    std::string defaultUrl;
};

/** A MediaKeySession. Destroyed with this object, or earlier together with its MediaKeySystem. Movable. */
class MediaKeySession {
public:
    /** Takes over a session that the C API created. */
    explicit MediaKeySession(::MediaKeySession *handle) noexcept : handle_(handle) {}

    MediaKeySession(MediaKeySession &&other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), callbacks_(std::move(other.callbacks_))
    {
    }

    MediaKeySession &operator=(MediaKeySession &&other) noexcept
    {
        MediaKeySession moved(std::move(other));
        std::swap(handle_, moved.handle_);
        std::swap(callbacks_, moved.callbacks_);
        return *this;
    }

    MediaKeySession(const MediaKeySession &) = delete;
    MediaKeySession &operator=(const MediaKeySession &) = delete;

    /** Destroys the session. No callback of it runs afterwards, except one that it is called from. */
    ~MediaKeySession()
    {
        if (handle_ != nullptr) {
            // Fails if the MediaKeySystem was destroyed first, which ended the session as well.
            (void)OH_MediaKeySession_Destroy(handle_);
        }
    }

    /** @return the handle for C functions; it still belongs to this object */
    ::MediaKeySession *get() const noexcept { return handle_; }

    /** Sets the callbacks; an empty one receives nothing. Earlier ones do not run afterwards. */
    void setCallbacks(EventCallback event, KeyChangeCallback keyChange)
    {
        auto callbacks = std::make_shared<detail::Callbacks>();
        OH_MediaKeySession_UserDataCallback functions{};
        functions.eventCallback = event ? &detail::Callbacks::onEvent<::MediaKeySession> : nullptr;
        functions.keyChangeCallback = keyChange ? &detail::Callbacks::onKeyChange : nullptr;
        callbacks->event = std::move(event);
        callbacks->keyChange = std::move(keyChange);
        check(OH_MediaKeySession_SetCallbackWithUserData(handle_, &functions, callbacks.get()),
              "OH_MediaKeySession_SetCallbackWithUserData");
        callbacks_ = std::move(callbacks);
    }

    /**
     * Generates the message that asks a license server for the keys that init data names.
     *
     * @param type MEDIA_KEY_TYPE_ONLINE or MEDIA_KEY_TYPE_OFFLINE
     * @param initData the init data, at most MAX_INIT_DATA_LEN bytes
     * @param mimeType MIME type or EME init data type
     * @param options names and values for the key system
     */
    MediaKeyRequest generateRequest(DRM_MediaKeyType type, ConstByteSpan initData, std::string_view mimeType,
                                    const std::vector<NamedValue> &options = {}) const
    {
        const char *const function = "OH_MediaKeySession_GenerateMediaKeyRequest";
        const auto info = std::make_unique<DRM_MediaKeyRequestInfo>();
        const auto request = std::make_unique<DRM_MediaKeyRequest>();
        if (initData.size() > sizeof(info->initData) || options.size() > MAX_MEDIA_KEY_REQUEST_OPTION_COUNT) {
            throw Error(function, DRM_ERR_INVALID_VAL, "init data is too long, or there are too many options");
        }
        info->type = type;
        info->initDataLen = static_cast<std::int32_t>(initData.size());
        if (!initData.empty()) {
            std::memcpy(info->initData, initData.data(), initData.size());
        }
        detail::copyText(info->mimeType, mimeType, function);
        info->optionsCount = static_cast<std::uint32_t>(options.size());
        for (std::size_t i = 0; i < options.size(); ++i) {
            detail::copyText(info->optionName[i], options[i].first, function);
            detail::copyText(info->optionData[i], options[i].second, function);
        }
        check(OH_MediaKeySession_GenerateMediaKeyRequest(handle_, info.get(), request.get()), function);
        return {request->type, Bytes(request->data, request->data + request->dataLen), detail::text(request->defaultUrl)};
    }

    /** Processes the license server's answer. @return the media key id */
    Bytes processResponse(ConstByteSpan response)
    {
        const char *const function = "OH_MediaKeySession_ProcessMediaKeyResponse";
        const auto size = detail::length<std::int32_t>(response.size(), function);
        return detail::growing(MAX_OFFLINE_MEDIA_KEY_ID_LEN, function, [&](std::uint8_t *id, std::int32_t *idLen) {
            return OH_MediaKeySession_ProcessMediaKeyResponse(handle_, detail::input(response), size, id, idLen);
        });
    }

    /** @return the status of the keys: lower-case hexadecimal key ids (and license properties) with their values */
    std::vector<NamedValue> checkStatus() const
    {
        const auto status = std::make_unique<DRM_MediaKeyStatus>();
        check(OH_MediaKeySession_CheckMediaKeyStatus(handle_, status.get()), "OH_MediaKeySession_CheckMediaKeyStatus");
        std::vector<NamedValue> rows;
        for (std::uint32_t i = 0; i < status->statusCount; ++i) {
            rows.emplace_back(detail::text(status->statusName[i]), detail::text(status->statusValue[i]));
        }
        return rows;
    }

    /** Removes and wipes all keys of the session. Stored keys stay stored. */
    void clearKeys() { check(OH_MediaKeySession_ClearMediaKeys(handle_), "OH_MediaKeySession_ClearMediaKeys"); }

    /** Generates the message that gives a stored key back. */
    Bytes generateReleaseRequest(ConstByteSpan offlineKeyId) const
    {
        const char *const function = "OH_MediaKeySession_GenerateOfflineReleaseRequest";
        const auto idLen = detail::length<std::int32_t>(offlineKeyId.size(), function);
        return detail::growing(MAX_MEDIA_KEY_REQUEST_DATA_LEN, function, [&](std::uint8_t *request, std::int32_t *size) {
            return OH_MediaKeySession_GenerateOfflineReleaseRequest(handle_, detail::input(offlineKeyId), idLen, request,
                                                                    size);
        });
    }

    /** Processes the license server's acknowledgement of a release. */
    void processReleaseResponse(ConstByteSpan offlineKeyId, ConstByteSpan response)
    {
        const char *const function = "OH_MediaKeySession_ProcessOfflineReleaseResponse";
        const auto idLen = detail::length<std::int32_t>(offlineKeyId.size(), function);
        const auto size = detail::length<std::int32_t>(response.size(), function);
        check(OH_MediaKeySession_ProcessOfflineReleaseResponse(handle_, detail::input(offlineKeyId), idLen,
                                                               detail::input(response), size),
              function);
    }

    /** Loads a stored key into the session. */
    void restoreOfflineKeys(ConstByteSpan offlineKeyId)
    {
        const char *const function = "OH_MediaKeySession_RestoreOfflineMediaKeys";
        const auto idLen = detail::length<std::int32_t>(offlineKeyId.size(), function);
        check(OH_MediaKeySession_RestoreOfflineMediaKeys(handle_, detail::input(offlineKeyId), idLen), function);
    }

    /** @return the session's content protection level */
    DRM_ContentProtectionLevel contentProtectionLevel() const
    {
        DRM_ContentProtectionLevel level{};
        check(OH_MediaKeySession_GetContentProtectionLevel(handle_, &level), "OH_MediaKeySession_GetContentProtectionLevel");
        return level;
    }

    /** @return true if a track of this MIME type needs a secure decoder */
    bool requiresSecureDecoder(const std::string &mimeType) const
    {
        bool required = false;
        check(OH_MediaKeySession_RequireSecureDecoderModule(handle_, mimeType.c_str(), &required),
              "OH_MediaKeySession_RequireSecureDecoderModule");
        return required;
    }

    /** Decrypts a sample in place; when it throws, the sample is as it was. Any thread, also several at once. */
    void decrypt(const SampleInfo &info, ByteSpan sample) const
    {
        check(tryDecrypt(info, sample), "OH_MediaKeySession_DecryptSample");
    }

    /** Like decrypt(), but returns the code, for loops where a missing key is no surprise. */
    Drm_ErrCode tryDecrypt(const SampleInfo &info, ByteSpan sample) const
    {
        const auto size = detail::length<std::uint32_t>(sample.size(), "OH_MediaKeySession_DecryptSample");
        const DRM_SampleInfo raw = info.get();
        return OH_MediaKeySession_DecryptSample(handle_, &raw, sample.data(), size);
    }

private:
    ::MediaKeySession *handle_ = nullptr;
    std::shared_ptr<detail::Callbacks> callbacks_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SESSION_HPP */

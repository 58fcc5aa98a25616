/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_system.hpp
 * @brief MediaKeySystem.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP
#define NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediakeysystem.h"
#include "callbacks.hpp"
#include "core.hpp"
#include "media_key_session.hpp"

namespace native_drm {

/** A message for the provisioning server. */
struct KeySystemRequest {
    Bytes data;
    std::string defaultUrl;
};

/** A key system that the library has. */
struct KeySystemDescription {
    std::string name;
    Uuid uuid;
};

/** A MediaKeySystem. Destroyed with this object, together with its sessions. Movable. */
class MediaKeySystem {
public:
    /** Creates an instance of a key system, such as "com.clearplay.drm". */
    explicit MediaKeySystem(const std::string &name)
    {
        check(OH_MediaKeySystem_Create(name.c_str(), &handle_), "OH_MediaKeySystem_Create");
    }

    MediaKeySystem(MediaKeySystem &&other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)), callbacks_(std::move(other.callbacks_))
    {
    }

    MediaKeySystem &operator=(MediaKeySystem &&other) noexcept
    {
        MediaKeySystem moved(std::move(other));
        std::swap(handle_, moved.handle_);
        std::swap(callbacks_, moved.callbacks_);
        return *this;
    }

    MediaKeySystem(const MediaKeySystem &) = delete;
    MediaKeySystem &operator=(const MediaKeySystem &) = delete;

    /** Destroys the instance and its sessions. No callback of them runs afterwards, except one that it is called from. */
    ~MediaKeySystem()
    {
        if (handle_ != nullptr) {
            (void)OH_MediaKeySystem_Destroy(handle_);
        }
    }

    /** @return the handle for C functions; it still belongs to this object */
    ::MediaKeySystem *get() const noexcept { return handle_; }

    /** @return the key systems that the library has */
    static std::vector<KeySystemDescription> list()
    {
        std::uint32_t count = MAX_MEDIA_KEY_SYSTEM_NUM;
        std::vector<DRM_MediaKeySystemDescription> raw(count);
        check(OH_MediaKeySystem_GetMediaKeySystems(raw.data(), &count), "OH_MediaKeySystem_GetMediaKeySystems");
        std::vector<KeySystemDescription> systems(count);
        for (std::size_t i = 0; i < systems.size(); ++i) {
            systems[i].name = detail::text(raw[i].name);
            std::memcpy(systems[i].uuid.data(), raw[i].uuid, sizeof(raw[i].uuid));
        }
        return systems;
    }

    /** @return true if the key system is supported */
    static bool isSupported(const std::string &name) noexcept { return OH_MediaKeySystem_IsSupported(name.c_str()); }

    /** @return true if the key system is supported for the MIME type */
    static bool isSupported(const std::string &name, const std::string &mimeType) noexcept
    {
        return OH_MediaKeySystem_IsSupported2(name.c_str(), mimeType.c_str());
    }

    /** @return true if the key system is supported for the MIME type at the level */
    static bool isSupported(const std::string &name, const std::string &mimeType, DRM_ContentProtectionLevel level) noexcept
    {
        return OH_MediaKeySystem_IsSupported3(name.c_str(), mimeType.c_str(), level);
    }

    /** Sets the callback for events; an empty one receives nothing. An earlier one does not run afterwards. */
    void setCallback(EventCallback event)
    {
        auto callbacks = std::make_shared<detail::Callbacks>();
        const OH_MediaKeySystem_UserDataCallback function =
            event ? &detail::Callbacks::onEvent<::MediaKeySystem> : nullptr;
        callbacks->event = std::move(event);
        check(OH_MediaKeySystem_SetCallbackWithUserData(handle_, function, callbacks.get()),
              "OH_MediaKeySystem_SetCallbackWithUserData");
        callbacks_ = std::move(callbacks);
    }

    /** Creates a session. */
    MediaKeySession createSession(DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO)
    {
        ::MediaKeySession *session = nullptr;
        check(OH_MediaKeySystem_CreateMediaKeySession(handle_, &level, &session), "OH_MediaKeySystem_CreateMediaKeySession");
        return MediaKeySession(session);
    }

    /**
     * Finds a session that holds a usable key, waiting for it if necessary.
     *
     * @param timeoutMs milliseconds to wait; 0 = do not wait, UINT32_MAX = without limit
     * @return the session, which still belongs to whoever created it; null if the time is over
     */
    ::MediaKeySession *findSession(const KeyId &keyId, std::uint32_t timeoutMs) const
    {
        ::MediaKeySession *session = nullptr;
        const Drm_ErrCode code = OH_MediaKeySystem_FindSessionByKeyId(handle_, keyId.data(), timeoutMs, &session);
        if (code == DRM_ERR_NO_KEY) {
            return nullptr;
        }
        check(code, "OH_MediaKeySystem_FindSessionByKeyId");
        return session;
    }

    /** Sets a configuration string. */
    void setConfiguration(const std::string &name, const std::string &value)
    {
        check(OH_MediaKeySystem_SetConfigurationString(handle_, name.c_str(), value.c_str()),
              "OH_MediaKeySystem_SetConfigurationString");
    }

    /** @return a configuration string */
    std::string configuration(const std::string &name) const
    {
        std::array<char, NATIVE_DRM_MAX_CONFIG_VALUE_LEN> value{};
        check(OH_MediaKeySystem_GetConfigurationString(handle_, name.c_str(), value.data(),
                                                       static_cast<std::int32_t>(value.size())),
              "OH_MediaKeySystem_GetConfigurationString");
        return value.data();
    }

    /** Sets a configuration byte array. */
    void setConfigurationBytes(const std::string &name, ConstByteSpan value)
    {
        const char *const function = "OH_MediaKeySystem_SetConfigurationByteArray";
        const auto size = detail::length<std::int32_t>(value.size(), function);
        check(OH_MediaKeySystem_SetConfigurationByteArray(handle_, name.c_str(), detail::input(value), size), function);
    }

    /** @return a configuration byte array */
    Bytes configurationBytes(const std::string &name) const
    {
        return detail::growing(NATIVE_DRM_MAX_CONFIG_VALUE_LEN, "OH_MediaKeySystem_GetConfigurationByteArray",
                               [&](std::uint8_t *value, std::int32_t *size) {
                                   return OH_MediaKeySystem_GetConfigurationByteArray(handle_, name.c_str(), value, size);
                               });
    }

    /** @return the statistics: names with their values */
    std::vector<NamedValue> statistics() const
    {
        const auto statistics = std::make_unique<DRM_Statistics>();
        check(OH_MediaKeySystem_GetStatistics(handle_, statistics.get()), "OH_MediaKeySystem_GetStatistics");
        std::vector<NamedValue> rows;
        for (std::uint32_t i = 0; i < statistics->statisticsCount; ++i) {
            rows.emplace_back(detail::text(statistics->statisticsName[i]), detail::text(statistics->statisticsDescription[i]));
        }
        return rows;
    }

    /** @return the highest content protection level */
    DRM_ContentProtectionLevel maxContentProtectionLevel() const
    {
        DRM_ContentProtectionLevel level{};
        check(OH_MediaKeySystem_GetMaxContentProtectionLevel(handle_, &level),
              "OH_MediaKeySystem_GetMaxContentProtectionLevel");
        return level;
    }

    /** @return the status of the device certificate */
    DRM_CertificateStatus certificateStatus() const
    {
        DRM_CertificateStatus status{};
        check(OH_MediaKeySystem_GetCertificateStatus(handle_, &status), "OH_MediaKeySystem_GetCertificateStatus");
        return status;
    }

    /** Generates a provisioning request. */
    KeySystemRequest generateProvisioningRequest() const
    {
        std::array<char, MAX_DEFAULT_URL_LEN> url{};
        Bytes data = detail::growing(MAX_MEDIA_KEY_REQUEST_DATA_LEN, "OH_MediaKeySystem_GenerateKeySystemRequest",
                                     [&](std::uint8_t *request, std::int32_t *size) {
                                         return OH_MediaKeySystem_GenerateKeySystemRequest(
                                             handle_, request, size, url.data(), static_cast<std::int32_t>(url.size()));
                                     });
        return {std::move(data), url.data()};
    }

    /** Processes a provisioning response. */
    void processProvisioningResponse(ConstByteSpan response)
    {
        const char *const function = "OH_MediaKeySystem_ProcessKeySystemResponse";
        const auto size = detail::length<std::int32_t>(response.size(), function);
        check(OH_MediaKeySystem_ProcessKeySystemResponse(handle_, detail::input(response), size), function);
    }

    /** @return the ids of the stored keys */
    std::vector<Bytes> offlineKeyIds() const
    {
        const auto ids = std::make_unique<DRM_OfflineMediakeyIdArray>();
        check(OH_MediaKeySystem_GetOfflineMediaKeyIds(handle_, ids.get()), "OH_MediaKeySystem_GetOfflineMediaKeyIds");
        std::vector<Bytes> list;
        for (std::uint32_t i = 0; i < ids->idsCount; ++i) {
            list.emplace_back(ids->ids[i], ids->ids[i] + ids->idsLen[i]);
        }
        return list;
    }

    /** @return the status of a stored key */
    DRM_OfflineMediaKeyStatus offlineKeyStatus(ConstByteSpan id) const
    {
        const char *const function = "OH_MediaKeySystem_GetOfflineMediaKeyStatus";
        DRM_OfflineMediaKeyStatus status{};
        const auto size = detail::length<std::int32_t>(id.size(), function);
        check(OH_MediaKeySystem_GetOfflineMediaKeyStatus(handle_, detail::input(id), size, &status), function);
        return status;
    }

    /** Deletes a stored key. */
    void clearOfflineKeys(ConstByteSpan id)
    {
        const char *const function = "OH_MediaKeySystem_ClearOfflineMediaKeys";
        const auto size = detail::length<std::int32_t>(id.size(), function);
        check(OH_MediaKeySystem_ClearOfflineMediaKeys(handle_, detail::input(id), size), function);
    }

private:
    ::MediaKeySystem *handle_ = nullptr;
    std::shared_ptr<detail::Callbacks> callbacks_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SYSTEM_HPP */

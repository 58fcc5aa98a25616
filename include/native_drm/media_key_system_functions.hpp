/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_system_functions.hpp
 * @brief What MediaKeySystem and MediaKeySystemView have in common.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SYSTEM_FUNCTIONS_HPP
#define NATIVE_DRM_MEDIA_KEY_SYSTEM_FUNCTIONS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "../multimedia/drm_framework/native_mediakeysystem.h"
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

/**
 * The functions of a MediaKeySystem, for MediaKeySystem, which owns one, and MediaKeySystemView, which does not. Any thread,
 * also several at once.
 */
class MediaKeySystemFunctions {
public:
    /** @return the handle for C functions; still belongs to whom it belonged */
    ::MediaKeySystem *get() const noexcept { return handle_; }

    /** @return true if there is an instance; false after a move and for a view of nothing */
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /** @return true if both are the same instance */
    friend bool operator==(const MediaKeySystemFunctions &left, const MediaKeySystemFunctions &right) noexcept
    {
        return left.handle_ == right.handle_;
    }

    /** @return true if they are different instances */
    friend bool operator!=(const MediaKeySystemFunctions &left, const MediaKeySystemFunctions &right) noexcept
    {
        return left.handle_ != right.handle_;
    }

    /** @return the key systems that the library has */
    static std::vector<KeySystemDescription> list()
    {
        const char *const function = "OH_MediaKeySystem_GetMediaKeySystems";
        std::vector<DRM_MediaKeySystemDescription> raw(MAX_MEDIA_KEY_SYSTEM_NUM);
        auto count = static_cast<std::uint32_t>(raw.size());
        Drm_ErrCode code = OH_MediaKeySystem_GetMediaKeySystems(raw.data(), &count);
        if (code == DRM_ERR_INVALID_VAL && count > raw.size()) {
            raw.resize(count);
            code = OH_MediaKeySystem_GetMediaKeySystems(raw.data(), &count);
        }
        check(code, function);
        std::vector<KeySystemDescription> systems(count);
        for (std::size_t i = 0; i < systems.size(); ++i) {
            systems[i].name = detail::text(raw[i].name);
            std::memcpy(systems[i].uuid.data(), raw[i].uuid, sizeof(raw[i].uuid));
        }
        return systems;
    }

    /** @return true if the key system is supported */
    static bool isSupported(const std::string &name) noexcept
    {
        return isCString(name) && OH_MediaKeySystem_IsSupported(name.c_str());
    }

    /** @return true if the key system is supported for the MIME type */
    static bool isSupported(const std::string &name, const std::string &mimeType) noexcept
    {
        return isCString(name) && isCString(mimeType) && OH_MediaKeySystem_IsSupported2(name.c_str(), mimeType.c_str());
    }

    /** @return true if the key system is supported for the MIME type at the level */
    static bool isSupported(const std::string &name, const std::string &mimeType, DRM_ContentProtectionLevel level) noexcept
    {
        return isCString(name) && isCString(mimeType) &&
               OH_MediaKeySystem_IsSupported3(name.c_str(), mimeType.c_str(), level);
    }

    /** Creates a session, which belongs to the object that is returned. */
    MediaKeySession createSession(DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO) const
    {
        MediaKeySession session;
        check(OH_MediaKeySystem_CreateMediaKeySession(handle_, &level, &session.handle_),
              "OH_MediaKeySystem_CreateMediaKeySession");
        return session;
    }

    /**
     * Finds a session that holds a usable key, waiting for it if necessary.
     *
     * @param keyId the key id, 16 bytes
     * @param timeoutMs milliseconds to wait; 0 = do not wait, UINT32_MAX = without limit
     * @return the session, which still belongs to whoever created it; a view of nothing if the time is over
     */
    MediaKeySessionView findSession(ConstByteSpan keyId, std::uint32_t timeoutMs) const
    {
        const char *const function = "OH_MediaKeySystem_FindSessionByKeyId";
        const KeyId id = detail::sixteen(keyId, function);
        ::MediaKeySession *session = nullptr;
        const Drm_ErrCode code = OH_MediaKeySystem_FindSessionByKeyId(handle_, id.data(), timeoutMs, &session);
        if (code == DRM_ERR_NO_KEY) {
            return MediaKeySessionView();
        }
        check(code, function);
        return MediaKeySessionView(session);
    }

    /** Sets a configuration string. */
    void setConfiguration(const std::string &name, const std::string &value) const
    {
        const char *const function = "OH_MediaKeySystem_SetConfigurationString";
        check(OH_MediaKeySystem_SetConfigurationString(handle_, detail::cString(name, function),
                                                       detail::cString(value, function)),
              function);
    }

    /** @return a configuration string */
    std::string configuration(const std::string &name) const
    {
        const char *const function = "OH_MediaKeySystem_GetConfigurationString";
        std::array<char, NATIVE_DRM_MAX_CONFIG_VALUE_LEN> value{};
        check(OH_MediaKeySystem_GetConfigurationString(handle_, detail::cString(name, function), value.data(),
                                                       static_cast<std::int32_t>(value.size())),
              function);
        return value.data();
    }

    /** Sets a configuration byte array. */
    void setConfigurationBytes(const std::string &name, ConstByteSpan value) const
    {
        const char *const function = "OH_MediaKeySystem_SetConfigurationByteArray";
        const auto size = detail::length<std::int32_t>(value.size(), function);
        check(OH_MediaKeySystem_SetConfigurationByteArray(handle_, detail::cString(name, function), detail::input(value),
                                                          size),
              function);
    }

    /** @return a configuration byte array */
    Bytes configurationBytes(const std::string &name) const
    {
        const char *const function = "OH_MediaKeySystem_GetConfigurationByteArray";
        const char *const rawName = detail::cString(name, function);
        return detail::growing<Bytes, std::int32_t>(
            NATIVE_DRM_MAX_CONFIG_VALUE_LEN, function, [&](std::uint8_t *value, std::int32_t *size) {
                return OH_MediaKeySystem_GetConfigurationByteArray(handle_, rawName, value, size);
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
        Bytes data = detail::growing<Bytes, std::int32_t>(
            MAX_MEDIA_KEY_REQUEST_DATA_LEN, "OH_MediaKeySystem_GenerateKeySystemRequest",
            [&](std::uint8_t *request, std::int32_t *size) {
                return OH_MediaKeySystem_GenerateKeySystemRequest(handle_, request, size, url.data(),
                                                                  static_cast<std::int32_t>(url.size()));
            });
        return {std::move(data), url.data()};
    }

    /** Processes a provisioning response. */
    void processProvisioningResponse(ConstByteSpan response) const
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
    void clearOfflineKeys(ConstByteSpan id) const
    {
        const char *const function = "OH_MediaKeySystem_ClearOfflineMediaKeys";
        const auto size = detail::length<std::int32_t>(id.size(), function);
        check(OH_MediaKeySystem_ClearOfflineMediaKeys(handle_, detail::input(id), size), function);
    }

    /**
     * Puts the instance on a virtual clock, which stands still until it is moved, or sets the one that it is on; for tests of
     * licenses.
     *
     * @param unixMillis what the wall clock shows, milliseconds since 1970
     */
    void setVirtualClock(std::int64_t unixMillis) const
    {
        check(OH_MediaKeySystem_SetVirtualClock(handle_, unixMillis), "OH_MediaKeySystem_SetVirtualClock");
    }

    /**
     * Lets time pass on the virtual clock; whatever falls due happens before it returns.
     *
     * @param millis milliseconds that pass
     * @param asleep true to simulate suspend: whatever falls due happens at the end
     */
    void advanceVirtualClock(std::uint64_t millis, bool asleep = false) const
    {
        check(OH_MediaKeySystem_AdvanceVirtualClock(handle_, millis, asleep), "OH_MediaKeySystem_AdvanceVirtualClock");
    }

protected:
    explicit MediaKeySystemFunctions(::MediaKeySystem *handle) noexcept : handle_(handle) {}
    // Protected: through a reference to this class an owner's handle could be replaced.
    MediaKeySystemFunctions(const MediaKeySystemFunctions &) noexcept = default;
    MediaKeySystemFunctions &operator=(const MediaKeySystemFunctions &) noexcept = default;
    ~MediaKeySystemFunctions() = default;

    /** The instance, which the derived class owns or not. */
    ::MediaKeySystem *handle_;

private:
    static bool isCString(const std::string &text) noexcept { return text.find('\0') == std::string::npos; }
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SYSTEM_FUNCTIONS_HPP */

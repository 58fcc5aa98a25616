/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file license_service.hpp
 * @brief The license service in the program itself. Absent where the library was built without it.
 */

#ifndef NATIVE_DRM_LICENSE_SERVICE_HPP
#define NATIVE_DRM_LICENSE_SERVICE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../multimedia/drm_framework/native_drm_license_service.h"
#include "core.hpp"

namespace native_drm {

/** A key with its id. Nobody erases the key. */
struct ContentKey {
    KeyId id;
    std::array<std::uint8_t, 16> key;
};

/** What a license service answers to a message. */
struct LicenseAnswer {
    /** What to hand to the device. */
    Bytes response;
    /** The license's id; zeros if the answer is not about a license. */
    std::array<std::uint8_t, NATIVE_DRM_LICENSE_ID_LEN> licenseId;
    /** The license's sequence, which rises with each renewal; 0 if the answer is not about a license. */
    std::uint64_t sequence;
    /** HTTP status: 200, or 400 and above for a refusal. */
    std::uint32_t status;
};

namespace detail {

struct LicenseServiceDestroyer {
    void operator()(::OH_DrmLicenseService *handle) const noexcept { (void)OH_DrmLicenseService_Destroy(handle); }
};

} // namespace detail

/** A license service for com.policyplay.drm. Destroyed with this object. Movable. Any thread, also several at once. */
class LicenseService {
public:
    /** Creates a service whose state ends with it. profile: the rules that license templates are held to. */
    explicit LicenseService(DRM_LicenseProfile profile = DRM_LICENSE_PROFILE_STRICT) { create(nullptr, profile); }

    /** Creates a service whose state is kept in a directory, which is created where it is missing. */
    explicit LicenseService(const std::string &directory, DRM_LicenseProfile profile = DRM_LICENSE_PROFILE_STRICT)
    {
        create(detail::cString(directory, "OH_DrmLicenseService_Create"), profile);
    }

    /** Takes over a service that the C API created: it is destroyed with the object that is returned. */
    static LicenseService adopt(::OH_DrmLicenseService *handle) noexcept { return LicenseService(Handle(handle)); }

    /** @return the handle for C functions; it still belongs to this object */
    ::OH_DrmLicenseService *get() const noexcept { return handle_.get(); }

    /** @return the handle, which no longer belongs to this object */
    ::OH_DrmLicenseService *release() noexcept { return handle_.release(); }

    /** Adds a content, or replaces the one with the same id. */
    void addContent(ConstByteSpan json)
    {
        const char *const function = "OH_DrmLicenseService_AddContent";
        const auto size = detail::length<std::uint32_t>(json.size(), function);
        check(OH_DrmLicenseService_AddContent(get(), json.data(), size), function);
    }

    /** Adds a policy, or replaces the one with the same name. */
    void addPolicy(const std::string &name, ConstByteSpan json)
    {
        const char *const function = "OH_DrmLicenseService_AddPolicy";
        const auto size = detail::length<std::uint32_t>(json.size(), function);
        check(OH_DrmLicenseService_AddPolicy(get(), detail::cString(name, function), json.data(), size), function);
    }

    /** Adds a provider, or replaces the one with the same name. token: with which it authenticates, if at all. */
    void addProvider(const std::string &name, const std::optional<std::string> &token = std::nullopt)
    {
        const char *const function = "OH_DrmLicenseService_AddProvider";
        check(OH_DrmLicenseService_AddProvider(get(), detail::cString(name, function),
                                               token ? detail::cString(*token, function) : nullptr),
              function);
    }

    /** Adds providers, policies and contents from one text. When it throws, what comes before what failed is added. */
    void addCatalog(ConstByteSpan json)
    {
        const char *const function = "OH_DrmLicenseService_AddCatalog";
        const auto size = detail::length<std::uint32_t>(json.size(), function);
        check(OH_DrmLicenseService_AddCatalog(get(), json.data(), size), function);
    }

    /** @return key id and key of a content's track, for whoever encrypts it */
    ContentKey contentKey(ConstByteSpan contentId, const std::string &trackType) const
    {
        const char *const function = "OH_DrmLicenseService_GetContentKey";
        const auto size = detail::length<std::uint32_t>(contentId.size(), function);
        ContentKey key{};
        check(OH_DrmLicenseService_GetContentKey(get(), contentId.data(), size, detail::cString(trackType, function),
                                                 key.id.data(), key.key.data()),
              function);
        return key;
    }

    /** Answers a message of a device, or a license template with one. A refusal is an answer, too. */
    LicenseAnswer handleMessage(ConstByteSpan message)
    {
        const char *const function = "OH_DrmLicenseService_HandleMessage";
        const auto messageSize = detail::length<std::uint32_t>(message.size(), function);
        // Room for any answer: a message counts once, and another thread's could come before a second try. Not initialised:
        // most of it is never used.
        const std::unique_ptr<std::uint8_t[]> response(new std::uint8_t[NATIVE_DRM_MAX_RESPONSE_LEN]);
        std::uint32_t size = NATIVE_DRM_MAX_RESPONSE_LEN;
        OH_DrmLicenseService_Answer about{};
        check(OH_DrmLicenseService_HandleMessage(get(), message.data(), messageSize, response.get(), &size, &about),
              function);
        LicenseAnswer answer{Bytes(response.get(), response.get() + size), {}, about.sequence, about.status};
        std::memcpy(answer.licenseId.data(), about.licenseId, answer.licenseId.size());
        return answer;
    }

    /** Ends a license: renewals are denied, and the next answer to its device says so. licenseId: NATIVE_DRM_LICENSE_ID_LEN bytes. */
    void revokeLicense(ConstByteSpan licenseId)
    {
        const char *const function = "OH_DrmLicenseService_RevokeLicense";
        const auto id = detail::sixteen(licenseId, function);
        check(OH_DrmLicenseService_RevokeLicense(get(), id.data()), function);
    }

    /** @return the certificate of the service's authority, X.509 in DER */
    Bytes authority() const
    {
        return detail::growing<Bytes, std::uint32_t>(
            1024, "OH_DrmLicenseService_GetAuthority", [this](std::uint8_t *certificate, std::uint32_t *size) {
                return OH_DrmLicenseService_GetAuthority(get(), certificate, size);
            });
    }

    /** Sets the service's clock, which then stands still; a negative number returns to the machine's clock. For tests. */
    void setTime(std::int64_t unixMillis)
    {
        check(OH_DrmLicenseService_SetTime(get(), unixMillis), "OH_DrmLicenseService_SetTime");
    }

private:
    using Handle = std::unique_ptr<::OH_DrmLicenseService, detail::LicenseServiceDestroyer>;

    explicit LicenseService(Handle handle) noexcept : handle_(std::move(handle)) {}

    void create(const char *directory, DRM_LicenseProfile profile)
    {
        ::OH_DrmLicenseService *handle = nullptr;
        check(OH_DrmLicenseService_Create(directory, profile, &handle), "OH_DrmLicenseService_Create");
        handle_.reset(handle);
    }

    Handle handle_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_LICENSE_SERVICE_HPP */

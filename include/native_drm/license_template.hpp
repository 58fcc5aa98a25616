/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file license_template.hpp
 * @brief License templates: parse, build, check, explain.
 */

#ifndef NATIVE_DRM_LICENSE_TEMPLATE_HPP
#define NATIVE_DRM_LICENSE_TEMPLATE_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../multimedia/drm_framework/native_drm_license.h"
#include "core.hpp"

namespace native_drm {

namespace detail {

struct LicenseTemplateDestroyer {
    void operator()(::OH_DrmLicenseTemplate *handle) const noexcept { (void)OH_DrmLicenseTemplate_Destroy(handle); }
};

} // namespace detail

/**
 * A license template. Destroyed with this object. Movable. Any thread, also several at once.
 *
 * A function that throws Error with DRM_ERR_UNKNOWN was refused; the refusal...() functions tell why, until the next one.
 */
class LicenseTemplate {
public:
    /** Creates a template without any field, like the message {}. */
    explicit LicenseTemplate(DRM_LicenseProfile profile = DRM_LICENSE_PROFILE_STRICT)
    {
        ::OH_DrmLicenseTemplate *handle = nullptr;
        check(OH_DrmLicenseTemplate_Create(profile, &handle), "OH_DrmLicenseTemplate_Create");
        handle_.reset(handle);
    }

    /** Takes over a template that the C API created: it is destroyed with the object that is returned. */
    static LicenseTemplate adopt(::OH_DrmLicenseTemplate *handle) noexcept { return LicenseTemplate(Handle(handle)); }

    /** @return the handle for C functions; it still belongs to this object */
    ::OH_DrmLicenseTemplate *get() const noexcept { return handle_.get(); }

    /** @return the handle, which no longer belongs to this object */
    ::OH_DrmLicenseTemplate *release() noexcept { return handle_.release(); }

    /** Replaces the template by a message, JSON in UTF-8. When it throws, the template is as it was. */
    void parse(ConstByteSpan json)
    {
        const char *const function = "OH_DrmLicenseTemplate_Parse";
        check(OH_DrmLicenseTemplate_Parse(get(), json.data(), detail::length<std::uint32_t>(json.size(), function)), function);
    }

    /** Sets a boolean field. pointer: JSON pointer, such as "/policy_overrides/can_play". */
    void setBool(const std::string &pointer, bool value)
    {
        const char *const function = "OH_DrmLicenseTemplate_SetBool";
        check(OH_DrmLicenseTemplate_SetBool(get(), detail::cString(pointer, function), value), function);
    }

    /** Sets a duration (seconds, 0 = unlimited) or a security level (1 to 5). */
    void setInt(const std::string &pointer, std::int64_t value)
    {
        const char *const function = "OH_DrmLicenseTemplate_SetInt";
        check(OH_DrmLicenseTemplate_SetInt(get(), detail::cString(pointer, function), value), function);
    }

    /** Sets a text, an enum (its word) or bytes (padded standard base64). */
    void setString(const std::string &pointer, const std::string &value)
    {
        const char *const function = "OH_DrmLicenseTemplate_SetString";
        check(OH_DrmLicenseTemplate_SetString(get(), detail::cString(pointer, function), detail::cString(value, function)),
              function);
    }

    /** Holds the template to the rules between its fields. */
    void validate() const { check(OH_DrmLicenseTemplate_Validate(get()), "OH_DrmLicenseTemplate_Validate"); }

    /** @return the template as JSON. It may contain content keys, which nobody erases from the string. */
    std::string serialize() const { return text("OH_DrmLicenseTemplate_Serialize", &OH_DrmLicenseTemplate_Serialize); }

    /** @return the effective policy as JSON. storedPolicy: the stored policy as JSON; without one a service's default. */
    std::string effectivePolicy(const std::optional<std::string> &storedPolicy = std::nullopt) const
    {
        const char *const function = "OH_DrmLicenseTemplate_GetEffectivePolicy";
        const char *const stored = storedPolicy ? detail::cString(*storedPolicy, function) : nullptr;
        return detail::growingText(ROOM, function, [&](char *json, std::uint32_t *size) {
            return OH_DrmLicenseTemplate_GetEffectivePolicy(get(), stored, json, size);
        });
    }

    /** @return what is doubtful as a JSON array of {"rule","pointer","message"}. storedPolicy: as for effectivePolicy(). */
    std::string warnings(const std::optional<std::string> &storedPolicy = std::nullopt) const
    {
        const char *const function = "OH_DrmLicenseTemplate_GetWarnings";
        const char *const stored = storedPolicy ? detail::cString(*storedPolicy, function) : nullptr;
        return detail::growingText(ROOM, function, [&](char *json, std::uint32_t *size) {
            return OH_DrmLicenseTemplate_GetWarnings(get(), stored, json, size);
        });
    }

    /** @return the status of the last refusal as HTTP numbers it; 0 if the last call was not refused */
    std::uint32_t refusalStatus() const
    {
        std::uint32_t status = 0;
        check(OH_DrmLicenseTemplate_GetRefusalStatus(get(), &status), "OH_DrmLicenseTemplate_GetRefusalStatus");
        return status;
    }

    /** @return the id of the rule that the last refusal names */
    std::string refusalRule() const
    {
        return text("OH_DrmLicenseTemplate_GetRefusalRule", &OH_DrmLicenseTemplate_GetRefusalRule);
    }

    /** @return the place of the last refusal as a JSON pointer, empty for the whole message */
    std::string refusalPointer() const
    {
        return text("OH_DrmLicenseTemplate_GetRefusalPointer", &OH_DrmLicenseTemplate_GetRefusalPointer);
    }

    /** @return the last refusal as a JSON object: status, reason, rule, pointer, message, perhaps suggestion */
    std::string refusal() const { return text("OH_DrmLicenseTemplate_GetRefusal", &OH_DrmLicenseTemplate_GetRefusal); }

private:
    using Handle = std::unique_ptr<::OH_DrmLicenseTemplate, detail::LicenseTemplateDestroyer>;

    static constexpr std::size_t ROOM = 1024;

    explicit LicenseTemplate(Handle handle) noexcept : handle_(std::move(handle)) {}

    template <typename Write> std::string text(const char *function, Write write) const
    {
        return detail::growingText(ROOM, function,
                                   [&](char *json, std::uint32_t *size) { return write(get(), json, size); });
    }

    Handle handle_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_LICENSE_TEMPLATE_HPP */

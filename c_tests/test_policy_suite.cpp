// SPDX-License-Identifier: Apache-2.0
//
// The conformance suite in tests/policy through the C API: from template to refusal or effective policy.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "multimedia/drm_framework/native_drm_license.h"
#include "support/check.h"

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

// A text getter with the room that it asks for.
template <typename Getter> std::string text_of(Getter getter)
{
    char small[1];
    uint32_t length = sizeof(small);
    Drm_ErrCode code = getter(small, &length);
    if (code != DRM_ERR_INVALID_VAL) {
        return code == DRM_ERR_OK ? std::string(small) : "failed: " + std::string(OH_Drm_GetLastErrorMessage());
    }
    std::vector<char> text(length);
    code = getter(text.data(), &length);
    CHECK_INT(code, DRM_ERR_OK);
    return text.data();
}

class Template {
public:
    explicit Template(bool azure)
    {
        REQUIRE_OK(OH_DrmLicenseTemplate_Create(azure ? DRM_LICENSE_PROFILE_AZURE : DRM_LICENSE_PROFILE_STRICT, &handle_));
    }
    Template(const Template &) = delete;
    Template &operator=(const Template &) = delete;
    ~Template() { CHECK_OK(OH_DrmLicenseTemplate_Destroy(handle_)); }

    OH_DrmLicenseTemplate *get() const { return handle_; }

private:
    OH_DrmLicenseTemplate *handle_ = nullptr;
};

std::string message_of(const ordered_json &test)
{
    if (test.contains("text")) {
        return test["text"];
    }
    if (test.contains("template")) {
        return test["template"].dump();
    }
    const std::string hex = test.at("bytes_hex");
    std::string bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

void check_equal(const json &actual, const json &expected, const std::string &name, const char *what)
{
    if (!check_result(actual == expected)) {
        std::cerr << name << ": " << what << ": expected " << expected << ", actual " << actual << std::endl;
    }
}

void check_refusal(const Template &made, const ordered_json &expected, const std::string &name)
{
    auto refusal = json::parse(text_of([&](char *text, uint32_t *length) {
        return OH_DrmLicenseTemplate_GetRefusal(made.get(), text, length);
    }));
    check_equal(refusal.at("message").get<std::string>().empty(), false, name, "an empty message");
    refusal.erase("message");
    check_equal(refusal, expected, name, "refusal");

    uint32_t status = 0;
    CHECK_OK(OH_DrmLicenseTemplate_GetRefusalStatus(made.get(), &status));
    check_equal(status, expected.at("status"), name, "status");
    check_equal(text_of([&](char *text, uint32_t *length) {
                    return OH_DrmLicenseTemplate_GetRefusalRule(made.get(), text, length);
                }), expected.at("rule"), name, "rule");
    check_equal(text_of([&](char *text, uint32_t *length) {
                    return OH_DrmLicenseTemplate_GetRefusalPointer(made.get(), text, length);
                }), expected.at("pointer"), name, "pointer");
}

json expected_policy(const ordered_json &test)
{
    json policy = {
        {"can_play", false},
        {"can_persist", false},
        {"can_renew", false},
        {"rental_duration_seconds", 0},
        {"playback_duration_seconds", 0},
        {"license_duration_seconds", 0},
        {"renewal_recovery_duration_seconds", 0},
        {"renewal_server_url", ""},
        {"renewal_delay_seconds", 0},
        {"renewal_retry_interval_seconds", 0},
        {"renew_with_usage", false},
        {"rental_scope", "start_window"},
    };
    const size_t fields = policy.size();
    if (test.contains("policy")) {
        policy.update(json(test["policy"]));
    }
    REQUIRE(policy.size() == fields);
    return policy;
}

void check_case(const ordered_json &test, const std::string &name)
{
    Template made(test.value("profile", "strict") == "azure");
    const std::string message = message_of(test);
    const std::string stored = test.contains("stored") ? test["stored"].dump() : "";
    const char *stored_policy = stored.empty() ? nullptr : stored.c_str();

    Drm_ErrCode code = DRM_ERR_OK;
    if (message.empty()) {
        // The C function does not take an empty text at all.
        CHECK_INVALID(OH_DrmLicenseTemplate_Parse(made.get(), reinterpret_cast<const uint8_t *>(message.data()), 0));
        return;
    }
    code = OH_DrmLicenseTemplate_Parse(made.get(), reinterpret_cast<const uint8_t *>(message.data()),
                                       static_cast<uint32_t>(message.size()));
    const auto policy = [&](char *text, uint32_t *length) {
        return OH_DrmLicenseTemplate_GetEffectivePolicy(made.get(), stored_policy, text, length);
    };
    if (test.contains("refused")) {
        if (code == DRM_ERR_OK) {
            char text[4096];
            uint32_t length = sizeof(text);
            code = policy(text, &length);
        }
        check_equal(static_cast<int>(code), static_cast<int>(DRM_ERR_UNKNOWN), name, "code");
        if (code == DRM_ERR_UNKNOWN) {
            check_refusal(made, test["refused"], name);
        }
        return;
    }
    if (!check_result(code == DRM_ERR_OK)) {
        std::cerr << name << ": " << OH_Drm_GetLastErrorMessage() << std::endl;
        return;
    }
    check_equal(json::parse(text_of(policy)), expected_policy(test), name, "effective policy");
    json warnings = json::array();
    for (const auto &warning : json::parse(text_of([&](char *text, uint32_t *length) {
             return OH_DrmLicenseTemplate_GetWarnings(made.get(), stored_policy, text, length);
         }))) {
        warnings.push_back({warning.at("rule"), warning.at("pointer")});
    }
    check_equal(warnings, test.value("warnings", json::array()), name, "warnings");
    if (test.contains("written")) {
        check_equal(text_of([&](char *text, uint32_t *length) {
                        return OH_DrmLicenseTemplate_Serialize(made.get(), text, length);
                    }), test["written"], name, "written");
    }
}

} // namespace

int main()
{
    const char *data = std::getenv("NATIVE_DRM_TEST_DATA");
    REQUIRE(data != nullptr);
    size_t cases = 0;
    for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::path(data) / "policy")) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        std::ifstream stream(entry.path());
        const auto file = ordered_json::parse(stream);
        for (const auto &test : file.at("cases")) {
            check_case(test, entry.path().stem().string() + "/" + test.at("name").get<std::string>());
            cases++;
        }
    }
    std::cout << cases << " cases" << std::endl;
    REQUIRE(cases >= 200);
    return check_finish("policy_suite");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: license templates, the license service, and com.policyplay.drm on a virtual clock.
 */

#include "support/wrapper.hpp"

#include "multimedia/drm_framework/native_drm_license_service.h"

#include <algorithm>
#include <thread>
#include <type_traits>

namespace {

using native_drm::LicenseService;
using native_drm::LicenseTemplate;

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

void testTemplates()
{
    static_assert(!std::is_constructible_v<LicenseTemplate, ::OH_DrmLicenseTemplate *>);
    static_assert(std::is_nothrow_move_constructible_v<LicenseTemplate> && !std::is_copy_constructible_v<LicenseTemplate>);
    LicenseTemplate license;
    CHECK(license.serialize() == "{}");
    license.parse(std::string(R"({"policy_overrides":{"can_play":true}})"));
    license.setBool("/policy_overrides/can_persist", true);
    license.setInt("/policy_overrides/license_duration_seconds", 3600);
    license.setString("/content_id", "YQ==");
    license.validate();
    CHECK(contains(license.serialize(), R"("license_duration_seconds":3600)"));
    CHECK(contains(license.effectivePolicy(), R"("can_persist":true)"));
    CHECK(contains(license.effectivePolicy(R"({"can_renew":true,"renewal_server_url":"https://a.b"})"), "https://a.b"));
    CHECK(license.warnings().front() == '[' && license.warnings("{}").front() == '[');
    CHECK(license.refusalStatus() == 0);
    CHECK(codeOf([&] { (void)license.refusal(); }) == DRM_ERR_UNKNOWN);

    // Longer than the room that is offered first.
    const std::string content(6000, 'Y');
    license.setString("/content_id", content);
    CHECK(contains(license.serialize(), content));

    const std::string before = license.serialize();
    CHECK(codeOf([&] { license.parse(std::string("{")); }) == DRM_ERR_UNKNOWN);
    CHECK(license.refusalStatus() == 400 && !license.refusalRule().empty() && license.refusalPointer().empty());
    CHECK(contains(license.refusal(), R"("status":400)"));
    CHECK(codeOf([&] { license.setInt("/policy_overrides/can_play", 1); }) == DRM_ERR_UNKNOWN);
    CHECK(license.refusalPointer() == "/policy_overrides/can_play");
    CHECK(codeOf([&] { license.parse(ConstByteSpan()); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { license.setBool(std::string("/policy_overrides/can_play\0x", 28), true); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { license.setInt(std::string("\0", 1), 1); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { license.setString("/content_id", std::string("YQ==\0", 5)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)license.effectivePolicy(std::string("{}\0", 3)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)license.warnings(std::string("{}\0", 3)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)license.effectivePolicy(""); }) == DRM_ERR_INVALID_VAL);
    CHECK(license.serialize() == before);

    ::OH_DrmLicenseTemplate *const handle = license.release();
    CHECK(license.get() == nullptr && codeOf([&] { license.validate(); }) == DRM_ERR_INVALID_VAL);
    license = LicenseTemplate::adopt(handle);
    LicenseTemplate moved = std::move(license);
    CHECK(moved.serialize() == before);
    moved = LicenseTemplate(DRM_LICENSE_PROFILE_AZURE);
    CHECK(OH_DrmLicenseTemplate_Validate(handle) == DRM_ERR_INVALID_VAL);
}

const std::string CONTENT = R"({"content_id":"YQ==","policy":"p","keys":[{"key_id":"ABEiM0RVZneImaq7zN3u/w==","track_type":"SD",)"
                            R"("key":"K34VFiiu0qar9xWICc9PPA=="}]})";
const std::string POLICY = R"({"can_play":true,"can_persist":true,"license_duration_seconds":3600})";

/** A directory of this run's own. */
std::string directory(const std::string &name)
{
    const char *const storage = std::getenv("NATIVE_DRM_STORAGE_DIR");
    return std::string(storage != nullptr ? storage : ".") + "/" + name;
}

/** A device with a service, both at one virtual time. */
struct Device {
    LicenseService service;
    native_drm::MediaKeySystem system{"com.policyplay.drm"};

    explicit Device(const std::string &name)
    {
        system.setConfiguration("storagePath", directory(name));
        // The service's certificates are of the machine's time.
        const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now().time_since_epoch());
        service.setTime(now.count());
        system.setVirtualClock(now.count());
        service.addPolicy("p", POLICY);
        service.addContent(CONTENT);
        system.setConfigurationBytes("licenseAuthority", service.authority());
        const auto answer = service.handleMessage(system.generateProvisioningRequest().data);
        CHECK(answer.status == 200 && answer.sequence == 0);
        system.processProvisioningResponse(answer.response);
        CHECK(system.certificateStatus() == CERT_STATUS_PROVISIONED);
    }
};

void testService()
{
    static_assert(!std::is_constructible_v<LicenseService, ::OH_DrmLicenseService *>);
    static_assert(std::is_nothrow_move_constructible_v<LicenseService> && !std::is_copy_constructible_v<LicenseService>);
    Device device("device");
    const auto session = device.system.createSession();
    CHECK(session.explainLicenses() == "[]");
    const auto request = session.generateRequest(MEDIA_KEY_TYPE_ONLINE, KEY_ID, "webm");
    const auto answer = device.service.handleMessage(request.data);
    CHECK(answer.status == 200);
    CHECK(std::any_of(answer.licenseId.begin(), answer.licenseId.end(), [](auto byte) { return byte != 0; }));
    const Bytes id = session.processResponse(answer.response);
    CHECK(id == Bytes(answer.licenseId.begin(), answer.licenseId.end()));
    Bytes sample = CTR_DATA;
    session.decrypt(ctr(), sample);
    CHECK(sample == CLEAR);
    CHECK(contains(session.explainLicenses(), R"("usable":true)"));
    CHECK(valueOf(session.checkStatus(), "LicenseType") == "Streaming");
    device.system.advanceVirtualClock(3'601'000);
    sample = CTR_DATA;
    CHECK(session.tryDecrypt(ctr(), sample) == DRM_ERR_NO_LICENSE);
    CHECK(contains(session.explainLicenses(), R"("usable":false)"));
    device.system.advanceVirtualClock(1000, true);

    // A refusal is an answer.
    const auto refusal = device.service.handleMessage(std::string("nonsense"));
    CHECK(refusal.status >= 400 && !refusal.response.empty() && refusal.sequence == 0);
    device.service.revokeLicense(answer.licenseId);

    const auto key = device.service.contentKey(std::string("a"), "SD");
    CHECK(Bytes(key.id.begin(), key.id.end()) == KEY_ID);
    CHECK(Bytes(key.key.begin(), key.key.end()) == hex("2b7e151628aed2a6abf7158809cf4f3c"));
    device.service.addProvider("studio");
    device.service.addProvider("studio", "sixteen bytes or more");
    device.service.addCatalog(
        std::string(R"({"policies":{"q":{"can_play":true}},"contents":[{"content_id":"Yg==","policy":"q"}]})"));
    CHECK(device.service.contentKey(std::string("b"), "HD").id != key.id);
    device.system.setVirtualClock(1'800'000'000'000);
    native_drm::MediaKeySystem other("com.policyplay.drm");
    CHECK(codeOf([&] { other.advanceVirtualClock(1); }) == DRM_ERR_UNKNOWN);
}

void testServiceFailures()
{
    LicenseService service(DRM_LICENSE_PROFILE_AZURE);
    const std::string cut("p\0x", 3);
    CHECK(codeOf([&] { service.addContent(std::string("{")); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { service.addContent({}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.addPolicy(cut, POLICY); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.addPolicy("p", std::string("[]")); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { service.addProvider(cut); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.addProvider("p", cut); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.addProvider("p", "short"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.addCatalog(std::string("[]")); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { (void)service.contentKey(std::string("a"), "SD"); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { (void)service.contentKey({}, "SD"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)service.contentKey(std::string("a"), cut); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)service.handleMessage({}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { service.revokeLicense(Bytes(16)); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { service.revokeLicense(Bytes(15)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { LicenseService{std::string("d\0x", 3)}; }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { LicenseService{std::string()}; }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { LicenseService{std::string("/dev/null/x")}; }) == DRM_ERR_SERVICE_DIED);

    ::OH_DrmLicenseService *const handle = service.release();
    CHECK(service.get() == nullptr);
    CHECK(codeOf([&] { service.setTime(1); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)service.authority(); }) == DRM_ERR_INVALID_VAL);
    service = LicenseService::adopt(handle);
    service.setTime(-1);
    LicenseService moved = std::move(service);
    moved = LicenseService();
    CHECK(OH_DrmLicenseService_SetTime(handle, -1) == DRM_ERR_INVALID_VAL);
}

/** Keys, contents and licenses of a directory outlive the object. */
void testServiceDirectory()
{
    const std::string path = directory("s\xc3\xa9rvice");
    Bytes authority;
    {
        LicenseService service(path);
        authority = service.authority();
        service.addContent(CONTENT);
        CHECK(codeOf([&] { LicenseService another(path); }) == DRM_ERR_SERVICE_DIED);
    }
    const LicenseService service(path, DRM_LICENSE_PROFILE_STRICT);
    CHECK(service.authority() == authority);
    CHECK(service.contentKey(std::string("a"), "SD").id == native_drm::detail::sixteen(KEY_ID, ""));
}

/** Messages of several threads to one service: each gets its own answer. */
void testServiceThreads()
{
    Device device("threads");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 10; ++round) {
                const auto session = device.system.createSession();
                const auto request = session.generateRequest(MEDIA_KEY_TYPE_ONLINE, KEY_ID, "webm");
                const auto answer = device.service.handleMessage(request.data);
                CHECK(answer.status == 200);
                CHECK(codeOf([&] { (void)session.processResponse(answer.response); }) == DRM_ERR_OK);
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
}

} // namespace

int main()
{
    return runTests("test_cpp_license",
                    {testTemplates, testService, testServiceFailures, testServiceDirectory, testServiceThreads});
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: the functions of key systems and sessions, errors as exceptions.
 */

#include "support/wrapper.hpp"

#include <algorithm>
#include <type_traits>

namespace {

struct Event {
    DRM_EventType type;
    Bytes info;
    std::string extra;
};

struct KeyChange {
    std::vector<native_drm::KeyStatus> keys;
    bool newKeys;
};

void testStatic()
{
    static_assert(!std::is_copy_constructible_v<native_drm::MediaKeySystem>);
    static_assert(std::is_nothrow_move_constructible_v<native_drm::MediaKeySession>);
    static_assert(!std::is_constructible_v<native_drm::ByteSpan, const Bytes &>);
    static_assert(std::is_constructible_v<ConstByteSpan, const std::string &>);

    CHECK(native_drm::version() >> 16 == NATIVE_DRM_VERSION_MAJOR);
    bool found = false;
    for (const auto &system : native_drm::MediaKeySystem::list()) {
        CHECK(native_drm::MediaKeySystem::isSupported(system.name));
        found = found || (system.name == "com.clearplay.drm" && system.uuid[0] == 0x47);
    }
    CHECK(found);
    CHECK(native_drm::MediaKeySystem::isSupported("com.clearplay.drm", "video/mp4"));
    CHECK(native_drm::MediaKeySystem::isSupported("com.clearplay.drm", "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(!native_drm::MediaKeySystem::isSupported("com.clearplay.drm", "video/mp4",
                                                   CONTENT_PROTECTION_LEVEL_ENHANCED_HW_CRYPTO));
    CHECK(!native_drm::MediaKeySystem::isSupported("no such system"));
    CHECK(codeOf([] { native_drm::MediaKeySystem("no such system"); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([] { native_drm::MediaKeySystem(""); }) == DRM_ERR_INVALID_VAL);

    const auto boxes = native_drm::parsePssh(PSSH + PSSH);
    CHECK(boxes.size() == 1);
    CHECK(!boxes.empty() && boxes[0].box == PSSH && boxes[0].systemId[15] == 0x1f);
    // More than DRM_MediaKeySystemInfo has room for, and longer.
    Bytes many;
    for (std::uint8_t i = 0; i < 20; ++i) {
        Bytes box = PSSH;
        box[32] = i;
        many = many + box;
    }
    CHECK(native_drm::parsePssh(many).size() == 20);
    Bytes large = hex("00001020707373680000000047a10ff0ca3c49c69c12a764ffde091f00001000");
    large.resize(4096 + large.size(), 'x');
    CHECK(native_drm::parsePssh(large + PSSH).size() == 2);
    const auto fitting = native_drm::parseMediaKeySystemInfo(large + PSSH);
    CHECK(fitting->psshCount == 1 && fitting->psshInfo[0].dataLen == static_cast<std::int32_t>(PSSH.size()));
    CHECK(codeOf([] { native_drm::parseMediaKeySystemInfo(ConstByteSpan()); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([] { native_drm::parsePssh(ConstByteSpan()); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([] { native_drm::parsePssh(std::string("nonsense")); }) == DRM_ERR_UNKNOWN);
}

void testSystem()
{
    Inbox<Event> inbox;
    native_drm::MediaKeySystem system("com.clearplay.drm");
    system.setConfiguration("colour", "green");
    CHECK(system.configuration("colour") == "green");
    system.setConfiguration("vendor", "me");
    CHECK(system.configuration("vendor") == "me");
    native_drm::MediaKeySystem clearKey("org.w3.clearkey");
    CHECK(codeOf([&] { clearKey.setConfiguration("vendor", "me"); }) == DRM_ERR_UNKNOWN);
    CHECK(codeOf([&] { (void)system.configuration("none"); }) == DRM_ERR_UNKNOWN);
    system.setConfigurationBytes("blob", CLEAR);
    CHECK(system.configurationBytes("blob") == CLEAR);
    CHECK(codeOf([&] { system.setConfigurationBytes("blob", ConstByteSpan()); }) == DRM_ERR_INVALID_VAL);
    CHECK(system.configurationBytes("deviceUniqueId").size() == 16);
    CHECK(system.maxContentProtectionLevel() == CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    CHECK(system.certificateStatus() == CERT_STATUS_PROVISIONED);

    system.setCallback([&](DRM_EventType type, ConstByteSpan info, std::string_view extra) {
        // What real clients do; it must not fire the event again.
        const auto request = system.generateProvisioningRequest();
        inbox.put({type, Bytes(info.begin(), info.end()) + request.data, std::string(extra)});
    });
    const auto request = system.generateProvisioningRequest();
    CHECK(!request.data.empty() && request.defaultUrl.rfind("http", 0) == 0);
    const auto event = inbox.take();
    CHECK(event && event->type == EVENT_PROVISION_REQUIRED && event->info == request.data);
    system.processProvisioningResponse(std::string("certificate"));
    CHECK(codeOf([&] { system.processProvisioningResponse(ConstByteSpan()); }) == DRM_ERR_INVALID_VAL);
    system.setCallback(nullptr);

    bool counted = false;
    const auto session = system.createSession();
    for (const auto &[name, value] : system.statistics()) {
        counted = counted || (name == "currentSessionNum" && value == "1");
    }
    CHECK(counted);
}

void testOnline()
{
    Inbox<Event> events;
    Inbox<KeyChange> changes;
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession first = system.createSession(CONTENT_PROTECTION_LEVEL_HW_CRYPTO);
    native_drm::MediaKeySession session = std::move(first);
    CHECK(first.get() == nullptr);
    CHECK(codeOf([&] { first.clearKeys(); }) == DRM_ERR_INVALID_VAL);
    CHECK(session.contentProtectionLevel() == CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    CHECK(!session.requiresSecureDecoder("video/avc"));

    session.setCallbacks(
        [&](DRM_EventType type, ConstByteSpan info, std::string_view extra) {
            events.put({type, Bytes(info.begin(), info.end()), std::string(extra)});
        },
        [&](const std::vector<native_drm::KeyStatus> &keys, bool newKeys) {
            // Calls back into the library.
            CHECK(session.checkStatus().size() == keys.size());
            changes.put({keys, newKeys});
        });

    const auto request = session.generateRequest(MEDIA_KEY_TYPE_ONLINE, PSSH, "video/mp4", {{"option", "value"}});
    CHECK(request.type == MEDIA_KEY_REQUEST_TYPE_INITIAL);
    CHECK(std::string(request.data.begin(), request.data.end()).find("ABEiM0RVZneImaq7zN3u/w==") != std::string::npos);
    auto event = events.take();
    CHECK(event && event->type == EVENT_KEY_REQUIRED && event->info == PSSH);
    CHECK(codeOf([&] { session.generateRequest(MEDIA_KEY_TYPE_ONLINE, Bytes(2049), "video/mp4"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { session.generateRequest(MEDIA_KEY_TYPE_ONLINE, PSSH, "text/plain"); }) == DRM_ERR_UNKNOWN);

    CHECK(session.checkStatus().empty());
    CHECK(codeOf([&] { session.processResponse(std::string("0nonsense")); }) == DRM_ERR_UNKNOWN);
    CHECK(session.processResponse(ONLINE) == KEY_ID);
    auto change = changes.take();
    CHECK(change && change->newKeys && change->keys.size() == 1);
    CHECK(change && Bytes(change->keys[0].id.begin(), change->keys[0].id.end()) == KEY_ID &&
          change->keys[0].status == "USABLE");
    const auto status = session.checkStatus();
    CHECK(status.size() == 1 && status[0].first == "00112233445566778899aabbccddeeff" && status[0].second == "USABLE");

    native_drm::KeyId id{};
    CHECK(!system.findSession(id, 0));
    std::copy(KEY_ID.begin(), KEY_ID.end(), id.begin());
    CHECK(system.findSession(id, 0) == session);

    Bytes sample = CTR_DATA;
    session.decrypt(ctr(), sample);
    CHECK(sample == CLEAR);
    sample = CBC_DATA;
    session.decrypt({DRM_ALG_CENC_AES_CBC, KEY_ID, CBC_IV}, sample);
    CHECK(sample == CLEAR);
    sample = hex("010203") + CTR_DATA;
    session.decrypt(ctr().subsamples({{3, 40}, {0, 24}}), sample);
    CHECK(sample == hex("010203") + CLEAR);
    // cbcs, pattern 1:9: the first block is encrypted, the rest clear.
    sample = Bytes(CBC_DATA.begin(), CBC_DATA.begin() + 16) + Bytes(CLEAR.begin() + 16, CLEAR.end());
    session.decrypt(native_drm::SampleInfo(DRM_ALG_CENC_AES_CBC, KEY_ID, CBC_IV).scheme(DRM_CENC_SCHEME_CBCS).pattern(1, 9),
                    sample);
    CHECK(sample == CLEAR);
    session.decrypt(ctr(), native_drm::ByteSpan());

    sample = CTR_DATA;
    CHECK(session.tryDecrypt(ctr(OTHER_ID), sample) == DRM_ERR_NO_KEY);
    CHECK(codeOf([&] { session.decrypt(ctr().subsamples({{1, 1}}), sample); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { ctr(Bytes(15)); }) == DRM_ERR_INVALID_VAL);
    CHECK(sample == CTR_DATA);
    event = events.take();
    CHECK(event && event->type == EVENT_KEY_REQUIRED);

    session.clearKeys();
    event = events.take();
    CHECK(event && event->type == EVENT_KEY_EXPIRED && event->info == KEY_ID);
    change = changes.take();
    CHECK(change && !change->newKeys && change->keys.empty());
    session.setCallbacks(nullptr, nullptr);
}

void testOffline()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    CHECK(system.offlineKeyIds().empty());
    const Bytes id = system.createSession().processResponse(OFFLINE);
    CHECK(system.offlineKeyIds() == std::vector<Bytes>{id});
    CHECK(system.offlineKeyStatus(id) == OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK(codeOf([&] { (void)system.offlineKeyStatus(OTHER_ID); }) == DRM_ERR_UNKNOWN);

    native_drm::MediaKeySession session = system.createSession();
    session.restoreOfflineKeys(id);
    Bytes sample = CTR_DATA;
    session.decrypt(ctr(), sample);
    CHECK(sample == CLEAR);
    CHECK(!session.generateReleaseRequest(id).empty());
    session.processReleaseResponse(id, std::string("released"));
    CHECK(system.offlineKeyStatus(id) == OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    sample = CTR_DATA;
    CHECK(session.tryDecrypt(ctr(), sample) != DRM_ERR_OK);
    system.clearOfflineKeys(id);
    CHECK(system.offlineKeyIds().empty());
    CHECK(codeOf([&] { session.restoreOfflineKeys(id); }) == DRM_ERR_UNKNOWN);
}

} // namespace

int main()
{
    return runTests("test_cpp_wrapper", {testStatic, testSystem, testOnline, testOffline});
}

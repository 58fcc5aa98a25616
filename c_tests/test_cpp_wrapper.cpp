/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: every member function, errors as exceptions, callbacks that replace and destroy themselves.
 * Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC).
 */

#include <native_drm.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>

namespace {

using native_drm::Bytes;
using native_drm::ConstByteSpan;

// Callbacks check, too.
std::atomic<int> checks{0};
std::atomic<int> failures{0};

#define CHECK(condition)                                                                                                \
    do {                                                                                                                \
        ++checks;                                                                                                       \
        if (!(condition)) {                                                                                             \
            ++failures;                                                                                                 \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                        \
        }                                                                                                               \
    } while (false)

/** The code that an action fails with; DRM_ERR_OK if it does not fail. */
template <typename Action> Drm_ErrCode codeOf(Action action)
{
    try {
        action();
    } catch (const native_drm::Error &error) {
        CHECK(!error.message().empty());
        CHECK(std::string(error.what()).find(error.message()) != std::string::npos);
        return error.code();
    }
    return DRM_ERR_OK;
}

Bytes hex(const std::string &text)
{
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

Bytes operator+(Bytes left, const Bytes &right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

const Bytes KEY_ID = hex("00112233445566778899aabbccddeeff");
const Bytes OTHER_ID = hex("ffeeddccbbaa99887766554433221100");
const Bytes CLEAR = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
const Bytes CTR_IV = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
const Bytes CTR_DATA = hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                           "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
const Bytes CBC_IV = hex("000102030405060708090a0b0c0d0e0f");
const Bytes CBC_DATA = hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                           "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
// KEY_ID with key 2b7e151628aed2a6abf7158809cf4f3c, as ClearPlay's license: online and offline.
const std::string ONLINE = "0ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA==";
const std::string OFFLINE = "1ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA==";
// A version 1 pssh box of ClearPlay with KEY_ID (ISO/IEC 23001-7, 8.1).
const Bytes PSSH = hex("000000347073736801000000"
                       "47a10ff0ca3c49c69c12a764ffde091f"
                       "00000001"
                       "00112233445566778899aabbccddeeff"
                       "00000000");

/** What callbacks receive, to be awaited in order. */
template <typename Item> class Inbox {
public:
    void put(Item item)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        items_.push_back(std::move(item));
        arrived_.notify_all();
    }

    /** Empty if nothing arrives: a failing test must not hang. A passing one never waits that long. */
    std::optional<Item> take()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!arrived_.wait_for(lock, std::chrono::seconds(60), [this] { return !items_.empty(); })) {
            return std::nullopt;
        }
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Item> items_;
};

struct Event {
    DRM_EventType type;
    Bytes info;
    std::string extra;
};

struct KeyChange {
    std::vector<native_drm::KeyStatus> keys;
    bool newKeys;
};

native_drm::SampleInfo ctr(const Bytes &keyId = KEY_ID)
{
    return {DRM_ALG_CENC_AES_CTR, keyId, CTR_IV};
}

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
    CHECK(codeOf([&] { session.generateRequest(MEDIA_KEY_TYPE_ONLINE, PSSH, std::string(64, 'x')); }) == DRM_ERR_INVALID_VAL);
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
    CHECK(system.findSession(id, 0) == nullptr);
    std::copy(KEY_ID.begin(), KEY_ID.end(), id.begin());
    CHECK(system.findSession(id, 0) == session.get());

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

void testLifetimes()
{
    // A callback that replaces itself: the one that is running stays alive until it returns.
    Inbox<std::string> inbox;
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    const std::string captured(1000, 'x');
    session.setCallbacks(nullptr, [&, captured](const std::vector<native_drm::KeyStatus> &, bool) {
        session.setCallbacks(nullptr, [&](const std::vector<native_drm::KeyStatus> &, bool) { inbox.put("second"); });
        inbox.put(captured);
    });
    session.processResponse(ONLINE);
    CHECK(inbox.take() == captured);
    session.processResponse(ONLINE);
    session.clearKeys();
    CHECK(inbox.take() == "second");

    // A callback that destroys its session.
    auto doomed = std::make_unique<native_drm::MediaKeySession>(system.createSession());
    doomed->setCallbacks(nullptr, [&, captured](const std::vector<native_drm::KeyStatus> &, bool) {
        doomed.reset();
        inbox.put(captured);
    });
    doomed->processResponse(ONLINE);
    auto item = inbox.take();
    while (item == "second") {
        item = inbox.take();
    }
    CHECK(item == captured);
    CHECK(doomed == nullptr);

    // The system first: its session's handle is stale, which the session's destructor knows.
    system = native_drm::MediaKeySystem("org.w3.clearkey");
    CHECK(codeOf([&] { session.clearKeys(); }) == DRM_ERR_INVALID_VAL);
}

} // namespace

int main()
{
    try {
        testStatic();
        testSystem();
        testOnline();
        testOffline();
        testLifetimes();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "unexpected: %s\n", error.what());
        return EXIT_FAILURE;
    }
    std::printf("test_cpp_wrapper: %d checks, %d failed\n", checks.load(), failures.load());
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

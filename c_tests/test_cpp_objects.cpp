/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: who owns what (objects, views, handles of C), and what its functions accept: as much as those of C, and
 * nothing that C would cut short.
 */

#include "support/wrapper.hpp"

#include <algorithm>
#include <type_traits>

namespace {

using native_drm::MediaKeySession;
using native_drm::MediaKeySessionFunctions;
using native_drm::MediaKeySessionView;
using native_drm::MediaKeySystem;
using native_drm::MediaKeySystemFunctions;
using native_drm::MediaKeySystemView;

/** True if the object that an action left behind is unusable, which its functions say. */
template <typename Action> bool isStale(Action action)
{
    return codeOf(action) == DRM_ERR_INVALID_VAL;
}

template <typename Owner, typename View, typename Functions, typename Handle> void checkTypes()
{
    static_assert(!std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner>);
    static_assert(std::is_nothrow_move_constructible_v<Owner> && std::is_nothrow_move_assignable_v<Owner>);
    static_assert(std::is_nothrow_copy_constructible_v<View> && std::is_nothrow_copy_assignable_v<View>);
    static_assert(std::is_nothrow_default_constructible_v<View> && std::is_trivially_destructible_v<View>);
    // A handle becomes an owner by adopt() alone, a view never becomes one, and no owner's handle can be overwritten.
    static_assert(!std::is_constructible_v<Owner, Handle *> && !std::is_constructible_v<Owner, View>);
    static_assert(std::is_constructible_v<View, Handle *> && !std::is_convertible_v<Handle *, View>);
    static_assert(std::is_convertible_v<const Owner &, View>);
    static_assert(!std::is_assignable_v<Functions &, const Functions &> && !std::is_copy_constructible_v<Functions>);
    static_assert(!std::is_assignable_v<Owner &, const View &> && !std::is_destructible_v<Functions>);
}

void testTypes()
{
    checkTypes<MediaKeySession, MediaKeySessionView, MediaKeySessionFunctions, ::MediaKeySession>();
    checkTypes<MediaKeySystem, MediaKeySystemView, MediaKeySystemFunctions, ::MediaKeySystem>();
    static_assert(std::is_nothrow_copy_constructible_v<native_drm::Error>);
    static_assert(std::is_nothrow_copy_assignable_v<native_drm::Error>);
    static_assert(std::is_nothrow_copy_constructible_v<native_drm::SampleError>);
}

void testFoundSessionStays()
{
    MediaKeySystem system("com.clearplay.drm");
    const MediaKeySession session = system.createSession();
    session.processResponse(ONLINE);
    {
        const MediaKeySessionView found = system.findSession(KEY_ID, 0);
        CHECK(found && found == session && !(found != session));
        Bytes sample = CTR_DATA;
        found.decrypt(ctr(), sample);
        CHECK(sample == CLEAR);
        // A view of a view, and a copy of it.
        MediaKeySessionView copy;
        CHECK(!copy && copy != found && isStale([&] { copy.clearKeys(); }));
        copy = found;
        CHECK(copy == session && copy.checkStatus().size() == 1);
    }
    CHECK(session.checkStatus().size() == 1);
    CHECK(!system.findSession(OTHER_ID, 0));
    CHECK(!system.findSession(OTHER_ID, 1));
    CHECK(isStale([&] { (void)system.findSession(Bytes(15), 0); }));
    CHECK(isStale([&] { (void)system.findSession({nullptr, 16}, 0); }));
    CHECK(isStale([&] { (void)MediaKeySystemView().findSession(KEY_ID, 0); }));
}

/** Every function through a view, also one of a handle that C code created. */
void testViewsOfHandles()
{
    ::MediaKeySystem *systemHandle = nullptr;
    CHECK(OH_MediaKeySystem_Create("com.clearplay.drm", &systemHandle) == DRM_ERR_OK);
    {
        const MediaKeySystemView system(systemHandle);
        CHECK(system && system.get() == systemHandle);
        system.setConfiguration("colour", "green");
        const MediaKeySystemView other = system;
        CHECK(other == system && other.configuration("colour") == "green");
        const MediaKeySession session = other.createSession();
        CHECK(session.processResponse(OFFLINE) == KEY_ID);
        CHECK(system.offlineKeyIds().size() == 1);
        system.clearOfflineKeys(KEY_ID);
    }
    // The session went with its object, the system did not.
    CHECK(valueOf(MediaKeySystemView(systemHandle).statistics(), "currentSessionNum") == "0");
    // adopt() takes over.
    { const MediaKeySystem owner = MediaKeySystem::adopt(systemHandle); }
    CHECK(isStale([&] { (void)MediaKeySystemView(systemHandle).statistics(); }));
    CHECK(OH_MediaKeySystem_Destroy(systemHandle) == DRM_ERR_INVALID_VAL);

    MediaKeySystem system("com.clearplay.drm");
    ::MediaKeySession *const handle = system.createSession().release();
    CHECK(MediaKeySessionView(handle).contentProtectionLevel() == CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    { const MediaKeySession owner = MediaKeySession::adopt(handle); }
    CHECK(isStale([&] { MediaKeySessionView(handle).clearKeys(); }));
    const MediaKeySession nothing = MediaKeySession::adopt(nullptr);
    CHECK(!nothing && isStale([&] { nothing.clearKeys(); }));
}

void testMoves()
{
    MediaKeySystem system("com.clearplay.drm");
    MediaKeySession session = system.createSession();
    session.processResponse(ONLINE);
    MediaKeySession &sameSession = session;
    session = std::move(sameSession);
    CHECK(session && session.checkStatus().size() == 1);
    MediaKeySystem &sameSystem = system;
    system = std::move(sameSystem);
    CHECK(system && !system.statistics().empty());

    MediaKeySession other = std::move(session);
    CHECK(!session && other);
    CHECK(isStale([&] { (void)session.checkStatus(); }));
    CHECK(isStale([&] { (void)session.explainLicenses(); }));
    CHECK(isStale([&] { (void)session.processResponse(ONLINE); }));
    CHECK(session.tryDecrypt(ctr(), native_drm::ByteSpan()) == DRM_ERR_INVALID_VAL);
    CHECK(session.release() == nullptr);
    session = system.createSession();
    // What is assigned over is destroyed.
    const MediaKeySessionView view = session;
    session = std::move(other);
    CHECK(isStale([&] { view.clearKeys(); }));
    CHECK(session.checkStatus().size() == 1);
    MediaKeySystem next = std::move(system);
    CHECK(isStale([&] { system.setVirtualClock(0); }));
    CHECK(isStale([&] { system.advanceVirtualClock(1); }));
    CHECK(isStale([&] { (void)system.createSession(); }));
}

/** Options and MIME types: as long as their arrays, of any bytes but NUL. */
void testTexts()
{
    MediaKeySystem system("com.clearplay.drm");
    const MediaKeySession session = system.createSession();
    const auto request = [&](std::string_view mimeType, const std::vector<native_drm::NamedValue> &options) {
        return codeOf([&] { (void)session.generateRequest(MEDIA_KEY_TYPE_ONLINE, PSSH, mimeType, options); });
    };
    const std::string fullName(MAX_MEDIA_KEY_REQUEST_OPTION_NAME_LEN, 'n');
    const std::string fullValue(MAX_MEDIA_KEY_REQUEST_OPTION_DATA_LEN, 'v');
    CHECK(request("video/mp4", {{fullName, fullValue}}) == DRM_ERR_OK);
    CHECK(request("video/mp4", {{"name", ""}, {"n\xc3\xa4me", "\xff\xfe"}}) == DRM_ERR_OK);
    CHECK(request("video/mp4", std::vector<native_drm::NamedValue>(16, {"name", "value"})) == DRM_ERR_OK);
    CHECK(request("video/mp4", std::vector<native_drm::NamedValue>(17, {"name", "value"})) == DRM_ERR_INVALID_VAL);
    CHECK(request("video/mp4", {{fullName + "n", "value"}}) == DRM_ERR_INVALID_VAL);
    CHECK(request("video/mp4", {{"name", fullValue + "v"}}) == DRM_ERR_INVALID_VAL);
    CHECK(request("video/mp4", {{std::string("na\0me", 5), "value"}}) == DRM_ERR_INVALID_VAL);
    CHECK(request("video/mp4", {{"name", std::string("value\0", 6)}}) == DRM_ERR_INVALID_VAL);
    // The longest MIME type that the array starts with.
    std::string mimeType = "video/mp4";
    mimeType.resize(MAX_MIMETYPE_LEN, '@');
    CHECK(request(mimeType, {}) == DRM_ERR_OK);
    CHECK(request(std::string(MAX_MIMETYPE_LEN, 'x'), {}) != DRM_ERR_OK);
    CHECK(request(mimeType + "@", {}) == DRM_ERR_INVALID_VAL);
    CHECK(request(std::string("video/mp4\0", 10), {}) == DRM_ERR_INVALID_VAL);
    CHECK(request("", {}) == DRM_ERR_INVALID_VAL);
    CHECK(request(std::string_view(), {}) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)session.generateRequest(MEDIA_KEY_TYPE_ONLINE, {nullptr, 5}, "video/mp4"); }) ==
          DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)session.generateRequest(MEDIA_KEY_TYPE_ONLINE, {}, "video/mp4"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)session.requiresSecureDecoder(std::string("video/avc\0", 10)); }) == DRM_ERR_INVALID_VAL);

    // C would take what is in front of a NUL.
    const std::string cut("com.clearplay.drm\0x", 19);
    CHECK(!MediaKeySystem::isSupported(cut));
    CHECK(!MediaKeySystem::isSupported(cut, "video/mp4"));
    CHECK(!MediaKeySystem::isSupported("com.clearplay.drm", std::string("video/mp4\0x", 11)));
    CHECK(!MediaKeySystem::isSupported(cut, "video/mp4", CONTENT_PROTECTION_LEVEL_SW_CRYPTO));
    CHECK(codeOf([&] { MediaKeySystem{cut}; }) == DRM_ERR_INVALID_VAL);
    const std::string name("na\0me", 5);
    CHECK(codeOf([&] { system.setConfiguration(name, "value"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { system.setConfiguration("name", std::string("val\0ue", 6)); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)system.configuration(name); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { system.setConfigurationBytes(name, CLEAR); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)system.configurationBytes(name); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)system.configuration("na"); }) == DRM_ERR_UNKNOWN);

    // As long as C allows, in UTF-8.
    const std::string longName(NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1, 'n');
    std::string longValue(NATIVE_DRM_MAX_CONFIG_VALUE_LEN - 1, 'v');
    longValue.replace(0, 4, "\xf0\x9f\x8e\xac");
    system.setConfiguration(longName, longValue);
    CHECK(system.configuration(longName) == longValue);
    CHECK(codeOf([&] { system.setConfiguration(longName + "n", "value"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { system.setConfiguration("name", longValue + "v"); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { system.setConfiguration("name", "\xff"); }) == DRM_ERR_INVALID_VAL);
    const Bytes longBytes(NATIVE_DRM_MAX_CONFIG_VALUE_LEN, 0);
    system.setConfigurationBytes("name", longBytes);
    CHECK(system.configurationBytes("name") == longBytes);
    CHECK(codeOf([&] { system.setConfigurationBytes("name", {nullptr, 1}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)session.processResponse({nullptr, 1}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)session.processResponse({}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { session.decrypt(ctr(), {nullptr, 16}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { (void)native_drm::parsePssh({nullptr, 16}); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { system.clearOfflineKeys({}); }) == DRM_ERR_INVALID_VAL);
}

/** A length that C's parameter cannot hold is refused, not cut. Nothing is read. */
void testLengths()
{
    if constexpr (sizeof(std::size_t) > 4) {
        MediaKeySystem system("com.clearplay.drm");
        const MediaKeySession session = system.createSession();
        std::uint8_t byte = 0;
        const auto size = static_cast<std::size_t>(UINT32_MAX) + 1 + 1;
        const native_drm::ByteSpan huge(&byte, size);
        CHECK(codeOf([&] { session.decrypt(native_drm::SampleInfo(), huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(session.tryDecrypt(native_drm::SampleInfo(), huge) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { session.decrypt(native_drm::CencInfo(), huge); }) == DRM_ERR_INVALID_VAL);
        const native_drm::SampleInfo info;
        CHECK(codeOf([&] { (void)native_drm::makeSample(info, huge); }) == DRM_ERR_INVALID_VAL);
        const DRM_Sample sample{};
        CHECK(codeOf([&] { session.decryptAll({&sample, size}); }) == DRM_ERR_INVALID_VAL);
        CHECK(session.tryDecryptAll({&sample, size}) == DRM_ERR_INVALID_VAL);
        const DrmSubsample subsample{};
        CHECK(codeOf([&] { native_drm::SampleInfo().subsamples(native_drm::SubsampleSpan(&subsample, size)); }) ==
              DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { native_drm::SampleInfo().borrowSubsamples({&subsample, size}); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { native_drm::CencInfo().setSubsamples(0, 0, {&subsample, size}); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { (void)session.processResponse(huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { (void)session.generateRequest(MEDIA_KEY_TYPE_ONLINE, huge, "cenc"); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { (void)session.generateReleaseRequest(huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { session.processReleaseResponse(huge, CLEAR); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { session.processReleaseResponse(KEY_ID, huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { session.restoreOfflineKeys(huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { system.setConfigurationBytes("name", huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { system.processProvisioningResponse(huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { (void)system.offlineKeyStatus(huge); }) == DRM_ERR_INVALID_VAL);
        CHECK(codeOf([&] { system.clearOfflineKeys(huge); }) == DRM_ERR_INVALID_VAL);
    }
}

void testSpans()
{
    using native_drm::ByteSpan;
    static_assert(!std::is_constructible_v<ByteSpan, const Bytes &> && std::is_constructible_v<ByteSpan, Bytes &>);
    static_assert(std::is_constructible_v<ConstByteSpan, const std::string &>);
    static_assert(std::is_constructible_v<ConstByteSpan, ByteSpan>);
    static_assert(!std::is_constructible_v<ByteSpan, ConstByteSpan>);
    static_assert(!std::is_constructible_v<ConstByteSpan, const std::u16string &>);
    static_assert(!std::is_constructible_v<ConstByteSpan, const char (&)[4]>);
    static_assert(std::is_constructible_v<ConstByteSpan, const std::uint8_t (&)[4]> &&
                  std::is_constructible_v<ByteSpan, std::uint8_t (&)[4]> &&
                  !std::is_constructible_v<ByteSpan, const std::uint8_t (&)[4]>);
    static_assert(std::is_constructible_v<native_drm::SubsampleSpan, const std::vector<DrmSubsample> &> &&
                  !std::is_constructible_v<native_drm::SubsampleSpan, const Bytes &>);
    std::uint8_t array[3] = {1, 2, 3};
    const ByteSpan span(array);
    CHECK(span.size() == 3 && span.data() == array && span[2] == 3 && !span.empty() && span.end() - span.begin() == 3);
    CHECK(ConstByteSpan().empty() && ConstByteSpan().data() == nullptr);
    const ConstByteSpan text = std::string_view("ab");
    CHECK(text.size() == 2 && text[1] == 'b');
}

} // namespace

int main()
{
    return runTests("test_cpp_objects", {testTypes, testFoundSessionStays, testViewsOfHandles, testMoves, testTexts, testLengths,
                                         testSpans});
}

/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file native_drm.hpp
 * @brief C++17 wrapper around the C API: ownership, exceptions, std::function callbacks. Header only.
 *
 * Every function reports failure by throwing native_drm::Error. The meaning of calls and codes is that of the C
 * functions, which the C headers describe. Because the C types have the same names in the global namespace, write
 * native_drm::MediaKeySystem in full rather than `using namespace native_drm`.
 */

#ifndef NATIVE_DRM_HPP
#define NATIVE_DRM_HPP

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "multimedia/drm_framework/native_drm_common.h"
#include "multimedia/drm_framework/native_drm_err.h"
#include "multimedia/drm_framework/native_drm_extension.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

namespace native_drm {

/** A failed call: which function, which code, and the library's message about it. */
class Error : public std::runtime_error {
public:
    /**
     * @param function name of the C function
     * @param code what it returned
     * @param message what it says about it
     */
    Error(const std::string &function, Drm_ErrCode code, const std::string &message)
        : std::runtime_error(function + ": " + message + " (" + std::to_string(static_cast<unsigned>(code)) + ")"),
          code_(code), message_(message)
    {
    }

    /** @return the code, one of Drm_ErrCode */
    Drm_ErrCode code() const noexcept { return code_; }

    /** @return OH_Drm_GetLastErrorMessage() as of the failure */
    const std::string &message() const noexcept { return message_; }

private:
    Drm_ErrCode code_;
    std::string message_;
};

/** Throws Error if code is not DRM_ERR_OK. */
inline void check(Drm_ErrCode code, const char *function)
{
    if (code != DRM_ERR_OK) {
        throw Error(function, code, OH_Drm_GetLastErrorMessage());
    }
}

/** Bytes that belong to somebody else: a pointer and a length. T is std::uint8_t or const std::uint8_t. */
template <typename T> class Span {
public:
    /** No bytes. */
    constexpr Span() noexcept = default;

    /** size bytes from data on. */
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    /** The bytes of a vector, array, string, span ... */
    template <typename Container,
              typename Element = std::remove_pointer_t<decltype(std::declval<Container &>().data())>,
              typename = std::enable_if_t<sizeof(Element) == 1 && (std::is_const_v<T> || !std::is_const_v<Element>)>>
    Span(Container &&container) : data_(reinterpret_cast<T *>(container.data())), size_(container.size())
    {
    }

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t index) const { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = Span<std::uint8_t>;
using ConstByteSpan = Span<const std::uint8_t>;
using KeyId = std::array<std::uint8_t, DRM_KEY_ID_SIZE>;
using Uuid = std::array<std::uint8_t, DRM_UUID_LEN>;

namespace detail {

/** The C API takes input as pointer to non-const; it does not write through it. */
inline std::uint8_t *input(ConstByteSpan bytes) noexcept
{
    return const_cast<std::uint8_t *>(bytes.data());
}

/** The length as the C API wants it. */
template <typename Integer> Integer length(std::size_t size, const char *function)
{
    if (size > static_cast<std::size_t>(std::numeric_limits<Integer>::max())) {
        throw Error(function, DRM_ERR_INVALID_VAL, std::to_string(size) + " bytes are too many");
    }
    return static_cast<Integer>(size);
}

/** Copies text into a zeroed array, which must have room for a NUL as well. */
template <std::size_t Size> void copyText(char (&array)[Size], std::string_view text, const char *function)
{
    if (text.size() >= Size || text.find('\0') != std::string_view::npos) {
        throw Error(function, DRM_ERR_INVALID_VAL, "text is longer than " + std::to_string(Size - 1) + " bytes or has a NUL");
    }
    std::memcpy(array, text.data(), text.size());
}

/** Text of an array that may be full. */
template <std::size_t Size> std::string text(const char (&array)[Size])
{
    return std::string(array, strnlen(array, Size));
}

/** Calls get(buffer, &length) with the room it asks for. */
template <typename Get> Bytes growing(std::size_t room, const char *function, Get get)
{
    Bytes buffer(room);
    for (;;) {
        auto size = static_cast<std::int32_t>(buffer.size());
        const Drm_ErrCode code = get(buffer.data(), &size);
        if (code == DRM_ERR_INVALID_VAL && size > 0 && static_cast<std::size_t>(size) > buffer.size()) {
            buffer.resize(static_cast<std::size_t>(size));
            continue;
        }
        check(code, function);
        buffer.resize(static_cast<std::size_t>(size));
        return buffer;
    }
}

} // namespace detail

/** @return version of the library that is running: major × 65536 + minor × 256 + patch */
inline std::uint32_t version() noexcept
{
    return OH_Drm_GetVersion();
}

/** A pssh box of a stream. */
struct Pssh {
    Uuid systemId;
    Bytes box;
};

/** Finds the pssh boxes of an MP4 file or segment, of raw boxes, of a DASH MPD or HLS playlist. */
inline std::vector<Pssh> parsePssh(ConstByteSpan data)
{
    const auto info = std::make_unique<DRM_MediaKeySystemInfo>();
    check(OH_Drm_ParseMediaKeySystemInfo(data.data(), data.size(), info.get()), "OH_Drm_ParseMediaKeySystemInfo");
    std::vector<Pssh> boxes(info->psshCount);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const DRM_PsshInfo &pssh = info->psshInfo[i];
        std::memcpy(boxes[i].systemId.data(), pssh.uuid, sizeof(pssh.uuid));
        boxes[i].box.assign(pssh.data, pssh.data + pssh.dataLen);
    }
    return boxes;
}

/** How one sample is encrypted; owns its subsamples. Its members are those of DRM_SampleInfo. */
class SampleInfo {
public:
    /**
     * @param algorithm the algorithm
     * @param keyId the key id, 16 bytes
     * @param iv the initialisation vector, 8 or 16 bytes
     */
    SampleInfo(DrmCencAlgorithm algorithm, ConstByteSpan keyId, ConstByteSpan iv)
    {
        if (keyId.size() != sizeof(info_.keyId) || iv.size() > sizeof(info_.iv)) {
            throw Error("SampleInfo", DRM_ERR_INVALID_VAL, "a key id has 16 bytes, an IV 8 or 16");
        }
        info_.structSize = sizeof(info_);
        info_.algorithm = algorithm;
        info_.ivLen = static_cast<std::uint32_t>(iv.size());
        std::memcpy(info_.keyId, keyId.data(), keyId.size());
        if (!iv.empty()) {
            std::memcpy(info_.iv, iv.data(), iv.size());
        }
    }

    /** Sets the scheme: DRM_CENC_SCHEME_AUTO, or the four characters of the schm box. */
    SampleInfo &scheme(std::uint32_t fourCharacters)
    {
        info_.scheme = fourCharacters;
        return *this;
    }

    /** Sets the pattern in 16-byte blocks. */
    SampleInfo &pattern(std::uint32_t cryptBlocks, std::uint32_t skipBlocks)
    {
        info_.cryptByteBlock = cryptBlocks;
        info_.skipByteBlock = skipBlocks;
        return *this;
    }

    /** Sets the subsamples; none means that the whole sample is protected. */
    SampleInfo &subsamples(std::vector<DrmSubsample> subsamples)
    {
        detail::length<std::uint32_t>(subsamples.size(), "SampleInfo");
        subsamples_ = std::move(subsamples);
        return *this;
    }

    /** @return the C struct; it points into this object */
    DRM_SampleInfo get() const noexcept
    {
        DRM_SampleInfo info = info_;
        info.subsampleCount = static_cast<std::uint32_t>(subsamples_.size());
        info.subsamples = subsamples_.empty() ? nullptr : subsamples_.data();
        return info;
    }

private:
    DRM_SampleInfo info_{};
    std::vector<DrmSubsample> subsamples_;
};

/** A key with its status word: USABLE EXPIRED OUTPUT_NOT_ALLOWED PENDING INTERNAL_ERROR or USABLE_IN_FUTURE. */
struct KeyStatus {
    KeyId id;
    std::string status;
};

/** A message for the licence server. */
struct MediaKeyRequest {
    DRM_MediaKeyRequestType type;
    Bytes data;
    std::string defaultUrl;
};

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

/** A name with a value. */
using NamedValue = std::pair<std::string, std::string>;

/**
 * Receives an event: its type, its data, a decimal number as text. Runs on the library's dispatcher thread, where every
 * function may be called, also one that replaces the callback or destroys the object. The views are valid during the call.
 * It must not throw: like an exception that leaves a thread's function, that ends the program.
 */
using EventCallback = std::function<void(DRM_EventType type, ConstByteSpan info, std::string_view extra)>;

/** Receives the session's keys after a status changed. Otherwise like EventCallback. */
using KeyChangeCallback = std::function<void(const std::vector<KeyStatus> &keys, bool newKeysAvailable)>;

namespace detail {

/** What the library's userData points to. A running callback holds it, so that it may replace or destroy itself. */
struct Callbacks : std::enable_shared_from_this<Callbacks> {
    EventCallback event;
    KeyChangeCallback keyChange;

    template <typename Handle>
    static Drm_ErrCode onEvent(Handle *, DRM_EventType type, std::uint8_t *info, std::int32_t infoLen, char *extra,
                               void *userData) noexcept
    {
        const auto self = static_cast<Callbacks *>(userData)->shared_from_this();
        self->event(type, ConstByteSpan(info, static_cast<std::size_t>(infoLen)), extra);
        return DRM_ERR_OK;
    }

    static Drm_ErrCode onKeyChange(::MediaKeySession *, DRM_KeysInfo *info, bool newKeys, void *userData) noexcept
    {
        const auto self = static_cast<Callbacks *>(userData)->shared_from_this();
        std::vector<KeyStatus> keys(info->keysInfoCount);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            std::memcpy(keys[i].id.data(), info->keyId[i], keys[i].id.size());
            keys[i].status = text(info->statusValue[i]);
        }
        self->keyChange(keys, newKeys);
        return DRM_ERR_OK;
    }
};

} // namespace detail

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
     * Generates the message that asks a licence server for the keys that init data names.
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

    /** Processes the licence server's answer. @return the media key id */
    Bytes processResponse(ConstByteSpan response)
    {
        const char *const function = "OH_MediaKeySession_ProcessMediaKeyResponse";
        const auto size = detail::length<std::int32_t>(response.size(), function);
        return detail::growing(MAX_OFFLINE_MEDIA_KEY_ID_LEN, function, [&](std::uint8_t *id, std::int32_t *idLen) {
            return OH_MediaKeySession_ProcessMediaKeyResponse(handle_, detail::input(response), size, id, idLen);
        });
    }

    /** @return the status of the keys: lower-case hexadecimal key ids (and licence properties) with their values */
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

    /** Processes the licence server's acknowledgement of a release. */
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

#endif /* NATIVE_DRM_HPP */

/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file media_key_session_functions.hpp
 * @brief What MediaKeySession and MediaKeySessionView have in common.
 */

#ifndef NATIVE_DRM_MEDIA_KEY_SESSION_FUNCTIONS_HPP
#define NATIVE_DRM_MEDIA_KEY_SESSION_FUNCTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../multimedia/drm_framework/native_drm_extension.h"
#include "../multimedia/drm_framework/native_mediadecrypt.h"
#include "../multimedia/drm_framework/native_mediakeysession.h"
#include "access_unit.hpp"
#include "av_buffer.hpp"
#include "cenc_info.hpp"
#include "core.hpp"
#include "sample_info.hpp"

namespace native_drm {

/** A message for the license server. */
struct MediaKeyRequest {
    DRM_MediaKeyRequestType type;
    Bytes data;
    std::string defaultUrl;
};

/**
 * The functions of a session, for MediaKeySession, which owns one, and MediaKeySessionView, which does not. Any thread, also
 * several at once.
 */
class MediaKeySessionFunctions {
public:
    /** @return the handle for C functions; still belongs to whom it belonged */
    ::MediaKeySession *get() const noexcept { return handle_; }

    /** @return true if there is a session; false after a move and for a view of nothing */
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    /** @return true if both are the same session */
    friend bool operator==(const MediaKeySessionFunctions &left, const MediaKeySessionFunctions &right) noexcept
    {
        return left.handle_ == right.handle_;
    }

    /** @return true if they are different sessions */
    friend bool operator!=(const MediaKeySessionFunctions &left, const MediaKeySessionFunctions &right) noexcept
    {
        return left.handle_ != right.handle_;
    }

    /**
     * Generates the message that asks a license server for the keys that init data names.
     *
     * @param type MEDIA_KEY_TYPE_ONLINE or MEDIA_KEY_TYPE_OFFLINE
     * @param initData the init data, at most MAX_INIT_DATA_LEN bytes
     * @param mimeType MIME type or EME init data type, at most MAX_MIMETYPE_LEN bytes
     * @param options names and values for the key system, at most MAX_MEDIA_KEY_REQUEST_OPTION_COUNT with as many bytes as
     *     the arrays of DRM_MediaKeyRequestInfo
     */
    MediaKeyRequest generateRequest(DRM_MediaKeyType type, ConstByteSpan initData, std::string_view mimeType,
                                    const std::vector<NamedValue> &options = {}) const
    {
        const char *const function = "OH_MediaKeySession_GenerateMediaKeyRequest";
        if (options.size() > MAX_MEDIA_KEY_REQUEST_OPTION_COUNT) {
            throw Error(function, DRM_ERR_INVALID_VAL, std::to_string(options.size()) + " options are too many");
        }
        const auto info = std::make_unique<DRM_MediaKeyRequestInfo>();
        const auto request = std::make_unique<DRM_MediaKeyRequest>();
        info->type = type;
        detail::copyBytes(info->initData, sizeof(info->initData), initData, function);
        info->initDataLen = static_cast<std::int32_t>(initData.size());
        detail::copyText(info->mimeType, mimeType, function);
        info->optionsCount = static_cast<std::uint32_t>(options.size());
        for (std::size_t i = 0; i < options.size(); ++i) {
            detail::copyText(info->optionName[i], options[i].first, function);
            detail::copyText(info->optionData[i], options[i].second, function);
        }
        check(OH_MediaKeySession_GenerateMediaKeyRequest(handle_, info.get(), request.get()), function);
        return {request->type, Bytes(request->data, request->data + request->dataLen), detail::text(request->defaultUrl)};
    }

    /** Processes the license server's answer. @return the media key id */
    Bytes processResponse(ConstByteSpan response) const
    {
        const char *const function = "OH_MediaKeySession_ProcessMediaKeyResponse";
        const auto size = detail::length<std::int32_t>(response.size(), function);
        return detail::growing<Bytes, std::int32_t>(
            MAX_OFFLINE_MEDIA_KEY_ID_LEN, function, [&](std::uint8_t *id, std::int32_t *idLen) {
                return OH_MediaKeySession_ProcessMediaKeyResponse(handle_, detail::input(response), size, id, idLen);
            });
    }

    /** @return the status of the keys: lower-case hexadecimal key ids (and license properties) with their values */
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
    void clearKeys() const { check(OH_MediaKeySession_ClearMediaKeys(handle_), "OH_MediaKeySession_ClearMediaKeys"); }

    /** Generates the message that gives a stored key back. */
    Bytes generateReleaseRequest(ConstByteSpan offlineKeyId) const
    {
        const char *const function = "OH_MediaKeySession_GenerateOfflineReleaseRequest";
        const auto idLen = detail::length<std::int32_t>(offlineKeyId.size(), function);
        return detail::growing<Bytes, std::int32_t>(
            MAX_MEDIA_KEY_REQUEST_DATA_LEN, function, [&](std::uint8_t *request, std::int32_t *size) {
                return OH_MediaKeySession_GenerateOfflineReleaseRequest(handle_, detail::input(offlineKeyId), idLen,
                                                                        request, size);
            });
    }

    /** Processes the license server's acknowledgement of a release. */
    void processReleaseResponse(ConstByteSpan offlineKeyId, ConstByteSpan response) const
    {
        const char *const function = "OH_MediaKeySession_ProcessOfflineReleaseResponse";
        const auto idLen = detail::length<std::int32_t>(offlineKeyId.size(), function);
        const auto size = detail::length<std::int32_t>(response.size(), function);
        check(OH_MediaKeySession_ProcessOfflineReleaseResponse(handle_, detail::input(offlineKeyId), idLen,
                                                               detail::input(response), size),
              function);
    }

    /** Loads a stored key into the session. */
    void restoreOfflineKeys(ConstByteSpan offlineKeyId) const
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
        const char *const function = "OH_MediaKeySession_RequireSecureDecoderModule";
        bool required = false;
        check(OH_MediaKeySession_RequireSecureDecoderModule(handle_, detail::cString(mimeType, function), &required),
              function);
        return required;
    }

    /** @return the licenses with a policy that the session holds, as a JSON array: which window binds, what comes next */
    std::string explainLicenses() const
    {
        return detail::growingText(4096, "OH_MediaKeySession_ExplainLicenses", [this](char *json, std::uint32_t *size) {
            return OH_MediaKeySession_ExplainLicenses(handle_, json, size);
        });
    }

    /** Decrypts a sample in place; when it throws, the sample is as it was. Allocates nothing. */
    void decrypt(const DRM_SampleInfo &info, ByteSpan sample) const
    {
        const auto size = detail::length<std::uint32_t>(sample.size(), "OH_MediaKeySession_DecryptSample");
        check(OH_MediaKeySession_DecryptSample(handle_, &info, sample.data(), size), "OH_MediaKeySession_DecryptSample");
    }

    /** Decrypts a sample in place; when it throws, the sample is as it was. Allocates nothing. */
    void decrypt(const SampleInfo &info, ByteSpan sample) const { decrypt(info.get(), sample); }

    /** Decrypts a sample that an OH_AVCencInfo describes. */
    void decrypt(::OH_AVCencInfo *info, ByteSpan sample) const
    {
        const char *const function = "OH_MediaKeySession_DecryptSampleWithCencInfo";
        const auto size = detail::length<std::uint32_t>(sample.size(), function);
        check(OH_MediaKeySession_DecryptSampleWithCencInfo(handle_, info, sample.data(), size), function);
    }

    /** Decrypts a sample that an OH_AVCencInfo describes. */
    void decrypt(const CencInfo &info, ByteSpan sample) const { decrypt(info.get(), sample); }

    /** Decrypts the data of a buffer, as the CencInfo says that was attached to it. */
    void decrypt(::OH_AVBuffer *buffer) const
    {
        check(OH_MediaKeySession_DecryptAVBuffer(handle_, buffer), "OH_MediaKeySession_DecryptAVBuffer");
    }

    /** Decrypts the data of a buffer, as the CencInfo says that was attached to it. */
    void decrypt(const AvBuffer &buffer) const { decrypt(buffer.get()); }

    /** Like decrypt(), but returns the code, for loops where a missing key is no surprise. */
    Drm_ErrCode tryDecrypt(const DRM_SampleInfo &info, ByteSpan sample) const noexcept
    {
        if (sample.size() > UINT32_MAX) {
            return DRM_ERR_INVALID_VAL;
        }
        return OH_MediaKeySession_DecryptSample(handle_, &info, sample.data(), static_cast<std::uint32_t>(sample.size()));
    }

    /** Like decrypt(), but returns the code. */
    Drm_ErrCode tryDecrypt(const SampleInfo &info, ByteSpan sample) const noexcept { return tryDecrypt(info.get(), sample); }

    /** Decrypts samples (see makeSample()) in place; when it throws SampleError, all of them are as they were. */
    void decryptAll(Span<const DRM_Sample> samples) const
    {
        const char *const function = "OH_MediaKeySession_DecryptSamples";
        const auto count = detail::length<std::uint32_t>(samples.size(), function);
        std::uint32_t failed = 0;
        const Drm_ErrCode code = OH_MediaKeySession_DecryptSamples(handle_, samples.data(), count, &failed);
        if (code != DRM_ERR_OK) {
            throw SampleError(Error(function, code, lastErrorMessage()), failed);
        }
    }

    /** Like decryptAll(), but returns the code. failed receives the index of the sample that was refused, on failure only. */
    Drm_ErrCode tryDecryptAll(Span<const DRM_Sample> samples, std::uint32_t *failed = nullptr) const noexcept
    {
        if (samples.size() > UINT32_MAX) {
            return DRM_ERR_INVALID_VAL;
        }
        return OH_MediaKeySession_DecryptSamples(handle_, samples.data(), static_cast<std::uint32_t>(samples.size()), failed);
    }

    /**
     * Decrypts an access unit in place, see AccessUnitStream; when it throws, unit and stream are as they were. Allocates nothing.
     *
     * @return bytes that the unit has now, which are at its start: it may get shorter
     */
    std::size_t decrypt(AccessUnitStream &stream, ByteSpan unit) const
    {
        const char *const function = "OH_MediaKeySession_DecryptAccessUnit";
        auto size = detail::length<std::uint32_t>(unit.size(), function);
        check(OH_MediaKeySession_DecryptAccessUnit(handle_, &stream.info(), &stream.state(), unit.data(), &size), function);
        return size;
    }

    /** Like decrypt(), but returns the code. size receives the bytes that the unit has now, on success only. */
    Drm_ErrCode tryDecrypt(AccessUnitStream &stream, ByteSpan unit, std::size_t &size) const noexcept
    {
        if (unit.size() > UINT32_MAX) {
            return DRM_ERR_INVALID_VAL;
        }
        auto left = static_cast<std::uint32_t>(unit.size());
        const Drm_ErrCode code =
            OH_MediaKeySession_DecryptAccessUnit(handle_, &stream.info(), &stream.state(), unit.data(), &left);
        if (code == DRM_ERR_OK) {
            size = left;
        }
        return code;
    }

protected:
    explicit MediaKeySessionFunctions(::MediaKeySession *handle) noexcept : handle_(handle) {}
    // Protected: through a reference to this class an owner's handle could be replaced.
    MediaKeySessionFunctions(const MediaKeySessionFunctions &) noexcept = default;
    MediaKeySessionFunctions &operator=(const MediaKeySessionFunctions &) noexcept = default;
    ~MediaKeySessionFunctions() = default;

    /** The session, which the derived class owns or not. */
    ::MediaKeySession *handle_;
};

} // namespace native_drm

#endif /* NATIVE_DRM_MEDIA_KEY_SESSION_FUNCTIONS_HPP */

// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the vector test share: where the vectors are, what has run, small helpers around the C API.
#ifndef TEST_SUPPORT_VECTORS_HPP
#define TEST_SUPPORT_VECTORS_HPP

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "drm.h"
#include "guard.h"
#include "media.hpp"

namespace vectors {

using nlohmann::json;
using media::Bytes;

struct Run {
    std::filesystem::path directory;
    json manifest;
    size_t vectors = 0;
    size_t tracks = 0;
    size_t samples = 0;   // Media samples; each is decrypted through three functions.
    size_t encrypted = 0; // Those of them that are encrypted.
    size_t texts = 0;     // Cases in crypto/*.json.
    size_t boxes = 0;     // pssh boxes found by OH_Drm_ParseMediaKeySystemInfo.
};

/// Says which vector a failed check belongs to.
inline bool expect(bool ok, const std::string &where, const std::string &what)
{
    if (!ok) {
        std::cerr << where << ": " << what << " (last error: " << OH_Drm_GetLastErrorMessage() << ")" << std::endl;
    }
    return check_result(ok);
}

template <typename Actual, typename Expected>
bool expect_equal(const Actual &actual, const Expected &expected, const std::string &where, const std::string &what)
{
    if (!(actual == expected)) {
        std::cerr << where << ": " << what << ": expected " << expected << ", actual " << actual << std::endl;
    }
    return check_result(actual == expected);
}

inline Bytes from_hex(const std::string &text)
{
    Bytes out(text.size() / 2);
    hex_decode(text.c_str(), out.data());
    return out;
}

inline std::string to_hex(const Bytes &bytes)
{
    std::string out(bytes.size() * 2 + 1, '\0');
    hex_encode(bytes.data(), bytes.size(), out.data());
    out.resize(bytes.size() * 2);
    return out;
}

inline Bytes from_base64(const std::string &text)
{
    static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        size_t digit = alphabet.find(c);
        if (digit == std::string::npos) {
            continue;
        }
        bits = bits << 6 | static_cast<uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<uint8_t>(bits >> count));
        }
    }
    return out;
}

inline std::string to_base64(const Bytes &bytes, bool url)
{
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    base64_encode(bytes.data(), bytes.size(), url, out.data());
    out.resize(std::strlen(out.c_str()));
    return out;
}

/// Bytes in front of a page without access, so that a read or write too far crashes.
class Guarded {
public:
    explicit Guarded(const Bytes &bytes)
        : size_(bytes.size()), data_(static_cast<uint8_t *>(guard_copy(bytes.data(), bytes.size())))
    {
    }
    ~Guarded() { guard_free(data_, size_); }
    Guarded(const Guarded &) = delete;
    Guarded &operator=(const Guarded &) = delete;

    uint8_t *data() { return data_; }
    uint32_t size() const { return static_cast<uint32_t>(size_); }
    Bytes bytes() const { return Bytes(data_, data_ + size_); }

private:
    size_t size_;
    uint8_t *data_;
};

/// A MediaKeySystem and one session of it.
class Player {
public:
    explicit Player(const std::string &name) : name_(name), system_(make_system(name.c_str()))
    {
        session_ = make_session(system_);
    }
    ~Player()
    {
        CHECK_OK(OH_MediaKeySession_Destroy(session_));
        CHECK_OK(OH_MediaKeySystem_Destroy(system_));
    }
    Player(const Player &) = delete;
    Player &operator=(const Player &) = delete;

    MediaKeySystem *system() { return system_; }
    MediaKeySession *session() { return session_; }
    bool is_clearplay() const { return name_ == CLEARPLAY; }

    /// The key ids, in hexadecimal, of the request that init data leads to; `code` receives what the call returned.
    std::vector<std::string> request(const char *mime, const Bytes &init_data, Drm_ErrCode &code)
    {
        std::vector<std::string> out;
        DRM_MediaKeyRequestInfo *info = make_request_info(mime, init_data.data(), init_data.size());
        auto request = std::make_unique<DRM_MediaKeyRequest>();
        code = OH_MediaKeySession_GenerateMediaKeyRequest(session_, info, request.get());
        if (code == DRM_ERR_OK) {
            std::string text(reinterpret_cast<const char *>(request->data), static_cast<size_t>(request->dataLen));
            const json message = json::parse(text);
            CHECK_STR(message.at("type").get<std::string>().c_str(), "temporary");
            for (const json &entry : message.at("kids")) {
                std::string kid = entry;
                std::string standard = kid;
                std::replace(standard.begin(), standard.end(), '-', '+');
                std::replace(standard.begin(), standard.end(), '_', '/');
                // Each key system has its own alphabet and padding.
                CHECK_STR(kid.c_str(), to_base64(from_base64(standard), !is_clearplay()).c_str());
                out.push_back(to_hex(from_base64(standard)));
            }
        }
        free(info);
        return out;
    }

    /// The key ids, in hexadecimal, that the session lists as usable.
    std::vector<std::string> usable_keys()
    {
        auto status = std::make_unique<DRM_MediaKeyStatus>();
        std::vector<std::string> out;
        CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session_, status.get()));
        for (uint32_t i = 0; i < status->statusCount; i++) {
            CHECK_STR(status->statusValue[i], "USABLE");
            out.emplace_back(status->statusName[i]);
        }
        return out;
    }

private:
    std::string name_;
    MediaKeySystem *system_;
    MediaKeySession *session_ = nullptr;
};

inline uint32_t scheme_code(const std::string &scheme)
{
    if (scheme == "cens") {
        return DRM_CENC_SCHEME_CENS;
    }
    if (scheme == "cbc1") {
        return DRM_CENC_SCHEME_CBC1;
    }
    if (scheme == "cbcs") {
        return DRM_CENC_SCHEME_CBCS;
    }
    return DRM_CENC_SCHEME_CENC;
}

inline bool is_cbc(const std::string &scheme)
{
    return scheme == "cbc1" || scheme == "cbcs";
}

/// One sample for the decrypt functions; `info()` is valid as long as the object.
class SampleCall {
public:
    SampleCall(const media::Sample &sample, const std::string &scheme, bool sm4, bool automatic)
        : scheme_(scheme), data_(sample.data)
    {
        std::memset(&info_, 0, sizeof(info_));
        info_.structSize = sizeof(info_);
        if (sample.encrypted) {
            if (sm4) {
                info_.algorithm = is_cbc(scheme) ? DRM_ALG_CENC_SM4_CBC : DRM_ALG_CENC_SM4_CTR;
            } else {
                info_.algorithm = is_cbc(scheme) ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR;
            }
            info_.scheme = automatic ? DRM_CENC_SCHEME_AUTO : scheme_code(scheme);
            info_.ivLen = static_cast<uint32_t>(sample.iv.size());
            std::copy(sample.kid.begin(), sample.kid.end(), info_.keyId);
            std::copy(sample.iv.begin(), sample.iv.end(), info_.iv);
            info_.cryptByteBlock = sample.crypt;
            info_.skipByteBlock = sample.skip;
            for (const media::Subsample &subsample : sample.subsamples) {
                subsamples_.push_back(DrmSubsample{subsample.clear, subsample.encrypted});
            }
            info_.subsampleCount = static_cast<uint32_t>(subsamples_.size());
            info_.subsamples = subsamples_.empty() ? nullptr : subsamples_.data();
        }
    }
    SampleCall(const SampleCall &) = delete;
    SampleCall &operator=(const SampleCall &) = delete;

    /// Whether algorithm and pattern alone tell the scheme.
    static bool can_be_automatic(const media::Sample &sample, const std::string &scheme)
    {
        bool has_pattern = sample.crypt != 0 || sample.skip != 0;
        return scheme == "cenc" || scheme == "webm" || scheme == "cbc1" || has_pattern;
    }

    const DRM_SampleInfo *info() const { return &info_; }
    Guarded &data() { return data_; }

    Drm_ErrCode decrypt(MediaKeySession *session)
    {
        return OH_MediaKeySession_DecryptSample(session, &info_, data_.size() == 0 ? nullptr : data_.data(),
                                                data_.size());
    }

    /// Whether an OH_AVCencInfo can describe the sample.
    bool fits_cenc_info() const { return subsamples_.size() <= DRM_KEY_MAX_SUB_SAMPLE_NUM; }

    /// Describes the sample by an OH_AVCencInfo.
    void describe(OH_AVCencInfo *cenc_info, bool use_offset)
    {
        std::vector<DrmSubsample> subsamples = subsamples_;
        uint32_t offset = 0;
        uint32_t crypt = info_.cryptByteBlock;
        if (use_offset && !subsamples.empty()) {
            offset = subsamples[0].clearHeaderLen;
            subsamples[0].clearHeaderLen = 0;
        }
        if ((scheme_ == "cbcs" || scheme_ == "cens") && crypt == 0 && info_.skipByteBlock == 0) {
            crypt = 1; // Pattern 1:0 says here what 0:0 says in the stream.
        }
        DrmSubsample none = {0, 0};
        CHECK_INT(OH_AVCencInfo_SetAlgorithm(cenc_info, info_.algorithm), AV_ERR_OK);
        CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(cenc_info, info_.keyId, DRM_KEY_ID_SIZE, info_.iv, DRM_KEY_IV_SIZE),
                  AV_ERR_OK);
        CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(cenc_info, crypt, info_.skipByteBlock, offset,
                                                 static_cast<uint32_t>(subsamples.size()),
                                                 subsamples.empty() ? &none : subsamples.data()),
                  AV_ERR_OK);
        CHECK_INT(OH_AVCencInfo_SetMode(cenc_info, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET), AV_ERR_OK);
    }

    Drm_ErrCode decrypt_with_cenc_info(MediaKeySession *session, OH_AVCencInfo *cenc_info, bool use_offset)
    {
        describe(cenc_info, use_offset);
        return OH_MediaKeySession_DecryptSampleWithCencInfo(
            session, cenc_info, data_.size() == 0 ? nullptr : data_.data(), data_.size());
    }

    /// By the DRM_SampleInfo that the OH_AVCencInfo gives.
    Drm_ErrCode decrypt_as_regained(MediaKeySession *session, OH_AVCencInfo *cenc_info, bool use_offset)
    {
        DrmSubsample subsamples[DRM_KEY_MAX_SUB_SAMPLE_NUM + 1];
        uint32_t count = DRM_KEY_MAX_SUB_SAMPLE_NUM + 1;
        DRM_SampleInfo info;
        info.structSize = sizeof(info);
        describe(cenc_info, use_offset);
        CHECK_INT(OH_AVCencInfo_GetSampleInfo(cenc_info, data_.size(), &info, subsamples, &count), AV_ERR_OK);
        return OH_MediaKeySession_DecryptSample(session, &info, data_.size() == 0 ? nullptr : data_.data(),
                                                data_.size());
    }

    /// In an OH_AVBuffer, some bytes behind its start.
    Drm_ErrCode decrypt_in_buffer(MediaKeySession *session, OH_AVCencInfo *cenc_info, bool use_offset)
    {
        OH_AVCodecBufferAttr attr = {0, static_cast<int32_t>(data_.size()), use_offset ? 5 : 0, 0};
        OH_AVBuffer *buffer = OH_AVBuffer_Create(attr.offset + attr.size + 1);
        REQUIRE(buffer != nullptr);
        uint8_t *place = OH_AVBuffer_GetAddr(buffer) + attr.offset;
        std::copy(data_.data(), data_.data() + data_.size(), place);
        CHECK_INT(OH_AVBuffer_SetBufferAttr(buffer, &attr), AV_ERR_OK);
        describe(cenc_info, use_offset);
        CHECK_INT(OH_AVCencInfo_SetAVBuffer(cenc_info, buffer), AV_ERR_OK);
        Drm_ErrCode code = OH_MediaKeySession_DecryptAVBuffer(session, buffer);
        std::copy(place, place + data_.size(), data_.data());
        CHECK_INT(place[attr.size], 0);
        CHECK_INT(OH_AVBuffer_Destroy(buffer), AV_ERR_OK);
        return code;
    }

private:
    std::string scheme_;
    std::vector<DrmSubsample> subsamples_;
    DRM_SampleInfo info_;
    Guarded data_;
};

/// The file names in a member of a vector; none if it has no such member.
inline std::vector<std::string> names(const json &vector, const char *member)
{
    return vector.value(member, std::vector<std::string>());
}

inline json read_json(const std::filesystem::path &path)
{
    std::ifstream in(path);
    if (!in) {
        throw std::runtime_error("cannot open " + path.string());
    }
    return json::parse(in);
}

} // namespace vectors

#endif // TEST_SUPPORT_VECTORS_HPP

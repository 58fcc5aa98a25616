// SPDX-License-Identifier: Apache-2.0
//
// A player that was written for OpenHarmony's NDK alone, as browser engines do it: its demuxer side knows a sample's encryption
// and attaches it to the decoder's input buffer, by the NDK's headers and functions; its decoder side, here the test, has
// nothing but the buffer. Input buffers are used again and again.
#include <multimedia/player_framework/native_avbuffer.h>
#include <multimedia/player_framework/native_averrors.h>
#include <multimedia/player_framework/native_cencinfo.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace player {

enum class Scheme { kCenc, kCbcs };

/// What the demuxer says about an encrypted sample.
struct Encryption {
    Scheme scheme = Scheme::kCenc;
    std::string key_id;
    std::string iv;
    std::vector<std::pair<uint32_t, uint32_t>> subsamples; // clear, protected
    uint32_t crypt_blocks = 0;
    uint32_t skip_blocks = 0;
};

struct Destroy {
    void operator()(OH_AVCencInfo *info) const { OH_AVCencInfo_Destroy(info); }
};
using CencInfo = std::unique_ptr<OH_AVCencInfo, Destroy>;

/// Tells the decoder of a clear sample, as the buffer may still say how its last one was encrypted.
bool attach_clear(OH_AVBuffer *buffer)
{
    CencInfo info(OH_AVCencInfo_Create());
    return info != nullptr && OH_AVCencInfo_SetAlgorithm(info.get(), DRM_ALG_CENC_UNENCRYPTED) == AV_ERR_OK &&
           OH_AVCencInfo_SetMode(info.get(), DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET) == AV_ERR_OK &&
           OH_AVCencInfo_SetAVBuffer(info.get(), buffer) == AV_ERR_OK;
}

bool attach(const Encryption &encryption, size_t sample_size, OH_AVBuffer *buffer)
{
    std::string key_id = encryption.key_id;
    std::string iv = encryption.iv;
    if (key_id.size() != DRM_KEY_ID_SIZE || iv.size() > DRM_KEY_IV_SIZE) {
        return false;
    }
    iv.resize(DRM_KEY_IV_SIZE, '\0');
    std::vector<DrmSubsample> table;
    for (const auto &[clear, payload] : encryption.subsamples) {
        table.push_back(DrmSubsample{clear, payload});
    }
    if (table.empty()) {
        table.push_back(DrmSubsample{0, static_cast<uint32_t>(sample_size)});
    }
    bool cbcs = encryption.scheme == Scheme::kCbcs;
    CencInfo info(OH_AVCencInfo_Create());
    OH_AVErrCode code = OH_AVCencInfo_SetAlgorithm(info.get(), cbcs ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR);
    if (code == AV_ERR_OK) {
        code = OH_AVCencInfo_SetKeyIdAndIv(info.get(), reinterpret_cast<uint8_t *>(key_id.data()), DRM_KEY_ID_SIZE,
                                           reinterpret_cast<uint8_t *>(iv.data()), DRM_KEY_IV_SIZE);
    }
    if (code == AV_ERR_OK) {
        code = OH_AVCencInfo_SetSubsampleInfo(info.get(), encryption.crypt_blocks, encryption.skip_blocks, 0,
                                              static_cast<uint32_t>(table.size()), table.data());
    }
    if (code == AV_ERR_OK) {
        code = OH_AVCencInfo_SetMode(info.get(), DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET);
    }
    return code == AV_ERR_OK && OH_AVCencInfo_SetAVBuffer(info.get(), buffer) == AV_ERR_OK;
}

/// Puts a sample into an input buffer.
bool fill(OH_AVBuffer *buffer, const std::vector<uint8_t> &sample, const std::optional<Encryption> &encryption,
          int64_t pts)
{
    uint8_t *address = OH_AVBuffer_GetAddr(buffer);
    if (address == nullptr || static_cast<size_t>(OH_AVBuffer_GetCapacity(buffer)) < sample.size()) {
        return false;
    }
    std::copy(sample.begin(), sample.end(), address);
    OH_AVCodecBufferAttr attr = {};
    attr.pts = pts;
    attr.size = static_cast<int32_t>(sample.size());
    attr.flags = sample.empty() ? AVCODEC_BUFFER_FLAGS_EOS : AVCODEC_BUFFER_FLAGS_NONE;
    if (OH_AVBuffer_SetBufferAttr(buffer, &attr) != AV_ERR_OK) {
        return false;
    }
    return encryption ? attach(*encryption, sample.size(), buffer) : attach_clear(buffer);
}

} // namespace player

#include "support/check.h"
#include "support/drm.h"

namespace {

struct Case {
    const char *name;
    std::optional<player::Encryption> encryption;
    const char *data;
    const char *clear;
};

std::vector<uint8_t> from_hex(const char *text)
{
    std::vector<uint8_t> bytes(std::string(text).size() / 2);
    hex_decode(text, bytes.data());
    return bytes;
}

player::Encryption encryption(player::Scheme scheme, const char *iv, uint32_t crypt,
                              std::vector<std::pair<uint32_t, uint32_t>> subsamples)
{
    player::Encryption out;
    out.scheme = scheme;
    out.key_id.assign(KID_A, KID_A + 16);
    std::vector<uint8_t> bytes = from_hex(iv);
    out.iv.assign(bytes.begin(), bytes.end());
    out.crypt_blocks = crypt;
    out.subsamples = std::move(subsamples);
    return out;
}

/// NIST SP 800-38A F.5.1 and F.2.1.
const std::vector<Case> &cases()
{
    using player::Scheme;
    static const std::vector<Case> all = {
        {"cenc", encryption(Scheme::kCenc, NIST_CTR_IV, 0, {}), NIST_CTR_CIPHER, NIST_PLAIN},
        {"clear, behind an encrypted one", std::nullopt, NIST_CTR_CIPHER, NIST_CTR_CIPHER},
        {"cenc, in pieces", encryption(Scheme::kCenc, NIST_CTR_IV, 0, {{0, 10}, {0, 22}, {0, 32}}), NIST_CTR_CIPHER,
         NIST_PLAIN},
        {"cbcs", encryption(Scheme::kCbcs, NIST_CBC_IV, 1, {{0, 64}}), NIST_CBC_CIPHER, NIST_PLAIN},
        {"end of the stream", std::nullopt, "", ""},
    };
    return all;
}

/// What the decoder gets.
void expect_decrypted(MediaKeySession *session, OH_AVBuffer *buffer, const Case &one, int64_t pts)
{
    OH_AVCodecBufferAttr attr;
    std::vector<uint8_t> clear = from_hex(one.clear);
    bool ok = CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    ok = CHECK_INT(OH_AVBuffer_GetBufferAttr(buffer, &attr), AV_ERR_OK) && ok;
    ok = CHECK_INT(attr.pts, pts) && ok;
    ok = CHECK_INT(attr.size, clear.size()) && ok;
    ok = CHECK_INT(attr.flags, clear.empty() ? AVCODEC_BUFFER_FLAGS_EOS : AVCODEC_BUFFER_FLAGS_NONE) && ok;
    ok = CHECK_MEM(OH_AVBuffer_GetAddr(buffer), clear.data(), clear.size()) && ok;
    if (!ok) {
        std::fprintf(stderr, "    %s\n", one.name);
    }
}

void plays(MediaKeySession *session)
{
    std::vector<OH_AVBuffer *> pool = {OH_AVBuffer_Create(NIST_SIZE), OH_AVBuffer_Create(4096)};
    int64_t pts = 0;
    for (int round = 0; round < 4; round++) {
        for (const Case &one : cases()) {
            OH_AVBuffer *buffer = pool[static_cast<size_t>(pts) % pool.size()];
            REQUIRE(player::fill(buffer, from_hex(one.data), one.encryption, pts));
            expect_decrypted(session, buffer, one, pts);
            pts++;
        }
    }
    for (OH_AVBuffer *buffer : pool) {
        CHECK_INT(OH_AVBuffer_Destroy(buffer), AV_ERR_OK);
    }
}

/// A buffer that was filled and never decoded, as after a seek, is filled again.
void seeks(MediaKeySession *session)
{
    OH_AVBuffer *buffer = OH_AVBuffer_Create(NIST_SIZE);
    for (const Case &before : cases()) {
        for (const Case &after : cases()) {
            REQUIRE(player::fill(buffer, from_hex(before.data), before.encryption, 1));
            REQUIRE(player::fill(buffer, from_hex(after.data), after.encryption, 2));
            expect_decrypted(session, buffer, after, 2);
        }
    }
    CHECK_INT(OH_AVBuffer_Destroy(buffer), AV_ERR_OK);
}

void refused()
{
    OH_AVBuffer *buffer = OH_AVBuffer_Create(NIST_SIZE);
    std::vector<uint8_t> sample = from_hex(NIST_CTR_CIPHER);
    player::Encryption wrong = *cases()[0].encryption;
    wrong.key_id.pop_back();
    CHECK(!player::fill(buffer, sample, wrong, 0));
    wrong = *cases()[0].encryption;
    wrong.subsamples.assign(DRM_KEY_MAX_SUB_SAMPLE_NUM + 1, {0, 1});
    CHECK(!player::fill(buffer, sample, wrong, 0));
    sample.push_back(0);
    CHECK(!player::fill(buffer, sample, cases()[0].encryption, 0));
    CHECK_INT(OH_AVBuffer_Destroy(buffer), AV_ERR_OK);
    CHECK(!player::fill(buffer, {}, std::nullopt, 0));
    CHECK(!player::attach_clear(buffer));
}

} // namespace

int main()
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    give_key(session, KID_A, NIST_KEY);
    plays(session);
    seeks(session);
    refused();
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    return check_finish("test_avbuffer_client");
}

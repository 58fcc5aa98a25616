/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: OH_AVBuffer, and what an OH_AVCencInfo holds.
 */

#include "support/wrapper.hpp"

#include <algorithm>
#include <type_traits>

namespace {

using native_drm::AvBuffer;
using native_drm::CencInfo;

/** Puts a sample into a buffer, behind `offset` bytes. */
void fill(AvBuffer &buffer, const Bytes &sample, std::int32_t offset)
{
    std::copy(sample.begin(), sample.end(), buffer.memory().begin() + offset);
    OH_AVCodecBufferAttr attributes{};
    attributes.offset = offset;
    attributes.size = static_cast<std::int32_t>(sample.size());
    attributes.pts = 40;
    buffer.setAttributes(attributes);
}

Bytes dataOf(const AvBuffer &buffer)
{
    const auto attributes = buffer.attributes();
    const auto begin = buffer.memory().begin() + attributes.offset;
    return Bytes(begin, begin + attributes.size);
}

void testBuffers()
{
    static_assert(!std::is_constructible_v<AvBuffer, ::OH_AVBuffer *> && !std::is_copy_constructible_v<AvBuffer>);
    static_assert(std::is_nothrow_move_constructible_v<AvBuffer>);
    native_drm::MediaKeySystem system("com.clearplay.drm");
    const auto session = system.createSession();
    session.processResponse(ONLINE);
    AvBuffer buffer(128);
    CHECK(buffer.memory().size() == 128 && buffer.attributes().size == 0);
    fill(buffer, CTR_DATA, 3);
    CHECK(codeOf([&] { session.decrypt(buffer); }) == DRM_ERR_INVALID_VAL);
    CencInfo info;
    info.setAlgorithm(DRM_ALG_CENC_AES_CTR);
    info.setKeyIdAndIv(KEY_ID, CTR_IV);
    info.attachTo(buffer);
    session.decrypt(buffer);
    CHECK(dataOf(buffer) == CLEAR && buffer.attributes().pts == 40);
    // What was attached counts once.
    CHECK(codeOf([&] { session.decrypt(buffer); }) == DRM_ERR_INVALID_VAL);
    info.setKeyIdAndIv(OTHER_ID, CTR_IV);
    info.attachTo(buffer.get());
    CHECK(codeOf([&] { session.decrypt(buffer.get()); }) == DRM_ERR_NO_KEY);
    CHECK(dataOf(buffer) == CLEAR);

    CHECK(codeOf([] { AvBuffer{0}; }) == DRM_ERR_INVALID_VAL);
    OH_AVCodecBufferAttr outside{};
    outside.size = 129;
    CHECK(codeOf([&] { buffer.setAttributes(outside); }) == DRM_ERR_INVALID_VAL);
    CHECK(codeOf([&] { info.attachTo(nullptr); }) == DRM_ERR_INVALID_VAL);

    ::OH_AVBuffer *const handle = buffer.release();
    CHECK(buffer.get() == nullptr && buffer.memory().empty());
    CHECK(codeOf([&] { (void)buffer.attributes(); }) == DRM_ERR_INVALID_VAL);
    buffer = AvBuffer::adopt(handle);
    AvBuffer moved = std::move(buffer);
    CHECK(moved.memory().size() == 128);
    moved = AvBuffer(1);
    CHECK(OH_AVBuffer_GetCapacity(handle) == -1);
}

void testSampleInfo()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    const auto session = system.createSession();
    session.processResponse(ONLINE);
    native_drm::SampleInfo kept;
    const auto raw = [](const native_drm::SampleInfo &info) { return info.get(); };
    {
        CencInfo info;
        CHECK(raw(info.sampleInfo()).algorithm == DRM_ALG_CENC_UNENCRYPTED);
        info.setAlgorithm(DRM_ALG_CENC_AES_CTR);
        info.setKeyIdAndIv(KEY_ID, CTR_IV);
        info.setSubsamples(0, 0, std::vector<DrmSubsample>{{2, 40}, {0, 24}}, 1);
        kept = info.sampleInfo();
        info.setSubsamples(0, 0, {}, 3);
        CHECK(raw(info.sampleInfo(67)).subsampleCount == 1);
        info.setMode(DRM_CENC_INFO_KEY_IV_SUBSAMPLES_NOT_SET);
        CHECK(raw(info.sampleInfo()).ivLen == 0);
        CencInfo moved = std::move(info);
        CHECK(codeOf([&] { (void)info.sampleInfo(); }) == DRM_ERR_INVALID_VAL);
    }
    Bytes sample = hex("010203") + CTR_DATA;
    session.decrypt(kept, sample);
    CHECK(sample == hex("010203") + CLEAR);
}

} // namespace

int main()
{
    return runTests("test_cpp_avbuffer", {testBuffers, testSampleInfo});
}

// SPDX-License-Identifier: Apache-2.0
//
// Streams of tests/streams: each unit that the packager encrypted with SAMPLE-AES becomes the one that it wrote without
// encryption, with start codes and with lengths before NAL units; and each unit with content encryption information
// becomes the recorded one.
#include <cstdlib>

#include "support/mpeg_ts.hpp"
#include "support/sha256.hpp"
#include "support/vectors.hpp"

namespace {

using media::Bytes;

const uint8_t kKeyId[16] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};
const uint8_t kKey[16] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f};
const uint8_t kIv[16] = {0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f};

struct Stream {
    const char *name;
    uint32_t format;
    size_t units;      // At least so many.
    bool gets_shorter; // The packager had to add emulation prevention.
};

const Stream kStreams[] = {
    {"h264.ts", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 20, false},
    {"slices.ts", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 10, false},
    {"prevention.ts", DRM_ACCESS_UNIT_SAMPLE_AES_H264, 2, true},
    {"aac.ts", DRM_ACCESS_UNIT_SAMPLE_AES_AAC, 1, false},
    {"ac3.ts", DRM_ACCESS_UNIT_SAMPLE_AES_AC3, 1, false},
    {"ec3.ts", DRM_ACCESS_UNIT_SAMPLE_AES_EAC3, 1, false},
    {"aac.aac", DRM_ACCESS_UNIT_SAMPLE_AES_AAC, 1, false},
    {"ac3.ac3", DRM_ACCESS_UNIT_SAMPLE_AES_AC3, 1, false},
    {"ec3.ec3", DRM_ACCESS_UNIT_SAMPLE_AES_EAC3, 1, false},
};

std::vector<Bytes> units_of(const std::filesystem::path &path)
{
    Bytes file = media::read_file(path.string());
    if (path.extension() == ".ts") {
        return mpeg_ts::units(file);
    }
    return {mpeg_ts::packed_audio(file)};
}

/// The same unit with lengths of `size` bytes before its NAL units; empty if one is too long for that.
Bytes with_lengths(const Bytes &unit, size_t size)
{
    Bytes out;
    size_t at = 0;
    auto code_at = [&unit](size_t i) { return i + 3 <= unit.size() && unit[i] == 0 && unit[i + 1] == 0 && unit[i + 2] == 1; };
    while (at < unit.size() && !code_at(at)) {
        at++;
    }
    while (at < unit.size()) {
        size_t start = at + 3;
        size_t next = start;
        while (next < unit.size() && !code_at(next)) {
            next++;
        }
        size_t end = next;
        while (end > start && unit[end - 1] == 0) {
            end--;
        }
        size_t length = end - start;
        if (size < 4 && length >> (8 * size) != 0) {
            return {};
        }
        for (size_t i = size; i > 0; i--) {
            out.push_back(static_cast<uint8_t>(length >> (8 * (i - 1))));
        }
        out.insert(out.end(), unit.begin() + static_cast<long>(start), unit.begin() + static_cast<long>(end));
        at = next;
    }
    return out;
}

/// Whether the unit gets shorter.
bool decrypts(MediaKeySession *session, const DRM_AccessUnitInfo &info, const Bytes &encrypted, const Bytes &clear,
              const std::string &where)
{
    DRM_AccessUnitState state = {};
    uint8_t *data = static_cast<uint8_t *>(guard_copy(encrypted.data(), encrypted.size()));
    uint32_t size = static_cast<uint32_t>(encrypted.size());
    vectors::expect(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, data, &size) == DRM_ERR_OK, where, "refused");
    vectors::expect_equal(static_cast<size_t>(size), clear.size(), where, "size");
    vectors::expect(size == clear.size() && memcmp(data, clear.data(), size) == 0, where, "not the packager's clear bytes");
    vectors::expect_equal(state.flags, 0u, where, "state");
    guard_free(data, encrypted.size());
    return clear.size() < encrypted.size();
}

void run(MediaKeySession *session, const std::filesystem::path &directory, const Stream &stream)
{
    std::vector<Bytes> encrypted = units_of(directory / "encrypted" / stream.name);
    std::vector<Bytes> clear = units_of(directory / "clear" / stream.name);
    vectors::expect(encrypted.size() >= stream.units, stream.name, "fewer units than there must be");
    if (!vectors::expect_equal(encrypted.size(), clear.size(), stream.name, "number of units")) {
        return;
    }
    DRM_AccessUnitInfo info = {};
    info.structSize = static_cast<uint32_t>(sizeof(info));
    info.format = stream.format;
    memcpy(info.keyId, kKeyId, 16);
    memcpy(info.iv, kIv, 16);
    bool shorter = false;
    size_t different = 0;
    for (size_t i = 0; i < clear.size(); i++) {
        std::string where = std::string(stream.name) + ", unit " + std::to_string(i);
        different += encrypted[i] != clear[i];
        info.nalLengthSize = 0;
        shorter = decrypts(session, info, encrypted[i], clear[i], where) || shorter;
        for (uint32_t size : {1u, 2u, 4u}) {
            Bytes cipher = with_lengths(encrypted[i], size);
            if (stream.format == DRM_ACCESS_UNIT_SAMPLE_AES_H264 && !cipher.empty()) {
                info.nalLengthSize = size;
                decrypts(session, info, cipher, with_lengths(clear[i], size), where + " with lengths");
            }
        }
    }
    vectors::expect_equal(shorter, stream.gets_shorter, stream.name, "a unit that gets shorter");
    vectors::expect(different > 0, stream.name, "nothing is encrypted");
}

void run_cei(MediaKeySession *session, const vectors::json &stream, const Bytes &units, size_t &at)
{
    std::string codec = stream.at("codec");
    DRM_AccessUnitInfo info = {};
    info.structSize = static_cast<uint32_t>(sizeof(info));
    info.format = codec == "h264"   ? DRM_ACCESS_UNIT_CEI_H264
                  : codec == "h265" ? DRM_ACCESS_UNIT_CEI_H265
                                    : DRM_ACCESS_UNIT_CEI_AVS3;
    info.nalLengthSize = stream.at("nal_length_size");
    info.algorithm = stream.at("algorithm");
    DRM_AccessUnitState state = {};
    for (const vectors::json &unit : stream.at("units")) {
        std::string where = std::string(stream.at("name")) + ", byte " + std::to_string(at);
        uint32_t size = unit[0];
        uint8_t *data = static_cast<uint8_t *>(guard_copy(units.data() + at, size));
        vectors::expect(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, data, &size) == DRM_ERR_OK, where,
                        "refused");
        vectors::expect_equal(size, unit[1].get<uint32_t>(), where, "size");
        Sha256 digest;
        digest.add(data, size);
        vectors::expect_equal(digest.finish().substr(0, 32), unit[2].get<std::string>(), where, "clear bytes");
        guard_free(data, unit[0]);
        at += unit[0].get<size_t>();
    }
}

void run_all_cei(MediaKeySession *session, const std::filesystem::path &directory)
{
    vectors::json facts = vectors::read_json(directory / "cei.json");
    Bytes units = media::read_file((directory / "cei.bin").string());
    for (const auto &[id, key] : facts.at("keys").items()) {
        give_key(session, vectors::from_hex(id).data(), vectors::from_hex(key).data());
    }
    size_t at = 0;
    for (const vectors::json &stream : facts.at("streams")) {
        run_cei(session, stream, units, at);
    }
    vectors::expect_equal(at, units.size(), "cei.bin", "bytes that were used");
}

} // namespace

int main()
{
    const char *data = std::getenv("NATIVE_DRM_TEST_DATA");
    std::filesystem::path directory = std::filesystem::path(data != nullptr ? data : "tests") / "streams";
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    give_key(session, kKeyId, kKey);
    for (const Stream &stream : kStreams) {
        try {
            run(session, directory / "sample-aes", stream);
        } catch (const std::exception &problem) {
            vectors::expect(false, stream.name, problem.what());
        }
    }
    try {
        run_all_cei(session, directory);
    } catch (const std::exception &problem) {
        vectors::expect(false, "cei.json", problem.what());
    }
    REQUIRE_OK(OH_MediaKeySystem_Destroy(system));
    return check_finish("test_access_unit_streams");
}

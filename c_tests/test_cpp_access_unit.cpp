/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp: access units, a unit that is refused, what a stream says and forgets.
 */

#include "support/wrapper.hpp"

#include <algorithm>

namespace {

using native_drm::AccessUnitStream;

/** A slice with the CBC example after 32 clear bytes, then emulation prevention that an encryptor added, if any. */
Bytes slice(const Bytes &content, bool prevention)
{
    Bytes unit = hex("00000165");
    unit.insert(unit.end(), 31, 0x77);
    unit.insert(unit.end(), content.begin(), content.end());
    const Bytes end = prevention ? hex("44000003038055") : hex("440000038055");
    unit.insert(unit.end(), end.begin(), end.end());
    return unit;
}

/** CEI in an SEI message: encrypted, IV of the CBC example, AES with every block; next key id, if any. */
Bytes information(const Bytes &next)
{
    const std::size_t size = 16 + 1 + 16 + next.size() + 1 + 16 + 3;
    Bytes unit = hex("0000010605");
    unit.push_back(static_cast<std::uint8_t>(size));
    const auto add = [&unit](const Bytes &bytes) { unit.insert(unit.end(), bytes.begin(), bytes.end()); };
    add(hex("70c1db9f66ae4127bfc0bb1981694b66"));
    unit.push_back(next.empty() ? 0xa0 : 0xe0);
    add(KEY_ID);
    add(next);
    add(hex("10"));
    add(CBC_IV);
    add(hex("c0010580"));
    return unit;
}

Bytes joined(Bytes first, const Bytes &second)
{
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

void testUnits()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    session.processResponse(ONLINE);
    const native_drm::MediaKeySessionView view = session;

    AccessUnitStream stream(DRM_ACCESS_UNIT_CEI_H264);
    CHECK(!stream.announcesNextKeyId());
    Bytes unit = joined(information(OTHER_ID), slice(CBC_DATA, true));
    unit.resize(session.decrypt(stream, unit));
    CHECK(unit == joined(information(OTHER_ID), slice(CLEAR, false)));
    CHECK(stream.announcesNextKeyId());
    CHECK(std::equal(OTHER_ID.begin(), OTHER_ID.end(), stream.state().nextKeyId));

    // The next unit relies on it; after a restart nothing is known.
    std::size_t size = 0;
    unit = slice(CBC_DATA, true);
    CHECK(view.tryDecrypt(stream, unit, size) == DRM_ERR_OK);
    unit.resize(size);
    CHECK(unit == slice(CLEAR, false));
    stream.restart();
    unit = slice(CBC_DATA, true);
    CHECK(view.decrypt(stream, unit) == unit.size());
    CHECK(unit == slice(CBC_DATA, true));
    CHECK(!stream.announcesNextKeyId());

    // Refused: nothing changes, the size included.
    const Bytes broken = hex("0102030405");
    unit = broken;
    size = 77;
    CHECK(view.tryDecrypt(stream, unit, size) == DRM_ERR_INVALID_VAL);
    CHECK(size == 77 && unit == broken);
    bool refused = false;
    try {
        session.decrypt(stream, unit);
    } catch (const native_drm::Error &error) {
        refused = error.code() == DRM_ERR_INVALID_VAL;
    }
    CHECK(refused && unit == broken);
}

void testSampleAes()
{
    native_drm::MediaKeySystem system("com.clearplay.drm");
    native_drm::MediaKeySession session = system.createSession();
    session.processResponse(ONLINE);
    // An ADTS frame of 7 + 16 + 64 bytes.
    const Bytes header = hex("fff15080" "0aff" "fc" "101112131415161718191a1b1c1d1e1f");
    Bytes unit = joined(header, CBC_DATA);
    AccessUnitStream audio(DRM_ACCESS_UNIT_SAMPLE_AES_AAC, KEY_ID, CBC_IV);
    CHECK(session.decrypt(audio, unit) == unit.size());
    CHECK(unit == joined(header, CLEAR));

    AccessUnitStream video(DRM_ACCESS_UNIT_SAMPLE_AES_H264);
    video.keyId(KEY_ID).iv(CBC_IV).nalLengthSize(4).algorithm(0);
    // One block in ten: the first one alone.
    Bytes encrypted = slice(CBC_DATA, true);
    Bytes clear = slice(joined(Bytes(CLEAR.begin(), CLEAR.begin() + 16), Bytes(CBC_DATA.begin() + 16, CBC_DATA.end())), false);
    const auto withLength = [](Bytes bytes) {
        bytes.erase(bytes.begin(), bytes.begin() + 3);
        return joined({0, 0, 0, static_cast<std::uint8_t>(bytes.size())}, bytes);
    };
    encrypted = withLength(encrypted);
    encrypted.resize(session.decrypt(video, encrypted));
    CHECK(encrypted == withLength(clear));

    bool refused = false;
    try {
        video.iv(hex("0102"));
    } catch (const native_drm::Error &) {
        refused = true;
    }
    CHECK(refused);
}

} // namespace

int main()
{
    return runTests("test_cpp_access_unit", {testUnits, testSampleAes});
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decrypts the CTR vector of NIST SP 800-38A, section F.5.1, through the C++ wrapper of an installed native_drm.
 */

#include <cstdio>
#include <exception>
#include <string>

#include <native_drm.hpp>

namespace {

native_drm::Bytes hex(const std::string &text)
{
    native_drm::Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

} // namespace

int main()
{
    const native_drm::Bytes clear = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    native_drm::Bytes sample = hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                                   "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
    try {
        native_drm::MediaKeySystem system("com.clearplay.drm");
        native_drm::MediaKeySession session = system.createSession();
        // Key id 00112233445566778899aabbccddeeff, key 2b7e151628aed2a6abf7158809cf4f3c, online.
        session.processResponse(std::string("0ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA=="));
        const native_drm::SampleInfo info(DRM_ALG_CENC_AES_CTR, hex("00112233445566778899aabbccddeeff"),
                                          hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        session.decrypt(info, sample);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    if (sample != clear) {
        std::fprintf(stderr, "wrong clear data\n");
        return 1;
    }
    std::puts("decrypted 64 bytes");
    return 0;
}

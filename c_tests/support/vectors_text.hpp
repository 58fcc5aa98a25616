// SPDX-License-Identifier: Apache-2.0
//
// The vectors of crypto/*.json: single samples, block modes, init data, licenses.
#ifndef TEST_SUPPORT_VECTORS_TEXT_HPP
#define TEST_SUPPORT_VECTORS_TEXT_HPP

#include <openssl/evp.h>

#include "vectors.hpp"

namespace vectors {

/// Decrypts through DecryptSample and, where it can be said there, through OH_AVCencInfo in all three ways.
inline void check_sample(const media::Sample &sample, const std::string &scheme, bool sm4, const Bytes &key,
                         const Bytes &clear, const std::string &where)
{
    Player player(CLEARPLAY);
    give_key(player.session(), sample.kid.data(), key.data());
    SampleCall call(sample, scheme, sm4, false);
    expect_equal(call.decrypt(player.session()), DRM_ERR_OK, where, "DecryptSample");
    expect_equal(to_hex(call.data().bytes()), to_hex(clear), where, "clear data");
    if (SampleCall::can_be_automatic(sample, scheme)) {
        SampleCall automatic(sample, scheme, sm4, true);
        expect_equal(automatic.decrypt(player.session()), DRM_ERR_OK, where, "DecryptSample, scheme derived");
        expect_equal(to_hex(automatic.data().bytes()), to_hex(clear), where, "clear data, scheme derived");
    }
    for (bool use_offset : {false, true}) {
        for (auto way : {&SampleCall::decrypt_with_cenc_info, &SampleCall::decrypt_as_regained,
                         &SampleCall::decrypt_in_buffer}) {
            SampleCall described(sample, scheme, sm4, false);
            if (described.fits_cenc_info()) {
                OH_AVCencInfo *cenc_info = OH_AVCencInfo_Create();
                expect_equal((described.*way)(player.session(), cenc_info, use_offset), DRM_ERR_OK, where,
                             "decryption by an OH_AVCencInfo");
                expect_equal(to_hex(described.data().bytes()), to_hex(clear), where, "clear data, OH_AVCencInfo");
                CHECK_INT(OH_AVCencInfo_Destroy(cenc_info), AV_ERR_OK);
            }
        }
    }
}

inline size_t run_samples(const json &cases, const std::string &id)
{
    for (const json &one : cases) {
        media::Sample sample;
        sample.encrypted = true;
        sample.kid.assign(KID_A, KID_A + 16);
        sample.data = from_hex(one.at("encrypted"));
        sample.iv = from_hex(one.at("iv"));
        if (one.contains("pattern")) {
            sample.crypt = one["pattern"][0];
            sample.skip = one["pattern"][1];
        }
        if (one.contains("subsamples") && !one["subsamples"].is_null()) {
            for (const json &pair : one["subsamples"]) {
                sample.subsamples.push_back({pair[0], pair[1]});
            }
        }
        check_sample(sample, one.at("scheme"), one.value("cipher", "AES-128") == "SM4", from_hex(one.at("key")),
                     from_hex(one.at("clear")), id + " " + one.at("name").get<std::string>());
    }
    return cases.size();
}

/// CTR is cenc and CBC is cbc1 without subsamples; ECB of one block is CBC with a zero IV.
inline size_t run_block_modes(const json &cases, const std::string &id)
{
    for (const json &one : cases) {
        std::string mode = one.at("mode");
        bool ecb = mode.find("ECB") != std::string::npos;
        media::Sample sample;
        sample.encrypted = true;
        sample.kid.assign(KID_A, KID_A + 16);
        sample.data = from_hex(one.at("ciphertext"));
        sample.iv = ecb ? Bytes(16, 0) : from_hex(one.at("iv"));
        if (ecb && sample.data.size() != 16) {
            throw std::runtime_error("ECB vector of several blocks");
        }
        check_sample(sample, mode.find("CTR") != std::string::npos ? "cenc" : "cbc1", mode.rfind("SM4", 0) == 0,
                     from_hex(one.at("key")), from_hex(one.at("plaintext")),
                     id + " " + one.at("name").get<std::string>());
    }
    return cases.size();
}

inline size_t run_init_data(const json &cases, const std::string &id)
{
    for (const json &one : cases) {
        for (const char *name : {CLEARPLAY, W3C_CLEARKEY}) {
            std::string where = id + " " + one.at("name").get<std::string>() + " " + name;
            std::string type = one.at("type");
            Player player(name);
            Drm_ErrCode code = DRM_ERR_OK;
            auto kids = player.request(type.c_str(), from_hex(one.at("init_data_hex")), code);
            if (one.at("name") == "FailsForWebMTooSmall") {
                // Android takes 16 bytes alone; W3C's registry says "one or more", and browsers take up to 512.
                expect_equal(code, DRM_ERR_OK, where, "code");
                continue;
            }
            expect_equal(code, one.at("valid").get<bool>() ? DRM_ERR_OK : DRM_ERR_UNKNOWN, where, "code");
            expect(json(kids) == one.at("key_ids"), where, "key ids: " + json(kids).dump());
        }
    }
    return cases.size();
}

/// Encrypts with OpenSSL what the session then has to decrypt.
inline void check_key(MediaKeySession *session, const Bytes &kid, const Bytes &key, const std::string &where)
{
    const std::string text = "a message that is longer than one block";
    Bytes iv = from_hex(NIST_CTR_IV);
    Bytes encrypted(text.size());
    int size = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nullptr, key.data(), iv.data()) != 1 ||
        EVP_EncryptUpdate(context, encrypted.data(), &size, reinterpret_cast<const unsigned char *>(text.data()),
                          static_cast<int>(text.size())) != 1) {
        throw std::runtime_error("OpenSSL failed");
    }
    EVP_CIPHER_CTX_free(context);
    media::Sample sample;
    sample.encrypted = true;
    sample.kid = kid;
    sample.iv = iv;
    sample.data = encrypted;
    SampleCall call(sample, "cenc", false, false);
    expect_equal(call.decrypt(session), DRM_ERR_OK, where, "DecryptSample");
    expect(call.data().bytes() == Bytes(text.begin(), text.end()), where, "key does not decrypt");
}

inline size_t run_licenses(const json &cases, const std::string &id)
{
    for (const json &one : cases) {
        for (const char *name : {CLEARPLAY, W3C_CLEARKEY}) {
            std::string where = id + " " + one.at("name").get<std::string>() + " " + name;
            bool strict = one.value("is_strict_json", true);
            Player player(name);
            Drm_ErrCode code = process_response(player.session(), one.at("json").get<std::string>().c_str());
            expect_equal(code, strict ? DRM_ERR_OK : DRM_ERR_UNKNOWN, where, "code");
            std::vector<std::string> expected;
            if (strict) {
                for (const auto &[kid, key] : one.at("keys").items()) {
                    expected.push_back(kid);
                    check_key(player.session(), from_hex(kid), from_hex(key), where);
                }
            }
            expect(player.usable_keys() == expected, where, "keys of the session");
        }
    }
    return cases.size();
}

/// Runs one file of crypto/; returns the number of cases.
inline size_t run_text(const json &cases, const std::string &id)
{
    if (id == "crypto/block_modes") {
        return run_block_modes(cases, id);
    }
    if (id == "crypto/initdata") {
        return run_init_data(cases, id);
    }
    if (id == "crypto/clearkey_jwk") {
        return run_licenses(cases, id);
    }
    return run_samples(cases, id);
}

} // namespace vectors

#endif // TEST_SUPPORT_VECTORS_TEXT_HPP

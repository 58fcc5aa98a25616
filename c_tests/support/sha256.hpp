// SPDX-License-Identifier: Apache-2.0
#ifndef TEST_SUPPORT_SHA256_HPP
#define TEST_SUPPORT_SHA256_HPP

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

/// SHA-256 (OpenSSL) of bytes that come in parts.
class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
    {
        check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }

    void add(const uint8_t *data, size_t size) { check(EVP_DigestUpdate(context_.get(), data, size) == 1); }

    /// The digest as lower-case hexadecimal text.
    std::string finish()
    {
        static const char digits[] = "0123456789abcdef";
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned int size = 0;
        check(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
        std::string out;
        for (unsigned int i = 0; i < size; i++) {
            out += digits[digest[i] >> 4];
            out += digits[digest[i] & 15];
        }
        return out;
    }

private:
    static void check(bool ok)
    {
        if (!ok) {
            throw std::runtime_error("SHA-256 failed");
        }
    }

    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context_;
};

#endif // TEST_SUPPORT_SHA256_HPP

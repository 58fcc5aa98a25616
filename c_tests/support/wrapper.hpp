/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of native_drm.hpp share: checks, known data, waiting for what callbacks receive.
 * Clear and encrypted data: NIST SP 800-38A, F.5.1 (CTR) and F.2.1 (CBC).
 */
#ifndef NATIVE_DRM_TESTS_WRAPPER_HPP
#define NATIVE_DRM_TESTS_WRAPPER_HPP

#include <native_drm.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

using native_drm::Bytes;
using native_drm::ConstByteSpan;

// Callbacks and threads check, too.
inline std::atomic<int> checks{0};
inline std::atomic<int> failures{0};

#define CHECK(condition)                                                                                                \
    do {                                                                                                                \
        ++checks;                                                                                                       \
        if (!(condition)) {                                                                                             \
            ++failures;                                                                                                 \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                        \
        }                                                                                                               \
    } while (false)

/** The code that an action fails with; DRM_ERR_OK if it does not fail. */
template <typename Action> Drm_ErrCode codeOf(Action action)
{
    try {
        action();
    } catch (const native_drm::Error &error) {
        CHECK(!error.message().empty());
        CHECK(!error.function().empty());
        CHECK(std::string(error.what()).find(error.message()) != std::string::npos);
        return error.code();
    }
    return DRM_ERR_OK;
}

inline Bytes hex(const std::string &text)
{
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

inline Bytes operator+(Bytes left, const Bytes &right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

inline const Bytes KEY_ID = hex("00112233445566778899aabbccddeeff");
inline const Bytes OTHER_ID = hex("ffeeddccbbaa99887766554433221100");
inline const Bytes CLEAR = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                               "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
inline const Bytes CTR_IV = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
inline const Bytes CTR_DATA = hex("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                                  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee");
inline const Bytes CBC_IV = hex("000102030405060708090a0b0c0d0e0f");
inline const Bytes CBC_DATA = hex("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                                  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7");
// KEY_ID with key 2b7e151628aed2a6abf7158809cf4f3c, as ClearPlay's license: online and offline.
inline const std::string ONLINE = "0ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA==";
inline const std::string OFFLINE = "1ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA==";
// A version 1 pssh box of ClearPlay with KEY_ID (ISO/IEC 23001-7, 8.1).
inline const Bytes PSSH = hex("000000347073736801000000"
                              "47a10ff0ca3c49c69c12a764ffde091f"
                              "00000001"
                              "00112233445566778899aabbccddeeff"
                              "00000000");

inline native_drm::SampleInfo ctr(const Bytes &keyId = KEY_ID)
{
    return {DRM_ALG_CENC_AES_CTR, keyId, CTR_IV};
}

/** What callbacks receive, to be awaited in order. */
template <typename Item> class Inbox {
public:
    void put(Item item)
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        items_.push_back(std::move(item));
        arrived_.notify_all();
    }

    /** Empty if nothing arrives: a failing test must not hang. A passing one never waits that long. */
    std::optional<Item> take()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!arrived_.wait_for(lock, std::chrono::seconds(60), [this] { return !items_.empty(); })) {
            return std::nullopt;
        }
        Item item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Item> items_;
};

/** The value of a row, empty if there is none. */
inline std::string valueOf(const std::vector<native_drm::NamedValue> &rows, const std::string &name)
{
    for (const auto &row : rows) {
        if (row.first == name) {
            return row.second;
        }
    }
    return {};
}

/** A test program: runs tests, says how many checks failed. */
inline int runTests(const char *name, std::initializer_list<void (*)()> tests)
{
    try {
        for (const auto test : tests) {
            test();
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "unexpected: %s\n", error.what());
        return EXIT_FAILURE;
    }
    std::printf("%s: %d checks, %d failed\n", name, checks.load(), failures.load());
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

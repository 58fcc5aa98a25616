/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the C++ wrapper costs per sample: 400 bytes of cenc decrypted by the C function and through the wrapper, in turns.
 * Prints the medians of the ratios.
 *
 * With the name of a way and a number it decrypts that many samples in that way and prints nothing, for a program that counts
 * instructions, such as valgrind --tool=none or callgrind.
 */

#include <native_drm.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace {

constexpr int ROUNDS = 2001;
constexpr int SAMPLES = 500;
constexpr std::size_t SAMPLE_BYTES = 400;

const native_drm::KeyId KEY_ID = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
const std::string LICENSE = "0AAECAwQFBgcICQoLDA0ODw==:EBESExQVFhcYGRobHB0eHw==";
const DrmSubsample SUBSAMPLES[] = {{16, 184}, {8, 192}};
const std::uint8_t IV[8] = {1};

struct Bench {
    native_drm::MediaKeySystem system{"com.clearplay.drm"};
    native_drm::MediaKeySession session = system.createSession();
    native_drm::Bytes data = native_drm::Bytes(SAMPLE_BYTES);
    native_drm::SampleInfo reused{DRM_ALG_CENC_AES_CTR, KEY_ID, IV};

    Bench() { session.processResponse(LICENSE); }

    /** As a program in C does it: a struct for each sample. */
    void inC()
    {
        DRM_SampleInfo info{};
        info.structSize = sizeof(info);
        info.algorithm = DRM_ALG_CENC_AES_CTR;
        info.ivLen = sizeof(IV);
        std::memcpy(info.keyId, KEY_ID.data(), KEY_ID.size());
        std::memcpy(info.iv, IV, sizeof(IV));
        info.subsampleCount = 2;
        info.subsamples = SUBSAMPLES;
        if (OH_MediaKeySession_DecryptSample(session.get(), &info, data.data(), static_cast<std::uint32_t>(data.size())) !=
            DRM_ERR_OK) {
            throw std::runtime_error("cannot decrypt");
        }
    }

    void withBorrowed() { session.decrypt(reused.iv(IV).borrowSubsamples(SUBSAMPLES), data); }

    void withCopied() { session.decrypt(reused.iv(IV).subsamples(SUBSAMPLES), data); }

    void withNewInfo()
    {
        native_drm::SampleInfo info(DRM_ALG_CENC_AES_CTR, KEY_ID, IV);
        info.borrowSubsamples(SUBSAMPLES);
        session.decrypt(info, data);
    }

    /** Each setter of a temporary gives another object. */
    void withChain()
    {
        session.decrypt(native_drm::SampleInfo(DRM_ALG_CENC_AES_CTR, KEY_ID, IV).borrowSubsamples(SUBSAMPLES), data);
    }

    /** What allocates, and need not. */
    void withVector()
    {
        session.decrypt(native_drm::SampleInfo(DRM_ALG_CENC_AES_CTR, KEY_ID, IV)
                            .subsamples(std::vector<DrmSubsample>(std::begin(SUBSAMPLES), std::end(SUBSAMPLES))),
                        data);
    }
};

struct Way {
    const char *name;
    const char *what;
    void (Bench::*decrypt)();
};

const Way WAYS[] = {
    {"c", "the C function", &Bench::inC},
    {"borrowed", "one SampleInfo for all, subsamples borrowed", &Bench::withBorrowed},
    {"copied", "one SampleInfo for all, subsamples copied", &Bench::withCopied},
    {"new", "a new SampleInfo, subsamples borrowed", &Bench::withNewInfo},
    {"chain", "a temporary SampleInfo, subsamples borrowed", &Bench::withChain},
    {"vector", "a temporary SampleInfo with a new vector", &Bench::withVector},
};
constexpr std::size_t WAY_COUNT = sizeof(WAYS) / sizeof(WAYS[0]);

double nanoseconds(Bench &bench, const Way &way)
{
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < SAMPLES; ++i) {
        (bench.*way.decrypt)();
    }
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / SAMPLES;
}

double median(std::vector<double> values)
{
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

void compare(Bench &bench)
{
    std::vector<double> times[WAY_COUNT], ratios[WAY_COUNT];
    for (int round = 0; round < ROUNDS; ++round) {
        double taken[WAY_COUNT];
        // Each comes first as often as the others.
        for (std::size_t i = 0; i < WAY_COUNT; ++i) {
            const std::size_t way = (i + static_cast<std::size_t>(round)) % WAY_COUNT;
            taken[way] = nanoseconds(bench, WAYS[way]);
        }
        for (std::size_t way = 0; way < WAY_COUNT; ++way) {
            times[way].push_back(taken[way]);
            ratios[way].push_back(taken[way] / taken[0]);
        }
    }
    std::printf("%zu B, cenc, 2 subsamples (medians of %d turns):\n", SAMPLE_BYTES, ROUNDS);
    for (std::size_t way = 0; way < WAY_COUNT; ++way) {
        std::printf("  %-44s %6.1f ns  %.3f\n", WAYS[way].what, median(times[way]), median(ratios[way]));
    }
}

} // namespace

int main(int argc, char **argv)
{
    try {
        Bench bench;
        if (argc < 3) {
            compare(bench);
            return EXIT_SUCCESS;
        }
        for (const Way &way : WAYS) {
            if (std::strcmp(argv[1], way.name) == 0) {
                for (long i = std::atol(argv[2]); i > 0; --i) {
                    (bench.*way.decrypt)();
                }
                return EXIT_SUCCESS;
            }
        }
        std::fprintf(stderr, "usage: %s [c|borrowed|copied|new|chain|vector NUMBER]\n", argv[0]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
    return EXIT_FAILURE;
}

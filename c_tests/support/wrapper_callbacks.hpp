/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of native_drm.hpp's callbacks share.
 */
#ifndef NATIVE_DRM_TESTS_WRAPPER_CALLBACKS_HPP
#define NATIVE_DRM_TESTS_WRAPPER_CALLBACKS_HPP

#include "wrapper.hpp"

#include <functional>
#include <thread>
#include <vector>

using Keys = std::vector<native_drm::KeyStatus>;

inline int repetitions(int full)
{
    return std::getenv("NATIVE_DRM_TEST_SHORT") == nullptr ? full : (full + 19) / 20;
}

/** What a callback captures: it can tell whether it is still there, and how many there are. */
class Captured {
public:
    Captured() { ++alive; }
    Captured(const Captured &) { ++alive; }
    Captured &operator=(const Captured &) = delete;
    ~Captured()
    {
        intact_ = false;
        --alive;
    }

    bool intact() const { return intact_ && text_ == std::string(100, 'x'); }

    inline static std::atomic<int> alive{0};

private:
    std::string text_ = std::string(100, 'x');
    bool intact_ = true;
};

/** For callbacks that nobody has waited for: they end by themselves, and what they captured goes then. */
inline void awaitNoneAlive()
{
    while (Captured::alive != 0) {
        std::this_thread::yield();
    }
}

/** Runs in several threads, which start together. */
inline void inThreads(int count, const std::function<void(int)> &run)
{
    std::atomic<int> waiting{count};
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            --waiting;
            while (waiting != 0) {
                std::this_thread::yield();
            }
            run(i);
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
}

/** Makes events and key changes. */
template <typename Session> void makeEvents(const Session &session)
{
    (void)codeOf([&] { session.processResponse(ONLINE); });
    (void)codeOf([&] { session.clearKeys(); });
}

#endif

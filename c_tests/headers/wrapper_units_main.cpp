/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native_drm.hpp in two translation units: one program, one registry of callbacks, one log. A session goes from one unit to
 * the other with its callbacks.
 */

#include "wrapper_units.hpp"

#include <cstdio>
#include <future>
#include <string>
#include <utility>

int main()
{
    if (otherRegistry() != &native_drm::detail::CallbackRegistry::instance() ||
        otherLog() != &native_drm::detail::Log::instance()) {
        std::fputs("the translation units do not share their state\n", stderr);
        return 1;
    }
    native_drm::MediaKeySystem system("com.clearplay.drm");
    std::promise<void> promise;
    native_drm::MediaKeySession session = otherSession(system, [&] { promise.set_value(); });
    session.processResponse(std::string("0ABEiM0RVZneImaq7zN3u/w==:K34VFiiu0qar9xWICc9PPA=="));
    promise.get_future().wait();
    session.setCallbacks(nullptr, nullptr);
    return 0;
}

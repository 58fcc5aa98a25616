/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "wrapper_units.hpp"

#include <utility>

const void *otherRegistry()
{
    return &native_drm::detail::CallbackRegistry::instance();
}

const void *otherLog()
{
    return &native_drm::detail::Log::instance();
}

native_drm::MediaKeySession otherSession(const native_drm::MediaKeySystem &system, std::function<void()> called)
{
    native_drm::MediaKeySession session = system.createSession();
    session.setCallbacks(nullptr,
                         [called = std::move(called)](const std::vector<native_drm::KeyStatus> &, bool) { called(); });
    return session;
}

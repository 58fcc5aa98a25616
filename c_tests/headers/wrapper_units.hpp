/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the two translation units of this program ask of each other.
 */
#ifndef NATIVE_DRM_TESTS_WRAPPER_UNITS_HPP
#define NATIVE_DRM_TESTS_WRAPPER_UNITS_HPP

#include <native_drm.hpp>

#include <functional>

/** Where the other unit keeps the callbacks of all objects. */
const void *otherRegistry();

/** Where the other unit keeps the log's callback. */
const void *otherLog();

/** A session whose callbacks the other unit has set. */
native_drm::MediaKeySession otherSession(const native_drm::MediaKeySystem &system, std::function<void()> called);

#endif

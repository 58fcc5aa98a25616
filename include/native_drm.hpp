/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file native_drm.hpp
 * @brief C++17 wrapper around the C API: ownership, exceptions, std::function callbacks. Header only.
 *
 * Every function reports failure by throwing native_drm::Error. The meaning of calls and codes is that of the C
 * functions, which the C headers describe. Because the C types have the same names in the global namespace, write
 * native_drm::MediaKeySystem in full rather than `using namespace native_drm`.
 */

#ifndef NATIVE_DRM_HPP
#define NATIVE_DRM_HPP

#include "native_drm/callbacks.hpp"
#include "native_drm/core.hpp"
#include "native_drm/media_key_session.hpp"
#include "native_drm/media_key_system.hpp"
#include "native_drm/sample_info.hpp"

#endif /* NATIVE_DRM_HPP */

/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file native_drm.hpp
 * @brief C++17 wrapper around the C API: ownership, exceptions, std::function callbacks. Header only.
 *
 * It covers all of DRM: key systems, sessions, decryption, OH_AVCencInfo and OH_AVBuffer, init data, license templates, the license service
 * and the log. The media sessions of multimedia/av_session/ are left to their C functions, which C++ can call as they are.
 *
 * Every function reports failure by throwing native_drm::Error, unless it is noexcept. The meaning of calls and codes is
 * that of the C functions, which the C headers describe. Because the C types have the same names in the global namespace,
 * write native_drm::MediaKeySystem in full rather than `using namespace native_drm`.
 *
 * Objects that own something (MediaKeySystem, MediaKeySession, CencInfo, AvBuffer, LicenseTemplate,
 * LicenseService) destroy it; adopt()
 * takes over what C code created, release() hands it back. MediaKeySystemView and MediaKeySessionView own nothing. An object
 * that was moved from may be destroyed and assigned to; its functions fail with DRM_ERR_INVALID_VAL.
 */

#ifndef NATIVE_DRM_HPP
#define NATIVE_DRM_HPP

#include "native_drm/access_unit.hpp"
#include "native_drm/av_buffer.hpp"
#include "native_drm/callbacks.hpp"
#include "native_drm/cenc_info.hpp"
#include "native_drm/core.hpp"
#include "native_drm/license_template.hpp"
#include "native_drm/log.hpp"
#include "native_drm/media_key_session.hpp"
#include "native_drm/media_key_system.hpp"
#include "native_drm/pssh.hpp"
#include "native_drm/sample_buffer.hpp"
#include "native_drm/sample_info.hpp"

// A library without the license service is installed without this header.
#if __has_include("native_drm/license_service.hpp")
#include "native_drm/license_service.hpp"
#endif

#endif /* NATIVE_DRM_HPP */

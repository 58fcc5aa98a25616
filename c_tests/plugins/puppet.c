/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A plugin in a shared library for test_plugin_load: it works, or fails as FAULT says when it is built.
 */
#define NONE 0
#define FAILS 1
#define NO_TABLE 2
#define BAD_TABLE 3
#define NO_FUNCTION 4
#define TAKEN 5
#define CALLS 6

#include "native_drm_plugin.h"

#include <string.h>

#include "multimedia/drm_framework/native_mediakeysystem.h"

#ifndef NAME
#define NAME "test.loaded"
#endif

static void destroy(void *object)
{
    (void)object;
}

static Drm_ErrCode create_session(void *system, DRM_ContentProtectionLevel level, DRM_PluginSession *host,
                                  const DRM_PluginSessionFunctions **functions, void **session)
{
    (void)system, (void)level, (void)host, (void)functions, (void)session;
    return DRM_ERR_UNKNOWN;
}

static Drm_ErrCode create_system(void *context, const DRM_PluginHost *host, DRM_PluginSystem *host_system,
                                 const DRM_PluginSystemFunctions **functions, void **system)
{
    static DRM_PluginSystemFunctions table;
    (void)context, (void)host, (void)host_system;
    table.structSize = (uint32_t)sizeof(table);
    table.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    table.destroy = destroy;
    table.createSession = create_session;
    *functions = &table;
    *system = &table;
    return DRM_ERR_OK;
}

#if FAULT != NO_FUNCTION
Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin);

Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin)
{
    static const uint8_t ID[16] = {1};
    static const DRM_PluginMimeType TYPE = {"cenc", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0};
    static DRM_KeySystemPlugin table;
    table.structSize = FAULT == BAD_TABLE ? 8 : (uint32_t)sizeof(table);
    table.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    table.name = FAULT == TAKEN ? "com.clearplay.drm" : NAME;
    table.systemIds = ID;
    table.systemIdCount = 1;
    table.mimeTypes = &TYPE;
    table.mimeTypeCount = 1;
    table.createSystem = create_system;
    if (host->structSize < sizeof(*host)) {
        return DRM_ERR_UNKNOWN;
    }
    if (FAULT == CALLS && (!OH_MediaKeySystem_IsSupported("com.clearplay.drm") || OH_MediaKeySystem_IsSupported(NAME))) {
        return DRM_ERR_UNKNOWN;
    }
    *plugin = FAULT == NO_TABLE ? NULL : &table;
    return FAULT == FAILS ? DRM_ERR_SERVICE_DIED : DRM_ERR_OK;
}
#endif

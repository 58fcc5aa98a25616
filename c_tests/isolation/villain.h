/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The key system of ../plugins/villain.c in a host, which does what it is asked for.
 */
#ifndef TEST_ISOLATION_VILLAIN_H
#define TEST_ISOLATION_VILLAIN_H

#include "isolation/host.h"
#include "multimedia/drm_framework/native_drm_isolation.h"
#include "support/drm.h"

/* Copies the plugin to where hosts find it; remove_private_copy() removes it. */
static inline void villain_copy(const char *plugin, char copy[64])
{
    private_copy(plugin, "villain.so", copy);
    char *end = strrchr(copy, '/');
    *end = '\0';
    REQUIRE(setenv("NATIVE_DRM_PLUGIN_PATH", copy, 1) == 0);
    *end = '/';
}

static inline Drm_ErrCode request_deed(MediaKeySession *session, const char *deed, char *answer, size_t room)
{
    static DRM_MediaKeyRequestInfo info;
    static DRM_MediaKeyRequest request;
    memset(&info, 0, sizeof(info));
    memset(&request, 0, sizeof(request));
    info.type = MEDIA_KEY_TYPE_ONLINE;
    info.initDataLen = (int32_t)strlen(deed);
    memcpy(info.initData, deed, strlen(deed));
    strcpy(info.mimeType, "cenc");
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, &info, &request);
    size_t size = (size_t)request.dataLen < room ? (size_t)request.dataLen : room - 1;
    memcpy(answer, request.data, size);
    answer[size] = '\0';
    return code;
}

static inline MediaKeySystem *villain_system(void)
{
    MediaKeySystem *system = NULL;
    REQUIRE_OK(OH_MediaKeySystem_CreateIsolated("test.villain", &system));
    return system;
}

#endif /* TEST_ISOLATION_VILLAIN_H */

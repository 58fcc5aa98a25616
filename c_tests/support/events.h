/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A system, a session and a recorder for the tests of callbacks.
 */
#ifndef TEST_SUPPORT_EVENTS_H
#define TEST_SUPPORT_EVENTS_H

#include "recorder.h"

static Recorder recorder;
static MediaKeySystem *drm_system;
static MediaKeySession *session;

static inline void begin(const char *name)
{
    recorder_init(&recorder);
    drm_system = make_system(name);
    session = make_session(drm_system);
}

static inline void end(void)
{
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    recorder_destroy(&recorder);
}

static inline void expect_event(size_t index, int event, const void *info, size_t info_len)
{
    RecordedCall *call = recorder_copy(&recorder, index);
    CHECK_INT(call->kind, RECORDED_EVENT);
    CHECK_INT(call->event, event);
    CHECK_STR(call->extra, "0");
    if (CHECK_INT(call->info_len, info_len) && info_len > 0) {
        CHECK_MEM(call->info, info, info_len);
    }
    free(call);
}

static inline void expect_keys(size_t index, const uint8_t (*kids)[16], size_t count, bool new_keys)
{
    RecordedCall *call = recorder_copy(&recorder, index);
    CHECK_INT(call->kind, RECORDED_KEY_CHANGE);
    CHECK_INT(call->new_keys, new_keys);
    if (CHECK_INT(call->keys.keysInfoCount, count)) {
        for (size_t i = 0; i < count; i++) {
            CHECK_MEM(call->keys.keyId[i], kids[i], 16);
            CHECK_STR(call->keys.statusValue[i], "USABLE");
        }
    }
    free(call);
}

static const uint8_t A_AND_B[2][16] = {
    {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf},
    {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf}};

static inline Drm_ErrCode request_keys(const char *mime, const void *init_data, size_t size)
{
    DRM_MediaKeyRequestInfo *info = make_request_info(mime, init_data, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    Drm_ErrCode code = OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request);
    free(request);
    free(info);
    return code;
}

#endif /* TEST_SUPPORT_EVENTS_H */

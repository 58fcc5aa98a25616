/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Samples in buffers under licenses with a policy: their first use begins, and they expire.
 */
#include "support/buffers.h"
#include "support/policy.h"

int main(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true,\"playback_duration_seconds\":60}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    OH_AVBuffer *buffer = make_nist_buffer(5, NIST_SIZE + 5);
    Recorder recorder;
    recorder_init(&recorder);
    record_session(&recorder, session);
    /* A missing key is announced, once. */
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(session, buffer), DRM_ERR_NO_KEY);
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(session, buffer), DRM_ERR_NO_KEY);
    told(&recorder, 1, "required");
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    expect_nist(buffer, 5, NIST_PLAIN);
    told(&recorder, 3, "never keys+ expiry=60");

    int64_t now = START_MILLIS;
    pass(system, service, &now, 60);
    hex_decode(NIST_CTR_CIPHER, OH_AVBuffer_GetAddr(buffer) + 5);
    attach_ctr(buffer, KID_A);
    CHECK_CODE(OH_MediaKeySession_DecryptAVBuffer(session, buffer), DRM_ERR_NO_LICENSE);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), KID_A_HEX) != NULL);
    expect_nist(buffer, 5, NIST_CTR_CIPHER);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(OH_MediaKeySession_DecryptAVBuffer(session, buffer));
    expect_nist(buffer, 5, NIST_PLAIN);

    CHECK_AV_OK(OH_AVBuffer_Destroy(buffer));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
    return check_finish("test_avbuffer_policy");
}

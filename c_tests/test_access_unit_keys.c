/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Access units whose key is there but not to be used: a license that forbids it, and a key system that keeps its keys.
 */
#include "support/access_unit.h"
#include "support/plugin.h"
#include "support/policy.h"

/* Decrypts the usual unit, or changes nothing. */
static void decrypt_unit(MediaKeySession *session, uint32_t format, Drm_ErrCode expected)
{
    const DRM_AccessUnitInfo info = unit_info(format);
    DRM_AccessUnitState state;
    Unit unit = usual_unit();
    uint8_t plain[NIST_SIZE];
    memset(&state, 0, sizeof(state));
    const DRM_AccessUnitState zero = state;
    const Unit before = unit;
    uint32_t size = unit.size;
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size), expected);
    CHECK_INT(size, before.size);
    if (expected == DRM_ERR_OK) {
        hex_decode(NIST_PLAIN, plain);
        CHECK_MEM(unit.bytes + size - 1 - NIST_SIZE, plain, 16);
        CHECK(memcmp(unit.bytes, before.bytes, size) != 0);
    } else {
        /* Which key it is, unless it is all about what the key system can do. */
        CHECK(expected == DRM_ERR_UNKNOWN || strstr(OH_Drm_GetLastErrorMessage(), KID_A_HEX) != NULL);
        CHECK_MEM(unit.bytes, before.bytes, before.size);
        CHECK_MEM(&state, &zero, sizeof(state));
    }
}

static void decrypt_units(MediaKeySession *session, Drm_ErrCode expected)
{
    decrypt_unit(session, DRM_ACCESS_UNIT_CEI_H264, expected);
    decrypt_unit(session, DRM_ACCESS_UNIT_SAMPLE_AES_H264, expected);
}

/* A unit is a use like any other: it begins the playback duration, and is refused when that is over. */
static void under_a_policy(void)
{
    OH_DrmLicenseService *service = make_policy_service("{\"can_play\":true,\"playback_duration_seconds\":60}");
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    int64_t now = START_MILLIS;
    Recorder recorder;
    recorder_init(&recorder);
    record_session(&recorder, session);
    decrypt_units(session, DRM_ERR_NO_KEY);
    told(&recorder, 1, "required");
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    pass(system, service, &now, 3600); /* Not used yet. */
    decrypt_units(session, DRM_ERR_OK);
    told(&recorder, 3, "never keys+ expiry=3660");
    pass(system, service, &now, 59);
    decrypt_units(session, DRM_ERR_OK);
    pass(system, service, &now, 1);
    decrypt_units(session, DRM_ERR_NO_LICENSE);
    /* What is not encrypted needs no license. */
    Unit clear = {{0}, 0};
    const DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    memset(&state, 0, sizeof(state));
    put_slice(&clear);
    CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, clear.bytes, &clear.size));
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    decrypt_units(session, DRM_ERR_OK);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    recorder_destroy(&recorder);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static int samples_of_plugin;

static Drm_ErrCode decrypt_sample(void *session, const DRM_SampleInfo *info, uint8_t *data, uint32_t size)
{
    (void)session;
    (void)info;
    memset(data, 0x55, size);
    samples_of_plugin++;
    return DRM_ERR_OK;
}

/* The license's key without its content. */
static Drm_ErrCode keep_key(void *session, const uint8_t *response, uint32_t size, uint8_t *id, uint32_t *id_len)
{
    DRM_PluginKey key = puppet_key(response, 16, NULL, 0);
    (void)session;
    CHECK_INT(size, 32);
    memcpy(id, response, 16);
    *id_len = 16;
    return puppet.host->installKeys(puppet.session, &key, 1, 0);
}

/* Key systems that keep their keys decrypt samples, not units: the plugin is not asked. */
static void with_a_kept_key(void)
{
    uint8_t license[32];
    puppet_reset();
    puppet.session_functions.processMediaKeyResponse = keep_key;
    puppet.session_functions.decrypt = decrypt_sample;
    DRM_KeySystemPlugin plugin = puppet_plugin("test.keeps");
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    MediaKeySystem *system = make_system("test.keeps");
    MediaKeySession *session = make_session(system);
    decrypt_units(session, DRM_ERR_NO_KEY);
    puppet_license(license, KID_A, NIST_KEY);
    REQUIRE_OK(puppet_respond(session, license, 32));
    decrypt_units(session, DRM_ERR_UNKNOWN);
    CHECK_INT(samples_of_plugin, 0);
    uint8_t data[16] = {0};
    DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CBC, KID_A, NIST_CBC_IV);
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, sizeof(data)));
    CHECK_INT(samples_of_plugin, 1);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

int main(void)
{
    RUN(under_a_policy);
    RUN(with_a_kept_key);
    return check_finish("test_access_unit_keys");
}

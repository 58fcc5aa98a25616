/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * sessionSharing with policies: what a sibling's license refuses, whose use begins, and whose license counts.
 */
#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/policy.h"

/* A service, a device whose sessions share, and the first two of these: the one that plays and the one with licenses. */
typedef struct Shared {
    OH_DrmLicenseService *service;
    MediaKeySystem *system;
    MediaKeySession *player;
    MediaKeySession *owner;
    Recorder player_recorder;
    Recorder owner_recorder;
    int64_t now;
} Shared;

static void shared_begin(Shared *shared, const char *policy)
{
    shared->service = make_policy_service(policy);
    shared->system = make_device(shared->service);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared->system, "sessionSharing", "enable"));
    shared->player = make_session(shared->system);
    shared->owner = make_session(shared->system);
    recorder_init(&shared->player_recorder);
    recorder_init(&shared->owner_recorder);
    record_session(&shared->player_recorder, shared->player);
    record_session(&shared->owner_recorder, shared->owner);
    shared->now = START_MILLIS;
}

static void shared_end(Shared *shared)
{
    CHECK_OK(OH_MediaKeySystem_Destroy(shared->system));
    CHECK_OK(OH_DrmLicenseService_Destroy(shared->service));
    recorder_destroy(&shared->player_recorder);
    recorder_destroy(&shared->owner_recorder);
}

static void later(Shared *shared, int64_t seconds)
{
    pass(shared->system, shared->service, &shared->now, seconds);
}

static void get(Shared *shared, MediaKeySession *session)
{
    get_license(session, shared->service, MEDIA_KEY_TYPE_ONLINE, NULL);
}

/* The refusal names the key and the reason, and nobody is told that a key is missing. */
static void expect_refused(Shared *shared, const uint8_t kid[16], const char *kid_hex, const char *reason)
{
    CHECK_CODE(decrypt_nist(shared->player, kid), DRM_ERR_NO_LICENSE);
    const char *message = OH_Drm_GetLastErrorMessage();
    if (!CHECK(strstr(message, kid_hex) != NULL && strstr(message, reason) != NULL)) {
        fprintf(stderr, "%s\n", message);
    }
}

static Drm_ErrCode decrypt_hd(MediaKeySession *session)
{
    uint8_t data[NIST_SIZE];
    DRM_SampleInfo sample = nist_ctr_sample(KID_B, data);
    return OH_MediaKeySession_DecryptSample(session, &sample, data, NIST_SIZE);
}

/* ---- what the sibling's license refuses ---- */

static void a_license_that_is_over(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"license_duration_seconds\":100}");
    get(&shared, shared.owner);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 99);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 1);
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    CHECK_CODE(decrypt_nist(shared.owner, KID_A), DRM_ERR_NO_LICENSE);
    /* Without the setting, the session has no key at all. */
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared.system, "sessionSharing", "disable"));
    CHECK_CODE(decrypt_nist(shared.player, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared.system, "sessionSharing", "enable"));
    /* A further sibling with a license that runs counts more than one whose license is over. */
    MediaKeySession *third = make_session(shared.system);
    get(&shared, third);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(decrypt_nist(shared.owner, KID_A));
    CHECK_OK(OH_MediaKeySession_Destroy(third));
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    told(&shared.owner_recorder, 4, "expiry=100 keys+ keys- expired");
    told(&shared.player_recorder, 1, "required"); /* while nothing was shared */
    shared_end(&shared);
}

static void an_output_that_is_not_good_enough(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true}");
    get(&shared, shared.owner);
    CHECK_CODE(decrypt_hd(shared.player), DRM_ERR_NO_LICENSE);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), KID_B_HEX) != NULL);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared.system, "outputHdcp", "HDCP_V1"));
    CHECK_OK(decrypt_hd(shared.player));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared.system, "outputHdcp", "HDCP_NONE"));
    CHECK_CODE(decrypt_hd(shared.player), DRM_ERR_NO_LICENSE);
    CHECK_INT(recorder_count(&shared.player_recorder), 0);
    shared_end(&shared);
}

/* A license that the clock is behind of may be used in future; so may the sibling's key. */
static void a_clock_that_was_set_back(void)
{
    Shared shared;
    uint8_t id[16];
    shared_begin(&shared, "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":9000}");
    get_license(shared.owner, shared.service, MEDIA_KEY_TYPE_OFFLINE, id);
    later(&shared, 1000);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(shared.system));
    shared.system = make_device(shared.service);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(shared.system, "sessionSharing", "enable"));
    shared.player = make_session(shared.system);
    shared.owner = make_session(shared.system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(shared.owner, id, sizeof(id)));
    CHECK_STR(row_of(shared.owner, KID_A_HEX), "USABLE_IN_FUTURE");
    CHECK_CODE(decrypt_nist(shared.player, KID_A), DRM_ERR_DEVICE_TIME_ERROR);
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(shared.system, 1000000, false));
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    shared_end(&shared);
}

/* ---- the first use ---- */

/* It is the sibling's license whose playback begins, at the player's first sample. */
static void the_first_use(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"playback_duration_seconds\":60}");
    get(&shared, shared.owner);
    told(&shared.owner_recorder, 2, "never keys+");
    later(&shared, 500);
    CHECK_STR(row_of(shared.owner, "PlaybackDurationRemaining"), "60");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    told(&shared.owner_recorder, 1, "expiry=560");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 20);
    CHECK_STR(row_of(shared.owner, "PlaybackDurationRemaining"), "40");
    CHECK_STR(row_of(shared.player, "PlaybackDurationRemaining"), "");
    later(&shared, 40);
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    CHECK_CODE(decrypt_nist(shared.owner, KID_A), DRM_ERR_NO_LICENSE);
    told(&shared.owner_recorder, 2, "keys- expired");
    CHECK_INT(recorder_count(&shared.player_recorder), 0);
    shared_end(&shared);
}

/* A use that begins too late is refused as it is in the session itself. */
static void a_first_use_that_is_too_late(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"rental_duration_seconds\":100,\"playback_duration_seconds\":60}");
    get(&shared, shared.owner);
    later(&shared, 100);
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    CHECK_CODE(decrypt_nist(shared.owner, KID_A), DRM_ERR_NO_LICENSE);
    shared_end(&shared);
}

/* A stored license counts as used from the player's first sample on, whoever restores it. */
static void the_first_use_of_a_stored_license(void)
{
    Shared shared;
    uint8_t id[16];
    shared_begin(&shared, "{\"can_play\":true,\"can_persist\":true,\"playback_duration_seconds\":60}");
    get_license(shared.owner, shared.service, MEDIA_KEY_TYPE_OFFLINE, id);
    later(&shared, 10);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(OH_MediaKeySession_Destroy(shared.owner));
    later(&shared, 20);
    MediaKeySession *next = make_session(shared.system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(next, id, sizeof(id)));
    CHECK_STR(row_of(next, "PlaybackDurationRemaining"), "40");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 40);
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    shared_end(&shared);
}

/* ---- a key in both ---- */

/* An own license that can be used is used, and the sibling's use does not begin. */
static void an_own_license_comes_first(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"playback_duration_seconds\":60}");
    get(&shared, shared.owner);
    get(&shared, shared.player);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 30);
    CHECK_STR(row_of(shared.player, "PlaybackDurationRemaining"), "30");
    CHECK_STR(row_of(shared.owner, "PlaybackDurationRemaining"), "60");
    /* When it is over, the sibling's begins. */
    later(&shared, 30);
    CHECK_STR(row_of(shared.player, KID_A_HEX), "EXPIRED");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_STR(row_of(shared.player, "PlaybackDurationRemaining"), "0");
    later(&shared, 59);
    CHECK_STR(row_of(shared.owner, "PlaybackDurationRemaining"), "1");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 1);
    expect_refused(&shared, KID_A, KID_A_HEX, "has expired");
    shared_end(&shared);
}

/* An own license that waits for its use begins, although a sibling's is in use. */
static void an_own_license_begins_beside_one_in_use(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"playback_duration_seconds\":60}");
    get(&shared, shared.owner);
    CHECK_OK(decrypt_nist(shared.owner, KID_A));
    later(&shared, 30);
    get(&shared, shared.player);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    later(&shared, 30);
    CHECK_STR(row_of(shared.owner, KID_A_HEX), "EXPIRED");
    CHECK_STR(row_of(shared.player, "PlaybackDurationRemaining"), "30");
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(decrypt_nist(shared.owner, KID_A)); /* the other way round now */
    later(&shared, 30);
    CHECK_CODE(decrypt_nist(shared.owner, KID_A), DRM_ERR_NO_LICENSE);
    shared_end(&shared);
}

/* ---- the sibling goes ---- */

static void a_sibling_that_goes(void)
{
    Shared shared;
    shared_begin(&shared, "{\"can_play\":true,\"playback_duration_seconds\":60}");
    get(&shared, shared.owner);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(shared.owner));
    CHECK_CODE(decrypt_nist(shared.player, KID_A), DRM_ERR_NO_KEY);
    told(&shared.player_recorder, 1, "required");
    /* Its keys come back: the same need is met for both, and felt again when the session is gone. */
    get(&shared, shared.owner);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    CHECK_OK(OH_MediaKeySession_Destroy(shared.owner));
    CHECK_CODE(decrypt_nist(shared.player, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_nist(shared.player, KID_A), DRM_ERR_NO_KEY);
    get(&shared, shared.player);
    CHECK_OK(decrypt_nist(shared.player, KID_A));
    shared_end(&shared);
}

int main(void)
{
    RUN_IN_OWN_STORE(a_license_that_is_over);
    RUN_IN_OWN_STORE(an_output_that_is_not_good_enough);
    RUN_IN_OWN_STORE(a_clock_that_was_set_back);
    RUN_IN_OWN_STORE(the_first_use);
    RUN_IN_OWN_STORE(a_first_use_that_is_too_late);
    RUN_IN_OWN_STORE(the_first_use_of_a_stored_license);
    RUN_IN_OWN_STORE(an_own_license_comes_first);
    RUN_IN_OWN_STORE(an_own_license_begins_beside_one_in_use);
    RUN_IN_OWN_STORE(a_sibling_that_goes);
    return check_finish("test_session_sharing");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks: what comes, with what, in which order and in which generations.
 */
#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/events.h"

/* Whatever came until now has come before this key change: nothing else is on its way for the session. */
static void expect_nothing_but(size_t count)
{
    uint8_t fence[16];
    memset(fence, 0xfe, sizeof(fence));
    give_jwk(session, NULL, fence, OTHER_KEY);
    REQUIRE(recorder_wait(&recorder, count + 1));
    RecordedCall *call = recorder_copy(&recorder, count);
    CHECK_INT(call->kind, RECORDED_KEY_CHANGE);
    CHECK(call->keys.keysInfoCount > 0);
    if (call->keys.keysInfoCount > 0) {
        CHECK_MEM(call->keys.keyId[call->keys.keysInfoCount - 1], fence, 16);
    }
    CHECK_INT(recorder_count(&recorder), count + 1);
    free(call);
}

/* ---- what comes ---- */

static void provision_required(void)
{
    uint8_t request[256];
    char url[256];
    int32_t size = (int32_t)sizeof(request);
    begin(CLEARPLAY);
    record_system(&recorder, drm_system);
    for (int i = 0; i < 3; i++) {
        size = (int32_t)sizeof(request);
        CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, request, &size, url, (int32_t)sizeof(url)));
    }
    REQUIRE(recorder_wait(&recorder, 1));
    expect_event(0, EVENT_PROVISION_REQUIRED, NULL, 0);
    RecordedCall *call = recorder_copy(&recorder, 0);
    CHECK(call->of_system && call->handle == drm_system);
    free(call);
    /* Once per instance. */
    MediaKeySystem *other = make_system(CLEARPLAY);
    record_system(&recorder, other);
    CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(other, request, &size, url, (int32_t)sizeof(url)));
    REQUIRE(recorder_wait(&recorder, 2));
    call = recorder_copy(&recorder, 1);
    CHECK(call->of_system && call->handle == other);
    free(call);
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    end();
    CHECK_INT(recorder.count, 2);
}

static void key_required_by_a_request(void)
{
    uint8_t first[128];
    uint8_t second[128];
    size_t first_size = make_pssh(first, CLEARPLAY_UUID, A_AND_B, 2, NULL, 0);
    size_t second_size = make_pssh(second, CLEARPLAY_UUID, &A_AND_B[1], 1, NULL, 0);
    begin(CLEARPLAY);
    record_session(&recorder, session);
    /* Once per init data; a refused request says nothing. */
    CHECK_UNKNOWN(request_keys("video/mp4", "rubbish", 7));
    CHECK_OK(request_keys("video/mp4", first, first_size));
    CHECK_OK(request_keys("cenc", first, first_size));
    CHECK_OK(request_keys("video/mp4", second, second_size));
    REQUIRE(recorder_wait(&recorder, 2));
    expect_event(0, EVENT_KEY_REQUIRED, first, first_size);
    expect_event(1, EVENT_KEY_REQUIRED, second, second_size);
    expect_nothing_but(2);
    end();
    /* W3C Clear Key has no such event. */
    first_size = make_pssh(first, W3C_UUID, A_AND_B, 2, NULL, 0);
    begin(W3C_CLEARKEY);
    record_session(&recorder, session);
    CHECK_OK(request_keys("cenc", first, first_size));
    expect_nothing_but(0);
    end();
}

/* A decrypt without the key: init data that names it, once until it arrives. */
static void key_required_by_a_decrypt(const char *name, const char *uuid)
{
    uint8_t box_a[128];
    uint8_t box_b[128];
    size_t size = make_pssh(box_a, uuid, A_AND_B, 1, NULL, 0);
    make_pssh(box_b, uuid, &A_AND_B[1], 1, NULL, 0);
    begin(name);
    record_session(&recorder, session);
    for (int i = 0; i < 3; i++) {
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
        CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY);
    }
    REQUIRE(recorder_wait(&recorder, 2));
    expect_event(0, EVENT_KEY_REQUIRED, box_a, size);
    expect_event(1, EVENT_KEY_REQUIRED, box_b, size);
    /* The request with that init data says it no second time. */
    CHECK_OK(request_keys("cenc", box_a, size));
    give_jwk(session, NULL, KID_A, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 3));
    expect_keys(2, A_AND_B, 1, true);
    CHECK_OK(decrypt_nist(session, KID_A));
    /* The key goes and is missed again. */
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    REQUIRE(recorder_wait(&recorder, 5));
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY); /* still the same need */
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    REQUIRE(recorder_wait(&recorder, 6));
    expect_event(5, EVENT_KEY_REQUIRED, box_a, size);
    expect_nothing_but(6);
    end();
}

static void key_required_by_decrypts(void)
{
    key_required_by_a_decrypt(CLEARPLAY, CLEARPLAY_UUID);
    key_required_by_a_decrypt(W3C_CLEARKEY, W3C_UUID);
}

static void other_decrypts_say_the_same(void)
{
    uint8_t box[128];
    size_t size = make_pssh(box, CLEARPLAY_UUID, A_AND_B, 1, NULL, 0);
    for (int i = 0; i < 2; i++) {
        begin(CLEARPLAY);
        record_session(&recorder, session);
        for (int j = 0; j < 2; j++) {
            Drm_ErrCode code = i == 0 ? call_session_decrypt_cencinfo(session) : call_session_decrypt_several(session);
            CHECK_CODE(code, DRM_ERR_NO_KEY);
        }
        REQUIRE(recorder_wait(&recorder, 1));
        expect_event(0, EVENT_KEY_REQUIRED, box, size);
        expect_nothing_but(1);
        end();
    }
}

static void key_changes(const char *name)
{
    uint8_t expired[32];
    begin(name);
    record_session(&recorder, session);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session)); /* no keys: nothing to say */
    give_jwk(session, NULL, KID_A, NIST_KEY);
    give_jwk(session, NULL, KID_B, NIST_KEY);
    CHECK_UNKNOWN(process_response(session, "{}"));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    REQUIRE(recorder_wait(&recorder, 4));
    expect_keys(0, A_AND_B, 1, true);
    expect_keys(1, A_AND_B, 2, true);
    memcpy(expired, A_AND_B, 32);
    expect_event(2, EVENT_KEY_EXPIRED, expired, 32);
    expect_keys(3, NULL, 0, false);
    expect_nothing_but(4);
    RecordedCall *call = recorder_copy(&recorder, 0);
    CHECK(!call->of_system && call->handle == session && call->user_data == &recorder);
    CHECK(!pthread_equal(call->thread, pthread_self()));
    free(call);
    end();
}

static void online_keys(void)
{
    key_changes(CLEARPLAY);
    key_changes(W3C_CLEARKEY);
}

/* Storing, restoring and releasing, seen from two sessions. */
static void offline_keys(void)
{
    uint8_t id[16];
    uint8_t response[] = "released";
    begin(CLEARPLAY);
    memcpy(id, KID_A, 16);
    record_session(&recorder, session);
    give_key_as(session, '1', KID_A, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 1));
    expect_keys(0, A_AND_B, 1, true);
    MediaKeySession *other = make_session(drm_system);
    record_session(&recorder, other);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(other, id, 16));
    REQUIRE(recorder_wait(&recorder, 3));
    expect_event(1, EVENT_EXPIRATION_UPDATE, "0", 1);
    expect_keys(2, A_AND_B, 1, true);
    /* The release takes the key from both; each says so. */
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response, 8));
    REQUIRE(recorder_wait(&recorder, 5));
    expect_keys(3, NULL, 0, false);
    expect_keys(4, NULL, 0, false);
    RecordedCall *third = recorder_copy(&recorder, 3);
    RecordedCall *fourth = recorder_copy(&recorder, 4);
    CHECK((third->handle == session && fourth->handle == other) || (third->handle == other && fourth->handle == session));
    free(third);
    free(fourth);
    /* Back again. */
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    REQUIRE(recorder_wait(&recorder, 7));
    expect_event(5, EVENT_EXPIRATION_UPDATE, "0", 1);
    expect_keys(6, A_AND_B, 1, true);
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(drm_system, id, 16));
    expect_nothing_but(7);
    end();
}

/* More keys than a key change has room for, and ids of other lengths. */
static void many_keys(void)
{
    uint8_t kid[16];
    char text[64 * 60];
    begin(CLEARPLAY);
    text[0] = '\0';
    clearplay_append(text, sizeof(text), '0', (const uint8_t *)"abc", 3, NIST_KEY, 16);
    clearplay_append(text, sizeof(text), '0', (const uint8_t *)"twenty bytes long...", 20, NIST_KEY, 16);
    record_session(&recorder, session);
    REQUIRE_OK(process_response(session, text));
    for (int i = 0; i < MAX_KEY_INFO_COUNT; i++) {
        memset(kid, i, sizeof(kid));
        give_key(session, kid, NIST_KEY);
    }
    REQUIRE(recorder_wait(&recorder, MAX_KEY_INFO_COUNT + 1));
    RecordedCall *call = recorder_copy(&recorder, 0);
    CHECK_INT(call->keys.keysInfoCount, 2);
    CHECK_MEM(call->keys.keyId[0], "abc\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_MEM(call->keys.keyId[1], "twenty bytes lon", 16);
    free(call);
    call = recorder_copy(&recorder, MAX_KEY_INFO_COUNT);
    CHECK_INT(call->keys.keysInfoCount, MAX_KEY_INFO_COUNT);
    CHECK_MEM(call->keys.keyId[0], "abc", 3);
    free(call);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    REQUIRE(recorder_wait(&recorder, MAX_KEY_INFO_COUNT + 3));
    call = recorder_copy(&recorder, MAX_KEY_INFO_COUNT + 1);
    CHECK_INT(call->event, EVENT_KEY_EXPIRED);
    CHECK_INT(call->info_len, 16 * (MAX_KEY_INFO_COUNT + 2));
    free(call);
    end();
}

/* ---- generations ---- */

static void register_all(void)
{
    MediaKeySession_Callback plain = {on_event, on_keys};
    OH_MediaKeySession_Callback with_handle = {on_event2, on_keys2};
    CHECK_OK(OH_MediaKeySystem_SetMediaKeySystemCallback(drm_system, on_system_event));
    CHECK_OK(OH_MediaKeySystem_SetCallback(drm_system, on_system_event2));
    record_system(&recorder, drm_system);
    CHECK_OK(OH_MediaKeySession_SetMediaKeySessionCallback(session, &plain));
    CHECK_OK(OH_MediaKeySession_SetCallback(session, &with_handle));
    record_session(&recorder, session);
}

static void all_generations_together(void)
{
    uint8_t request[256];
    char url[256];
    int32_t size = (int32_t)sizeof(request);
    begin(CLEARPLAY);
    register_all();
    CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(drm_system, request, &size, url, (int32_t)sizeof(url)));
    REQUIRE(recorder_wait(&recorder, 3));
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    REQUIRE(recorder_wait(&recorder, 12));
    unsigned seen[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < 12; i++) {
        RecordedCall *call = recorder_copy(&recorder, i);
        void *handle = i < 3 ? (void *)drm_system : (void *)session;
        CHECK_INT(call->of_system, i < 3);
        CHECK(call->handle == (call->generation == GENERATION_PLAIN ? NULL : handle));
        CHECK(call->user_data == (call->generation == GENERATION_USER_DATA ? (void *)&recorder : NULL));
        seen[i / 3] |= 1u << call->generation;
        /* All generations hear of one thing before any hears of the next. */
        CHECK_INT(call->kind, i / 3 == 0 || i / 3 == 2 ? RECORDED_EVENT : RECORDED_KEY_CHANGE);
        free(call);
    }
    for (int i = 0; i < 4; i++) {
        CHECK_INT(seen[i], 2 + 4 + 8);
    }
    end();
    CHECK_INT(recorder.count, 12);
}

static void setters_check_their_arguments(void)
{
    begin(CLEARPLAY);
    record_session(&recorder, session);
    CHECK_INVALID(OH_MediaKeySystem_SetMediaKeySystemCallback(drm_system, NULL));
    CHECK_INVALID(OH_MediaKeySystem_SetCallback(drm_system, NULL));
    CHECK_INVALID(OH_MediaKeySession_SetMediaKeySessionCallback(session, NULL));
    CHECK_INVALID(OH_MediaKeySession_SetCallback(session, NULL));
    CHECK_OK(OH_MediaKeySystem_SetCallbackWithUserData(drm_system, NULL, NULL));
    give_key(session, KID_A, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 1));
    end();
}

/* Null members receive nothing; the others still do. */
static void null_members(void)
{
    begin(CLEARPLAY);
    MediaKeySession_Callback plain = {NULL, on_keys};
    OH_MediaKeySession_Callback with_handle = {on_event2, NULL};
    OH_MediaKeySession_UserDataCallback none = {NULL, NULL};
    CHECK_OK(OH_MediaKeySession_SetMediaKeySessionCallback(session, &plain));
    CHECK_OK(OH_MediaKeySession_SetCallback(session, &with_handle));
    CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, &none, &recorder));
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    REQUIRE(recorder_wait(&recorder, 3));
    static const int kinds[] = {RECORDED_KEY_CHANGE, RECORDED_EVENT, RECORDED_KEY_CHANGE};
    static const int generations[] = {GENERATION_PLAIN, GENERATION_HANDLE, GENERATION_PLAIN};
    for (size_t i = 0; i < 3; i++) {
        RecordedCall *call = recorder_copy(&recorder, i);
        CHECK_INT(call->kind, kinds[i]);
        CHECK_INT(call->generation, generations[i]);
        free(call);
    }
    end();
    CHECK_INT(recorder.count, 3);
}

static void replacing_and_removing(void)
{
    Recorder second;
    begin(CLEARPLAY);
    recorder_init(&second);
    record_session(&recorder, session);
    give_key(session, KID_A, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 1));
    /* When the setter returns, the old recorder is out of use. */
    record_session(&second, session);
    give_key(session, KID_B, NIST_KEY);
    REQUIRE(recorder_wait(&second, 1));
    CHECK_INT(recorder_count(&recorder), 1);
    CHECK_OK(OH_MediaKeySession_SetCallbackWithUserData(session, NULL, NULL));
    give_key(session, KID_B, NIST_KEY);
    record_session(&recorder, session);
    give_key(session, KID_B, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 2));
    CHECK_INT(recorder_count(&second), 1);
    /* A callback of the older kinds is replaced, too. */
    OH_MediaKeySession_Callback with_handle = {on_event2, on_keys2};
    OH_MediaKeySession_Callback nothing = {NULL, NULL};
    recorder_current = &second;
    CHECK_OK(OH_MediaKeySession_SetCallback(session, &with_handle));
    give_key(session, KID_B, NIST_KEY);
    REQUIRE(recorder_wait(&second, 2));
    CHECK_OK(OH_MediaKeySession_SetCallback(session, &nothing));
    give_key(session, KID_B, NIST_KEY);
    REQUIRE(recorder_wait(&recorder, 4));
    CHECK_INT(recorder_count(&second), 2);
    end();
    recorder_destroy(&second);
}

static void order_per_session(void)
{
    enum { ROUNDS = 200 };
    begin(CLEARPLAY);
    record_session(&recorder, session);
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t kid[16];
        memset(kid, i, sizeof(kid));
        give_key(session, kid, NIST_KEY);
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    }
    REQUIRE(recorder_wait(&recorder, 3 * ROUNDS));
    for (size_t i = 0; i < ROUNDS; i++) {
        uint8_t kid[1][16];
        memset(kid[0], (int)i, sizeof(kid[0]));
        expect_keys(3 * i, (const uint8_t(*)[16])kid, 1, true);
        expect_event(3 * i + 1, EVENT_KEY_EXPIRED, kid[0], 16);
        expect_keys(3 * i + 2, NULL, 0, false);
    }
    end();
}

int main(void)
{
    RUN(provision_required);
    RUN(key_required_by_a_request);
    RUN(key_required_by_decrypts);
    RUN(other_decrypts_say_the_same);
    RUN(online_keys);
    RUN(offline_keys);
    RUN(many_keys);
    RUN(all_generations_together);
    RUN(setters_check_their_arguments);
    RUN(null_members);
    RUN(replacing_and_removing);
    RUN(order_per_session);
    return check_finish("test_callbacks");
}

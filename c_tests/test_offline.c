/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Offline keys over several processes: the test starts itself again for every step of a key's life. What a step
 * confirmed is there in the next one.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/offline.h"

static int child_number;

static void step_release(MediaKeySystem *system, MediaKeySession *session)
{
    bool clearplay = strcmp(system_name, CLEARPLAY) == 0;
    const char *expected = clearplay ? "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw==\"],\"type\":\"persistent-license\"}"
                                     : "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}";
    int32_t needed = (int32_t)strlen(expected);
    uint8_t id[16];
    uint8_t request[128];
    int32_t size = needed - 1;
    memcpy(id, KID_A, 16);
    memset(request, 0x5a, sizeof(request));
    CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size));
    CHECK_INT(size, needed);
    CHECK_FILLED(request, 0x5a, sizeof(request));
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size));
    CHECK_INT(size, needed);
    CHECK_MEM(request, expected, strlen(expected));
    CHECK_FILLED(request + size, 0x5a, sizeof(request) - (size_t)size);
    /* The request alone releases nothing. */
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    MediaKeySession *other = make_session(system);
    CHECK_OK(restore(session, KID_A));
    CHECK_OK(restore(other, KID_A));
    if (!clearplay) {
        static const char *const refused[] = {"ok", "{", "{}", "{\"kids\":[]}", "{\"kids\":[\"sLGys7S1tre4ubq7vL2-vw\"]}",
                                              "{\"kids\":\"oKGio6SlpqeoqaqrrK2urw\"}",
                                              "[[\"oKGio6SlpqeoqaqrrK2urw\"]]"};
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
            CHECK_UNKNOWN(release(session, KID_A, refused[i]));
        }
        expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
        CHECK_OK(decrypt_nist(session, KID_A));
    }
    CHECK_OK(release(session, KID_A, clearplay ? "anything" : "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}"));
    /* The key has left every session of the system. */
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_nist(other, KID_A), DRM_ERR_NO_KEY);
    if (clearplay) {
        expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    } else {
        expect_absent(system, session, KID_A);
    }
}

/* After the release, in another process: ClearPlay's key is inactive until it is restored; the other's is gone. */
static void step_again(MediaKeySystem *system, MediaKeySession *session)
{
    if (strcmp(system_name, CLEARPLAY) == 0) {
        CHECK(is_listed(system, KID_A, NULL));
        expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
        CHECK_OK(restore(session, KID_A));
        expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
        CHECK_OK(decrypt_nist(session, KID_A));
    } else {
        char text[256];
        expect_absent(system, session, KID_A);
        CHECK_OK(process_response(session, offline_license(text, sizeof(text), KID_A, NIST_KEY)));
    }
}

static void step_clear(MediaKeySystem *system, MediaKeySession *session)
{
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_OK(restore(session, KID_A));
    CHECK_OK(clear(system, KID_A));
    expect_absent(system, session, KID_A);
    /* The session that has restored it keeps it. */
    CHECK_OK(decrypt_nist(session, KID_A));
}

static void step_absent(MediaKeySystem *system, MediaKeySession *session)
{
    expect_absent(system, session, KID_A);
    CHECK_INT(listed(system), 0);
}

/* Keys number 8 * n to 8 * n + 7, beside other processes that do the same. */
static void step_eight(MediaKeySystem *system, MediaKeySession *session)
{
    char text[256];
    (void)system;
    for (int i = 0; i < 8; i++) {
        uint8_t kid[16];
        memset(kid, 8 * child_number + i, sizeof(kid));
        CHECK_OK(process_response(session, offline_license(text, sizeof(text), kid, NIST_KEY)));
    }
}

static const NamedStep STEPS[] = {{"store", step_store}, {"restore", step_restore}, {"release", step_release},
                                  {"again", step_again}, {"clear", step_clear},     {"absent", step_absent},
                                  {"eight", step_eight}};

static void life(void)
{
    static const char *const names[] = {"store", "restore", "restore", "release", "again", "restore", "clear", "absent"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        run_step(names[i]);
    }
}

static void life_of_clearplay(void)
{
    use_store("clearplay");
    system_name = CLEARPLAY;
    life();
}

static void life_of_w3c(void)
{
    use_store("w3c");
    system_name = W3C_CLEARKEY;
    life();
}

/* The key systems do not see each other's keys in one store. */
static void key_systems_are_apart(void)
{
    use_store("apart");
    system_name = CLEARPLAY;
    run_step("store");
    system_name = W3C_CLEARKEY;
    run_step("absent");
    run_step("store");
    run_step("release");
    run_step("absent");
    system_name = CLEARPLAY;
    run_step("restore");
}

static void several_processes(void)
{
    enum { PROCESSES = 4 };
    pid_t children[PROCESSES];
    use_store("several");
    system_name = CLEARPLAY;
    for (int i = 0; i < PROCESSES; i++) {
        char number[8];
        snprintf(number, sizeof(number), "%d", i);
        const char *arguments[] = {"eight", system_name, number, NULL};
        children[i] = process_start(arguments, NULL);
    }
    for (int i = 0; i < PROCESSES; i++) {
        CHECK(process_succeeded(children[i]));
    }
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    CHECK_INT(listed(system), 8 * PROCESSES);
    for (int i = 0; i < 8 * PROCESSES; i++) {
        uint8_t kid[16];
        memset(kid, i, sizeof(kid));
        CHECK_OK(restore(session, kid));
        CHECK_OK(decrypt_nist(session, kid));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void storage_path(void)
{
    char path[PATH_MAX];
    char read[PATH_MAX];
    char text[256];
    use_store("path");
    system_name = CLEARPLAY;
    snprintf(path, sizeof(path), "%s/elsewhere/deep", store);
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "storagePath", path));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationString(system, "storagePath", read, (int32_t)sizeof(read)));
    CHECK_STR(read, path);
    CHECK_OK(process_response(session, offline_license(text, sizeof(text), KID_A, NIST_KEY)));
    CHECK(is_listed(system, KID_A, NULL));
    CHECK(!is_listed(other, KID_A, NULL));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(other, "storagePath", path));
    CHECK(is_listed(other, KID_A, NULL));
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", path, 1) == 0);
    run_step("restore");
}

static char *numbered_license(int first, int count)
{
    size_t room = (size_t)count * 80 + 2;
    char *text = (char *)calloc(1, room);
    REQUIRE(text != NULL);
    for (int i = first; i < first + count; i++) {
        uint8_t kid[16] = {0};
        kid[0] = (uint8_t)(i >> 8);
        kid[15] = (uint8_t)i;
        clearplay_append(text, room, '1', kid, 16, NIST_KEY, 16);
    }
    return text;
}

static void at_most_512(void)
{
    use_store("many");
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    char *text = numbered_license(0, MAX_OFFLINE_MEDIA_KEY_ID_COUNT + 1);
    CHECK_UNKNOWN(process_response(session, text));
    free(text);
    CHECK_INT(listed(system), 0);
    text = numbered_license(0, MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    CHECK_OK(process_response(session, text));
    free(text);
    CHECK_INT(listed(system), MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    text = numbered_license(MAX_OFFLINE_MEDIA_KEY_ID_COUNT, 1);
    CHECK_UNKNOWN(process_response(session, text));
    CHECK_INT(listed(system), MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    free(text);
    /* A known one can still be renewed, and a freed place be taken. */
    text = numbered_license(7, 1);
    CHECK_OK(process_response(session, text));
    free(text);
    uint8_t kid[16] = {0};
    CHECK_OK(clear(system, kid));
    text = numbered_license(MAX_OFFLINE_MEDIA_KEY_ID_COUNT, 1);
    CHECK_OK(process_response(session, text));
    free(text);
    CHECK_INT(listed(system), MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void bad_arguments(void)
{
    static const int32_t lengths[] = {0, -1, INT32_MIN, MAX_OFFLINE_MEDIA_KEY_ID_LEN + 1, INT32_MAX};
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN + 1] = {1};
    uint8_t buffer[128];
    uint8_t response[8] = "ok";
    DRM_OfflineMediaKeyStatus status = (DRM_OfflineMediaKeyStatus)77;
    use_store("arguments");
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    CHECK_INVALID(OH_MediaKeySystem_GetOfflineMediaKeyIds(system, NULL));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int32_t size = (int32_t)sizeof(buffer);
        CHECK_INVALID(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, lengths[i], &status));
        CHECK_INVALID(OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, lengths[i]));
        CHECK_INVALID(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, lengths[i]));
        CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, lengths[i], buffer, &size));
        CHECK_INT(size, sizeof(buffer));
        CHECK_INVALID(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, lengths[i], response, 2));
    }
    CHECK_INT(status, 77);
    int32_t size = (int32_t)sizeof(buffer);
    CHECK_INVALID(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, NULL, 16, &status));
    CHECK_INVALID(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, NULL));
    CHECK_INVALID(OH_MediaKeySystem_ClearOfflineMediaKeys(system, NULL, 16));
    CHECK_INVALID(OH_MediaKeySession_RestoreOfflineMediaKeys(session, NULL, 16));
    CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, NULL, 16, buffer, &size));
    CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, NULL, &size));
    CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, buffer, NULL));
    CHECK_INVALID(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, NULL, 16, response, 2));
    CHECK_INVALID(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, NULL, 2));
    static const int32_t bad_responses[] = {0, -1, INT32_MIN, NATIVE_DRM_MAX_RESPONSE_LEN + 1, INT32_MAX};
    for (size_t i = 0; i < sizeof(bad_responses) / sizeof(bad_responses[0]); i++) {
        CHECK_INVALID(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response, bad_responses[i]));
    }
    static const int32_t rooms[] = {0, -1, INT32_MIN};
    give_key_as(session, '1', KID_A, NIST_KEY);
    memcpy(id, KID_A, 16);
    memset(buffer, 0x5a, sizeof(buffer));
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        size = rooms[i];
        CHECK_INVALID(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, buffer, &size));
    }
    CHECK_FILLED(buffer, 0x5a, sizeof(buffer));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* Ids of other lengths: 1 and 64 bytes are kept, 65 are refused with the whole license. */
static void id_lengths(void)
{
    char text[512] = "";
    uint8_t id[65];
    uint8_t received[65];
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    use_store("lengths");
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    memset(id, 0x11, sizeof(id));
    clearplay_append(text, sizeof(text), '1', id, 64, NIST_KEY, 16);
    clearplay_append(text, sizeof(text), '1', id, 1, NIST_KEY, 16);
    int32_t size = (int32_t)sizeof(received);
    CHECK_OK(OH_MediaKeySession_ProcessMediaKeyResponse(session, (uint8_t *)text, (int32_t)strlen(text), received, &size));
    CHECK_INT(size, 1);
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 64, &status));
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 1, &status));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 2, &status));
    text[0] = '\0';
    clearplay_append(text, sizeof(text), '1', KID_A, 16, NIST_KEY, 16);
    clearplay_append(text, sizeof(text), '1', id, 65, NIST_KEY, 16);
    size = (int32_t)sizeof(received);
    CHECK_UNKNOWN(
        OH_MediaKeySession_ProcessMediaKeyResponse(session, (uint8_t *)text, (int32_t)strlen(text), received, &size));
    CHECK(!is_listed(system, KID_A, NULL));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* Each entry of a license says for itself whether its key is stored. */
static void flags_of_their_own(void)
{
    use_store("flags");
    for (int flags = 0; flags < 4; flags++) {
        MediaKeySystem *system = make_system(CLEARPLAY);
        MediaKeySession *session = make_session(system);
        const uint8_t *kids[] = {KID_A, KID_B};
        DRM_OfflineMediaKeyStatus status;
        char text[256] = "";
        for (int i = 0; i < 2; i++) {
            uint8_t kid[16];
            memcpy(kid, kids[i], 16);
            clearplay_append(text, sizeof(text), (flags >> i & 1) ? '1' : '0', kid, 16, NIST_KEY, 16);
        }
        CHECK_OK(process_response(session, text));
        for (int i = 0; i < 2; i++) {
            uint8_t kid[16];
            memcpy(kid, kids[i], 16);
            Drm_ErrCode code = OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, kid, 16, &status);
            CHECK_CODE(code, (flags >> i & 1) ? DRM_ERR_OK : DRM_ERR_UNKNOWN);
            CHECK_OK(decrypt_nist(session, kids[i]));
            if (code == DRM_ERR_OK) {
                CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(system, kid, 16));
            }
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        child_number = argc > 3 ? atoi(argv[3]) : 0;
        return run_as_child(argc, argv, STEPS, sizeof(STEPS) / sizeof(STEPS[0]));
    }
    find_store_base();
    RUN(life_of_clearplay);
    RUN(flags_of_their_own);
    RUN(life_of_w3c);
    RUN(key_systems_are_apart);
    RUN(several_processes);
    RUN(storage_path);
    RUN(bad_arguments);
    RUN(id_lengths);
    if (getenv("NATIVE_DRM_TEST_SHORT") == NULL) {
        RUN(at_most_512);
    }
    return check_finish("test_offline");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of offline keys: what a store holds, and steps that run in processes of their own.
 */
#ifndef TEST_SUPPORT_OFFLINE_H
#define TEST_SUPPORT_OFFLINE_H

#include <limits.h>
#include <sys/stat.h>

#include "drm.h"
#include "process.h"

/* The key system that the steps use. */
static const char *system_name;

static inline bool is_listed(MediaKeySystem *system, const uint8_t kid[16], uint32_t *count)
{
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    bool found = false;
    REQUIRE(ids != NULL);
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(system, ids));
    REQUIRE(ids->idsCount <= MAX_OFFLINE_MEDIA_KEY_ID_COUNT);
    for (uint32_t i = 0; i < ids->idsCount; i++) {
        REQUIRE(ids->idsLen[i] > 0 && ids->idsLen[i] <= MAX_OFFLINE_MEDIA_KEY_ID_LEN);
        found = found || (ids->idsLen[i] == 16 && memcmp(ids->ids[i], kid, 16) == 0);
    }
    if (count != NULL) {
        *count = ids->idsCount;
    }
    free(ids);
    return found;
}

static inline uint32_t listed(MediaKeySystem *system)
{
    uint32_t count = 0;
    is_listed(system, KID_A, &count);
    return count;
}

static inline Drm_ErrCode status_of(MediaKeySystem *system, const uint8_t kid[16], DRM_OfflineMediaKeyStatus *status)
{
    uint8_t id[16];
    memcpy(id, kid, 16);
    return OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, status);
}

static inline void expect_status(MediaKeySystem *system, const uint8_t kid[16], DRM_OfflineMediaKeyStatus expected)
{
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    CHECK_OK(status_of(system, kid, &status));
    CHECK_INT(status, expected);
}

static inline void expect_absent(MediaKeySystem *system, MediaKeySession *session, const uint8_t kid[16])
{
    DRM_OfflineMediaKeyStatus status = (DRM_OfflineMediaKeyStatus)77;
    uint8_t id[16];
    uint8_t request[128];
    uint8_t response[] = "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}";
    int32_t size = (int32_t)sizeof(request);
    memcpy(id, kid, 16);
    memset(request, 0x5a, sizeof(request));
    CHECK(!is_listed(system, kid, NULL));
    CHECK_UNKNOWN(status_of(system, kid, &status));
    CHECK_INT(status, 77);
    CHECK_UNKNOWN(OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, 16));
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    if (strcmp(system_name, CLEARPLAY) == 0) {
        /* As upstream, which looks nothing up for it. */
        CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size));
        CHECK_INT(size, strlen("{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw==\"],\"type\":\"persistent-license\"}"));
        CHECK_FILLED(request + size, 0x5a, sizeof(request) - (size_t)size);
    } else {
        CHECK_UNKNOWN(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size));
        CHECK_INT(size, sizeof(request));
        CHECK_FILLED(request, 0x5a, sizeof(request));
    }
    CHECK_UNKNOWN(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response,
                                                                   (int32_t)sizeof(response) - 1));
}

static inline Drm_ErrCode restore(MediaKeySession *session, const uint8_t kid[16])
{
    uint8_t id[16];
    memcpy(id, kid, 16);
    return OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16);
}

static inline Drm_ErrCode clear(MediaKeySystem *system, const uint8_t kid[16])
{
    uint8_t id[16];
    memcpy(id, kid, 16);
    return OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, 16);
}

static inline Drm_ErrCode release(MediaKeySession *session, const uint8_t kid[16], const char *response)
{
    uint8_t id[16];
    uint8_t text[256];
    memcpy(id, kid, 16);
    memcpy(text, response, strlen(response));
    return OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, text, (int32_t)strlen(response));
}

/* An offline license in the system's own format. */
static inline char *offline_license(char *text, size_t room, const uint8_t kid[16], const uint8_t key[16])
{
    if (strcmp(system_name, CLEARPLAY) == 0) {
        return clearplay_license(text, room, '1', kid, key);
    }
    return jwk_license(text, room, "persistent-license", kid, key);
}

/* ---- steps; each ends its process without any cleaning up ---- */

typedef void (*Step)(MediaKeySystem *system, MediaKeySession *session);
typedef struct NamedStep {
    const char *name;
    Step run;
} NamedStep;

static inline void step_store(MediaKeySystem *system, MediaKeySession *session)
{
    char text[256];
    uint8_t id[64];
    int32_t size = 64;
    expect_absent(system, session, KID_A);
    offline_license(text, sizeof(text), KID_A, NIST_KEY);
    CHECK_OK(OH_MediaKeySession_ProcessMediaKeyResponse(session, (uint8_t *)text, (int32_t)strlen(text), id, &size));
    CHECK_INT(size, 16);
    CHECK_MEM(id, KID_A, 16);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK(is_listed(system, KID_A, NULL));
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
}

static inline void step_restore(MediaKeySystem *system, MediaKeySession *session)
{
    DRM_MediaKeyStatus status;
    CHECK(is_listed(system, KID_A, NULL));
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(restore(session, KID_A));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, &status));
    CHECK_INT(status.statusCount, 1);
    CHECK_STR(status.statusName[0], KID_A_HEX);
    CHECK_STR(status.statusValue[0], "USABLE");
    /* Once more, and in another session. */
    CHECK_OK(restore(session, KID_A));
    MediaKeySession *other = make_session(system);
    CHECK_OK(restore(other, KID_A));
    CHECK_OK(decrypt_nist(other, KID_A));
    /* Clearing the session leaves the stored key. */
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
}

/* Runs a step: the child's side of run_step(). Arguments: step, key system, number. */
static inline int run_as_child(int argc, char **argv, const NamedStep *steps, size_t count)
{
    bool found = false;
    REQUIRE(argc >= 3);
    system_name = argv[2];
    MediaKeySystem *system = make_system(system_name);
    MediaKeySession *session = make_session(system);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(steps[i].name, argv[1]) == 0) {
            found = true;
            steps[i].run(system, session);
        }
    }
    REQUIRE(found);
    printf("  %s %s: ", argv[2], argv[1]);
    int result = check_finish("step");
    fflush(NULL);
    _exit(result);
}

/* ---- the parent's side ---- */

static char store[PATH_MAX / 2];
static char store_base[PATH_MAX / 4];

/* Takes the directory that NATIVE_DRM_STORAGE_DIR names as the place for the stores of the tests. */
static inline void find_store_base(void)
{
    const char *given = getenv("NATIVE_DRM_STORAGE_DIR");
    char *path = given == NULL ? NULL : realpath(given, NULL);
    REQUIRE(path != NULL && strlen(path) < sizeof(store_base));
    memcpy(store_base, path, strlen(path) + 1);
    free(path);
}

/* A fresh store. */
static inline void use_store(const char *name)
{
    snprintf(store, sizeof(store), "%s/%s", store_base, name);
    REQUIRE(mkdir(store, 0700) == 0);
    REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", store, 1) == 0);
}

static inline void run_step(const char *name)
{
    const char *arguments[] = {name, system_name, NULL};
    if (!CHECK(process_run(arguments, NULL))) {
        fprintf(stderr, "    %s, %s\n", system_name, name);
    }
}

#endif /* TEST_SUPPORT_OFFLINE_H */

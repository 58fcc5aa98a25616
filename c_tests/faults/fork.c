/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * fork() after the library was used, in a process with its threads running: the child makes, uses and destroys handles of
 * its own, gets callbacks on a thread of its own, lets a license end by the timer, and forks again; the parent goes on.
 * (While it forks, no other thread of the program may be inside the library.)
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "support/policy.h"

#define SHORT_LIVED "{\"can_play\":true,\"license_duration_seconds\":1}"
#define ROUNDS 20

/* Keys, callbacks. */
static void use(const char *name)
{
    Recorder recorder;
    recorder_init(&recorder);
    MediaKeySystem *drm = make_system(name);
    MediaKeySession *session = make_session(drm);
    record_session(&recorder, session);
    give_jwk(session, NULL, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK(recorder_wait(&recorder, 1));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK(recorder_wait(&recorder, 3));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
    recorder_destroy(&recorder);
}

/* A license that ends by itself, by the machine's clock. */
static void let_a_license_end(OH_DrmLicenseService *service)
{
    Recorder recorder;
    bool ended = false;
    recorder_init(&recorder);
    MediaKeySystem *drm = make_system(POLICYPLAY);
    provision(drm, service);
    MediaKeySession *session = make_session(drm);
    record_session(&recorder, session);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    CHECK_OK(decrypt_nist(session, KID_A));
    for (size_t i = 0; !ended && recorder_wait(&recorder, i + 1); i++) {
        RecordedCall *call = recorder_copy(&recorder, i);
        ended = call->kind == RECORDED_EVENT && call->event == EVENT_KEY_EXPIRED;
        free(call);
    }
    CHECK(ended);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
    recorder_destroy(&recorder);
}

static OH_DrmLicenseService *machine_time_service(void)
{
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service));
    set_policy(service, SHORT_LIVED);
    REQUIRE_OK(
        OH_DrmLicenseService_AddContent(service, (const uint8_t *)POLICY_MOVIE, (uint32_t)strlen(POLICY_MOVIE)));
    return service;
}

/* Forks, runs `body` in the child and waits for its good end. */
static void in_child(void (*body)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        /* A child that hangs ends by SIGALRM. */
        alarm(60);
        check_failed_count = 0;
        body();
        fflush(NULL);
        _exit(check_failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)) {
        fprintf(stderr, "  the child's status is %x\n", (unsigned)status);
    }
}

static void grandchild(void)
{
    use(CLEARPLAY);
}

static void child_with_everything(void)
{
    use_own_store("child");
    use(CLEARPLAY);
    use(W3C_CLEARKEY);
    OH_DrmLicenseService *service = machine_time_service();
    let_a_license_end(service);
    in_child(grandchild);
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* All threads of the library exist and rest. */
static void after_use(void)
{
    use_own_store("parent");
    OH_DrmLicenseService *service = machine_time_service();
    MediaKeySystem *drm = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(drm);
    give_key(session, KID_A, NIST_KEY);
    let_a_license_end(service);
    in_child(child_with_everything);
    CHECK_OK(decrypt_nist(session, KID_A));
    use(CLEARPLAY);
    let_a_license_end(service);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* The child's handles are copies of the parent's; what it destroys, the parent still has. */
static MediaKeySystem *shared_system;
static MediaKeySession *shared_session;

static void child_with_inherited_handles(void)
{
    CHECK_OK(decrypt_nist(shared_session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(shared_session));
    CHECK_OK(OH_MediaKeySession_Destroy(shared_session));
    CHECK_OK(OH_MediaKeySystem_Destroy(shared_system));
    use(CLEARPLAY);
}

static void inherited_handles(void)
{
    shared_system = make_system(W3C_CLEARKEY);
    shared_session = make_session(shared_system);
    give_jwk(shared_session, NULL, KID_A, NIST_KEY);
    for (int i = 0; i < ROUNDS; i++) {
        in_child(child_with_inherited_handles);
    }
    CHECK_OK(decrypt_nist(shared_session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(shared_system));
}

/* Licenses that the parent had end in the child as well, in their second, used before or not, with and without a store. */
static MediaKeySession *licensed[4];
static Recorder *inherited_recorder;

static void child_with_inherited_licenses(void)
{
    MediaKeySession *one = licensed[2];
    CHECK_STR(row_of(one, "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"), "USABLE");
    for (int i = 0; i < 4; i++) {
        CHECK_OK(decrypt_nist(licensed[i], KID_A));
    }
    size_t before = recorder_count(inherited_recorder);
    int ended = 0;
    for (size_t i = before; ended < 4 && recorder_wait(inherited_recorder, i + 1); i++) {
        RecordedCall *call = recorder_copy(inherited_recorder, i);
        ended += call->kind == RECORDED_EVENT && call->event == EVENT_KEY_EXPIRED;
        free(call);
    }
    CHECK_INT(ended, 4);
    for (int i = 0; i < 4; i++) {
        CHECK_CODE(decrypt_nist(licensed[i], KID_A), DRM_ERR_NO_LICENSE);
    }
}

static void inherited_licenses(void)
{
    use_own_store("inherited");
    Recorder recorder;
    recorder_init(&recorder);
    inherited_recorder = &recorder;
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service));
    set_policy(service, "{\"can_play\":true,\"can_persist\":true,\"license_duration_seconds\":3}");
    REQUIRE_OK(
        OH_DrmLicenseService_AddContent(service, (const uint8_t *)POLICY_MOVIE, (uint32_t)strlen(POLICY_MOVIE)));
    MediaKeySystem *drm = make_system(POLICYPLAY);
    provision(drm, service);
    for (int i = 0; i < 4; i++) {
        licensed[i] = make_session(drm);
        get_license(licensed[i], service, i < 2 ? MEDIA_KEY_TYPE_ONLINE : MEDIA_KEY_TYPE_OFFLINE, NULL);
        record_session(&recorder, licensed[i]);
    }
    CHECK_OK(decrypt_nist(licensed[0], KID_A));
    CHECK_OK(decrypt_nist(licensed[2], KID_A));
    in_child(child_with_inherited_licenses);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
    recorder_destroy(&recorder);
}

int main(void)
{
    RUN(after_use);
    RUN(inherited_handles);
    RUN(inherited_licenses);
    return check_finish("fork");
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Key systems that misbehave in their host, host programs that are none, and who gets a host at all.
 *
 *   test_misbehaviour PLUGIN     the plugin villain.so
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "isolation/host.h"
#include "isolation/life.h"
#include "isolation/villain.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/plugin.h"

/* How often the library has said that a host did not answer in time. */
static int late;

static void on_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)data;
    if (strstr(message, "no answer in time") != NULL) {
        __atomic_add_fetch(&late, 1, __ATOMIC_SEQ_CST);
    }
}

/* A key system that crashes, ends the process or does not return: DRM_ERR_SERVICE_DIED, and nothing more. One that does not return
 * is given up because of the time (src/isolation/link.rs tests which that is). */
static void key_systems_that_misbehave(void)
{
    static const char *const DEEDS[] = {"crash", "abort", "exit", "hang"};
    Life other = {0};
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_ERROR, on_log, NULL));
    CHECK_OK(life_create(&other));
    CHECK_OK(life_session(&other));
    CHECK_OK(life_offline_key(&other));
    for (size_t i = 0; i < sizeof(DEEDS) / sizeof(DEEDS[0]); i++) {
        char answer[64];
        MediaKeySystem *system = villain_system();
        MediaKeySession *session = make_session(system);
        printf("  %s\n", DEEDS[i]);
        CHECK_OK(request_deed(session, "nothing", answer, sizeof(answer)));
        CHECK_STR(answer, "good");
        CHECK_CODE(request_deed(session, DEEDS[i], answer, sizeof(answer)), DRM_ERR_SERVICE_DIED);
        CHECK_INT(__atomic_load_n(&late, __ATOMIC_SEQ_CST), strcmp(DEEDS[i], "hang") == 0);
        CHECK_CODE(request_deed(session, "nothing", answer, sizeof(answer)), DRM_ERR_SERVICE_DIED);
        CHECK_OK(OH_MediaKeySession_Destroy(session));
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        CHECK_OK(life_decrypt(&other));
    }
    /* One that does not return when it is to end: so does the instance, but the program's call returns. */
    for (int i = 0; i < 2; i++) {
        char answer[64];
        MediaKeySystem *system = villain_system();
        MediaKeySession *session = make_session(system);
        CHECK_OK(request_deed(session, "hang at the end", answer, sizeof(answer)));
        if (i == 0) {
            CHECK_OK(OH_MediaKeySession_Destroy(session));
            CHECK_CODE(life_statistics(&(Life){.system = system}), DRM_ERR_SERVICE_DIED);
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        CHECK_OK(life_decrypt(&other));
        CHECK_INT(__atomic_load_n(&late, __ATOMIC_SEQ_CST), 2 + i);
    }
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    life_end(&other);
    wait_for_hosts(0);
}

/* A host program that is not there, that others could have written, and that is something else: a clear error, and no instance. */
static void host_programs_that_are_none(void)
{
    MediaKeySystem *system = (MediaKeySystem *)0x5a;
    char *former = getenv("NATIVE_DRM_HOST") == NULL ? NULL : strdup(getenv("NATIVE_DRM_HOST"));
    char open_to_all[4096];
    snprintf(open_to_all, sizeof(open_to_all), "%s/host", getenv("NATIVE_DRM_STORAGE_DIR"));
    int file = open(open_to_all, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    REQUIRE(file >= 0 && fchmod(file, 0777) == 0);
    close(file);
    const char *const programs[] = {"/nonexistent/native-drm-host", open_to_all, "/bin/true", "/bin/cat", "/etc"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        setenv("NATIVE_DRM_HOST", programs[i], 1);
        printf("  %s\n", programs[i]);
        CHECK_CODE(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &system), DRM_ERR_SERVICE_DIED);
        printf("    %s\n", OH_Drm_GetLastErrorMessage());
        CHECK(system == (MediaKeySystem *)0x5a);
    }
    if (former == NULL) {
        unsetenv("NATIVE_DRM_HOST");
    } else {
        setenv("NATIVE_DRM_HOST", former, 1);
    }
    free(former);
    unlink(open_to_all);
    CHECK_UNKNOWN(OH_MediaKeySystem_CreateIsolated("no.such.system", &system));
    CHECK_INVALID(OH_MediaKeySystem_CreateIsolated("", &system));
    CHECK_INVALID(OH_MediaKeySystem_CreateIsolated(NULL, &system));
    CHECK_INVALID(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, NULL));
    wait_for_hosts(0);
}

/* Whether an instance that the program asks for as others do has a host of its own. */
static void expect_host(const char *isolated, const char *name, bool expected)
{
    REQUIRE(setenv("NATIVE_DRM_ISOLATE", isolated, 1) == 0);
    MediaKeySystem *system = make_system(name);
    pid_t hosts[8];
    printf("  %s: %s\n", isolated, name);
    CHECK_INT(living_hosts(hosts, 8), expected ? 1 : 0);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    REQUIRE(unsetenv("NATIVE_DRM_ISOLATE") == 0);
    wait_for_hosts(0);
}

static void who_gets_a_host(void)
{
    expect_host("", CLEARPLAY, false);
    expect_host(CLEARPLAY, CLEARPLAY, true);
    expect_host(CLEARPLAY, W3C_CLEARKEY, false);
    expect_host("no.such.system, " W3C_CLEARKEY " ," CLEARPLAY, CLEARPLAY, true);
    expect_host("no.such.system, " W3C_CLEARKEY " ," CLEARPLAY, W3C_CLEARKEY, true);
    expect_host("com.clearplay.dr," CLEARPLAY ".more,COM.CLEARPLAY.DRM", CLEARPLAY, false);
    expect_host("*", W3C_CLEARKEY, true);
    /* A key system of the program itself cannot be anywhere else. */
    puppet_reset();
    DRM_KeySystemPlugin plugin = puppet_plugin("test.own");
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    expect_host("*", "test.own", false);
    expect_host("test.own", "test.own", false);
    CHECK_INT(puppet.systems_created, 2);
    MediaKeySystem *system = (MediaKeySystem *)0x5a;
    CHECK_UNKNOWN(OH_MediaKeySystem_CreateIsolated("test.own", &system));
    CHECK(system == (MediaKeySystem *)0x5a);
    CHECK_INT(puppet.systems_created, 2);
}

int main(int argc, char **argv)
{
    char copy[64];
    if (argc != 2) {
        return EXIT_FAILURE;
    }
    villain_copy(argv[1], copy);
    REQUIRE(setenv("NATIVE_DRM_HOST_TIMEOUT", "2", 1) == 0);
    RUN(key_systems_that_misbehave);
    RUN(host_programs_that_are_none);
    RUN(who_gets_a_host);
    remove_private_copy(copy);
    return check_finish("misbehaviour");
}

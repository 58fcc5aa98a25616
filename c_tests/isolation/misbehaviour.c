/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Key systems that misbehave in their host, what a host cannot do, and host programs that are none.
 *
 *   test_misbehaviour PLUGIN     the plugin villain.so
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "isolation/host.h"
#include "isolation/life.h"
#include "support/check.h"
#include "support/drm.h"

#define SECRET "/etc/passwd"

static Drm_ErrCode request_deed(MediaKeySession *session, const char *deed, char *answer, size_t room)
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

static MediaKeySystem *villain_system(void)
{
    MediaKeySystem *system = NULL;
    REQUIRE_OK(OH_MediaKeySystem_CreateIsolated("test.villain", &system));
    return system;
}

/* A key system that crashes, ends the process or does not return: DRM_ERR_SERVICE_DIED, in a bounded time, and nothing more. */
static void key_systems_that_misbehave(void)
{
    static const char *const DEEDS[] = {"crash", "abort", "exit", "hang"};
    Life other = {0};
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
    }
    life_end(&other);
    wait_for_hosts(0);
}

/* What a host process cannot do: the error that each attempt has. Landlock is not in every kernel; the host says so. */
static void a_host_is_confined(void)
{
    static const char *const BY_SECCOMP[] = {"exec=1", "fork=1", "socket=1", "unix=1", "ptrace=1", "memory=1", "kill=1"};
    static const char *const BY_LANDLOCK[] = {"read=13", "write=13", "create=13"};
    static const char secret[] = "of the player";
    char deed[256], answer[1024];
    MediaKeySystem *system = villain_system();
    MediaKeySession *session = make_session(system);
    snprintf(deed, sizeof(deed), "try %s %llx", SECRET, (unsigned long long)(uintptr_t)secret);
    CHECK_OK(request_deed(session, deed, answer, sizeof(answer)));
    printf("  %s\n", answer);
    for (size_t i = 0; i < sizeof(BY_SECCOMP) / sizeof(BY_SECCOMP[0]); i++) {
        CHECK(strstr(answer, BY_SECCOMP[i]) != NULL);
    }
    for (size_t i = 0; i < sizeof(BY_LANDLOCK) / sizeof(BY_LANDLOCK[0]); i++) {
        CHECK(getenv("NATIVE_DRM_TEST_NO_LANDLOCK") != NULL || strstr(answer, BY_LANDLOCK[i]) != NULL);
    }
    char path[64], text[4096];
    pid_t host = only_host();
    snprintf(path, sizeof(path), "/proc/%d/status", (int)host);
    FILE *status = fopen(path, "r");
    REQUIRE(status != NULL);
    text[fread(text, 1, sizeof(text) - 1, status)] = '\0';
    fclose(status);
    CHECK(strstr(text, "NoNewPrivs:\t1") != NULL);
    CHECK(strstr(text, "Seccomp:\t2") != NULL);
    snprintf(path, sizeof(path), "/proc/%d/limits", (int)host);
    status = fopen(path, "r");
    REQUIRE(status != NULL);
    text[fread(text, 1, sizeof(text) - 1, status)] = '\0';
    fclose(status);
    char *core = strstr(text, "Max core file size");
    REQUIRE(core != NULL);
    CHECK_INT(strtol(core + 18, NULL, 10), 0);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
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

int main(int argc, char **argv)
{
    char copy[64], *end;
    if (argc != 2) {
        return EXIT_FAILURE;
    }
    private_copy(argv[1], "villain.so", copy);
    end = strrchr(copy, '/');
    *end = '\0';
    REQUIRE(setenv("NATIVE_DRM_PLUGIN_PATH", copy, 1) == 0);
    *end = '/';
    REQUIRE(setenv("NATIVE_DRM_HOST_TIMEOUT", "2", 1) == 0);
    RUN(key_systems_that_misbehave);
    RUN(host_programs_that_are_none);
    REQUIRE(unsetenv("NATIVE_DRM_HOST_TIMEOUT") == 0);
    RUN(a_host_is_confined);
    remove_private_copy(copy);
    return check_finish("misbehaviour");
}

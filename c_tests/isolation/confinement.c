/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a host process cannot do, and nobody with it; and a host on a kernel that lacks one of the means.
 *
 *   test_confinement PLUGIN [landlock|seccomp]   the plugin villain.so; what this process and its hosts are to go without
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "isolation/host.h"
#include "isolation/villain.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/process.h"

#define SECRET "/etc/passwd"

static const char *plugin;

/* The version of Landlock that this kernel has; 0 = none. */
static long landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, 1u);
    return version < 0 ? 0 : version;
}

/* Every attempt's error; the space keeps 1 from being the beginning of 13. */
static void expect_all(const char *answer, const char *const *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!CHECK(strstr(answer, attempts[i]) != NULL)) {
            printf("  not so: %s\n", attempts[i]);
        }
    }
}

#define EXPECT_ALL(answer, attempts) expect_all(answer, attempts, sizeof(attempts) / sizeof((attempts)[0]))

static void expect_by_seccomp(const char *answer)
{
    static const char *const ATTEMPTS[] = {"exec=1 ", "fork=1 ", "socket=1 ", "unix=1 ", "ptrace=1 ", "memory=1 ", "kill=1 ",
                                           "own-memory=1 ", "own-signal=1 ", "nobody=1 "};
    EXPECT_ALL(answer, ATTEMPTS);
}

static void expect_by_landlock(const char *answer)
{
    static const char *const FILES[] = {"read=13 ", "write=13 ", "create=13 "};
    if (landlock_version() > 0) {
        EXPECT_ALL(answer, FILES);
    }
}

static long limit_of(const char *limits, const char *name)
{
    const char *line = strstr(limits, name);
    REQUIRE(line != NULL);
    return strtol(line + strlen(name), NULL, 10);
}

static void read_of_process(pid_t process, const char *name, char text[4096])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)process, name);
    FILE *file = fopen(path, "r");
    REQUIRE(file != NULL);
    text[fread(text, 1, 4095, file)] = '\0';
    fclose(file);
}

static void a_host_is_confined(void)
{
    static const char secret[] = "of the player";
    char deed[256], answer[1024], text[4096];
    MediaKeySystem *system = villain_system();
    MediaKeySession *session = make_session(system);
    snprintf(deed, sizeof(deed), "try %s %llx", SECRET, (unsigned long long)(uintptr_t)secret);
    CHECK_OK(request_deed(session, deed, answer, sizeof(answer)));
    printf("  %s\n", answer);
    expect_by_seccomp(answer);
    expect_by_landlock(answer);
    pid_t host = only_host();
    read_of_process(host, "status", text);
    CHECK(strstr(text, "NoNewPrivs:\t1") != NULL);
    CHECK(strstr(text, "Seccomp:\t2") != NULL);
    read_of_process(host, "limits", text);
    CHECK_INT(limit_of(text, "Max core file size"), 0);
    CHECK_INT(limit_of(text, "Max file size"), 64 << 20);
    CHECK_INT(limit_of(text, "Max open files"), 256);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    wait_for_hosts(0);
}

/* Takes the right to look at any process from this thread, which root has, or gives it back. */
static void set_right_to_look(bool wanted)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    const uint32_t right = 1u << CAP_SYS_PTRACE;
    REQUIRE(syscall(SYS_capget, &header, sets) == 0);
    sets[0].effective = wanted ? sets[0].effective | (sets[0].permitted & right) : sets[0].effective & ~right;
    REQUIRE(syscall(SYS_capset, &header, sets) == 0);
}

/* A player that is hostile, as the user's other programs are: it can look at any child of its own, but not at a host. */
static void a_host_cannot_be_looked_at(void)
{
    char path[64], answer[64];
    MediaKeySystem *system = villain_system();
    MediaKeySession *session = make_session(system);
    pid_t host = only_host(), child = fork();
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    REQUIRE(child > 0);
    set_right_to_look(false);
    if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0) {
        printf("  nobody may look at any process here\n");
    }
    errno = 0;
    CHECK(ptrace(PTRACE_SEIZE, host, NULL, NULL) != 0);
    CHECK_INT(errno, EPERM);
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)host);
    CHECK_INT(open(path, O_RDONLY | O_CLOEXEC), -1);
    CHECK_INT(errno, EACCES);
    set_right_to_look(true);
    REQUIRE(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    CHECK_OK(request_deed(session, "nothing", answer, sizeof(answer)));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    wait_for_hosts(0);
}

/* ---- in processes of their own ---- */

/* From now on, and for all processes that this one starts, the kernel does not know a call; with `first` not negative, that call with
 * this first argument. */
static void go_without(uint32_t call, int first)
{
    const uint32_t number = (uint32_t)offsetof(struct seccomp_data, nr);
    const uint32_t argument = (uint32_t)offsetof(struct seccomp_data, args);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
        BPF_JUMP(BPF_JMP | (first < 0 ? BPF_JGE : BPF_JEQ) | BPF_K, first < 0 ? 0 : (uint32_t)first, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static const char *awaited;
static bool said;

static void on_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)data;
    if (strstr(message, awaited) != NULL) {
        CHECK_INT(level, NATIVE_DRM_LOG_WARN);
        __atomic_store_n(&said, true, __ATOMIC_SEQ_CST);
    }
}

/* A host that says what it is not confined by, and goes on with the rest. */
static MediaKeySession *session_without(const char *line)
{
    awaited = line;
    REQUIRE_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_WARN, on_log, NULL));
    MediaKeySession *session = make_session(villain_system());
    /* If it never is, the test takes too long. */
    while (!__atomic_load_n(&said, __ATOMIC_SEQ_CST)) {
        usleep(1000);
    }
    return session;
}

static void go_without_landlock(void)
{
    char answer[1024];
    static const char secret[] = "of the player";
    char deed[256];
    go_without(SYS_landlock_create_ruleset, -1);
    snprintf(deed, sizeof(deed), "try %s %llx", SECRET, (unsigned long long)(uintptr_t)secret);
    CHECK_OK(request_deed(session_without("host: not confined by Landlock"), deed, answer, sizeof(answer)));
    printf("  %s\n", answer);
    expect_by_seccomp(answer);
    CHECK(strstr(answer, "read=ok ") != NULL);
}

static void go_without_seccomp(void)
{
    static const char *const TCP[] = {"bind=13 ", "connect=13 "};
    static const char *const SIGNAL[] = {"signal=1 "};
    char answer[1024];
    go_without(SYS_seccomp, -1);
    go_without(SYS_prctl, PR_SET_SECCOMP);
    CHECK_OK(request_deed(session_without("host: not confined by seccomp"), "files " SECRET, answer, sizeof(answer)));
    printf("  %s\n", answer);
    expect_by_landlock(answer);
    if (landlock_version() >= 4) {
        EXPECT_ALL(answer, TCP);
    }
    if (landlock_version() >= 6) {
        EXPECT_ALL(answer, SIGNAL);
    }
}

static void a_kernel_without_landlock(void)
{
    const char *const arguments[] = {plugin, "landlock", NULL};
    CHECK(process_run(arguments, NULL));
}

static void a_kernel_without_seccomp(void)
{
    const char *const arguments[] = {plugin, "seccomp", NULL};
    CHECK(process_run(arguments, NULL));
}

int main(int argc, char **argv)
{
    char copy[64];
    if (argc == 3) {
        if (strcmp(argv[2], "landlock") == 0) {
            go_without_landlock();
        } else {
            go_without_seccomp();
        }
        return check_finish(argv[2]);
    }
    REQUIRE(argc == 2);
    plugin = argv[1];
    villain_copy(plugin, copy);
    RUN(a_host_is_confined);
    RUN(a_host_cannot_be_looked_at);
    RUN(a_kernel_without_landlock);
    RUN(a_kernel_without_seccomp);
    remove_private_copy(copy);
    return check_finish("confinement");
}

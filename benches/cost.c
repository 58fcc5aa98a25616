/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the library costs besides time per sample: its size, instructions per call, the time from dlopen to the first
 * decrypted sample, resident memory per session.
 *
 *   native_drm_cost LIBRARY [--json FILE]
 *
 * Instructions are counted by stepping through the call (ptrace), at every level that this processor has: callgrind knows
 * neither VAES nor AVX-512. Each figure comes from a process of its own.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

enum { SAMPLE_BYTES = 400, STARTS = 31, SYSTEMS = 16, SESSIONS = 64 };

/* Key id and key of the benchmark. */
static const char LICENSE[] = "0YmVuY2htYXJrIGtleSBpZA==:K34VFiiu0qar9xWICc9PPA==";

typedef struct Library {
    __typeof__(&OH_MediaKeySystem_Create) create;
    __typeof__(&OH_MediaKeySystem_CreateMediaKeySession) create_session;
    __typeof__(&OH_MediaKeySession_ProcessMediaKeyResponse) process;
    __typeof__(&OH_MediaKeySession_DecryptSample) decrypt;
} Library;

static Library load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fail("%s", dlerror());
    }
    Library library;
    *(void **)&library.create = dlsym(handle, "OH_MediaKeySystem_Create");
    *(void **)&library.create_session = dlsym(handle, "OH_MediaKeySystem_CreateMediaKeySession");
    *(void **)&library.process = dlsym(handle, "OH_MediaKeySession_ProcessMediaKeyResponse");
    *(void **)&library.decrypt = dlsym(handle, "OH_MediaKeySession_DecryptSample");
    if (library.create == NULL || library.create_session == NULL || library.process == NULL || library.decrypt == NULL) {
        fail("%s does not have all functions", path);
    }
    return library;
}

static MediaKeySystem *new_system(const Library *library)
{
    MediaKeySystem *system = NULL;
    if (library->create("com.clearplay.drm", &system) != DRM_ERR_OK) {
        fail("no MediaKeySystem");
    }
    return system;
}

static MediaKeySession *new_session(const Library *library, MediaKeySystem *system)
{
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    if (library->create_session(system, &level, &session) != DRM_ERR_OK) {
        fail("no session");
    }
    return session;
}

static void add_key(const Library *library, MediaKeySession *session)
{
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_length = sizeof(id);
    uint8_t license[sizeof(LICENSE)];
    memcpy(license, LICENSE, sizeof(LICENSE));
    if (library->process(session, license, (int32_t)strlen(LICENSE), id, &id_length) != DRM_ERR_OK) {
        fail("no key");
    }
}

static DRM_SampleInfo sample_info(bool cbc)
{
    DRM_SampleInfo info = {
        .structSize = sizeof(info),
        .algorithm = cbc ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR,
        .scheme = cbc ? DRM_CENC_SCHEME_CBCS : DRM_CENC_SCHEME_CENC,
        .ivLen = 16,
    };
    memcpy(info.keyId, "benchmark key id", sizeof(info.keyId));
    return info;
}

static void decrypt(const Library *library, MediaKeySession *session, const DRM_SampleInfo *info, uint8_t *data)
{
    if (library->decrypt(session, info, data, SAMPLE_BYTES) != DRM_ERR_OK) {
        fail("a sample was refused");
    }
}

/* Runs `measure` in a child and returns what it left in `result`. */
static double in_child(void (*measure)(const char *path, int argument, volatile double *result), const char *path,
                       int argument, bool trace);

/* Nanoseconds from dlopen to the first decrypted sample. */
static void time_start(const char *path, int argument, volatile double *result)
{
    (void)argument;
    struct timespec start, end;
    static uint8_t data[SAMPLE_BYTES];
    clock_gettime(CLOCK_MONOTONIC, &start);
    Library library = load(path);
    MediaKeySession *session = new_session(&library, new_system(&library));
    add_key(&library, session);
    DRM_SampleInfo info = sample_info(false);
    decrypt(&library, session, &info, data);
    clock_gettime(CLOCK_MONOTONIC, &end);
    *result = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}

static double resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1) {
        fail("/proc/self/statm cannot be read");
    }
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Resident bytes per session: without a key, or with one that has decrypted a sample. */
static void measure_memory(const char *path, int with_key, volatile double *result)
{
    static uint8_t data[SAMPLE_BYTES];
    Library library = load(path);
    DRM_SampleInfo info = sample_info(false);
    double before = 0;
    /* The first system warms up what is there once only. */
    for (int i = 0; i <= SYSTEMS; i++) {
        MediaKeySystem *system = new_system(&library);
        for (int j = 0; j < SESSIONS; j++) {
            MediaKeySession *session = new_session(&library, system);
            if (with_key) {
                add_key(&library, session);
                decrypt(&library, session, &info, data);
            }
        }
        if (i == 0) {
            before = resident_bytes();
        }
    }
    *result = (resident_bytes() - before) / (SYSTEMS * SESSIONS);
}

/* The child's half of counting: leaves the function's address, stops, and calls the function once. */
static void call_once(const char *path, int cbc, volatile double *result)
{
    static uint8_t data[SAMPLE_BYTES];
    Library library = load(path);
    MediaKeySession *session = new_session(&library, new_system(&library));
    add_key(&library, session);
    DRM_SampleInfo info = sample_info(cbc);
    for (int i = 0; i < 100; i++) {
        decrypt(&library, session, &info, data);
    }
    uintptr_t address = (uintptr_t)library.decrypt;
    memcpy((void *)result, &address, sizeof(address));
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        fail("ptrace is not allowed");
    }
    raise(SIGSTOP);
    decrypt(&library, session, &info, data);
}

/* The parent's half: steps through the child and counts from the function's first instruction to its return. */
static double count_instructions(pid_t child, const volatile double *result)
{
#if defined(__x86_64__)
    int status;
    uint64_t count = 0, return_address = 0, stack = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) {
        return 0;
    }
    uintptr_t address;
    memcpy(&address, (const void *)result, sizeof(address));
    for (;;) {
        struct user_regs_struct registers;
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 || waitpid(child, &status, 0) != child ||
            !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) {
            return 0;
        }
        if (return_address == 0 && registers.rip == address) {
            stack = registers.rsp;
            return_address = (uint64_t)ptrace(PTRACE_PEEKDATA, child, (void *)registers.rsp, NULL);
        } else if (return_address != 0) {
            count++;
            if (registers.rip == return_address && registers.rsp == stack + 8) {
                break;
            }
        }
    }
    ptrace(PTRACE_CONT, child, NULL, NULL);
    return (double)count;
#else
    (void)result;
    kill(child, SIGKILL);
    return 0;
#endif
}

static double in_child(void (*measure)(const char *path, int argument, volatile double *result), const char *path,
                       int argument, bool trace)
{
    volatile double *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED) {
        fail("no memory");
    }
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        fail("no process");
    }
    if (child == 0) {
        measure(path, argument, result);
        _exit(0);
    }
    double counted = trace ? count_instructions(child, result) : 0;
    int status;
    bool ended_well = waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    double value = trace ? counted : *result;
    munmap((void *)result, sizeof(*result));
    return ended_well ? value : 0;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    if (argc != 2 && !(argc == 4 && strcmp(argv[2], "--json") == 0)) {
        fail("usage: %s LIBRARY [--json FILE]", argv[0]);
    }
    const char *path = argv[1];
    struct stat stat_of_library;
    if (stat(path, &stat_of_library) != 0) {
        fail("%s: not there", path);
    }
    double starts[STARTS];
    for (int i = 0; i < STARTS; i++) {
        starts[i] = in_child(time_start, path, 0, false);
    }
    qsort(starts, STARTS, sizeof(starts[0]), compare);
    double start = starts[STARTS / 2] / 1e6;
    double empty = in_child(measure_memory, path, 0, false) / 1024, used = in_child(measure_memory, path, 1, false) / 1024;

    printf("\nSize of the library              %8.0f KiB\n", (double)stat_of_library.st_size / 1024);
    printf("dlopen to first decrypted sample %8.2f ms\n", start);
    printf("Resident memory per session      %8.1f KiB; with a key that was used %.1f KiB\n", empty, used);
    printf("Instructions per call of %d B       cenc    cbcs\n", SAMPLE_BYTES);
    static const char *const LEVELS[] = {"vaes512", "vaes256", "avx2", "aesni", "soft"};
    enum { LEVEL_COUNT = sizeof(LEVELS) / sizeof(LEVELS[0]) };
    double instructions[LEVEL_COUNT][2];
    for (int i = 0; i < LEVEL_COUNT; i++) {
        setenv("NATIVE_DRM_CPU", LEVELS[i], 1);
        for (int cbc = 0; cbc < 2; cbc++) {
            instructions[i][cbc] = in_child(call_once, path, cbc, true);
        }
        printf("  at most %-23s %7.0f %7.0f\n", LEVELS[i], instructions[i][0], instructions[i][1]);
    }
    if (argc == 4) {
        FILE *file = fopen(argv[3], "w");
        if (file == NULL) {
            fail("cannot write %s", argv[3]);
        }
        fprintf(file, "{\n  \"library_bytes\": %lld,\n  \"dlopen_to_first_sample_ms\": %.3f,\n",
                (long long)stat_of_library.st_size, start);
        fprintf(file, "  \"resident_kib_per_session\": %.2f,\n  \"resident_kib_per_session_with_key\": %.2f,\n", empty, used);
        fprintf(file, "  \"instructions_per_call\": {");
        for (int i = 0; i < LEVEL_COUNT; i++) {
            fprintf(file, "%s\n    \"%s\": {\"cenc\": %.0f, \"cbcs\": %.0f}", i > 0 ? "," : "", LEVELS[i], instructions[i][0],
                    instructions[i][1]);
        }
        fprintf(file, "\n  }\n}\n");
        if (fclose(file) != 0) {
            fail("cannot write %s", argv[3]);
        }
    }
    return 0;
}

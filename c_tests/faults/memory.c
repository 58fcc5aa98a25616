/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * No more address space: where the library can tell (memory for keys, threads), calls fail with DRM_ERR_SERVICE_DIED, change
 * nothing, and work again once there is memory. (Rust's collections end the process when a small allocation fails; the
 * allocator has enough left here.)
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <sys/resource.h>

#include "support/drm.h"
#include "support/process.h"

#define SPARE_PIECES 4096
#define MAX_SESSIONS_OF_SYSTEM 64

/* Memory that the allocator keeps for itself. */
static void fill_allocator(void)
{
    static void *pieces[SPARE_PIECES];
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    for (int i = 0; i < SPARE_PIECES; i++) {
        pieces[i] = malloc(2048);
        REQUIRE(pieces[i] != NULL);
        memset(pieces[i], 1, 2048);
    }
    for (int i = 0; i < SPARE_PIECES; i++) {
        free(pieces[i]);
    }
}

/* From now on this process gets no more address space than it has. */
static struct rlimit take_all(void)
{
    struct rlimit before;
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    REQUIRE(file != NULL && fscanf(file, "%ld", &pages) == 1 && fclose(file) == 0);
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    struct rlimit now = before;
    now.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    REQUIRE(setrlimit(RLIMIT_AS, &now) == 0);
    return before;
}

static void give_back(const struct rlimit *before)
{
    REQUIRE(setrlimit(RLIMIT_AS, before) == 0);
}

static void no_thread(void)
{
    MediaKeySystem *drm = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(drm);
    char text[256];
    clearplay_license(text, sizeof(text), '0', KID_A, NIST_KEY);
    fill_allocator();
    struct rlimit before = take_all();
    Drm_ErrCode code = process_response(session, text);
    Drm_ErrCode decrypt = decrypt_nist(session, KID_A);
    give_back(&before);
    CHECK_INT(code, DRM_ERR_SERVICE_DIED);
    CHECK_INT(decrypt, DRM_ERR_NO_KEY);
    CHECK_OK(process_response(session, text));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
}

static void no_memory_for_keys(void)
{
    MediaKeySystem *drm = make_system(CLEARPLAY);
    MediaKeySession *sessions[MAX_SESSIONS_OF_SYSTEM];
    Drm_ErrCode codes[MAX_SESSIONS_OF_SYSTEM];
    Drm_ErrCode decrypts[MAX_SESSIONS_OF_SYSTEM];
    char text[256];
    int refused = 0;
    for (int i = 0; i < MAX_SESSIONS_OF_SYSTEM; i++) {
        sessions[i] = make_session(drm);
    }
    /* The thread for events, and this thread's place among readers. */
    give_key(sessions[0], KID_B, NIST_KEY);
    CHECK_OK(decrypt_nist(sessions[0], KID_B));
    clearplay_license(text, sizeof(text), '0', KID_A, NIST_KEY);
    fill_allocator();
    struct rlimit before = take_all();
    for (int i = 0; i < MAX_SESSIONS_OF_SYSTEM; i++) {
        codes[i] = process_response(sessions[i], text);
        decrypts[i] = decrypt_nist(sessions[i], KID_A);
    }
    give_back(&before);
    for (int i = 0; i < MAX_SESSIONS_OF_SYSTEM; i++) {
        CHECK(codes[i] == DRM_ERR_OK || codes[i] == DRM_ERR_SERVICE_DIED);
        CHECK_INT(decrypts[i], codes[i] == DRM_ERR_OK ? DRM_ERR_OK : DRM_ERR_NO_KEY);
        refused += codes[i] != DRM_ERR_OK;
    }
    printf("  %d of %d keys found no memory\n", refused, MAX_SESSIONS_OF_SYSTEM);
    CHECK(refused > 0 && refused < MAX_SESSIONS_OF_SYSTEM);
    for (int i = 0; i < MAX_SESSIONS_OF_SYSTEM; i++) {
        CHECK_OK(process_response(sessions[i], text));
        CHECK_OK(decrypt_nist(sessions[i], KID_A));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(drm));
}

int main(int argc, char **argv)
{
    /* Each in a process that has not started the library's thread. */
    const char *const again[] = {"keys", NULL};
    if (argc > 1) {
        REQUIRE(strcmp(argv[1], "keys") == 0);
        RUN(no_memory_for_keys);
    } else {
        RUN(no_thread);
        CHECK(process_run(again, NULL));
    }
    return check_finish("memory");
}

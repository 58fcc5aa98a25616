/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A store that cannot be written, cannot be a store, or is damaged: what was confirmed is not lost, nothing is half done,
 * and a damaged file costs its own key alone.
 */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "support/check.h"
#include "support/drm.h"
#include "support/offline.h"

/* A store that can be read but not written: nothing is lost, nothing half done. */
static void expect_refusal_to_write(MediaKeySystem *system, MediaKeySession *session)
{
    char text[256];
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_CODE(process_response(session, offline_license(text, sizeof(text), KID_B, NIST_KEY)), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY);
    CHECK(!is_listed(system, KID_B, NULL));
    /* The old key cannot be overwritten by halves. */
    CHECK_CODE(process_response(session, offline_license(text, sizeof(text), KID_A, OTHER_KEY)), DRM_ERR_SERVICE_DIED);
    CHECK_OK(restore(session, KID_A));
    CHECK_OK(decrypt_nist(session, KID_A));
    /* Online keys need no disk. */
    give_jwk(session, NULL, KID_B, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_B));
}

static void expect_no_release(MediaKeySystem *system, MediaKeySession *session)
{
    CHECK_CODE(release(session, KID_A, "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}"), DRM_ERR_SERVICE_DIED);
    CHECK_OK(decrypt_nist(session, KID_A));
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
}

static void step_read_only(MediaKeySystem *system, MediaKeySession *session)
{
    expect_refusal_to_write(system, session);
    expect_no_release(system, session);
    CHECK_CODE(clear(system, KID_A), DRM_ERR_SERVICE_DIED);
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
}

static void step_full(MediaKeySystem *system, MediaKeySession *session)
{
    struct rlimit none = {0, 0};
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0);
    expect_refusal_to_write(system, session);
    expect_no_release(system, session);
}

/* Without capabilities, file modes hold for root, too. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof(none));
    REQUIRE(syscall(SYS_capset, &header, none) == 0);
}

static const NamedStep STEPS[] = {
    {"store", step_store}, {"restore", step_restore}, {"read_only", step_read_only}, {"full", step_full}};

typedef void (*Visit)(const char *path, void *argument);

/* Visits all files and directories below a directory, what lies in a directory before itself. */
static void each_path(const char *directory, Visit visit, void *argument)
{
    DIR *stream = opendir(directory);
    REQUIRE(stream != NULL);
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        char path[PATH_MAX];
        struct stat info;
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || lstat(path, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode)) {
            each_path(path, visit, argument);
        }
        visit(path, argument);
    }
    closedir(stream);
}

static void set_directory_mode(const char *path, void *argument)
{
    struct stat info;
    REQUIRE(lstat(path, &info) == 0);
    if (S_ISDIR(info.st_mode)) {
        REQUIRE(chmod(path, *(const mode_t *)argument) == 0);
    }
}

static void set_modes(mode_t mode)
{
    each_path(store, set_directory_mode, &mode);
    set_directory_mode(store, &mode);
}

static void read_only_directory(void)
{
    use_store("read_only");
    for (int i = 0; i < 2; i++) {
        system_name = i == 0 ? CLEARPLAY : W3C_CLEARKEY;
        run_step("store");
        set_modes(0500);
        run_step("read_only");
        set_modes(0700);
        run_step("restore");
    }
}

static void full_disk(void)
{
    use_store("full");
    for (int i = 0; i < 2; i++) {
        system_name = i == 0 ? CLEARPLAY : W3C_CLEARKEY;
        run_step("store");
        run_step("full");
        run_step("restore");
    }
}

/* A store path that cannot be a directory. */
static void no_directory(void)
{
    char path[PATH_MAX];
    char text[256];
    uint32_t level = 0;
    use_store("none");
    system_name = CLEARPLAY;
    snprintf(path, sizeof(path), "%s/file", store);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL && fclose(file) == 0);
    snprintf(path, sizeof(path), "%s/file/below", store);
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE(ids != NULL);
    memset(ids, 0x5a, sizeof(*ids));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "storagePath", path));
    CHECK_CODE(OH_MediaKeySystem_GetOfflineMediaKeyIds(system, ids), DRM_ERR_SERVICE_DIED);
    CHECK_FILLED(ids, 0x5a, sizeof(*ids));
    CHECK_CODE(process_response(session, offline_license(text, sizeof(text), KID_A, NIST_KEY)), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(restore(session, KID_A), DRM_ERR_SERVICE_DIED);
    /* The system lives on. */
    CHECK_OK(OH_MediaKeySystem_GetMaxContentProtectionLevel(system, (DRM_ContentProtectionLevel *)&level));
    give_key(session, KID_A, NIST_KEY);
    CHECK_OK(decrypt_nist(session, KID_A));
    free(ids);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

typedef struct Files {
    char paths[16][PATH_MAX];
    size_t count;
} Files;

static void add_file(const char *path, void *argument)
{
    Files *files = (Files *)argument;
    struct stat info;
    if (lstat(path, &info) != 0 || S_ISDIR(info.st_mode)) {
        return;
    }
    REQUIRE(files->count < 16);
    snprintf(files->paths[files->count++], PATH_MAX, "%s", path);
}

/* The file that is in `after` and not in `before`. */
static const char *new_file(const Files *before, const Files *after)
{
    const char *found = NULL;
    for (size_t i = 0; i < after->count; i++) {
        bool old = false;
        for (size_t j = 0; j < before->count; j++) {
            old = old || strcmp(after->paths[i], before->paths[j]) == 0;
        }
        if (!old) {
            REQUIRE(found == NULL);
            found = after->paths[i];
        }
    }
    REQUIRE(found != NULL);
    return found;
}

static void expect_damaged(MediaKeySystem *system, MediaKeySession *session, const uint8_t kid[16])
{
    DRM_OfflineMediaKeyStatus status = (DRM_OfflineMediaKeyStatus)77;
    uint8_t id[16];
    uint8_t request[128];
    int32_t size = (int32_t)sizeof(request);
    memcpy(id, kid, 16);
    CHECK(is_listed(system, kid, NULL));
    CHECK_CODE(status_of(system, kid, &status), DRM_ERR_SERVICE_DIED);
    CHECK_INT(status, 77);
    CHECK_CODE(restore(session, kid), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(decrypt_nist(session, kid), DRM_ERR_NO_KEY);
    CHECK_CODE(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(release(session, kid, "{\"kids\":[\"sLGys7S1tre4ubq7vL2-vw\"]}"), DRM_ERR_SERVICE_DIED);
    /* It costs no other key. */
    expect_status(system, KID_A, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_OK(restore(session, KID_A));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
}

static void damage(const char *path, int kind)
{
    struct stat info;
    REQUIRE(stat(path, &info) == 0 && info.st_size > 0);
    CHECK_INT(info.st_mode & 0777, 0600);
    if (kind == 0) {
        REQUIRE(truncate(path, 0) == 0);
        return;
    }
    if (kind == 1) {
        REQUIRE(truncate(path, info.st_size - 1) == 0);
        return;
    }
    /* One flipped bit, at the beginning, in the middle, at the end. */
    off_t at = kind == 2 ? 0 : (kind == 3 ? info.st_size / 2 : info.st_size - 1);
    int file = open(path, O_RDWR);
    uint8_t byte = 0;
    REQUIRE(file >= 0 && pread(file, &byte, 1, at) == 1);
    byte ^= 1;
    REQUIRE(pwrite(file, &byte, 1, at) == 1 && close(file) == 0);
}

static void damaged_file(void)
{
    char text[256];
    use_store("damage");
    system_name = CLEARPLAY;
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    CHECK_OK(process_response(session, offline_license(text, sizeof(text), KID_A, NIST_KEY)));
    for (int kind = 0; kind < 5; kind++) {
        static Files before;
        static Files after;
        memset(&before, 0, sizeof(before));
        memset(&after, 0, sizeof(after));
        each_path(store, add_file, &before);
        CHECK_OK(process_response(session, offline_license(text, sizeof(text), KID_B, NIST_KEY)));
        each_path(store, add_file, &after);
        const char *path = new_file(&before, &after);
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        damage(path, kind);
        expect_damaged(system, session, KID_B);
        if (kind % 2 == 0) {
            CHECK_OK(clear(system, KID_B));
        } else { /* A new license puts it right. */
            CHECK_OK(process_response(session, offline_license(text, sizeof(text), KID_B, NIST_KEY)));
            expect_status(system, KID_B, OFFLINE_MEDIA_KEY_STATUS_USABLE);
            CHECK_OK(clear(system, KID_B));
        }
        CHECK(!is_listed(system, KID_B, NULL));
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* No key lies in a file as it is. */
static void look_for_key(const char *path, void *argument)
{
    uint8_t bytes[8192];
    struct stat info;
    if (lstat(path, &info) != 0 || S_ISDIR(info.st_mode)) {
        return;
    }
    int file = open(path, O_RDONLY);
    REQUIRE(file >= 0);
    ssize_t size = read(file, bytes, sizeof(bytes));
    close(file);
    CHECK(size >= 0 && size < (ssize_t)sizeof(bytes));
    CHECK(size < 16 || memmem(bytes, (size_t)size, argument, 16) == NULL);
    CHECK(size < 22 || memmem(bytes, (size_t)size, "K34VFiiu0qar9xWICc9PPA", 22) == NULL);
}

static void files_are_encrypted(void)
{
    uint8_t key[16];
    memcpy(key, NIST_KEY, 16);
    use_store("encrypted");
    system_name = W3C_CLEARKEY;
    run_step("store");
    each_path(store, look_for_key, key);
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        if (strcmp(argv[1], "read_only") == 0) {
            drop_capabilities();
        }
        return run_as_child(argc, argv, STEPS, sizeof(STEPS) / sizeof(STEPS[0]));
    }
    find_store_base();
    RUN(read_only_directory);
    RUN(full_disk);
    RUN(no_directory);
    RUN(damaged_file);
    RUN(files_are_encrypted);
    return check_finish("test_offline_faults");
}

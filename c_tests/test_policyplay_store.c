/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.policyplay.drm: what somebody gains who copies files of the store and puts them back, or takes the store to another machine.
 * A new MediaKeySystem stands for a new process: nothing but the store connects them.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "support/policy.h"

/* Each window is a reason to put something back. */
#define RENTAL                                                                                        \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":1000,"   \
    "\"rental_duration_seconds\":100000,\"playback_duration_seconds\":2000}"

#define MACHINE "NATIVE_DRM_EMULATE_MACHINE_ID"
#define MACHINE_1 "0123456789abcdef0123456789abcdef"
#define MACHINE_2 "fedcba9876543210fedcba9876543210"

typedef struct File {
    char path[4096];
    uint8_t bytes[32768];
    size_t size;
} File;

static void copy(File *file, const char *path)
{
    snprintf(file->path, sizeof(file->path), "%s", path);
    FILE *stream = fopen(path, "rb");
    REQUIRE(stream != NULL);
    file->size = fread(file->bytes, 1, sizeof(file->bytes), stream);
    REQUIRE(file->size > 0 && file->size < sizeof(file->bytes));
    REQUIRE(fclose(stream) == 0);
}

static void put(const File *file, const char *path)
{
    FILE *stream = fopen(path, "wb");
    REQUIRE(stream != NULL && fwrite(file->bytes, 1, file->size, stream) == file->size && fclose(stream) == 0);
}

static void put_back(const File *file) { put(file, file->path); }

/* The file of a license in the store. */
static void copy_license(File *file, const uint8_t id[16])
{
    char path[4096];
    int size = snprintf(path, sizeof(path), "%s/" POLICYPLAY "/", getenv("NATIVE_DRM_STORAGE_DIR"));
    for (int i = 0; i < 16; i++) {
        size += snprintf(path + size, sizeof(path) - (size_t)size, "%02x", id[i]);
    }
    snprintf(path + size, sizeof(path) - (size_t)size, ".key");
    copy(file, path);
}

static MediaKeySystem *next_process(MediaKeySystem *system, int64_t now, MediaKeySession **session)
{
    if (system != NULL) {
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
    MediaKeySystem *next = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(next, now));
    *session = make_session(next);
    return next;
}

static Drm_ErrCode restore(MediaKeySession *session, uint8_t id[16])
{
    return OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16);
}

static void expect_refused(MediaKeySystem *system, MediaKeySession *session, uint8_t id[16])
{
    DRM_OfflineMediaKeyStatus status;
    uint8_t request[POLICY_ROOM];
    int32_t size = (int32_t)sizeof(request);
    CHECK_CODE(restore(session, id), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, &status), DRM_ERR_SERVICE_DIED);
    CHECK_CODE(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request, &size), DRM_ERR_SERVICE_DIED);
}

/* What was stored at each step of a license's life, and a step later is put back: another license is not concerned, and what was stored
   last is still good. */
static void one_file_put_back(void)
{
    static File stages[4];
    OH_DrmLicenseService *service = make_policy_service(RENTAL);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    MediaKeySession *second = make_session(system);
    uint8_t id[16];
    uint8_t other[16];
    int64_t now = START_MILLIS;
    get_license(second, service, MEDIA_KEY_TYPE_OFFLINE, other);
    get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
    for (int stage = 0; stage < 3; stage++) {
        copy_license(&stages[stage], id);
        if (stage == 0) {
            CHECK_OK(decrypt_nist(session, KID_A));
        } else if (stage == 1) {
            pass(system, service, &now, 500);
            Message renewal = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");
            Message response = ask_service(service, renewal.bytes, renewal.size);
            REQUIRE_OK(process_message(session, &response, NULL));
        } else {
            pass(system, service, &now, 1600);
            CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
        }
        system = next_process(system, now, &session);
        copy_license(&stages[stage + 1], id);
        CHECK(stages[stage].size != stages[stage + 1].size ||
              memcmp(stages[stage].bytes, stages[stage + 1].bytes, stages[stage].size) != 0);
        for (int earlier = 0; earlier <= stage; earlier++) {
            put_back(&stages[earlier]);
            expect_refused(system, session, id);
            CHECK_OK(restore(session, other));
            CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        }
        put_back(&stages[stage + 1]);
        CHECK_OK(restore(session, id));
        CHECK_CODE(decrypt_nist(session, KID_A), stage < 2 ? DRM_ERR_OK : DRM_ERR_NO_LICENSE);
        copy_license(&stages[stage + 1], id);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* An acknowledged release stays one, and so does a deletion. */
static void a_released_license_put_back(void)
{
    static File license;
    for (int asks = 0; asks < 2; asks++) {
        OH_DrmLicenseService *service = make_policy_service(RENTAL);
        use_own_store(asks ? "a_released_license_put_back" : "a_deleted_license_put_back");
        MediaKeySystem *system = make_device(service);
        MediaKeySession *session = make_session(system);
        DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
        DRM_OfflineMediaKeyStatus status;
        Message request;
        int32_t size = (int32_t)sizeof(request.bytes);
        uint8_t id[16];
        REQUIRE(ids != NULL);
        get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
        CHECK_OK(decrypt_nist(session, KID_A));
        copy_license(&license, id);
        if (asks) {
            REQUIRE_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, request.bytes, &size));
            Message response = ask_service(service, request.bytes, (size_t)size);
            REQUIRE_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response.bytes,
                                                                        (int32_t)response.size));
        } else {
            REQUIRE_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(system, id, 16));
        }
        for (int i = 0; i < 3; i++) {
            put_back(&license);
            system = next_process(system, START_MILLIS, &session);
            CHECK_UNKNOWN(restore(session, id));
            CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
            CHECK_UNKNOWN(OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, id, 16, &status));
            REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(system, ids));
            CHECK_INT(ids->idsCount, (uint32_t)i);
            /* What is stored next does not let it in. */
            uint8_t next[16];
            get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, next);
        }
        free(ids);
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        CHECK_OK(OH_DrmLicenseService_Destroy(service));
    }
}

static void copy_directory(const char *from, const char *to)
{
    DIR *stream = opendir(from);
    REQUIRE(stream != NULL && mkdir(to, 0700) == 0);
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        char source[4096];
        char target[4096];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        REQUIRE((size_t)snprintf(source, sizeof(source), "%s/%s", from, entry->d_name) < sizeof(source));
        REQUIRE((size_t)snprintf(target, sizeof(target), "%s/%s", to, entry->d_name) < sizeof(target));
        REQUIRE(stat(source, &info) == 0);
        if (S_ISDIR(info.st_mode)) {
            copy_directory(source, target);
        } else {
            static File file;
            if (info.st_size > 0) {
                copy(&file, source);
            } else {
                file.size = 0;
            }
            put(&file, target);
            REQUIRE(chmod(target, info.st_mode & 0777) == 0);
        }
    }
    closedir(stream);
}

static void be_on(const char *machine)
{
    REQUIRE(setenv(MACHINE, machine, 1) == 0);
}

/* A copied store is the same device only on the same machine; on another one the device begins anew, and both go on. Without emulation all
   is one machine, whatever the environment says. */
static void a_store_on_another_machine(void)
{
    static const char *const OTHERS[] = {MACHINE_2, "none"};
    for (int i = 0; i < 2; i++) {
        static char first_store[4096];
        char name[64];
        char path[4096];
        OH_DrmLicenseService *service = make_policy_service(RENTAL);
        snprintf(name, sizeof(name), "machine-%d", i);
        snprintf(first_store, sizeof(first_store), "%s", use_own_store(name));
        be_on(MACHINE_1);
        MediaKeySystem *system = make_device(service);
        MediaKeySession *session = make_session(system);
        uint8_t id[16];
        get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, id);
        CHECK_OK(OH_MediaKeySystem_Destroy(system));

        snprintf(name, sizeof(name), "machine-%d-copy", i);
        snprintf(path, sizeof(path), "%s", use_own_store(name));
        copy_directory(first_store, path);
        be_on(OTHERS[i]);
        system = next_process(NULL, START_MILLIS, &session);
        if (NATIVE_DRM_EMULATION) {
            CHECK_INT(certificate_of(system), CERT_STATUS_NOT_PROVISIONED);
            CHECK(restore(session, id) != DRM_ERR_OK);
            CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
            provision(system, service);
            /* It is another device: what the first one has stored is not its own. */
            CHECK(restore(session, id) != DRM_ERR_OK);
            uint8_t own[16];
            get_license(session, service, MEDIA_KEY_TYPE_OFFLINE, own);
            CHECK_OK(decrypt_nist(session, KID_A));
            system = next_process(system, START_MILLIS, &session);
            CHECK_INT(certificate_of(system), CERT_STATUS_PROVISIONED);
            CHECK_OK(restore(session, own));
            /* The first one's is still there. */
            be_on(MACHINE_1);
            system = next_process(system, START_MILLIS, &session);
            CHECK_OK(restore(session, id));
            CHECK(restore(session, own) != DRM_ERR_OK);
        } else {
            CHECK_INT(certificate_of(system), CERT_STATUS_PROVISIONED);
            CHECK_OK(restore(session, id));
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", first_store, 1) == 0);
        be_on(MACHINE_1);
        system = next_process(NULL, START_MILLIS, &session);
        CHECK_INT(certificate_of(system), CERT_STATUS_PROVISIONED);
        CHECK_OK(restore(session, id));
        CHECK_OK(decrypt_nist(session, KID_A));
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        CHECK_OK(OH_DrmLicenseService_Destroy(service));
    }
    REQUIRE(unsetenv(MACHINE) == 0);
}

int main(void)
{
    RUN_IN_OWN_STORE(one_file_put_back);
    RUN(a_released_license_put_back);
    RUN(a_store_on_another_machine);
    return check_finish("policyplay_store");
}

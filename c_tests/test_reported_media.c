/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Files as services and packagers write them that players reported trouble with: tests/vectors/reports/media, where
 * expected.json says what is right for each and why.
 */
#include <dirent.h>

#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

#define CLEARPLAY_REQUEST "{\"kids\":[\"nrQFDeRLSAKTLifXUIPiZg==\"],\"type\":\"temporary\"}"
#define W3C_REQUEST "{\"kids\":[\"nrQFDeRLSAKTLifXUIPiZg\"],\"type\":\"temporary\"}"

typedef struct Case {
    const char *file;
    /* What OH_Drm_ParseMediaKeySystemInfo finds; 0: the file is init data itself. */
    uint32_t boxes;
    /* The first box's system, and the number of key ids in the boxes of that system. */
    const char *uuid;
    size_t key_ids;
    /* Who asks for a license with the boxes, and what for. */
    const char *key_system;
    const char *request;
} Case;

static const Case cases[] = {
    {"05-mpd-widevine-v1-and-default-kid.mpd", 2, WIDEVINE_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"08-mpd-300-kids.mpd", 3, W3C_UUID, 300, NULL, NULL},
    {"09-mpd-126-kids-and-widevine.mpd", MAX_PSSH_INFO_COUNT, W3C_UUID, 126, NULL, NULL},
    {"11-mpd-widevine-payload-without-box.mpd", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"14-init-data-v0-labelled-common-then-good.bin", 0, NULL, 0, W3C_CLEARKEY, W3C_REQUEST},
    {"16-mp4-bad-box-and-good-box.mp4", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"17-mpd-kid-missing-hyphen.mpd", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"19-hls-no-keyformat-clearplay.m3u8", 1, CLEARPLAY_UUID, 0, CLEARPLAY, CLEARPLAY_REQUEST},
    {"21-hls-one-bad-line.m3u8", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"24-ts-pmt-program-clearplay.ts", 1, CLEARPLAY_UUID, 0, CLEARPLAY, CLEARPLAY_REQUEST},
    {"26-mp4-piff-uuid-pssh.mp4", 1, CLEARPLAY_UUID, 0, CLEARPLAY, CLEARPLAY_REQUEST},
    {"29-mpd-widevine-keyid-in-protobuf.mpd", 1, WIDEVINE_UUID, 0, CLEARPLAY, CLEARPLAY_REQUEST},
    {"32-init-data-playready-kid.bin", 0, NULL, 0, CLEARPLAY, CLEARPLAY_REQUEST},
    {"34-webm-header.webm", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
    {"37-hls-define-variable.m3u8", 1, W3C_UUID, 1, W3C_CLEARKEY, W3C_REQUEST},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static const char *directory(void)
{
    static char path[4096];
    const char *data = getenv("NATIVE_DRM_TEST_DATA");
    REQUIRE(data != NULL);
    snprintf(path, sizeof(path), "%s/vectors/reports/media", data);
    return path;
}

/* The file in memory that ends where the file does. */
static uint8_t *load(const char *name, size_t *size)
{
    static uint8_t content[65536];
    char path[5120];
    snprintf(path, sizeof(path), "%s/%s", directory(), name);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    *size = fread(content, 1, sizeof(content), file);
    fclose(file);
    REQUIRE(*size > 0 && *size < sizeof(content));
    return (uint8_t *)guard_copy(content, *size);
}

static void check_request(const Case *one, const uint8_t *init_data, size_t size)
{
    MediaKeySystem *system = make_system(one->key_system);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequestInfo *info = make_request_info("video/mp4", init_data, size);
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)calloc(1, sizeof(*request));
    REQUIRE(request != NULL);
    info->type = MEDIA_KEY_TYPE_ONLINE;
    if (CHECK_OK(OH_MediaKeySession_GenerateMediaKeyRequest(session, info, request)) &&
        CHECK_INT(request->dataLen, strlen(one->request))) {
        CHECK_MEM(request->data, one->request, strlen(one->request));
    }
    free(request);
    free(info);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static int32_t add_box(const uint8_t *uuid, const uint8_t *pssh, size_t pssh_len, void *user_data)
{
    (void)uuid;
    (void)pssh;
    *(size_t *)user_data += pssh_len;
    return 0;
}

static void check_boxes(const Case *one, const uint8_t *data, size_t size)
{
    static DRM_MediaKeySystemInfo info;
    static uint8_t all[MAX_PSSH_INFO_COUNT * MAX_PSSH_DATA_LEN];
    uint8_t uuid[16];
    size_t all_size = 0;
    size_t key_ids = 0;
    if (!CHECK_OK(OH_Drm_ParseMediaKeySystemInfo(data, size, &info))) {
        return;
    }
    CHECK_INT(info.psshCount, one->boxes);
    hex_decode(one->uuid, uuid);
    CHECK_MEM(info.psshInfo[0].uuid, uuid, 16);
    for (uint32_t i = 0; i < info.psshCount; i++) {
        const DRM_PsshInfo *pssh = &info.psshInfo[i];
        CHECK(pssh->dataLen >= 32 && pssh->dataLen <= MAX_PSSH_DATA_LEN);
        if (memcmp(pssh->uuid, uuid, 16) == 0 && pssh->data[8] == 1) {
            key_ids += ((size_t)pssh->data[30] << 8) | pssh->data[31];
        }
        memcpy(all + all_size, pssh->data, (size_t)pssh->dataLen);
        all_size += (size_t)pssh->dataLen;
    }
    CHECK_INT(key_ids, one->key_ids);
    /* All of them by the other function, and at least as much. */
    size_t total = 0;
    CHECK_OK(OH_Drm_ParsePsshBoxes(data, size, add_box, &total));
    CHECK(total >= all_size);
    if (one->request != NULL) {
        check_request(one, all, all_size);
    }
}

static void every_file_gives_its_right_value(void)
{
    for (size_t i = 0; i < CASES; i++) {
        int failed = check_failed_count;
        size_t size = 0;
        uint8_t *data = load(cases[i].file, &size);
        if (cases[i].boxes == 0) {
            check_request(&cases[i], data, size);
        } else {
            check_boxes(&cases[i], data, size);
        }
        guard_free(data, size);
        if (check_failed_count != failed) {
            fprintf(stderr, "    in %s\n", cases[i].file);
        }
    }
}

/* Whatever of a file is there: an answer or a refusal, and no read too far. */
static void files_may_be_cut_anywhere(void)
{
    static DRM_MediaKeySystemInfo info;
    for (size_t i = 0; i < CASES; i++) {
        size_t size = 0;
        uint8_t *data = load(cases[i].file, &size);
        size_t step = size > 4000 ? 977 : 7;
        for (size_t cut = 1; cut < size; cut += step) {
            uint8_t *copy = (uint8_t *)guard_copy(data, cut);
            Drm_ErrCode code = OH_Drm_ParseMediaKeySystemInfo(copy, cut, &info);
            CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN);
            guard_free(copy, cut);
        }
        guard_free(data, size);
    }
}

/* Licenses: the keys that they bring. */
static void licenses(void)
{
    static const struct {
        const char *file;
        const char *key_system;
        size_t keys;
    } licenses[] = {
        {"01-clearplay-license-two-entries.txt", CLEARPLAY, 2},
        {"03-clearplay-license-newline.txt", CLEARPLAY, 1},
        {"35-jwk-set-with-rsa-key.json", W3C_CLEARKEY, 1},
        {"35-jwk-set-with-rsa-key.json", CLEARPLAY, 1},
    };
    static const char *const key_ids[] = {"9eb4050de44b4802932e27d75083e266", "00112233445566778899aabbccddeeff"};
    for (size_t i = 0; i < sizeof(licenses) / sizeof(licenses[0]); i++) {
        MediaKeySystem *system = make_system(licenses[i].key_system);
        MediaKeySession *session = make_session(system);
        uint8_t key_id[16];
        uint8_t stored[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
        int32_t stored_len = (int32_t)sizeof(stored);
        size_t size = 0;
        uint8_t *data = load(licenses[i].file, &size);
        CHECK_OK(OH_MediaKeySession_ProcessMediaKeyResponse(session, data, (int32_t)size, stored, &stored_len));
        for (size_t key = 0; key < licenses[i].keys; key++) {
            MediaKeySession *found = NULL;
            hex_decode(key_ids[key], key_id);
            CHECK_OK(OH_MediaKeySystem_FindSessionByKeyId(system, key_id, 0, &found));
            CHECK(found == session);
        }
        guard_free(data, size);
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

static void no_file_is_left_out(void)
{
    int files = 0;
    DIR *list = opendir(directory());
    REQUIRE(list != NULL);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        files += entry->d_name[0] != '.' && strcmp(entry->d_name, "expected.json") != 0;
    }
    closedir(list);
    /* Three are licenses. */
    CHECK_INT(files, CASES + 3);
}

int main(void)
{
    RUN(every_file_gives_its_right_value);
    RUN(files_may_be_cut_anywhere);
    RUN(licenses);
    RUN(no_file_is_left_out);
    return check_finish("test_reported_media");
}

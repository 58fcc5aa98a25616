/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Finding the init data of a stream: OH_Drm_ParseMediaKeySystemInfo, OH_Drm_ParsePsshBoxes.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

static DRM_MediaKeySystemInfo *parsed;

static Drm_ErrCode parse(const void *data, size_t size)
{
    uint8_t *copy = (uint8_t *)guard_copy(data, size);
    memset(parsed, 0x5a, sizeof(*parsed));
    Drm_ErrCode code = OH_Drm_ParseMediaKeySystemInfo(copy, size, parsed);
    if (code != DRM_ERR_OK) {
        CHECK_FILLED(parsed, 0x5a, sizeof(*parsed));
    }
    guard_free(copy, size);
    return code;
}

static void expect_box(uint32_t index, const char *uuid, const void *box, size_t size)
{
    uint8_t id[16];
    hex_decode(uuid, id);
    CHECK_MEM(parsed->psshInfo[index].uuid, id, 16);
    if (CHECK_INT(parsed->psshInfo[index].dataLen, size)) {
        CHECK_MEM(parsed->psshInfo[index].data, box, size);
    }
}

static size_t put_box(uint8_t *out, const char *type, const void *content, size_t size)
{
    memmove(out + 8, content, size);
    out[0] = (uint8_t)((size + 8) >> 24);
    out[1] = (uint8_t)((size + 8) >> 16);
    out[2] = (uint8_t)((size + 8) >> 8);
    out[3] = (uint8_t)(size + 8);
    memcpy(out + 4, type, 4);
    return size + 8;
}

static void parses_boxes(void)
{
    uint8_t kids[1][16];
    uint8_t bytes[1024];
    memcpy(kids[0], KID_A, 16);
    size_t first = make_pssh(bytes, WIDEVINE_UUID, NULL, 0, "opaque", 6);
    size_t second = make_pssh(bytes + first, W3C_UUID, (const uint8_t(*)[16])kids, 1, NULL, 0);
    CHECK_OK(parse(bytes, first + second));
    CHECK_INT(parsed->psshCount, 2);
    expect_box(0, WIDEVINE_UUID, bytes, first);
    expect_box(1, W3C_UUID, bytes + first, second);
    /* Equal boxes are reported once. */
    memcpy(bytes + first + second, bytes, first);
    CHECK_OK(parse(bytes, first + second + first));
    CHECK_INT(parsed->psshCount, 2);
}

/* ftyp, moov with a pssh, moof with another, mdat cut short. */
static void parses_mp4(void)
{
    uint8_t kids[1][16];
    uint8_t file[2048];
    uint8_t box[256];
    uint8_t inner[256];
    memcpy(kids[0], KID_A, 16);
    size_t pssh = make_pssh(box, CLEARPLAY_UUID, (const uint8_t(*)[16])kids, 1, NULL, 0);
    size_t size = put_box(file, "ftyp", "iso6\0\0\0\0", 8);
    size += put_box(file + size, "moov", box, pssh);
    memcpy(kids[0], KID_B, 16);
    size_t moof_pssh = make_pssh(inner, W3C_UUID, (const uint8_t(*)[16])kids, 1, NULL, 0);
    size += put_box(file + size, "moof", inner, moof_pssh);
    size_t without_mdat = size;
    size += put_box(file + size, "mdat", "media data", 10);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(parse(file, i == 0 ? size : (i == 1 ? without_mdat : size - 5)));
        CHECK_INT(parsed->psshCount, 2);
        expect_box(0, CLEARPLAY_UUID, box, pssh);
        expect_box(1, W3C_UUID, inner, moof_pssh);
    }
}

static void parses_at_most_eight(void)
{
    uint8_t bytes[4096];
    uint8_t kids[1][16];
    char uuid[33];
    size_t size = 0;
    size_t last = 0;
    memcpy(kids[0], KID_A, 16);
    for (int i = 0; i < MAX_PSSH_INFO_COUNT + 2; i++) {
        snprintf(uuid, sizeof(uuid), "%032x", i + 1);
        size += make_pssh(bytes + size, uuid, NULL, 0, &i, sizeof(i));
    }
    CHECK_OK(parse(bytes, size));
    CHECK_INT(parsed->psshCount, MAX_PSSH_INFO_COUNT);
    /* One that the library understands is not left out. */
    last = make_pssh(bytes + size, W3C_UUID, (const uint8_t(*)[16])kids, 1, NULL, 0);
    CHECK_OK(parse(bytes, size + last));
    CHECK_INT(parsed->psshCount, MAX_PSSH_INFO_COUNT);
    expect_box(0, W3C_UUID, bytes + size, last);
}

static void box_sizes(void)
{
    static uint8_t bytes[2 * MAX_PSSH_DATA_LEN];
    static uint8_t content[MAX_PSSH_DATA_LEN];
    size_t size = make_pssh(bytes, WIDEVINE_UUID, NULL, 0, content, MAX_PSSH_DATA_LEN - 32);
    REQUIRE(size == MAX_PSSH_DATA_LEN);
    CHECK_OK(parse(bytes, size));
    CHECK_INT(parsed->psshCount, 1);
    expect_box(0, WIDEVINE_UUID, bytes, size);
    size = make_pssh(bytes, WIDEVINE_UUID, NULL, 0, content, MAX_PSSH_DATA_LEN - 31);
    CHECK_UNKNOWN(parse(bytes, size));
    /* A smaller one beside it is still found. */
    size_t small = make_pssh(bytes + size, WIDEVINE_UUID, NULL, 0, "x", 1);
    CHECK_OK(parse(bytes, size + small));
    CHECK_INT(parsed->psshCount, 1);
    expect_box(0, WIDEVINE_UUID, bytes + size, small);
}

static void refuses_to_parse(void)
{
    static const char *const texts[] = {"x", "not media at all", "<?xml version=\"1.0\"?><MPD></MPD>", "#EXTM3U\n",
                                        "{\"kids\":[]}", "<MPD", "\xff\xff\xff\xff\xff\xff\xff\xff"};
    uint8_t bytes[256];
    size_t size = make_pssh(bytes, WIDEVINE_UUID, NULL, 0, "opaque", 6);
    CHECK_INVALID(OH_Drm_ParseMediaKeySystemInfo(NULL, size, parsed));
    CHECK_INVALID(OH_Drm_ParseMediaKeySystemInfo(bytes, size, NULL));
    CHECK_INVALID(OH_Drm_ParseMediaKeySystemInfo(bytes, 0, parsed));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK_UNKNOWN(parse(texts[i], strlen(texts[i])));
    }
    for (size_t cut = 1; cut < size; cut++) {
        CHECK_UNKNOWN(parse(bytes, cut));
    }
    uint8_t file[256];
    size_t moov = put_box(file, "moov", "", 0);
    CHECK_UNKNOWN(parse(file, moov));
    /* A box that is larger than its moov. */
    bytes[3]++;
    moov = put_box(file, "moov", bytes, size);
    CHECK_UNKNOWN(parse(file, moov));
}

typedef struct Boxes {
    int count;
    int stop_after; /* 0: never */
    size_t total;
    uint8_t last_uuid[16];
    uint8_t last[64];
} Boxes;

static int32_t on_box(const uint8_t *uuid, const uint8_t *pssh, size_t pssh_len, void *user_data)
{
    Boxes *boxes = (Boxes *)user_data;
    CHECK(pssh_len >= 32 && memcmp(pssh + 4, "pssh", 4) == 0 && memcmp(pssh + 12, uuid, 16) == 0);
    memcpy(boxes->last_uuid, uuid, 16);
    memcpy(boxes->last, pssh, pssh_len < sizeof(boxes->last) ? pssh_len : sizeof(boxes->last));
    boxes->total += pssh_len;
    boxes->count++;
    /* Other functions may be called from here, this one too. */
    if (boxes->stop_after == 0) {
        Boxes inner = {.stop_after = 1};
        CHECK_OK(OH_Drm_ParsePsshBoxes(pssh, pssh_len, on_box, &inner));
        CHECK_INT(inner.count, 1);
    }
    return boxes->count == boxes->stop_after ? -1 : 0;
}

/* Boxes that DRM_MediaKeySystemInfo has no room for: more than 8, and longer than 2048 bytes. */
static void gives_all_boxes(void)
{
    enum { COUNT = 300, LONG = 60000 };
    static uint8_t bytes[COUNT * 64 + LONG + 64];
    static uint8_t content[LONG];
    char uuid[33];
    size_t size = 0;
    for (int i = 0; i < COUNT; i++) {
        snprintf(uuid, sizeof(uuid), "%032x", i + 1);
        size += make_pssh(bytes + size, uuid, NULL, 0, &i, sizeof(i));
    }
    size += make_pssh(bytes + size, CLEARPLAY_UUID, NULL, 0, content, LONG);
    uint8_t *copy = (uint8_t *)guard_copy(bytes, size);
    Boxes boxes = {0};
    CHECK_OK(OH_Drm_ParsePsshBoxes(copy, size, on_box, &boxes));
    CHECK_INT(boxes.count, COUNT + 1);
    CHECK_INT(boxes.total, size);
    hex_decode(CLEARPLAY_UUID, content);
    CHECK_MEM(boxes.last_uuid, content, 16);
    for (int stop = 1; stop < 4; stop++) {
        Boxes some = {.stop_after = stop};
        CHECK_OK(OH_Drm_ParsePsshBoxes(copy, size, on_box, &some));
        CHECK_INT(some.count, stop);
    }
    guard_free(copy, size);
    /* The struct still has what fits. */
    CHECK_OK(parse(bytes, size));
    CHECK_INT(parsed->psshCount, MAX_PSSH_INFO_COUNT);
}

static void refuses_to_give_boxes(void)
{
    uint8_t bytes[64];
    Boxes boxes = {0};
    size_t size = make_pssh(bytes, WIDEVINE_UUID, NULL, 0, "opaque", 6);
    CHECK_INVALID(OH_Drm_ParsePsshBoxes(NULL, size, on_box, &boxes));
    CHECK_INVALID(OH_Drm_ParsePsshBoxes(bytes, 0, on_box, &boxes));
    CHECK_INVALID(OH_Drm_ParsePsshBoxes(bytes, SIZE_MAX, on_box, &boxes));
    CHECK_INVALID(OH_Drm_ParsePsshBoxes(bytes, size, NULL, &boxes));
    for (size_t cut = 1; cut < size; cut++) {
        uint8_t *copy = (uint8_t *)guard_copy(bytes, cut);
        CHECK_UNKNOWN(OH_Drm_ParsePsshBoxes(copy, cut, on_box, &boxes));
        guard_free(copy, cut);
    }
    CHECK_UNKNOWN(OH_Drm_ParsePsshBoxes((const uint8_t *)"#EXTM3U\n", 8, on_box, &boxes));
    CHECK_INT(boxes.count, 0);
}

/* Every byte changed in turn: an answer or a refusal, but no crash and no read too far. */
static void survives_damage(void)
{
    uint8_t kids[2][16];
    uint8_t box[256];
    uint8_t file[512];
    memcpy(kids[0], KID_A, 16);
    memcpy(kids[1], KID_B, 16);
    size_t pssh = make_pssh(box, W3C_UUID, (const uint8_t(*)[16])kids, 2, "data", 4);
    size_t size = put_box(file, "moov", box, pssh);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file[at] ^= (uint8_t)(1 << bit);
            Drm_ErrCode code = parse(file, size);
            CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN);
            file[at] ^= (uint8_t)(1 << bit);
        }
    }
    CHECK_OK(parse(file, size));
}

int main(void)
{
    parsed = (DRM_MediaKeySystemInfo *)guard_alloc(sizeof(*parsed));
    RUN(parses_boxes);
    RUN(parses_mp4);
    RUN(parses_at_most_eight);
    RUN(box_sizes);
    RUN(refuses_to_parse);
    RUN(gives_all_boxes);
    RUN(refuses_to_give_boxes);
    RUN(survives_damage);
    guard_free(parsed, sizeof(*parsed));
    return check_finish("test_init_data");
}

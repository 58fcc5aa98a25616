/*
 * SPDX-License-Identifier: Apache-2.0
 * Init data: the pssh boxes of a file.
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/encryption_info.h>
#include <libavutil/intreadwrite.h>

#include "input.h"
#include "multimedia/drm_framework/native_drm_extension.h"

/* The largest file whose bytes are searched for init data when the demuxer reports none. */
#define MAX_SEARCHED_BYTES (256u << 20)
#define MAX_SEARCHED_STREAM_BYTES (16 << 20)
/* size, type, version and flags, system id, size of data */
#define PSSH_FIXED_BYTES 32
/* Key ids of a version 1 box without data that fits into MAX_INIT_DATA_LEN. */
#define MAX_KEY_IDS_OF_BOX ((MAX_INIT_DATA_LEN - PSSH_FIXED_BYTES - 4) / KEY_BYTES)

/* W3C's common id, which a Clear Key system takes, too. */
static const uint8_t common_system[16] = {0xe2, 0x71, 0x9d, 0x58, 0xa9, 0x85, 0xb3, 0xc9,
                                          0x78, 0x1a, 0xb0, 0x30, 0xaf, 0x78, 0xd3, 0x0e};

static struct pssh_box *add_box(struct init_data *init_data, const uint8_t *system, size_t size)
{
    struct pssh_box *boxes = realloc(init_data->boxes, (init_data->count + 1) * sizeof(*boxes));
    uint8_t *bytes = malloc(size);

    if (boxes)
        init_data->boxes = boxes;
    if (!boxes || !bytes) {
        free(bytes);
        complain("out of memory");
        return NULL;
    }
    struct pssh_box *box = &boxes[init_data->count++];
    *box = (struct pssh_box){.bytes = bytes, .size = size};
    memcpy(box->system, system, sizeof(box->system));
    return box;
}

static bool known_already(const struct init_data *init_data, const struct pssh_box *box)
{
    for (size_t i = 0; i + 1 < init_data->count; i++) {
        if (init_data->boxes[i].size == box->size && memcmp(init_data->boxes[i].bytes, box->bytes, box->size) == 0)
            return true;
    }
    return false;
}

static void drop_last(struct init_data *init_data)
{
    struct pssh_box *box = &init_data->boxes[--init_data->count];

    key_ids_free(&box->key_ids);
    free(box->bytes);
}

/* Makes the box again that the demuxer took apart. */
static int add_from_demuxer(struct init_data *init_data, const AVEncryptionInitInfo *info)
{
    bool versioned = info->num_key_ids > 0 && info->key_id_size == KEY_BYTES;
    size_t size = PSSH_FIXED_BYTES + info->data_size + (versioned ? 4 + (size_t)KEY_BYTES * info->num_key_ids : 0);

    if (info->system_id_size != 16)
        return 0; /* not from a pssh box */
    struct pssh_box *box = add_box(init_data, info->system_id, size);
    if (!box)
        return -1;
    uint8_t *at = box->bytes;
    AV_WB32(at, (uint32_t)size);
    memcpy(at + 4, "pssh", 4);
    AV_WB32(at + 8, versioned ? 1u << 24 : 0u);
    memcpy(at + 12, info->system_id, 16);
    at += 28;
    if (versioned) {
        AV_WB32(at, info->num_key_ids);
        at += 4;
        for (uint32_t i = 0; i < info->num_key_ids; i++, at += KEY_BYTES) {
            memcpy(at, info->key_ids[i], KEY_BYTES);
            if (key_ids_add(&box->key_ids, info->key_ids[i]) < 0)
                return -1;
        }
    }
    AV_WB32(at, info->data_size);
    if (info->data_size)
        memcpy(at + 4, info->data, info->data_size);
    if (known_already(init_data, box))
        drop_last(init_data);
    return 0;
}

/* The start of a transport stream, whose program map comes again and again. */
static uint8_t *read_start(const struct media *media, size_t *size)
{
    AVIOContext *io = NULL;
    uint8_t *bytes = malloc(MAX_SEARCHED_STREAM_BYTES);
    int count = bytes ? media_open_io(media, &io) : AVERROR(ENOMEM);

    if (count >= 0)
        count = avio_read(io, bytes, MAX_SEARCHED_STREAM_BYTES);
    media_close_io(&io);
    if (count < 0 && count != AVERROR_EOF) {
        complain_av(count, "cannot read %s", media->path);
        free(bytes);
        return NULL;
    }
    *size = count > 0 ? (size_t)count : 0;
    return bytes;
}

static int add_from_file(struct init_data *init_data, const struct media *media)
{
    const char *path = media->playlist ? media->playlist : media->path;
    bool stream = media->kind == MEDIA_TS && !media->playlist;
    size_t size;
    uint8_t *bytes = stream ? read_start(media, &size) : read_file(path, MAX_SEARCHED_BYTES, &size);
    DRM_MediaKeySystemInfo *info = malloc(sizeof(*info));
    int result = 0;

    if (!bytes || !info) {
        result = -1;
    } else if (size > 0 && OH_Drm_ParseMediaKeySystemInfo(bytes, size, info) == DRM_ERR_OK) {
        for (uint32_t i = 0; i < info->psshCount && result == 0; i++) {
            const DRM_PsshInfo *found = &info->psshInfo[i];
            struct pssh_box *box = add_box(init_data, found->uuid, (size_t)found->dataLen);
            if (!box) {
                result = -1;
                break;
            }
            memcpy(box->bytes, found->data, box->size);
            if (box->size >= PSSH_FIXED_BYTES && box->bytes[8] == 1) {
                uint32_t count = AV_RB32(box->bytes + 28);
                for (uint32_t k = 0; k < count && 32 + KEY_BYTES * ((size_t)k + 1) <= box->size && result == 0; k++)
                    result = key_ids_add(&box->key_ids, box->bytes + 32 + KEY_BYTES * (size_t)k);
            }
        }
    }
    free(info);
    free(bytes);
    return result;
}

int init_data_find(struct init_data *init_data, const AVFormatContext *input, const struct media *media)
{
    *init_data = (struct init_data){0};
    for (unsigned i = 0; i < input->nb_streams; i++) {
        size_t size = 0;
        uint8_t *data = av_stream_get_side_data(input->streams[i], AV_PKT_DATA_ENCRYPTION_INIT_INFO, &size);
        AVEncryptionInitInfo *list = data ? av_encryption_init_info_get_side_data(data, size) : NULL;
        int result = 0;
        for (const AVEncryptionInitInfo *info = list; info && result == 0; info = info->next)
            result = add_from_demuxer(init_data, info);
        av_encryption_init_info_free(list);
        if (result < 0)
            return -1;
    }
    return init_data->count ? 0 : add_from_file(init_data, media);
}

void init_data_free(struct init_data *init_data)
{
    while (init_data->count)
        drop_last(init_data);
    free(init_data->boxes);
    *init_data = (struct init_data){0};
}

/* Adds boxes with key ids, as many as it takes for each to be small enough for a request. */
static int add_made(struct init_data *chosen, const uint8_t system[16], const struct key_ids *key_ids)
{
    for (size_t first = 0; first < key_ids->count; first += MAX_KEY_IDS_OF_BOX) {
        size_t count = key_ids->count - first < MAX_KEY_IDS_OF_BOX ? key_ids->count - first : MAX_KEY_IDS_OF_BOX;
        size_t size = PSSH_FIXED_BYTES + 4 + KEY_BYTES * count;
        struct pssh_box *box = add_box(chosen, system, size);
        if (!box)
            return -1;
        for (size_t i = 0; i < count; i++) {
            if (key_ids_add(&box->key_ids, key_ids->ids[first + i]) < 0)
                return -1;
        }
        make_pssh(box->bytes, size, system, &box->key_ids);
    }
    return 0;
}

static int add_copy(struct init_data *chosen, const struct pssh_box *original)
{
    struct pssh_box *box = add_box(chosen, original->system, original->size);

    if (!box)
        return -1;
    memcpy(box->bytes, original->bytes, original->size);
    return key_ids_add_all(&box->key_ids, &original->key_ids);
}

int init_data_choose(const struct init_data *init_data, const char *system_name, const uint8_t system[16],
                     struct init_data *chosen)
{
    bool clear_key = strcmp(system_name, "org.w3.clearkey") == 0;
    struct key_ids others = {0};
    int result = 0;

    *chosen = (struct init_data){0};
    for (size_t i = 0; i < init_data->count && result == 0; i++) {
        const struct pssh_box *box = &init_data->boxes[i];
        bool own = memcmp(box->system, system, 16) == 0 || (clear_key && memcmp(box->system, common_system, 16) == 0);
        if (!own)
            continue;
        if (box->size > MAX_INIT_DATA_LEN)
            result = add_made(chosen, system, &box->key_ids);
        else if (box->key_ids.count || !clear_key)
            /* W3C Clear Key takes key ids from version 1 boxes only; ClearPlay also from a box's data. */
            result = add_copy(chosen, box);
    }
    if (chosen->count || result < 0)
        return result;
    for (size_t i = 0; i < init_data->count && result == 0; i++)
        result = key_ids_add_all(&others, &init_data->boxes[i].key_ids);
    if (result == 0)
        result = add_made(chosen, system, &others);
    key_ids_free(&others);
    return result;
}

size_t make_pssh(uint8_t *bytes, size_t room, const uint8_t system[16], const struct key_ids *key_ids)
{
    if (room < PSSH_FIXED_BYTES + 4 || key_ids->count > (room - PSSH_FIXED_BYTES - 4) / KEY_BYTES)
        return 0;
    size_t size = PSSH_FIXED_BYTES + 4 + KEY_BYTES * key_ids->count;
    AV_WB32(bytes, (uint32_t)size);
    memcpy(bytes + 4, "pssh", 4);
    AV_WB32(bytes + 8, 1u << 24);
    memcpy(bytes + 12, system, 16);
    AV_WB32(bytes + 28, (uint32_t)key_ids->count);
    memcpy(bytes + 32, key_ids->ids, KEY_BYTES * key_ids->count);
    AV_WB32(bytes + size - 4, 0u);
    return size;
}

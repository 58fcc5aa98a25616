/*
 * SPDX-License-Identifier: Apache-2.0
 * The keys of segments.
 */
#include "playlist_key.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/intreadwrite.h>

#include "clearkey_server.h"
#include "multimedia/drm_framework/native_drm_extension.h"

#define PSSH_KEY_IDS 32

char *playlist_attribute(const char *list, const char *name)
{
    size_t length = strlen(name);

    while (*list) {
        const char *value = strchr(list, '=');
        if (!value)
            return NULL;
        bool found = (size_t)(value - list) == length && memcmp(list, name, length) == 0;
        bool quoted = *++value == '"';
        size_t size = strcspn(value + quoted, quoted ? "\"" : ",");
        if (found)
            return strndup(value + quoted, size);
        list = value + quoted + size;
        list += strcspn(list, ",");
        list += strspn(list, ", ");
    }
    return NULL;
}

bool playlist_has_sample_aes(const char *text)
{
    static const char tag[] = "#EXT-X-KEY:";
    bool found = false;

    for (const char *at = strstr(text, tag); at && !found; at = strstr(at + 1, tag)) {
        char *line = strndup(at + sizeof(tag) - 1, strcspn(at, "\r\n") - (sizeof(tag) - 1));
        char *method = line ? playlist_attribute(line, "METHOD") : NULL;
        found = method && strcmp(method, "SAMPLE-AES") == 0;
        free(method);
        free(line);
    }
    return found;
}

int playlist_key_define(struct playlist_key *key, const char *attributes)
{
    text_add(&key->definitions, "#EXT-X-DEFINE:%s\n", attributes);
    return key->definitions.failed ? complain("out of memory") : 0;
}

/* The key ids of a tag's KEYID and of the pssh boxes in its data: URI, as the library finds them. */
static int find_key_ids(const struct playlist_key *key, const char *attributes, struct key_ids *found)
{
    struct text text = {0};
    DRM_MediaKeySystemInfo *info = malloc(sizeof(*info));
    int result = -1;

    text_add(&text, "#EXTM3U\n%s#EXT-X-KEY:%s\n", key->definitions.chars ? key->definitions.chars : "", attributes);
    if (text.failed || !info) {
        complain("out of memory");
        goto done;
    }
    result = 0;
    if (OH_Drm_ParseMediaKeySystemInfo((uint8_t *)text.chars, text.length, info) != DRM_ERR_OK)
        goto done;
    for (uint32_t i = 0; i < info->psshCount && result == 0; i++) {
        const DRM_PsshInfo *box = &info->psshInfo[i];
        size_t size = (size_t)box->dataLen;
        if (size < PSSH_KEY_IDS || box->data[8] != 1)
            continue;
        uint32_t count = AV_RB32(box->data + PSSH_KEY_IDS - 4);
        for (uint32_t k = 0; k < count && PSSH_KEY_IDS + 16 * ((size_t)k + 1) <= size && result == 0; k++)
            result = key_ids_add(found, box->data + PSSH_KEY_IDS + 16 * (size_t)k);
    }

done:
    free(info);
    free(text.chars);
    return result;
}

/* A hexadecimal number of up to 128 bits, or a UUID. */
static bool read_number(uint8_t number[16], const char *text)
{
    char digits[33];
    size_t count = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    for (; *text; text++) {
        if (*text == '-')
            continue;
        if (!isxdigit((unsigned char)*text) || count == 32)
            return false;
        digits[count++] = *text;
    }
    if (!count)
        return false;
    memset(number, 0, 16);
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)digits[count - 1 - i];
        unsigned value = isdigit(c) ? c - (unsigned)'0' : (unsigned)tolower(c) - 'a' + 10u;
        number[15 - i / 2] |= (uint8_t)(value << (i % 2 * 4));
    }
    return true;
}

/* The part of a tag that matters for SAMPLE-AES. */
static int read_sample_aes(struct playlist_key *key, const char *attributes)
{
    struct key_ids found = {0};
    char *id = playlist_attribute(attributes, "KEYID");
    char *iv = playlist_attribute(attributes, "IV");
    int result = 0;

    key->encrypted = true;
    if (iv) {
        if (!read_number(key->iv, iv))
            key->problem = "IV of the EXT-X-KEY tag is not a hexadecimal number of 128 bits";
        key->has_iv = true;
    }
    if (!key->has_key_id) {
        if (id && read_number(key->key_id, id)) {
            key->has_key_id = true;
        } else if ((result = find_key_ids(key, attributes, &found)) == 0) {
            key->has_key_id = found.count == 1;
            key->several |= found.count > 1;
            if (key->has_key_id)
                memcpy(key->key_id, found.ids[0], 16);
        }
    }
    key_ids_free(&found);
    free(iv);
    free(id);
    return result;
}

int playlist_key_read(struct playlist_key *key, const char *attributes)
{
    char *method = playlist_attribute(attributes, "METHOD");
    bool none = method && strcmp(method, "NONE") == 0;
    int result = 0;

    if (none || key->used)
        *key = (struct playlist_key){.definitions = key->definitions};
    if (method && strcmp(method, "SAMPLE-AES") == 0)
        result = read_sample_aes(key, attributes);
    free(method);
    return result;
}

void playlist_key_apply(struct playlist_key *key, uint64_t sequence, struct segment_key *segment)
{
    key->used = true;
    *segment = (struct segment_key){.encrypted = key->encrypted};
    if (!key->encrypted)
        return;
    memcpy(segment->key_id, key->key_id, 16);
    if (key->has_iv)
        memcpy(segment->iv, key->iv, 16);
    else
        AV_WB64(segment->iv + 8, sequence);
    if (key->problem || key->has_key_id)
        segment->problem = key->problem;
    else if (key->several)
        segment->problem = "the EXT-X-KEY tag names several keys, and no KEYID says which one it is";
    else
        segment->problem = "the EXT-X-KEY tag names no key: it has no KEYID and no pssh box";
}

void playlist_key_free(struct playlist_key *key)
{
    free(key->definitions.chars);
    *key = (struct playlist_key){0};
}

/*
 * SPDX-License-Identifier: Apache-2.0
 * The player's stand-in for a license server.
 */
#include "clearkey_server.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "line_formats.h"

/* Largest JWK Set that is read. */
#define MAX_JWK_SET_BYTES (1u << 20)

struct key {
    uint8_t id[KEY_BYTES];
    uint8_t key[KEY_BYTES];
};

struct clearkey_server {
    struct key *keys;
    size_t count;
};

int key_ids_add(struct key_ids *list, const uint8_t id[KEY_BYTES])
{
    if (key_ids_contain(list, id))
        return 0;
    void *larger = realloc(list->ids, (list->count + 1) * sizeof(*list->ids));
    if (!larger)
        return complain("out of memory");
    list->ids = larger;
    memcpy(list->ids[list->count++], id, KEY_BYTES);
    return 0;
}

int key_ids_add_all(struct key_ids *list, const struct key_ids *others)
{
    for (size_t i = 0; i < others->count; i++) {
        if (key_ids_add(list, others->ids[i]) < 0)
            return -1;
    }
    return 0;
}

bool key_ids_contain(const struct key_ids *list, const uint8_t id[KEY_BYTES])
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(list->ids[i], id, KEY_BYTES) == 0)
            return true;
    }
    return false;
}

void key_ids_free(struct key_ids *list)
{
    free(list->ids);
    *list = (struct key_ids){0};
}

static int load_key(struct clearkey_server *server, const cJSON *entry, const char *path, size_t number)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "kty"));
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "kid"));
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "k"));
    struct key key;

    if (type && strcmp(type, "oct") != 0)
        return 0; /* not a symmetric key: not ours */
    if (!type || !id || !value)
        return complain("%s: key %zu lacks \"kty\", \"kid\" or \"k\"", path, number);
    if (!key_from_base64(key.id, id))
        return complain("%s: the key id of key %zu is not the base64url of 16 bytes", path, number);
    if (!key_from_base64(key.key, value))
        return complain("%s: the value of key %zu is not the base64url of 16 bytes", path, number);
    struct key *larger = realloc(server->keys, (server->count + 1) * sizeof(key));
    if (!larger)
        return complain("out of memory");
    server->keys = larger;
    server->keys[server->count++] = key;
    return 0;
}

struct clearkey_server *clearkey_server_load(const char *path)
{
    size_t size;
    char *text = (char *)read_file(path, MAX_JWK_SET_BYTES, &size);
    struct clearkey_server *server = NULL;
    cJSON *json = NULL;
    bool complete = false;

    if (!text)
        return NULL;
    json = cJSON_ParseWithLength(text, size);
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(json, "keys");
    if (!json) {
        complain("%s is not JSON; a JWK Set {\"keys\":[...]} is wanted", path);
        goto done;
    }
    if (!cJSON_IsArray(keys)) {
        complain("%s is not a JWK Set: it has no array \"keys\"", path);
        goto done;
    }
    server = calloc(1, sizeof(*server));
    if (!server) {
        complain("out of memory");
        goto done;
    }
    size_t number = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, keys)
    {
        if (load_key(server, entry, path, ++number) < 0)
            goto done;
    }
    if (server->count == 0) {
        complain("%s has no key", path);
        goto done;
    }
    complete = true;

done:
    cJSON_Delete(json);
    free(text);
    if (!complete) {
        clearkey_server_free(server);
        return NULL;
    }
    return server;
}

void clearkey_server_free(struct clearkey_server *server)
{
    if (server)
        free(server->keys);
    free(server);
}

/* Key ids and, if `persistent` is not NULL, whether keys to be stored are asked for. */
static int parse(enum answer_format format, const uint8_t *request, size_t size, struct key_ids *wanted, bool *persistent)
{
    if (format == ANSWER_TEXT || format == ANSWER_XOR)
        return lines_parse_request(format, request, size, wanted, persistent);
    cJSON *json = cJSON_ParseWithLength((const char *)request, size);
    const cJSON *kids = cJSON_GetObjectItemCaseSensitive(json, "kids");
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "type"));
    int result = -1;

    if (!cJSON_IsArray(kids)) {
        complain("the key system's request is not JSON with an array \"kids\"");
        goto done;
    }
    const cJSON *kid;
    cJSON_ArrayForEach(kid, kids)
    {
        uint8_t id[KEY_BYTES];
        const char *text = cJSON_GetStringValue(kid);
        if (!text || !key_from_base64(id, text)) {
            complain("the key system's request names a key id that is not the base64 of 16 bytes");
            goto done;
        }
        if (key_ids_add(wanted, id) < 0)
            goto done;
    }
    if (persistent)
        *persistent = type && strcmp(type, "persistent-license") == 0;
    result = 0;

done:
    cJSON_Delete(json);
    return result;
}

int clearkey_parse_request(enum answer_format format, const uint8_t *request, size_t size, struct key_ids *wanted)
{
    return parse(format, request, size, wanted, NULL);
}

static const struct key *find(const struct clearkey_server *server, const uint8_t id[KEY_BYTES])
{
    for (size_t i = 0; i < server->count; i++) {
        if (memcmp(server->keys[i].id, id, KEY_BYTES) == 0)
            return &server->keys[i];
    }
    return NULL;
}

char *clearkey_server_answer(const struct clearkey_server *server, enum answer_format format, const uint8_t *request,
                             size_t size, struct key_ids *missing)
{
    struct key_ids wanted = {0};
    struct text answer = {0};
    bool persistent = false;
    bool url = format == ANSWER_JWK_SET;
    size_t found = 0;

    if (parse(format, request, size, &wanted, &persistent) < 0)
        goto failed;
    text_add(&answer, "%s", "");
    for (size_t i = 0; i < wanted.count; i++) {
        const struct key *key = find(server, wanted.ids[i]);
        char id[KEY_BASE64_LEN];
        char value[KEY_BASE64_LEN];
        if (!key) {
            if (key_ids_add(missing, wanted.ids[i]) < 0)
                goto failed;
            continue;
        }
        if (format == ANSWER_TEXT || format == ANSWER_XOR) {
            lines_add_key(format, &answer, key->id, key->key, found++ == 0);
            continue;
        }
        to_base64(id, key->id, KEY_BYTES, url);
        to_base64(value, key->key, KEY_BYTES, url);
        if (format == ANSWER_CLEARPLAY)
            text_add(&answer, "%s%c%s:%s", found ? "," : "", persistent ? '1' : '0', id, value);
        else
            text_add(&answer, "%s{\"kty\":\"oct\",\"kid\":\"%s\",\"k\":\"%s\"}", found ? "," : "{\"keys\":[", id, value);
        found++;
    }
    if (found && format == ANSWER_TEXT && persistent)
        text_add(&answer, "offline\n");
    if (found && format == ANSWER_JWK_SET)
        text_add(&answer, "],\"type\":\"%s\"}", persistent ? "persistent-license" : "temporary");
    if (answer.failed) {
        complain("out of memory");
        goto failed;
    }
    key_ids_free(&wanted);
    return answer.chars;

failed:
    key_ids_free(&wanted);
    free(answer.chars);
    return NULL;
}

char *clearkey_acknowledge_release(enum answer_format format, const uint8_t *message, size_t size)
{
    struct key_ids released = {0};
    struct text answer = {0};

    if (format == ANSWER_TEXT)
        return lines_acknowledge_release(message, size);
    if (parse(format, message, size, &released, NULL) < 0) {
        key_ids_free(&released);
        return NULL;
    }
    text_add(&answer, "{\"kids\":[");
    for (size_t i = 0; i < released.count; i++) {
        char id[KEY_BASE64_LEN];
        text_add(&answer, "%s\"%s\"", i ? "," : "", to_base64(id, released.ids[i], KEY_BYTES, true));
    }
    text_add(&answer, "]}");
    key_ids_free(&released);
    if (answer.failed) {
        complain("out of memory");
        free(answer.chars);
        return NULL;
    }
    return answer.chars;
}

bool clearkey_server_key(const struct clearkey_server *server, size_t number, uint8_t id[KEY_BYTES], uint8_t key[KEY_BYTES])
{
    if (number >= server->count)
        return false;
    memcpy(id, server->keys[number].id, KEY_BYTES);
    memcpy(key, server->keys[number].key, KEY_BYTES);
    return true;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * com.example.xor: an example of a key system that keeps its keys and decrypts itself, as one with hardware does. Its cipher, XOR with
 * the key, protects nothing.
 *
 * It wants to be provisioned: the answer to its request "who am I" is "you are NAME", anything else is refused. A license is a text with a
 * line "KEYID KEY" for each key, both 32 hexadecimal digits. After each license it sends a vendor event "licensed to NAME".
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native_drm_plugin.h"

#define EXPORT __attribute__((visibility("default")))
#define CERTIFICATE "certificate"
#define MAX_NAME 64
#define MAX_KEYS 32

typedef struct System {
    const DRM_PluginHost *host;
    DRM_PluginSystem *handle;
} System;

typedef struct Key {
    uint8_t id[16];
    uint8_t key[16];
} Key;

typedef struct Session {
    System *system;
    DRM_PluginSession *handle;
    pthread_mutex_t mutex; /* several threads may call at the same time */
    Key keys[MAX_KEYS];
    size_t count;
} Session;

/* Whoever it is provisioned for; DRM_ERR_NOT_PROVISIONED if for nobody. */
static Drm_ErrCode read_name(const System *system, char name[MAX_NAME + 1])
{
    uint32_t size = MAX_NAME;
    Drm_ErrCode code = system->host->storeGet(system->handle, DRM_PLUGIN_STORE_DEVICE, (const uint8_t *)CERTIFICATE,
                                              sizeof(CERTIFICATE) - 1, (uint8_t *)name, &size, NULL);
    if (code == DRM_ERR_OK) {
        name[size] = '\0';
    }
    return code == DRM_ERR_UNKNOWN ? DRM_ERR_NOT_PROVISIONED : code;
}

/* Reads 16 bytes from 32 hexadecimal digits; false if they are none. */
static bool read_hex(const uint8_t *text, uint8_t out[16])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(DIGITS, text[i]);
        if (digit == NULL) {
            return false;
        }
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (digit - DIGITS));
    }
    return true;
}

static void destroy_session(void *object)
{
    Session *session = object;
    pthread_mutex_destroy(&session->mutex);
    free(session);
}

static int take_key_id(const uint8_t *id, uint32_t size, void *data)
{
    DRM_MediaKeyRequest *request = data;
    for (uint32_t i = 0; i < size && request->dataLen + 2 < MAX_MEDIA_KEY_REQUEST_DATA_LEN; i++) {
        request->dataLen += sprintf((char *)request->data + request->dataLen, "%02x", id[i]);
    }
    request->data[request->dataLen++] = '\n';
    return request->dataLen + 40 > MAX_MEDIA_KEY_REQUEST_DATA_LEN;
}

static Drm_ErrCode generate_media_key_request(void *object, const DRM_MediaKeyRequestInfo *info,
                                              DRM_MediaKeyRequest *request)
{
    Session *session = object;
    char name[MAX_NAME + 1];
    /* DRM_ERR_NOT_PROVISIONED fires EVENT_PROVISION_REQUIRED, too. */
    Drm_ErrCode code = read_name(session->system, name);
    if (code != DRM_ERR_OK) {
        return code;
    }
    request->type = MEDIA_KEY_REQUEST_TYPE_INITIAL;
    return session->system->host->getKeyIds(session->system->handle, info->mimeType, info->initData,
                                            (uint32_t)info->initDataLen, take_key_id, request);
}

/* The place for a key: that of one with the same id, or a new one; null if there is none. */
static Key *place_for(Key *keys, size_t *count, const uint8_t id[16])
{
    for (size_t i = 0; i < *count; i++) {
        if (memcmp(keys[i].id, id, 16) == 0) {
            return &keys[i];
        }
    }
    return *count == MAX_KEYS ? NULL : &keys[(*count)++];
}

static Drm_ErrCode process_media_key_response(void *object, const uint8_t *response, uint32_t size, uint8_t *id,
                                              uint32_t *id_size)
{
    Session *session = object;
    const DRM_PluginHost *host = session->system->host;
    char name[MAX_NAME + 1], message[MAX_NAME + 16];
    Drm_ErrCode code = read_name(session->system, name);
    if (code != DRM_ERR_OK) {
        return code;
    }
    Key found[MAX_KEYS];
    size_t count = 0;
    for (uint32_t at = 0; at < size; at += 66) {
        if (count == MAX_KEYS || size - at < 65 || response[at + 32] != ' ' ||
            (size - at > 65 && response[at + 65] != '\n') || !read_hex(response + at, found[count].id) ||
            !read_hex(response + at + 33, found[count].key)) {
            return DRM_ERR_UNKNOWN;
        }
        count++;
    }
    pthread_mutex_lock(&session->mutex);
    Key keys[MAX_KEYS];
    size_t key_count = session->count;
    memcpy(keys, session->keys, sizeof(keys));
    for (size_t i = 0; i < count; i++) {
        Key *place = place_for(keys, &key_count, found[i].id);
        if (place == NULL) {
            code = DRM_ERR_UNKNOWN;
            break;
        }
        *place = found[i];
    }
    if (code == DRM_ERR_OK) {
        memcpy(session->keys, keys, sizeof(keys));
        session->count = key_count;
    }
    pthread_mutex_unlock(&session->mutex);
    for (size_t i = 0; i < count && code == DRM_ERR_OK; i++) {
        DRM_PluginKey key;
        memset(&key, 0, sizeof(key));
        key.structSize = (uint32_t)sizeof(key);
        key.keyId = found[i].id;
        key.keyIdLen = 16;
        code = host->installKeys(session->handle, &key, 1, 0);
    }
    if (code == DRM_ERR_OK) {
        int length = snprintf(message, sizeof(message), "licensed to %s", name);
        host->postSessionEvent(session->handle, EVENT_VENDOR_DEFINED, (const uint8_t *)message, (uint32_t)length,
                               (int64_t)count);
        memcpy(id, found[count - 1].id, 16);
        *id_size = 16;
    }
    memset(found, 0, sizeof(found));
    memset(keys, 0, sizeof(keys));
    return code;
}

static Drm_ErrCode clear_media_keys(void *object)
{
    Session *session = object;
    pthread_mutex_lock(&session->mutex);
    memset(session->keys, 0, sizeof(session->keys));
    session->count = 0;
    pthread_mutex_unlock(&session->mutex);
    return DRM_ERR_OK;
}

static Drm_ErrCode decrypt(void *object, const DRM_SampleInfo *info, uint8_t *data, uint32_t size)
{
    Session *session = object;
    uint8_t key[16];
    bool found = false;
    pthread_mutex_lock(&session->mutex);
    for (size_t i = 0; i < session->count; i++) {
        if (memcmp(session->keys[i].id, info->keyId, 16) == 0) {
            memcpy(key, session->keys[i].key, 16);
            found = true;
        }
    }
    pthread_mutex_unlock(&session->mutex);
    if (!found) {
        return DRM_ERR_NO_KEY;
    }
    const DrmSubsample whole = {0, size};
    uint32_t count = info->subsampleCount == 0 ? 1 : info->subsampleCount;
    const DrmSubsample *subsamples = info->subsampleCount == 0 ? &whole : info->subsamples;
    size_t byte = 0;
    for (uint32_t i = 0; i < count; i++) {
        data += subsamples[i].clearHeaderLen;
        for (uint32_t j = 0; j < subsamples[i].payLoadLen; j++) {
            *data++ ^= key[byte++ % 16];
        }
    }
    memset(key, 0, sizeof(key));
    return DRM_ERR_OK;
}

static void destroy_system(void *system)
{
    free(system);
}

static Drm_ErrCode create_session(void *object, DRM_ContentProtectionLevel level, DRM_PluginSession *handle,
                                  const DRM_PluginSessionFunctions **functions, void **out)
{
    static const DRM_PluginSessionFunctions FUNCTIONS = {
        .structSize = sizeof(FUNCTIONS),
        .apiVersion = NATIVE_DRM_PLUGIN_API_VERSION,
        .destroy = destroy_session,
        .generateMediaKeyRequest = generate_media_key_request,
        .processMediaKeyResponse = process_media_key_response,
        .clearMediaKeys = clear_media_keys,
        .decrypt = decrypt,
    };
    (void)level;
    Session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return DRM_ERR_SERVICE_DIED;
    }
    session->system = object;
    session->handle = handle;
    pthread_mutex_init(&session->mutex, NULL);
    *functions = &FUNCTIONS;
    *out = session;
    return DRM_ERR_OK;
}

static Drm_ErrCode generate_key_system_request(void *system, DRM_MediaKeyRequest *request)
{
    (void)system;
    request->dataLen = sprintf((char *)request->data, "who am I");
    strcpy(request->defaultUrl, "https://xor.example/provision");
    return DRM_ERR_OK;
}

static Drm_ErrCode process_key_system_response(void *object, const uint8_t *response, uint32_t size)
{
    static const char PREFIX[] = "you are ";
    const uint32_t prefix = sizeof(PREFIX) - 1;
    System *system = object;
    if (size <= prefix || size > prefix + MAX_NAME || memcmp(response, PREFIX, prefix) != 0) {
        return DRM_ERR_SERVICE_DENIED;
    }
    DRM_PluginStoreEntry entry;
    memset(&entry, 0, sizeof(entry));
    entry.structSize = (uint32_t)sizeof(entry);
    entry.id = (const uint8_t *)CERTIFICATE;
    entry.idLen = sizeof(CERTIFICATE) - 1;
    entry.value = response + prefix;
    entry.valueLen = size - prefix;
    return system->host->storePut(system->handle, DRM_PLUGIN_STORE_DEVICE, &entry, 1);
}

static Drm_ErrCode get_certificate_status(void *system, DRM_CertificateStatus *status)
{
    char name[MAX_NAME + 1];
    Drm_ErrCode code = read_name(system, name);
    *status = code == DRM_ERR_OK ? CERT_STATUS_PROVISIONED : CERT_STATUS_NOT_PROVISIONED;
    return code == DRM_ERR_NOT_PROVISIONED ? DRM_ERR_OK : code;
}

static Drm_ErrCode create_system(void *context, const DRM_PluginHost *host, DRM_PluginSystem *handle,
                                 const DRM_PluginSystemFunctions **functions, void **out)
{
    static const DRM_PluginSystemFunctions FUNCTIONS = {
        .structSize = sizeof(FUNCTIONS),
        .apiVersion = NATIVE_DRM_PLUGIN_API_VERSION,
        .destroy = destroy_system,
        .createSession = create_session,
        .generateKeySystemRequest = generate_key_system_request,
        .processKeySystemResponse = process_key_system_response,
        .getCertificateStatus = get_certificate_status,
    };
    (void)context;
    System *system = calloc(1, sizeof(*system));
    if (system == NULL) {
        return DRM_ERR_SERVICE_DIED;
    }
    system->host = host;
    system->handle = handle;
    *functions = &FUNCTIONS;
    *out = system;
    return DRM_ERR_OK;
}

EXPORT Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin);

EXPORT Drm_ErrCode NativeDrm_PluginInit(const DRM_PluginHost *host, const DRM_KeySystemPlugin **plugin)
{
    static const uint8_t SYSTEM_ID[16] = {0x5a, 0x0e, 0x3a, 0x0f, 0x6d, 0x1b, 0x4c, 0x67,
                                          0x9e, 0x21, 0x78, 0x6f, 0x72, 0x2e, 0x63, 0x31};
    static const DRM_PluginMimeType TYPES[] = {{"video/mp4", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                               {"audio/mp4", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                               {"cenc", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0}};
    static const DRM_KeySystemPlugin PLUGIN = {
        .structSize = sizeof(PLUGIN),
        .apiVersion = NATIVE_DRM_PLUGIN_API_VERSION,
        .name = "com.example.xor",
        .vendor = "example",
        .version = "1.0",
        .description = "Keeps its keys and decrypts itself; an example that protects nothing",
        .algorithms = "XOR",
        .systemIds = SYSTEM_ID,
        .systemIdCount = 1,
        .mimeTypes = TYPES,
        .mimeTypeCount = sizeof(TYPES) / sizeof(*TYPES),
        .maxMediaKeyIdLen = 16,
        .createSystem = create_system,
    };
    /* A library of an earlier version may lack what this plugin calls. */
    if (host->structSize < sizeof(*host)) {
        return DRM_ERR_UNKNOWN;
    }
    *plugin = &PLUGIN;
    return DRM_ERR_OK;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A key system of the test's own, which does as it is told. Its licenses are entries of 32 bytes, key id and key; the media key id is
 * the last key id.
 */
#ifndef TEST_SUPPORT_PLUGIN_H
#define TEST_SUPPORT_PLUGIN_H

#include "native_drm_plugin.h"

#include "check.h"
#include "drm.h"

#define PUPPET_UUID "00112233445566778899aabbccddeeff"

/* How the key system behaves, and what it has seen. One at a time: tests that set something set it back. */
static struct {
    const DRM_PluginHost *host;
    DRM_PluginSystem *system;
    DRM_PluginSession *session; /* the newest */
    DRM_PluginSystemFunctions system_functions;
    DRM_PluginSessionFunctions session_functions;
    const DRM_PluginSystemFunctions *system_table; /* what createSystem returns */
    const DRM_PluginSessionFunctions *session_table;
    Drm_ErrCode answer; /* of every function that has one */
    int64_t expiry;
    int64_t later; /* by how much each key expires later than the one before */
    uint32_t id_length; /* what processMediaKeyResponse says; 0 = as it is */
    void (*inside)(void); /* called in processMediaKeyResponse, after the keys */
    int systems_created, systems_destroyed, sessions_created, sessions_destroyed;
    int destroyed_too_early;
} puppet;

static inline DRM_PluginKey puppet_key(const uint8_t *id, uint32_t id_len, const uint8_t *key, uint32_t key_len)
{
    DRM_PluginKey out;
    memset(&out, 0, sizeof(out));
    out.structSize = (uint32_t)sizeof(out);
    out.keyId = id;
    out.keyIdLen = id_len;
    out.key = key;
    out.keyLen = key_len;
    return out;
}

static void puppet_destroy_session(void *session)
{
    CHECK(session == &puppet.sessions_created);
    puppet.sessions_destroyed++;
}

static Drm_ErrCode puppet_generate(void *session, const DRM_MediaKeyRequestInfo *info, DRM_MediaKeyRequest *request)
{
    CHECK(session == &puppet.sessions_created);
    request->type = MEDIA_KEY_REQUEST_TYPE_INITIAL;
    request->dataLen = info->initDataLen;
    memcpy(request->data, info->initData, (size_t)info->initDataLen);
    strcpy(request->defaultUrl, "https://license.example");
    return puppet.answer;
}

static Drm_ErrCode puppet_process(void *session, const uint8_t *response, uint32_t size, uint8_t *id, uint32_t *id_len)
{
    CHECK(session == &puppet.sessions_created);
    if (size == 0 || size % 32 != 0) {
        return DRM_ERR_UNKNOWN;
    }
    for (uint32_t at = 0; at < size; at += 32) {
        DRM_PluginKey key = puppet_key(response + at, 16, response + at + 16, 16);
        CHECK_OK(puppet.host->installKeys(puppet.session, &key, 1, puppet.expiry + puppet.later * (at / 32)));
    }
    if (puppet.inside != NULL) {
        puppet.inside();
    }
    CHECK(*id_len >= 16);
    memcpy(id, response + size - 32, 16);
    *id_len = puppet.id_length != 0 ? puppet.id_length : 16;
    return puppet.answer;
}

static void puppet_destroy_system(void *system)
{
    CHECK(system == &puppet.systems_created);
    puppet.systems_destroyed++;
    if (puppet.sessions_created != puppet.sessions_destroyed) {
        puppet.destroyed_too_early++;
    }
}

static Drm_ErrCode puppet_create_session(void *system, DRM_ContentProtectionLevel level, DRM_PluginSession *host,
                                         const DRM_PluginSessionFunctions **functions, void **session)
{
    CHECK(system == &puppet.systems_created);
    CHECK_INT(level, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    if (puppet.answer != DRM_ERR_OK) {
        return puppet.answer;
    }
    puppet.session = host;
    puppet.sessions_created++;
    *functions = puppet.session_table;
    *session = &puppet.sessions_created;
    return DRM_ERR_OK;
}

static Drm_ErrCode puppet_create_system(void *context, const DRM_PluginHost *host, DRM_PluginSystem *system,
                                        const DRM_PluginSystemFunctions **functions, void **out)
{
    CHECK(context == &puppet);
    if (puppet.answer != DRM_ERR_OK) {
        return puppet.answer;
    }
    puppet.host = host;
    puppet.system = system;
    puppet.systems_created++;
    *functions = puppet.system_table;
    *out = &puppet.systems_created;
    return DRM_ERR_OK;
}

/* As it behaves if nobody says otherwise: only what must not be null. */
static inline void puppet_reset(void)
{
    memset(&puppet, 0, sizeof(puppet));
    puppet.system_functions.structSize = (uint32_t)sizeof(puppet.system_functions);
    puppet.system_functions.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    puppet.system_functions.destroy = puppet_destroy_system;
    puppet.system_functions.createSession = puppet_create_session;
    puppet.session_functions.structSize = (uint32_t)sizeof(puppet.session_functions);
    puppet.session_functions.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    puppet.session_functions.destroy = puppet_destroy_session;
    puppet.session_functions.generateMediaKeyRequest = puppet_generate;
    puppet.session_functions.processMediaKeyResponse = puppet_process;
    puppet.system_table = &puppet.system_functions;
    puppet.session_table = &puppet.session_functions;
}

static const DRM_PluginMimeType PUPPET_TYPES[2] = {{"video/mp4", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0},
                                                   {"cenc", CONTENT_PROTECTION_LEVEL_UNKNOWN, 0}};

static inline DRM_KeySystemPlugin puppet_plugin(const char *name)
{
    static const uint8_t ID[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    DRM_KeySystemPlugin plugin;
    memset(&plugin, 0, sizeof(plugin));
    plugin.structSize = (uint32_t)sizeof(plugin);
    plugin.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION;
    plugin.name = name;
    plugin.vendor = "test";
    plugin.systemIds = ID;
    plugin.systemIdCount = 1;
    plugin.mimeTypes = PUPPET_TYPES;
    plugin.mimeTypeCount = 2;
    plugin.maxMediaKeyIdLen = 16;
    plugin.context = &puppet;
    plugin.createSystem = puppet_create_system;
    return plugin;
}

/* A license with one key. */
static inline void puppet_license(uint8_t out[32], const uint8_t kid[16], const uint8_t key[16])
{
    memcpy(out, kid, 16);
    memcpy(out + 16, key, 16);
}

/* Gives a license to a session. */
static inline Drm_ErrCode puppet_respond(MediaKeySession *session, uint8_t *license, int32_t size)
{
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_len = (int32_t)sizeof(id);
    return OH_MediaKeySession_ProcessMediaKeyResponse(session, license, size, id, &id_len);
}

#endif /* TEST_SUPPORT_PLUGIN_H */

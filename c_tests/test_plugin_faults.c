/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What plugins do wrong: tables that cannot be, functions that are missing, results that are garbage, handles that are stale.
 */
#include <pthread.h>

#include "support/plugin.h"

#define NAME "test.faulty"

/* Registers a plugin with one fault; none may be taken. */
#define REFUSED_TABLE(fault, expected)                            \
    do {                                                          \
        DRM_KeySystemPlugin plugin = puppet_plugin("test.refused"); \
        fault;                                                    \
        CHECK_CODE(OH_Drm_RegisterKeySystem(&plugin), expected);  \
        CHECK(!OH_MediaKeySystem_IsSupported("test.refused"));    \
    } while (0)

static void tables_that_cannot_be(void)
{
    static char long_text[5000];
    memset(long_text, 'n', sizeof(long_text));
    const int bad = DRM_ERR_INVALID_VAL;
    CHECK_INVALID(OH_Drm_RegisterKeySystem(NULL));
    CHECK_INVALID(OH_Drm_RegisterKeySystem((const DRM_KeySystemPlugin *)3));
    for (uint32_t size = 0; size < sizeof(DRM_KeySystemPlugin); size++) {
        REFUSED_TABLE(plugin.structSize = size, bad);
    }
    REFUSED_TABLE(plugin.apiVersion = 0, bad);
    REFUSED_TABLE(plugin.apiVersion = NATIVE_DRM_PLUGIN_API_VERSION + 1, bad);
    REFUSED_TABLE(plugin.name = NULL, bad);
    REFUSED_TABLE(plugin.name = "", bad);
    REFUSED_TABLE(plugin.name = long_text, bad);
    REFUSED_TABLE(plugin.name = "\xff\xfe", bad);
    REFUSED_TABLE(plugin.name = "a b", DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = "..", DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = "com.policyplay.drm.device", DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = CLEARPLAY, DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = W3C_CLEARKEY, DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = "com.policyplay.drm", DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.name = NAME, DRM_ERR_UNKNOWN);
    REFUSED_TABLE(plugin.vendor = long_text, bad);
    REFUSED_TABLE(plugin.version = "\xff", bad);
    REFUSED_TABLE(plugin.systemIds = NULL, bad);
    REFUSED_TABLE(plugin.systemIdCount = 0, bad);
    REFUSED_TABLE(plugin.systemIdCount = 17, bad);
    REFUSED_TABLE(plugin.systemIdCount = UINT32_MAX, bad);
    REFUSED_TABLE(plugin.mimeTypes = NULL, bad);
    REFUSED_TABLE(plugin.mimeTypeCount = 0, bad);
    REFUSED_TABLE(plugin.mimeTypeCount = 257, bad);
    REFUSED_TABLE(plugin.mimeTypeCount = UINT32_MAX, bad);
    DRM_PluginMimeType type = PUPPET_TYPES[0];
    REFUSED_TABLE((plugin.mimeTypes = &type, plugin.mimeTypeCount = 1, type.name = NULL), bad);
    REFUSED_TABLE((plugin.mimeTypes = &type, plugin.mimeTypeCount = 1, type.name = long_text), bad);
    type = PUPPET_TYPES[0];
    REFUSED_TABLE((plugin.mimeTypes = &type, plugin.mimeTypeCount = 1, type.maxLevel = (DRM_ContentProtectionLevel)4),
                  bad);
    REFUSED_TABLE(plugin.maxLevel = (DRM_ContentProtectionLevel)99, bad);
    REFUSED_TABLE(plugin.maxSystems = 65, bad);
    REFUSED_TABLE(plugin.maxSessions = UINT32_MAX, bad);
    REFUSED_TABLE(plugin.maxMediaKeyIdLen = 65, bad);
    REFUSED_TABLE(plugin.createSystem = NULL, bad);
}

/* A table of a later version, larger than this library's: what is added is not looked at. */
static void a_larger_table(void)
{
    struct {
        DRM_KeySystemPlugin plugin;
        uint8_t later[64];
    } large;
    memset(&large, 0xff, sizeof(large));
    large.plugin = puppet_plugin("test.later");
    large.plugin.structSize = (uint32_t)sizeof(large);
    CHECK_OK(OH_Drm_RegisterKeySystem(&large.plugin));
    CHECK_OK(OH_MediaKeySystem_Destroy(make_system("test.later")));
    puppet_reset();
}

static void expect_no_system(Drm_ErrCode expected)
{
    MediaKeySystem *system = (MediaKeySystem *)&puppet;
    CHECK_CODE(OH_MediaKeySystem_Create(NAME, &system), expected);
    CHECK(system == (MediaKeySystem *)&puppet);
    /* A system that is none does not count against the limit. */
    puppet_reset();
    for (int i = 0; i < 3; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(make_system(NAME)));
    }
    puppet_reset();
}

static void systems_that_cannot_be(void)
{
    puppet.answer = DRM_ERR_SERVICE_DIED;
    expect_no_system(DRM_ERR_SERVICE_DIED);
    puppet.answer = DRM_ERR_NOT_PROVISIONED;
    expect_no_system(DRM_ERR_NOT_PROVISIONED);
    puppet.system_table = NULL;
    expect_no_system(DRM_ERR_SERVICE_DIED);
    puppet.system_table = (const DRM_PluginSystemFunctions *)1;
    expect_no_system(DRM_ERR_SERVICE_DIED);
    for (uint32_t size = 0; size < sizeof(DRM_PluginSystemFunctions); size += 4) {
        puppet.system_functions.structSize = size;
        expect_no_system(DRM_ERR_SERVICE_DIED);
    }
    puppet.system_functions.apiVersion = 0;
    expect_no_system(DRM_ERR_SERVICE_DIED);
    puppet.system_functions.destroy = NULL;
    expect_no_system(DRM_ERR_SERVICE_DIED);
    puppet.system_functions.createSession = NULL;
    expect_no_system(DRM_ERR_SERVICE_DIED);
}

static void expect_no_session(Drm_ErrCode expected)
{
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    Drm_ErrCode wanted = puppet.sessions_created == 0 ? expected : DRM_ERR_OK;
    CHECK_CODE(OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session), wanted);
    CHECK(session == NULL);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

static void sessions_that_cannot_be(void)
{
    puppet.session_table = NULL;
    expect_no_session(DRM_ERR_SERVICE_DIED);
    for (uint32_t size = 0; size < sizeof(DRM_PluginSessionFunctions); size += 4) {
        puppet.session_functions.structSize = size;
        expect_no_session(DRM_ERR_SERVICE_DIED);
    }
    puppet.session_functions.apiVersion = 99;
    expect_no_session(DRM_ERR_SERVICE_DIED);
    puppet.session_functions.destroy = NULL;
    expect_no_session(DRM_ERR_SERVICE_DIED);
    puppet.session_functions.generateMediaKeyRequest = NULL;
    expect_no_session(DRM_ERR_SERVICE_DIED);
    puppet.session_functions.processMediaKeyResponse = NULL;
    expect_no_session(DRM_ERR_SERVICE_DIED);
}

/* Functions that return what cannot be. `wrong` says how. */
static int wrong;

static Drm_ErrCode bad_request(void *session, const DRM_MediaKeyRequestInfo *info, DRM_MediaKeyRequest *request)
{
    (void)session, (void)info;
    request->type = MEDIA_KEY_REQUEST_TYPE_INITIAL;
    switch (wrong) {
        case 0: request->type = MEDIA_KEY_REQUEST_TYPE_UNKNOWN; break;
        case 1: request->type = (DRM_MediaKeyRequestType)1000; break;
        case 2: request->dataLen = -1; break;
        case 3: request->dataLen = MAX_MEDIA_KEY_REQUEST_DATA_LEN + 1; break;
        case 4: memset(request->defaultUrl, 'u', sizeof(request->defaultUrl)); break;
        case 5: request->defaultUrl[0] = (char)0xff; break;
        default: return DRM_ERR_OK;
    }
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_status(void *session, DRM_MediaKeyStatus *status)
{
    (void)session;
    status->statusCount = 1;
    switch (wrong) {
        case 0: status->statusCount = MAX_MEDIA_KEY_STATUS_COUNT + 1; break;
        case 1: status->statusCount = UINT32_MAX; break;
        case 2: memset(status->statusName[0], 'n', sizeof(status->statusName[0])); break;
        case 3: memset(status->statusValue[0], 0xff, 3); break;
        default: break;
    }
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_level(void *object, DRM_ContentProtectionLevel *level)
{
    (void)object;
    static const uint32_t LEVELS[] = {0, 4, UINT32_MAX, 1};
    *level = (DRM_ContentProtectionLevel)LEVELS[wrong];
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_release(void *session, const uint8_t *id, uint32_t id_len, uint8_t *request, uint32_t *size)
{
    (void)session, (void)id, (void)id_len, (void)request;
    *size = wrong == 0 ? *size + 1 : wrong == 1 ? UINT32_MAX : 0;
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_statistics(void *system, DRM_Statistics *statistics)
{
    (void)system;
    statistics->statisticsCount = wrong == 0 ? MAX_STATISTICS_COUNT + 1 : wrong == 1 ? UINT32_MAX : 1;
    if (wrong == 2) {
        memset(statistics->statisticsName[0], 'n', sizeof(statistics->statisticsName[0]));
    }
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_provisioning(void *system, DRM_MediaKeyRequest *request)
{
    return bad_request(system, NULL, request);
}

static Drm_ErrCode bad_certificate(void *system, DRM_CertificateStatus *status)
{
    (void)system;
    static const uint32_t STATUSES[] = {4, 5, UINT32_MAX, 0};
    *status = (DRM_CertificateStatus)STATUSES[wrong];
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_ids(void *system, DRM_OfflineMediakeyIdArray *ids)
{
    (void)system;
    ids->idsCount = wrong == 0 ? MAX_OFFLINE_MEDIA_KEY_ID_COUNT + 1 : wrong == 1 ? UINT32_MAX : 1;
    ids->idsLen[0] = wrong == 2 ? -1 : wrong == 3 ? MAX_OFFLINE_MEDIA_KEY_ID_LEN + 1 : 1;
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_offline_status(void *system, const uint8_t *id, uint32_t id_len, DRM_OfflineMediaKeyStatus *status)
{
    (void)system, (void)id, (void)id_len;
    *status = (DRM_OfflineMediaKeyStatus)(wrong == 0 ? 0 : wrong == 1 ? 3 : 1);
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_string(void *system, const char *name, char *value, uint32_t size)
{
    (void)system, (void)name;
    memset(value, wrong == 0 ? 'v' : wrong == 1 ? 0xff : 0, wrong == 0 ? size : 1);
    return DRM_ERR_OK;
}

static Drm_ErrCode bad_bytes(void *system, const char *name, uint8_t *value, uint32_t *size)
{
    (void)system, (void)name, (void)value;
    *size = wrong == 0 ? *size + 1 : wrong == 1 ? UINT32_MAX : 0;
    return DRM_ERR_OK;
}

/* A call that fails, and leaves its output alone, as often as `faults` says, and then succeeds. */
#define GARBAGE(faults, output, call)                                     \
    do {                                                                  \
        for (wrong = 0; wrong <= (faults); wrong++) {                     \
            memset(&(output), 0x5a, sizeof(output));                      \
            if (wrong == (faults)) {                                      \
                CHECK_OK(call);                                           \
            } else {                                                      \
                CHECK_CODE(call, DRM_ERR_SERVICE_DIED);                   \
                CHECK_FILLED(&(output), 0x5a, sizeof(output));            \
            }                                                             \
        }                                                                 \
    } while (0)

static void results_that_cannot_be(void)
{
    static union {
        DRM_MediaKeyRequest request;
        DRM_MediaKeyStatus status;
        DRM_Statistics statistics;
        DRM_OfflineMediakeyIdArray ids;
    } out;
    puppet.session_functions.generateMediaKeyRequest = bad_request;
    puppet.session_functions.checkMediaKeyStatus = bad_status;
    puppet.session_functions.getContentProtectionLevel = bad_level;
    puppet.session_functions.generateOfflineReleaseRequest = bad_release;
    puppet.system_functions.getStatistics = bad_statistics;
    puppet.system_functions.generateKeySystemRequest = bad_provisioning;
    puppet.system_functions.getCertificateStatus = bad_certificate;
    puppet.system_functions.getOfflineMediaKeyIds = bad_ids;
    puppet.system_functions.getOfflineMediaKeyStatus = bad_offline_status;
    puppet.system_functions.getConfigurationString = bad_string;
    puppet.system_functions.getConfigurationByteArray = bad_bytes;
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyRequestInfo *info = make_request_info("cenc", "init data", 9);
    GARBAGE(6, out.request, OH_MediaKeySession_GenerateMediaKeyRequest(session, info, &out.request));
    free(info);
    GARBAGE(4, out.status, OH_MediaKeySession_CheckMediaKeyStatus(session, &out.status));
    DRM_ContentProtectionLevel level;
    GARBAGE(3, level, OH_MediaKeySession_GetContentProtectionLevel(session, &level));
    uint8_t id = 'i';
    uint8_t bytes[MAX_MEDIA_KEY_REQUEST_DATA_LEN];
    int32_t size = (int32_t)sizeof(bytes);
    GARBAGE(2, bytes[0], OH_MediaKeySession_GenerateOfflineReleaseRequest(session, &id, 1, bytes, &size));
    GARBAGE(3, out.statistics, OH_MediaKeySystem_GetStatistics(system, &out.statistics));
    static char url[MAX_DEFAULT_URL_LEN];
    for (wrong = 2; wrong < 6; wrong++) {
        size = (int32_t)sizeof(bytes);
        CHECK_CODE(OH_MediaKeySystem_GenerateKeySystemRequest(system, bytes, &size, url, (int32_t)sizeof(url)),
                   DRM_ERR_SERVICE_DIED);
    }
    DRM_CertificateStatus certificate;
    GARBAGE(3, certificate, OH_MediaKeySystem_GetCertificateStatus(system, &certificate));
    GARBAGE(4, out.ids, OH_MediaKeySystem_GetOfflineMediaKeyIds(system, &out.ids));
    DRM_OfflineMediaKeyStatus status;
    GARBAGE(2, status, OH_MediaKeySystem_GetOfflineMediaKeyStatus(system, &id, 1, &status));
    char text[64];
    GARBAGE(2, text[1], OH_MediaKeySystem_GetConfigurationString(system, "name", text, (int32_t)sizeof(text)));
    size = (int32_t)sizeof(bytes);
    GARBAGE(2, bytes[0], OH_MediaKeySystem_GetConfigurationByteArray(system, "name", bytes, &size));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

static void a_media_key_id_longer_than_said(void)
{
    uint8_t license[32];
    puppet_license(license, KID_A, NIST_KEY);
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    for (int i = 0; i < 2; i++) {
        puppet.id_length = i == 0 ? 17 : UINT32_MAX;
        CHECK_CODE(puppet_respond(session, license, 32), DRM_ERR_SERVICE_DIED);
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    }
    puppet.id_length = 0;
    CHECK_OK(puppet_respond(session, license, 32));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

/* What no plugin has to have. */
static void functions_that_are_missing(void)
{
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    uint8_t id[64] = {'i'};
    int32_t size = (int32_t)sizeof(id);
    static char url[MAX_DEFAULT_URL_LEN];
    CHECK_UNKNOWN(OH_MediaKeySystem_GenerateKeySystemRequest(system, id, &size, url, (int32_t)sizeof(url)));
    CHECK_UNKNOWN(OH_MediaKeySystem_ProcessKeySystemResponse(system, id, 1));
    CHECK_UNKNOWN(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 1, id, &size));
    CHECK_UNKNOWN(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 1, id, 1));
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 1));
    DRM_CertificateStatus certificate = CERT_STATUS_UNAVAILABLE;
    CHECK_OK(OH_MediaKeySystem_GetCertificateStatus(system, &certificate));
    CHECK_INT(certificate, CERT_STATUS_PROVISIONED);
    bool secure = true;
    CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/mp4", &secure));
    CHECK(!secure);
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_UNKNOWN;
    CHECK_OK(OH_MediaKeySystem_GetMaxContentProtectionLevel(system, &level));
    CHECK_INT(level, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    DRM_Statistics statistics;
    CHECK_OK(OH_MediaKeySystem_GetStatistics(system, &statistics));
    CHECK_INT(statistics.statisticsCount, 5);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

/* One call of everything that a plugin can do with its handles. */
static void call_everything(DRM_PluginSystem *system, DRM_PluginSession *session, Drm_ErrCode expected)
{
    const DRM_PluginHost *host = puppet.host;
    DRM_PluginKey key = puppet_key(KID_A, 16, NIST_KEY, 16);
    uint8_t bytes[64];
    uint32_t size = sizeof(bytes);
    DRM_PluginStoreEntry entry;
    memset(&entry, 0, sizeof(entry));
    entry.structSize = (uint32_t)sizeof(entry);
    entry.id = KID_A;
    entry.idLen = 16;
    CHECK_CODE(host->installKeys(session, &key, 1, 0), expected);
    CHECK_CODE(host->removeKey(session, KID_A, 16), expected);
    CHECK_CODE(host->setKeyStatus(session, KID_A, 16, DRM_PLUGIN_KEY_USABLE),
               expected == DRM_ERR_OK ? DRM_ERR_UNKNOWN : expected);
    CHECK_CODE(host->keysChanged(session, true), expected);
    CHECK_CODE(host->postSessionEvent(session, EVENT_VENDOR_DEFINED, NULL, 0, 0), expected);
    CHECK_CODE(host->postSystemEvent(system, EVENT_VENDOR_DEFINED, NULL, 0, 0), expected);
    CHECK_CODE(host->storePut(system, DRM_PLUGIN_STORE_DEVICE, &entry, 1), expected);
    CHECK_CODE(host->storeGet(system, DRM_PLUGIN_STORE_DEVICE, KID_A, 16, bytes, &size, NULL), expected);
    CHECK_CODE(host->storeDelete(system, DRM_PLUGIN_STORE_DEVICE, KID_A, 16), expected);
    CHECK_CODE(host->getTime(system, NULL, NULL), expected);
    CHECK_CODE(host->log(system, NATIVE_DRM_LOG_DEBUG, "late"), expected);
}

static void *call_on_a_thread(void *unused)
{
    (void)unused;
    call_everything(puppet.system, puppet.session, DRM_ERR_INVALID_VAL);
    return NULL;
}

static void calls_after_the_end(void)
{
    MediaKeySystem *system = make_system(NAME);
    make_session(system);
    DRM_PluginSystem *plugin_system = puppet.system;
    DRM_PluginSession *plugin_session = puppet.session;
    call_everything(plugin_system, plugin_session, DRM_ERR_OK);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INT(puppet.systems_destroyed, 1);
    call_everything(plugin_system, plugin_session, DRM_ERR_INVALID_VAL);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, call_on_a_thread, NULL) == 0);
    pthread_join(thread, NULL);
    /* Those of others, and none at all. */
    system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    void *const wrong_handles[] = {NULL, system, session, plugin_system, plugin_session, (void *)1, &puppet};
    for (size_t i = 0; i < sizeof(wrong_handles) / sizeof(*wrong_handles); i++) {
        call_everything((DRM_PluginSystem *)wrong_handles[i], (DRM_PluginSession *)wrong_handles[i], DRM_ERR_INVALID_VAL);
    }
    call_everything((DRM_PluginSystem *)puppet.session, (DRM_PluginSession *)puppet.system, DRM_ERR_INVALID_VAL);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

static void arguments_that_cannot_be(void)
{
    MediaKeySystem *system = make_system(NAME);
    MediaKeySession *session = make_session(system);
    const DRM_PluginHost *host = puppet.host;
    CHECK_INT(host->structSize, sizeof(*host));
    CHECK_INT(host->apiVersion, NATIVE_DRM_PLUGIN_API_VERSION);
    DRM_PluginKey keys[2];
#define BAD_KEY(fault)                                                           \
    do {                                                                         \
        keys[0] = keys[1] = puppet_key(KID_A, 16, NIST_KEY, 16);                 \
        fault;                                                                   \
        CHECK_INVALID(host->installKeys(puppet.session, keys, 2, 0));            \
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);                \
    } while (0)
    for (uint32_t size = 0; size < sizeof(*keys); size++) {
        BAD_KEY(keys[0].structSize = size);
        BAD_KEY(keys[1].structSize = size);
    }
    BAD_KEY(keys[1].structSize = (uint32_t)sizeof(*keys) + 8);
    BAD_KEY(keys[1].keyId = NULL);
    BAD_KEY(keys[1].keyIdLen = 0);
    BAD_KEY(keys[1].keyIdLen = 65);
    BAD_KEY(keys[1].keyIdLen = UINT32_MAX);
    BAD_KEY(keys[1].keyLen = 0);
    BAD_KEY(keys[1].keyLen = 257);
    BAD_KEY(keys[1].status = (DRM_PluginKeyStatus)6);
    BAD_KEY(keys[1].status = (DRM_PluginKeyStatus)UINT32_MAX);
    keys[0] = puppet_key(KID_A, 16, NIST_KEY, 16);
    CHECK_INVALID(host->installKeys(puppet.session, NULL, 1, 0));
    CHECK_INVALID(host->installKeys(puppet.session, keys, 0, 0));
    CHECK_INVALID(host->installKeys(puppet.session, keys, UINT32_MAX, 0));
    CHECK_INVALID(host->installKeys(puppet.session, keys, 1, -1));
    CHECK_INVALID(host->setKeyStatus(puppet.session, NULL, 16, DRM_PLUGIN_KEY_USABLE));
    CHECK_INVALID(host->setKeyStatus(puppet.session, KID_A, 0, DRM_PLUGIN_KEY_USABLE));
    CHECK_INVALID(host->removeKey(puppet.session, NULL, 16));
    static const uint32_t KINDS[] = {0, 200, 205, 207, UINT32_MAX};
    for (size_t i = 0; i < 5; i++) {
        CHECK_INVALID(host->postSessionEvent(puppet.session, (DRM_EventType)KINDS[i], NULL, 0, 0));
        CHECK_INVALID(host->postSystemEvent(puppet.system, (DRM_EventType)KINDS[i], NULL, 0, 0));
    }
    CHECK_INVALID(host->postSessionEvent(puppet.session, EVENT_VENDOR_DEFINED, NULL, 1, 0));
    CHECK_INVALID(host->postSessionEvent(puppet.session, EVENT_VENDOR_DEFINED, KID_A, UINT32_MAX, 0));
    uint32_t size = 0;
    CHECK_INVALID(host->storeList(puppet.system, DRM_PLUGIN_STORE_DEVICE, NULL, NULL));
    CHECK_INVALID(host->storeList(puppet.system, (DRM_PluginStore)2, NULL, NULL));
    CHECK_INVALID(host->storeGet(puppet.system, DRM_PLUGIN_STORE_DEVICE, KID_A, 0, NULL, &size, NULL));
    CHECK_INVALID(host->storeGet(puppet.system, DRM_PLUGIN_STORE_DEVICE, KID_A, 65, NULL, &size, NULL));
    CHECK_INVALID(host->storeGet(puppet.system, DRM_PLUGIN_STORE_DEVICE, KID_A, 16, NULL, NULL, NULL));
    CHECK_INVALID(host->storePut(puppet.system, DRM_PLUGIN_STORE_DEVICE, NULL, 1));
    DRM_PluginStoreEntry entry;
#define BAD_ENTRY(fault)                                                                          \
    do {                                                                                          \
        memset(&entry, 0, sizeof(entry));                                                         \
        entry.structSize = (uint32_t)sizeof(entry);                                               \
        entry.id = KID_A;                                                                         \
        entry.idLen = 16;                                                                         \
        entry.status = OFFLINE_MEDIA_KEY_STATUS_USABLE;                                           \
        fault;                                                                                    \
        CHECK_INVALID(host->storePut(puppet.system, DRM_PLUGIN_STORE_OFFLINE_KEYS, &entry, 1));   \
    } while (0)
    BAD_ENTRY(entry.structSize--);
    BAD_ENTRY(entry.id = NULL);
    BAD_ENTRY(entry.idLen = 0);
    BAD_ENTRY(entry.idLen = 65);
    BAD_ENTRY(entry.valueLen = 1);
    BAD_ENTRY((entry.value = KID_A, entry.valueLen = (1u << 20) + 1));
    BAD_ENTRY(entry.status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN);
    BAD_ENTRY(entry.status = (DRM_OfflineMediaKeyStatus)3);
    CHECK_INVALID(host->log(puppet.system, NATIVE_DRM_LOG_OFF, "x"));
    CHECK_INVALID(host->log(puppet.system, (NativeDrm_LogLevel)5, "x"));
    CHECK_INVALID(host->log(puppet.system, NATIVE_DRM_LOG_INFO, NULL));
    CHECK_INVALID(host->getRandom(NULL, 1));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

static void limits_are_the_plugins(void)
{
    DRM_KeySystemPlugin plugin = puppet_plugin("test.few");
    plugin.maxSystems = 2;
    plugin.maxSessions = 1;
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    MediaKeySystem *first = make_system("test.few"), *second = make_system("test.few"), *none = NULL;
    CHECK_CODE(OH_MediaKeySystem_Create("test.few", &none), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
    make_session(first);
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    CHECK_CODE(OH_MediaKeySystem_CreateMediaKeySession(first, &level, &session), DRM_ERR_MAX_SESSION_NUM_REACHED);
    CHECK_OK(OH_MediaKeySystem_Destroy(first));
    CHECK_OK(OH_MediaKeySystem_Destroy(second));
    puppet_reset();
}

int main(void)
{
    puppet_reset();
    DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    RUN(tables_that_cannot_be);
    RUN(a_larger_table);
    RUN(systems_that_cannot_be);
    RUN(sessions_that_cannot_be);
    RUN(results_that_cannot_be);
    RUN(a_media_key_id_longer_than_said);
    RUN(functions_that_are_missing);
    RUN(calls_after_the_end);
    RUN(arguments_that_cannot_be);
    RUN(limits_are_the_plugins);
    return check_finish("plugin_faults");
}

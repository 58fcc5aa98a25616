/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function of a plugin that may be left out, there: what it answers reaches the program, and where it fails nothing has changed.
 * Left out: functions_that_are_missing in test_plugin_faults.c. decrypt: test_access_unit_keys.c.
 */
#include "support/plugin.h"

#define NAME "test.functions"

static Drm_ErrCode answer;   /* of all functions here */
static char asked[256];      /* what the last one was given */
static uint8_t kept[2] = {'a', 'b'}; /* ids of the plugin's own offline keys */
static uint32_t kept_count;

/* A call that the plugin refuses. */
#define REFUSED(call)                                  \
    do {                                               \
        answer = DRM_ERR_SERVICE_DENIED;               \
        CHECK_CODE(call, DRM_ERR_SERVICE_DENIED);      \
        answer = DRM_ERR_OK;                           \
    } while (0)

static Drm_ErrCode set_string(void *system, const char *name, const char *value)
{
    CHECK(system == &puppet.systems_created);
    snprintf(asked, sizeof(asked), "%s=%s", name, value);
    return answer;
}

static Drm_ErrCode get_string(void *system, const char *name, char *value, uint32_t size)
{
    CHECK(system == &puppet.systems_created);
    if (strcmp(name, "own") != 0) {
        return DRM_ERR_UNKNOWN;
    }
    snprintf(value, size, "of the plugin");
    return answer;
}

static Drm_ErrCode set_bytes(void *system, const char *name, const uint8_t *value, uint32_t size)
{
    CHECK(system == &puppet.systems_created);
    snprintf(asked, sizeof(asked), "%s=%u,%u", name, size, value[0]);
    return answer;
}

static Drm_ErrCode get_bytes(void *system, const char *name, uint8_t *value, uint32_t *size)
{
    CHECK(system == &puppet.systems_created);
    if (strcmp(name, "own") != 0) {
        return DRM_ERR_UNKNOWN;
    }
    memcpy(value, "\0\1\2", 3);
    *size = 3;
    return answer;
}

static Drm_ErrCode statistics(void *system, DRM_Statistics *out)
{
    CHECK(system == &puppet.systems_created);
    out->statisticsCount = 2;
    strcpy(out->statisticsName[0], "first");
    strcpy(out->statisticsDescription[0], "1");
    strcpy(out->statisticsName[1], "second");
    strcpy(out->statisticsDescription[1], "2");
    return answer;
}

static uint32_t level_answered;
static Drm_ErrCode level(void *object, DRM_ContentProtectionLevel *out)
{
    CHECK(object == &puppet.systems_created || object == &puppet.sessions_created);
    *out = (DRM_ContentProtectionLevel)level_answered;
    return answer;
}

static Drm_ErrCode provisioning_request(void *system, DRM_MediaKeyRequest *request)
{
    CHECK(system == &puppet.systems_created);
    request->dataLen = 3;
    memcpy(request->data, "who", 3);
    strcpy(request->defaultUrl, "https://provision.example");
    return answer;
}

static Drm_ErrCode provisioning_response(void *system, const uint8_t *response, uint32_t size)
{
    CHECK(system == &puppet.systems_created);
    snprintf(asked, sizeof(asked), "%.*s", (int)size, (const char *)response);
    return answer;
}

static Drm_ErrCode certificate(void *system, DRM_CertificateStatus *status)
{
    CHECK(system == &puppet.systems_created);
    *status = CERT_STATUS_EXPIRED;
    return answer;
}

static Drm_ErrCode offline_ids(void *system, DRM_OfflineMediakeyIdArray *ids)
{
    CHECK(system == &puppet.systems_created);
    for (uint32_t i = 0; i < kept_count; i++) {
        ids->ids[i][0] = kept[i];
        ids->idsLen[i] = 1;
    }
    ids->idsCount = kept_count;
    return answer;
}

static Drm_ErrCode offline_status(void *system, const uint8_t *id, uint32_t size, DRM_OfflineMediaKeyStatus *status)
{
    CHECK(system == &puppet.systems_created);
    CHECK_INT(size, 1);
    *status = id[0] == 'a' ? OFFLINE_MEDIA_KEY_STATUS_USABLE : OFFLINE_MEDIA_KEY_STATUS_INACTIVE;
    return id[0] == 'a' || id[0] == 'b' ? answer : DRM_ERR_UNKNOWN;
}

static Drm_ErrCode clear_offline(void *system, const uint8_t *id, uint32_t size)
{
    CHECK(system == &puppet.systems_created);
    CHECK_INT(size, 1);
    if (answer == DRM_ERR_OK && id[0] == kept[kept_count - 1]) {
        kept_count--;
    }
    return answer;
}

static Drm_ErrCode rows(void *session, DRM_MediaKeyStatus *status)
{
    CHECK(session == &puppet.sessions_created);
    status->statusCount = 2;
    strcpy(status->statusName[0], "mood");
    strcpy(status->statusValue[0], "good");
    strcpy(status->statusName[1], "keys");
    strcpy(status->statusValue[1], "some");
    return answer;
}

static Drm_ErrCode clear_keys(void *session)
{
    CHECK(session == &puppet.sessions_created);
    return answer;
}

static Drm_ErrCode release_request(void *session, const uint8_t *id, uint32_t id_len, uint8_t *request, uint32_t *size)
{
    CHECK(session == &puppet.sessions_created);
    CHECK(*size >= id_len + 1);
    request[0] = '-';
    memcpy(request + 1, id, id_len);
    *size = id_len + 1;
    return answer;
}

static Drm_ErrCode release_response(void *session, const uint8_t *id, uint32_t id_len, const uint8_t *response, uint32_t size)
{
    CHECK(session == &puppet.sessions_created);
    CHECK_INT(id_len, 16);
    CHECK_MEM(id, KID_A, 16);
    snprintf(asked, sizeof(asked), "%.*s", (int)size, (const char *)response);
    return answer;
}

static Drm_ErrCode restore(void *session, const uint8_t *id, uint32_t id_len)
{
    CHECK(session == &puppet.sessions_created);
    DRM_PluginKey key = puppet_key(id, id_len, NIST_KEY, 16);
    CHECK_OK(puppet.host->installKeys(puppet.session, &key, 1, 0));
    return answer;
}

static Drm_ErrCode secure_decoder(void *session, const char *mime_type, bool *required)
{
    CHECK(session == &puppet.sessions_created);
    snprintf(asked, sizeof(asked), "%s", mime_type);
    *required = strcmp(mime_type, "audio/mp4") != 0;
    return answer;
}

static MediaKeySystem *media_system;
static MediaKeySession *session;

static void open_both(void)
{
    puppet_reset();
    DRM_PluginSystemFunctions *of_system = &puppet.system_functions;
    of_system->setConfigurationString = set_string;
    of_system->getConfigurationString = get_string;
    of_system->setConfigurationByteArray = set_bytes;
    of_system->getConfigurationByteArray = get_bytes;
    of_system->getStatistics = statistics;
    of_system->getMaxContentProtectionLevel = level;
    of_system->generateKeySystemRequest = provisioning_request;
    of_system->processKeySystemResponse = provisioning_response;
    of_system->getCertificateStatus = certificate;
    of_system->getOfflineMediaKeyIds = offline_ids;
    of_system->getOfflineMediaKeyStatus = offline_status;
    of_system->clearOfflineMediaKeys = clear_offline;
    DRM_PluginSessionFunctions *of_session = &puppet.session_functions;
    of_session->checkMediaKeyStatus = rows;
    of_session->clearMediaKeys = clear_keys;
    of_session->generateOfflineReleaseRequest = release_request;
    of_session->processOfflineReleaseResponse = release_response;
    of_session->restoreOfflineMediaKeys = restore;
    of_session->getContentProtectionLevel = level;
    of_session->requiresSecureDecoderModule = secure_decoder;
    answer = DRM_ERR_OK;
    level_answered = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    media_system = make_system(NAME);
    session = make_session(media_system);
}

static void close_both(void)
{
    CHECK_OK(OH_MediaKeySystem_Destroy(media_system));
}

static void expect_string(const char *name, const char *expected)
{
    char text[64];
    CHECK_OK(OH_MediaKeySystem_GetConfigurationString(media_system, name, text, (int32_t)sizeof(text)));
    CHECK_STR(text, expected);
}

static void expect_bytes(const char *name, const void *expected, int32_t size)
{
    uint8_t bytes[64];
    int32_t written = (int32_t)sizeof(bytes);
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(media_system, name, bytes, &written));
    if (CHECK_INT(written, size)) {
        CHECK_MEM(bytes, expected, (size_t)size);
    }
}

/* What a setter refuses is not kept; what a getter does not know, the library does. */
static void configuration(void)
{
    open_both();
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(media_system, "name", "first"));
    CHECK_STR(asked, "name=first");
    expect_string("name", "first");
    REFUSED(OH_MediaKeySystem_SetConfigurationString(media_system, "name", "second"));
    CHECK_STR(asked, "name=second");
    expect_string("name", "first");
    REFUSED(OH_MediaKeySystem_SetConfigurationString(media_system, "other", "third"));
    char text[64];
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(media_system, "other", text, (int32_t)sizeof(text)));
    /* Sharing keys among sessions is the library's doing: refused, it stays as it is. */
    REFUSED(OH_MediaKeySystem_SetConfigurationString(media_system, "sessionSharing", "enable"));
    MediaKeySession *other = make_session(media_system);
    uint8_t license[32];
    puppet_license(license, KID_A, NIST_KEY);
    REQUIRE_OK(puppet_respond(other, license, 32));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(media_system, "sessionSharing", "enable"));
    CHECK_OK(decrypt_nist(session, KID_A));
    /* The plugin's own comes before what was set, and is there without. */
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(media_system, "own", "of the program"));
    expect_string("own", "of the plugin");
    expect_string("vendor", "test");
    REFUSED(OH_MediaKeySystem_GetConfigurationString(media_system, "own", text, (int32_t)sizeof(text)));

    uint8_t bytes[3] = {7, 8, 9};
    int32_t size = (int32_t)sizeof(bytes);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(media_system, "name", bytes, 3));
    CHECK_STR(asked, "name=3,7");
    uint8_t one = 1;
    REFUSED(OH_MediaKeySystem_SetConfigurationByteArray(media_system, "name", &one, 1));
    CHECK_STR(asked, "name=1,1");
    expect_bytes("name", bytes, 3);
    expect_bytes("own", "\0\1\2", 3);
    REFUSED(OH_MediaKeySystem_GetConfigurationByteArray(media_system, "own", bytes, &size));
    close_both();
}

static void statistics_beside_the_librarys_own(void)
{
    open_both();
    DRM_Statistics *found = (DRM_Statistics *)calloc(1, sizeof(*found));
    REQUIRE_OK(OH_MediaKeySystem_GetStatistics(media_system, found));
    if (CHECK_INT(found->statisticsCount, 7)) {
        CHECK_STR(found->statisticsName[5], "first");
        CHECK_STR(found->statisticsDescription[5], "1");
        CHECK_STR(found->statisticsName[6], "second");
        CHECK_STR(found->statisticsDescription[6], "2");
    }
    REFUSED(OH_MediaKeySystem_GetStatistics(media_system, found));
    free(found);
    close_both();
}

static void levels_and_secure_decoders(void)
{
    open_both();
    DRM_ContentProtectionLevel found = CONTENT_PROTECTION_LEVEL_UNKNOWN;
    /* A plugin that claims more gets what there is. */
    for (level_answered = CONTENT_PROTECTION_LEVEL_SW_CRYPTO; level_answered < CONTENT_PROTECTION_LEVEL_MAX; level_answered++) {
        CHECK_OK(OH_MediaKeySystem_GetMaxContentProtectionLevel(media_system, &found));
        CHECK_INT(found, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
        CHECK_OK(OH_MediaKeySession_GetContentProtectionLevel(session, &found));
        CHECK_INT(found, CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
    }
    level_answered = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    REFUSED(OH_MediaKeySystem_GetMaxContentProtectionLevel(media_system, &found));
    REFUSED(OH_MediaKeySession_GetContentProtectionLevel(session, &found));
    bool required = false;
    CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/mp4", &required));
    CHECK_STR(asked, "video/mp4");
    CHECK(required);
    CHECK_OK(OH_MediaKeySession_RequireSecureDecoderModule(session, "audio/mp4", &required));
    CHECK(!required);
    REFUSED(OH_MediaKeySession_RequireSecureDecoderModule(session, "video/mp4", &required));
    CHECK(!required);
    close_both();
}

static void provisioning(void)
{
    open_both();
    uint8_t request[64];
    char url[64];
    int32_t size = (int32_t)sizeof(request);
    CHECK_OK(OH_MediaKeySystem_GenerateKeySystemRequest(media_system, request, &size, url, (int32_t)sizeof(url)));
    if (CHECK_INT(size, 3)) {
        CHECK_MEM(request, "who", 3);
    }
    CHECK_STR(url, "https://provision.example");
    size = (int32_t)sizeof(request);
    REFUSED(OH_MediaKeySystem_GenerateKeySystemRequest(media_system, request, &size, url, (int32_t)sizeof(url)));
    uint8_t response[] = {'y', 'o', 'u'};
    CHECK_OK(OH_MediaKeySystem_ProcessKeySystemResponse(media_system, response, 3));
    CHECK_STR(asked, "you");
    REFUSED(OH_MediaKeySystem_ProcessKeySystemResponse(media_system, response, 3));
    DRM_CertificateStatus status = CERT_STATUS_PROVISIONED;
    CHECK_OK(OH_MediaKeySystem_GetCertificateStatus(media_system, &status));
    CHECK_INT(status, CERT_STATUS_EXPIRED);
    REFUSED(OH_MediaKeySystem_GetCertificateStatus(media_system, &status));
    close_both();
}

static void offline_keys_of_its_own(void)
{
    open_both();
    kept_count = 2;
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)calloc(1, sizeof(*ids));
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(media_system, ids));
    if (CHECK_INT(ids->idsCount, 2)) {
        CHECK_INT(ids->idsLen[1], 1);
        CHECK_INT(ids->ids[0][0], 'a');
        CHECK_INT(ids->ids[1][0], 'b');
    }
    REFUSED(OH_MediaKeySystem_GetOfflineMediaKeyIds(media_system, ids));
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(media_system, &kept[0], 1, &status));
    CHECK_INT(status, OFFLINE_MEDIA_KEY_STATUS_USABLE);
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(media_system, &kept[1], 1, &status));
    CHECK_INT(status, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    uint8_t unknown = 'c';
    CHECK_UNKNOWN(OH_MediaKeySystem_GetOfflineMediaKeyStatus(media_system, &unknown, 1, &status));
    REFUSED(OH_MediaKeySystem_ClearOfflineMediaKeys(media_system, &kept[1], 1));
    CHECK_INT(kept_count, 2);
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(media_system, &kept[1], 1));
    CHECK_INT(kept_count, 1);
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(media_system, ids));
    CHECK_INT(ids->idsCount, 1);
    free(ids);
    close_both();
}

static void status_rows_and_clearing(void)
{
    open_both();
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)calloc(1, sizeof(*status));
    REQUIRE_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    if (CHECK_INT(status->statusCount, 2)) {
        CHECK_STR(status->statusName[0], "mood");
        CHECK_STR(status->statusValue[0], "good");
        CHECK_STR(status->statusName[1], "keys");
        CHECK_STR(status->statusValue[1], "some");
    }
    REFUSED(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    free(status);
    uint8_t license[32];
    puppet_license(license, KID_A, NIST_KEY);
    REQUIRE_OK(puppet_respond(session, license, 32));
    REFUSED(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    close_both();
}

static void restoring_and_releasing(void)
{
    open_both();
    uint8_t id[16], message[32], expected[17] = {'-'};
    memcpy(id, KID_A, 16);
    memcpy(expected + 1, KID_A, 16);
    REFUSED(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    CHECK_OK(decrypt_nist(session, KID_A));
    MediaKeySession *other = make_session(media_system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(other, id, 16));
    CHECK_OK(decrypt_nist(other, KID_A));

    int32_t size = (int32_t)sizeof(message);
    CHECK_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, message, &size));
    if (CHECK_INT(size, 17)) {
        CHECK_MEM(message, expected, 17);
    }
    size = (int32_t)sizeof(message);
    REFUSED(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, id, 16, message, &size));
    uint8_t response[] = {'y', 'e', 's'};
    REFUSED(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response, 3));
    CHECK_STR(asked, "yes");
    CHECK_OK(decrypt_nist(session, KID_A));
    /* A release takes the key from all sessions. */
    CHECK_OK(OH_MediaKeySession_ProcessOfflineReleaseResponse(session, id, 16, response, 3));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    CHECK_CODE(decrypt_nist(other, KID_A), DRM_ERR_NO_KEY);
    close_both();
}

int main(void)
{
    puppet_reset();
    DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    RUN(configuration);
    RUN(statistics_beside_the_librarys_own);
    RUN(levels_and_secure_decoders);
    RUN(provisioning);
    RUN(offline_keys_of_its_own);
    RUN(status_rows_and_clearing);
    RUN(restoring_and_releasing);
    return check_finish("plugin_functions");
}

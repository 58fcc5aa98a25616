/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the library does for plugins: keys and their status, expiry, events of all kinds, the store, time, configuration, init data.
 */
#include "support/events.h"
#include "support/plugin.h"

#define NAME "test.host"

static void open_both(void)
{
    begin(NAME);
}

static void close_both(void)
{
    end();
    puppet_reset();
}

static void expect_status(const char *word)
{
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)malloc(sizeof(*status));
    REQUIRE_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    if (CHECK(status->statusCount >= 1)) {
        CHECK_STR(status->statusName[0], KID_A_HEX);
        CHECK_STR(status->statusValue[0], word);
    }
    free(status);
}

static void keys_without_a_response(void)
{
    static const char *const WORDS[] = {"USABLE",  "EXPIRED",        "OUTPUT_NOT_ALLOWED",
                                        "PENDING", "INTERNAL_ERROR", "USABLE_IN_FUTURE"};
    static const int CODES[] = {DRM_ERR_OK,         DRM_ERR_NO_LICENSE, DRM_ERR_NO_LICENSE,
                                DRM_ERR_NO_LICENSE, DRM_ERR_NO_LICENSE, DRM_ERR_DEVICE_TIME_ERROR};
    open_both();
    for (int first = DRM_PLUGIN_KEY_USABLE; first <= DRM_PLUGIN_KEY_USABLE_IN_FUTURE; first++) {
        DRM_PluginKey key = puppet_key(KID_A, 16, NIST_KEY, 16);
        key.status = (DRM_PluginKeyStatus)first;
        CHECK_OK(puppet.host->installKeys(puppet.session, &key, 1, 0));
        expect_status(WORDS[first]);
        CHECK_CODE(decrypt_nist(session, KID_A), CODES[first]);
        for (int next = DRM_PLUGIN_KEY_USABLE; next <= DRM_PLUGIN_KEY_USABLE_IN_FUTURE; next++) {
            CHECK_OK(puppet.host->setKeyStatus(puppet.session, KID_A, 16, (DRM_PluginKeyStatus)next));
            expect_status(WORDS[next]);
            CHECK_CODE(decrypt_nist(session, KID_A), CODES[next]);
        }
    }
    CHECK_UNKNOWN(puppet.host->setKeyStatus(puppet.session, KID_B, 16, DRM_PLUGIN_KEY_USABLE));
    CHECK_OK(puppet.host->removeKey(puppet.session, KID_A, 16));
    CHECK_OK(puppet.host->removeKey(puppet.session, KID_A, 16));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    close_both();
}

/* Keys that come by themselves inside of a response wait for its end. */
static int seen_inside;
static void look_inside(void)
{
    seen_inside = (int)decrypt_nist(session, KID_A);
}

static void keys_of_a_response_come_with_it(void)
{
    uint8_t license[32];
    puppet_license(license, KID_A, NIST_KEY);
    static const struct {
        Drm_ErrCode answer, expected;
    } CASES[] = {{DRM_ERR_INVALID_VAL, DRM_ERR_UNKNOWN},
                 {DRM_ERR_UNKNOWN, DRM_ERR_UNKNOWN},
                 {DRM_ERR_NOT_PROVISIONED, DRM_ERR_NOT_PROVISIONED},
                 {DRM_ERR_DEVICE_TIME_ERROR, DRM_ERR_DEVICE_TIME_ERROR},
                 {DRM_ERR_SERVICE_DENIED, DRM_ERR_SERVICE_DENIED},
                 {DRM_ERR_NO_LICENSE, DRM_ERR_NO_LICENSE},
                 {DRM_ERR_NO_KEY, DRM_ERR_NO_KEY},
                 {DRM_ERR_SERVICE_DIED, DRM_ERR_SERVICE_DIED},
                 {(Drm_ErrCode)77, DRM_ERR_SERVICE_DIED},
                 {DRM_ERR_OK, DRM_ERR_OK}};
    open_both();
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        puppet.answer = CASES[i].answer;
        puppet.inside = look_inside;
        CHECK_CODE(puppet_respond(session, license, 32), CASES[i].expected);
        CHECK_INT(seen_inside, DRM_ERR_NO_KEY);
        CHECK_CODE(decrypt_nist(session, KID_A), CASES[i].expected == DRM_ERR_OK ? DRM_ERR_OK : DRM_ERR_NO_KEY);
    }
    close_both();
}

static void keys_with_an_expiry(void)
{
    const int64_t start = 1000000000;
    recorder_init(&recorder);
    drm_system = make_system(NAME);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(drm_system, start));
    session = make_session(drm_system);
    int64_t unix_millis = 0;
    uint64_t before = 0, after = 0;
    CHECK_OK(puppet.host->getTime(puppet.system, &unix_millis, &before));
    CHECK_INT(unix_millis, start);
    uint8_t license[64];
    puppet_license(license, KID_A, NIST_KEY);
    puppet.expiry = start;
    CHECK_CODE(puppet_respond(session, license, 32), DRM_ERR_NO_LICENSE);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    puppet.expiry = start + 5000;
    CHECK_OK(puppet_respond(session, license, 32));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_UNKNOWN(puppet.host->setKeyStatus(puppet.session, KID_A, 16, DRM_PLUGIN_KEY_EXPIRED));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 4999, false));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 1, false));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(puppet.host->getTime(puppet.system, NULL, &after));
    CHECK_INT(after - before, 5000);
    /* Two keys of one response that expire one after the other. */
    CHECK_OK(puppet.host->getTime(puppet.system, &puppet.expiry, NULL));
    puppet.expiry += 1000;
    puppet.later = 2000;
    puppet_license(license + 32, KID_B, NIST_KEY);
    CHECK_OK(puppet_respond(session, license, 64));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(decrypt_nist(session, KID_B));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 1000, false));
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
    CHECK_OK(decrypt_nist(session, KID_B));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 2000, false));
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_LICENSE);
    puppet.later = 0;
    /* Installed anew without expiry, it is nobody's but the plugin's. */
    puppet.expiry = 0;
    CHECK_OK(puppet_respond(session, license, 32));
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(drm_system, 1000000, false));
    CHECK_OK(decrypt_nist(session, KID_A));
    close_both();
}

static void the_store_keeps_what_it_is_given(void)
{
    open_both();
    static const DRM_PluginStore STORES[] = {DRM_PLUGIN_STORE_OFFLINE_KEYS, DRM_PLUGIN_STORE_DEVICE};
    uint8_t value[16];
    uint32_t size;
    for (int i = 0; i < 2; i++) {
        DRM_PluginStoreEntry entries[2];
        memset(entries, 0, sizeof(entries));
        for (int j = 0; j < 2; j++) {
            entries[j].structSize = (uint32_t)sizeof(*entries);
            entries[j].id = (const uint8_t *)(j == 0 ? "b" : "a");
            entries[j].idLen = 1;
            entries[j].value = (const uint8_t *)"value";
            entries[j].valueLen = j == 0 ? 5 : 0;
            entries[j].status = OFFLINE_MEDIA_KEY_STATUS_INACTIVE;
        }
        size = (uint32_t)sizeof(value);
        DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
        CHECK_UNKNOWN(puppet.host->storeGet(puppet.system, STORES[i], entries->id, 1, value, &size, NULL));
        CHECK_OK(puppet.host->storePut(puppet.system, STORES[i], entries, 2));
        CHECK_OK(puppet.host->storeGet(puppet.system, STORES[i], entries->id, 1, value, &size, &status));
        CHECK_INT(size, 5);
        CHECK_MEM(value, "value", 5);
        CHECK_INT(status, i == 0 ? OFFLINE_MEDIA_KEY_STATUS_INACTIVE : OFFLINE_MEDIA_KEY_STATUS_USABLE);
        size = 4;
        memset(value, 0x5a, sizeof(value));
        CHECK_INVALID(puppet.host->storeGet(puppet.system, STORES[i], entries->id, 1, value, &size, NULL));
        CHECK_INT(size, 5);
        CHECK_FILLED(value, 0x5a, sizeof(value));
        size = 0;
        CHECK_OK(puppet.host->storeGet(puppet.system, STORES[i], entries[1].id, 1, NULL, &size, NULL));
        CHECK_INT(size, 0);
    }
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(drm_system, ids));
    CHECK_INT(ids->idsCount, 2);
    CHECK_INT(ids->ids[0][0], 'a');
    free(ids);
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    uint8_t id = 'b';
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyStatus(drm_system, &id, 1, &status));
    CHECK_INT(status, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
    CHECK_UNKNOWN(OH_MediaKeySession_RestoreOfflineMediaKeys(session, &id, 1));
    CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(drm_system, &id, 1));
    CHECK_UNKNOWN(puppet.host->storeDelete(puppet.system, DRM_PLUGIN_STORE_OFFLINE_KEYS, &id, 1));
    CHECK_OK(puppet.host->storeDelete(puppet.system, DRM_PLUGIN_STORE_DEVICE, &id, 1));
    close_both();
}

static int count_ids(const uint8_t *id, uint32_t size, void *data)
{
    CHECK_INT(size, 16);
    CHECK_MEM(id, KID_A, 16);
    ++*(int *)data;
    return 0;
}

static int count_one(const uint8_t *id, uint32_t size, void *data)
{
    CHECK(id != NULL && size > 0);
    ++*(int *)data;
    return 1;
}

static void the_rest(void)
{
    open_both();
    uint8_t box[256];
    size_t size = make_pssh(box, PUPPET_UUID, (const uint8_t(*)[16])KID_A, 1, NULL, 0);
    int count = 0;
    CHECK_OK(puppet.host->getKeyIds(puppet.system, "cenc", box, (uint32_t)size, count_ids, &count));
    CHECK_INT(count, 1);
    CHECK_UNKNOWN(puppet.host->getKeyIds(puppet.system, "webm", box, (uint32_t)size, count_ids, &count));
    CHECK_UNKNOWN(puppet.host->getKeyIds(puppet.system, "cenc", box, 9, count_ids, &count));
    CHECK_OK(puppet.host->parsePsshBoxes == OH_Drm_ParsePsshBoxes ? DRM_ERR_OK : DRM_ERR_UNKNOWN);
    uint8_t bytes[64] = {0}, zeros[64] = {0};
    CHECK_OK(puppet.host->getRandom(bytes, sizeof(bytes)));
    CHECK(memcmp(bytes, zeros, sizeof(bytes)) != 0);
    CHECK_OK(puppet.host->getRandom(NULL, 0));
    CHECK_OK(puppet.host->log(puppet.system, NATIVE_DRM_LOG_INFO, "a line"));

    char text[8];
    uint32_t room = sizeof(text);
    CHECK_UNKNOWN(puppet.host->getConfigurationString(puppet.system, "name", text, &room));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(drm_system, "name", "value"));
    CHECK_OK(puppet.host->getConfigurationString(puppet.system, "name", text, &room));
    CHECK_STR(text, "value");
    CHECK_INT(room, 6);
    uint8_t value[3] = {1, 2, 3}, got[3];
    room = 2;
    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(drm_system, "name", value, 3));
    CHECK_INVALID(puppet.host->getConfigurationByteArray(puppet.system, "name", got, &room));
    CHECK_INT(room, 3);
    CHECK_OK(puppet.host->getConfigurationByteArray(puppet.system, "name", got, &room));
    CHECK_MEM(got, value, 3);

    count = 0;
    DRM_PluginStoreEntry entries[2];
    memset(entries, 0, sizeof(entries));
    for (int i = 0; i < 2; i++) {
        entries[i].structSize = (uint32_t)sizeof(*entries);
        entries[i].id = (const uint8_t *)(i == 0 ? "x" : "y");
        entries[i].idLen = 1;
    }
    CHECK_OK(puppet.host->storePut(puppet.system, DRM_PLUGIN_STORE_DEVICE, entries, 2));
    CHECK_OK(puppet.host->storeList(puppet.system, DRM_PLUGIN_STORE_DEVICE, count_one, &count));
    CHECK_INT(count, 1);
    close_both();
}

/* What a plugin's functions may change in a session is told to the program, once and in order. */
static void events_of_all_kinds(void)
{
    static const DRM_EventType KINDS[] = {EVENT_PROVISION_REQUIRED, EVENT_KEY_REQUIRED, EVENT_KEY_EXPIRED,
                                          EVENT_VENDOR_DEFINED, EVENT_EXPIRATION_UPDATE};
    open_both();
    record_session(&recorder, session);
    record_system(&recorder, drm_system);
    size_t count = 0;
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *info = (const uint8_t *)"info";
        CHECK_OK(puppet.host->postSessionEvent(puppet.session, KINDS[i], info, 4, -7));
        REQUIRE(recorder_wait(&recorder, count + 1));
        CHECK_OK(puppet.host->postSystemEvent(puppet.system, KINDS[i], NULL, 0, INT64_MAX));
        REQUIRE(recorder_wait(&recorder, count + 2));
        for (size_t j = 0; j < 2; j++) {
            RecordedCall *call = recorder_copy(&recorder, count + j);
            CHECK_INT(call->event, KINDS[i]);
            CHECK_INT(call->of_system, j >= 1);
            CHECK_INT(call->info_len, j < 1 ? 4 : 0);
            CHECK_STR(call->extra, j < 1 ? "-7" : "9223372036854775807");
            free(call);
        }
        count += 2;
    }
    DRM_PluginKey keys[2] = {puppet_key(KID_A, 16, NIST_KEY, 16), puppet_key(KID_B, 16, OTHER_KEY, 16)};
    CHECK_OK(puppet.host->installKeys(puppet.session, keys, 2, 0));
    REQUIRE(recorder_wait(&recorder, count + 1));
    expect_keys(count, A_AND_B, 2, true);
    CHECK_OK(puppet.host->keysChanged(puppet.session, false));
    REQUIRE(recorder_wait(&recorder, count + 2));
    expect_keys(count + 1, A_AND_B, 2, false);
    CHECK_OK(puppet.host->removeKey(puppet.session, KID_B, 16));
    REQUIRE(recorder_wait(&recorder, count + 3));
    expect_keys(count + 2, A_AND_B, 1, false);
    uint8_t license[32];
    puppet_license(license, KID_B, OTHER_KEY);
    CHECK_OK(puppet_respond(session, license, 32));
    REQUIRE(recorder_wait(&recorder, count + 4));
    expect_keys(count + 3, A_AND_B, 2, true);
    CHECK_INT(recorder_count(&recorder), count + 4);
    close_both();
}

int main(void)
{
    puppet_reset();
    DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    RUN(keys_without_a_response);
    RUN(keys_of_a_response_come_with_it);
    RUN(keys_with_an_expiry);
    RUN(events_of_all_kinds);
    RUN(the_store_keeps_what_it_is_given);
    RUN(the_rest);
    return check_finish("plugin_host");
}

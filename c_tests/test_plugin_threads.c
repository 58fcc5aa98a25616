/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Plugins and threads: inside of every function of a plugin the library can be called; a function that does not return holds up its own
 * call and nothing else; destroy comes last.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "support/plugin.h"

#define NAME "test.threads"

static MediaKeySystem *system_;
static MediaKeySession *session_;

/* What needs every lock of an instance and a session there is. */
static void call_the_library(void)
{
    static _Thread_local DRM_Statistics statistics;
    static _Thread_local DRM_MediaKeyStatus status;
    static _Thread_local DRM_OfflineMediakeyIdArray ids;
    DRM_MediaKeySystemDescription found[MAX_MEDIA_KEY_SYSTEM_NUM];
    uint32_t count = MAX_MEDIA_KEY_SYSTEM_NUM;
    CHECK_OK(OH_MediaKeySystem_GetMediaKeySystems(found, &count));
    if (system_ != NULL) {
        CHECK_OK(OH_MediaKeySystem_GetStatistics(system_, &statistics));
        CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(system_, &ids));
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system_, "outputHdcp", "HDCP_NONE"));
        MediaKeySession *none = NULL;
        CHECK_CODE(OH_MediaKeySystem_FindSessionByKeyId(system_, KID_B, 0, &none), DRM_ERR_NO_KEY);
    }
    if (session_ != NULL) {
        CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session_, &status));
        CHECK_CODE(decrypt_nist(session_, KID_B), DRM_ERR_NO_KEY);
    }
}

static Drm_ErrCode (*create_session)(void *, DRM_ContentProtectionLevel, DRM_PluginSession *,
                                     const DRM_PluginSessionFunctions **, void **);

static Drm_ErrCode calling_create_session(void *object, DRM_ContentProtectionLevel level, DRM_PluginSession *host,
                                          const DRM_PluginSessionFunctions **functions, void **session)
{
    call_the_library();
    /* There is no session yet. */
    DRM_PluginKey key = puppet_key(KID_A, 16, NIST_KEY, 16);
    CHECK_INVALID(puppet.host->installKeys(host, &key, 1, 0));
    return create_session(object, level, host, functions, session);
}

static Drm_ErrCode calling_clear(void *session)
{
    CHECK(session != NULL);
    call_the_library();
    return DRM_ERR_OK;
}

static Drm_ErrCode calling_set(void *object, const char *name, const uint8_t *value, uint32_t size)
{
    CHECK(object != NULL && name != NULL && value != NULL && size == 1);
    call_the_library();
    return DRM_ERR_OK;
}

static void calling_destroy(void *session)
{
    CHECK(session != NULL);
    puppet.sessions_destroyed++;
    session_ = NULL;
    call_the_library();
}

static void inside_of_functions(void)
{
    create_session = puppet.system_functions.createSession;
    puppet.system_functions.createSession = calling_create_session;
    puppet.system_functions.setConfigurationByteArray = calling_set;
    puppet.session_functions.clearMediaKeys = calling_clear;
    puppet.session_functions.destroy = calling_destroy;
    puppet.inside = call_the_library;
    system_ = make_system(NAME);
    session_ = make_session(system_);
    uint8_t license[32];
    puppet_license(license, KID_A, NIST_KEY);
    CHECK_OK(puppet_respond(session_, license, 32));
    CHECK_OK(decrypt_nist(session_, KID_A));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system_, "name", license, 1));
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session_));
    CHECK_OK(OH_MediaKeySession_Destroy(session_));
    CHECK_INT(puppet.sessions_destroyed, 1);
    MediaKeySystem *system = system_;
    system_ = NULL;
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    puppet_reset();
}

/* A decrypt that waits until it is let go. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool waiting, let_go;

static Drm_ErrCode waiting_decrypt(void *session, const DRM_SampleInfo *info, uint8_t *data, uint32_t size)
{
    CHECK(session == &puppet.sessions_created && info->subsampleCount == 0 && size == NIST_SIZE);
    pthread_mutex_lock(&mutex);
    waiting = true;
    pthread_cond_broadcast(&changed);
    while (!let_go) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    /* The other one alone. */
    CHECK_INT(puppet.sessions_destroyed, 1);
    CHECK_INT(puppet.systems_destroyed, 0);
    hex_decode(NIST_PLAIN, data);
    return DRM_ERR_OK;
}

static void *decrypt_on_a_thread(void *unused)
{
    (void)unused;
    CHECK_OK(decrypt_nist(session_, KID_A));
    return NULL;
}

static void destroyed_while_it_decrypts(void)
{
    puppet.session_functions.decrypt = waiting_decrypt;
    system_ = make_system(NAME);
    session_ = make_session(system_);
    MediaKeySession *other = make_session(system_);
    DRM_PluginSession *handle = puppet.session;
    CHECK_OK(OH_MediaKeySession_Destroy(other));
    puppet.sessions_destroyed = 0;
    other = session_;
    session_ = make_session(system_);
    handle = puppet.session;
    DRM_PluginKey key = puppet_key(KID_A, 16, NULL, 0);
    REQUIRE_OK(puppet.host->installKeys(handle, &key, 1, 0));
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, decrypt_on_a_thread, NULL) == 0);
    pthread_mutex_lock(&mutex);
    while (!waiting) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    /* Nobody waits for the plugin: not the other session, nor those that destroy. */
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(other));
    CHECK_CODE(decrypt_nist(other, KID_A), DRM_ERR_NO_KEY);
    CHECK_OK(OH_MediaKeySession_Destroy(session_));
    CHECK_INT(puppet.sessions_destroyed, 0);
    CHECK_OK(OH_MediaKeySystem_Destroy(system_));
    CHECK_INT(puppet.systems_destroyed, 0);
    pthread_mutex_lock(&mutex);
    let_go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    CHECK_INT(puppet.sessions_destroyed, 2);
    CHECK_INT(puppet.systems_destroyed, 1);
    CHECK_INVALID(puppet.host->installKeys(handle, &key, 1, 0));
    system_ = NULL;
    session_ = NULL;
    puppet_reset();
}

/* A plugin's own threads change keys while the program decrypts and destroys. */
#define ROUNDS 200
static atomic_bool go_on;

static void *change_keys(void *handle)
{
    DRM_PluginSession *session = (DRM_PluginSession *)handle;
    DRM_PluginKey key = puppet_key(KID_A, 16, NIST_KEY, 16);
    while (atomic_load(&go_on)) {
        Drm_ErrCode codes[] = {puppet.host->installKeys(session, &key, 1, 0),
                               puppet.host->setKeyStatus(session, KID_A, 16, DRM_PLUGIN_KEY_EXPIRED),
                               puppet.host->keysChanged(session, false),
                               puppet.host->postSessionEvent(session, EVENT_VENDOR_DEFINED, KID_A, 16, 1),
                               puppet.host->removeKey(session, KID_A, 16)};
        for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
            CHECK(codes[i] == DRM_ERR_OK || codes[i] == DRM_ERR_INVALID_VAL ||
                  (i == 1 && codes[i] == DRM_ERR_UNKNOWN));
        }
    }
    return NULL;
}

static void *decrypt_always(void *session)
{
    while (atomic_load(&go_on)) {
        Drm_ErrCode code = decrypt_nist((MediaKeySession *)session, KID_A);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_NO_KEY || code == DRM_ERR_NO_LICENSE || code == DRM_ERR_INVALID_VAL);
    }
    return NULL;
}

static void destroyed_while_keys_change(void)
{
    for (int round = 0; round < (getenv("NATIVE_DRM_TEST_SHORT") != NULL ? ROUNDS / 10 : ROUNDS); round++) {
        MediaKeySystem *system = make_system(NAME);
        MediaKeySession *session = make_session(system);
        pthread_t threads[3];
        atomic_store(&go_on, true);
        REQUIRE(pthread_create(&threads[0], NULL, change_keys, puppet.session) == 0);
        REQUIRE(pthread_create(&threads[1], NULL, change_keys, puppet.session) == 0);
        REQUIRE(pthread_create(&threads[2], NULL, decrypt_always, session) == 0);
        if (round % 2 == 0) {
            CHECK_OK(OH_MediaKeySession_Destroy(session));
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        atomic_store(&go_on, false);
        for (int i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
        }
        CHECK_INT(puppet.sessions_destroyed, round + 1);
        CHECK_INT(puppet.systems_destroyed, round + 1);
        CHECK_INT(puppet.destroyed_too_early, 0);
    }
    puppet_reset();
}

int main(void)
{
    puppet_reset();
    DRM_KeySystemPlugin plugin = puppet_plugin(NAME);
    REQUIRE_OK(OH_Drm_RegisterKeySystem(&plugin));
    RUN(inside_of_functions);
    RUN(destroyed_while_it_decrypts);
    RUN(destroyed_while_keys_change);
    return check_finish("plugin_threads");
}

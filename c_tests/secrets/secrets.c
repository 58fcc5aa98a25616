/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where secrets are while they are used, and that they are nowhere afterwards. The program searches all of its own writable
 * memory, at every offset, for content keys and the device's secrets in every form that the library handles: bytes in either
 * order, AES round keys, hexadecimal, base64 in both alphabets at any alignment, Montgomery's form. What was logged, said in
 * errors, counted and explained is kept in memory, and so is searched as well; files of the store are searched, too.
 */
#define _GNU_SOURCE /* explicit_bzero */
#include <ftw.h>
#include <sys/stat.h>

#include "multimedia/drm_framework/native_drm_isolation.h"
#include "oracle.h"
#include "scan.h"

#define POLICY                                                                                                     \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":1000,"                 \
    "\"rental_duration_seconds\":100000,\"playback_duration_seconds\":2000}"
#define SESSIONS 3

static Patterns patterns;
static Patterns of_device; /* what lies beside keys in memory that core dumps leave out */
static const Patterns nothing;
static char store[4096];
static OH_DrmLicenseService *own_service; /* of this process; null: the oracle's */

static bool isolated; /* the environment isolates all key systems */

/* What the library has said. */
static char said[1 << 20];
static size_t said_size;
static size_t said_logs;

static void say(const char *text)
{
    size_t size = strlen(text) + 1;
    size_t at = __atomic_fetch_add(&said_size, size, __ATOMIC_SEQ_CST);
    REQUIRE(at + size <= sizeof(said));
    memcpy(said + at, text, size);
}

static void on_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level;
    (void)data;
    __atomic_fetch_add(&said_logs, 1, __ATOMIC_SEQ_CST);
    say(message);
}

/* Processes a license, expecting a code. The bytes are wiped: they are the program's. */
static void process(MediaKeySession *session, uint8_t *license, uint32_t size, Drm_ErrCode expected, uint8_t id[16])
{
    uint8_t own[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t own_size = (int32_t)sizeof(own);
    CHECK_CODE(OH_MediaKeySession_ProcessMediaKeyResponse(session, license, (int32_t)size, own, &own_size), expected);
    explicit_bzero(license, size);
    if (expected != DRM_ERR_OK) {
        say(OH_Drm_GetLastErrorMessage());
    } else if (id != NULL) {
        CHECK_INT(own_size, 16);
        memcpy(id, own, 16);
    }
}

static void ask_for_license(const char *system_name, int index, bool offline, uint8_t *license, uint32_t *size)
{
    char what = strcmp(system_name, CLEARPLAY) == 0 ? 'c' : 'j';
    *size = ask_oracle(what, index, offline ? '1' : '0', NULL, 0, license, POLICY_ROOM);
}

static Message ask_policy_service(const uint8_t *bytes, uint32_t size)
{
    Message message;
    if (own_service != NULL) {
        return ask_service(own_service, bytes, size);
    }
    message.size = ask_oracle('m', 0, '0', bytes, size, message.bytes, sizeof(message.bytes));
    return message;
}

/* A license by way of com.policyplay.drm's messages. */
static void policy_license(MediaKeySession *session, bool offline, bool renewal, uint8_t id[16])
{
    DRM_MediaKeyType type = offline ? MEDIA_KEY_TYPE_OFFLINE : MEDIA_KEY_TYPE_ONLINE;
    DRM_MediaKeyRequest *request = (DRM_MediaKeyRequest *)malloc(sizeof(*request));
    REQUIRE(request != NULL);
    REQUIRE_OK(try_request(session, type, renewal ? "requestType" : NULL, "renewal", request));
    Message answer = ask_policy_service(request->data, (uint32_t)request->dataLen);
    process(session, answer.bytes, answer.size, DRM_ERR_OK, id);
    free(request);
}

static void give(MediaKeySession *session, const char *system_name, int index, bool offline, uint8_t id[16])
{
    uint8_t license[POLICY_ROOM];
    uint32_t size;
    if (strcmp(system_name, POLICYPLAY) == 0) {
        policy_license(session, offline, false, id);
        return;
    }
    ask_for_license(system_name, index, offline, license, &size);
    process(session, license, size, DRM_ERR_OK, id);
    /* Licenses that are refused, with a key in them. ClearPlay reads base64 up to the first foreign character, with or without
     * padding: there it has to be the flag, and the colon between key id and key. */
    bool flagged = strcmp(system_name, CLEARPLAY) == 0;
    ask_for_license(system_name, index, offline, license, &size);
    if (flagged) {
        license[0] = '2';
    }
    process(session, license, size - 1, DRM_ERR_UNKNOWN, NULL);
    ask_for_license(system_name, index, offline, license, &size);
    uint8_t *colon = (uint8_t *)memchr(license, ':', size);
    REQUIRE(colon != NULL);
    *(flagged ? colon : license + size - 5) = '*';
    process(session, license, size, DRM_ERR_UNKNOWN, NULL);
    explicit_bzero(license, sizeof(license));
}

static void decrypt(MediaKeySession *session, int index)
{
    OracleSample sample;
    DRM_SampleInfo info;
    REQUIRE(ask_oracle('s', index, '0', NULL, 0, &sample, sizeof(sample)) == sizeof(sample));
    memset(&info, 0, sizeof(info));
    info.structSize = (uint32_t)sizeof(info);
    info.algorithm = DRM_ALG_CENC_AES_CTR;
    memcpy(info.keyId, index == 0 ? KID_A : KID_B, 16);
    memcpy(info.iv, sample.iv, 16);
    info.ivLen = 16;
    CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, sample.cipher, 64));
    CHECK_MEM(sample.cipher, sample.plain, 64);
    /* SM4 and chaining have keys of their own. */
    for (int algorithm = DRM_ALG_CENC_AES_CBC; algorithm <= DRM_ALG_CENC_SM4_CTR; algorithm++) {
        info.algorithm = (DrmCencAlgorithm)algorithm;
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, sample.cipher, 64));
    }
    memset(info.keyId, 0x11, 16);
    CHECK_CODE(OH_MediaKeySession_DecryptSample(session, &info, sample.cipher, 64), DRM_ERR_NO_KEY);
    say(OH_Drm_GetLastErrorMessage());
}

static void ask_all_questions(MediaKeySystem *system, MediaKeySession *session)
{
    static DRM_Statistics statistics[16];
    static size_t count;
    static char explained[16384];
    DRM_MediaKeyStatus *status = (DRM_MediaKeyStatus *)malloc(sizeof(*status));
    uint32_t size = (uint32_t)sizeof(explained);
    REQUIRE(status != NULL);
    CHECK_OK(OH_MediaKeySystem_GetStatistics(system, &statistics[count++ % 16]));
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(session, explained, &size));
    say(explained);
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, status));
    for (uint32_t i = 0; i < status->statusCount; i++) {
        say(status->statusName[i]);
        say(status->statusValue[i]);
    }
    free(status);
}

static void get_patterns(char flag)
{
    uint32_t size = ask_oracle('p', 0, flag, store, (uint32_t)strlen(store), patterns.items, sizeof(patterns.items));
    patterns.count = size / sizeof(Pattern);
    CHECK(patterns.count > 100);
}

static void expect_nothing(const char *when)
{
    Scan found = scan_memory(&patterns, when, false);
    if (!CHECK(found.in_undumped == 0 && found.elsewhere == 0)) {
        fprintf(stderr, "%s: %zu places, and %zu left out of core dumps\n", when, found.elsewhere, found.in_undumped);
    }
}

static int look_into_file(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)where;
    CHECK(kind == FTW_F || kind == FTW_DP);
    CHECK_INT(info->st_mode & 07777, kind == FTW_F ? 0600 : 0700);
    if (kind == FTW_F && strstr(path, "device.key") == NULL) {
        scan_file(&patterns, path);
    }
    return 0;
}

/* A store that the library is to make. */
static void use_new_store(void)
{
    static int number;
    char name[16];
    snprintf(name, sizeof(name), "%d", number++);
    snprintf(store, sizeof(store), "%s", use_own_store(name));
}

static void play(const char *name)
{
    bool policy = strcmp(name, POLICYPLAY) == 0;
    MediaKeySession *sessions[SESSIONS];
    Recorder recorder;
    uint8_t id[16];
    char when[96];
    printf("  %s%s\n", name, own_service != NULL ? ", the service in this process" : "");
    use_new_store();
    recorder_init(&recorder);
    MediaKeySystem *system = make_system(name);
    record_system(&recorder, system);
    if (policy) {
        REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(system, START_MILLIS));
        Message request = provision_request(system);
        Message response = ask_policy_service(request.bytes, request.size);
        REQUIRE_OK(process_provision(system, &response));
    }
    of_device.count = 0;
    add_undumped_memory(&of_device, &nothing);
    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = make_session(system);
        record_session(&recorder, sessions[i]);
    }
    give(sessions[0], name, 0, false, NULL);
    give(sessions[1], name, 1, true, id);
    decrypt(sessions[0], 0);
    decrypt(sessions[1], 1);
    if (policy) {
        decrypt(sessions[1], 0);
        CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(system, 500000, false));
        oracle_time += 500000;
        if (own_service != NULL) {
            CHECK_OK(OH_DrmLicenseService_SetTime(own_service, oracle_time));
        }
        policy_license(sessions[0], false, true, NULL);
        policy_license(sessions[1], true, true, NULL);
    }
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(sessions[2], id, 16));
    decrypt(sessions[2], 1);
    for (int i = 0; i < SESSIONS; i++) {
        ask_all_questions(system, sessions[i]);
    }

    get_patterns('k');
    snprintf(when, sizeof(when), "%s, keys in use", name);
    Scan live = scan_memory(&patterns, when, true);
    if (isolated) {
        /* Not even while they are used: they are in the host process. */
        CHECK_INT(live.in_undumped, 0);
    } else {
        CHECK(live.in_undumped > 0);
    }
    /* The service in the same process works with the same keys. */
    CHECK(live.elsewhere == 0);
    add_undumped_memory(&patterns, &of_device);
    size_t forms = patterns.count;
    if (policy && own_service == NULL) {
        /* Nor does a core dump have the device's own keys. */
        get_patterns('d');
        snprintf(when, sizeof(when), "%s, the device's secrets in use", name);
        Scan device = scan_memory(&patterns, when, true);
        CHECK(device.elsewhere == 0);
        CHECK(!isolated || device.in_undumped == 0);
        get_patterns('k');
        add_undumped_memory(&patterns, &of_device);
    }

    for (int i = 0; i < SESSIONS; i++) {
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(sessions[i]));
    }
    snprintf(when, sizeof(when), "%s, ClearMediaKeys", name);
    expect_nothing(when);

    /* Again, for the way by Destroy. */
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(sessions[2], id, 16));
    give(sessions[0], name, 0, false, NULL);
    decrypt(sessions[2], 1);
    CHECK_OK(OH_MediaKeySession_Destroy(sessions[0]));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK(recorder_count(&recorder) > 0);
    recorder_destroy(&recorder);
    if (own_service != NULL) {
        CHECK_OK(OH_DrmLicenseService_Destroy(own_service));
        own_service = NULL;
    }
    snprintf(when, sizeof(when), "%s, Destroy", name);
    expect_nothing(when);
    if (policy) {
        get_patterns('d');
        CHECK(patterns.count > 1000);
        snprintf(when, sizeof(when), "%s, the device's secrets after Destroy", name);
        expect_nothing(when);
    } else {
        patterns.count = forms;
    }
    REQUIRE(nftw(store, look_into_file, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

/* The search finds what it is to find. */
static void finds_what_there_is(void)
{
    static uint8_t place[256];
    get_patterns('k');
    CHECK_INT(scan_memory(&patterns, "nothing planted", false).elsewhere, 0);
    ask_oracle('r', 0, '0', NULL, 0, place + 13, 16);
    Scan raw = scan_memory(&patterns, NULL, true);
    CHECK(raw.elsewhere >= 2);
    explicit_bzero(place, sizeof(place));
    ask_oracle('b', 1, '0', NULL, 0, place + 102, 22);
    Scan text = scan_memory(&patterns, NULL, true);
    CHECK(text.elsewhere >= 2);
    explicit_bzero(place, sizeof(place));
    CHECK_INT(scan_memory(&patterns, "nothing planted", false).elsewhere, 0);
    /* In memory that is shared with a host, too, wherever in it that is; core dumps leave it out. */
    MediaKeySystem *system = make_system(CLEARPLAY);
    const uint32_t size = 4 << 20;
    uint8_t *shared = NULL;
    REQUIRE_OK(OH_Drm_AllocateSampleBuffer(system, size, &shared));
    ask_oracle('r', 0, '0', NULL, 0, shared + size / 2 + CHUNK - 7, 16);
    Scan in_samples = scan_memory(&patterns, NULL, true);
    CHECK((isolated ? in_samples.in_undumped : in_samples.elsewhere) >= 1);
    CHECK(!isolated || in_samples.elsewhere == 0);
    explicit_bzero(shared + size / 2, 2 * CHUNK);
    CHECK_OK(OH_Drm_FreeSampleBuffer(shared));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void clearplay(void) { play(CLEARPLAY); }
static void clearkey(void) { play(W3C_CLEARKEY); }

static void policyplay(void)
{
    char none[8];
    oracle_time = START_MILLIS;
    ask_oracle('v', 0, '0', POLICY, sizeof(POLICY) - 1, none, sizeof(none));
    play(POLICYPLAY);
}

/* The service holds keys as long as it lives: once it is gone, too, nothing is left. */
static void policyplay_beside_its_service(void)
{
    char text[1024];
    oracle_time = START_MILLIS;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &own_service));
    REQUIRE_OK(OH_DrmLicenseService_SetTime(own_service, oracle_time));
    set_policy(own_service, POLICY);
    uint32_t size = ask_oracle('i', 0, '0', NULL, 0, text, sizeof(text));
    CHECK_OK(OH_DrmLicenseService_AddContent(own_service, (const uint8_t *)text, size));
    explicit_bzero(text, sizeof(text));
    play(POLICYPLAY);
}

static void logs_and_errors(void)
{
    CHECK(said_logs > 20);
    CHECK(said_size > 1000);
    printf("  %zu log lines, %zu bytes of logs, errors, explanations\n", said_logs, said_size);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "oracle") == 0) {
        return oracle_main();
    }
    isolated = getenv("NATIVE_DRM_ISOLATE") != NULL;
    oracle_start();
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, on_log, NULL));
    RUN(finds_what_there_is);
    RUN(clearplay);
    RUN(clearkey);
    RUN(policyplay);
    if (!isolated) { /* The service has the keys in this process. */
        RUN(policyplay_beside_its_service);
    }
    RUN(logs_and_errors);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    oracle_stop();
    printf("%" PRIu64 " bytes searched in %" PRIu64 " searches\n", scanned_bytes, scan_count);
    return check_finish("secrets");
}

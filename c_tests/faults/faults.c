/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every system call with which the library stores something goes wrong once, in every way: it fails for lack of room or
 * with an I/O error, is interrupted, does half of its work, ends the process before or after itself, or the disk is broken
 * from there on. A license service goes on as soon as its disk does, without being opened anew. Each time another process
 * looks: what was confirmed is there, a call that failed has left the earlier state, other keys are readable, and the store
 * can be written again.
 *
 * Runs with the library fault_shim preloaded. Needs neither exec nor threads: each run is a fork of a process that has never
 * used the library.
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <signal.h>

#include "shim.h"
#include "support/offline.h"
#include "support/policy.h"

#define POLICY                                                                                                     \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":1000,"                 \
    "\"rental_duration_seconds\":100000,\"playback_duration_seconds\":2000}"
#define SECOND_CONTENT "{\"content_id\":\"c2Vjb25k\",\"policy\":\"p\"}"

/* What a look at the store shows. */
enum { WRONG = 0, OLD = 1, NEW = 2, PARTLY_NEW = 4 };
/* How a run ends. */
enum { NO_CALL = 10, DOES_NOT_APPLY, CONFIRMED = 20, REFUSED };

static MediaKeySystem *drm;
static MediaKeySession *session;
static OH_DrmLicenseService *service;
static Message message;
static uint8_t license_id[16];
static char device_store[PATH_MAX];
static char service_store[PATH_MAX];

typedef struct Scenario {
    const char *name;
    const char *system_name;
    bool of_service; /* the service's files are at fault, not the device's */
    void (*prepare)(void);
    Drm_ErrCode (*act)(void);
    int (*look)(void);
} Scenario;

/* ---- com.clearplay.drm and org.w3.clearkey ---- */

static Drm_ErrCode put(const uint8_t kid[16], const uint8_t key[16])
{
    char text[256];
    return process_response(session, offline_license(text, sizeof(text), kid, key));
}

static void nothing(void) {}

static void have_a(void)
{
    REQUIRE_OK(put(KID_A, NIST_KEY));
}

static void have_a_and_b(void)
{
    have_a();
    REQUIRE_OK(put(KID_B, NIST_KEY));
}

static void have_other_a(void)
{
    REQUIRE_OK(put(KID_A, OTHER_KEY));
}

static void have_released_a(void)
{
    have_a_and_b();
    REQUIRE_OK(release(session, KID_A, "ok"));
}

static Drm_ErrCode put_a(void) { return put(KID_A, NIST_KEY); }
static Drm_ErrCode put_b(void) { return put(KID_B, NIST_KEY); }
static Drm_ErrCode clear_a(void) { return clear(drm, KID_A); }
static Drm_ErrCode restore_a(void) { return restore(session, KID_A); }
static Drm_ErrCode release_a(void) { return release(session, KID_A, "{\"kids\":[\"oKGio6SlpqeoqaqrrK2urw\"]}"); }

static Drm_ErrCode put_a_and_b(void)
{
    char text[256];
    clearplay_license(text, sizeof(text), '1', KID_A, NIST_KEY);
    clearplay_append(text, sizeof(text), '1', KID_B, 16, NIST_KEY, 16);
    return process_response(session, text);
}

/* The key is stored and is NIST_KEY (NEW) or OTHER_KEY (OLD), or is not stored at all (`absent`). */
static int key_stored(const uint8_t kid[16], int absent)
{
    DRM_OfflineMediaKeyStatus status;
    uint8_t data[NIST_SIZE];
    uint8_t plain[NIST_SIZE];
    uint8_t other[NIST_SIZE];
    if (!is_listed(drm, kid, NULL)) {
        return CHECK_UNKNOWN(status_of(drm, kid, &status)) ? absent : WRONG;
    }
    MediaKeySession *own = make_session(drm);
    MediaKeySession *given = make_session(drm);
    if (!CHECK_OK(restore(own, kid))) {
        return WRONG;
    }
    give_jwk(given, NULL, kid, OTHER_KEY);
    DRM_SampleInfo info = nist_ctr_sample(kid, data);
    memcpy(other, data, NIST_SIZE);
    hex_decode(NIST_PLAIN, plain);
    CHECK_OK(OH_MediaKeySession_DecryptSample(own, &info, data, NIST_SIZE));
    CHECK_OK(OH_MediaKeySession_DecryptSample(given, &info, other, NIST_SIZE));
    CHECK_OK(OH_MediaKeySession_Destroy(own));
    CHECK_OK(OH_MediaKeySession_Destroy(given));
    return memcmp(data, plain, NIST_SIZE) == 0 ? NEW : memcmp(data, other, NIST_SIZE) == 0 ? OLD : WRONG;
}

static bool stored_and_right(const uint8_t kid[16])
{
    return CHECK(key_stored(kid, WRONG) == NEW);
}

/* The store takes another key. */
static int works_again(int seen)
{
    static const uint8_t KID_C[16] = {0xc0, 1, 2, 3};
    CHECK_OK(put(KID_C, NIST_KEY));
    return stored_and_right(KID_C) ? seen : WRONG;
}

static int look_for_a_first(void) { return works_again(key_stored(KID_A, OLD)); }
static int look_for_b(void) { return works_again(stored_and_right(KID_A) ? key_stored(KID_B, OLD) : WRONG); }
static int look_which_a(void) { return works_again(key_stored(KID_A, WRONG)); }

static int look_for_both(void)
{
    int a = key_stored(KID_A, WRONG);
    int b = key_stored(KID_B, OLD);
    return works_again(a == b ? a : a == WRONG || b == WRONG ? WRONG : PARTLY_NEW);
}

static int look_whether_a_is_gone(void)
{
    int seen = is_listed(drm, KID_A, NULL) ? (stored_and_right(KID_A) ? OLD : WRONG) : NEW;
    return works_again(stored_and_right(KID_B) ? seen : WRONG);
}

static int status_is(DRM_OfflineMediaKeyStatus old, DRM_OfflineMediaKeyStatus new)
{
    DRM_OfflineMediaKeyStatus status = OFFLINE_MEDIA_KEY_STATUS_UNKNOWN;
    CHECK_OK(status_of(drm, KID_A, &status));
    int seen = status == old ? OLD : status == new ? NEW : WRONG;
    return works_again(stored_and_right(KID_A) && stored_and_right(KID_B) ? seen : WRONG);
}

static int look_whether_released(void)
{
    return status_is(OFFLINE_MEDIA_KEY_STATUS_USABLE, OFFLINE_MEDIA_KEY_STATUS_INACTIVE);
}

static int look_whether_restored(void)
{
    return status_is(OFFLINE_MEDIA_KEY_STATUS_INACTIVE, OFFLINE_MEDIA_KEY_STATUS_USABLE);
}

/* ---- com.policyplay.drm ---- */

static void have_answer_to_provisioning(void)
{
    service = make_policy_service(POLICY);
    Message request = provision_request(drm);
    message = ask_service(service, request.bytes, request.size);
}

static Drm_ErrCode take_provisioning(void) { return process_provision(drm, &message); }
static Drm_ErrCode take_license(void) { return process_message(session, &message, license_id); }
static Drm_ErrCode use_license(void) { return decrypt_nist(session, KID_A); }

static void have_answer_with_license(void)
{
    have_answer_to_provisioning();
    REQUIRE_OK(take_provisioning());
    Message request = license_request(session, MEDIA_KEY_TYPE_OFFLINE);
    message = ask_service(service, request.bytes, request.size);
    REQUIRE(message.answer.status == 200);
}

static void have_license(void)
{
    have_answer_with_license();
    REQUIRE_OK(take_license());
}

static void have_answer_with_renewal(void)
{
    int64_t now = START_MILLIS;
    have_license();
    pass(drm, service, &now, 500);
    Message request = renewal_request(session, MEDIA_KEY_TYPE_OFFLINE, "");
    message = ask_service(service, request.bytes, request.size);
    REQUIRE(message.answer.status == 200);
}

static void have_answer_to_release(void)
{
    Message request;
    int32_t size = (int32_t)sizeof(request.bytes);
    have_license();
    REQUIRE_OK(OH_MediaKeySession_GenerateOfflineReleaseRequest(session, license_id, 16, request.bytes, &size));
    message = ask_service(service, request.bytes, (size_t)size);
    REQUIRE(message.answer.status == 200);
}

static Drm_ErrCode take_release(void)
{
    return OH_MediaKeySession_ProcessOfflineReleaseResponse(session, license_id, 16, message.bytes,
                                                            (int32_t)message.size);
}

/* Restores the one license there is, `seconds` after the beginning; false if there is none. */
static bool restore_license(int64_t seconds)
{
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE(ids != NULL);
    REQUIRE_OK(OH_MediaKeySession_Destroy(session));
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(drm, START_MILLIS + seconds * 1000));
    session = make_session(drm);
    REQUIRE_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(drm, ids));
    bool found = ids->idsCount == 1;
    CHECK(ids->idsCount <= 1);
    if (found) {
        CHECK_INT(certificate_of(drm), CERT_STATUS_PROVISIONED);
        CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, ids->ids[0], ids->idsLen[0]));
    }
    free(ids);
    return found;
}

/* The device can get a certificate and a license, from the service that it knows or, if it knows none, from another. */
static int look_whether_provisioned(void)
{
    DRM_CertificateStatus status = certificate_of(drm);
    if (status == CERT_STATUS_PROVISIONED) {
        license_request(session, MEDIA_KEY_TYPE_OFFLINE);
        return NEW;
    }
    CHECK_INT(status, CERT_STATUS_NOT_PROVISIONED);
    have_license();
    return CHECK_OK(use_license()) ? OLD : WRONG;
}

static int look_for_license(void)
{
    if (!restore_license(0)) {
        license_request(session, MEDIA_KEY_TYPE_OFFLINE);
        return OLD;
    }
    return CHECK_OK(use_license()) ? NEW : WRONG;
}

static int look_whether_license_is_gone(void)
{
    int seen = look_for_license();
    return seen == NEW ? OLD : seen == OLD ? NEW : WRONG;
}

/* A playback window that has begun at the first use is over after 2000 seconds. */
static int look_whether_used(void)
{
    Drm_ErrCode code = restore_license(1) ? DRM_ERR_OK : DRM_ERR_UNKNOWN;
    REQUIRE_OK(code);
    const char *before = row_of(session, "PlaybackDurationRemaining");
    bool begun = strcmp(before, "2000") != 0 || OH_MediaKeySystem_AdvanceVirtualClock(drm, 900000, false) != DRM_ERR_OK ||
                 strcmp(row_of(session, "PlaybackDurationRemaining"), "2000") != 0;
    return begun ? NEW : OLD;
}

/* Without the renewal, the license ends after 1000 seconds. */
static int look_whether_renewed(void)
{
    REQUIRE(restore_license(1200));
    Drm_ErrCode code = use_license();
    return code == DRM_ERR_OK ? NEW : CHECK_INT(code, DRM_ERR_NO_LICENSE) ? OLD : WRONG;
}

/* ---- the license service's own files ---- */

static void open_service(void)
{
    REQUIRE_OK(OH_DrmLicenseService_Create(service_store, DRM_LICENSE_PROFILE_STRICT, &service));
    REQUIRE_OK(OH_DrmLicenseService_SetTime(service, START_MILLIS));
}

static void have_service(void)
{
    open_service();
    set_policy(service, POLICY);
    REQUIRE_OK(
        OH_DrmLicenseService_AddContent(service, (const uint8_t *)POLICY_MOVIE, (uint32_t)strlen(POLICY_MOVIE)));
    provision(drm, service);
}

static void have_request_for_service(void)
{
    have_service();
    message = license_request(session, MEDIA_KEY_TYPE_OFFLINE);
}

static Drm_ErrCode issue(void)
{
    Message answer;
    answer.size = sizeof(answer.bytes);
    Drm_ErrCode code = OH_DrmLicenseService_HandleMessage(service, message.bytes, message.size, answer.bytes,
                                                          &answer.size, &answer.answer);
    if (code != DRM_ERR_OK) {
        return code;
    }
    if (answer.answer.status != 200) {
        return CHECK(answer.answer.status >= 500) ? DRM_ERR_SERVICE_DIED : DRM_ERR_UNKNOWN;
    }
    /* The license's id, for whoever looks. */
    char path[PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/issued", store);
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL && fwrite(answer.answer.licenseId, 16, 1, file) == 1 && fclose(file) == 0);
    return DRM_ERR_OK;
}

static Drm_ErrCode add_content(void)
{
    return OH_DrmLicenseService_AddContent(service, (const uint8_t *)SECOND_CONTENT, sizeof(SECOND_CONTENT) - 1);
}

/* What was there before is there, and the service issues licenses to the device that it knows. */
static bool service_works(void)
{
    uint8_t kid[16];
    uint8_t key[16];
    bool right = CHECK_OK(OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"movie", 5, "SD", kid, key));
    right = right && CHECK_MEM(kid, KID_A, 16) && CHECK_MEM(key, NIST_KEY, 16);
    get_license(session, service, MEDIA_KEY_TYPE_ONLINE, NULL);
    return right && CHECK_OK(decrypt_nist(session, KID_A));
}

static int look_whether_issued(void)
{
    uint8_t id[16];
    char path[PATH_MAX + 16];
    open_service();
    if (!service_works()) {
        return WRONG;
    }
    snprintf(path, sizeof(path), "%s/issued", store);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return OLD; /* Nobody has got a license; there may be a record of one. */
    }
    REQUIRE(fread(id, 16, 1, file) == 1 && fclose(file) == 0);
    return CHECK_OK(OH_DrmLicenseService_RevokeLicense(service, id)) ? NEW : WRONG;
}

static int look_for_second_content(void)
{
    uint8_t kid[16];
    uint8_t key[16];
    open_service();
    if (!service_works()) {
        return WRONG;
    }
    Drm_ErrCode code = OH_DrmLicenseService_GetContentKey(service, (const uint8_t *)"second", 6, "SD", kid, key);
    return code == DRM_ERR_OK ? NEW : CHECK_INT(code, DRM_ERR_UNKNOWN) ? OLD : WRONG;
}

static const Scenario SCENARIOS[] = {
    {"first key", CLEARPLAY, false, nothing, put_a, look_for_a_first},
    {"another key", CLEARPLAY, false, have_a, put_b, look_for_b},
    {"new key in place of an old one", CLEARPLAY, false, have_other_a, put_a, look_which_a},
    {"two keys, one of them new", CLEARPLAY, false, have_other_a, put_a_and_b, look_for_both},
    {"release", CLEARPLAY, false, have_a_and_b, release_a, look_whether_released},
    {"restore after a release", CLEARPLAY, false, have_released_a, restore_a, look_whether_restored},
    {"clear", CLEARPLAY, false, have_a_and_b, clear_a, look_whether_a_is_gone},
    {"another key", W3C_CLEARKEY, false, have_a, put_b, look_for_b},
    {"release", W3C_CLEARKEY, false, have_a_and_b, release_a, look_whether_a_is_gone},
    {"provisioning", POLICYPLAY, false, have_answer_to_provisioning, take_provisioning, look_whether_provisioned},
    {"license", POLICYPLAY, false, have_answer_with_license, take_license, look_for_license},
    {"first use", POLICYPLAY, false, have_license, use_license, look_whether_used},
    {"renewal", POLICYPLAY, false, have_answer_with_renewal, take_license, look_whether_renewed},
    {"release", POLICYPLAY, false, have_answer_to_release, take_release, look_whether_license_is_gone},
    {"service issues a license", POLICYPLAY, true, have_request_for_service, issue, look_whether_issued},
    {"service takes a content", POLICYPLAY, true, have_service, add_content, look_for_second_content},
};

/* ---- the runs ---- */

static const char *const KIND_NAMES[FAULT_KINDS] = {"EIO",         "ENOSPC",     "EINTR",      "short",
                                                    "kill before", "kill after", "broken disk"};

static void begin(const Scenario *scenario)
{
    system_name = scenario->system_name;
    /* From now on, nothing is really synchronised. */
    fault_arm(store, 0, FAULT_EIO);
    drm = make_system(system_name);
    if (strcmp(system_name, POLICYPLAY) == 0) {
        REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(drm, START_MILLIS));
    }
    session = make_session(drm);
}

static int run(const Scenario *scenario, long number, FaultKind kind)
{
    begin(scenario);
    scenario->prepare();
    fault_arm(scenario->of_service ? service_store : device_store, number, kind);
    Drm_ErrCode code = scenario->act();
    const char *hit = fault_disarm();
    bool refused = code != DRM_ERR_OK;
    if (hit == NULL || hit[0] == '\0') {
        REQUIRE_OK(code);
        return hit == NULL ? NO_CALL : DOES_NOT_APPLY;
    }
    if (refused) {
        /* An interruption and half of the work are no failures. */
        CHECK(kind != FAULT_EINTR && kind != FAULT_SHORT);
        CHECK_INT(code, DRM_ERR_SERVICE_DIED);
    }
    /* The service goes on: it is not opened anew. */
    if (scenario->of_service) {
        service_works();
    }
    if (check_failed_count != 0) {
        fprintf(stderr, "  (the call was %s)\n", hit);
        return EXIT_FAILURE;
    }
    return refused ? REFUSED : CONFIRMED;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static void new_store(void)
{
    nftw(store, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    REQUIRE(mkdir(store, 0700) == 0);
}

/* The status with which a fork that does `run` (or looks) ends, or -1 if SIGKILL ends it. */
static int in_fork(const Scenario *scenario, long number, FaultKind kind)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        int result;
        check_failed_count = 0; /* the parent's */
        if (number > 0) {
            result = run(scenario, number, kind);
        } else {
            begin(scenario);
            result = scenario->look();
            result = check_failed_count == 0 ? result : WRONG;
        }
        fflush(NULL);
        _exit(result);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static long injected[FAULT_KINDS];
static long survived[FAULT_KINDS];

/* One fault; false if there is no such call. */
static bool inject(const Scenario *scenario, long number, FaultKind kind)
{
    new_store();
    int end = in_fork(scenario, number, kind);
    if (end == NO_CALL || end == DOES_NOT_APPLY) {
        return end != NO_CALL;
    }
    bool killed = end == -1 && (kind == FAULT_KILL_BEFORE || kind == FAULT_KILL_AFTER);
    injected[kind]++;
    int seen = killed || end == CONFIRMED || end == REFUSED ? in_fork(scenario, 0, kind) : WRONG;
    int allowed = end == CONFIRMED ? NEW : OLD;
    if (killed || (end == REFUSED && kind == FAULT_BROKEN)) { /* Nothing was confirmed, and nothing could be undone. */
        allowed = OLD | NEW | PARTLY_NEW;
    } else if (end == REFUSED && scenario->of_service) { /* A database's transaction whose last step fails may have been done. */
        allowed = OLD | NEW;
    }
    if (CHECK(seen != WRONG && (seen & allowed) != 0)) {
        survived[kind]++;
    } else {
        fprintf(stderr, "  %s, %s: %s at call %ld: ended with %d, seen %d\n", scenario->system_name, scenario->name,
                KIND_NAMES[kind], number, end, seen);
    }
    return true;
}

int main(int argc, char **argv)
{
    long all = 0;
    long all_survived = 0;
    find_store_base();
    snprintf(store, sizeof(store), "%s/faults", store_base);
    snprintf(device_store, sizeof(device_store), "%s/device", store);
    snprintf(service_store, sizeof(service_store), "%s/service", store);
    REQUIRE(setenv("NATIVE_DRM_STORAGE_DIR", device_store, 1) == 0);
    (void)START_MILLIS; /* The same for all processes. */
    for (size_t i = 0; i < sizeof(SCENARIOS) / sizeof(SCENARIOS[0]); i++) {
        const Scenario *scenario = &SCENARIOS[i];
        long calls = 0;
        if (argc > 1 && (size_t)atoi(argv[1]) != i) {
            continue;
        }
        for (int kind = 0; kind < FAULT_KINDS; kind++) {
            long number = 1;
            while (inject(scenario, number, (FaultKind)kind)) {
                number++;
                REQUIRE(number < 1000);
            }
            calls = number - 1;
        }
        CHECK(calls > 3);
        printf("%s, %s: %ld calls\n", scenario->system_name, scenario->name, calls);
        fflush(stdout);
    }
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        printf("%s: %ld injected, %ld survived\n", KIND_NAMES[kind], injected[kind], survived[kind]);
        all += injected[kind];
        all_survived += survived[kind];
    }
    printf("%ld faults injected, %ld survived\n", all, all_survived);
    return check_finish("faults");
}

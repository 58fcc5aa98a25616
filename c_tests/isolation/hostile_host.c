/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A host that says what it likes to its player (lies.h). The player gets an error code, and loses nothing: no other memory, no
 * descriptors, no line of its log.
 */
#define _GNU_SOURCE
#include <dirent.h>

#include "isolation/host.h"
#include "isolation/lies.h"
#include "multimedia/drm_framework/native_drm_isolation.h"
#include "support/check.h"
#include "support/drm.h"

static int open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    REQUIRE(directory != NULL);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static Drm_ErrCode ask_nothing(MediaKeySystem *system, MediaKeySession *session)
{
    (void)system, (void)session;
    return DRM_ERR_SERVICE_DIED;
}

static Drm_ErrCode ask_statistics(MediaKeySystem *system, MediaKeySession *session)
{
    static DRM_Statistics statistics;
    (void)session;
    memset(&statistics, 0x77, sizeof(statistics));
    Drm_ErrCode code = OH_MediaKeySystem_GetStatistics(system, &statistics);
    if (code == DRM_ERR_OK) {
        CHECK_INT(statistics.statisticsCount, MAX_STATISTICS_COUNT);
        for (int i = 0; i < MAX_STATISTICS_COUNT; i++) {
            CHECK(memchr(statistics.statisticsName[i], 0, MAX_STATISTICS_NAME_LEN) != NULL);
        }
    }
    return code;
}

static Drm_ErrCode ask_level(MediaKeySystem *system, MediaKeySession *session)
{
    DRM_ContentProtectionLevel level = (DRM_ContentProtectionLevel)42;
    (void)session;
    Drm_ErrCode code = OH_MediaKeySystem_GetMaxContentProtectionLevel(system, &level);
    CHECK(code == DRM_ERR_OK || level == 42);
    return code;
}

static Drm_ErrCode ask_text(MediaKeySystem *system, MediaKeySession *session)
{
    char value[64];
    (void)session;
    return OH_MediaKeySystem_GetConfigurationString(system, "vendor", value, sizeof(value));
}

static Drm_ErrCode ask_sample(MediaKeySystem *system, MediaKeySession *session)
{
    /* What the host does to the memory that it shares is of no matter to other memory. */
    uint8_t data[3][NIST_SIZE];
    (void)system;
    memset(data, 0x11, sizeof(data));
    DRM_SampleInfo info = nist_ctr_sample(KID_A, data[1]);
    Drm_ErrCode code = OH_MediaKeySession_DecryptSample(session, &info, data[1], NIST_SIZE);
    CHECK_FILLED(data[0], 0x11, NIST_SIZE);
    CHECK_FILLED(data[2], 0x11, NIST_SIZE);
    return code;
}

static Drm_ErrCode ask_batch(MediaKeySystem *system, MediaKeySession *session)
{
    uint8_t data[2][NIST_SIZE];
    uint32_t failed = 1234;
    (void)system;
    DRM_SampleInfo a = nist_ctr_sample(KID_A, data[0]), b = nist_ctr_sample(KID_A, data[1]);
    DRM_Sample samples[2] = {{&a, data[0], NIST_SIZE, 0}, {&b, data[1], NIST_SIZE, 0}};
    Drm_ErrCode code = OH_MediaKeySession_DecryptSamples(session, samples, 2, &failed);
    CHECK_INT(failed, 1234);
    return code;
}

static Drm_ErrCode ask_unit(MediaKeySystem *system, MediaKeySession *session)
{
    uint8_t unit[64] = {0, 0, 1, 0x65};
    uint32_t size = sizeof(unit);
    DRM_AccessUnitState state, blank;
    DRM_AccessUnitInfo info;
    (void)system;
    memset(&state, 0, sizeof(state));
    memset(&blank, 0, sizeof(blank));
    memset(&info, 0, sizeof(info));
    info.structSize = (uint32_t)sizeof(info);
    info.format = DRM_ACCESS_UNIT_CEI_H264;
    Drm_ErrCode code = OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit, &size);
    CHECK_INT(size, sizeof(unit));
    CHECK_MEM(&state, &blank, sizeof(state));
    return code;
}

static int control_characters;
static int lines_of_host;

static void on_log(NativeDrm_LogLevel level, const char *message, void *data)
{
    (void)level, (void)data;
    if (strncmp(message, "host: one", 9) == 0) {
        __atomic_add_fetch(&lines_of_host, 1, __ATOMIC_SEQ_CST);
    }
    for (; *message != '\0'; message++) {
        if ((unsigned char)*message < ' ') {
            __atomic_add_fetch(&control_characters, 1, __ATOMIC_SEQ_CST);
        }
    }
}

/* A line that it has sent unasked comes at some time. */
static Drm_ErrCode ask_for_the_line(MediaKeySystem *system, MediaKeySession *session)
{
    (void)system, (void)session;
    while (__atomic_load_n(&lines_of_host, __ATOMIC_SEQ_CST) == 0) {
        usleep(1000);
    }
    return DRM_ERR_OK;
}

typedef struct Case {
    const char *lie;
    Drm_ErrCode (*ask)(MediaKeySystem *system, MediaKeySession *session);
    Drm_ErrCode expected;
} Case;

/* A lie about the start: no instance, and an error with words. */
static const char *const BAD_STARTS[] = {
    "no such answer", "failed without a code", "more types than there are", "bytes behind it", "too long", "empty", "cut",
    "no such type of text", "silent", "never whole",
};

static const Case CASES[] = {
    {"another number", ask_nothing, DRM_ERR_SERVICE_DIED},
    {"answers before questions", ask_nothing, DRM_ERR_SERVICE_DIED},
    {"twice", ask_level, DRM_ERR_SERVICE_DIED},
    {"a failure with no text", ask_level, DRM_ERR_INVALID_VAL},
    {"a failure without a code", ask_level, DRM_ERR_SERVICE_DIED},
    {"a level that is none", ask_level, DRM_ERR_SERVICE_DIED},
    {"a level that is none", ask_sample, DRM_ERR_SERVICE_DIED},
    {"a text that is none", ask_text, DRM_ERR_SERVICE_DIED},
    {"a blamed sample that is none", ask_batch, DRM_ERR_INVALID_VAL},
    {"many rows", ask_statistics, DRM_ERR_OK},
    {"more rows than there are", ask_statistics, DRM_ERR_SERVICE_DIED},
    {"a unit longer than it was", ask_unit, DRM_ERR_SERVICE_DIED},
    {"a unit with a state that is none", ask_unit, DRM_ERR_SERVICE_DIED},
    {"the whole memory", ask_sample, DRM_ERR_OK},
    {"descriptors", ask_sample, DRM_ERR_OK},
    {"lines in lines", ask_for_the_line, DRM_ERR_OK},
    {"an event that is none", NULL, DRM_ERR_SERVICE_DIED},
    {"events of nobody", ask_sample, DRM_ERR_OK},
    {"deaf to the end", ask_sample, DRM_ERR_OK},
};

/* The thread that listens to a host closes what is left, soon. */
static void expect_descriptors(int before)
{
    for (int i = 0; i < 10000 && open_descriptors() != before; i++) {
        usleep(1000);
    }
    CHECK_INT(open_descriptors(), before);
}

static void check_message(void)
{
    const char *message = OH_Drm_GetLastErrorMessage();
    CHECK(strlen(message) > 2 && strlen(message) < 4096);
    for (; *message != '\0'; message++) {
        CHECK((unsigned char)*message >= ' ');
    }
}

static void bad_starts(void)
{
    for (size_t i = 0; i < sizeof(BAD_STARTS) / sizeof(BAD_STARTS[0]); i++) {
        MediaKeySystem *system = (MediaKeySystem *)0x5a;
        int before = open_descriptors();
        printf("  %s\n", BAD_STARTS[i]);
        REQUIRE(setenv(LIE, BAD_STARTS[i], 1) == 0);
        CHECK_CODE(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &system), DRM_ERR_SERVICE_DIED);
        check_message();
        CHECK(system == (MediaKeySystem *)0x5a);
        expect_descriptors(before);
    }
}

static void bad_answers(void)
{
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, on_log, NULL));
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const Case *one = &CASES[i];
        MediaKeySystem *system = NULL;
        MediaKeySession *session = NULL;
        DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
        int before = open_descriptors();
        printf("  %s\n", one->lie);
        REQUIRE(setenv(LIE, one->lie, 1) == 0);
        REQUIRE_OK(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &system));
        if (one->ask == NULL) {
            /* It has said something unasked, which the player hears at some time. */
            Drm_ErrCode code;
            while ((code = ask_text(system, NULL)) == DRM_ERR_OK) {
                usleep(1000);
            }
            CHECK_CODE(code, one->expected);
        } else {
            Drm_ErrCode created = OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session);
            if (one->ask == ask_nothing) {
                CHECK_CODE(created, one->expected);
            } else {
                CHECK_OK(created);
                CHECK_CODE(one->ask(system, session), one->expected);
            }
        }
        if (one->expected != DRM_ERR_OK) {
            check_message();
        }
        if (one->expected == DRM_ERR_SERVICE_DIED) {
            CHECK_CODE(ask_level(system, session), DRM_ERR_SERVICE_DIED);
        }
        if (session != NULL) {
            CHECK_OK(OH_MediaKeySession_Destroy(session));
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
        expect_descriptors(before);
    }
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    CHECK_INT(lines_of_host, 1);
    CHECK_INT(control_characters, 0);
}

int main(void)
{
    char own_host[64];
    if (getenv(LIE) != NULL) {
        return be_a_host_that_lies();
    }
    private_copy("/proc/self/exe", "host", own_host);
    REQUIRE(setenv("NATIVE_DRM_HOST", own_host, 1) == 0);
    REQUIRE(setenv("NATIVE_DRM_HOST_TIMEOUT", "1", 1) == 0);
    RUN(bad_starts);
    RUN(bad_answers);
    remove_private_copy(own_host);
    return check_finish("hostile_host");
}

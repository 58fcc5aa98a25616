/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Instances in host processes: their life, the death of the process at each step of it, and its end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>

#include "isolation/deaths.h"
#include "isolation/host.h"
#include "isolation/life.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/process.h"

/* A whole life, twice at the same time, and one in this process. */
static void a_life(void)
{
    Life lives[2] = {{0}};
    MediaKeySystem *here = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(here);
    give_key(session, KID_B, NIST_KEY);
    for (int step = 0; step < LIFE_STEPS; step++) {
        printf("  %s\n", LIFE[step].name);
        for (int i = 0; i < 2; i++) {
            CHECK_OK(LIFE[step].call(&lives[i]));
        }
        CHECK_OK(decrypt_nist(session, KID_B));
    }
    pid_t hosts[8];
    CHECK_INT(living_hosts(hosts, 8), 2);
    /* Events come when they come, and no more once the instance is gone. */
    for (int i = 0; i < 2; i++) {
        while (__atomic_load_n(&lives[i].events, __ATOMIC_SEQ_CST) == 0) {
            usleep(1000);
        }
    }
    life_end(&lives[0]);
    CHECK_OK(life_decrypt(&lives[1]));
    life_end(&lives[1]);
    CHECK_OK(decrypt_nist(session, KID_B));
    CHECK_OK(OH_MediaKeySystem_Destroy(here));
    wait_for_hosts(0);
}

/* From a step on, whichever it is: DRM_ERR_SERVICE_DIED and nothing else; callbacks stop; the end works; the others go on; the
 * next one works; stored keys are all there. */
static void death_at_each_step(void)
{
    Life other = {0};
    for (int step = 0; step < LIFE_STEPS; step++) {
        CHECK_OK(LIFE[step].call(&other));
    }
    pid_t hosts[8];
    REQUIRE(living_hosts(hosts, 8) == 1);
    pid_t of_other = hosts[0];
    for (int death = 1; death < LIFE_STEPS; death++) {
        Life life = {0};
        bool stored = false;
        printf("  killed before: %s\n", LIFE[death].name);
        for (int step = 0; step < death; step++) {
            REQUIRE_OK(LIFE[step].call(&life));
            stored = stored || LIFE[step].call == life_offline_key;
        }
        REQUIRE(living_hosts(hosts, 8) == 2);
        pid_t host = hosts[0] == of_other ? hosts[1] : hosts[0];
        kill_host(host);
        for (int step = 1; step < LIFE_STEPS; step++) {
            if (!life_has(&life, LIFE[step].needs)) {
                continue;
            }
            CHECK_CODE(LIFE[step].call(&life), DRM_ERR_SERVICE_DIED);
        }
        CHECK_OK(life_decrypt(&other));
        /* Only then does nobody wait for callbacks any more. */
        wait_until_gone(host);
        int events = __atomic_load_n(&life.events, __ATOMIC_SEQ_CST);
        CHECK_CODE(life_statistics(&life), DRM_ERR_SERVICE_DIED);
        life_end(&life);
        CHECK_INT(__atomic_load_n(&life.events, __ATOMIC_SEQ_CST), events);
        if (stored) {
            Life next = {0};
            CHECK_OK(life_create(&next));
            CHECK_OK(life_session(&next));
            CHECK_OK(life_restore(&next));
            CHECK_OK(life_decrypt(&next));
            life_end(&next);
            wait_for_hosts(1);
        }
    }
    life_end(&other);
    wait_for_hosts(0);
}

static void *decrypt_until_death(void *life)
{
    Drm_ErrCode code;
    do {
        code = life_decrypt((Life *)life);
    } while (code == DRM_ERR_OK);
    return (void *)(uintptr_t)code;
}

static void *find_for_ever(void *life)
{
    MediaKeySession *found = NULL;
    static const uint8_t UNKNOWN[16] = {0x77};
    return (void *)(uintptr_t)OH_MediaKeySystem_FindSessionByKeyId(((Life *)life)->system, UNKNOWN, UINT32_MAX, &found);
}

/* Whoever is in a call, or waits in one, is told. */
static void death_under_way(void)
{
    enum { THREADS = 12 };
    pthread_t threads[THREADS];
    Life life = {0};
    CHECK_OK(life_create(&life));
    CHECK_OK(life_session(&life));
    CHECK_OK(life_offline_key(&life));
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, i % 3 == 0 ? find_for_ever : decrypt_until_death, &life) == 0);
    }
    for (int i = 0; i < 50; i++) {
        CHECK_OK(life_decrypt(&life));
    }
    kill_host(only_host());
    for (int i = 0; i < THREADS; i++) {
        void *code = NULL;
        pthread_join(threads[i], &code);
        CHECK_INT((uintptr_t)code, DRM_ERR_SERVICE_DIED);
    }
    life_end(&life);
    wait_for_hosts(0);
}

/* A wait for a key ends with the key, and with the instance. */
static void *find_b(void *life)
{
    MediaKeySession *found = NULL;
    Drm_ErrCode code = OH_MediaKeySystem_FindSessionByKeyId(((Life *)life)->system, KID_B, UINT32_MAX, &found);
    CHECK(code != DRM_ERR_OK || found == ((Life *)life)->session);
    return (void *)(uintptr_t)code;
}

static void waiting_for_keys(void)
{
    enum { THREADS = 20 }; /* more than a host answers at once */
    for (int round = 0; round < 2; round++) {
        pthread_t threads[THREADS];
        Life life = {0};
        CHECK_OK(life_create(&life));
        CHECK_OK(life_session(&life));
        for (int i = 0; i < THREADS; i++) {
            REQUIRE(pthread_create(&threads[i], NULL, find_b, &life) == 0);
        }
        CHECK_OK(life_offline_key(&life));
        if (round == 0) {
            CHECK_OK(life_online_key(&life));
        } else {
            CHECK_OK(OH_MediaKeySystem_Destroy(life.system));
        }
        for (int i = 0; i < THREADS; i++) {
            void *code = NULL;
            pthread_join(threads[i], &code);
            CHECK_INT((uintptr_t)code, round == 0 ? DRM_ERR_OK : DRM_ERR_INVALID_VAL);
        }
        if (round == 0) {
            life_end(&life);
        }
    }
    wait_for_hosts(0);
}

static void on_interrupt(int number)
{
    (void)number;
}

/* A Ctrl-C, which goes to all processes of the terminal's job, does not end the host of a player that handles it. */
static void an_interrupt_is_for_the_player(void)
{
    struct sigaction handler = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, former;
    pid_t group = getpgrp();
    Life life = {0};
    CHECK_OK(life_create(&life));
    REQUIRE(setpgid(0, 0) == 0 || getpgrp() == getpid());
    Life of_group = {0};
    CHECK_OK(life_create(&of_group));
    REQUIRE(sigaction(SIGINT, &handler, &former) == 0);
    REQUIRE(kill(0, SIGINT) == 0);
    CHECK_OK(life_statistics(&of_group));
    CHECK_OK(life_statistics(&life));
    sigaction(SIGINT, &former, NULL);
    setpgid(0, group);
    life_end(&of_group);
    life_end(&life);
    wait_for_hosts(0);
}

static void sample_buffers(void)
{
    uint8_t *buffers[3] = {NULL};
    uint8_t outside;
    for (int i = 0; i < 2; i++) {
        Life life = {0};
        if (i == 0) {
            CHECK_OK(life_create(&life));
        } else {
            life.system = make_system(CLEARPLAY);
        }
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer(life.system, 0, &buffers[0]));
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer(life.system, NATIVE_DRM_MAX_SAMPLE_BUFFER_LEN + 1, &buffers[0]));
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer(life.system, 1, NULL));
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer(NULL, 1, &buffers[0]));
        CHECK_INVALID(OH_Drm_FreeSampleBuffer(NULL));
        CHECK_INVALID(OH_Drm_FreeSampleBuffer(&outside));
        CHECK_OK(life_session(&life));
        CHECK_OK(life_online_key(&life));
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer((MediaKeySystem *)life.session, 1, &buffers[0]));
        for (int n = 0; n < 3; n++) {
            CHECK_OK(OH_Drm_AllocateSampleBuffer(life.system, n == 2 ? 1 << 20 : 100, &buffers[n]));
            CHECK_INT((uintptr_t)buffers[n] % 64, 0);
            memset(buffers[n], n, n == 2 ? 1 << 20 : 100);
            life.buffer = buffers[n];
            CHECK_OK(life_decrypt_shared(&life));
        }
        CHECK_FILLED(buffers[0] + NIST_SIZE, 0, 100 - NIST_SIZE);
        CHECK_FILLED(buffers[1] + NIST_SIZE, 1, 100 - NIST_SIZE);
        life.buffer = NULL;
        CHECK_INVALID(OH_Drm_FreeSampleBuffer(buffers[0] + 1));
        CHECK_OK(OH_Drm_FreeSampleBuffer(buffers[1]));
        life_end(&life);
        CHECK_INVALID(OH_Drm_AllocateSampleBuffer(life.system, 1, &buffers[1]));
        /* They outlive the instance. */
        memset(buffers[2], 7, 1 << 20);
        CHECK_OK(OH_Drm_FreeSampleBuffer(buffers[2]));
        CHECK_OK(OH_Drm_FreeSampleBuffer(buffers[0]));
    }
    wait_for_hosts(0);
}

static MediaKeySystem *make_isolated(void)
{
    MediaKeySystem *system = NULL;
    REQUIRE(CHECK_OK(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &system)));
    return system;
}

/* Instances in the process and in processes of their own share a key system's 64 places. */
static void places(void)
{
    enum { LIMIT = 64, ISOLATED = 8 };
    MediaKeySystem *all[LIMIT];
    MediaKeySystem *untouched = (MediaKeySystem *)(uintptr_t)0x5a5a, *one_more = untouched;
    for (int i = 0; i < LIMIT; i++) {
        all[i] = i < ISOLATED ? make_isolated() : make_system(CLEARPLAY);
    }
    CHECK_CODE(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &one_more), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
    CHECK_CODE(OH_MediaKeySystem_Create(CLEARPLAY, &one_more), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
    CHECK(one_more == untouched);
    CHECK_OK(OH_MediaKeySystem_Destroy(all[LIMIT - 1]));
    all[LIMIT - 1] = make_isolated();
    CHECK_OK(OH_MediaKeySystem_Destroy(all[0]));
    all[0] = make_system(CLEARPLAY);
    CHECK_CODE(OH_MediaKeySystem_CreateIsolated(CLEARPLAY, &one_more), DRM_ERR_MAX_SYSTEM_NUM_REACHED);
    for (int i = 0; i < LIMIT; i++) {
        CHECK_OK(OH_MediaKeySystem_Destroy(all[i]));
    }
}

/* After fork(), the child has no part in it, and the parent goes on. */
static void a_child_has_no_part(void)
{
    Life life = {0};
    CHECK_OK(life_create(&life));
    CHECK_OK(life_session(&life));
    CHECK_OK(life_offline_key(&life));
    pid_t child = fork();
    if (child == 0) {
        bool died = life_decrypt(&life) == DRM_ERR_SERVICE_DIED && life_statistics(&life) == DRM_ERR_SERVICE_DIED;
        bool ended = OH_MediaKeySystem_Destroy(life.system) == DRM_ERR_OK;
        _exit(died && ended ? 0 : 1);
    }
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK_OK(life_decrypt(&life));
    life_end(&life);
    wait_for_hosts(0);
}

/* ---- in processes of their own ---- */

/* Dies with an instance; its parent looks for the host. */
static int be_killed(void)
{
    Life life = {0};
    CHECK_OK(life_create(&life));
    printf("%d\n", (int)only_host());
    fflush(stdout);
    raise(SIGKILL);
    return 1;
}

static void a_host_ends_with_its_player(void)
{
    const char *const arguments[] = {"be_killed", NULL};
    int ends[2], status;
    REQUIRE(pipe(ends) == 0);
    int own = dup(STDOUT_FILENO);
    fflush(stdout);
    REQUIRE(dup2(ends[1], STDOUT_FILENO) >= 0);
    pid_t child = process_start(arguments, NULL);
    REQUIRE(dup2(own, STDOUT_FILENO) >= 0);
    close(own);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    int host = 0;
    REQUIRE(output != NULL && fscanf(output, "%d", &host) == 1 && host > 0);
    REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    wait_until_dead(host);
    fclose(output);
}

static int ends_told;

static void count_ends(NativeDrm_LogLevel level, const char *line, void *data)
{
    (void)level, (void)data;
    if (strstr(line, "instance destroyed") != NULL) {
        __atomic_add_fetch(&ends_told, 1, __ATOMIC_SEQ_CST);
    }
}

/* What a host logs last is told, though the instance is gone here by then. */
static void last_lines(void)
{
    enum { INSTANCES = 40 };
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_INFO, count_ends, NULL));
    for (int i = 0; i < INSTANCES; i++) {
        Life life = {0};
        REQUIRE(life_create(&life) == DRM_ERR_OK);
        life_end(&life);
    }
    wait_for_hosts(0);
    /* A line that is lost never comes: the test's time limit ends it. */
    while (__atomic_load_n(&ends_told, __ATOMIC_SEQ_CST) < INSTANCES) {
        usleep(1000);
    }
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    CHECK_INT(ends_told, INSTANCES);
}

static int emulated(void)
{
    Life life = {0};
    bool dead = false;
    for (int step = 0; step < LIFE_STEPS; step++) {
        if (!life_has(&life, LIFE[step].needs)) {
            continue;
        }
        Drm_ErrCode code = LIFE[step].call(&life);
        CHECK_CODE(code, dead || code != DRM_ERR_OK ? DRM_ERR_SERVICE_DIED : DRM_ERR_OK);
        dead = dead || code != DRM_ERR_OK;
    }
    life_end(&life);
    return end_of_life("emulated", dead);
}

static void death_at_each_message(void)
{
    die_at_each_message("emulated", LIFE_STEPS - 2);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return strcmp(argv[1], "emulated") == 0 ? emulated() : be_killed();
    }
    RUN(a_life);
    RUN(death_at_each_step);
    RUN(death_under_way);
    RUN(waiting_for_keys);
    RUN(an_interrupt_is_for_the_player);
    RUN(sample_buffers);
    RUN(places);
    RUN(a_child_has_no_part);
    RUN(a_host_ends_with_its_player);
    RUN(last_lines);
    if (NATIVE_DRM_EMULATION) {
        RUN(death_at_each_message);
    }
    return check_finish("life");
}

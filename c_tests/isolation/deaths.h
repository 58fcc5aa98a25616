/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Lives of sessions in hosts that die at each of their messages, in a library with emulation. A program that is started with the name
 * of a life and of a store lives it, and ends as end_of_life() says.
 */
#ifndef TEST_ISOLATION_DEATHS_H
#define TEST_ISOLATION_DEATHS_H

#include "support/check.h"
#include "support/drm.h"
#include "support/process.h"

typedef struct DeathStep {
    Drm_ErrCode (*call)(void);
    bool of_session; /* left out where there is none */
} DeathStep;

/* All steps: one of them may say that the host has died, then all later ones do; nothing else is said. True if it has died. */
static inline bool live(const DeathStep *steps, int count, MediaKeySession *const *session)
{
    bool dead = false;
    for (int step = 0; step < count; step++) {
        if (steps[step].of_session && *session == NULL) {
            continue;
        }
        Drm_ErrCode code = steps[step].call();
        if (!CHECK_CODE(code, dead || code != DRM_ERR_OK ? DRM_ERR_SERVICE_DIED : DRM_ERR_OK)) {
            fprintf(stderr, "  step %d\n", step);
        }
        dead = dead || code != DRM_ERR_OK;
    }
    return dead;
}

/* The exit status of a life: 3 if its host has died, 0 if it was lived to the end, 1 if a check failed. */
static inline int end_of_life(const char *name, bool dead)
{
    return check_finish(name) != EXIT_SUCCESS ? 1 : dead ? 3 : 0;
}

/* Lives with the death at one message, before the host works on it, or with ":answer" before it answers. */
static inline int live_with_death(const char *life, int message, const char *when)
{
    char setting[64], store[64];
    int status;
    snprintf(setting, sizeof(setting), "NATIVE_DRM_EMULATE_SERVICE_DEATH=%d%s", message, when);
    snprintf(store, sizeof(store), "%s-%d%s", life, message, *when == '\0' ? "" : "-answer");
    const char *const arguments[] = {life, store, NULL};
    const char *const settings[] = {setting, NULL};
    pid_t child = process_start(arguments, settings);
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(CHECK(WIFEXITED(status)));
    return WEXITSTATUS(status);
}

/* The death at each message, before the work and before the answer; there must be `least` messages or more whose death is noticed. What
 * closes the instance works, whatever has happened to the host. */
static inline void die_at_each_message(const char *life, int least)
{
    static const char *const WHEN[] = {"", ":answer"};
    for (int i = 0; i < 2; i++) {
        int messages = 0, end;
        while ((end = live_with_death(life, messages + 1, WHEN[i])) == 3) {
            messages++;
        }
        CHECK_INT(end, 0);
        CHECK_INT(live_with_death(life, messages + 2, WHEN[i]), 0);
        printf("  %s: death noticed at %d messages\n", life, messages);
        CHECK(messages >= least);
    }
}

#endif /* TEST_ISOLATION_DEATHS_H */

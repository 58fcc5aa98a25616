/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a sample costs in a host process, beside what it costs in the player's own: one of 16 KiB, in shared memory and copied, and
 * batches of 16.
 *
 *   native_drm_isolation_bench [--check]    with the goals' outcome as exit status (2 = one was missed)
 *
 * What is compared is measured in turns within one run. Prints medians. Beside them stands what the machine takes for a message
 * of 256 bytes to another process and back.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_drm_isolation.h"
#include "multimedia/drm_framework/native_mediadecrypt.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "turns.h"

enum { ROUNDS = 2001, BATCH = 16, SAMPLE_BYTES = 16 * 1024, MESSAGE_BYTES = 256 };

/* Nanoseconds of one sample; a batch in the host process as a part of the speed of one here. */
static const double SAMPLE_GOAL = 10e3, BATCH_GOAL = 0.6;

/* Key id and key of com.clearplay.drm's format. */
static uint8_t license[] = "0YmVuY2htYXJrIGtleSBpZA==:K34VFiiu0qar9xWICc9PPA==";
static const char KEY_ID[] = "benchmark key id";

/* One way to decrypt: a session, memory for a batch, and what was measured. */
typedef struct Way {
    const char *name;
    MediaKeySystem *system;
    MediaKeySession *session;
    uint8_t *memory;
    double singles[ROUNDS], batches[ROUNDS];
} Way;

static Way here = {.name = "in process"}, shared = {.name = "host, shared memory"}, copied = {.name = "host, copied"};

static DRM_SampleInfo info = {
    .structSize = sizeof(info), .algorithm = DRM_ALG_CENC_AES_CTR, .scheme = DRM_CENC_SCHEME_CENC, .ivLen = 16};

static void prepare(Way *way, bool isolated, bool own_memory)
{
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_length = sizeof(id);
    const char *name = "com.clearplay.drm";
    need(isolated ? OH_MediaKeySystem_CreateIsolated(name, &way->system) : OH_MediaKeySystem_Create(name, &way->system),
         "create a system");
    need(OH_MediaKeySystem_CreateMediaKeySession(way->system, &level, &way->session), "create a session");
    need(OH_MediaKeySession_ProcessMediaKeyResponse(way->session, license, sizeof(license) - 1, id, &id_length), "add a key");
    if (own_memory) {
        way->memory = malloc(BATCH * SAMPLE_BYTES);
    } else {
        need(OH_Drm_AllocateSampleBuffer(way->system, BATCH * SAMPLE_BYTES, &way->memory), "allocate memory");
    }
    memset(way->memory, 0x5a, BATCH * SAMPLE_BYTES);
}

static void measure(Way *way, int round)
{
    double start = now();
    need(OH_MediaKeySession_DecryptSample(way->session, &info, way->memory, SAMPLE_BYTES), "decrypt");
    way->singles[round] = now() - start;
    DRM_Sample samples[BATCH];
    for (int i = 0; i < BATCH; i++) {
        samples[i] = (DRM_Sample){&info, way->memory + i * SAMPLE_BYTES, SAMPLE_BYTES, 0};
    }
    start = now();
    need(OH_MediaKeySession_DecryptSamples(way->session, samples, BATCH, NULL), "decrypt a batch");
    way->batches[round] = now() - start;
}

static void report(Way *way)
{
    qsort(way->singles, ROUNDS, sizeof(double), by_size);
    qsort(way->batches, ROUNDS, sizeof(double), by_size);
    printf("%-20s  %7.2f us a sample  %7.2f us a batch of %d  %6.2f GB/s\n", way->name, way->singles[ROUNDS / 2] / 1e3,
           way->batches[ROUNDS / 2] / 1e3, BATCH, BATCH * SAMPLE_BYTES / way->batches[ROUNDS / 2]);
}

/* A process that sends back what it gets. */
static int echo(void)
{
    int ends[2];
    char message[MESSAGE_BYTES];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        fail("no sockets");
    }
    if (fork() == 0) {
        close(ends[0]);
        while (recv(ends[1], message, sizeof(message), MSG_WAITALL) == sizeof(message) &&
               send(ends[1], message, sizeof(message), MSG_NOSIGNAL) == sizeof(message)) {
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

int main(int argc, char **argv)
{
    static double trips[ROUNDS];
    char message[MESSAGE_BYTES] = {0};
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    int socket = echo();
    memcpy(info.keyId, KEY_ID, sizeof(info.keyId));
    prepare(&here, false, false);
    prepare(&shared, true, false);
    prepare(&copied, true, true);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        if (send(socket, message, sizeof(message), 0) != sizeof(message) ||
            recv(socket, message, sizeof(message), MSG_WAITALL) != sizeof(message)) {
            fail("no echo");
        }
        trips[round] = now() - start;
        measure(&here, round);
        measure(&shared, round);
        measure(&copied, round);
    }
    qsort(trips, ROUNDS, sizeof(double), by_size);
    printf("%-20s  %7.2f us\n", "256 bytes and back", trips[ROUNDS / 2] / 1e3);
    report(&here);
    report(&shared);
    report(&copied);
    double sample = shared.singles[ROUNDS / 2], part = here.batches[ROUNDS / 2] / shared.batches[ROUNDS / 2];
    bool sample_met = sample <= SAMPLE_GOAL, batch_met = part >= BATCH_GOAL;
    printf("a sample of 16 KiB: %.2f us, goal %.0f us: %s\n", sample / 1e3, SAMPLE_GOAL / 1e3, sample_met ? "met" : "missed");
    printf("a batch of 16: %.0f %% of the speed in process, goal %.0f %%: %s\n", part * 100, BATCH_GOAL * 100,
           batch_met ? "met" : "missed");
    close(socket);
    wait(NULL);
    need(OH_Drm_FreeSampleBuffer(here.memory), "free memory");
    need(OH_Drm_FreeSampleBuffer(shared.memory), "free memory");
    free(copied.memory);
    need(OH_MediaKeySystem_Destroy(here.system), "destroy");
    need(OH_MediaKeySystem_Destroy(shared.system), "destroy");
    need(OH_MediaKeySystem_Destroy(copied.system), "destroy");
    return check && !(sample_met && batch_met) ? 2 : 0;
}

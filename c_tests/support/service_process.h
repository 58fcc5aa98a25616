/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A license service in a process of its own: it keeps what it has issued, which would look like growth.
 */
#ifndef TEST_SUPPORT_SERVICE_PROCESS_H
#define TEST_SUPPORT_SERVICE_PROCESS_H

#include <pthread.h>
#include <sys/socket.h>

#include "lateness.h"
#include "policy.h"
#include "process.h"

#define MACHINE_TIME 0

typedef struct ServiceEnvelope {
    int64_t now; /* by the service's clock, milliseconds since 1970; MACHINE_TIME when it answers */
    uint32_t size;
    uint32_t policy;
} ServiceEnvelope;

static int service_socket;
/* When the thread's last message went to the service, which answers with a later time: milliseconds since 1970. */
static _Thread_local int64_t asked_at;
static pthread_mutex_t service_lock = PTHREAD_MUTEX_INITIALIZER;

static inline void serve(int descriptor, const char *const *policies)
{
    static uint8_t input[POLICY_ROOM];
    ServiceEnvelope envelope;
    OH_DrmLicenseService *service = make_policy_service(policies[0]);
    while (transfer(descriptor, &envelope, sizeof(envelope), false)) {
        REQUIRE(envelope.size <= sizeof(input) && transfer(descriptor, input, envelope.size, false));
        set_policy(service, policies[envelope.policy]);
        int64_t now = envelope.now == MACHINE_TIME ? millis_of(CLOCK_REALTIME) : envelope.now;
        REQUIRE_OK(OH_DrmLicenseService_SetTime(service, now));
        Message answer = ask_service(service, input, envelope.size);
        /* On the way, what is to be renewed may have ended. */
        if (answer.answer.status != 410 && !CHECK_INT(answer.answer.status, 200)) {
            fprintf(stderr, "  %.*s\n", (int)answer.size, (const char *)answer.bytes);
            check_stop();
        }
        REQUIRE(transfer(descriptor, &answer.size, sizeof(answer.size), true));
        REQUIRE(transfer(descriptor, answer.bytes, answer.size, true));
    }
    _exit(EXIT_SUCCESS);
}

/* Starts it; what it issues has one of these policies. To be called before there are threads, and after START_MILLIS. */
static inline pid_t start_service(const char *const *policies)
{
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        close(pair[0]);
        serve(pair[1], policies);
    }
    close(pair[1]);
    service_socket = pair[0];
    return child;
}

/* What it answers to a message at a time, with one of the policies. Any thread. */
static inline Message ask_at(int policy, int64_t now, const void *bytes, size_t size)
{
    Message answer;
    ServiceEnvelope envelope;
    memset(&envelope, 0, sizeof(envelope));
    envelope.now = now;
    envelope.size = (uint32_t)size;
    envelope.policy = (uint32_t)policy;
    pthread_mutex_lock(&service_lock);
    asked_at = millis_of(CLOCK_REALTIME);
    REQUIRE(transfer(service_socket, &envelope, sizeof(envelope), true));
    REQUIRE(transfer(service_socket, (void *)(uintptr_t)bytes, size, true));
    REQUIRE(transfer(service_socket, &answer.size, sizeof(answer.size), false) && answer.size <= sizeof(answer.bytes));
    REQUIRE(transfer(service_socket, answer.bytes, answer.size, false));
    pthread_mutex_unlock(&service_lock);
    return answer;
}

static inline void end_service_process(pid_t service)
{
    int status = 0;
    close(service_socket);
    CHECK(waitpid(service, &status, 0) == service && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

#endif /* TEST_SUPPORT_SERVICE_PROCESS_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A player that sends what it likes to a host: the host refuses, or ends by itself and by no signal.
 *
 *   test_hostile_player HOST     the program native-drm-host
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>

#include "isolation/wire.h"
#include "multimedia/drm_framework/native_drm_extension.h"
#include "support/check.h"
#include "support/drm.h"

static const char *host_program;

typedef struct Hosted {
    pid_t process;
    int control;
    int lanes[WIRE_LANES];
    int notices;
    int memory;
} Hosted;

static void close_all(const int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0) {
            close(descriptors[i]);
        }
    }
}

static Hosted start_host(void)
{
    int ends[2];
    Hosted hosted = {.notices = -1, .memory = -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    for (int i = 0; i < WIRE_LANES; i++) {
        hosted.lanes[i] = -1;
    }
    fflush(NULL);
    hosted.control = ends[0];
    hosted.process = fork();
    if (hosted.process == 0) {
        dup2(ends[1], STDIN_FILENO);
        execl(host_program, host_program, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    return hosted;
}

/* Memory as a player makes it, with these seals. */
static int make_memory(off_t size, int seals)
{
    int memory = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    REQUIRE(memory >= 0 && ftruncate(memory, size) == 0 && fcntl(memory, F_ADD_SEALS, seals) == 0);
    return memory;
}

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

/* Everything that a host gets, in order; `memory` and `notices` may be something else than they should be. */
static bool give_descriptors(Hosted *hosted, int memory, int notices)
{
    int given[WIRE_DESCRIPTORS] = {memory, notices}, mine[WIRE_LANES];
    uint8_t count = WIRE_DESCRIPTORS;
    for (int i = 0; i < WIRE_LANES; i++) {
        int ends[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        hosted->lanes[i] = ends[0];
        mine[i] = given[2 + i] = ends[1];
    }
    bool sent = wire_send_descriptors(hosted->control, &count, 1, given, WIRE_DESCRIPTORS);
    close_all(mine, WIRE_LANES);
    return sent;
}

static bool send_setup(int control, int protocol, const char *name)
{
    char version[32];
    Wire setup = {.size = 0};
    snprintf(version, sizeof(version), "%d.%d.%d", NATIVE_DRM_VERSION_MAJOR, NATIVE_DRM_VERSION_MINOR, NATIVE_DRM_VERSION_PATCH);
    wire_byte(&setup, protocol);
    wire_byte(&setup, (int)strlen(version));
    wire_bytes(&setup, version, strlen(version));
    wire_byte(&setup, (int)strlen(name));
    wire_bytes(&setup, name, strlen(name));
    wire_bytes(&setup, "\0\0", 2);
    return wire_send(control, &setup);
}

/* A host that is ready, and what its first answer is. */
static Hosted ready_host(const char *name, int protocol, int variant)
{
    int notices[2];
    Wire ready = {.size = 0};
    Hosted hosted = start_host();
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, notices) == 0);
    hosted.notices = notices[0];
    hosted.memory = make_memory(1 << 16, SEALS);
    REQUIRE(give_descriptors(&hosted, hosted.memory, notices[1]));
    close(notices[1]);
    REQUIRE(send_setup(hosted.control, protocol, name));
    CHECK(wire_receive(hosted.control, &ready) && ready.size > 1);
    CHECK_INT(ready.bytes[0], variant);
    return hosted;
}

/* Waits for its end: by itself, with this status. */
static void expect_end(Hosted *hosted, int expected)
{
    int status = 0;
    REQUIRE(waitpid(hosted->process, &status, 0) == hosted->process);
    CHECK(WIFEXITED(status));
    CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), expected);
    close_all(hosted->lanes, WIRE_LANES);
    close_all(&hosted->control, 1);
    close_all(&hosted->notices, 1);
    close_all(&hosted->memory, 1);
}

static void descriptors_that_are_wrong(void)
{
    int none = open("/dev/null", O_RDWR | O_CLOEXEC), directory = open("/", O_RDONLY | O_CLOEXEC), sockets[2];
    int all[WIRE_MOST_DESCRIPTORS];
    REQUIRE(none >= 0 && directory >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
    for (int i = 0; i < WIRE_MOST_DESCRIPTORS; i++) {
        all[i] = none;
    }
    /* How many there are said to be, and are. */
    static const int COUNTS[][2] = {{10, 0}, {10, 9}, {10, 11}, {9, 9}, {16, 16}, {10, 250}, {250, 250}, {0, 0}, {10, 10}};
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        Hosted hosted = start_host();
        uint8_t count = (uint8_t)COUNTS[i][0];
        CHECK(wire_send_descriptors(hosted.control, &count, 1, all, (size_t)COUNTS[i][1]));
        expect_end(&hosted, 1);
    }
    int memories[] = {make_memory(4096, 0), make_memory(4096, F_SEAL_SHRINK), make_memory(0, SEALS), none, directory, sockets[0],
                      make_memory(4096, SEALS | F_SEAL_WRITE), make_memory((off_t)1 << 55, SEALS)};
    for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++) {
        Hosted hosted = start_host();
        give_descriptors(&hosted, memories[i], sockets[1]);
        expect_end(&hosted, 1);
    }
    int memory = make_memory(4096, SEALS);
    const int notices[] = {none, directory, memory};
    for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
        Hosted hosted = start_host();
        give_descriptors(&hosted, memory, notices[i]);
        expect_end(&hosted, 1);
    }
    close_all(memories, 3);
    close_all(memories + 6, 2);
    close_all((int[]){memory, none, directory, sockets[0], sockets[1]}, 5);
}

static void setups_that_are_wrong(void)
{
    static const uint32_t LENGTHS[] = {0, UINT32_MAX, (16 << 20) + 1, 1000};
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        Wire wire = {.size = 4};
        Hosted hosted = start_host();
        int memory = make_memory(4096, SEALS), notices[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, notices) == 0);
        hosted.memory = memory;
        hosted.notices = notices[0];
        REQUIRE(give_descriptors(&hosted, memory, notices[1]));
        close(notices[1]);
        wire_send_as(hosted.control, LENGTHS[i], &wire);
        shutdown(hosted.control, SHUT_WR);
        expect_end(&hosted, 1);
    }
    Hosted hosted = ready_host(CLEARPLAY, 2, READY_FAILED);
    expect_end(&hosted, 1);
    hosted = ready_host("no.such.system", 1, READY_FAILED);
    expect_end(&hosted, 1);
    hosted = ready_host("", 1, READY_FAILED);
    expect_end(&hosted, 1);
}

/* What means nothing on a lane ends the host. */
static void messages_that_are_wrong(void)
{
    static const uint32_t LENGTHS[] = {0, UINT32_MAX, (16 << 20) + 1, 3};
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        Wire wire = {.size = 0};
        Hosted hosted = ready_host(CLEARPLAY, 1, READY_CREATED);
        wire_bytes(&wire, "\1\x7f\x7f", 3);
        wire_send_as(hosted.lanes[i], LENGTHS[i], &wire);
        expect_end(&hosted, 1);
    }
}

static Wire ask(int lane, const void *request, size_t size)
{
    Wire wire = {.size = 0};
    wire_bytes(&wire, request, size);
    CHECK(wire_send(lane, &wire) && wire_receive(lane, &wire) && wire.size > 1 && wire.bytes[0] == *(const uint8_t *)request);
    return wire;
}

/* Sessions and places that are none are refused, descriptors are not kept, and half messages hold up nobody else. */
static void requests_that_are_wrong(void)
{
    Hosted hosted = ready_host(CLEARPLAY, 1, READY_CREATED);
    int *lanes = hosted.lanes, many[200];
    static const uint8_t IDS[] = {5, REQUEST_OFFLINE_IDS};
    for (int i = 0; i < 200; i++) {
        many[i] = hosted.control;
    }
    /* Half of a message on a lane, and one that is to come, on another. */
    CHECK_INT(send(lanes[0], "\2\0", 2, MSG_NOSIGNAL), 2);
    CHECK_INT(send(lanes[1], "\0\0\xf0\0x", 5, MSG_NOSIGNAL), 5);
    /* Ten times as many descriptors as it may have open, with questions that are fine. */
    for (int i = 0; i < 12; i++) {
        Wire answer = {.size = 0};
        static const uint8_t WHOLE[] = {2, 0, 0, 0, 5, REQUEST_OFFLINE_IDS};
        CHECK(wire_send_descriptors(lanes[2], WHOLE, sizeof(WHOLE), many, 200));
        CHECK(wire_receive(lanes[2], &answer));
        CHECK_INT(answer.bytes[1], REPLY_IDS);
    }
    /* About sessions that are none: those of handles that never were. */
    static const uint8_t NOBODY[] = {6, REQUEST_SESSION, 1, 7};
    CHECK_INT(ask(lanes[3], NOBODY, sizeof(NOBODY)).bytes[1], REPLY_FAILED);
    static const uint8_t NOBODY_AT_ALL[] = {6, REQUEST_SESSION, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2};
    CHECK_INT(ask(lanes[3], NOBODY_AT_ALL, sizeof(NOBODY_AT_ALL)).bytes[1], REPLY_FAILED);
    static const uint8_t LEVEL[] = {7, REQUEST_CREATE_SESSION, 99};
    CHECK_INT(ask(lanes[3], LEVEL, sizeof(LEVEL)).bytes[1], REPLY_FAILED);
    /* A sample at the end of all memory. */
    static const uint8_t GOOD_LEVEL[] = {8, REQUEST_CREATE_SESSION, 1};
    Wire session = ask(lanes[3], GOOD_LEVEL, sizeof(GOOD_LEVEL));
    CHECK_INT(session.bytes[1], REPLY_SESSION);
    Wire sample = {.size = 0};
    wire_bytes(&sample, "\11", 1);
    wire_byte(&sample, REQUEST_SESSION);
    wire_bytes(&sample, session.bytes + 2, session.size - 2);
    wire_byte(&sample, SESSION_DECRYPT);
    wire_bytes(&sample, "\xf0\xff\xff\xff\xff\xff\xff\xff\xff\1\x20\1\0\20", 14);
    wire_block(&sample, 0x44);
    wire_block(&sample, 0x44);
    wire_bytes(&sample, "\0\0\0", 3);
    CHECK_INT(ask(lanes[4], sample.bytes, sample.size).bytes[1], REPLY_FAILED);
    CHECK_INT(ask(lanes[5], IDS, sizeof(IDS)).bytes[1], REPLY_IDS);
    /* Memory of which the player takes back what it has given. */
    CHECK(fallocate(hosted.memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1 << 16) == 0);
    CHECK_INT(ask(lanes[5], IDS, sizeof(IDS)).bytes[1], REPLY_IDS);
    shutdown(hosted.control, SHUT_RDWR);
    expect_end(&hosted, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        return EXIT_FAILURE;
    }
    host_program = argv[1];
    RUN(descriptors_that_are_wrong);
    RUN(setups_that_are_wrong);
    RUN(messages_that_are_wrong);
    RUN(requests_that_are_wrong);
    return check_finish("hostile_player");
}

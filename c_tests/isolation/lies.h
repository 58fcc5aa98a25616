/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A host that lies: this program once more, started by the library in place of native-drm-host. The environment says how.
 */
#ifndef TEST_ISOLATION_LIES_H
#define TEST_ISOLATION_LIES_H

#include "wire.h"

#define LIE "NATIVE_DRM_TEST_LIE"

static inline bool lies(const char *lie)
{
    return strcmp(getenv(LIE), lie) == 0;
}

/* Says that the instance is there, or something else. */
static inline bool lie_about_the_start(int control)
{
    Wire ready = {.size = 0};
    if (lies("silent")) {
        pause();
    }
    wire_byte(&ready, READY_CREATED);
    if (lies("no such answer")) {
        ready.bytes[0] = 9;
    }
    if (lies("failed without a code")) {
        ready.bytes[0] = READY_FAILED;
        wire_bytes(&ready, "\0\0\0\0", 4);
        return wire_send(control, &ready);
    }
    if (lies("more types than there are")) {
        wire_bytes(&ready, "\xff\xff\xff\xff\x0f", 5);
        return wire_send(control, &ready);
    }
    wire_bytes(&ready, "\1\4cenc\100", 7);
    if (lies("bytes behind it")) {
        wire_bytes(&ready, "more", 4);
    }
    if (lies("too long")) {
        return wire_send_as(control, UINT32_MAX, &ready);
    }
    if (lies("empty")) {
        return wire_send_as(control, 0, &ready);
    }
    if (lies("cut")) {
        return wire_send_as(control, 1000, &ready) && shutdown(control, SHUT_RDWR) == 0;
    }
    if (lies("never whole")) {
        bool goes_on = wire_send_as(control, 1 << 20, &ready);
        while (goes_on) {
            usleep(50000);
            goes_on = send(control, "x", 1, MSG_NOSIGNAL) == 1;
        }
        return false;
    }
    if (lies("no such type of text")) {
        ready.bytes[3] = 0xff;
    }
    if (lies("descriptors")) {
        int all[200];
        for (int i = 0; i < 200; i++) {
            all[i] = control;
        }
        uint8_t head[4] = {(uint8_t)ready.size};
        return wire_send_descriptors(control, head, 4, all, 200) &&
               wire_send_descriptors(control, ready.bytes, ready.size, all, 200);
    }
    return wire_send(control, &ready);
}

static inline void say_failed(Wire *reply, const char *text, size_t size)
{
    /* DRM_ERR_INVALID_VAL; no index, no size. */
    wire_byte(reply, REPLY_FAILED);
    wire_bytes(reply, "\x91\x03", 2);
    wire_byte(reply, (int)size);
    wire_bytes(reply, text, size);
    wire_bytes(reply, "\0\0", 2);
}

/* Answers a request, whatever it is. */
static inline bool lie_about(int lane, const Wire *request, const int *descriptors)
{
    Wire reply = {.size = 0};
    int number = request->bytes[0], what = request->bytes[1];
    wire_byte(&reply, lies("another number") ? number + 1 : number);
    if (what == REQUEST_CREATE_SESSION) {
        wire_byte(&reply, REPLY_SESSION);
        wire_byte(&reply, 7);
    } else if (lies("a failure with no text")) {
        say_failed(&reply, "\0\n\x1b[2J", 6);
    } else if (lies("a failure without a code")) {
        wire_byte(&reply, REPLY_FAILED);
        wire_bytes(&reply, "\0\3why\0\0", 7);
    } else if (lies("a blamed sample that is none")) {
        wire_byte(&reply, REPLY_FAILED);
        wire_bytes(&reply, "\x91\x03\3why\1\xff\xff\xff\xff\x0f\0", 13);
    } else if (lies("a level that is none")) {
        wire_byte(&reply, REPLY_NUMBER);
        wire_byte(&reply, 99);
    } else if (lies("a text that is none")) {
        wire_bytes(&reply, "\2\2\xff\xfe", 4);
    } else if (lies("many rows")) {
        wire_byte(&reply, REPLY_ROWS);
        wire_bytes(&reply, "\x90\x4e", 2); /* 10,000 */
        for (int i = 0; i < 10000; i++) {
            wire_bytes(&reply, "\2n\n\1\0", 5);
        }
    } else if (lies("more rows than there are")) {
        wire_byte(&reply, REPLY_ROWS);
        wire_bytes(&reply, "\xff\xff\xff\xff\x0f", 5);
    } else if (lies("a unit longer than it was")) {
        wire_bytes(&reply, "\12\0\xff\xff\x03", 5);
    } else if (lies("a unit with a state that is none")) {
        wire_bytes(&reply, "\12\1\x7f\0\0", 5);
        for (int i = 0; i < 3; i++) {
            wire_block(&reply, 0xee);
        }
        wire_byte(&reply, 1);
    } else if (lies("the whole memory")) {
        uint8_t *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, descriptors[0], 0);
        REQUIRE(memory != MAP_FAILED && ftruncate(descriptors[0], 0) != 0);
        memset(memory, 0xbb, 1 << 20);
        wire_byte(&reply, REPLY_DONE);
    } else if (lies("an event that is none")) {
        /* What is asked for is answered well. */
        wire_bytes(&reply, "\2\4text", 6);
    } else if (lies("descriptors")) {
        int all[200];
        for (int i = 0; i < 200; i++) {
            all[i] = lane;
        }
        uint8_t done[6] = {2, 0, 0, 0, (uint8_t)number, REPLY_DONE};
        return wire_send_descriptors(lane, done, 6, all, 200);
    } else {
        wire_byte(&reply, REPLY_DONE);
    }
    return lies("twice") ? wire_send(lane, &reply) && wire_send(lane, &reply) : wire_send(lane, &reply);
}

/* What nobody has asked for. */
static inline void lie_unasked(const int *descriptors)
{
    Wire notice = {.size = 0};
    if (lies("answers before questions")) {
        for (int lane = 2; lane < WIRE_DESCRIPTORS; lane++) {
            for (int number = 0; number < 3; number++) {
                notice.size = 0;
                wire_byte(&notice, number + 100);
                wire_byte(&notice, REPLY_DONE);
                wire_send(descriptors[lane], &notice);
            }
        }
    } else if (lies("lines in lines")) {
        wire_byte(&notice, NOTICE_LOG);
        wire_byte(&notice, 1);
        wire_bytes(&notice, "\x14" "one\nnative_drm error", 21);
        wire_send(descriptors[1], &notice);
    } else if (lies("an event that is none")) {
        wire_bytes(&notice, "\0\0\0\x4d\0\0", 6);
        wire_send(descriptors[1], &notice);
    } else if (lies("events of nobody")) {
        wire_bytes(&notice, "\0\1\x63\0\xc9\1\2ab\0", 10);
        for (int i = 0; i < 10000; i++) {
            wire_send(descriptors[1], &notice);
        }
    }
}

static inline int be_a_host_that_lies(void)
{
    int descriptors[WIRE_DESCRIPTORS];
    Wire wire;
    if (!wire_receive_descriptors(STDIN_FILENO, descriptors) || !wire_receive(STDIN_FILENO, &wire) ||
        !lie_about_the_start(STDIN_FILENO)) {
        return 1;
    }
    lie_unasked(descriptors);
    /* The last lane is the one that is taken first; a player with one thread uses no other. */
    int lane = descriptors[WIRE_DESCRIPTORS - 1];
    while (wire_receive(lane, &wire)) {
        if (lies("deaf to the end") && wire.bytes[1] == REQUEST_CLOSE) {
            pause();
        }
        if (!lie_about(lane, &wire, descriptors)) {
            break;
        }
    }
    return 0;
}

#endif /* TEST_ISOLATION_LIES_H */

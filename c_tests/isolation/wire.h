/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a player and a host process send each other, written and read by hand: for a side that lies.
 *
 * A message is its length in four bytes, little endian, then enums as the number of their variant, numbers below 128 as one byte,
 * texts and lists with their count in front (crates/isolation/src/message.rs).
 */
#ifndef TEST_ISOLATION_WIRE_H
#define TEST_ISOLATION_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/check.h"
#include "support/process.h"

enum { WIRE_LANES = 8, WIRE_DESCRIPTORS = WIRE_LANES + 2, WIRE_MOST_DESCRIPTORS = 250, WIRE_ROOM = 1 << 16 };

typedef struct Wire {
    uint8_t bytes[WIRE_ROOM];
    size_t size;
} Wire;

static inline void wire_byte(Wire *wire, int byte)
{
    REQUIRE(wire->size < WIRE_ROOM);
    wire->bytes[wire->size++] = (uint8_t)byte;
}

static inline void wire_bytes(Wire *wire, const void *bytes, size_t size)
{
    REQUIRE(wire->size + size <= WIRE_ROOM);
    memcpy(wire->bytes + wire->size, bytes, size);
    wire->size += size;
}

/* An id or IV. */
static inline void wire_block(Wire *wire, int byte)
{
    wire_byte(wire, 16);
    for (int i = 0; i < 16; i++) {
        wire_byte(wire, byte);
    }
}

/* Its length, or another one, in front. False if the other side does not take it. */
static inline bool wire_send_as(int socket, uint32_t length, const Wire *wire)
{
    uint8_t all[4 + WIRE_ROOM] = {(uint8_t)length, (uint8_t)(length >> 8), (uint8_t)(length >> 16), (uint8_t)(length >> 24)};
    size_t sent = 0;
    memcpy(all + 4, wire->bytes, wire->size);
    while (sent < 4 + wire->size) {
        ssize_t more = send(socket, all + sent, 4 + wire->size - sent, MSG_NOSIGNAL);
        if (more <= 0) {
            return false;
        }
        sent += (size_t)more;
    }
    return true;
}

static inline bool wire_send(int socket, const Wire *wire)
{
    return wire_send_as(socket, (uint32_t)wire->size, wire);
}

static inline bool wire_receive(int socket, Wire *wire)
{
    uint8_t head[4];
    if (!transfer(socket, head, 4, false)) {
        return false;
    }
    wire->size = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    return head[3] == 0 && wire->size <= WIRE_ROOM && transfer(socket, wire->bytes, wire->size, false);
}

/* Some bytes, with descriptors. */
static inline bool wire_send_descriptors(int socket, const void *bytes, size_t size, const int *descriptors, size_t count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_MOST_DESCRIPTORS)];
        struct cmsghdr align;
    } control;
    struct iovec part = {(void *)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    REQUIRE(count <= WIRE_MOST_DESCRIPTORS);
    if (count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

/* The descriptors that a player sends first. */
static inline bool wire_receive_descriptors(int socket, int descriptors[WIRE_DESCRIPTORS])
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * WIRE_DESCRIPTORS)];
        struct cmsghdr align;
    } control;
    uint8_t count = 0;
    struct iovec part = {&count, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    if (recvmsg(socket, &message, 0) != 1 || count != WIRE_DESCRIPTORS) {
        return false;
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_len != CMSG_LEN(sizeof(int) * WIRE_DESCRIPTORS)) {
        return false;
    }
    memcpy(descriptors, CMSG_DATA(header), sizeof(int) * WIRE_DESCRIPTORS);
    return true;
}

/* The variants' numbers. */
enum { READY_CREATED, READY_FAILED };
enum { REQUEST_OFFLINE_IDS = 10, REQUEST_CREATE_SESSION = 13, REQUEST_CLOSE = 18, REQUEST_SESSION = 19 };
enum { SESSION_DECRYPT = 13 };
enum {
    REPLY_DONE,
    REPLY_FAILED,
    REPLY_TEXT,
    REPLY_BYTES,
    REPLY_ROWS,
    REPLY_NUMBER,
    REPLY_FLAG,
    REPLY_IDS,
    REPLY_SESSION,
    REPLY_MESSAGE,
    REPLY_UNIT
};
enum { NOTICE_EVENT, NOTICE_KEYS_ARRIVED, NOTICE_LOG };

#endif /* TEST_ISOLATION_WIRE_H */

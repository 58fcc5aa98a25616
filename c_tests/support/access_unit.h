/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Access units, built piece by piece, whose encrypted part is the CBC example of SP 800-38A.
 */
#ifndef TEST_SUPPORT_ACCESS_UNIT_H
#define TEST_SUPPORT_ACCESS_UNIT_H

#include "drm.h"

static const uint8_t CEI_UUID[16] = {0x70, 0xc1, 0xdb, 0x9f, 0x66, 0xae, 0x41, 0x27,
                                     0xbf, 0xc0, 0xbb, 0x19, 0x81, 0x69, 0x4b, 0x66};

enum { CEI_LENGTH = 1 + 16 + 1 + 16 + 3, UNIT_ROOM = 512 };

/* A unit that is built piece by piece. */
typedef struct Unit {
    uint8_t bytes[UNIT_ROOM];
    uint32_t size;
} Unit;

static inline void put(Unit *unit, const void *bytes, size_t count)
{
    REQUIRE(unit->size + count <= UNIT_ROOM);
    memcpy(unit->bytes + unit->size, bytes, count);
    unit->size += (uint32_t)count;
}

/* Content encryption information for KID_A or another key: encrypted, IV as NIST_CBC_IV, AES with every block. */
static inline void put_cei(Unit *unit, const uint8_t kid[16])
{
    static const uint8_t head[] = {0, 0, 0, 1, 6, 5, 16 + CEI_LENGTH};
    static const uint8_t tail[] = {0xc0, 1, 5, 0x80};
    uint8_t flags = 0xa0;
    uint8_t iv[17] = {16};
    hex_decode(NIST_CBC_IV, iv + 1);
    put(unit, head, sizeof(head));
    put(unit, CEI_UUID, 16);
    put(unit, &flags, 1);
    put(unit, kid, 16);
    put(unit, iv, sizeof(iv));
    put(unit, tail, sizeof(tail));
}

/* A slice whose encrypted part is the SP 800-38A CBC example. Without CEI it stays what it is. */
static inline void put_slice(Unit *unit)
{
    uint8_t slice[3 + 32 + NIST_SIZE + 1] = {0, 0, 1, 0x65};
    memset(slice + 4, 0x77, 31);
    hex_decode(NIST_CBC_CIPHER, slice + 35);
    slice[35 + NIST_SIZE] = 0x80;
    put(unit, slice, sizeof(slice));
}

static inline Unit usual_unit(void)
{
    Unit unit = {{0}, 0};
    put_cei(&unit, KID_A);
    put_slice(&unit);
    return unit;
}

static inline DRM_AccessUnitInfo unit_info(uint32_t format)
{
    DRM_AccessUnitInfo info;
    memset(&info, 0, sizeof(info));
    info.structSize = (uint32_t)sizeof(info);
    info.format = format;
    if (format >= DRM_ACCESS_UNIT_SAMPLE_AES_H264) {
        memcpy(info.keyId, KID_A, 16);
        hex_decode(NIST_CBC_IV, info.iv);
    }
    return info;
}

#endif /* TEST_SUPPORT_ACCESS_UNIT_H */

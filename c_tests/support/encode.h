/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Hexadecimal, base64 (RFC 4648 sections 4 and 5) and license texts for the C tests.
 */
#ifndef TEST_SUPPORT_ENCODE_H
#define TEST_SUPPORT_ENCODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    fprintf(stderr, "the test holds bad hexadecimal text\n");
    abort();
}

/* Decodes hexadecimal text into `out`, which has room for half its length; returns the number of bytes. */
static inline size_t hex_decode(const char *text, uint8_t *out)
{
    size_t count = strlen(text) / 2;
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
    }
    return count;
}

/* Encodes as lower-case hexadecimal text; `out` has room for 2 * size + 1 bytes. */
static inline char *hex_encode(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    out[2 * size] = '\0';
    return out;
}

/* Encodes as base64, padded standard alphabet or unpadded URL alphabet; `out` has room for (size + 2) / 3 * 4 + 1. */
static inline char *base64_encode(const uint8_t *bytes, size_t size, bool url, char *out)
{
    static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *alphabet = url ? url_safe : standard;
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t left = (uint32_t)(size - i);
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (left > 1) {
            group |= (uint32_t)bytes[i + 1] << 8;
        }
        if (left > 2) {
            group |= bytes[i + 2];
        }
        uint32_t digits = left > 2 ? 4 : left + 1;
        for (uint32_t d = 0; d < 4; d++) {
            if (d < digits) {
                out[at++] = alphabet[(group >> (18 - 6 * d)) & 63];
            } else if (!url) {
                out[at++] = '=';
            }
        }
    }
    out[at] = '\0';
    return out;
}

/* Decodes Base64 up to the first character that is none of its digits; returns the number of bytes. */
static inline size_t base64_decode(const char *text, uint8_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = 0;
    uint32_t bits = 0;
    for (size_t i = 0; strchr(digits, text[i]) != NULL && text[i] != '\0'; i++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, text[i]) - digits);
        if (i % 4 != 0) {
            out[size++] = (uint8_t)(bits >> (4 - 2 * (i % 4 - 1)));
        }
    }
    return size;
}

/* Appends an entry to a ClearPlay answer, `<flag><base64 key id>:<base64 key>[,<flag><base64 key id>:<base64 key>…]`. */
static inline void clearplay_append(char *out, size_t room, char flag, const uint8_t *kid, size_t kid_len,
                                    const uint8_t *key, size_t key_len)
{
    size_t at = strlen(out);
    if (room - at < (kid_len + 2) / 3 * 4 + (key_len + 2) / 3 * 4 + 5) {
        fprintf(stderr, "the test's license buffer is too small\n");
        abort();
    }
    if (at > 0) {
        out[at++] = ',';
    }
    out[at++] = flag;
    base64_encode(kid, kid_len, false, out + at);
    at = strlen(out);
    out[at++] = ':';
    base64_encode(key, key_len, false, out + at);
}

/* A ClearPlay answer with one 16-byte key. */
static inline char *clearplay_license(char *out, size_t room, char flag, const uint8_t kid[16], const uint8_t key[16])
{
    out[0] = '\0';
    clearplay_append(out, room, flag, kid, 16, key, 16);
    return out;
}

/* A W3C JWK Set of `count` 16-byte keys; `type` is "temporary", "persistent-license" or null for none. */
static inline char *jwk_license_of(char *out, size_t room, const char *type, const uint8_t (*kids)[16],
                                   const uint8_t (*keys)[16], size_t count)
{
    size_t used = (size_t)snprintf(out, room, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        char kid_text[64];
        char key_text[64];
        base64_encode(kids[i], 16, true, kid_text);
        base64_encode(keys[i], 16, true, key_text);
        used += (size_t)snprintf(out + used, room - used, "%s{\"kty\":\"oct\",\"k\":\"%s\",\"kid\":\"%s\"}",
                                 i == 0 ? "" : ",", key_text, kid_text);
    }
    if (type == NULL) {
        snprintf(out + used, room - used, "]}");
    } else {
        snprintf(out + used, room - used, "],\"type\":\"%s\"}", type);
    }
    return out;
}

/* A W3C JWK Set with one key. */
static inline char *jwk_license(char *out, size_t room, const char *type, const uint8_t kid[16], const uint8_t key[16])
{
    uint8_t kids[1][16];
    uint8_t keys[1][16];
    memcpy(kids[0], kid, 16);
    memcpy(keys[0], key, 16);
    return jwk_license_of(out, room, type, (const uint8_t(*)[16])kids, (const uint8_t(*)[16])keys, 1);
}

#endif /* TEST_SUPPORT_ENCODE_H */

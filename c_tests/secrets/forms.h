/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which a secret may lie in memory, masked, so that whoever looks for them does not hold them.
 */
#ifndef TEST_SECRETS_FORMS_H
#define TEST_SECRETS_FORMS_H

#include <openssl/bn.h>
#include <string.h>

#include "support/check.h"
#include "support/encode.h"

/* What is added to the bytes of a pattern. */
#define MASK 0x5c
#define MAX_PATTERNS 16384
#define MAX_WINDOW 16

/* Part of a form of a secret. */
typedef struct Pattern {
    uint8_t masked[MAX_WINDOW];
    uint8_t size; /* at least 8 */
    char name[47];
} Pattern;

typedef struct Patterns {
    Pattern items[MAX_PATTERNS];
    size_t count;
} Patterns;

static inline void add_pattern(Patterns *patterns, const char *name, const uint8_t *bytes, size_t size)
{
    REQUIRE(patterns->count < MAX_PATTERNS && size >= 8 && size <= MAX_WINDOW);
    Pattern *pattern = &patterns->items[patterns->count++];
    memset(pattern, 0, sizeof(*pattern));
    for (size_t i = 0; i < size; i++) {
        pattern->masked[i] = bytes[i] ^ MASK;
    }
    pattern->size = (uint8_t)size;
    snprintf(pattern->name, sizeof(pattern->name), "%s", name);
}

/* All windows of `size` bytes that begin at multiples of `step`, and the last one. */
static inline void add_windows(Patterns *patterns, const char *name, const void *bytes, size_t length, size_t size,
                               size_t step)
{
    REQUIRE(length >= size);
    for (size_t at = 0; at + size <= length; at += step) {
        add_pattern(patterns, name, (const uint8_t *)bytes + at, size);
    }
    add_pattern(patterns, name, (const uint8_t *)bytes + length - size, size);
}

/* Words in the order of the text and of a little-endian machine, the whole turned round. */
static inline void add_byte_orders(Patterns *patterns, const char *name, const uint8_t *bytes, size_t length)
{
    uint8_t other[64];
    REQUIRE(length <= sizeof(other) && length % 8 == 0);
    add_windows(patterns, name, bytes, length, 8, 8);
    for (size_t i = 0; i < length; i++) {
        other[i] = bytes[(i & ~(size_t)3) + 3 - (i & 3)];
    }
    add_windows(patterns, name, other, length, 8, 8);
    for (size_t i = 0; i < length; i++) {
        other[i] = bytes[length - 1 - i];
    }
    add_windows(patterns, name, other, length, 8, 8);
    explicit_bzero(other, sizeof(other));
}

static inline void add_texts(Patterns *patterns, const char *name, const uint8_t *bytes, size_t length)
{
    char text[160];
    char label[40];
    uint8_t shifted[67];
    REQUIRE(length <= 64);
    hex_encode(bytes, length, text);
    snprintf(label, sizeof(label), "%s, hex", name);
    add_windows(patterns, label, text, 2 * length, 16, 8);
    for (size_t i = 0; text[i] != '\0'; i++) {
        text[i] = (char)(text[i] >= 'a' ? text[i] - 32 : text[i]);
    }
    add_windows(patterns, label, text, 2 * length, 16, 8);
    /* Base64, by itself or as a part of something longer: without the characters that depend on what is around it. */
    snprintf(label, sizeof(label), "%s, base64", name);
    for (size_t shift = 0; shift < 3; shift++) {
        explicit_bzero(shifted, sizeof(shifted));
        memcpy(shifted + shift, bytes, length);
        for (int url = 0; url < 2; url++) {
            size_t first = (8 * shift + 5) / 6;
            size_t end = 8 * (shift + length) / 6;
            base64_encode(shifted, shift + length, url == 1, text);
            add_windows(patterns, label, text + first, end - first, 12, 4);
        }
    }
    explicit_bzero(text, sizeof(text));
    explicit_bzero(shifted, sizeof(shifted));
}

static inline uint8_t gf_multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (; b != 0; b >>= 1) {
        product ^= (b & 1) != 0 ? a : 0;
        a = (uint8_t)(a << 1 ^ ((a & 0x80) != 0 ? 0x1b : 0));
    }
    return product;
}

/* FIPS 197, section 5.1.1. */
static inline uint8_t aes_substitute(uint8_t byte)
{
    uint8_t inverse = 0;
    for (int candidate = 1; candidate < 256 && inverse == 0; candidate++) {
        inverse = gf_multiply(byte, (uint8_t)candidate) == 1 ? (uint8_t)candidate : 0;
    }
    uint8_t result = 0x63;
    for (int i = 0; i < 5; i++) {
        result ^= (uint8_t)(inverse << i | inverse >> (8 - i));
    }
    return result;
}

/* FIPS 197, section 5.2: the round keys of a key of 16 or 32 bytes, and those of the equivalent inverse cipher (5.3.5). */
static inline void add_aes_schedule(Patterns *patterns, const char *name, const uint8_t *key, size_t length)
{
    uint8_t words[60][4];
    uint8_t round_constant = 1;
    size_t key_words = length / 4;
    size_t count = 4 * (key_words + 7);
    char label[40];
    memcpy(words, key, length);
    for (size_t i = key_words; i < count; i++) {
        uint8_t last[4];
        memcpy(last, words[i - 1], 4);
        if (i % key_words == 0) {
            uint8_t first = last[0];
            last[0] = aes_substitute(last[1]) ^ round_constant;
            last[1] = aes_substitute(last[2]);
            last[2] = aes_substitute(last[3]);
            last[3] = aes_substitute(first);
            round_constant = gf_multiply(round_constant, 2);
        } else if (key_words > 6 && i % key_words == 4) {
            for (int j = 0; j < 4; j++) {
                last[j] = aes_substitute(last[j]);
            }
        }
        for (int j = 0; j < 4; j++) {
            words[i][j] = words[i - key_words][j] ^ last[j];
        }
        explicit_bzero(last, sizeof(last));
    }
    snprintf(label, sizeof(label), "%s, AES round key", name);
    for (size_t i = 0; i < count; i += 4) {
        uint8_t inverse[16];
        add_byte_orders(patterns, label, words[i], 16);
        for (int j = 0; j < 16; j++) {
            const uint8_t *column = words[i + (size_t)j / 4];
            inverse[j] = gf_multiply(column[j % 4], 14) ^ gf_multiply(column[(j + 1) % 4], 11) ^
                         gf_multiply(column[(j + 2) % 4], 13) ^ gf_multiply(column[(j + 3) % 4], 9);
        }
        add_byte_orders(patterns, label, inverse, 16);
        explicit_bzero(inverse, sizeof(inverse));
    }
    explicit_bzero(words, sizeof(words));
}

static inline void add_secret(Patterns *patterns, const char *name, const uint8_t *bytes, size_t length)
{
    add_byte_orders(patterns, name, bytes, length);
    add_texts(patterns, name, bytes, length);
}

/* A private key of P-256; also times 2^256 modulo the order, as Montgomery's multiplication has it. */
static inline void add_scalar(Patterns *patterns, const char *name, const uint8_t bytes[32])
{
    char label[40];
    uint8_t product[32];
    BN_CTX *context = BN_CTX_new();
    BIGNUM *value = BN_bin2bn(bytes, 32, NULL);
    BIGNUM *order = NULL;
    REQUIRE(BN_hex2bn(&order, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") == 64);
    REQUIRE(BN_lshift(value, value, 256) == 1 && BN_mod(value, value, order, context) == 1);
    REQUIRE(BN_bn2binpad(value, product, 32) == 32);
    add_secret(patterns, name, bytes, 32);
    snprintf(label, sizeof(label), "%s (Montgomery)", name);
    add_byte_orders(patterns, label, product, 32);
    explicit_bzero(product, sizeof(product));
    BN_clear_free(value);
    BN_free(order);
    BN_CTX_free(context);
}

#endif /* TEST_SECRETS_FORMS_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 * Messages, text encodings, files.
 */
#ifndef DRMPLAY_UTIL_H
#define DRMPLAY_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(position, first) __attribute__((format(printf, position, first)))
#else
#define PRINTF_LIKE(position, first)
#endif

/* Bytes of a key id or key. */
#define KEY_BYTES 16
/* Characters of a key id in hexadecimal, with NUL. */
#define KEY_HEX_LEN (2 * KEY_BYTES + 1)
/* Characters of 16 bytes in base64, with NUL. */
#define KEY_BASE64_LEN 25

/* Prints a sentence to standard error, after taking away the progress bar. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* Prints "drmplay: " and a sentence to standard error. Returns -1, so that callers can return it. */
int complain(const char *format, ...) PRINTF_LIKE(1, 2);

/* Like complain(), with FFmpeg's words for an error code at the end. */
int complain_av(int code, const char *format, ...) PRINTF_LIKE(2, 3);

/* Bytes as lower-case hexadecimal; `text` has room for 2 * size + 1 characters. Returns text. */
char *to_hex(char *text, const uint8_t *bytes, size_t size);

/* Up to 16 bytes as base64: the URL alphabet without padding, or the standard alphabet with padding. */
char *to_base64(char text[KEY_BASE64_LEN], const uint8_t *bytes, size_t size, bool url);

/* The 16 bytes of a base64 text, either alphabet, with or without padding. False if it is anything else. */
bool key_from_base64(uint8_t bytes[KEY_BYTES], const char *text);

/* A growing text. */
struct text {
    char *chars;
    size_t length;
    size_t room;
    bool failed;
};

void text_add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* The whole file with a NUL after it, to be freed; NULL after a complaint. At most `limit` bytes. */
uint8_t *read_file(const char *path, size_t limit, size_t *size);

/* Nanoseconds of a clock that never goes back. */
uint64_t now_ns(void);

/* The progress bar: drawn on standard error if that is a terminal, and taken away before anything else is printed. */
void progress_show(double share);
void progress_clear(void);

/* An output file that appears under its name only when it is complete. */
struct output_file {
    const char *path;
    char *temporary; /* NULL: written in place (a pipe, a terminal) */
};

/* Chooses the name to write to: output_name(). */
int output_begin(struct output_file *file, const char *path);
const char *output_name(const struct output_file *file);
/* Gives the file its name, or removes it. */
int output_end(struct output_file *file, bool keep);

#endif

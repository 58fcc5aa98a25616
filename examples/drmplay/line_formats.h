/*
 * SPDX-License-Identifier: Apache-2.0
 * What the key systems of examples/plugins ask, and what they want as an answer: lines of text.
 */
#ifndef DRMPLAY_LINE_FORMATS_H
#define DRMPLAY_LINE_FORMATS_H

#include "clearkey_server.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

/* The key ids that a request names and, if `persistent` is not NULL, whether they are to be stored. Returns -1 after a complaint. */
int lines_parse_request(enum answer_format format, const uint8_t *request, size_t size, struct key_ids *wanted,
                        bool *persistent);

/* Adds a key to a license, behind the license's head if it is the first. */
void lines_add_key(enum answer_format format, struct text *license, const uint8_t id[KEY_BYTES],
                   const uint8_t key[KEY_BYTES], bool first);

/* Acknowledges a release message of com.example.text. To be freed; NULL after a complaint. */
char *lines_acknowledge_release(const uint8_t *message, size_t size);

/* Answers the request of com.example.xor for a certificate, unless it has one. Returns -1 after a complaint. */
int lines_provision(MediaKeySystem *system);

#endif

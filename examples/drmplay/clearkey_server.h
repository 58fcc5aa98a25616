/*
 * SPDX-License-Identifier: Apache-2.0
 * The player's stand-in for a license server: it knows the keys of a JWK Set and answers the requests of com.clearplay.drm,
 * org.w3.clearkey, and the key systems of examples/plugins (line_formats.h).
 */
#ifndef DRMPLAY_CLEARKEY_SERVER_H
#define DRMPLAY_CLEARKEY_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "util.h"

/* How a key system wants its answer. */
enum answer_format {
    ANSWER_CLEARPLAY, /* <flag><base64 key id>:<base64 key>, for each key, separated by commas */
    ANSWER_JWK_SET,   /* W3C EME section 9.1.4 */
    ANSWER_TEXT,      /* com.example.text of examples/plugins */
    ANSWER_XOR,       /* com.example.xor of examples/plugins */
};

struct clearkey_server;

/* A list of key ids. */
struct key_ids {
    uint8_t (*ids)[KEY_BYTES];
    size_t count;
};

/* Adds a key id unless it is there. Returns -1 when out of memory. */
int key_ids_add(struct key_ids *list, const uint8_t id[KEY_BYTES]);
int key_ids_add_all(struct key_ids *list, const struct key_ids *others);
bool key_ids_contain(const struct key_ids *list, const uint8_t id[KEY_BYTES]);
void key_ids_free(struct key_ids *list);

/* Reads a JWK Set; NULL after a complaint. */
struct clearkey_server *clearkey_server_load(const char *path);
void clearkey_server_free(struct clearkey_server *server);

/* The key with that number, from 0. False if there is none. */
bool clearkey_server_key(const struct clearkey_server *server, size_t number, uint8_t id[KEY_BYTES], uint8_t key[KEY_BYTES]);

/* The key ids that a license request or release message names. Returns -1 after a complaint. */
int clearkey_parse_request(enum answer_format format, const uint8_t *request, size_t size, struct key_ids *wanted);

/*
 * Answers a license request: the keys that it has, persistent if the request asks for that. Key ids that it does not have
 * are added to `missing`. Returns the answer to be freed, empty if it has none of the keys; NULL after a complaint.
 */
char *clearkey_server_answer(const struct clearkey_server *server, enum answer_format format, const uint8_t *request,
                             size_t size, struct key_ids *missing);

/* Acknowledges a release message, such as {"kids":[...]} with the key ids that it names. To be freed; NULL after a complaint. */
char *clearkey_acknowledge_release(enum answer_format format, const uint8_t *message, size_t size);

#endif

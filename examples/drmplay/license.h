/*
 * SPDX-License-Identifier: Apache-2.0
 * The life of a MediaKeySession: request, response, stored keys, status.
 */
#ifndef DRMPLAY_LICENSE_H
#define DRMPLAY_LICENSE_H

#include "input.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"
#include "policy_service.h"

/* A key system instance and its session. */
struct license {
    const char *system_name;
    uint8_t system_id[DRM_UUID_LEN];
    enum answer_format format;
    MediaKeySystem *system;
    MediaKeySession *session;
    const struct clearkey_server *server; /* NULL: no keys but stored ones */
    struct policy_service *policy;        /* com.policyplay.drm only */
    bool offline;
    bool over;         /* the policy forbids to go on ... */
    char reason[256];  /* ... because of this */
    struct key_ids asked; /* key ids that need not be asked for again */
};

/* Creates system and session. Returns -1 after a complaint. */
int license_open(struct license *license, const char *system_name, const struct clearkey_server *server,
                 struct policy_service *policy, bool offline);
void license_close(struct license *license);

/*
 * Obtains the keys that init data names, with a request for each box: from the server, or, without one, from the store.
 * Returns the number of keys that could not be had; -1 after a complaint: something failed, or not one key could be had.
 */
int license_obtain(struct license *license, const struct init_data *init_data);

/* Obtains one key, once: for packets whose key id no init data named. True if another try to decrypt makes sense. */
bool license_obtain_key(struct license *license, const uint8_t key_id[KEY_BYTES]);

/* Gives back the stored keys that init data names. Returns -1 after a complaint. */
int license_release(struct license *license, const struct init_data *init_data);

/* The status word of a key, "no key" if the session does not have it. `word` has room for MAX_MEDIA_KEY_STATUS_VALUE_LEN. */
void license_key_status(const struct license *license, const uint8_t key_id[KEY_BYTES], char *word);

/* Prints what failed, with the library's own words. Returns -1. */
int complain_drm(Drm_ErrCode code, const char *what);

#endif

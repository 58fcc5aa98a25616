/*
 * SPDX-License-Identifier: Apache-2.0
 * A license service in the player itself, for com.policyplay.drm: it issues licenses with the policy of a file, and says what
 * the session tells.
 */
#ifndef DRMPLAY_POLICY_SERVICE_H
#define DRMPLAY_POLICY_SERVICE_H

#include "clearkey_server.h"
#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

struct policy_service;

/*
 * A service that has the keys of `keys` and the policy of the JSON file `policy`. It grants `renewals` renewals, or all of
 * them if that is negative. NULL after a complaint.
 */
struct policy_service *policy_service_open(const char *policy, const struct clearkey_server *keys, int renewals);
void policy_service_close(struct policy_service *service);

/* Gives the key system's device a certificate, unless it has one of this service. Returns -1 after a complaint. */
int policy_service_provision(struct policy_service *service, MediaKeySystem *system);

/* Listens to the session: says what happens to its licenses, and renews them. Returns -1 after a complaint. */
int policy_service_attend(struct policy_service *service, MediaKeySession *session);

/* Gives the service the content that init data names: those of its keys whose ids are in there. Returns -1 after a complaint. */
int policy_service_add_content(struct policy_service *service, const uint8_t *init_data, size_t size);

/* Asks for a license, or for a renewal if one is due. Returns -1 after a complaint. */
int policy_service_license(struct policy_service *service, MediaKeySession *session, const DRM_MediaKeyRequest *request);

/* Says something with the time since the service was opened in front. */
void policy_service_say(const struct policy_service *service, const char *format, ...) PRINTF_LIKE(2, 3);

/* Says what has become of the session's licenses, in the library's words. */
void policy_service_explain(const struct policy_service *service, MediaKeySession *session);

#endif

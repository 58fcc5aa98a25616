/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The provider's session and client token: what the provider is answered, and what the program reads of its licenses.
 */
#include "support/policy.h"

#define SESSION_TEXT "session+token/1?"
#define SESSION_TOKEN "c2Vzc2lvbit0b2tlbi8xPw=="
#define SESSION_HEX "73657373696f6e2b746f6b656e2f313f"
#define CLIENT_TEXT "client-token-of-acme"
#define CLIENT_TOKEN "Y2xpZW50LXRva2VuLW9mLWFjbWU="
#define CLIENT_HEX "636c69656e742d746f6b656e2d6f662d61636d65"
#define POLICY                                                                                              \
    "{\"can_play\":true,\"can_persist\":true,\"can_renew\":true,\"license_duration_seconds\":7200,"         \
    "\"renewal_delay_seconds\":3600}"

static const char *const traces[] = {SESSION_TEXT, SESSION_TOKEN, SESSION_HEX, CLIENT_TEXT, CLIENT_TOKEN, CLIENT_HEX};
enum { TRACES = sizeof(traces) / sizeof(traces[0]) };

static int lines;

/* Tokens may be private: no line of the log has one. */
static void on_line(NativeDrm_LogLevel level, const char *message, void *user_data)
{
    (void)level;
    (void)user_data;
    __atomic_add_fetch(&lines, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < TRACES; i++) {
        if (!CHECK(strstr(message, traces[i]) == NULL)) {
            fprintf(stderr, "    %s\n", message);
        }
    }
}

/* The members of the newest license that tell of its tokens; null: none. Its words do not. */
static void expect_tokens(MediaKeySession *session, const char *session_token, const char *client_token)
{
    char json[8192];
    char part[128];
    uint32_t size = sizeof(json);
    REQUIRE_OK(OH_MediaKeySession_ExplainLicenses(session, json, &size));
    const char *given[] = {session_token, client_token};
    static const char *const names[] = {"session_token", "client_token"};
    for (int i = 0; i < 2; i++) {
        if (given[i] == NULL) {
            snprintf(part, sizeof(part), "\"%s\":null", names[i]);
        } else {
            snprintf(part, sizeof(part), "\"%s\":\"%s\"", names[i], given[i]);
        }
        char name[32];
        snprintf(name, sizeof(name), "\"%s\":", names[i]);
        const char *found = strstr(json, name);
        if (!CHECK(found != NULL && strncmp(found, part, strlen(part)) == 0)) {
            fprintf(stderr, "    %s instead of %s\n", json, part);
        }
    }
    const char *text = strstr(json, "\"text\":");
    const char *end = strstr(json, "\"session_token\":");
    for (int i = 0; i < TRACES && text != NULL && end != NULL; i++) {
        const char *found = strstr(text, traces[i]);
        CHECK(found == NULL || found > end);
    }
}

#define TOKENS                                                                                                      \
    ",\"session_init\":{\"provider_session_token\":\"" SESSION_TOKEN "\",\"provider_client_token\":\"" CLIENT_TOKEN \
    "\",\"override_provider_client_token\":true}"

static void expect_answer(const char *answer, const char *part)
{
    if (!CHECK(strstr(answer, part) != NULL)) {
        fprintf(stderr, "    %s without %s\n", answer, part);
    }
}

static void online(void)
{
    static char answer[POLICY_ROOM + 1];
    OH_DrmLicenseService *service = make_policy_service(POLICY);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);

    /* Without tokens. */
    Message request = license_request(session, MEDIA_KEY_TYPE_ONLINE);
    Message license = license_in_template(service, &request, "", answer);
    expect_answer(answer, "\"session_init\":{\"provider_client_token\":null,\"provider_session_token\":null}");
    CHECK_OK(process_message(session, &license, NULL));
    expect_tokens(session, NULL, NULL);

    /* With both: provider and program read the same. */
    request = license_request(session, MEDIA_KEY_TYPE_ONLINE);
    license = license_in_template(service, &request, TOKENS, answer);
    expect_answer(answer, "\"session_init\":{\"provider_client_token\":\"" CLIENT_TOKEN
                          "\",\"provider_session_token\":\"" SESSION_TOKEN "\"}");
    CHECK_OK(process_message(session, &license, NULL));
    expect_tokens(session, SESSION_TOKEN, CLIENT_TOKEN);

    /* A renewal keeps them. */
    Message renewal = renewal_request(session, MEDIA_KEY_TYPE_ONLINE, "");
    license = license_in_template(service, &renewal, "", answer);
    expect_answer(answer, "\"provider_session_token\":\"" SESSION_TOKEN "\"");
    CHECK_OK(process_message(session, &license, NULL));
    expect_tokens(session, SESSION_TOKEN, CLIENT_TOKEN);

    /* The client token stays on the device, in other sessions, too; the session token does not. */
    MediaKeySession *other = make_session(system);
    request = license_request(other, MEDIA_KEY_TYPE_ONLINE);
    license = license_in_template(service, &request, "", answer);
    expect_answer(answer, "\"session_init\":{\"provider_client_token\":\"" CLIENT_TOKEN
                          "\",\"provider_session_token\":null}");
    CHECK_OK(process_message(other, &license, NULL));
    expect_tokens(other, NULL, CLIENT_TOKEN);
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(other));
    char json[16];
    uint32_t size = sizeof(json);
    CHECK_OK(OH_MediaKeySession_ExplainLicenses(other, json, &size));
    CHECK_STR(json, "[]");
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

static void offline(void)
{
    static char answer[POLICY_ROOM + 1];
    OH_DrmLicenseService *service = make_policy_service(POLICY);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    Message request = license_request(session, MEDIA_KEY_TYPE_OFFLINE);
    Message license = license_in_template(service, &request, TOKENS, answer);
    uint8_t id[16];
    CHECK_OK(process_message(session, &license, id));
    expect_tokens(session, SESSION_TOKEN, CLIENT_TOKEN);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));

    /* As in the next process. */
    system = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(system, START_MILLIS + 1000));
    session = make_session(system);
    CHECK_OK(OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16));
    expect_tokens(session, SESSION_TOKEN, CLIENT_TOKEN);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

/* Any bytes, as many as there may be. */
static void odd_tokens(void)
{
    static char answer[POLICY_ROOM + 1];
    static const char *const tokens[] = {"AA==", "//79/A==", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="};
    OH_DrmLicenseService *service = make_policy_service(POLICY);
    MediaKeySystem *system = make_device(service);
    MediaKeySession *session = make_session(system);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        char members[256];
        snprintf(members, sizeof(members), ",\"session_init\":{\"provider_session_token\":\"%s\"}", tokens[i]);
        Message request = license_request(session, MEDIA_KEY_TYPE_ONLINE);
        Message license = license_in_template(service, &request, members, answer);
        CHECK_OK(process_message(session, &license, NULL));
        expect_tokens(session, tokens[i], NULL);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
}

int main(void)
{
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_DEBUG, on_line, NULL));
    RUN_IN_OWN_STORE(online);
    RUN_IN_OWN_STORE(offline);
    RUN_IN_OWN_STORE(odd_tokens);
    CHECK(__atomic_load_n(&lines, __ATOMIC_RELAXED) > 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_OFF, NULL, NULL));
    return check_finish("license_tokens");
}

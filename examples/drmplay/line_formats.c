/*
 * SPDX-License-Identifier: Apache-2.0
 * Lines of text for the key systems of examples/plugins.
 */
#include "line_formats.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "license.h"

#define KEY_HEX_DIGITS (2 * KEY_BYTES)

static bool is_hex(const char *text)
{
    for (size_t i = 0; i < KEY_HEX_DIGITS; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return false;
    }
    return text[KEY_HEX_DIGITS] == '\0';
}

static int add_id(struct key_ids *list, const char *text)
{
    uint8_t id[KEY_BYTES];
    char digits[3] = {0};

    for (size_t i = 0; i < KEY_BYTES; i++) {
        memcpy(digits, text + 2 * i, 2);
        id[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return key_ids_add(list, id);
}

int lines_parse_request(enum answer_format format, const uint8_t *request, size_t size, struct key_ids *wanted,
                        bool *persistent)
{
    const char *word = format == ANSWER_TEXT ? "key " : "";
    char *text = strndup((const char *)request, size);
    char *rest = NULL;
    int result = text ? 0 : complain("out of memory");

    if (persistent)
        *persistent = false;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line && result == 0; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, word, strlen(word)) == 0 && is_hex(line + strlen(word)))
            result = add_id(wanted, line + strlen(word));
        else if (format == ANSWER_TEXT && strcmp(line, "offline") == 0 && persistent)
            *persistent = true;
        else if (format != ANSWER_TEXT || (strcmp(line, "text request 1") != 0 && strcmp(line, "offline") != 0))
            result = complain("the key system's request has a line that is no key id");
    }
    free(text);
    return result;
}

void lines_add_key(enum answer_format format, struct text *license, const uint8_t id[KEY_BYTES],
                   const uint8_t key[KEY_BYTES], bool first)
{
    char id_hex[KEY_HEX_LEN];
    char key_hex[KEY_HEX_LEN];

    to_hex(id_hex, id, KEY_BYTES);
    to_hex(key_hex, key, KEY_BYTES);
    if (format == ANSWER_TEXT)
        text_add(license, "%skey %s %s\n", first ? "text license 1\n" : "", id_hex, key_hex);
    else
        text_add(license, "%s%s %s", first ? "" : "\n", id_hex, key_hex);
}

char *lines_acknowledge_release(const uint8_t *message, size_t size)
{
    static const char words[] = "give back ";
    const size_t length = sizeof(words) - 1;
    struct text answer = {0};

    if (size <= length || memcmp(message, words, length) != 0) {
        complain("the key system's release message is not \"give back ID\"");
        return NULL;
    }
    text_add(&answer, "taken %.*s", (int)(size - length), (const char *)message + length);
    if (answer.failed) {
        complain("out of memory");
        free(answer.chars);
        return NULL;
    }
    return answer.chars;
}

int lines_provision(MediaKeySystem *system)
{
    static const char question[] = "who am I";
    char answer[] = "you are drmplay";
    DRM_CertificateStatus status = CERT_STATUS_INVALID;
    uint8_t *request = malloc(MAX_MEDIA_KEY_REQUEST_DATA_LEN);
    int32_t size = MAX_MEDIA_KEY_REQUEST_DATA_LEN;
    char url[MAX_DEFAULT_URL_LEN];
    int result = -1;

    Drm_ErrCode code = OH_MediaKeySystem_GetCertificateStatus(system, &status);
    if (!request) {
        complain("out of memory");
    } else if (code != DRM_ERR_OK) {
        complain_drm(code, "read the certificate's status");
    } else if (status == CERT_STATUS_PROVISIONED) {
        result = 0;
    } else if ((code = OH_MediaKeySystem_GenerateKeySystemRequest(system, request, &size, url, sizeof(url))) != DRM_ERR_OK) {
        complain_drm(code, "make a request for a certificate");
    } else if (size != (int32_t)strlen(question) || memcmp(request, question, strlen(question)) != 0) {
        complain("the key system's request for a certificate is not \"%s\"", question);
    } else if ((code = OH_MediaKeySystem_ProcessKeySystemResponse(system, (uint8_t *)answer, (int32_t)strlen(answer))) !=
               DRM_ERR_OK) {
        complain_drm(code, "install the certificate");
    } else {
        result = 0;
    }
    free(request);
    return result;
}

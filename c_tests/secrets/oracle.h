/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Another process that makes the keys, is the license service, and tells masked patterns of what it knows. The process that
 * is searched gets keys from it only as a player does: in licenses.
 */
#ifndef TEST_SECRETS_ORACLE_H
#define TEST_SECRETS_ORACLE_H

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/socket.h>

#include "forms.h"
#include "support/policy.h"
#include "support/process.h"

#define ORACLE_DESCRIPTOR 9
#define ORACLE_KEYS 2

/* What is asked. `index`: of a key. */
typedef struct OracleRequest {
    char what; /* see oracle_answer() */
    uint8_t index;
    char flag;
    uint32_t size;
    int64_t time; /* of the service, milliseconds since 1970 */
} OracleRequest;

typedef struct OracleSample {
    uint8_t iv[16];
    uint8_t cipher[64];
    uint8_t plain[64];
} OracleSample;

/* ---- the oracle's side ---- */

static uint8_t oracle_keys[ORACLE_KEYS][16];
static OH_DrmLicenseService *oracle_service;

static inline void oracle_content(char *text, size_t room)
{
    const uint8_t *kids[ORACLE_KEYS] = {KID_A, KID_B};
    size_t used = (size_t)snprintf(text, room, "{\"content_id\":\"bW92aWU=\",\"policy\":\"p\",\"keys\":[");
    for (int i = 0; i < ORACLE_KEYS; i++) {
        char kid[32];
        char key[32];
        base64_encode(kids[i], 16, false, kid);
        base64_encode(oracle_keys[i], 16, false, key);
        used += (size_t)snprintf(text + used, room - used, "%s{\"track_type\":\"%s\",\"key_id\":\"%s\",\"key\":\"%s\"}",
                                 i == 0 ? "" : ",", i == 0 ? "SD" : "AUDIO", kid, key);
    }
    snprintf(text + used, room - used, "]}");
}

static inline void oracle_read(const char *path, uint8_t *bytes, size_t room, size_t *size)
{
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    *size = fread(bytes, 1, room, file);
    REQUIRE(*size > 0 && *size < room);
    fclose(file);
}

/* The secrets of com.policyplay.drm's device, read from the store (see src/storage). */
static inline void add_device(Patterns *patterns, const char *store)
{
    static const char PURPOSE[] = "native_drm 1 offline entries\1";
    static const char NAMESPACE[] = POLICYPLAY ".device";
    static const char ID[] = "identity";
    uint8_t zeros[32] = {0};
    uint8_t secret[32];
    uint8_t entry_key[32];
    uint8_t file[16384];
    uint8_t plain[16384];
    uint8_t associated[256];
    char path[POLICY_ROOM + 128];
    char hex[64];
    size_t size;
    unsigned length = 32;
    int done = 0;
    snprintf(path, sizeof(path), "%s/device.key", store);
    oracle_read(path, file, sizeof(file), &size);
    REQUIRE(size == 48);
    uint8_t device_key[32];
    memcpy(device_key, file + 8, 32);
    /* RFC 5869, without salt, one block. */
    REQUIRE(HMAC(EVP_sha256(), zeros, 32, device_key, 32, secret, &length) != NULL);
    REQUIRE(HMAC(EVP_sha256(), secret, 32, (const uint8_t *)PURPOSE, sizeof(PURPOSE) - 1, entry_key, &length) != NULL);
    hex_encode((const uint8_t *)ID, sizeof(ID) - 1, hex);
    snprintf(path, sizeof(path), "%s/%s/%s.key", store, NAMESPACE, hex);
    oracle_read(path, file, sizeof(file), &size);
    memcpy(associated, "NDRM\2", 5);
    associated[5] = sizeof(NAMESPACE) - 1;
    memcpy(associated + 6, NAMESPACE, sizeof(NAMESPACE) - 1);
    memcpy(associated + 6 + sizeof(NAMESPACE) - 1, ID, sizeof(ID) - 1);
    int associated_size = (int)(6 + sizeof(NAMESPACE) - 1 + sizeof(ID) - 1);
    int text_size = (int)size - 5 - 12 - 16;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    REQUIRE(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, entry_key, file + 5) == 1);
    REQUIRE(EVP_DecryptUpdate(context, NULL, &done, associated, associated_size) == 1);
    REQUIRE(EVP_DecryptUpdate(context, plain, &done, file + 17, text_size) == 1 && done == text_size);
    REQUIRE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, file + 17 + text_size) == 1);
    REQUIRE(EVP_DecryptFinal_ex(context, plain + done, &done) == 1);
    EVP_CIPHER_CTX_free(context);
    plain[text_size] = '\0';
    static const char *const MEMBERS[] = {"\"signing_key\":\"", "\"seal_key\":\""};
    static const char *const NAMES[] = {"device's signing key", "device's sealing key"};
    for (int i = 0; i < 2; i++) {
        const char *found = strstr((const char *)plain, MEMBERS[i]);
        REQUIRE(found != NULL);
        char text[48];
        snprintf(text, sizeof(text), "%.43s=", found + strlen(MEMBERS[i]));
        for (char *c = text; *c != '\0'; c++) {
            *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
        }
        uint8_t scalar[48];
        REQUIRE(EVP_DecodeBlock(scalar, (const uint8_t *)text, 44) == 33);
        add_scalar(patterns, NAMES[i], scalar);
    }
    add_secret(patterns, "store's device key", device_key, 32);
    add_secret(patterns, "store's derived secret", secret, 32);
    add_secret(patterns, "store's entry key", entry_key, 32);
    add_aes_schedule(patterns, "store's entry key", entry_key, 32);
}

static inline void oracle_sample(int index, OracleSample *sample)
{
    int done = 0;
    FILE *random = fopen("/dev/urandom", "rb");
    REQUIRE(random != NULL && fread(sample, sizeof(*sample), 1, random) == 1);
    fclose(random);
    memset(sample->iv + 8, 0, 8);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    REQUIRE(EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, oracle_keys[index], sample->iv) == 1);
    REQUIRE(EVP_EncryptUpdate(context, sample->cipher, &done, sample->plain, 64) == 1 && done == 64);
    EVP_CIPHER_CTX_free(context);
}

static inline int oracle_main(void)
{
    static Patterns patterns;
    static uint8_t input[POLICY_ROOM];
    static uint8_t output[POLICY_ROOM];
    OracleRequest request;
    FILE *random = fopen("/dev/urandom", "rb");
    REQUIRE(random != NULL && fread(oracle_keys, sizeof(oracle_keys), 1, random) == 1);
    fclose(random);
    while (transfer(ORACLE_DESCRIPTOR, &request, sizeof(request), false)) {
        void *answer = output;
        uint32_t size = 0;
        const uint8_t *kid = request.index == 0 ? KID_A : KID_B;
        REQUIRE(request.size < sizeof(input) && transfer(ORACLE_DESCRIPTOR, input, request.size, false));
        if (oracle_service != NULL) {
            REQUIRE_OK(OH_DrmLicenseService_SetTime(oracle_service, request.time));
        }
        switch (request.what) {
        case 'p': /* Patterns of the content keys; with flag 'd' of the secrets of the device in a store, too. */
            patterns.count = 0;
            for (int i = 0; i < ORACLE_KEYS; i++) {
                add_secret(&patterns, "content key", oracle_keys[i], 16);
                add_aes_schedule(&patterns, "content key", oracle_keys[i], 16);
            }
            if (request.flag == 'd') {
                input[request.size] = '\0';
                add_device(&patterns, (const char *)input);
            }
            answer = patterns.items;
            size = (uint32_t)(patterns.count * sizeof(Pattern));
            break;
        case 'r': /* A key as it is. */
            memcpy(output, oracle_keys[request.index], 16);
            size = 16;
            break;
        case 'b': /* A key in base64url. */
            base64_encode(oracle_keys[request.index], 16, true, (char *)output);
            size = 22;
            break;
        case 'c': /* A license of com.clearplay.drm. */
            clearplay_license((char *)output, sizeof(output), request.flag, kid, oracle_keys[request.index]);
            size = (uint32_t)strlen((char *)output);
            break;
        case 'j': /* A JWK Set. */
            jwk_license((char *)output, sizeof(output), request.flag == '1' ? "persistent-license" : "temporary", kid,
                        oracle_keys[request.index]);
            size = (uint32_t)strlen((char *)output);
            break;
        case 's': /* A sample. */
            oracle_sample(request.index, (OracleSample *)(void *)output);
            size = sizeof(OracleSample);
            break;
        case 'i': /* The content, for a service elsewhere. */
            oracle_content((char *)output, sizeof(output));
            size = (uint32_t)strlen((char *)output);
            break;
        case 'v': { /* A service begins; the request is its policy. */
            char text[1024];
            if (oracle_service != NULL) {
                REQUIRE_OK(OH_DrmLicenseService_Destroy(oracle_service));
            }
            REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &oracle_service));
            REQUIRE_OK(OH_DrmLicenseService_SetTime(oracle_service, request.time));
            REQUIRE_OK(OH_DrmLicenseService_AddPolicy(oracle_service, "p", input, request.size));
            oracle_content(text, sizeof(text));
            REQUIRE_OK(OH_DrmLicenseService_AddContent(oracle_service, (uint8_t *)text, (uint32_t)strlen(text)));
            break;
        }
        case 'm': { /* A message to the service. */
            OH_DrmLicenseService_Answer details;
            size = sizeof(output);
            REQUIRE_OK(OH_DrmLicenseService_HandleMessage(oracle_service, input, request.size, output, &size, &details));
            REQUIRE(details.status == 200);
            break;
        }
        default:
            REQUIRE(false);
        }
        REQUIRE(transfer(ORACLE_DESCRIPTOR, &size, sizeof(size), true));
        REQUIRE(transfer(ORACLE_DESCRIPTOR, answer, size, true));
    }
    return EXIT_SUCCESS;
}

/* ---- the side of the process that is searched ---- */

static int oracle_socket = -1;
static int64_t oracle_time;
static pid_t oracle_process;

static inline void oracle_start(void)
{
    int pair[2];
    const char *arguments[] = {"oracle", NULL};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    REQUIRE(dup2(pair[1], ORACLE_DESCRIPTOR) == ORACLE_DESCRIPTOR);
    oracle_process = process_start(arguments, NULL);
    close(ORACLE_DESCRIPTOR);
    close(pair[1]);
    oracle_socket = pair[0];
}

static inline void oracle_stop(void)
{
    close(oracle_socket);
    CHECK(process_succeeded(oracle_process));
}

/* Asks; returns the size of the answer. */
static inline uint32_t ask_oracle(char what, int index, char flag, const void *input, uint32_t input_size, void *output,
                                  size_t room)
{
    OracleRequest request;
    uint32_t size = 0;
    memset(&request, 0, sizeof(request));
    request.what = what;
    request.index = (uint8_t)index;
    request.flag = flag;
    request.size = input_size;
    request.time = oracle_time;
    REQUIRE(transfer(oracle_socket, &request, sizeof(request), true));
    REQUIRE(input_size == 0 || transfer(oracle_socket, (void *)(uintptr_t)input, input_size, true));
    REQUIRE(transfer(oracle_socket, &size, sizeof(size), false) && size <= room);
    REQUIRE(transfer(oracle_socket, output, size, false));
    return size;
}

#endif /* TEST_SECRETS_ORACLE_H */

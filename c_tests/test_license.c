/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Processing licenses: formats, what is malformed, room for the media key id, all or nothing.
 */
#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

#define A64 "oKGio6SlpqeoqaqrrK2urw=="
#define B64 "sLGys7S1tre4ubq7vL2+vw=="
#define A64URL "oKGio6SlpqeoqaqrrK2urw"
/* NIST_KEY. */
#define K64 "K34VFiiu0qar9xWICc9PPA=="
#define K64URL "K34VFiiu0qar9xWICc9PPA"
#define JWK_A "{\"kty\":\"oct\",\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}"

static uint32_t key_count(MediaKeySession *session)
{
    DRM_MediaKeyStatus status;
    REQUIRE_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, &status));
    return status.statusCount;
}

/* Processes a text that ends where a page without access begins. */
static Drm_ErrCode process(MediaKeySession *session, const void *text, size_t size, uint8_t *id, int32_t *id_len)
{
    uint8_t *copy = (uint8_t *)guard_copy(text, size);
    Drm_ErrCode code = OH_MediaKeySession_ProcessMediaKeyResponse(session, copy, (int32_t)size, id, id_len);
    guard_free(copy, size);
    return code;
}

static void expect_key_a(const char *name, const char *text)
{
    MediaKeySystem *system = make_system(name);
    MediaKeySession *session = make_session(system);
    uint8_t id[64];
    int32_t id_len = 64;
    memset(id, 0x5a, sizeof(id));
    if (!CHECK_OK(process(session, text, strlen(text), id, &id_len))) {
        fprintf(stderr, "    %s with %s\n", name, text);
    }
    CHECK_INT(id_len, 16);
    CHECK_MEM(id, KID_A, 16);
    CHECK_FILLED(id + 16, 0x5a, 48);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void formats(void)
{
    expect_key_a(CLEARPLAY, "0" A64 ":" K64);
    expect_key_a(CLEARPLAY, "0" B64 ":" B64 "," A64 ":" K64);
    /* As upstream reads it: the flag in every entry, padding optional, the first other character ends base64. */
    expect_key_a(CLEARPLAY, "0" B64 ":" B64 ",0" A64 ":" K64);
    expect_key_a(CLEARPLAY, "0" A64 ":" K64URL);
    expect_key_a(CLEARPLAY, "0" A64URL ":" K64);
    expect_key_a(CLEARPLAY, "0" B64 ":" B64 ",0" A64URL ":" K64URL);
    expect_key_a(CLEARPLAY, "0" B64 ":" B64 "," A64URL ":" K64URL);
    expect_key_a(CLEARPLAY, "0" A64 ":K34VFiiu0qar9xWICc9PPB=="); /* bits behind the last byte */
    expect_key_a(CLEARPLAY, "0" A64 ":" K64 "\n");
    expect_key_a(CLEARPLAY, "0" A64 ":" K64URL "\r\n");
    expect_key_a(CLEARPLAY, "0" A64 ":" K64 "\xff");
    expect_key_a(CLEARPLAY, "0" A64 ":" K64 ":" K64);
    expect_key_a(CLEARPLAY, "0" A64 ":" K64 ";" B64 ":" K64);
    expect_key_a(CLEARPLAY, "0" A64 " :" K64);
    for (int i = 0; i < 2; i++) {
        const char *name = i == 0 ? CLEARPLAY : W3C_CLEARKEY;
        expect_key_a(name, "{\"keys\":[" JWK_A "],\"type\":\"temporary\"}");
        expect_key_a(name, "{\"keys\":[" JWK_A "]}");
        expect_key_a(name, " {\n \"type\" : \"temporary\",\t\"keys\" : [ " JWK_A " ] }\r\n");
        expect_key_a(name, "{\"keys\":[{\"alg\":\"A128KW\",\"kty\":\"oct\",\"k\":\"" K64URL "\",\"kid\":\"" A64URL
                           "\",\"use\":\"enc\"}],\"extra\":{\"a\":[1,2]}}");
        expect_key_a(name, "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"kid\":\"sLGys7S1tre4ubq7vL2-vw"
                           "\"}," JWK_A "]}");
    }
}

static void expect_malformed(const char *name, const void *text, size_t size)
{
    MediaKeySystem *system = make_system(name);
    MediaKeySession *session = make_session(system);
    uint8_t id[64];
    int32_t id_len = 64;
    memset(id, 0x5a, sizeof(id));
    give_jwk(session, NULL, KID_B, OTHER_KEY);
    if (!CHECK_UNKNOWN(process(session, text, size, id, &id_len))) {
        fprintf(stderr, "    %s with %.*s\n", name, (int)size, (const char *)text);
    }
    CHECK_INT(id_len, 64);
    CHECK_FILLED(id, 0x5a, sizeof(id));
    CHECK_INT(key_count(session), 1);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
    /* The key itself is not in the message. */
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "K34VFiiu") == NULL);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void malformed_clearplay(void)
{
    static const char *const texts[] = {
        "0",
        "1",
        "2" A64 ":" K64,
        A64 ":" K64,
        "0" A64,
        "0" A64 ":",
        "0:" K64,
        "0:",
        "0" A64 ":" K64 ",",
        "0," A64 ":" K64,
        "0" A64 ":" K64 "," A64,
        "0" A64 ":" K64 "," B64 ":",
        "0" A64 ":" K64 ",,",
        "0" A64 ":" K64 ",0" B64 ":",
        "0" A64 ":" K64 ",1" B64,
        "0" A64 ":" K64 ",2" B64 ":" K64,
        "0" A64 ":" K64 ",\n0" B64 ":" K64,
        "0" A64 ":\n" K64,
        "0\n" A64 ":" K64,
        "0==:" K64,
        "no license at all",
        "<license/>",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_malformed(CLEARPLAY, texts[i], strlen(texts[i]));
    }
    /* W3C Clear Key takes JWK Sets alone. */
    expect_malformed(W3C_CLEARKEY, "0" A64 ":" K64, strlen("0" A64 ":" K64));
}

static void malformed_jwk(void)
{
    static const char *const texts[] = {
        "{",
        "{}",
        "[]",
        "null",
        "{\"keys\":[]}",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[" JWK_A "]",
        "{\"keys\":[" JWK_A "]}x",
        "{\"keys\":[" JWK_A ",]}",
        "{\"keys\":[" JWK_A "],\"type\":1}",
        "{\"keys\":[" JWK_A "],\"type\":\"forever\"}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"kty\":\"RSA\",\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"\",\"kid\":\"" A64URL "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"" K64URL "\",\"kid\":\"\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"" K64 "\",\"kid\":\"" A64URL "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"" K64URL "\",\"kid\":\"" A64 "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"a+b/\",\"kid\":\"" A64URL "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":\"ab c\",\"kid\":\"" A64URL "\"}]}",
        "{\"keys\":[" JWK_A ",{\"kty\":\"oct\",\"k\":5,\"kid\":\"" A64URL "\"}]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_malformed(CLEARPLAY, texts[i], strlen(texts[i]));
        expect_malformed(W3C_CLEARKEY, texts[i], strlen(texts[i]));
    }
    /* Nested deeper than any parser should follow. */
    char *deep = (char *)malloc(NATIVE_DRM_MAX_RESPONSE_LEN);
    REQUIRE(deep != NULL);
    memset(deep, '[', NATIVE_DRM_MAX_RESPONSE_LEN);
    memcpy(deep, "{\"keys\":", 8);
    expect_malformed(CLEARPLAY, deep, 100000);
    expect_malformed(W3C_CLEARKEY, deep, NATIVE_DRM_MAX_RESPONSE_LEN);
    free(deep);
}

/* RFC 7517, section 5: what is no symmetric key, or lacks a member of one, is passed over, wherever it is. */
static void foreign_jwk(void)
{
    static const char *const entries[] = {
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"x\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBC\",\"y\":\"4Etl\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"key_ops\":[\"sign\",{\"a\":[null]}],\"kid\":7,\"k\":[1]}",
        "{\"kty\":\"RSA\",\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":\"RSA\",\"k\":null,\"kid\":null}",
        "{\"kty\":\"RSA\",\"k\":\"a\",\"k\":\"b\",\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"kty\":\"Oct\",\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":null,\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":1,\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}",
        "{\"k\":\"" K64URL "\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":\"oct\",\"k\":\"" K64URL "\"}",
        "{\"kty\":\"oct\",\"kid\":\"" A64URL "\"}",
        "{\"kty\":\"oct\",\"k\":\"" K64URL "\",\"kid\":null}",
        "{}",
    };
    static const char *const names[] = {CLEARPLAY, W3C_CLEARKEY};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        char text[1024];
        for (size_t n = 0; n < 2; n++) {
            snprintf(text, sizeof(text), "{\"keys\":[%s," JWK_A "]}", entries[i]);
            expect_key_a(names[n], text);
            snprintf(text, sizeof(text), "{\"keys\":[" JWK_A ",%s]}", entries[i]);
            expect_key_a(names[n], text);
            snprintf(text, sizeof(text), "{\"keys\":[%s,%s," JWK_A ",%s]}", entries[i], entries[0], entries[i]);
            expect_key_a(names[n], text);
            /* Without a key that can be used it is no license. */
            snprintf(text, sizeof(text), "{\"keys\":[%s]}", entries[i]);
            expect_malformed(names[n], text, strlen(text));
            MediaKeySystem *system = make_system(names[n]);
            CHECK_UNKNOWN(process_response(make_session(system), text));
            CHECK(strstr(OH_Drm_GetLastErrorMessage(), "no key of kty \"oct\" with kid and k among 1") != NULL);
            CHECK_OK(OH_MediaKeySystem_Destroy(system));
        }
    }
}

static void expect_row(const DRM_MediaKeyStatus *status, uint32_t row, const char *name)
{
    CHECK_STR(status->statusName[row], name);
    CHECK_STR(status->statusValue[row], "USABLE");
}

/* Answers seen in the wild: two entries with a flag each; the answer of a text file, with its newline or NUL. */
static void answers_of_servers(void)
{
#define KID_1 "0nrQFDeRLSAKTLifXUIPiZg==:AAECAwQFBgcICQoLDA0ODw=="
#define KID_2 "0ABEiM0RVZneImaq7zN3u/w==:Dw4NDAsKCQgHBgUEAwIBAA=="
    static const struct {
        const char *text;
        size_t size;
        uint32_t keys;
    } answers[] = {
        {KID_1 "," KID_2, sizeof(KID_1 "," KID_2) - 1, 2},
        {KID_1 "\n", sizeof(KID_1), 1},
        {KID_1 "\r\n", sizeof(KID_1) + 1, 1},
        {KID_1, sizeof(KID_1), 1}, /* with its NUL */
        {KID_1 "\n," KID_2 "\n", sizeof(KID_1 "\n," KID_2 "\n"), 2},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        MediaKeySystem *system = make_system(CLEARPLAY);
        MediaKeySession *session = make_session(system);
        DRM_MediaKeyStatus status;
        uint8_t id[64];
        uint8_t last[16];
        int32_t id_len = 64;
        const char *names[] = {"9eb4050de44b4802932e27d75083e266", "00112233445566778899aabbccddeeff"};
        CHECK_OK(process(session, answers[i].text, answers[i].size, id, &id_len));
        hex_decode(names[answers[i].keys - 1], last);
        CHECK_INT(id_len, 16);
        CHECK_MEM(id, last, 16);
        CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, &status));
        CHECK_INT(status.statusCount, answers[i].keys);
        for (uint32_t row = 0; row < answers[i].keys; row++) {
            expect_row(&status, row, names[row]);
        }
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

/* Where nothing is stored, there is no id that a program without room for it would miss. */
static void no_room_where_nothing_is_stored(void)
{
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    uint8_t id = 0x5a;
    int32_t id_len = 0;
    static const char online[] = "{\"keys\":[" JWK_A "],\"type\":\"temporary\"}";
    static const char offline[] = "{\"keys\":[" JWK_A "],\"type\":\"persistent-license\"}";
    CHECK_INVALID(process(session, offline, strlen(offline), &id, &id_len));
    CHECK_INT(id_len, 16);
    CHECK_INT(key_count(session), 0);
    id_len = 0;
    CHECK_OK(process(session, online, strlen(online), &id, &id_len));
    CHECK_INT(id_len, 0);
    CHECK_INT(id, 0x5a);
    CHECK_OK(decrypt_nist(session, KID_A));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void room_for_the_id(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    static const char text[] = "0" A64 ":" K64;
    uint8_t *id = (uint8_t *)guard_alloc(16);
    static const int32_t rooms[] = {15, 1, -1, INT32_MIN};
    memset(id, 0x5a, 16);
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        int32_t id_len = rooms[i];
        CHECK_INVALID(process(session, text, strlen(text), id, &id_len));
        if (rooms[i] > 0) {
            CHECK_INT(id_len, 16);
        }
    }
    CHECK_FILLED(id, 0x5a, 16);
    CHECK_INT(key_count(session), 0);
    int32_t id_len = 16;
    CHECK_INVALID(process(session, text, strlen(text), NULL, &id_len));
    CHECK_INVALID(process(session, text, strlen(text), id, NULL));
    CHECK_INT(key_count(session), 0);
    CHECK_OK(process(session, text, strlen(text), id, &id_len));
    CHECK_INT(id_len, 16);
    CHECK_MEM(id, KID_A, 16);
    CHECK_INT(key_count(session), 1);
    guard_free(id, 16);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void bad_lengths(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    uint8_t text[] = "0" A64 ":" K64;
    uint8_t id[64];
    static const int32_t lengths[] = {0, -1, INT32_MIN, NATIVE_DRM_MAX_RESPONSE_LEN + 1, INT32_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int32_t id_len = 64;
        CHECK_INVALID(OH_MediaKeySession_ProcessMediaKeyResponse(session, text, lengths[i], id, &id_len));
        CHECK_INT(id_len, 64);
    }
    int32_t id_len = 64;
    CHECK_INVALID(OH_MediaKeySession_ProcessMediaKeyResponse(session, NULL, 10, id, &id_len));
    CHECK_INT(key_count(session), 0);

    /* The largest response: a JWK Set in front of white space. */
    char *largest = (char *)malloc(NATIVE_DRM_MAX_RESPONSE_LEN);
    REQUIRE(largest != NULL);
    memset(largest, ' ', NATIVE_DRM_MAX_RESPONSE_LEN);
    memcpy(largest, "{\"keys\":[" JWK_A "]}", strlen("{\"keys\":[" JWK_A "]}"));
    CHECK_OK(process(session, largest, NATIVE_DRM_MAX_RESPONSE_LEN, id, &id_len));
    CHECK_INT(key_count(session), 1);
    free(largest);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void later_key_replaces(void)
{
    for (int i = 0; i < 2; i++) {
        MediaKeySystem *system = make_system(i == 0 ? CLEARPLAY : W3C_CLEARKEY);
        MediaKeySession *session = make_session(system);
        uint8_t data[NIST_SIZE];
        uint8_t plain[NIST_SIZE];
        give_jwk(session, NULL, KID_A, OTHER_KEY);
        DRM_SampleInfo info = nist_ctr_sample(KID_A, data);
        hex_decode(NIST_PLAIN, plain);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, NIST_SIZE));
        CHECK(memcmp(data, plain, NIST_SIZE) != 0);
        give_jwk(session, NULL, KID_A, NIST_KEY);
        CHECK_OK(decrypt_nist(session, KID_A));
        CHECK_INT(key_count(session), 1);
        CHECK_OK(OH_MediaKeySystem_Destroy(system));
    }
}

/* Key ids and keys of any length are stored, but only 16-byte keys decrypt. */
static void other_lengths(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *session = make_session(system);
    DRM_MediaKeyStatus status;
    uint8_t id[64];
    int32_t id_len = 64;
    static const char *const texts[] = {"0aWQ=:a2V5", "0" A64 ":AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
                                        "0" B64 ":AAECAwQFBgcICQoLDA0O"};
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(process(session, texts[i], strlen(texts[i]), id, &id_len));
        CHECK_INT(id_len, i == 0 ? 2 : 16);
        CHECK_MEM(id, i == 0 ? (const uint8_t *)"id" : (i == 1 ? KID_A : KID_B), (size_t)id_len);
        id_len = 64;
    }
    CHECK_OK(OH_MediaKeySession_CheckMediaKeyStatus(session, &status));
    CHECK_INT(status.statusCount, 3);
    CHECK_STR(status.statusName[0], "6964");
    CHECK_STR(status.statusName[1], KID_A_HEX);
    CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY); /* 24 bytes */
    CHECK_CODE(decrypt_nist(session, KID_B), DRM_ERR_NO_KEY); /* 15 bytes */
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* Keys with zero bytes in them, 300 keys in one license. */
static void many_keys(void)
{
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    enum { COUNT = 300 };
    uint8_t(*kids)[16] = (uint8_t(*)[16])calloc(COUNT, 16);
    uint8_t(*keys)[16] = (uint8_t(*)[16])calloc(COUNT, 16);
    char *text = (char *)malloc(COUNT * 96);
    REQUIRE(kids != NULL && keys != NULL && text != NULL);
    for (int i = 0; i < COUNT; i++) {
        kids[i][0] = (uint8_t)(i >> 8);
        kids[i][15] = (uint8_t)i;
    }
    memcpy(kids[COUNT - 1], KID_A, 16);
    memcpy(keys[COUNT - 1], NIST_KEY, 16);
    jwk_license_of(text, COUNT * 96, "temporary", (const uint8_t(*)[16])kids, (const uint8_t(*)[16])keys, COUNT);
    CHECK_OK(process_response(session, text));
    CHECK_OK(decrypt_nist(session, KID_A));
    for (int i = 0; i < COUNT - 1; i += 37) {
        uint8_t data[16] = {0};
        /* AES-128 of a zero block with a zero key (FIPS 197 algorithm, NIST AESAVS GFSbox/KeySbox zero case). */
        uint8_t expected[16];
        DRM_SampleInfo info = sample_info(DRM_ALG_CENC_AES_CTR, kids[i], "00000000000000000000000000000000");
        hex_decode("66e94bd4ef8a2c3b884cfa59ca342b2e", expected);
        CHECK_OK(OH_MediaKeySession_DecryptSample(session, &info, data, 16));
        CHECK_MEM(data, expected, 16);
    }
    free(text);
    free(keys);
    free(kids);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

int main(void)
{
    RUN(formats);
    RUN(malformed_clearplay);
    RUN(malformed_jwk);
    RUN(foreign_jwk);
    RUN(answers_of_servers);
    RUN(room_for_the_id);
    RUN(no_room_where_nothing_is_stored);
    RUN(bad_lengths);
    RUN(later_key_replaces);
    RUN(other_lengths);
    RUN(many_keys);
    return check_finish("test_license");
}

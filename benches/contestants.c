/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The libraries, each used as well as its interface allows: contexts are made once per key, and a sample costs the IV and the
 * decryption itself. What the others do not know (subsamples, patterns, the whole-block rule) is done for them in the
 * cheapest way.
 */
#include "bench.h"

#include <gcrypt.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_mediakeysession.h"
#include "multimedia/drm_framework/native_mediakeysystem.h"

const char *const CONTESTANT_NAMES[CONTESTANTS] = {"native_drm", "OpenSSL", "libgcrypt", "memcpy", "touch"};

void restrict_others(char **argv)
{
    /* What a level lacks: bits of CPUID leaf 7 (EBX, ECX above it) for OpenSSL, names for libgcrypt. */
    static const struct {
        const char *level, *openssl;
        const char *gcrypt[5];
    } LEVELS[] = {
        {"aesni", ":~0x700d0230020", {"intel-avx512", "intel-gfni", "intel-vaes-vpclmul", "intel-avx2"}},
        {"avx2", ":~0x700d0230000", {"intel-avx512", "intel-gfni", "intel-vaes-vpclmul"}},
        {"vaes256", ":~0x100d0230000", {"intel-avx512", "intel-gfni"}},
    };
    const char *level = forced_level();
    for (size_t i = 0; level != NULL && i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (strcmp(level, LEVELS[i].level) != 0) {
            continue;
        }
        /* OpenSSL looks when it is loaded. */
        if (getenv("OPENSSL_ia32cap") == NULL) {
            setenv("OPENSSL_ia32cap", LEVELS[i].openssl, 1);
            execv("/proc/self/exe", argv);
            fail("cannot start again");
        }
        for (int name = 0; LEVELS[i].gcrypt[name] != NULL; name++) {
            /* Older versions do not know, and do not use, all of them. */
            (void)gcry_control(GCRYCTL_DISABLE_HWF, LEVELS[i].gcrypt[name], NULL);
        }
    }
}

struct Contestant {
    int which;
    const Workload *workload;
    /* The workload's subsamples, one for the whole sample if it has none. */
    DrmSubsample ranges[MAX_SUBSAMPLES];
    uint32_t range_count;

    MediaKeySession *session;
    DRM_SampleInfo info;
    EVP_CIPHER_CTX *evp;
    gcry_cipher_hd_t gcrypt;
    uint8_t *copy;
};

static void start_native(Contestant *contestant)
{
    const Workload *workload = contestant->workload;
    DRM_SampleInfo *info = &contestant->info;
    info->structSize = sizeof(*info);
    if (workload->sm4) {
        info->algorithm = workload->cbc ? DRM_ALG_CENC_SM4_CBC : DRM_ALG_CENC_SM4_CTR;
    } else {
        info->algorithm = workload->cbc ? DRM_ALG_CENC_AES_CBC : DRM_ALG_CENC_AES_CTR;
    }
    info->scheme = workload->cbc ? DRM_CENC_SCHEME_CBCS : DRM_CENC_SCHEME_CENC;
    memcpy(info->keyId, BENCH_KEY_ID, sizeof(info->keyId));
    memcpy(info->iv, BENCH_IV, sizeof(info->iv));
    info->ivLen = sizeof(info->iv);
    info->cryptByteBlock = workload->crypt;
    info->skipByteBlock = workload->skip;
    info->subsamples = workload->subsamples;
    info->subsampleCount = workload->subsample_count;
}

static void run_native(Contestant *contestant, uint8_t *data)
{
    Drm_ErrCode code =
        OH_MediaKeySession_DecryptSample(contestant->session, &contestant->info, data, contestant->workload->length);
    if (code != DRM_ERR_OK) {
        fail("OH_MediaKeySession_DecryptSample: %d", (int)code);
    }
}

/* How the other libraries start a key stream or chain and go on with it. */
typedef struct Stream {
    void (*start)(Contestant *contestant);
    void (*go_on)(Contestant *contestant, uint8_t *data, uint32_t length);
} Stream;

/* CTR: one key stream per sample. CBC: one chain per range, the encrypted blocks of which follow each other. */
static inline __attribute__((always_inline)) void run_stream(Contestant *contestant, uint8_t *data, Stream stream)
{
    const Workload *workload = contestant->workload;
    if (!workload->cbc) {
        stream.start(contestant);
    }
    for (uint32_t i = 0; i < contestant->range_count; i++) {
        data += contestant->ranges[i].clearHeaderLen;
        uint32_t length = contestant->ranges[i].payLoadLen;
        if (!workload->cbc) {
            stream.go_on(contestant, data, length);
        } else if (workload->skip == 0) {
            stream.start(contestant);
            stream.go_on(contestant, data, length & ~15u);
        } else {
            uint32_t stride = 16 * (workload->crypt + workload->skip);
            stream.start(contestant);
            for (uint32_t at = 0; at + 16 <= length; at += stride) {
                uint32_t whole_blocks = (length - at) & ~15u;
                uint32_t run = 16 * workload->crypt;
                stream.go_on(contestant, data + at, run < whole_blocks ? run : whole_blocks);
            }
        }
        data += length;
    }
}

static void start_openssl(Contestant *contestant)
{
    const Workload *workload = contestant->workload;
    const EVP_CIPHER *cipher;
    if (workload->sm4) {
        cipher = workload->cbc ? EVP_sm4_cbc() : EVP_sm4_ctr();
    } else {
        cipher = workload->cbc ? EVP_aes_128_cbc() : EVP_aes_128_ctr();
    }
    contestant->evp = EVP_CIPHER_CTX_new();
    if (contestant->evp == NULL || EVP_DecryptInit_ex2(contestant->evp, cipher, BENCH_KEY, BENCH_IV, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(contestant->evp, 0) != 1) {
        fail("OpenSSL does not start");
    }
}

static void openssl_iv(Contestant *contestant)
{
    if (EVP_DecryptInit_ex2(contestant->evp, NULL, NULL, BENCH_IV, NULL) != 1) {
        fail("OpenSSL: IV");
    }
}

static void openssl_update(Contestant *contestant, uint8_t *data, uint32_t length)
{
    int written;
    if (EVP_DecryptUpdate(contestant->evp, data, &written, data, (int)length) != 1) {
        fail("OpenSSL: update");
    }
}

static bool start_gcrypt(Contestant *contestant)
{
    const Workload *workload = contestant->workload;
    /* SM4 came with version 1.9; the header may be older. */
    int algorithm = gcry_cipher_map_name(workload->sm4 ? "SM4" : "AES");
    if (algorithm == 0) {
        return false;
    }
    int mode = workload->cbc ? GCRY_CIPHER_MODE_CBC : GCRY_CIPHER_MODE_CTR;
    if (gcry_cipher_open(&contestant->gcrypt, algorithm, mode, 0) != 0 ||
        gcry_cipher_setkey(contestant->gcrypt, BENCH_KEY, sizeof(BENCH_KEY)) != 0) {
        fail("libgcrypt does not start");
    }
    return true;
}

static void gcrypt_iv(Contestant *contestant)
{
    gcry_error_t error = contestant->workload->cbc ? gcry_cipher_setiv(contestant->gcrypt, BENCH_IV, sizeof(BENCH_IV))
                                                   : gcry_cipher_setctr(contestant->gcrypt, BENCH_IV, sizeof(BENCH_IV));
    if (error != 0) {
        fail("libgcrypt: IV");
    }
}

static void gcrypt_decrypt(Contestant *contestant, uint8_t *data, uint32_t length)
{
    if (gcry_cipher_decrypt(contestant->gcrypt, data, length, NULL, 0) != 0) {
        fail("libgcrypt: decrypt");
    }
}

typedef uint64_t Block __attribute__((vector_size(16), aligned(1), may_alias));

static void touch_start(Contestant *contestant)
{
    (void)contestant;
}

static void touch(Contestant *contestant, uint8_t *data, uint32_t length)
{
    (void)contestant;
    for (uint32_t at = 0; at + sizeof(Block) <= length; at += sizeof(Block)) {
        *(Block *)(data + at) ^= (Block){1, 1};
    }
}

Contestant *contestant_new(int which, const Workload *workload, MediaKeySession *session)
{
    Contestant *contestant = calloc(1, sizeof(*contestant));
    if (contestant == NULL) {
        fail("no memory");
    }
    contestant->which = which;
    contestant->workload = workload;
    contestant->session = session;
    contestant->range_count = workload->subsample_count;
    memcpy(contestant->ranges, workload->subsamples, sizeof(contestant->ranges));
    if (contestant->range_count == 0) {
        contestant->range_count = 1;
        contestant->ranges[0] = (DrmSubsample){.clearHeaderLen = 0, .payLoadLen = workload->length};
    }
    bool present = true;
    switch (which) {
        case NATIVE_DRM: start_native(contestant); break;
        case OPENSSL: start_openssl(contestant); break;
        case GCRYPT: present = start_gcrypt(contestant); break;
        case MEMCPY: contestant->copy = calloc(1, workload->length); present = contestant->copy != NULL; break;
        default: break;
    }
    if (!present) {
        contestant_free(contestant);
        return NULL;
    }
    return contestant;
}

void contestant_free(Contestant *contestant)
{
    if (contestant == NULL) {
        return;
    }
    EVP_CIPHER_CTX_free(contestant->evp);
    if (contestant->gcrypt != NULL) {
        gcry_cipher_close(contestant->gcrypt);
    }
    free(contestant->copy);
    free(contestant);
}

void contestant_run(Contestant *contestant, uint8_t *data)
{
    switch (contestant->which) {
        case NATIVE_DRM: run_native(contestant, data); break;
        case OPENSSL: run_stream(contestant, data, (Stream){openssl_iv, openssl_update}); break;
        case GCRYPT: run_stream(contestant, data, (Stream){gcrypt_iv, gcrypt_decrypt}); break;
        case TOUCH: run_stream(contestant, data, (Stream){touch_start, touch}); break;
        default:
            memcpy(contestant->copy, data, contestant->workload->length);
            __asm__ volatile("" : : "r"(contestant->copy) : "memory");
            break;
    }
}

MediaKeySession *make_session(MediaKeySystem *system)
{
    MediaKeySession *session = NULL;
    DRM_ContentProtectionLevel level = CONTENT_PROTECTION_LEVEL_SW_CRYPTO;
    if (OH_MediaKeySystem_CreateMediaKeySession(system, &level, &session) != DRM_ERR_OK) {
        fail("no session");
    }
    /* com.clearplay.drm: 0 for an online key, then key id and key in base64. */
    unsigned char license[64] = "0";
    int length = 1;
    length += EVP_EncodeBlock(license + length, BENCH_KEY_ID, sizeof(BENCH_KEY_ID));
    license[length++] = ':';
    length += EVP_EncodeBlock(license + length, BENCH_KEY, sizeof(BENCH_KEY));
    uint8_t id[MAX_OFFLINE_MEDIA_KEY_ID_LEN];
    int32_t id_length = sizeof(id);
    if (OH_MediaKeySession_ProcessMediaKeyResponse(session, license, length, id, &id_length) != DRM_ERR_OK) {
        fail("no key");
    }
    return session;
}

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * One OH_AVBuffer in several threads: it is destroyed while it is decrypted, and decrypted once only.
 */
#include "support/buffers.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/threads.h"

static MediaKeySession *session;

enum { LARGE = 1 << 16 };

static uint8_t large_cipher[LARGE];
static uint8_t large_plain[LARGE];

/* What a thread of a shared buffer does. The data is not looked at: it belongs to whoever decrypts. */
static void use_shared(Worker *worker)
{
    OH_AVBuffer *const *shared = (OH_AVBuffer *const *)worker->argument;
    for (int i = 0; i < repetitions(2000); i++) {
        OH_AVCodecBufferAttr attr = {i, (int32_t)random_below(&worker->random, LARGE), 0, 0};
        OH_AVBuffer *buffer = __atomic_load_n(shared, __ATOMIC_ACQUIRE);
        switch (random_below(&worker->random, 6)) {
        case 0:
            CHECK(OH_AVBuffer_SetBufferAttr(buffer, &attr) != AV_ERR_UNKNOWN);
            break;
        case 1:
            if (OH_AVBuffer_GetBufferAttr(buffer, &attr) == AV_ERR_OK) {
                CHECK(attr.offset == 0 && attr.size >= 0 && attr.size < LARGE);
            }
            break;
        case 2:
            CHECK(OH_AVBuffer_GetCapacity(buffer) == LARGE || OH_AVBuffer_GetAddr(buffer) == NULL);
            break;
        case 3: {
            OH_AVCencInfo *info = OH_AVCencInfo_Create();
            uint8_t key_id[16];
            uint8_t iv[16] = {0};
            memcpy(key_id, KID_A, 16);
            CHECK_AV_OK(OH_AVCencInfo_SetAlgorithm(info, DRM_ALG_CENC_AES_CTR));
            CHECK_AV_OK(OH_AVCencInfo_SetKeyIdAndIv(info, key_id, 16, iv, 16));
            OH_AVErrCode code = OH_AVCencInfo_SetAVBuffer(info, buffer);
            CHECK(code == AV_ERR_OK || code == AV_ERR_INVALID_VAL);
            CHECK_AV_OK(OH_AVCencInfo_Destroy(info));
            break;
        }
        default: {
            Drm_ErrCode code = OH_MediaKeySession_DecryptAVBuffer(session, buffer);
            CHECK(code == DRM_ERR_OK || code == DRM_ERR_INVALID_VAL);
        }
        }
    }
}

/* One more thread destroys the buffer that all use, and makes another. */
static void use_or_destroy_shared(Worker *worker)
{
    OH_AVBuffer **shared = (OH_AVBuffer **)worker->argument;
    if (worker->number > 0) {
        use_shared(worker);
        return;
    }
    for (int i = 0; i < repetitions(500); i++) {
        OH_AVBuffer *next = make_buffer(LARGE);
        attach_ctr(next, KID_A);
        set_range(next, 0, LARGE - 1);
        OH_AVBuffer *old = __atomic_exchange_n(shared, next, __ATOMIC_ACQ_REL);
        CHECK_AV_OK(OH_AVBuffer_Destroy(old));
    }
}

static void destroyed_while_decrypted(void)
{
    OH_AVBuffer *shared = make_buffer(LARGE);
    run_workers(4, use_or_destroy_shared, &shared);
    CHECK_AV_OK(OH_AVBuffer_Destroy(shared));
}

typedef struct Race {
    OH_AVBuffer *buffer;
    int done;
} Race;

static void decrypt_in_race(Worker *worker)
{
    Race *race = (Race *)worker->argument;
    Drm_ErrCode code = OH_MediaKeySession_DecryptAVBuffer(session, race->buffer);
    CHECK(code == DRM_ERR_OK || code == DRM_ERR_INVALID_VAL);
    __atomic_fetch_add(&race->done, code == DRM_ERR_OK, __ATOMIC_SEQ_CST);
}

/* Of several calls for one buffer exactly one decrypts, whoever comes first: twice would garble the data again. */
static void decrypted_once(void)
{
    for (int i = 0; i < repetitions(300); i++) {
        Race race = {make_buffer(LARGE), 0};
        memcpy(OH_AVBuffer_GetAddr(race.buffer), large_cipher, LARGE);
        set_range(race.buffer, 0, LARGE);
        attach_ctr(race.buffer, KID_A);
        run_workers(4, decrypt_in_race, &race);
        CHECK_INT(race.done, 1);
        CHECK_MEM(OH_AVBuffer_GetAddr(race.buffer), large_plain, LARGE);
        CHECK_AV_OK(OH_AVBuffer_Destroy(race.buffer));
    }
}

int main(void)
{
    MediaKeySystem *drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    hex_decode(NIST_CTR_CIPHER, large_cipher);
    memcpy(large_plain, large_cipher, LARGE);
    DRM_SampleInfo large = sample_info(DRM_ALG_CENC_AES_CTR, KID_A, NIST_CTR_IV);
    REQUIRE_OK(OH_MediaKeySession_DecryptSample(session, &large, large_plain, LARGE));
    RUN(destroyed_while_decrypted);
    RUN(decrypted_once);
    CHECK_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_avbuffer_threads");
}

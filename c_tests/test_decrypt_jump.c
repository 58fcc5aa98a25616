/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A sample whose memory is missing in the middle, and a SIGSEGV handler that jumps out of the decrypt: what the decrypt has held
 * is given up by the thread's next call or its end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include "multimedia/player_framework/native_cencinfo.h"
#include "support/drm.h"
#include "support/threads.h"

#define PAGES 3

static _Thread_local sigjmp_buf out;

static void jump(int signal)
{
    siglongjmp(out, signal);
}

/* A sample of three pages, of which the middle one is missing. */
static uint8_t *torn;
static uint32_t torn_size;

enum Function { ONE_SAMPLE, SEVERAL_SAMPLES, CENC_INFO, FUNCTIONS };

/* Describes it; made before, as no other call may follow the jump. */
static OH_AVCencInfo *torn_cenc;

static void describe_torn(void)
{
    DRM_SampleInfo info = nist_ctr_sample(KID_A, torn);
    uint8_t key_id[16];
    memcpy(key_id, KID_A, sizeof(key_id));
    DrmSubsample all = {0, torn_size};
    torn_cenc = OH_AVCencInfo_Create();
    REQUIRE(torn_cenc != NULL && OH_AVCencInfo_SetAlgorithm(torn_cenc, DRM_ALG_CENC_AES_CTR) == AV_ERR_OK &&
            OH_AVCencInfo_SetKeyIdAndIv(torn_cenc, key_id, 16, info.iv, 16) == AV_ERR_OK &&
            OH_AVCencInfo_SetSubsampleInfo(torn_cenc, 0, 0, 0, 1, &all) == AV_ERR_OK &&
            OH_AVCencInfo_SetMode(torn_cenc, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET) == AV_ERR_OK);
}

/* Calls nothing else of the library: what the jump has left is there when this returns. */
static void decrypt_torn(MediaKeySession *session, enum Function function)
{
    DRM_SampleInfo info = nist_ctr_sample(KID_A, torn);
    info.subsampleCount = 0;
    DRM_Sample sample = {&info, torn, torn_size, 0};
    if (sigsetjmp(out, 1) == 0) {
        switch (function) {
        case ONE_SAMPLE:
            OH_MediaKeySession_DecryptSample(session, &info, torn, torn_size);
            break;
        case SEVERAL_SAMPLES:
            OH_MediaKeySession_DecryptSamples(session, &sample, 1, NULL);
            break;
        case CENC_INFO:
            OH_MediaKeySession_DecryptSampleWithCencInfo(session, torn_cenc, torn, torn_size);
            break;
        case FUNCTIONS:
            break;
        }
        CHECK(!"a page was missing");
    }
}

typedef struct Jumper {
    MediaKeySession *session;
    MediaKeySession *other;
    enum Function function;
    bool goes_on;
    pthread_barrier_t jumped;
    pthread_barrier_t end;
} Jumper;

static void *jump_and_go_on(void *argument)
{
    Jumper *jumper = (Jumper *)argument;
    decrypt_torn(jumper->session, jumper->function);
    CHECK_OK(decrypt_nist(jumper->other, KID_A));
    pthread_barrier_wait(&jumper->jumped);
    if (jumper->goes_on) {
        pthread_barrier_wait(&jumper->end);
    }
    return NULL;
}

static void *jump_and_end(void *argument)
{
    Jumper *jumper = (Jumper *)argument;
    decrypt_torn(jumper->session, jumper->function);
    return NULL;
}

static MediaKeySession *licensed(MediaKeySystem *system)
{
    MediaKeySession *session = make_session(system);
    give_key(session, KID_A, NIST_KEY);
    return session;
}

int main(void)
{
    uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_handler = jump};
    torn_size = PAGES * page;
    torn = (uint8_t *)mmap(NULL, torn_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(torn != MAP_FAILED && mprotect(torn + page, page, PROT_NONE) == 0);
    REQUIRE(sigaction(SIGSEGV, &action, NULL) == 0);
    describe_torn();
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *other = licensed(system);
    for (enum Function function = 0; function < FUNCTIONS; function++) {
        Jumper jumper = {.function = function, .other = other, .goes_on = true};
        pthread_t thread;
        pthread_barrier_init(&jumper.jumped, NULL, 2);
        pthread_barrier_init(&jumper.end, NULL, 2);

        /* By the thread itself, which goes on as if nothing had happened. */
        MediaKeySession *session = licensed(system);
        decrypt_torn(session, function);
        CHECK_OK(decrypt_nist(session, KID_A));
        decrypt_torn(session, function);
        CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
        CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_KEY);
        give_key(session, KID_A, NIST_KEY);
        decrypt_torn(session, function);
        CHECK_OK(OH_MediaKeySession_Destroy(session));

        /* By another one, after a further decrypt. */
        jumper.session = licensed(system);
        REQUIRE(pthread_create(&thread, NULL, jump_and_go_on, &jumper) == 0);
        pthread_barrier_wait(&jumper.jumped);
        CHECK_OK(OH_MediaKeySession_Destroy(jumper.session));
        pthread_barrier_wait(&jumper.end);
        pthread_join(thread, NULL);

        /* After the thread's end. */
        jumper.session = licensed(system);
        REQUIRE(pthread_create(&thread, NULL, jump_and_end, &jumper) == 0);
        pthread_join(thread, NULL);
        CHECK_OK(OH_MediaKeySession_Destroy(jumper.session));
        pthread_barrier_destroy(&jumper.jumped);
        pthread_barrier_destroy(&jumper.end);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK(OH_AVCencInfo_Destroy(torn_cenc) == AV_ERR_OK);
    munmap(torn, torn_size);
    return check_finish("decrypt_jump");
}

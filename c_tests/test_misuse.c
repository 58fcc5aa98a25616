/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function refuses every handle that is not what it wants, without a crash and without touching the output.
 */
#include "support/calls.h"
#include "support/check.h"
#include "support/drm.h"

typedef struct BadHandle {
    const char *name;
    void *handle;
} BadHandle;

#define MAX_BAD_HANDLES 160

typedef struct World {
    MediaKeySystem *system;
    MediaKeySession *session;
    OH_AVCencInfo *cenc_info;
    OH_AVBuffer *buffer;
    OH_DrmLicenseService *service;
    MediaKeySystem *stale_system;
    MediaKeySession *stale_session;
    MediaKeySession *orphan_session; /* its system was destroyed */
    OH_AVCencInfo *stale_cenc_info;
    OH_AVBuffer *stale_buffer;
    OH_DrmLicenseService *stale_service;
    void *memory;
    BadHandle bad[MAX_BAD_HANDLES];
    size_t bad_count;
} World;

static void add_bad(World *world, const char *name, void *handle)
{
    REQUIRE(world->bad_count < MAX_BAD_HANDLES);
    world->bad[world->bad_count].name = name;
    world->bad[world->bad_count].handle = handle;
    world->bad_count++;
}

static void add_of_other_kind(World *world, const char *name, void *handle, const void *good)
{
    if (handle != good) {
        add_bad(world, name, handle);
    }
}

/* What is bad for every function; single flipped bits of a good handle; stale handles; live ones of other kinds. */
static void add_all_but(World *world, void *good)
{
    add_bad(world, "null", NULL);
    add_bad(world, "1", (void *)(uintptr_t)1);
    add_bad(world, "8", (void *)(uintptr_t)8);
    add_bad(world, "-1", (void *)(uintptr_t)-1);
    add_bad(world, "0x8000000000000000", (void *)((uintptr_t)1 << 63));
    add_bad(world, "0x4141414141414141", (void *)(uintptr_t)0x4141414141414141);
    add_bad(world, "allocated memory", world->memory);
    add_bad(world, "stack", world);
    add_bad(world, "code", (void *)(uintptr_t)add_all_but);
    for (unsigned bit = 0; bit < 64; bit++) {
        add_bad(world, "good handle with a flipped bit", (void *)((uintptr_t)good ^ ((uintptr_t)1 << bit)));
    }
    add_bad(world, "stale system", world->stale_system);
    add_bad(world, "stale session", world->stale_session);
    add_bad(world, "session of a destroyed system", world->orphan_session);
    add_bad(world, "stale OH_AVCencInfo", world->stale_cenc_info);
    add_bad(world, "stale OH_AVBuffer", world->stale_buffer);
    add_bad(world, "stale license service", world->stale_service);
    add_of_other_kind(world, "system", world->system, good);
    add_of_other_kind(world, "session", world->session, good);
    add_of_other_kind(world, "OH_AVCencInfo", world->cenc_info, good);
    add_of_other_kind(world, "OH_AVBuffer", world->buffer, good);
    add_of_other_kind(world, "license service", world->service, good);
}

static OH_DrmLicenseService *make_service(void)
{
    OH_DrmLicenseService *service = NULL;
    REQUIRE_OK(OH_DrmLicenseService_Create(NULL, DRM_LICENSE_PROFILE_STRICT, &service));
    return service;
}

static void make_world(World *world)
{
    memset(world, 0, sizeof(*world));
    /* The stale ones last: what took their slots again must not make them valid. */
    world->stale_system = make_system(CLEARPLAY);
    world->orphan_session = make_session(world->stale_system);
    CHECK_OK(OH_MediaKeySystem_Destroy(world->stale_system));
    world->stale_cenc_info = OH_AVCencInfo_Create();
    CHECK_INT(OH_AVCencInfo_Destroy(world->stale_cenc_info), AV_ERR_OK);
    world->stale_buffer = make_buffer(16);
    CHECK_AV_OK(OH_AVBuffer_Destroy(world->stale_buffer));
    world->stale_service = make_service();
    CHECK_OK(OH_DrmLicenseService_Destroy(world->stale_service));
    world->system = make_system(CLEARPLAY);
    world->stale_session = make_session(world->system);
    CHECK_OK(OH_MediaKeySession_Destroy(world->stale_session));
    world->session = make_session(world->system);
    world->cenc_info = OH_AVCencInfo_Create();
    REQUIRE(world->cenc_info != NULL);
    world->buffer = make_buffer(16);
    world->service = make_service();
    world->memory = calloc(1, 256);
    REQUIRE(world->memory != NULL);
}

static void end_world(World *world)
{
    free(world->memory);
    CHECK_OK(OH_DrmLicenseService_Destroy(world->service));
    CHECK_AV_OK(OH_AVBuffer_Destroy(world->buffer));
    CHECK_INT(OH_AVCencInfo_Destroy(world->cenc_info), AV_ERR_OK);
    CHECK_OK(OH_MediaKeySession_Destroy(world->session));
    CHECK_OK(OH_MediaKeySystem_Destroy(world->system));
}

static void call_with_bad(const World *world, const NamedCall *calls, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        for (size_t b = 0; b < world->bad_count; b++) {
            if (!CHECK_INVALID(calls[c].call(world->bad[b].handle))) {
                fprintf(stderr, "    %s with %s %p\n", calls[c].name, world->bad[b].name, world->bad[b].handle);
            }
        }
    }
}

static Drm_ErrCode call_system_destroy(void *handle)
{
    return OH_MediaKeySystem_Destroy((MediaKeySystem *)handle);
}

static Drm_ErrCode call_session_destroy(void *handle)
{
    return OH_MediaKeySession_Destroy((MediaKeySession *)handle);
}

static Drm_ErrCode call_service_destroy(void *handle)
{
    return OH_DrmLicenseService_Destroy((OH_DrmLicenseService *)handle);
}

static const NamedCall DESTROY_SYSTEM = {"OH_MediaKeySystem_Destroy", call_system_destroy};
static const NamedCall DESTROY_SESSION = {"OH_MediaKeySession_Destroy", call_session_destroy};
static const NamedCall DESTROY_SERVICE = {"OH_DrmLicenseService_Destroy", call_service_destroy};

static void systems(void)
{
    World world;
    make_world(&world);
    add_all_but(&world, world.system);
    call_with_bad(&world, SYSTEM_CALLS, SYSTEM_CALL_COUNT);
    call_with_bad(&world, &DESTROY_SYSTEM, 1);
    /* Nothing of that harmed the good handles. */
    CHECK_OK(call_system_level(world.system));
    CHECK_OK(call_session_level(world.session));
    end_world(&world);
}

static void sessions(void)
{
    World world;
    make_world(&world);
    add_all_but(&world, world.session);
    give_key(world.session, KID_A, NIST_KEY);
    call_with_bad(&world, SESSION_CALLS, SESSION_CALL_COUNT);
    call_with_bad(&world, &DESTROY_SESSION, 1);
    CHECK_OK(decrypt_nist(world.session, KID_A));
    end_world(&world);
}

static void services(void)
{
    World world;
    make_world(&world);
    add_all_but(&world, world.service);
    call_with_bad(&world, SERVICE_CALLS, SERVICE_CALL_COUNT);
    call_with_bad(&world, &DESTROY_SERVICE, 1);
    CHECK_OK(call_service_authority(world.service));
    end_world(&world);
}

static void cenc_infos(void)
{
    World world;
    make_world(&world);
    add_all_but(&world, world.cenc_info);
    give_key(world.session, KID_A, NIST_KEY);
    uint8_t key_id[16] = {0};
    uint8_t iv[16] = {0};
    DrmSubsample subsample = {0, 16};
    for (size_t b = 0; b < world.bad_count; b++) {
        OH_AVCencInfo *bad = (OH_AVCencInfo *)world.bad[b].handle;
        uint8_t data[16] = {7};
        bool ok = CHECK_INT(OH_AVCencInfo_SetAlgorithm(bad, DRM_ALG_CENC_AES_CTR), AV_ERR_INVALID_VAL);
        ok = CHECK_INT(OH_AVCencInfo_SetKeyIdAndIv(bad, key_id, 16, iv, 16), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INT(OH_AVCencInfo_SetSubsampleInfo(bad, 0, 0, 0, 1, &subsample), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INT(OH_AVCencInfo_SetMode(bad, DRM_CENC_INFO_KEY_IV_SUBSAMPLES_SET), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INT(OH_AVCencInfo_SetAVBuffer(bad, world.buffer), AV_ERR_INVALID_VAL) && ok;
        DRM_SampleInfo info;
        uint32_t count = 1;
        info.structSize = (uint32_t)sizeof(info);
        ok = CHECK_INT(OH_AVCencInfo_GetSampleInfo(bad, 16, &info, &subsample, &count), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INT(OH_AVCencInfo_Destroy(bad), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INVALID(OH_MediaKeySession_DecryptSampleWithCencInfo(world.session, bad, data, 16)) && ok;
        ok = CHECK_INT(data[0], 7) && ok;
        if (!ok) {
            fprintf(stderr, "    with %s %p\n", world.bad[b].name, world.bad[b].handle);
        }
    }
    end_world(&world);
}

static void buffers(void)
{
    World world;
    make_world(&world);
    add_all_but(&world, world.buffer);
    for (size_t b = 0; b < world.bad_count; b++) {
        OH_AVBuffer *bad = (OH_AVBuffer *)world.bad[b].handle;
        OH_AVCodecBufferAttr attr;
        memset(&attr, CALL_FILL, sizeof(attr));
        bool ok = CHECK_INT(OH_AVBuffer_GetBufferAttr(bad, &attr), AV_ERR_INVALID_VAL);
        ok = CHECK_FILLED(&attr, CALL_FILL, sizeof(attr)) && ok;
        memset(&attr, 0, sizeof(attr));
        ok = CHECK_INT(OH_AVBuffer_SetBufferAttr(bad, &attr), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK(OH_AVBuffer_GetAddr(bad) == NULL) && ok;
        ok = CHECK_INT(OH_AVBuffer_GetCapacity(bad), -1) && ok;
        ok = CHECK_INT(OH_AVCencInfo_SetAVBuffer(world.cenc_info, bad), AV_ERR_INVALID_VAL) && ok;
        ok = CHECK_INVALID(OH_MediaKeySession_DecryptAVBuffer(world.session, bad)) && ok;
        ok = CHECK_INT(OH_AVBuffer_Destroy(bad), AV_ERR_INVALID_VAL) && ok;
        if (!ok) {
            fprintf(stderr, "    with %s %p\n", world.bad[b].name, world.bad[b].handle);
        }
    }
    end_world(&world);
}

static void call_with_good(void *handle, const NamedCall *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Drm_ErrCode code = calls[i].call(handle);
        /* There is no such offline key, no session with the key, no virtual clock, no such license. */
        if (!CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN || code == DRM_ERR_NO_KEY)) {
            fprintf(stderr, "    %s: %d\n", calls[i].name, (int)code);
        }
    }
}

/* The good path of all calls, so that the calls above fail for their handle alone. */
static void good_handles(void)
{
    World world;
    make_world(&world);
    call_with_good(world.system, SYSTEM_CALLS, SYSTEM_CALL_COUNT);
    call_with_good(world.session, SESSION_CALLS, SESSION_CALL_COUNT);
    call_with_good(world.service, SERVICE_CALLS, SERVICE_CALL_COUNT);
    end_world(&world);
}

static void destroyed_twice(void)
{
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    MediaKeySession *session = make_session(system);
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    CHECK_INVALID(OH_MediaKeySession_Destroy(session));
    MediaKeySession *second = make_session(system);
    CHECK_INVALID(OH_MediaKeySession_Destroy(session));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(OH_MediaKeySystem_Destroy(system));
    CHECK_INVALID(OH_MediaKeySession_Destroy(second));
    OH_AVCencInfo *cenc_info = OH_AVCencInfo_Create();
    CHECK_INT(OH_AVCencInfo_Destroy(cenc_info), AV_ERR_OK);
    CHECK_INT(OH_AVCencInfo_Destroy(cenc_info), AV_ERR_INVALID_VAL);
    OH_DrmLicenseService *service = make_service();
    CHECK_OK(OH_DrmLicenseService_Destroy(service));
    CHECK_INVALID(OH_DrmLicenseService_Destroy(service));
}

/* A destroyed handle stays stale, however often its place is used again. */
static void never_again_valid(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySession *first = make_session(system);
    CHECK_OK(OH_MediaKeySession_Destroy(first));
    for (int i = 0; i < 5000; i++) {
        MediaKeySession *session = make_session(system);
        if (session == first || OH_MediaKeySession_Destroy(session) != DRM_ERR_OK) {
            CHECK(session != first);
            break;
        }
    }
    CHECK_INVALID(OH_MediaKeySession_Destroy(first));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

int main(void)
{
    RUN(good_handles);
    RUN(systems);
    RUN(sessions);
    RUN(services);
    RUN(cenc_infos);
    RUN(buffers);
    RUN(destroyed_twice);
    RUN(never_again_valid);
    return check_finish("test_misuse");
}

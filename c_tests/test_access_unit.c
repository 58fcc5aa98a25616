/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Access units: what is refused and leaves everything as it was, what the state says, keys that come and go, policies'
 * codes and statistics, threads with states of their own. test_access_unit_streams has whole streams.
 */
#include "support/access_unit.h"
#include "support/check.h"
#include "support/drm.h"
#include "support/events.h"
#include "support/guard.h"
#include "support/threads.h"

/* What a refused call may not change. */
static void expect_refused(MediaKeySession *with, const DRM_AccessUnitInfo *info, const DRM_AccessUnitState *state,
                           const Unit *unit, Drm_ErrCode code, const char *what)
{
    uint8_t *data = (uint8_t *)guard_copy(unit->bytes, unit->size);
    DRM_AccessUnitInfo *info_copy = (DRM_AccessUnitInfo *)guard_copy(info, sizeof(*info));
    DRM_AccessUnitState *state_copy = (DRM_AccessUnitState *)guard_copy(state, sizeof(*state));
    uint32_t size = unit->size;
    bool ok = CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(with, info_copy, state_copy, data, &size), code);
    ok = CHECK_MEM(data, unit->bytes, unit->size) && ok;
    ok = CHECK_MEM(state_copy, state, sizeof(*state)) && ok;
    ok = CHECK_INT(size, unit->size) && ok;
    if (!ok) {
        fprintf(stderr, "    %s: %s\n", what, OH_Drm_GetLastErrorMessage());
    }
    guard_free(state_copy, sizeof(*state));
    guard_free(info_copy, sizeof(*info));
    guard_free(data, unit->size);
}

static void good_path(void)
{
    DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    Unit unit = usual_unit();
    uint8_t plain[NIST_SIZE];
    uint32_t size = unit.size;
    hex_decode(NIST_PLAIN, plain);
    memset(&state, 0, sizeof(state));
    CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size));
    CHECK_INT(size, unit.size);
    CHECK_MEM(unit.bytes + size - 1 - NIST_SIZE, plain, NIST_SIZE);
    CHECK_INT(state.flags, DRM_ACCESS_UNIT_HAS_CEI | DRM_ACCESS_UNIT_ENCRYPTED | DRM_ACCESS_UNIT_HAS_ALGORITHM);
    CHECK_INT(state.algorithm, 5);
    CHECK_INT(state.ivLen, 16);
    CHECK_MEM(state.keyId, KID_A, 16);
    /* A unit without information: the last one counts. With a state of zero it is clear. */
    for (int known = 1; known >= 0; known--) {
        Unit next = {{0}, 0};
        put_slice(&next);
        Unit before = next;
        if (!known) {
            memset(&state, 0, sizeof(state));
        }
        size = next.size;
        CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, next.bytes, &size));
        CHECK_MEM(next.bytes + 35, known ? plain : before.bytes + 35, NIST_SIZE);
    }
    CHECK_INT(state.flags, 0);
}

/* A member after the other out of range. */
static void wrong_structs(void)
{
    const DRM_AccessUnitInfo good = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState zero;
    Unit unit = usual_unit();
    memset(&zero, 0, sizeof(zero));
    const uint32_t sizes[] = {0, sizeof(good) - 1, sizeof(good) + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        DRM_AccessUnitInfo info = good;
        info.structSize = sizes[i];
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "structSize");
    }
    const uint32_t formats[] = {0, 8, UINT32_MAX};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        DRM_AccessUnitInfo info = good;
        info.format = formats[i];
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "format");
    }
    for (uint32_t size = 1; size < 6; size++) {
        DRM_AccessUnitInfo info = good;
        info.nalLengthSize = size;
        /* Start codes read as lengths go beyond the unit, or are 0. */
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "nalLengthSize");
        info.format = DRM_ACCESS_UNIT_CEI_AVS3;
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "nalLengthSize, AVS3");
        info = unit_info(DRM_ACCESS_UNIT_SAMPLE_AES_AAC);
        info.nalLengthSize = size;
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "nalLengthSize, audio");
    }
    const uint32_t algorithms[] = {4, 6, 16, 0x102, UINT32_MAX};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        DRM_AccessUnitInfo info = good;
        info.algorithm = algorithms[i];
        expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "algorithm");
    }
    DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_SAMPLE_AES_H264);
    info.algorithm = 2;
    expect_refused(session, &info, &zero, &unit, DRM_ERR_INVALID_VAL, "algorithm, SAMPLE-AES");

    /* Every byte of a state of zero, which is what a caller forgets to set. */
    for (size_t i = 0; i < sizeof(zero); i++) {
        DRM_AccessUnitState state = zero;
        ((uint8_t *)&state)[i] = 0x80;
        expect_refused(session, &good, &state, &unit, DRM_ERR_INVALID_VAL, "a byte of the state");
    }
    DRM_AccessUnitState state = zero;
    state.flags = DRM_ACCESS_UNIT_HAS_CEI | DRM_ACCESS_UNIT_ENCRYPTED;
    for (uint32_t length = 0; length < 20; length++) {
        state.ivLen = length;
        if (length != 8 && length != 16) {
            expect_refused(session, &good, &state, &unit, DRM_ERR_INVALID_VAL, "ivLen of the state");
        }
    }
    state.ivLen = 16;
    state.algorithm = 4;
    expect_refused(session, &good, &state, &unit, DRM_ERR_INVALID_VAL, "algorithm of the state");
}

static void wrong_pointers(void)
{
    DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    Unit unit = usual_unit();
    memset(&state, 0, sizeof(state));
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(NULL, &info, &state, unit.bytes, &unit.size), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, NULL, &state, unit.bytes, &unit.size), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, NULL, unit.bytes, &unit.size), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, NULL, &unit.size), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, NULL), DRM_ERR_INVALID_VAL);
    CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit((MediaKeySession *)drm_system, &info, &state, unit.bytes, &unit.size),
               DRM_ERR_INVALID_VAL);
    /* Lengths that nothing has, of which nothing is read. */
    const uint32_t lengths[] = {0, (1u << 28) + 1, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint32_t size = lengths[i];
        CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size), DRM_ERR_INVALID_VAL);
        CHECK_INT(size, lengths[i]);
        CHECK_CODE(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, NULL, &size), DRM_ERR_INVALID_VAL);
    }
    Unit same = usual_unit();
    CHECK_MEM(&unit, &same, sizeof(unit));
    CHECK_FILLED((uint8_t *)&state, 0, sizeof(state));
}

static void malformed_units(void)
{
    const DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    const DRM_AccessUnitInfo sample_aes = unit_info(DRM_ACCESS_UNIT_SAMPLE_AES_H264);
    DRM_AccessUnitState state;
    memset(&state, 0, sizeof(state));
    Unit unit = {{0}, 0};
    for (unit.size = 1; unit.size < 70; unit.size++) { /* Zeros alone. */
        expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "no start code");
    }
    unit = usual_unit();
    unit.bytes[0] = 1;
    expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "something in front of the start code");
    /* The message cut at each byte behind the first of its UUID, with a slice after it and without. */
    for (uint32_t cut = 1; cut < 16 + CEI_LENGTH; cut++) {
        Unit whole = usual_unit();
        for (int slice = 0; slice < 2; slice++) {
            Unit half = {{0}, 0};
            put(&half, whole.bytes, 7 + cut);
            if (slice) {
                put_slice(&half);
            }
            expect_refused(session, &info, &state, &half, DRM_ERR_INVALID_VAL, "a message that is cut");
        }
    }
    for (int length = 0; length < 256; length++) {
        if (length != 8 && length != 16) {
            unit = usual_unit();
            unit.bytes[7 + 16 + 17] = (uint8_t)length;
            expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "length of the IV");
        }
    }
    for (int algorithm = 4; algorithm < 16; algorithm++) {
        if (algorithm != 5) {
            unit = usual_unit();
            unit.bytes[7 + 16 + CEI_LENGTH - 1] = (uint8_t)algorithm;
            expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "algorithm of the descriptor");
        }
    }
    unit = usual_unit();
    unit.bytes[7 + 16] = 0x80; /* No descriptor, and nothing known from before. */
    expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "no algorithm");
    unit = usual_unit();
    memcpy(unit.bytes + unit.size - 3, "\0\0\3", 3);
    expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "prevention at the end");
    expect_refused(session, &sample_aes, &state, &unit, DRM_ERR_INVALID_VAL, "prevention at the end, SAMPLE-AES");
    /* The same is no prevention if there is one layer of it. */
    unit.bytes[7 + 16] |= 0x10;
    uint32_t size = unit.size;
    CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size));
    memset(&state, 0, sizeof(state));

    /* Frames that end before or after the unit. */
    const uint32_t audio[] = {DRM_ACCESS_UNIT_SAMPLE_AES_AAC, DRM_ACCESS_UNIT_SAMPLE_AES_AC3, DRM_ACCESS_UNIT_SAMPLE_AES_EAC3};
    const uint8_t heads[][7] = {{0xff, 0xf1, 0x50, 0x80, 100 >> 3, (100 << 5 & 0xff) | 0x1f, 0xfc},
                                {0x0b, 0x77, 0, 0, 0, 8 << 3, 0},
                                {0x0b, 0x77, 0, 49, 0, 16 << 3, 0}};
    for (size_t i = 0; i < 3; i++) {
        const uint32_t frame = i == 1 ? 128 : 100;
        const DRM_AccessUnitInfo of_audio = unit_info(audio[i]);
        for (uint32_t bytes = 1; bytes <= 2 * frame + 1; bytes++) {
            Unit frames = {{0}, 0};
            memcpy(frames.bytes, heads[i], 7);
            memcpy(frames.bytes + frame, heads[i], 7);
            frames.size = bytes;
            if (bytes % frame != 0) {
                expect_refused(session, &of_audio, &state, &frames, DRM_ERR_INVALID_VAL, "half a frame");
            } else {
                uint32_t left = bytes;
                CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &of_audio, &state, frames.bytes, &left));
                CHECK_INT(left, bytes);
            }
        }
    }
}

static void put_length(uint8_t *at, uint32_t prefix, uint32_t length)
{
    for (uint32_t i = 0; i < prefix; i++) {
        at[i] = (uint8_t)(length >> 8 * (prefix - 1 - i));
    }
}

/* The usual unit with lengths in place of start codes: of one, two or four bytes. `second` is where the slice's length is. */
static Unit unit_with_lengths(uint32_t prefix, uint32_t *second)
{
    Unit information = {{0}, 0}, slice = {{0}, 0}, unit = {{0}, 0};
    const uint8_t room[4] = {0};
    put_cei(&information, KID_A);
    put_slice(&slice);
    put(&unit, room, prefix);
    put(&unit, information.bytes + 4, information.size - 4);
    *second = unit.size;
    put(&unit, room, prefix);
    put(&unit, slice.bytes + 3, slice.size - 3);
    put_length(unit.bytes, prefix, information.size - 4);
    put_length(unit.bytes + *second, prefix, slice.size - 3);
    return unit;
}

/* No length of a NAL unit leads out of the access unit, however large, or stands still. */
static void lengths_of_nal_units(void)
{
    static const uint32_t PREFIXES[] = {1, 2, 4};
    static const uint32_t WRONG[] = {0, UINT32_MAX, UINT32_MAX - 3, 1u << 31, (1u << 31) - 1};
    uint8_t plain[NIST_SIZE];
    hex_decode(NIST_PLAIN, plain);
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        const uint32_t prefix = PREFIXES[i], most = prefix == 4 ? UINT32_MAX : (1u << 8 * prefix) - 1;
        uint32_t second = 0;
        DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264), sample_aes = unit_info(DRM_ACCESS_UNIT_SAMPLE_AES_H264);
        info.nalLengthSize = sample_aes.nalLengthSize = prefix;
        DRM_AccessUnitState state;
        memset(&state, 0, sizeof(state));
        const Unit good = unit_with_lengths(prefix, &second);
        for (int of_slice = 0; of_slice < 2; of_slice++) {
            const uint32_t at = of_slice ? second : 0, left = good.size - at - prefix;
            for (size_t j = 0; j <= sizeof(WRONG) / sizeof(WRONG[0]); j++) {
                /* One byte more than there is, too. */
                const uint32_t length = j == 0 ? left + 1 : WRONG[j - 1] & most;
                if (length != 0 && length <= left) {
                    continue; /* 1 << 31 in fewer bytes */
                }
                Unit unit = good;
                put_length(unit.bytes + at, prefix, length);
                expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "length of a NAL unit");
                expect_refused(session, &sample_aes, &state, &unit, DRM_ERR_INVALID_VAL, "length, SAMPLE-AES");
            }
        }
        for (uint32_t cut = 1; cut < good.size; cut++) {
            if (cut != second) {
                Unit unit = good;
                unit.size = cut;
                expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "cut within a NAL unit or its length");
            }
        }
        Unit unit = good;
        uint32_t size = unit.size;
        CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size));
        CHECK_INT(size, good.size);
        CHECK_MEM(unit.bytes + size - 1 - NIST_SIZE, plain, NIST_SIZE);
    }
}

/* The same with DecryptSample, for a sample of as many bytes. */
static void as_sample(MediaKeySession *with, DrmCencAlgorithm algorithm, uint32_t size, uint32_t subsample, Drm_ErrCode code)
{
    uint8_t data[UNIT_ROOM] = {0};
    DrmSubsample table = {subsample, 0};
    DRM_SampleInfo info = sample_info(algorithm, KID_A, NIST_CBC_IV);
    info.subsampleCount = 1;
    info.subsamples = &table;
    CHECK_CODE(OH_MediaKeySession_DecryptSample(with, &info, data, size), code);
}

/* Keys as for samples: missing, announced once, usable when it is there; what is clear needs none. Each is counted. */
static void keys_and_statistics(void)
{
    uint8_t box[128];
    size_t box_size = make_pssh(box, CLEARPLAY_UUID, (const uint8_t(*)[16])KID_A, 1, NULL, 0);
    DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    DRM_Statistics of_units;
    DRM_Statistics of_samples;
    MediaKeySystem *sample_system = make_system(CLEARPLAY);
    MediaKeySession *samples = make_session(sample_system);
    Unit unit = usual_unit();
    Unit clear = {{0}, 0};
    Unit wrong = unit;
    const uint32_t whole = unit.size;
    put_slice(&clear);
    wrong.bytes[0] = 7;
    begin(CLEARPLAY);
    record_session(&recorder, session);
    memset(&state, 0, sizeof(state));
    for (int i = 0; i < 3; i++) {
        expect_refused(session, &info, &state, &unit, DRM_ERR_NO_KEY, "no key");
        as_sample(samples, DRM_ALG_CENC_AES_CBC, whole, whole, DRM_ERR_NO_KEY);
    }
    REQUIRE(recorder_wait(&recorder, 1));
    expect_event(0, EVENT_KEY_REQUIRED, box, box_size);
    uint32_t size = clear.size;
    CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, clear.bytes, &size));
    as_sample(samples, DRM_ALG_CENC_UNENCRYPTED, clear.size, clear.size, DRM_ERR_OK);
    expect_refused(session, &info, &state, &wrong, DRM_ERR_INVALID_VAL, "no start code");
    as_sample(samples, DRM_ALG_CENC_AES_CBC, whole, whole - 1, DRM_ERR_INVALID_VAL);
    give_key(session, KID_A, NIST_KEY);
    give_key(samples, KID_A, NIST_KEY);
    size = whole;
    CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size));
    as_sample(samples, DRM_ALG_CENC_AES_CBC, whole, whole, DRM_ERR_OK);
    CHECK_OK(OH_MediaKeySystem_GetStatistics(drm_system, &of_units));
    CHECK_OK(OH_MediaKeySystem_GetStatistics(sample_system, &of_samples));
    CHECK_INT(of_units.statisticsCount, of_samples.statisticsCount);
    for (uint32_t i = 0; i < of_units.statisticsCount; i++) {
        CHECK_STR(of_units.statisticsName[i], of_samples.statisticsName[i]);
        CHECK_STR(of_units.statisticsDescription[i], of_samples.statisticsDescription[i]);
    }
    CHECK_OK(OH_MediaKeySession_ClearMediaKeys(session));
    unit = usual_unit();
    memset(&state, 0, sizeof(state));
    expect_refused(session, &info, &state, &unit, DRM_ERR_NO_KEY, "the key is gone");
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    expect_refused(session, &info, &state, &unit, DRM_ERR_INVALID_VAL, "the session is gone");
    end();
    REQUIRE_OK(OH_MediaKeySystem_Destroy(sample_system));
}

/* One session, a stream for each thread with keys that change in the middle. */
static void decrypt_stream(Worker *worker)
{
    DRM_AccessUnitInfo info = unit_info(DRM_ACCESS_UNIT_CEI_H264);
    DRM_AccessUnitState state;
    uint8_t plain[NIST_SIZE];
    bool decrypts = false;
    hex_decode(NIST_PLAIN, plain);
    memset(&state, 0, sizeof(state));
    for (int i = 0; i < repetitions(5000); i++) {
        Unit unit = {{0}, 0};
        uint32_t kind = random_below(&worker->random, 4);
        if (kind < 2) {
            decrypts = kind == 0;
            put_cei(&unit, decrypts ? KID_A : KID_B);
        }
        put_slice(&unit);
        Unit before = unit;
        uint32_t size = unit.size;
        bool known = state.flags != 0 || kind < 2;
        CHECK_OK(OH_MediaKeySession_DecryptAccessUnit(session, &info, &state, unit.bytes, &size));
        const uint8_t *part = unit.bytes + size - 1 - NIST_SIZE;
        CHECK(size == before.size);
        CHECK((memcmp(part, plain, NIST_SIZE) == 0) == (known && decrypts));
        CHECK(known || memcmp(unit.bytes, before.bytes, size) == 0);
    }
}

int main(void)
{
    keys_and_statistics();
    drm_system = make_system(CLEARPLAY);
    session = make_session(drm_system);
    give_key(session, KID_A, NIST_KEY);
    give_key(session, KID_B, OTHER_KEY);
    good_path();
    wrong_structs();
    wrong_pointers();
    malformed_units();
    lengths_of_nal_units();
    run_workers(4, decrypt_stream, NULL);
    REQUIRE_OK(OH_MediaKeySystem_Destroy(drm_system));
    return check_finish("test_access_unit");
}

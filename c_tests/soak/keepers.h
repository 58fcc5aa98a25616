/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Part of soak_faults.c: licenses that are kept in a store, and time that is virtual.
 */
#ifndef TEST_SOAK_KEEPERS_H
#define TEST_SOAK_KEEPERS_H

typedef enum State {
    EMPTY,
    KEPT,     /* confirmed as stored */
    LEAVING,  /* to be released or deleted, which failed: it is there or not */
    GONE      /* confirmed as released or deleted */
} State;

typedef struct Slot {
    State state;
    uint8_t id[16];
} Slot;

static MediaKeySystem *keeper_system;
static MediaKeySystem *travel_system;
static Slot slots[SLOTS];
static pthread_mutex_t slot_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t travel_now; /* milliseconds since START_MILLIS */

static void open_devices(void)
{
    snprintf(trouble_stores[0], sizeof(trouble_stores[0]), "%s", use_own_store("machine"));
    player_system = make_system(POLICYPLAY);
    keeper_system = make_system(POLICYPLAY);
    Message request = provision_request(player_system);
    Message answer = ask_at(ENDLESS, MACHINE_TIME, request.bytes, request.size);
    REQUIRE_OK(process_provision(player_system, &answer));
    snprintf(trouble_stores[1], sizeof(trouble_stores[1]), "%s", use_own_store("virtual"));
    travel_system = make_system(POLICYPLAY);
    REQUIRE_OK(OH_MediaKeySystem_SetVirtualClock(travel_system, START_MILLIS));
    request = provision_request(travel_system);
    answer = ask_at(ENDLESS, START_MILLIS, request.bytes, request.size);
    REQUIRE_OK(process_provision(travel_system, &answer));
    CHECK_INT(certificate_of(keeper_system), CERT_STATUS_PROVISIONED);
}

static void restore_kept(Slot *slot)
{
    MediaKeySession *session = make_session(keeper_system);
    unsigned before = now_troubled();
    Drm_ErrCode code = OH_MediaKeySession_RestoreOfflineMediaKeys(session, slot->id, 16);
    if (went_right(code, before, "restoring what is kept")) {
        before = now_troubled();
        (void)went_right(decrypt_nist(session, KID_A), before, "using what is kept");
        count(RESTORED);
    }
    CHECK_OK(OH_MediaKeySession_Destroy(session));
}

/* A release needs the license in a session or in the store; the service acknowledges it again and again. */
static bool release_kept(Slot *slot)
{
    Message request;
    MediaKeySession *session = make_session(keeper_system);
    int32_t size = (int32_t)sizeof(request.bytes);
    unsigned before = now_troubled();
    Drm_ErrCode code = OH_MediaKeySession_GenerateOfflineReleaseRequest(session, slot->id, 16, request.bytes, &size);
    bool released = false;
    if (went_right(code, before, "asking for a release")) {
        Message answer = ask_at(ENDLESS, MACHINE_TIME, request.bytes, (size_t)size);
        before = now_troubled();
        code = OH_MediaKeySession_ProcessOfflineReleaseResponse(session, slot->id, 16, answer.bytes, (int32_t)answer.size);
        released = went_right(code, before, "releasing");
        slot->state = released ? GONE : LEAVING;
    }
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    return released;
}

static bool restorable(uint8_t id[16], Drm_ErrCode *code)
{
    MediaKeySession *session = make_session(keeper_system);
    *code = OH_MediaKeySession_RestoreOfflineMediaKeys(session, id, 16);
    bool usable = *code == DRM_ERR_OK && decrypt_nist(session, KID_A) == DRM_ERR_OK;
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    return usable;
}

static void change_slot(Slot *slot, uint64_t *random)
{
    unsigned before = now_troubled();
    bool spoilt;
    Drm_ErrCode code;
    if (slot->state == EMPTY) {
        MediaKeySession *session = make_session(keeper_system);
        code = request_license(session, MEDIA_KEY_TYPE_OFFLINE, ENDLESS, MACHINE_TIME, false, random, slot->id,
                               &spoilt);
        if (!spoilt && went_right(code, before, "storing")) {
            slot->state = KEPT;
            count(STORED);
        }
        CHECK_OK(OH_MediaKeySession_Destroy(session));
    } else if (slot->state == KEPT) {
        uint32_t what = random_below(random, 8);
        if (what == 0 && release_kept(slot)) {
            count(RELEASED);
        } else if (what == 1) {
            code = OH_MediaKeySystem_ClearOfflineMediaKeys(keeper_system, slot->id, 16);
            slot->state = went_right(code, before, "deleting") ? GONE : LEAVING;
            count(DELETED);
        } else if (what > 1) {
            restore_kept(slot);
        }
    } else if (slot->state == GONE) {
        CHECK(!restorable(slot->id, &code));
        if (random_below(random, 4) == 0) {
            slot->state = EMPTY;
        }
    }
}

static void *keep(void *argument)
{
    Worker *worker = (Worker *)argument;
    while (!stopping()) {
        pthread_rwlock_rdlock(&inside);
        pthread_mutex_lock(&slot_lock);
        change_slot(&slots[random_below(&worker->random, SLOTS)], &worker->random);
        pthread_mutex_unlock(&slot_lock);
        pthread_rwlock_unlock(&inside);
        sleep_millis(1);
    }
    return NULL;
}

static bool is_stored(const DRM_OfflineMediakeyIdArray *ids, const uint8_t id[16])
{
    for (uint32_t i = 0; i < ids->idsCount; i++) {
        if (ids->idsLen[i] == 16 && memcmp(ids->ids[i], id, 16) == 0) {
            return true;
        }
    }
    return false;
}

/* There is no fault now: each confirmed license is there and can be used, each that was given back is not. */
static void check_stored(void)
{
    Drm_ErrCode code;
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE(ids != NULL);
    pthread_rwlock_rdlock(&inside);
    pthread_mutex_lock(&slot_lock);
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(keeper_system, ids));
    for (int i = 0; i < SLOTS; i++) {
        Slot *slot = &slots[i];
        if (slot->state == KEPT) {
            CHECK(is_stored(ids, slot->id));
            if (!CHECK(restorable(slot->id, &code))) {
                fprintf(stderr, "  (slot %d: %d, %s)\n", i, code, OH_Drm_GetLastErrorMessage());
            }
            count(CHECKED);
        } else if (slot->state == GONE) {
            CHECK(!is_stored(ids, slot->id) && !restorable(slot->id, &code));
        } else if (slot->state == LEAVING) {
            /* What is half done can be done once more. */
            if (is_stored(ids, slot->id)) {
                CHECK_OK(OH_MediaKeySystem_ClearOfflineMediaKeys(keeper_system, slot->id, 16));
            }
            slot->state = GONE;
            CHECK(!restorable(slot->id, &code));
        }
    }
    pthread_mutex_unlock(&slot_lock);
    pthread_mutex_lock(&leftover_lock);
    while (leftover_count > 0) {
        uint8_t *id = leftovers[--leftover_count];
        code = OH_MediaKeySystem_ClearOfflineMediaKeys(player_system, id, 16);
        CHECK(code == DRM_ERR_OK || code == DRM_ERR_UNKNOWN);
    }
    pthread_mutex_unlock(&leftover_lock);
    pthread_rwlock_unlock(&inside);
    free(ids);
}

/* Nothing is stored but what was confirmed; a call that failed on a broken disk may have been done, as it could not be undone. */
static void check_rest(void)
{
    unsigned long long more = 0;
    DRM_OfflineMediakeyIdArray *ids = (DRM_OfflineMediakeyIdArray *)malloc(sizeof(*ids));
    REQUIRE(ids != NULL);
    CHECK_OK(OH_MediaKeySystem_GetOfflineMediaKeyIds(keeper_system, ids));
    for (uint32_t i = 0; i < ids->idsCount; i++) {
        bool known = false;
        for (int k = 0; k < SLOTS; k++) {
            known = known || (slots[k].state == KEPT && memcmp(slots[k].id, ids->ids[i], 16) == 0);
        }
        more += !known;
    }
    printf("%12llu licenses are stored that nobody was told of\n", more);
    CHECK(more <= counters[FAILED]);
    free(ids);
}

/* ---- virtual time ---- */

/* The service is the one of those who live now: it forgets what ended thirty days ago. */
#define TRAVELLED_ENOUGH (INT64_C(20) * 24 * 3600 * 1000)

/* A license in virtual time: every step is seen at once, with or without a store, whether the device slept or not. */
static void *travel(void *argument)
{
    Worker *worker = (Worker *)argument;
    while (!stopping() && travel_now < TRAVELLED_ENOUGH) {
        uint8_t id[16];
        bool spoilt;
        pthread_rwlock_rdlock(&inside);
        bool stored = random_below(&worker->random, 2) == 0;
        MediaKeySession *session = make_session(travel_system);
        unsigned before = now_troubled();
        int64_t start = travel_now;
        Drm_ErrCode code = request_license(session, stored ? MEDIA_KEY_TYPE_OFFLINE : MEDIA_KEY_TYPE_ONLINE, VIRTUAL,
                                           START_MILLIS + start, false, &worker->random, id, &spoilt);
        bool there = !spoilt && went_right(code, before, "a license in virtual time");
        while (there && travel_now < start + DURATION * 1000) {
            before = now_troubled();
            code = decrypt_nist(session, KID_A);
            if (stored) {
                (void)went_right(code, before, "use in virtual time");
            } else {
                CHECK_OK(code);
            }
            uint64_t step = 1000 * (1 + random_below(&worker->random, 40)); /* licenses count seconds */
            travel_now += (int64_t)step;
            CHECK_OK(OH_MediaKeySystem_AdvanceVirtualClock(travel_system, step, random_below(&worker->random, 2) == 0));
        }
        if (there) {
            CHECK_CODE(decrypt_nist(session, KID_A), DRM_ERR_NO_LICENSE);
            count(JOURNEYS);
        }
        CHECK_OK(OH_MediaKeySession_Destroy(session));
        if (there && stored) {
            do {
                pthread_rwlock_unlock(&inside);
                sleep_millis(20);
                pthread_rwlock_rdlock(&inside);
                before = now_troubled();
                code = OH_MediaKeySystem_ClearOfflineMediaKeys(travel_system, id, 16);
                /* One that failed may have been done. */
            } while (code != DRM_ERR_UNKNOWN && !went_right(code, before, "removing in virtual time") && may_fail(before));
        }
        pthread_rwlock_unlock(&inside);
        sleep_millis(5);
    }
    return NULL;
}

#endif /* TEST_SOAK_KEEPERS_H */

/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Configuration strings and byte arrays.
 */
#include <unistd.h>

#include "support/check.h"
#include "support/drm.h"
#include "support/guard.h"

static const char *const READ_ONLY[] = {"vendor",         "version",       "description",      "algorithms",
                                        "deviceUniqueId", "maxSessionNum", "currentSessionNum"};
#define READ_ONLY_COUNT (sizeof(READ_ONLY) / sizeof(READ_ONLY[0]))

static void get_string(MediaKeySystem *system, const char *name, char *value, size_t size)
{
    memset(value, 0x5a, size);
    REQUIRE_OK(OH_MediaKeySystem_GetConfigurationString(system, name, value, (int32_t)size));
    REQUIRE(memchr(value, '\0', size) != NULL);
    size_t used = strlen(value) + 1;
    CHECK_FILLED(value + used, 0x5a, size - used);
}

/* ClearPlay keeps what is set, as upstream's plain map does; what is set takes the place of the default. */
static void predefined_can_be_set_on_clearplay(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other = make_system(CLEARPLAY);
    char before[512];
    char value[512];
    uint8_t bytes[16] = {1, 2, 3};
    for (size_t i = 0; i < READ_ONLY_COUNT; i++) {
        int32_t size = 16;
        get_string(other, READ_ONLY[i], before, sizeof(before));
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, READ_ONLY[i], "mine"));
        get_string(system, READ_ONLY[i], value, sizeof(value));
        CHECK_STR(value, "mine");
        CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system, READ_ONLY[i], bytes, 3));
        CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, READ_ONLY[i], bytes, &size));
        CHECK_INT(size, 3);
        CHECK_MEM(bytes, "\1\2\3", 3);
        /* Other instances have the default. */
        get_string(other, READ_ONLY[i], value, sizeof(value));
        CHECK_STR(value, before);
    }
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void predefined(const char *name)
{
    MediaKeySystem *system = make_system(name);
    MediaKeySystem *other = make_system(CLEARPLAY);
    char value[512];
    char again[512];
    for (size_t i = 0; i < READ_ONLY_COUNT; i++) {
        get_string(system, READ_ONLY[i], value, sizeof(value));
        CHECK(value[0] != '\0');
        CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, READ_ONLY[i], "mine"));
        get_string(system, READ_ONLY[i], again, sizeof(again));
        CHECK_STR(again, value);
    }
    get_string(system, "maxSessionNum", value, sizeof(value));
    CHECK_STR(value, "64");
    get_string(system, "currentSessionNum", value, sizeof(value));
    CHECK_STR(value, "0");
    MediaKeySession *session = make_session(system);
    get_string(system, "currentSessionNum", value, sizeof(value));
    CHECK_STR(value, "1");
    CHECK_OK(OH_MediaKeySession_Destroy(session));
    get_string(system, "currentSessionNum", value, sizeof(value));
    CHECK_STR(value, "0");
    /* One device, one id. */
    get_string(system, "deviceUniqueId", value, sizeof(value));
    get_string(other, "deviceUniqueId", again, sizeof(again));
    CHECK_STR(again, value);
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void predefined_of_clearkey(void) { predefined(W3C_CLEARKEY); }

static void predefined_of_policyplay(void) { predefined("com.policyplay.drm"); }

static void device_id_bytes(void)
{
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    uint8_t id[17];
    uint8_t again[16];
    int32_t size = 17;
    memset(id, 0x5a, sizeof(id));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, "deviceUniqueId", id, &size));
    CHECK_INT(size, 16);
    CHECK_INT(id[16], 0x5a);
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, "deviceUniqueId", again, &size));
    CHECK_MEM(again, id, 16);
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationByteArray(system, "deviceUniqueId", id, 16));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, "deviceUniqueId", again, &size));
    CHECK_MEM(again, id, 16);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void strings_of_ones_own(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    MediaKeySystem *other = make_system(CLEARPLAY);
    char value[64];
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(system, "mine", value, 64));
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "mine", "first"));
    get_string(system, "mine", value, sizeof(value));
    CHECK_STR(value, "first");
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "mine", "a sec\xc3\xb6nd value"));
    get_string(system, "mine", value, sizeof(value));
    CHECK_STR(value, "a sec\xc3\xb6nd value");
    /* Names are the instance's own, and case matters. */
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(other, "mine", value, 64));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(system, "Mine", value, 64));
    /* Strings and byte arrays do not see each other. */
    int32_t size = 64;
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationByteArray(system, "mine", (uint8_t *)value, &size));
    CHECK_INT(size, 64);
    CHECK_OK(OH_MediaKeySystem_Destroy(other));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void string_room(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    char value[8];
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "mine", "12345"));
    memset(value, 0x5a, sizeof(value));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, "mine", value, 5));
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "6") != NULL);
    for (int32_t size = 0; size >= -1; size--) {
        CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, "mine", value, size));
    }
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, "mine", value, INT32_MIN));
    CHECK_FILLED(value, 0x5a, sizeof(value));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationString(system, "mine", value, 6));
    CHECK_STR(value, "12345");
    CHECK_FILLED(value + 6, 0x5a, 2);
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, "mine", NULL, 6));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, NULL, value, 6));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, "", value, 6));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void longest_strings(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    char name[NATIVE_DRM_MAX_CONFIG_NAME_LEN + 1];
    char value[NATIVE_DRM_MAX_CONFIG_VALUE_LEN + 1];
    char read[NATIVE_DRM_MAX_CONFIG_VALUE_LEN];
    char *endless_name = guard_text_without_nul(NATIVE_DRM_MAX_CONFIG_NAME_LEN);
    char *endless_value = guard_text_without_nul(NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    memset(name, 'n', sizeof(name));
    memset(value, 'v', sizeof(value));
    name[NATIVE_DRM_MAX_CONFIG_NAME_LEN] = '\0';
    value[NATIVE_DRM_MAX_CONFIG_VALUE_LEN] = '\0';
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, name, "value"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", value));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, name, read, (int32_t)sizeof(read)));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, endless_name, "value"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", endless_value));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationString(system, endless_name, read, (int32_t)sizeof(read)));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(system, "name", read, (int32_t)sizeof(read)));
    name[NATIVE_DRM_MAX_CONFIG_NAME_LEN - 1] = '\0';
    value[NATIVE_DRM_MAX_CONFIG_VALUE_LEN - 1] = '\0';
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, name, value));
    get_string(system, name, read, sizeof(read));
    CHECK_STR(read, value);
    guard_free(endless_name, NATIVE_DRM_MAX_CONFIG_NAME_LEN);
    guard_free(endless_value, NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void bad_strings(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    char value[16];
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, NULL, "value"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", NULL));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "", "value"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", ""));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "na\xffme", "value"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", "va\xc0\x80lue"));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationString(system, "name", "cut \xe2\x82"));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(system, "name", value, 16));
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

static void byte_arrays(void)
{
    MediaKeySystem *system = make_system(W3C_CLEARKEY);
    uint8_t *largest = (uint8_t *)guard_alloc(NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    uint8_t read[NATIVE_DRM_MAX_CONFIG_VALUE_LEN + 4];
    uint8_t small[3] = {0, 255, 7};
    int32_t size = (int32_t)sizeof(read);
    for (int i = 0; i < NATIVE_DRM_MAX_CONFIG_VALUE_LEN; i++) {
        largest[i] = (uint8_t)(i * 7);
    }
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", small, 0));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", small, -1));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", small, INT32_MIN));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", small, INT32_MAX));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", largest,
                                                              NATIVE_DRM_MAX_CONFIG_VALUE_LEN + 1));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", NULL, 3));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, NULL, small, 3));
    CHECK_INVALID(OH_MediaKeySystem_SetConfigurationByteArray(system, "", small, 3));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));

    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", largest, NATIVE_DRM_MAX_CONFIG_VALUE_LEN));
    memset(read, 0x5a, sizeof(read));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    CHECK_INT(size, NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    CHECK_MEM(read, largest, NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    CHECK_FILLED(read + NATIVE_DRM_MAX_CONFIG_VALUE_LEN, 0x5a, 4);

    CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system, "bytes", small, 3));
    memset(read, 0x5a, sizeof(read));
    size = 2;
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    CHECK_INT(size, 3);
    CHECK(strstr(OH_Drm_GetLastErrorMessage(), "3 bytes are needed, 2 are available") != NULL);
    size = 0;
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    size = -1;
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    size = INT32_MIN;
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    CHECK_FILLED(read, 0x5a, sizeof(read));
    size = 3;
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", NULL, &size));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, NULL));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, NULL, read, &size));
    CHECK_INVALID(OH_MediaKeySystem_GetConfigurationByteArray(system, "", read, &size));
    CHECK_OK(OH_MediaKeySystem_GetConfigurationByteArray(system, "bytes", read, &size));
    CHECK_INT(size, 3);
    CHECK_MEM(read, small, 3);
    guard_free(largest, NATIVE_DRM_MAX_CONFIG_VALUE_LEN);
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

/* 256 names of each kind; one more is refused, an old one can still be replaced. */
static void full(void)
{
    MediaKeySystem *system = make_system(CLEARPLAY);
    char name[32];
    char value[32];
    uint8_t byte = 1;
    for (int i = 0; i < 256; i++) {
        snprintf(name, sizeof(name), "name%d", i);
        CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, name, name));
        CHECK_OK(OH_MediaKeySystem_SetConfigurationByteArray(system, name, &byte, 1));
    }
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, "one more", "value"));
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationByteArray(system, "one more", &byte, 1));
    CHECK_UNKNOWN(OH_MediaKeySystem_GetConfigurationString(system, "one more", value, 32));
    /* A refused directory is not used: asking for the device's id would create it. */
    char place[4096];
    char id[64];
    REQUIRE((size_t)snprintf(place, sizeof(place), "%s/refused", getenv("NATIVE_DRM_STORAGE_DIR")) < sizeof(place));
    CHECK_UNKNOWN(OH_MediaKeySystem_SetConfigurationString(system, "storagePath", place));
    get_string(system, "deviceUniqueId", id, sizeof(id));
    CHECK(access(place, F_OK) != 0);
    CHECK_OK(OH_MediaKeySystem_SetConfigurationString(system, "name0", "replaced"));
    get_string(system, "name0", value, sizeof(value));
    CHECK_STR(value, "replaced");
    get_string(system, "name255", value, sizeof(value));
    CHECK_STR(value, "name255");
    CHECK_OK(OH_MediaKeySystem_Destroy(system));
}

int main(void)
{
    RUN(predefined_can_be_set_on_clearplay);
    RUN(predefined_of_clearkey);
    RUN(predefined_of_policyplay);
    RUN(device_id_bytes);
    RUN(strings_of_ones_own);
    RUN(string_room);
    RUN(longest_strings);
    RUN(bad_strings);
    RUN(byte_arrays);
    RUN(full);
    return check_finish("test_config");
}

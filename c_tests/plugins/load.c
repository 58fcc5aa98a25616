/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Plugins in shared libraries, in folders and by name: load DIRECTORY, where the libraries of this test are. Each case runs in a process
 * of its own, since a library searches its folders once.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/drm.h"
#include "support/plugin_path.h"

#include "multimedia/drm_framework/native_drm_extension.h"
#include "native_drm_plugin.h"

static const char *libraries;
static char folder[1024];
static char file[1200];

static void copy(const char *from, const char *to)
{
    char source[1200], bytes[65536];
    snprintf(source, sizeof(source), "%s/%s", libraries, from);
    snprintf(file, sizeof(file), "%s/%s", folder, to);
    FILE *in = fopen(source, "rb"), *out = fopen(file, "wb");
    REQUIRE(in != NULL && out != NULL);
    for (size_t size; (size = fread(bytes, 1, sizeof(bytes), in)) > 0;) {
        REQUIRE(fwrite(bytes, 1, size, out) == size);
    }
    fclose(in);
    REQUIRE(fclose(out) == 0);
    REQUIRE(chmod(file, 0755) == 0);
}

/* A new folder below the store's, which is this test's own. */
static void make_folder(const char *name)
{
    snprintf(folder, sizeof(folder), "%s/%s", getenv("NATIVE_DRM_STORAGE_DIR"), name);
    REQUIRE(mkdir(folder, 0755) == 0 && chmod(folder, 0755) == 0);
}

static uint32_t systems(void)
{
    DRM_MediaKeySystemDescription found[MAX_MEDIA_KEY_SYSTEM_NUM];
    uint32_t count = MAX_MEDIA_KEY_SYSTEM_NUM;
    CHECK_OK(OH_MediaKeySystem_GetMediaKeySystems(found, &count));
    return count;
}

static void by_name(void)
{
    CHECK_INT(systems(), 3);
    CHECK_INVALID(OH_Drm_LoadPlugin(NULL));
    CHECK_INVALID(OH_Drm_LoadPlugin(""));
    static char long_path[5000];
    memset(long_path, '/', sizeof(long_path) - 1);
    CHECK_INVALID(OH_Drm_LoadPlugin(long_path));
    make_folder("by_name");
    CHECK_UNKNOWN(OH_Drm_LoadPlugin("/nonexistent.so"));
    CHECK_UNKNOWN(OH_Drm_LoadPlugin(folder));
    static const char *const FAULTY[] = {"fails.so", "no_table.so", "bad_table.so", "no_function.so", "taken.so"};
    for (size_t i = 0; i < sizeof(FAULTY) / sizeof(*FAULTY); i++) {
        copy(FAULTY[i], FAULTY[i]);
        CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
    }
    copy("works.so", "text.so");
    REQUIRE(truncate(file, 100) == 0);
    CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
    CHECK_INT(systems(), 3);
    copy("works.so", "works.so");
    CHECK_OK(OH_Drm_LoadPlugin(file));
    CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
    CHECK_INT(systems(), 4);
    CHECK_OK(OH_MediaKeySystem_Destroy(make_system("test.loaded")));
}

/* Whoever else may write to it could have made it. */
static void others_can_write(void)
{
    make_folder("writable");
    copy("works.so", "works.so");
    for (unsigned bit = 1; bit <= 0777; bit <<= 1) {
        bool bad = (bit & 0022) != 0;
        REQUIRE(chmod(file, 0500 | bit) == 0);
        if (bad) {
            CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
        }
        REQUIRE(chmod(file, 0755) == 0);
        REQUIRE(chmod(folder, 0700 | bit) == 0);
        if (bad) {
            CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
        }
        REQUIRE(chmod(folder, 0755) == 0);
    }
    CHECK_INT(systems(), 3);
    /* By another way to the same file, too. */
    char link[1200];
    snprintf(link, sizeof(link), "%s/link.so", getenv("NATIVE_DRM_STORAGE_DIR"));
    REQUIRE(symlink(file, link) == 0);
    REQUIRE(chmod(folder, 0777) == 0);
    CHECK_UNKNOWN(OH_Drm_LoadPlugin(link));
    if (geteuid() == 0) {
        REQUIRE(chmod(folder, 0755) == 0);
        REQUIRE(chown(file, 1, 0) == 0);
        CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
        REQUIRE(chown(file, 0, 0) == 0 && chown(folder, 1, 0) == 0);
        CHECK_UNKNOWN(OH_Drm_LoadPlugin(file));
        REQUIRE(chown(folder, 0, 0) == 0);
    }
    /* In a folder like /tmp nobody can replace what is not his. */
    REQUIRE(chmod(folder, 01777) == 0);
    CHECK_OK(OH_Drm_LoadPlugin(link));
    CHECK_INT(systems(), 4);
}

static char lines[4096];
static void on_line(NativeDrm_LogLevel level, const char *message, void *unused)
{
    (void)unused;
    if (level == NATIVE_DRM_LOG_ERROR) {
        strncat(lines, message, sizeof(lines) - strlen(lines) - 2);
        strcat(lines, "\n");
    }
}

/* What is wrong with one of them keeps the others from nothing. */
static void in_folders(void)
{
    char path[3000];
    make_folder("first");
    copy("bad_table.so", "a.so");
    copy("calls.so", "b.so");
    copy("works.so", "c.txt");
    snprintf(path, sizeof(path), "/nonexistent::%s:", folder);
    make_folder("second");
    copy("works.so", "works.so");
    strncat(path, folder, sizeof(path) - strlen(path) - 1);
    REQUIRE(setenv("NATIVE_DRM_PLUGIN_PATH", path, 1) == 0);
    CHECK_OK(OH_Drm_SetLogCallback(NATIVE_DRM_LOG_ERROR, on_line, NULL));
    CHECK_INT(systems(), 5);
    CHECK(strstr(lines, "first/a.so is left out") != NULL);
    CHECK(strstr(lines, "b.so") == NULL && strstr(lines, "works.so") == NULL && strstr(lines, "c.txt") == NULL);
    CHECK(OH_MediaKeySystem_IsSupported("test.loaded") && OH_MediaKeySystem_IsSupported("test.calls"));
    /* Once. */
    REQUIRE(setenv("NATIVE_DRM_PLUGIN_PATH", libraries, 1) == 0);
    CHECK_INT(systems(), 5);
}

/* More boxes than fit, the last of them for the plugin: those of key systems that there are come first. */
static bool finds_the_box_of_the_plugin(void)
{
    static const char PLUGIN[] = "01000000000000000000000000000000";
    static DRM_MediaKeySystemInfo info;
    uint8_t boxes[64 * (MAX_PSSH_INFO_COUNT + 1)];
    size_t size = 0;
    for (int i = 0; i < MAX_PSSH_INFO_COUNT; i++) {
        char other[33];
        snprintf(other, sizeof(other), "ff%030d", i);
        size += make_pssh(boxes + size, other, NULL, 0, "x", 1);
    }
    size += make_pssh(boxes + size, PLUGIN, NULL, 0, "x", 1);
    return OH_Drm_ParseMediaKeySystemInfo(boxes, size, &info) == DRM_ERR_OK && info.psshCount == MAX_PSSH_INFO_COUNT &&
           info.psshInfo[0].uuid[0] == 1;
}

static void each_first_call_searches(void)
{
    make_folder("searched");
    copy("works.so", "works.so");
    REQUIRE(setenv("NATIVE_DRM_PLUGIN_PATH", folder, 1) == 0);
    fflush(NULL);
    for (int i = 0; i < 6; i++) {
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            MediaKeySystem *system = NULL;
            bool found = false;
            switch (i) {
                case 0: found = OH_MediaKeySystem_IsSupported("test.loaded"); break;
                case 1: found = OH_MediaKeySystem_IsSupported2("test.loaded", "cenc"); break;
                case 2:
                    found = OH_MediaKeySystem_IsSupported3("test.loaded", "cenc", CONTENT_PROTECTION_LEVEL_SW_CRYPTO);
                    break;
                case 3: found = OH_MediaKeySystem_Create("test.loaded", &system) == DRM_ERR_OK; break;
                case 4: found = finds_the_box_of_the_plugin(); break;
                /* What the program registers comes behind what is in the folders. */
                default: found = OH_Drm_LoadPlugin(file) == DRM_ERR_UNKNOWN && systems() == 4; break;
            }
            _exit(found ? 0 : 1);
        }
        int status = -1;
        REQUIRE(waitpid(child, &status, 0) == child);
        CHECK_INT(status, 0);
    }
}

int main(int argc, char **argv)
{
    static void (*const CASES[])(void) = {each_first_call_searches, by_name, others_can_write, in_folders};
    REQUIRE(argc == 2);
    libraries = argv[1];
    require_private(getenv("NATIVE_DRM_STORAGE_DIR"));
    REQUIRE(unsetenv("NATIVE_DRM_PLUGIN_PATH") == 0);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        fflush(NULL);
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            CASES[i]();
            return check_finish("plugin_load case");
        }
        int status = -1;
        REQUIRE(waitpid(child, &status, 0) == child);
        CHECK_INT(status, 0);
    }
    return check_finish("plugin_load");
}

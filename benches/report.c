/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table and the JSON file.
 */
#include "bench.h"

#include <gcrypt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void cell(bool present, double value, int width, int digits)
{
    if (present && value > 0) {
        printf(" %*.*f", width, digits, value);
    } else {
        printf(" %*s", width, "-");
    }
}

static const char *verdict(double value, double goal)
{
    return goal == 0 || value == 0 ? "" : value >= goal ? "reached" : "MISSED";
}

void print_results(const Result *results, int count)
{
    const char *level = forced_level();
    printf("\nTimes OpenSSL, in cache (medians of ratios)%s%s\n%-36s", level == NULL ? "" : "; at most ",
           level == NULL ? "" : level, "");
    for (int i = 0; i < CONTESTANTS; i++) {
        printf(" %10s", CONTESTANT_NAMES[i]);
    }
    printf(" %9s %8s   %9s %9s\n", "goal", "", "ns", "GB/s");
    for (int r = 0; r < count; r++) {
        const Result *result = &results[r];
        const Workload *workload = result->workload;
        printf("%-3s%-33s", workload->id, workload->what);
        for (int i = 0; i < CONTESTANTS; i++) {
            cell(result->present[i], result->over_openssl[i], 10, 2);
        }
        cell(true, workload->goal_openssl, 9, 2);
        printf(" %8s", verdict(result->over_openssl[NATIVE_DRM], workload->goal_openssl));
        printf("   %9.1f %9.1f\n", result->nanoseconds[NATIVE_DRM], workload->length / result->nanoseconds[NATIVE_DRM]);
    }

    printf("(touch: reads and writes the encrypted blocks, and decrypts nothing)\n");

    printf("\nnative_drm %-25s %12s %6s %8s   %12s   %10s %10s %10s\n", "", "x libgcrypt", "goal", "", "out of cache",
           "one", "two", "OpenSSL,");
    printf("%-36s %12s %6s %8s   %12s   %10s %10s %10s\n", "", "", "", "", "x OpenSSL", "session", "sessions", "2 threads");
    for (int r = 0; r < count; r++) {
        const Result *result = &results[r];
        const Workload *workload = result->workload;
        printf("%-3s%-33s", workload->id, workload->what);
        cell(result->present[GCRYPT], result->over_gcrypt[NATIVE_DRM], 12, 2);
        cell(true, workload->goal_gcrypt, 6, 2);
        printf(" %8s  ", verdict(result->over_gcrypt[NATIVE_DRM], workload->goal_gcrypt));
        cell(true, result->cold_over_openssl[NATIVE_DRM], 12, 2);
        printf("  ");
        cell(true, result->one_session, 10, 2);
        cell(true, result->two_sessions, 10, 2);
        cell(true, result->openssl_threads, 10, 2);
        printf("\n");
    }
    printf("(sessions: throughput of two threads by that of one; goal 1.90, as far as OpenSSL's shows that the machine allows it)\n");
}

int goals_missed(const Result *results, int count)
{
    int missed = 0;
    for (int r = 0; r < count; r++) {
        const Result *result = &results[r];
        missed += result->over_openssl[NATIVE_DRM] < result->workload->goal_openssl;
        missed += result->present[GCRYPT] && result->over_gcrypt[NATIVE_DRM] < result->workload->goal_gcrypt;
        missed += result->one_session > 0 && result->one_session < 1.9;
    }
    return missed;
}

/* The processor's name as Linux has it, without what JSON would not take. */
static void processor(char *name, size_t size)
{
    snprintf(name, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            snprintf(name, size, "%s", value + 2);
            name[strcspn(name, "\"\\\n")] = '\0';
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void write_group(FILE *file, const char *name, const Result *result, const double values[CONTESTANTS])
{
    fprintf(file, "      \"%s\": {", name);
    const char *separator = "";
    for (int i = 0; i < CONTESTANTS; i++) {
        if (result->present[i] && values[i] > 0) {
            fprintf(file, "%s\"%s\": %.4g", separator, CONTESTANT_NAMES[i], values[i]);
            separator = ", ";
        }
    }
    fprintf(file, "},\n");
}

void write_json(const char *path, const Settings *settings, const Result *results, int count)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fail("cannot write %s", path);
    }
    char cpu[128];
    processor(cpu, sizeof(cpu));
    const char *level = forced_level();
    fprintf(file, "{\n  \"processor\": \"%s\",\n  \"NATIVE_DRM_CPU\": \"%.16s\",\n", cpu, level == NULL ? "" : level);
    fprintf(file, "  \"openssl\": \"%s\",\n  \"libgcrypt\": \"%s\",\n", OpenSSL_version(OPENSSL_FULL_VERSION_STRING),
            gcry_check_version(NULL));
    fprintf(file, "  \"repetitions\": %d,\n  \"slice_ms\": %g,\n  \"out_of_cache_bytes\": %zu,\n  \"workloads\": [\n",
            settings->repetitions, settings->slice_ms, settings->cold_bytes);
    for (int r = 0; r < count; r++) {
        const Result *result = &results[r];
        const Workload *workload = result->workload;
        fprintf(file, "    {\n      \"id\": \"%s\",\n      \"what\": \"%s\",\n      \"bytes\": %u,\n", workload->id,
                workload->what, workload->length);
        fprintf(file, "      \"goal_over_openssl\": %g,\n      \"goal_over_libgcrypt\": %g,\n", workload->goal_openssl,
                workload->goal_gcrypt);
        write_group(file, "nanoseconds", result, result->nanoseconds);
        write_group(file, "over_openssl", result, result->over_openssl);
        write_group(file, "over_libgcrypt", result, result->over_gcrypt);
        write_group(file, "out_of_cache_nanoseconds", result, result->cold_nanoseconds);
        write_group(file, "out_of_cache_over_openssl", result, result->cold_over_openssl);
        fprintf(file, "      \"two_threads_one_session\": %.4g,\n      \"two_threads_two_sessions\": %.4g,\n",
                result->one_session, result->two_sessions);
        fprintf(file, "      \"two_threads_openssl\": %.4g\n    }%s\n", result->openssl_threads, r + 1 < count ? "," : "");
    }
    fprintf(file, "  ]\n}\n");
    if (fclose(file) != 0) {
        fail("cannot write %s", path);
    }
}

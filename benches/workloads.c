/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a player decrypts: small audio samples, video samples and key frames in several subsamples.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

const uint8_t BENCH_KEY[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                               0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
const uint8_t BENCH_KEY_ID[16] = "benchmark key id";
/* The counter starts at zero, as with IVs of 8 bytes: OpenSSL's counter would otherwise carry into the IV. */
const uint8_t BENCH_IV[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};

/* Splits the sample into slices of about the same size: clear headers of 5 to 100 bytes, and whatever follows them. */
static void split(Workload *workload, uint32_t count)
{
    uint32_t left = workload->length;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t clear = 5 + i * 37 % 96;
        uint32_t slice = i + 1 < count ? workload->length / count + i * 29 % 64 : left;
        workload->subsamples[i] = (DrmSubsample){.clearHeaderLen = clear, .payLoadLen = slice - clear};
        left -= slice;
    }
    workload->subsample_count = count;
}

const char *forced_level(void)
{
    const char *level = getenv("NATIVE_DRM_CPU");
    return level == NULL || *level == '\0' ? NULL : level;
}

int make_workloads(Workload workloads[MAX_WORKLOADS])
{
    enum { KIB = 1024 };
    const Workload table[] = {
        {.id = "a", .what = "400 B cenc", .length = 400, .goal_openssl = 5.5, .goal_gcrypt = 1.15},
        {.id = "b", .what = "16 KiB cenc, 6 subsamples", .length = 16 * KIB, .subsample_count = 6, .goal_openssl = 2.7, .goal_gcrypt = 1.15},
        {.id = "c", .what = "256 KiB cenc, 12 subsamples", .length = 256 * KIB, .subsample_count = 12, .goal_openssl = 2.4, .goal_gcrypt = 1.15},
        {.id = "d", .what = "16 KiB cbcs 1:9, 6 subsamples", .length = 16 * KIB, .subsample_count = 6, .cbc = true, .crypt = 1, .skip = 9, .goal_openssl = 17, .goal_gcrypt = 7},
        {.id = "e", .what = "256 KiB cbcs 1:9, 12 subsamples", .length = 256 * KIB, .subsample_count = 12, .cbc = true, .crypt = 1, .skip = 9, .goal_openssl = 12, .goal_gcrypt = 7},
        {.id = "f", .what = "400 B cbcs, all blocks", .length = 400, .cbc = true, .goal_openssl = 5.5, .goal_gcrypt = 1.15},
        {.id = "f2", .what = "256 KiB cbcs, all blocks", .length = 256 * KIB, .cbc = true, .goal_openssl = 1.95, .goal_gcrypt = 1},
        {.id = "g1", .what = "64 KiB SM4-CTR", .length = 64 * KIB, .sm4 = true, .goal_openssl = 25, .goal_gcrypt = 3.5},
        {.id = "g2", .what = "64 KiB SM4-CBC", .length = 64 * KIB, .sm4 = true, .cbc = true, .goal_openssl = 25, .goal_gcrypt = 3.5},
    };
    const int count = (int)(sizeof(table) / sizeof(table[0]));
    for (int i = 0; i < count; i++) {
        workloads[i] = table[i];
        if (forced_level() != NULL) {
            /* OpenSSL's code for long runs is at the limit of the AES unit, too: no goal but not to be behind. */
            bool long_run = table[i].goal_openssl < 5;
            bool sm4_by_table = strcmp(forced_level(), "soft") == 0;
            /* Eight times the table, which is 0.78 and 0.66 times OpenSSL. */
            double sm4_goal = sm4_by_table ? 0 : table[i].cbc ? 5.3 : 6.2;
            workloads[i].goal_openssl = table[i].sm4 ? sm4_goal : long_run ? 0.98 : 1;
            workloads[i].goal_gcrypt = table[i].sm4 && !sm4_by_table ? 1.15 : 0;
        }
        if (table[i].subsample_count > 0) {
            split(&workloads[i], table[i].subsample_count);
        }
    }
    return count;
}

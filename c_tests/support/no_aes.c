/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * To be preloaded on 64-bit ARM: a system that tells programs of no cryptographic instructions, as it is on processors that have none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sys/auxv.h>

/* Bits of AT_HWCAP (the kernel's asm/hwcap.h): AES, PMULL, SHA1, SHA2; SHA3, SM3, SM4. */
static const unsigned long CRYPTOGRAPHIC = 0xful << 3 | 0x7ul << 17;

unsigned long getauxval(unsigned long type)
{
    unsigned long (*real)(unsigned long) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "getauxval");
    unsigned long value = real(type);
    return type == AT_HWCAP ? value & ~CRYPTOGRAPHIC : value;
}

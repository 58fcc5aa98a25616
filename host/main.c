/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native-drm-host: the process of an isolated key system. All of it is in the library.
 */

#include <stddef.h>
#include <unistd.h>

#include "multimedia/drm_framework/native_drm_isolation.h"

#ifdef __SANITIZE_THREAD__
void __sanitizer_symbolize_pc(void *address, const char *format, char *text, size_t size);

/* Once confined, the process cannot read the names of functions any more, by which c_tests/tsan.supp goes. */
static void read_names(void)
{
    char text[256];
    __sanitizer_symbolize_pc((void *)OH_Drm_RunHost, "%f", text, sizeof(text));
}
#else
static void read_names(void)
{
}
#endif

int main(void)
{
    read_names();
    _exit(OH_Drm_RunHost());
}

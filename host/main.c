/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * native-drm-host: the process of an isolated key system. All of it is in the library.
 */

#include <unistd.h>

#include "multimedia/drm_framework/native_drm_isolation.h"

int main(void)
{
    _exit(OH_Drm_RunHost());
}

#!/usr/bin/env bash
# Installs the library with cargo-c and runs programs that pkg-config links with it, shared and static. Where cargo-c is missing, that is said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

require cmd:cc=gcc cmd:pkg-config=pkg-config cmd:readelf=binutils
if ! cargo cinstall --version >/dev/null 2>&1; then
    echo "cargo-c is not installed (cargo install cargo-c): not tried"
    exit 0
fi
build=$PWD/build/cargo-c
rm -rf "$build"
mkdir -p "$build"
# Without link-time optimisation: how fast it is does not matter here.
CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
    cargo cinstall --release --locked --target-dir "${CARGO_TARGET_DIR:-$PWD/target}/cargo-c" --prefix "$build/prefix" --libdir lib
export PKG_CONFIG_PATH=$build/prefix/lib/pkgconfig
(cd include && find . -type f | sort) >"$build/headers"
(cd "$build/prefix/include" && find . -type f | sort) | diff "$build/headers" -
# Headers by the NDK's paths only: cargo-c's pkg-config file names one folder.
find include/multimedia -name '*.h' -printf '#include <multimedia/%P>\n' | sort >"$build/program.c"
cat >>"$build/program.c" <<'END'
#include <native_drm_plugin.h>
int main(void)
{
    MediaKeySystem *system = NULL;
    if (!OH_MediaKeySystem_IsSupported("org.w3.clearkey") || OH_MediaKeySystem_Create("org.w3.clearkey", &system) != DRM_ERR_OK) {
        return 1;
    }
    return OH_MediaKeySystem_Destroy(system) == DRM_ERR_OK ? 0 : 1;
}
END
# The words that pkg-config prints are separate arguments.
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror -o "$build/shared" "$build/program.c" $(pkg-config --cflags --libs native_drm)
readelf -d "$build/shared" | grep -q 'NEEDED.*\[libnative_drm\.so\.0\]'
LD_LIBRARY_PATH=$build/prefix/lib "$build/shared"
# The static library with the system libraries that it needs, which are shared.
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror -o "$build/static" "$build/program.c" \
    $(pkg-config --static --cflags --libs native_drm | sed 's/-lnative_drm\b/-l:libnative_drm.a/')
"$build/static"
echo "cargo-c: headers, shared and static library work"

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
# The words that pkg-config prints are separate arguments.
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror -o "$build/shared" c_tests/consumer/project/consumer.c $(pkg-config --cflags --libs native_drm)
readelf -d "$build/shared" | grep -q 'NEEDED.*\[libnative_drm\.so\.0\]'
LD_LIBRARY_PATH=$build/prefix/lib "$build/shared"
# shellcheck disable=SC2046
cc -std=c11 -Wall -Wextra -Werror -static -o "$build/static" c_tests/consumer/project/consumer.c $(pkg-config --static --cflags --libs native_drm)
"$build/static"
echo "cargo-c: headers, shared and static library work"

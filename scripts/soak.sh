#!/usr/bin/env bash
# The long run, two programs side by side: 64 systems with 64 sessions each of every key system, licenses that renew and expire on
# a virtual clock; and licenses of a few seconds by the machine's clock, stored ones and children after fork() while something is
# always going wrong (c_tests/soak/trouble.h).
#
#   scripts/soak.sh [SECONDS [SYSTEMS [SESSIONS]]]    600 64 64 without arguments; systems are per key system
#
# NATIVE_DRM_TEST_SEED repeats the order of what is done and of the faults; otherwise it is the time, and printed. PROFILE=dev takes
# the library with debug assertions. Build output: target/ (or CARGO_TARGET_DIR). Prints what is used, and exits with 0 if nothing
# failed and nothing grew.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

require cmd:gcc=gcc
profile=${PROFILE:-release}
cargo build --locked --profile "$profile" --lib
library=$CARGO_TARGET_DIR/${profile/#dev/debug}
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/store" "$work/faulty-store"
ln -s "$library/libnative_drm.so" "$work/libnative_drm.so.0"
compile() {
    gcc -std=gnu11 -O2 -Wall -Wextra -Ic_tests -Iinclude -Iinclude/multimedia/drm_framework "$@"
}
compile c_tests/soak/soak.c -o "$work/soak" "$library/libnative_drm.so" -pthread -Wl,-rpath,"$work"
compile -shared -fPIC c_tests/faults/shim.c -o "$work/libfault_shim.so" -ldl
compile c_tests/soak/soak_faults.c -o "$work/soak_faults" "$work/libfault_shim.so" "$library/libnative_drm.so" -pthread \
    -Wl,-rpath,"$work"
# soak.c says why.
export GLIBC_TUNABLES=glibc.malloc.tcache_count=0
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
NATIVE_DRM_STORAGE_DIR=$work/faulty-store LD_PRELOAD=$work/libfault_shim.so "$work/soak_faults" "${1:-600}" \
    >"$work/faults.txt" 2>&1 &
faults=$!
failed=0
NATIVE_DRM_STORAGE_DIR=$work/store "$work/soak" "${1:-600}" "${2:-64}" "${3:-64}" || failed=1
wait "$faults" || failed=1
echo
cat "$work/faults.txt"
exit "$failed"

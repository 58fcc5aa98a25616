#!/usr/bin/env bash
# The long run: 64 systems with 64 sessions each of every key system, licenses that renew and expire on a virtual clock.
#
#   scripts/soak.sh [SECONDS [SYSTEMS [SESSIONS]]]    600 64 64 without arguments; systems are per key system
#
# Build output: target/ (or CARGO_TARGET_DIR). Prints what is used, and exits with 0 if nothing failed and nothing grew.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

require cmd:gcc=gcc
cargo build --locked --release --lib
library=$CARGO_TARGET_DIR/release
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/store"
ln -s "$library/libnative_drm.so" "$work/libnative_drm.so.0"
gcc -std=gnu11 -O2 -Wall -Wextra -Ic_tests -Iinclude -Iinclude/multimedia/drm_framework c_tests/soak/soak.c -o "$work/soak" \
    "$library/libnative_drm.so" -pthread -Wl,-rpath,"$work"
# soak.c says why.
export GLIBC_TUNABLES=glibc.malloc.tcache_count=0
DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent NATIVE_DRM_STORAGE_DIR=$work/store \
    "$work/soak" "${1:-600}" "${2:-64}" "${3:-64}"

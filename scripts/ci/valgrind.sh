#!/usr/bin/env bash
# The C tests under valgrind: accesses and leaks, in the release build, kernels of assembly included.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

require cmd:c++=g++ cmd:cmake=cmake cmd:make=make cmd:readelf=binutils cmd:pkg-config=pkg-config header:nlohmann/json.hpp=nlohmann-json3-dev \
    header:openssl/evp.h=libssl-dev cmd:dbus-run-session=dbus cmd:playerctl=playerctl cmd:busctl=systemd cmd:gdbus=libglib2.0-bin \
    cmd:node=nodejs cmd:npm=npm cmd:valgrind=valgrind "works:valgrind -q true=libc6-dbg"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cmake -S . -B build/valgrind -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNATIVE_DRM_CARGO_FLAGS=--locked -DNATIVE_DRM_BUILD_GSTREAMER=OFF \
    -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" -DNATIVE_DRM_TEST_TIMEOUT=600 \
    "-DNATIVE_DRM_TEST_LAUNCHER=valgrind;--quiet;--error-exitcode=99;--leak-check=full;--errors-for-leak-kinds=definite;--trace-children=yes;--fair-sched=yes"
cmake --build build/valgrind --parallel "$(nproc)"
cd build/valgrind
ctest --parallel "$(nproc)" --output-on-failure --no-tests=error

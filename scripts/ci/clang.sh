#!/usr/bin/env bash
# The C and C++ tests built by clang: headers without warnings, the same ABI, the same results.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

require cmd:clang=clang cmd:clang++=clang cmd:cmake=cmake cmd:make=make header:nlohmann/json.hpp=nlohmann-json3-dev \
    header:openssl/evp.h=libssl-dev cmd:dbus-run-session=dbus cmd:playerctl=playerctl cmd:busctl=systemd cmd:gdbus=libglib2.0-bin \
    cmd:node=nodejs cmd:npm=npm cmd:pkg-config=pkg-config cmd:addr2line=binutils
export CC=clang CXX=clang++
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cmake -S . -B build/clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNATIVE_DRM_CARGO_FLAGS=--locked -DNATIVE_DRM_BUILD_GSTREAMER=OFF \
    -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR"
cmake --build build/clang --parallel "$(nproc)"
cd build/clang
ctest --parallel "$(nproc)" --output-on-failure --no-tests=error

#!/usr/bin/env bash
# The library without the license service and without media controls: built, and those C tests that need neither.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

require cmd:cmake=cmake cmd:make=make cmd:c++=g++ header:nlohmann/json.hpp=nlohmann-json3-dev header:openssl/evp.h=libssl-dev \
    cmd:node=nodejs cmd:npm=npm cmd:pkg-config=pkg-config cmd:addr2line=binutils
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo clippy --locked --lib --no-default-features -- -D warnings
# Debug: what is looked at is what is there, not how fast it is.
cmake -S . -B build/no-default-features -DCMAKE_BUILD_TYPE=Debug -DNATIVE_DRM_CARGO_FLAGS=--locked \
    -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" -DNATIVE_DRM_LICENSE_SERVICE=OFF -DNATIVE_DRM_MPRIS=OFF -DNATIVE_DRM_BUILD_GSTREAMER=OFF
cmake --build build/no-default-features --parallel "$(nproc)"
cd build/no-default-features
ctest --parallel "$(nproc)" --output-on-failure --no-tests=error

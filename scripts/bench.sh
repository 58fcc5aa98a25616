#!/usr/bin/env bash
# Measures decryption through the C ABI beside OpenSSL and libgcrypt; installs what is missing (scripts/lib/install.sh).
#
#   scripts/bench.sh [options of the benchmark]
#
# Build output: build/bench, or where NATIVE_DRM_BUILD_DIR says. Nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
require cmd:c++=g++ cmd:make=make cmd:cmake=cmake cmd:pkg-config=pkg-config header:openssl/evp.h=libssl-dev \
    header:gcrypt.h=libgcrypt20-dev
build=${NATIVE_DRM_BUILD_DIR:-build}/bench
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_BUILD_TESTS=OFF -DNATIVE_DRM_BUILD_BENCHES=ON >/dev/null
cmake --build "$build" --parallel "$(nproc)"
exec "$build/benches/native_drm_decrypt_bench" "$@"

#!/usr/bin/env bash
# Builds the library for 64-bit ARM and tests it under qemu, from an x86-64 Debian: the tests of decryption, with and without the
# processor's AES instructions, and the C tests. About 10 minutes of processor time.
#
# Left out are tests that look into the program's memory (qemu has no MADV_DONTDUMP), that depend on time, or that start programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/arm64.sh
. scripts/lib/arm64.sh

require cmd:qemu-aarch64=qemu-user cmd:aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu cmd:aarch64-linux-gnu-g++=g++-aarch64-linux-gnu \
    cmd:cmake=cmake cmd:make=make
arm64_std || { echo "Rust's standard library for $arm64 is not to be had here" >&2; exit 1; }

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
# Link-time optimisation would take longer than the tests.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0
export NATIVE_DRM_TEST_CASES=${NATIVE_DRM_TEST_CASES:-1000}

# max has AES, PMULL, SHA-2, SM3 and SM4; cortex-a53 has AES without SM4.
for cpu in max cortex-a53; do
    echo "== qemu-aarch64 -cpu $cpu"
    QEMU_CPU=$cpu cargo test --locked --release --target "$arm64" -p native-drm-cenc --test cenc_random --test cenc_vectors
done

build=build/arm64
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/aarch64-linux-gnu.cmake" \
    -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" -DNATIVE_DRM_CARGO_FLAGS=--locked -DNATIVE_DRM_BUILD_TESTS=OFF
cmake --build "$build" --parallel "$(nproc)"
# A program of a user, linked against what is installed.
prefix=$PWD/$build/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name libnative_drm.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
for program in c_tests/consumer/project/consumer.c c_tests/test_decrypt.c c_tests/test_session.c c_tests/test_misuse.c c_tests/abi/abi.c; do
    echo "== $program"
    # shellcheck disable=SC2046
    aarch64-linux-gnu-gcc -std=c11 -Wall -Wextra -Werror -I c_tests -o "$build/program" "$program" \
        $(pkg-config --cflags --libs native_drm) -pthread
    c_tests/fresh_storage.sh "$build/storage" env LD_LIBRARY_PATH="$libdir" NATIVE_DRM_TEST_DATA="$PWD/tests" NATIVE_DRM_TEST_SHORT=1 \
        qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/program"
done

#!/usr/bin/env bash
# Tests 64-bit ARM on an x86-64 Debian, under qemu-user; installs what is missing.
#
#   scripts/test-arm64.sh          everything: at most 15 minutes on two idle cores
#   scripts/test-arm64.sh short    a part of it, in about 5 minutes: a step of scripts/test.sh
#
# Decryption is tested at every level that a processor has (armv8-sm4, armv8, soft): max has AES and SM4, cortex-a53 and cortex-a72 have
# AES without SM4; one without AES is a max whose system does not tell of it, and no AES instruction may be reached there. Then
# the library is built by CMake's toolchain file and installed, and C and C++ tests are linked against what is installed.
#
# What cannot be tested so: what looks for keys in the program's memory or registers (qemu does not leave pages out of core
# dumps, and has the registers elsewhere), what counts on time, and how long anything takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/arm64.sh
. scripts/lib/arm64.sh

mode=${1:-full}
if [[ $# -gt 1 || ($mode != full && $mode != short) ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "this machine is no x86-64: on 64-bit ARM itself, scripts/test.sh tests all of this without an emulator" >&2
    exit 1
fi
require cmd:qemu-aarch64=qemu-user cmd:aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu cmd:aarch64-linux-gnu-g++=g++-aarch64-linux-gnu \
    cmd:cmake=cmake cmd:make=make cmd:pkg-config=pkg-config header:nlohmann/json.hpp=nlohmann-json3-dev
if ! arm64_std; then
    echo "Rust's standard library for $arm64 is not to be had here" >&2
    exit 1
fi
arm64_openssl
arm64_environment
build=$PWD/build/arm64
mkdir -p "$build"
emulator=$(command -v qemu-aarch64)
failures=0

# run NAME COMMAND...: runs a test and counts it.
run() {
    local name=$1 start=$SECONDS
    shift
    if "$@" >"$build/output" 2>&1; then
        printf 'ok      %s (%d s)\n' "$name" $((SECONDS - start))
    else
        printf 'FAILED  %s\n' "$name"
        cat "$build/output"
        failures=$((failures + 1))
    fi
}

# cargo_built ARGUMENT...: builds, lets no warning of ours pass.
cargo_built() {
    local log=$build/cargo.log
    cargo "$@" --locked --target "$arm64" 2>&1 | tee "$log"
    if grep -q '^warning: `native[-_]drm' "$log"; then
        echo "there are warnings" >&2
        exit 1
    fi
}

# test_program NAME: the newest test program of that name.
test_program() {
    find "$CARGO_TARGET_DIR/$arm64/release/deps" -maxdepth 1 -name "$1-*" -type f -perm -u+x -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2
}

if [ "$mode" = full ]; then
    # Not the server: a C compiler for ARM would be needed for its TLS.
    cargo_built check --workspace --exclude native-drm-license-server
fi
cargo_built test --release --no-run -p native-drm-cenc --lib --test cenc_random --test cenc_vectors --test cenc_guard_pages
cargo_built test --release --no-run -p native-drm-base --lib

features=()
if [ "$mode" = short ]; then
    features=(-DNATIVE_DRM_LICENSE_SERVICE=OFF -DNATIVE_DRM_MPRIS=OFF)
fi
# Built while the tests of decryption run, which take one core.
{
    cmake -S . -B "$build/$mode" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/toolchains/aarch64-linux-gnu.cmake" \
        -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" -DNATIVE_DRM_CARGO_FLAGS=--locked -DNATIVE_DRM_BUILD_TESTS=OFF "${features[@]}" &&
        cmake --build "$build/$mode" --parallel "$(nproc)"
} >"$build/library.log" 2>&1 &
library=$!
trap 'kill "$library" 2>/dev/null || true' EXIT

# A system that does not tell of AES, PMULL, SHA-1, SHA-2 and SM4.
aarch64-linux-gnu-gcc -shared -fPIC -O2 -Wall -Wextra -Werror -o "$build/no_aes.so" c_tests/support/no_aes.c

random=$(test_program cenc_random) vectors=$(test_program cenc_vectors) units=$(test_program cenc) base=$(test_program base)
guard_pages=$(test_program cenc_guard_pages)
if [ "$mode" = full ]; then
    processors="max cortex-a53 cortex-a72" cases=1500
else
    processors="max cortex-a53" cases=150
    # A larger collection would take minutes for each processor and level.
    unset NATIVE_DRM_TEST_VECTORS
fi
export NATIVE_DRM_TEST_CASES=${NATIVE_DRM_TEST_CASES:-$cases}
# Large samples, which cost more of the emulator's time than all others, on one processor only.
few=(--skip openssl_samples)
run "base: registers are wiped" "$emulator" "$base" secret::registers
run "cenc: unit tests" "$emulator" "$units" --skip access_unit
if [ "$mode" = full ]; then
    run "cenc_vectors, max, with large samples" "$emulator" "$vectors"
fi
for processor in $processors; do
    run "cenc_vectors, $processor" "$emulator" -cpu "$processor" "$vectors" "${few[@]}"
    run "cenc_random, $processor" "$emulator" -cpu "$processor" "$random"
done
# Every kernel on max, which has all levels; the processors that lack SM4 have no other ones.
run "cenc_guard_pages, max" "$emulator" "$guard_pages"
if [ "$mode" = full ]; then
    run "cenc_random, no AES" "$emulator" -E LD_PRELOAD="$build/no_aes.so" "$random"
fi
run "cenc_vectors, no AES" "$emulator" -d in_asm -D "$build/executed" -E LD_PRELOAD="$build/no_aes.so" "$vectors" "${few[@]}"
# By their encodings: names of functions have those of instructions in them, and QEMU's disassembler does not know all instructions.
aes_instruction='^0x[0-9a-f]+: +4e28[4-7][89ab][0-9a-f]{2} ' sm4_instruction='^0x[0-9a-f]+: +cec08[4-7][0-9a-f]{2} '
# It must be seen that the trace shows them where there are any.
run "cenc_vectors, traced" "$emulator" -d in_asm -D "$build/executed.aes" "$vectors" block_modes
run "AES instructions are seen" grep -qE "$aes_instruction" "$build/executed.aes"
run "SM4 instructions are seen" grep -qE "$sm4_instruction" "$build/executed.aes"
# none_executed NAME: whether what was traced last, where the system tells of no AES, has none.
none_executed() {
    if grep -E "$aes_instruction|$sm4_instruction" "$build/executed"; then
        echo "FAILED  $1: instructions of AES or SM4 where the system tells of none"
        failures=$((failures + 1))
    fi
    rm -f "$build/executed"
}
none_executed cenc_vectors
rm -f "$build/executed.aes"

if ! wait "$library"; then
    cat "$build/library.log"
    exit 1
fi
prefix=$build/prefix
rm -rf "$prefix"
cmake --install "$build/$mode" --prefix "$prefix" >/dev/null
libdir=$(dirname "$(find "$prefix" -name libnative_drm.so)")
if ! readelf -h "$libdir/libnative_drm.so" | grep -q AArch64; then
    echo "FAILED  what is installed is not for 64-bit ARM"
    failures=$((failures + 1))
fi

spills=$(arm64_spills "$CARGO_TARGET_DIR/$arm64/release/libnative_drm.so")
if [ -n "$spills" ]; then
    printf 'FAILED  kernels store vector registers on the stack:\n%s\n' "$spills"
    failures=$((failures + 1))
fi

# C and C++ tests. Those that start themselves again do it through the emulator.
export PKG_CONFIG_PATH=$libdir/pkgconfig NATIVE_DRM_TEST_DATA=$PWD/tests NATIVE_DRM_TEST_SHORT=1 NATIVE_DRM_TEST_EMULATOR=$emulator
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
mkdir -p "$build/include"
ln -sfn /usr/include/nlohmann "$build/include/nlohmann"
# built SOURCE...: compiles one test program.
built() {
    local name compiler=(aarch64-linux-gnu-gcc -std=gnu11 -DNATIVE_DRM_EMULATION=0)
    name=$(basename "${1%.*}")
    if [[ $1 == *.cpp ]]; then
        compiler=(aarch64-linux-gnu-g++ -std=c++17 -DNATIVE_DRM_EMULATION=0)
    fi
    # shellcheck disable=SC2046
    "${compiler[@]}" -O1 -Wall -Wextra -I c_tests -I "$build/include" -I "$arm64_ssl/include" -I "$arm64_ssl/include/aarch64-linux-gnu" \
        -o "$build/$name" "$@" $(pkg-config --cflags --libs native_drm) -L "$arm64_ssl/lib/aarch64-linux-gnu" -lcrypto -lm -pthread -ldl
}
# c_test PROCESSOR NAME [LEVEL|no-aes]: runs one, at the processor's best level if none is named.
c_test() {
    local processor=$1 name=$2 level=${3-} more=()
    if [ "$level" = no-aes ]; then
        # Level soft alone would not do: the ciphers that it calls look for AES instructions themselves.
        more=(-d in_asm -D "$build/executed" -E "LD_PRELOAD=$build/no_aes.so")
    elif [ -n "$level" ]; then
        more=(-E "NATIVE_DRM_CPU=$level")
    fi
    run "$name, $processor${level:+, $level}" c_tests/fresh_storage.sh "$build/storage/$name" timeout 600 "$emulator" -cpu "$processor" \
        -E "LD_LIBRARY_PATH=$libdir:$arm64_ssl/lib/aarch64-linux-gnu" "${more[@]}" "$build/$name"
}

if [ "$mode" = short ]; then
    tests=(test_vectors test_decrypt test_decrypt_arrays test_session test_system)
else
    mapfile -t tests < <(find c_tests -maxdepth 1 -name 'test_*.c' -o -maxdepth 1 -name 'test_*.cpp' | sed 's,.*/,,;s,\.[a-z]*$,,' | sort)
fi
for name in "${tests[@]}"; do
    case $name in
        # Of a build with emulated devices; of plugins, which CMake builds.
        test_plugin*) continue ;;
    esac
    source=$(echo "c_tests/$name".c*)
    built "$source"
    c_test max "$name"
done
# All vectors through the C API, at the levels below the best one, too, and where there is no AES.
c_test cortex-a53 test_vectors
for level in armv8 soft no-aes; do
    c_test max test_vectors "$level"
done
none_executed test_vectors
if [ "$mode" = full ]; then
    c_test cortex-a72 test_vectors
    for processor in cortex-a53 cortex-a72; do
        c_test "$processor" test_vectors soft
    done
    built c_tests/abi/abi.c
    c_test max abi
    built c_tests/consumer/project/consumer.c
    c_test max consumer
fi

if ((failures > 0)); then
    echo "$failures failed"
    exit 1
fi
echo "64-bit ARM: all passed in $SECONDS s"

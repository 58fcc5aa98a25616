#!/usr/bin/env bash
# Counts the instructions of a call of OH_MediaKeySession_DecryptSample on 64-bit ARM, the whole way through the C function, on an
# x86-64 Debian: qemu-user steps through 5 calls and through 25, and the difference is divided by 20. The library is the release build,
# as packages have it; it is an error if its kernels put keys on the stack.
# It says nothing of time.
#
#   scripts/count-arm64.sh [LEVEL...]    armv8-sm4, armv8, soft; all of them if none is named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh
# shellcheck source=scripts/lib/arm64.sh
. scripts/lib/arm64.sh

require cmd:qemu-aarch64=qemu-user cmd:aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu
if ! arm64_std; then
    echo "Rust's standard library for $arm64 is not to be had here" >&2
    exit 1
fi
arm64_environment
# As packages are built; NATIVE_DRM_COUNT_LTO=off is faster to build and counts some 10 more in each call.
export CARGO_PROFILE_RELEASE_LTO=${NATIVE_DRM_COUNT_LTO:-fat}
if [ "$CARGO_PROFILE_RELEASE_LTO" = fat ]; then
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
fi
cargo build --locked --release --lib --target "$arm64"
# Optimisation of the whole makes other code than that which test-arm64.sh looks into.
spills=$(arm64_spills "$CARGO_TARGET_DIR/$arm64/release/libnative_drm.so")
if [ -n "$spills" ]; then
    printf 'kernels store vector registers on the stack:\n%s\n' "$spills" >&2
    exit 1
fi
build=$PWD/build/arm64
mkdir -p "$build/count"
cp "$CARGO_TARGET_DIR/$arm64/release/libnative_drm.so" "$build/count/libnative_drm.so.0"
aarch64-linux-gnu-gcc -std=c11 -O2 -Wall -Wextra -Werror -I include -I include/multimedia/drm_framework -I benches \
    -o "$build/count/arm64_calls" benches/arm64_calls.c "$build/count/libnative_drm.so.0"

# instructions LEVEL ARGUMENT...: those of the whole program.
instructions() {
    local level=$1
    shift
    qemu-aarch64 -cpu max -E "LD_LIBRARY_PATH=$build/count" -E "NATIVE_DRM_CPU=$level" -E LD_BIND_NOW=1 \
        -singlestep -d exec,nochain -D /dev/stdout "$build/count/arm64_calls" "$@" | grep -c '^Trace'
}

# Cipher, scheme, pattern and bytes of each row.
samples=("aes cenc 0:0 16" "aes cenc 0:0 400" "aes cbcs 0:0 400" "aes cenc 0:0 16384" "aes cbcs 1:9 16384" "aes cbcs 0:0 16384"
    "sm4 cenc 0:0 4096" "sm4 cbcs 0:0 4096")
levels=("$@")
if [ ${#levels[@]} -eq 0 ]; then
    levels=(armv8-sm4 armv8 soft)
fi
printf '%-20s' sample
printf ' %12s' "${levels[@]}"
echo
for sample in "${samples[@]}"; do
    printf '%-20s' "$sample"
    for level in "${levels[@]}"; do
        # shellcheck disable=SC2086
        few=$(instructions "$level" $sample 5) many=$(instructions "$level" $sample 25)
        printf ' %12d' $(((many - few) / 20))
    done
    echo
done

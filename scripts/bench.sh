#!/usr/bin/env bash
# Measures decryption against OpenSSL and libgcrypt; installs what is missing.
#
#   scripts/bench.sh [OPTION...]    options as of native_drm_decrypt_bench: --only ID, --repetitions N, --check ...
#
# Prints tables: the best level that this processor has; lower ones, where the others have no better instructions, either; the cost
# besides time (size, instructions per call, start, memory), what a batch gains and many keys cost, what a policy, the C++ wrapper,
# access units and isolation cost. Writes decrypt*.json, cost.json and decrypt.svg to build/bench. With --check, the exit status is 2 if a
# goal of decryption, batches or isolation was missed; everything is measured nevertheless.
# NATIVE_DRM_BUILD_DIR: where to build (build/bench). NATIVE_DRM_CPU=soft|aesni|avx2|vaes256|vaes512 measures a lower level alone.
# Close other programs for figures that mean something.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"

build=${NATIVE_DRM_BUILD_DIR:-$root/build/bench}

if ! command -v cargo >/dev/null 2>&1; then
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    if ! command -v cargo >/dev/null 2>&1; then
        echo "bench.sh: Rust is missing: install it from your distribution or with rustup, then start again" >&2
        exit 1
    fi
fi
require cmd:cc=gcc cmd:c++=g++ cmd:cmake=cmake cmd:make=make cmd:python3=python3 header:openssl/evp.h=libssl-dev \
    header:gcrypt.h=libgcrypt20-dev

mkdir -p "$build"
printf 'Building library and benchmark (release) ... '
if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_BUILD_BENCHES=ON \
    -DNATIVE_DRM_BUILD_TESTS=OFF -DNATIVE_DRM_BUILD_GSTREAMER=OFF ${CARGO_TARGET_DIR:+"-DNATIVE_DRM_CARGO_TARGET_DIR=$CARGO_TARGET_DIR"} &&
    cmake --build "$build" --parallel "$(nproc)"; } >"$build/build.log" 2>&1; then
    echo "failed"
    tail -n 30 "$build/build.log" >&2
    exit 1
fi
echo "done"

# An offline store of its own: the benchmark stores nothing, and must not touch the user's.
export NATIVE_DRM_STORAGE_DIR="$build/storage"
status=0
launcher=()
# bench NAME [OPTION...]: a missed goal (2) is remembered; another failure ends the script.
bench() {
    local program=$1 code=0
    shift
    "${launcher[@]}" "$build/benches/$program" "$@" || code=$?
    if [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then
        exit "$code"
    fi
    if [ "$code" -ne 0 ]; then
        status=$code
    fi
}
on_one() {
    launcher=(taskset -c "$(($(nproc) - 1))")
    bench "$@"
    launcher=()
}
check=()
case " $* " in *" --check "*) check=(--check) ;; esac
bench native_drm_decrypt_bench --json "$build/decrypt.json" "$@"
python3 "$root/benches/chart.py" "$build/decrypt.json" "$build/decrypt.svg"
if [ -z "${NATIVE_DRM_CPU:-}" ]; then
    for level in vaes256 avx2 aesni; do
        NATIVE_DRM_CPU=$level bench native_drm_decrypt_bench --json "$build/decrypt-$level.json" --cold-mib 0 --one-thread "$@"
    done
    bench native_drm_cost "$build/benches/libnative_drm_stripped.so" --json "$build/cost.json"
fi
echo "Written: $build/*.json, $build/decrypt.svg"
echo
bench native_drm_batch_bench "${check[@]}"
printf '\nWhat a license with a policy costs: '
bench native_drm_policy_bench
printf '\nWhat the C++ wrapper costs: '
bench native_drm_wrapper_bench
printf '\nWhat finding the encrypted parts of an access unit costs:\n'
bench native_drm_unit_bench
printf '\nWhat a sample costs in a host process:\n'
bench native_drm_isolation_bench
# A processor that sleeps has to be woken, which takes longer than all the rest.
printf '\nThe same, both processes on one processor:\n'
on_one native_drm_isolation_bench "${check[@]}"
exit "$status"

#!/usr/bin/env bash
# The tests of decryption at every level of instructions, as NATIVE_DRM_CPU lowers it. A level that the processor does not have is
# the best one that it has.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case $(uname -m) in
    x86_64) levels="soft aesni avx2 vaes256 vaes512" ;;
    aarch64) levels="soft armv8 armv8-sm4" ;;
    *) levels=soft ;;
esac
for level in $levels; do
    echo "== NATIVE_DRM_CPU=$level"
    NATIVE_DRM_CPU=$level NATIVE_DRM_TEST_CASES=${NATIVE_DRM_TEST_CASES:-1500} cargo test --locked --no-fail-fast -p native-drm-cenc
done

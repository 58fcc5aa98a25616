#!/usr/bin/env bash
# Checks that the library and its crates compile for 64-bit ARM without a warning. Without Rust's standard library for it, and no way
# to get that, it says so and succeeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/arm64.sh
. scripts/lib/arm64.sh

if ! arm64_std; then
    echo "skipped: Rust's standard library for $arm64 is not to be had here"
    exit 0
fi
# Not the server: a C compiler for ARM would be needed for its TLS. Warnings are looked for instead of forbidden by RUSTFLAGS, which would
# build all dependencies again.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo check --locked --workspace --exclude native-drm-license-server --target "$arm64" 2>&1 | tee "$log"
if grep -q '^warning: `native[-_]drm' "$log"; then
    echo "there are warnings" >&2
    exit 1
fi

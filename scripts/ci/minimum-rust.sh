#!/usr/bin/env bash
# Builds the library and the server, and tests the crates, with the oldest Rust that Cargo.toml allows (rust-version). Where rustup
# cannot fetch that, clippy looks for what is newer: it knows library functions, not language features.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

minimum=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' Cargo.toml)
[ -n "$minimum" ] || { echo "Cargo.toml names no rust-version" >&2; exit 1; }
toolchain=$minimum.0
if command -v rustup >/dev/null 2>&1 &&
    { rustc "+$toolchain" --version >/dev/null 2>&1 || rustup toolchain install "$toolchain" --profile minimal --no-self-update; }; then
    cargo "+$toolchain" check --locked --workspace --all-features --all-targets
    cargo "+$toolchain" test --locked -p native-drm-base -p native-drm-cenc
else
    echo "Rust $toolchain is not to be had here: clippy alone"
    cargo clippy --locked --workspace --all-features -- -D warnings -D clippy::incompatible_msrv
fi

#!/usr/bin/env bash
# Simulates a million devices of a license service on a virtual clock: tables, CSV files and charts in build/simulate.
#
#   scripts/simulate.sh [OPTION...]   options of native-drm-simulate: --devices N, --seed N, --jitter 0,20, --cores N, --scenario live ...
#   scripts/simulate.sh --measure [DEVICES]   what one license costs server, directory and PostgreSQL here (default: 2000 devices)
#
# docs/scale.md explains both. A million devices take about a gigabyte of memory. Times do not count for a simulation; when measuring, close
# other programs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin

if [[ ${1-} == --measure ]]; then
    export NATIVE_DRM_MEASURE=${2:-2000}
    exec cargo test --locked --profile server -p native-drm-license-server --test server measure:: -- --nocapture --test-threads 1
fi
exec cargo run --locked --release --quiet -p native-drm-simulate -- --out build/simulate "$@"

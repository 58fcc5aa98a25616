#!/usr/bin/env bash
# Loads native-drm-license-server over loopback and looks at errors, memory and latencies.
#
#   scripts/load-test.sh [SECONDS]          200 devices, each asking as soon as it has an answer; 30 seconds if nothing is said
#   scripts/load-test.sh open [SECONDS]     requests at a fixed rate, four fifths of what one core can, with each store: latencies
#                                           from when a request was due; NATIVE_DRM_OPEN_RATE sets another rate
#   scripts/load-test.sh level [SECONDS]    virtual days, an hour of them: what is kept does not grow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
test=(cargo test --locked --profile server -p native-drm-license-server --test server)
if [ "${1:-}" = open ]; then
    export NATIVE_DRM_OPEN_SECONDS=${2:-30} NATIVE_DRM_OPEN_CORE=0
    exec "${test[@]}" open_loop:: -- --nocapture --test-threads 1
fi
if [ "${1:-}" = level ]; then
    NATIVE_DRM_LEVEL_SECONDS=${2:-3600} exec cargo test --locked --profile server -p native-drm-license-service --test license_level -- --nocapture
fi
NATIVE_DRM_LOAD_SECONDS=${1:-30} exec "${test[@]}" load:: -- --nocapture

#!/usr/bin/env bash
# Loads native-drm-license-server with 200 devices over loopback and looks at errors and memory.
#
#   scripts/load-test.sh [SECONDS]      30 if nothing is said
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
NATIVE_DRM_LOAD_SECONDS=${1:-30} exec cargo test --locked --release -p native-drm-license-server --test server load:: -- --nocapture

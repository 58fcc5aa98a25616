#!/usr/bin/env bash
# The model under loom with more preemptions than scripts/test.sh has time for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../tests/model"
NATIVE_DRM_MODEL_DEEP=1 cargo test --locked --target-dir "${CARGO_TARGET_DIR:-$PWD/../../target}/model"

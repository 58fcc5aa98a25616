#!/usr/bin/env bash
# Compares issuing and processing a license with the bare cryptographic operations, in one run.
#
#   scripts/bench-license.sh
#
# Exit status 2 if a ratio is over its target. Close other programs for figures that mean something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
exec cargo bench --locked --quiet --profile server -p native-drm-license-service --bench license

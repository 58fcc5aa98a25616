#!/usr/bin/env bash
# Loads native-drm-license-server over loopback and looks at errors, memory and latencies.
#
#   scripts/load-test.sh [SECONDS]          200 devices, each asking as soon as it has an answer; 30 seconds if nothing is said
#   scripts/load-test.sh open [SECONDS]     requests at a fixed rate, four fifths of what one core can, with each store: latencies
#                                           from when a request was due; NATIVE_DRM_OPEN_RATE sets another rate. The server has the
#                                           first core for itself; clients and PostgreSQL have the others, if there are any
#   scripts/load-test.sh open --check [SECONDS]   exit status 2 if 99 % of the answers took more than 20 ms with any store
#   scripts/load-test.sh level [SECONDS]    virtual days, an hour of them: what is kept does not grow
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
test=(cargo test --locked --profile server -p native-drm-license-server --test server)
if [ "${1:-}" = open ]; then
    shift
    check=false
    if [ "${1:-}" = --check ]; then
        check=true
        shift
    fi
    # Built before, on all cores.
    "${test[@]}" --no-run
    others=()
    if [ "$(nproc)" -gt 1 ]; then
        others=(taskset -c "1-$(($(nproc) - 1))")
    else
        echo "there is one core only: clients and database share the server's, so latencies say little" >&2
    fi
    said=$(mktemp)
    trap 'rm -f "$said"' EXIT
    NATIVE_DRM_OPEN_SECONDS=${1:-30} NATIVE_DRM_OPEN_CORE=0 "${others[@]}" "${test[@]}" open_loop:: -- --nocapture --test-threads 1 |
        tee "$said"
    if $check; then
        awk '/requests a second whatever/ && match($0, /[ ]99 % within [0-9.]+/) {
                runs++
                if (substr($0, RSTART + 13, RLENGTH - 13) + 0 > 20) { print "more than 20 ms: " $0; missed = 1 }
            }
            END { exit missed || !runs ? 2 : 0 }' "$said"
    fi
    exit
fi
if [ "${1:-}" = level ]; then
    NATIVE_DRM_LEVEL_SECONDS=${2:-3600} exec cargo test --locked --profile server -p native-drm-license-service --test license_level -- --nocapture
fi
NATIVE_DRM_LOAD_SECONDS=${1:-30} exec "${test[@]}" load:: -- --nocapture

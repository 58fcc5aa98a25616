#!/usr/bin/env bash
# Runs every check of the project; installs what is missing (scripts/lib/install.sh).
#
#   scripts/test.sh          everything
#   scripts/test.sh quick    format, lints, dependencies, Rust tests, interleavings, C tests, the GStreamer plugin, the packages for
#                            Python and Node.js; no documentation, fuzzing, sanitizers, emulation
#
# ThreadSanitizer and 64-bit ARM under emulation come last, and each only if it ends within NATIVE_DRM_TEST_BUDGET seconds (2550): on a slow
# machine they are left out, and that is said. A step that takes longer than NATIVE_DRM_STEP_LIMIT seconds (1500) is ended and has failed.
#
# Of the jobs in scripts/ci/ it runs packaged-source.sh, and of test-arm64.sh the short form. It does not run those that
# .github/workflows/ci.yml has beside it: minimum-rust.sh, clang.sh, no-default-features.sh, cpu-levels.sh, interleavings.sh, cargo-c.sh, container.sh,
# valgrind.sh, gstreamer.sh (the plugin built by CMake, test-gstreamer.sh slow and valgrind), all of test-arm64.sh, test-deb.sh. Nor those that are
# started by hand: test-browser.sh, test-bindings-fresh.sh, test-gstreamer-debian13.sh, test-gstreamer.sh bench and teardown.
#
# Build output: target/ (or CARGO_TARGET_DIR) and build/. Logs: build/test-logs/. Exit status 0 if everything passed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

mode=${1:-full}
if [[ $# -gt 1 || ($mode != full && $mode != quick) ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi

PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
export CARGO_TERM_COLOR=never CTEST_OUTPUT_ON_FAILURE=1
# A larger collection of vectors, where it is beside the project: for the Rust tests; CMake finds it by itself.
if [[ -z ${NATIVE_DRM_TEST_VECTORS-} && -e ../shared/vectors/manifest.json ]]; then
    NATIVE_DRM_TEST_VECTORS=$(realpath ../shared/vectors)
    export NATIVE_DRM_TEST_VECTORS
fi
build=$root/build
logs=$build/test-logs
jobs=$(nproc)

prerequisites() {
    if ! command -v cargo >/dev/null 2>&1; then
        echo "cargo is missing: install Rust (https://rustup.rs), then start again" >&2
        exit 1
    fi
    require cmd:git=git cmd:c++=g++ cmd:make=make cmd:cmake=cmake cmd:readelf=binutils cmd:pkg-config=pkg-config \
        cmd:dbus-run-session=dbus cmd:dbus-send=dbus cmd:playerctl=playerctl cmd:busctl=systemd cmd:gdbus=libglib2.0-bin \
        cmd:python3=python3 py:ensurepip=python3-venv cmd:node=nodejs cmd:npm=npm cmd:openssl=openssl cmd:ffmpeg=ffmpeg \
        header:nlohmann/json.hpp=nlohmann-json3-dev header:openssl/evp.h=libssl-dev \
        pc:libavformat=libavformat-dev pc:libavcodec=libavcodec-dev pc:libavutil=libavutil-dev \
        "works:ls /usr/lib/postgresql/*/bin/initdb=postgresql" "works:ls /usr/sbin/pgbouncer=pgbouncer" \
        "works:ls /usr/sbin/nginx=nginx" \
        pc:libswscale=libswscale-dev pc:libswresample=libswresample-dev pc:libcjson=libcjson-dev
    local component
    for component in fmt clippy; do
        cargo "$component" --version >/dev/null 2>&1 || rustup component add "${component/fmt/rustfmt}"
    done
}

format() { cargo fmt --all --check; }
lints() {
    cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
    cargo clippy --locked --lib --no-default-features -- -D warnings
    if cargo tree --locked --edges normal --no-default-features --features license-service --invert zbus >/dev/null 2>&1; then
        echo "There is D-Bus code in the library without the feature mpris" >&2
        return 1
    fi
}
documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features; }
documentation_site() { scripts/docs.sh; }
rust_tests() { cargo test --locked --workspace --all-features --no-fail-fast; }

# The crates with loom's locks, atomics and threads: a workspace of its own.
interleavings() {
    RUSTFLAGS="${RUSTFLAGS-} --cfg loom" \
        cargo test --locked --manifest-path tests/model/Cargo.toml --target-dir "$CARGO_TARGET_DIR/model"
}

# Cargo has run build.rs by now: the headers on disk are those that the source gives.
header_drift() {
    local changed
    changed=$(git -c safe.directory="$root" status --porcelain -- include)
    if [[ -n $changed ]]; then
        echo "The headers are not those that build.rs generates; commit them:" >&2
        echo "$changed" >&2
        git -c safe.directory="$root" --no-pager diff -- include
        return 1
    fi
}

# c_build NAME: configures and builds the C tests in build/NAME.
c_build() {
    local name=$1 options=(-DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR/$1" -DNATIVE_DRM_SANITIZE="$1" -DNATIVE_DRM_TEST_TIMEOUT=400)
    case $name in
        c) options=(-DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" -DNATIVE_DRM_BUILD_EXAMPLES=ON) ;;
        address) options+=(-DNATIVE_DRM_EMULATION=ON) ;;
    esac
    cmake -S . -B "$build/$name" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNATIVE_DRM_CARGO_FLAGS=--locked \
        -DNATIVE_DRM_BUILD_GSTREAMER=OFF "${options[@]}"
    cmake --build "$build/$name" --parallel "$jobs"
}

# c_tests NAME: builds them and runs ctest.
c_tests() {
    local name=$1
    c_build "$name"
    if [[ $name == c && $(cd "$build/$name" && ctest -N -R '^player$') != *"Total Tests: 1"* ]]; then
        echo "The player's test is missing: was drmplay left out?" >&2
        return 1
    fi
    (cd "$build/$name" && ctest --parallel "$jobs" --no-tests=error)
}

c_plain() { c_tests c; }
# The C tests have waited for the release build, whose static library the packages are linked from.
bindings() { scripts/test-bindings.sh "$CARGO_TARGET_DIR/release/libnative_drm.a"; }
c_address() {
    tail --pid="$builds_ahead" -f /dev/null
    c_tests address
}

# The tests of decryption against the reference, at every level of this processor, in the build that c_address has made. Fewer
# random cases than without instrumentation; NATIVE_DRM_TEST_CASES=6000 for as many.
rust_address() {
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    CARGO_TARGET_DIR=$CARGO_TARGET_DIR/address NATIVE_DRM_TEST_CASES=${NATIVE_DRM_TEST_CASES:-1500} RUSTC_BOOTSTRAP=1 \
        RUSTFLAGS="-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer" \
        cargo test --locked --no-fail-fast --target "$host" \
        -p native-drm-cenc --test cenc_random --test cenc_vectors
}

c_thread() { c_tests thread; }

# Known vulnerabilities are looked up only where cargo-deny is installed and reaches its database.
dependencies() {
    python3 scripts/check_dependencies.py
    python3 scripts/third_party_notices.py --check
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny check bans licenses sources
        if cargo deny fetch db; then
            cargo deny check advisories
        else
            echo "the database of known vulnerabilities cannot be fetched here: they were not looked up"
        fi
    else
        echo "cargo-deny is not installed: licenses, sources and bans were checked, known vulnerabilities were not"
    fi
}

# Every fuzz target, the same inputs each time. The lints are here because the workspace is another one.
fuzz_round() {
    (
        cd fuzz
        export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/fuzz
        cargo fmt --all --check
        cargo clippy --locked --release -- -D warnings
        cargo test --locked --release
    )
    scripts/fuzz.sh all
}

# Where it is not to be had, that is said and is no failure.
arm64_emulated() {
    if [[ $(uname -m) != x86_64 ]] || ! command -v apt-get >/dev/null 2>&1; then
        echo "skipped: 64-bit ARM is emulated on an x86-64 Debian only"
        return 0
    fi
    if ! (. scripts/lib/arm64.sh && arm64_std); then
        echo "skipped: Rust's standard library for 64-bit ARM is not to be had here"
        return 0
    fi
    scripts/test-arm64.sh short
}

# The GStreamer plugin, on the release build of the library that there is by now.
rust_gstreamer() { NATIVE_DRM_LIB_DIR=$CARGO_TARGET_DIR/release scripts/test-gstreamer.sh; }
packaged_source() { scripts/ci/packaged-source.sh; }

names=() functions=() seconds=() passes=() fails=() ignores=()

# sum_of PATTERN FILE: the sum of the numbers in front of the pattern's rest; the pattern has one group.
sum_of() { sed -nE "s/$1/\1/p" "$2" | awk '{ sum += $1 } END { print sum + 0 }'; }

# step NAME FUNCTION: runs a step and counts its tests: those that cargo and ctest report, else the step itself.
step() {
    local name=$1 function=$2 log=$logs/$2.log start=$SECONDS status=0 passed=0 failed=0 ignored=0 total tee
    printf '\n===== %s\n' "$name"
    # A subshell of its own, so that set -e holds in it: it would not in a condition. A process group of its own, so that it can be ended.
    rm -f "$log.status"
    set -m
    {
        set +e
        (
            set -e
            "$function"
        )
        echo $? >"$log.status"
    } 2>&1 | tee "$log" &
    tee=$!
    running=$(jobs -p %+)
    (
        sleep "${NATIVE_DRM_STEP_LIMIT:-1500}"
        kill -- -"$running"
        sleep 10
        kill -KILL -- -"$running"
    ) >/dev/null 2>&1 &
    limit=$!
    set +m
    wait "$tee" || true
    kill -- -"$limit" 2>/dev/null || true
    wait "$limit" 2>/dev/null || true
    running='' limit=''
    if [[ -e $log.status ]]; then
        status=$(<"$log.status")
    else
        status=124
        echo "Error: ended after ${NATIVE_DRM_STEP_LIMIT:-1500} s (NATIVE_DRM_STEP_LIMIT)" | tee -a "$log"
    fi
    case $function in
        rust_*)
            passed=$(sum_of '^test result: .* ([0-9]+) passed;.*' "$log")
            failed=$(sum_of '^test result: .* ([0-9]+) failed;.*' "$log")
            ignored=$(sum_of '^test result: .* ([0-9]+) ignored;.*' "$log")
            ;;
        c_*)
            total=$(sum_of '^[0-9]+% tests passed, [0-9]+ tests? failed out of ([0-9]+).*' "$log")
            failed=$(sum_of '^[0-9]+% tests passed, ([0-9]+) tests? failed out of .*' "$log")
            passed=$((total - failed))
            ;;
        fuzz_*)
            passed=$(($(grep -cE '^[a-z0-9_]+ +ok: [0-9]+ runs' "$log" || true) + $(sum_of '^test result: .* ([0-9]+) passed;.*' "$log")))
            failed=$(($(grep -cE '^[a-z0-9_]+: FAILED ' "$log" || true) + $(sum_of '^test result: .* ([0-9]+) failed;.*' "$log")))
            ;;
        *) passed=$((status == 0)) ;;
    esac
    # A step that failed before or beside its tests is one failure, too.
    if ((status != 0 && failed == 0)); then
        failed=1
    fi
    names+=("$name") functions+=("$function") seconds+=($((SECONDS - start))) passes+=("$passed") fails+=("$failed") ignores+=("$ignored")
    printf '===== %s: %d s, status %d\n' "$name" $((SECONDS - start)) "$status"
}

# in_time SECONDS NAME FUNCTION: a step that need not run each time, and takes about so long: it is left out, and that is said, where all
# of it would otherwise take longer than NATIVE_DRM_TEST_BUDGET.
in_time() {
    local needed=$1
    shift
    if ((SECONDS + needed > ${NATIVE_DRM_TEST_BUDGET:-2550})); then
        printf '\n===== %s: left out, %d s have gone by (NATIVE_DRM_TEST_BUDGET)\n' "$1" "$SECONDS"
        return
    fi
    step "$@"
}

summary() {
    local i passed=0 failed=0 ignored=0
    printf '\n%-42s %8s %8s %8s %8s\n' step seconds passed failed ignored
    for i in "${!names[@]}"; do
        printf '%-42s %8d %8d %8d %8d\n' "${names[i]}" "${seconds[i]}" "${passes[i]}" "${fails[i]}" "${ignores[i]}"
        passed=$((passed + passes[i])) failed=$((failed + fails[i])) ignored=$((ignored + ignores[i]))
    done
    printf '%-42s %8d %8d %8d %8d\n\n' total "$SECONDS" "$passed" "$failed" "$ignored"
    # Here, too, because the end is what is left of a log that somebody has shortened.
    for i in "${!names[@]}"; do
        if ((fails[i])); then
            printf '===== what went wrong: %s\n' "${names[i]}"
            { grep -E -A12 'panicked at|FAILED|\(Failed\)|Timeout|[Ee]rror:|error\[|undefined reference|: expected ' "$logs/${functions[i]}.log" ||
                tail -n 20 "$logs/${functions[i]}.log"; } | tail -n 80
        fi
    done
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

prerequisites
mkdir -p "$logs"
# Linking the library is the longest thing that one core does alone: the other one goes on with the rest meanwhile. The C tests'
# own build waits for this one and finds it done, or does it again and says what is wrong.
cargo build --locked --release --lib >"$logs/release_build.log" 2>&1 &
release_build=$!
# The sanitizers' builds take what the tests before them leave of the processor while they wait. What goes wrong is said where they are used.
ahead() {
    renice -n 19 -p "$BASHPID" >/dev/null
    tail --pid="$release_build" -f /dev/null
    c_build address
    c_build thread
}
builds_ahead=
if [[ $mode == full ]]; then
    set -m
    (set -e; ahead) >"$logs/builds_ahead.log" 2>&1 &
    builds_ahead=$!
    set +m
fi
running='' limit=''
trap 'kill "$release_build" ${builds_ahead:+-"$builds_ahead"} ${running:+-"$running"} ${limit:+-"$limit"} 2>/dev/null || true' EXIT
step "Format" format
step "Lints" lints
step "Dependencies: licenses, sources, bans" dependencies
step "Rust tests" rust_tests
step "Interleavings" interleavings
step "C tests" c_plain
step "Headers are what the source gives" header_drift
step "GStreamer plugin" rust_gstreamer
step "Packages for Python and Node.js" bindings
if [[ $mode == full ]]; then
    step "Packaged source is not written to" packaged_source
    step "Documentation" documentation
    step "Documentation site" documentation_site
    step "Fuzz targets, fixed seeds" fuzz_round
    step "C tests, AddressSanitizer and UBSan" c_address
    step "Rust tests of decryption, AddressSanitizer" rust_address
    in_time 300 "C tests, ThreadSanitizer" c_thread
    in_time 200 "64-bit ARM under emulation, short" arm64_emulated
fi
summary

#!/usr/bin/env bash
# Builds and tests the GStreamer plugin: format, lints, the elements alone and in pipelines on the vectors in tests/, and what
# gst-inspect-1.0 and gst-launch-1.0 make of it. Installs what is missing (scripts/lib/install.sh).
#
#   scripts/test-gstreamer.sh           everything but what is below
#   scripts/test-gstreamer.sh bench     what decryption costs in a pipeline, against the C call; prints
#   scripts/test-gstreamer.sh valgrind  50 teardowns while waiting for a key, under valgrind, of either kind of element
#   scripts/test-gstreamer.sh slow      the tests that wait for the end of a long time limit
#   scripts/test-gstreamer.sh teardown  500 teardowns while waiting for a key, of either kind; exit status 2 if one takes over 100 ms
#
# NATIVE_DRM_TEARDOWNS: another number of teardowns.
# NATIVE_DRM_LIB_DIR names the directory of a libnative_drm.so that is built; without it, a release build is made in
# CARGO_TARGET_DIR (target/). The plugin's build output goes to gstreamer/ below that.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

mode=${1:-test}
if [[ $# -gt 1 || ! $mode =~ ^(test|bench|valgrind|slow|teardown)$ ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi

require cmd:cc=gcc cmd:pkg-config=pkg-config \
    pc:gstreamer-1.0=libgstreamer1.0-dev pc:gstreamer-app-1.0=libgstreamer-plugins-base1.0-dev \
    cmd:gst-inspect-1.0=gstreamer1.0-tools cmd:python3=python3 \
    "works:gst-inspect-1.0 --exists playbin3=gstreamer1.0-plugins-base" \
    "works:gst-inspect-1.0 --exists textoverlay=gstreamer1.0-x" \
    "works:gst-inspect-1.0 --exists qtdemux=gstreamer1.0-plugins-good" \
    "works:gst-inspect-1.0 --exists dashdemux=gstreamer1.0-plugins-bad" \
    "works:gst-inspect-1.0 --exists avdec_h264=gstreamer1.0-libav"
if [[ $mode == valgrind ]]; then
    require cmd:valgrind=valgrind "works:valgrind -q true=libc6-dbg"
fi
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
if ! command -v cargo >/dev/null 2>&1; then
    echo "cargo is missing: install Rust (https://rustup.rs), then start again" >&2
    exit 1
fi

target=${CARGO_TARGET_DIR:-$root/target}
library=${NATIVE_DRM_LIB_DIR:-$target/release}
if [[ -z ${NATIVE_DRM_LIB_DIR-} ]]; then
    cargo build --locked --release --lib
fi
# The loader looks for the SONAME, which cargo gives no file.
links=$target/gstreamer-library
mkdir -p "$links"
ln -sf "$library/libnative_drm.so" "$links/libnative_drm.so"
ln -sf "$library/libnative_drm.so" "$links/libnative_drm.so.0"

export CARGO_TARGET_DIR=$target/gstreamer NATIVE_DRM_LIB_DIR=$links
export LD_LIBRARY_PATH=$links${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export GST_REGISTRY=$target/gstreamer-registry GST_REGISTRY_UPDATE=yes
export RUST_BACKTRACE=0
cd gstreamer

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
teardowns=(a_pipeline_that_waits_can_be_stopped a_file_that_waits_can_be_stopped)
# The slowest teardown that the tests have printed to $work/tests, in milliseconds: nativedrmdec, nativedrmmp4 in either mode.
slowest() {
    sed -nE 's/.* teardowns while waiting.*, worst ([0-9.]+) ms$/\1/p' "$work/tests" |
        awk '{ if ($1 + 0 > worst) worst = $1 + 0 } END { if (NR < 3) { print "the tests tell no times" >"/dev/stderr"; exit 1 } print worst }'
}

case $mode in
    bench)
        cargo bench --locked --bench pipeline
        exit
        ;;
    slow)
        cargo test --locked -- --ignored
        exit
        ;;
    valgrind)
        # Cargo says where it put the program.
        program=$(cargo test --locked --no-run --test suite --message-format=json |
            sed -nE 's/.*"executable":"([^"]*suite-[0-9a-f]*)".*/\1/p' | tail -1)
        # Wrong accesses count. Leaks are summed up only: types, tables and thread pools of GLib live as long as the process.
        G_SLICE=always-malloc NATIVE_DRM_TEARDOWNS=${NATIVE_DRM_TEARDOWNS:-50} \
            valgrind --quiet --error-exitcode=99 --leak-check=summary --fair-sched=yes \
            "$program" --test-threads 1 --nocapture "${teardowns[@]}"
        exit
        ;;
    teardown)
        cargo test --locked --test suite -- --test-threads 1 --nocapture "${teardowns[@]}" | tee "$work/tests"
        worst=$(slowest)
        echo "slowest teardown while waiting: $worst ms"
        if awk -v worst="$worst" 'BEGIN { exit worst <= 100 }'; then
            echo "one teardown took $worst ms; 100 ms at most" >&2
            exit 2
        fi
        exit
        ;;
esac

cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
cargo test --locked --no-run
# A test that fails while its pipeline plays may be unable to free it: then nothing but this ends it.
timeout --kill-after=10 "${NATIVE_DRM_STEP_LIMIT:-900}" \
    cargo test --locked --no-fail-fast -- --test-threads "$(nproc)" --show-output | tee "$work/tests"
worst=$(slowest)

# The plugin as a file, as GStreamer finds it.
cargo build --locked
export GST_PLUGIN_PATH=$CARGO_TARGET_DIR/debug
# What it says of an element: rank, klass, properties, the message and the context.
says() {
    local element=$1 inspected name
    shift
    inspected=$(gst-inspect-1.0 "$element")
    for name in "$@" "License                  Apache 2.0" keys license-url media-key-system wait-timeout \
        "\"drm-key-needed\"" "\"native-drm\""; do
        if [[ $inspected != *"$name"* ]]; then
            echo "gst-inspect-1.0 $element does not show: $name" >&2
            exit 1
        fi
    done
}
says nativedrmdec "Rank                     primary (256)" "Klass                    Decryptor" missing-meta stats
says nativedrmdec-foreign "Rank                     marginal (64)" "Klass                    Decryptor" missing-meta stats
says nativedrmmp4 "Rank                     primary + 1 (257)" "Klass                    Codec/Decryptor/Converter"

# A player without a program of its own: keys from the environment. Without them it ends with the reason, and does not hang.
play=(timeout 60 gst-launch-1.0 -q filesrc "location=$root/tests/media/cenc.mp4" ! qtdemux ! nativedrmdec wait-timeout=0 ! fakesink)
NATIVE_DRM_KEYS=$root/tests/media/keys.json "${play[@]}"
status=0
message=$(NATIVE_DRM_KEYS='' "${play[@]}" 2>&1) || status=$?
if ((status == 0 || status == 124)) || [[ $message != *"There is no key for the stream"*"no keys were given"* ]]; then
    echo "gst-launch-1.0 without keys ended with $status and said: $message" >&2
    exit 1
fi

# The example: a license of 4 seconds ends playback, and the screen says why. What the last pipeline shows is in the file.
read -ra flags <<<"$(pkg-config --cflags --libs gstreamer-1.0)"
cc -std=c11 -Wall -Wextra -Werror -I"$root/include" "$root/examples/gstreamer/gstplay.c" -L"$links" -lnative_drm "${flags[@]}" -o "$work/player"
status=0
XDG_DATA_HOME=$work timeout 120 "$work/player" "file://$root/tests/media/cbcs.mp4" "$root/examples/gstreamer/policy.json" \
    "$root/examples/gstreamer/content.json" "videoconvert ! video/x-raw,format=GRAY8 ! filesink location=$work/screen" \
    >"$work/said" 2>&1 || status=$?
if ((status != 0)); then
    echo "gstplay ended with $status" >&2
    cat "$work/said" >&2
    exit 1
fi
for name in "license for key id" "over: The license is EXPIRED"; do
    if ! grep -q "$name" "$work/said"; then
        echo "gstplay does not say: $name" >&2
        cat "$work/said" >&2
        exit 1
    fi
done
# The last picture is white on black.
python3 - "$work/screen" <<'END'
import os, sys
SIZE = 320 * 240  # textoverlay's and videotestsrc's own
with open(sys.argv[1], "rb") as screen:
    screen.seek(-SIZE, os.SEEK_END)
    picture = screen.read()
white, black = (sum(map(kind, picture)) for kind in (lambda grey: grey > 200, lambda grey: grey < 50))
if not (white > 100 and black > SIZE * 2 / 3):
    sys.exit(f"gstplay's last picture has {white} white and {black} black of {SIZE} points: not a text on black")
END
echo "GStreamer plugin: passed, with $(gst-launch-1.0 --version | sed -n 2p); slowest teardown while waiting: $worst ms"

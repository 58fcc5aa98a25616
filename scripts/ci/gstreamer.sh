#!/usr/bin/env bash
# The GStreamer plugin as CMake builds and installs it, and cargo-c where that is installed, and what scripts/test.sh leaves out of scripts/test-gstreamer.sh: the tests that
# wait for the end of a long time limit, and teardowns under valgrind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

require cmd:cmake=cmake cmd:cc=gcc cmd:make=make cmd:objcopy=binutils cmd:pkg-config=pkg-config pc:gstreamer-1.0=libgstreamer1.0-dev \
    cmd:gst-launch-1.0=gstreamer1.0-tools "works:gst-inspect-1.0 --exists qtdemux=gstreamer1.0-plugins-good"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
build=$PWD/build/gstreamer
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_CARGO_FLAGS=--locked -DNATIVE_DRM_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" \
    -DNATIVE_DRM_BUILD_TESTS=OFF -DNATIVE_DRM_BUILD_GSTREAMER=ON
cmake --build "$build" --parallel "$(nproc)"
# Moved after it was installed: it finds the library by where it is itself.
rm -rf "$build/prefix" "$build/moved"
cmake --install "$build" --prefix "$build/prefix"
mv "$build/prefix" "$build/moved"

# play FILE OUTPUT [! ELEMENT...]: the video track of a file.
play() {
    local file=$1 output=$2
    shift 2
    env "LD_LIBRARY_PATH=$libraries" GST_PLUGIN_PATH="$plugins" GST_REGISTRY="$build/registry" \
        gst-launch-1.0 -q filesrc "location=tests/media/$file.mp4" ! qtdemux name=demux demux.video_0 "$@" ! filesink "location=$build/$output"
}
# Not from crates.io here: it takes longer to build than all the rest.
by_cargo_c=()
if cargo cinstall --version >/dev/null 2>&1; then
    rm -rf "$build/cargo-c"
    (cd gstreamer && NATIVE_DRM_LIB_DIR=$build/lib cargo cinstall --release --locked --prefix "$build/cargo-c" --libdir lib)
    # By itself it has no path to a library that is not installed.
    ln -sf "$build/lib/libnative_drm.so.0" "$build/cargo-c/lib/gstreamer-1.0/"
    by_cargo_c=("$build/cargo-c/lib/gstreamer-1.0/libgstnativedrm.so")
else
    echo "cargo-c is not installed: not tried"
fi
for plugin in "$build/lib/gstreamer-1.0/libgstnativedrm.so" "$(find "$build/moved" -name libgstnativedrm.so)" "${by_cargo_c[@]}"; do
    plugins=${plugin%/*} libraries=
    if [[ $plugin == "${by_cargo_c[*]}" ]]; then
        libraries=$plugins
    fi
    rm -f "$build/registry" "$build"/*.h264
    play clear clear.h264
    play cenc cenc.h264 ! nativedrmdec keys=tests/media/keys.json
    [[ -s $build/clear.h264 ]]
    cmp "$build/clear.h264" "$build/cenc.h264"
    echo "$plugin: decrypts"
done

export NATIVE_DRM_LIB_DIR=$CARGO_TARGET_DIR/release
scripts/test-gstreamer.sh slow
scripts/test-gstreamer.sh valgrind

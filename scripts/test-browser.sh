#!/usr/bin/env bash
# Plays tests/media in headless Chromium with keys from the license server, whose pages are at another origin: with Encrypted Media
# Extensions alone, shaka-player and dash.js, cenc and cbcs. Pages of an origin that the server does not allow play nothing.
#
#   scripts/test-browser.sh [PROGRAM]     the server to test; it is built if none is named
#
# Installs Chromium (Debian's) and downloads the two players from npm (50 MB, once), which is why scripts/test.sh does not run it.
# Build output, pictures and logs: build/browser.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/browser
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"
# shellcheck source=scripts/lib/browser.sh
. "$root/scripts/lib/browser.sh"
trap browser_end EXIT
ports=() server=""

PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
require cmd:chromium=chromium cmd:python3=python3 cmd:node=nodejs cmd:npm=npm cmd:ffmpeg=ffmpeg
program=${1:-}
if [ -z "$program" ]; then
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" -p native-drm-license-server
    program=${CARGO_TARGET_DIR:-$root/target}/debug/native-drm-license-server
fi
browser_players || { echo "the players cannot be downloaded from npm" >&2 && exit 1; }
browser_site 2
browser_server "$program" --allow-origin "http://127.0.0.1:${ports[0]}"
browser_visit "http://127.0.0.1:${ports[0]}/test.html?server=$server" "$build/allowed.png"
browser_visit "http://127.0.0.1:${ports[1]}/test.html?server=$server" "$build/other.png"
# Pictures of the videos, as rows of RGB: ISO 14496 does not say how colours become RGB, so the original is photographed, too.
for page in allowed other; do
    ffmpeg -nostdin -loglevel error -y -i "$build/$page.png" -f rawvideo -pix_fmt rgb24 "$build/$page.rgb"
done
sed 1d "$build/results" | python3 "$root/scripts/lib/browser_outcome.py" "$build/allowed.rgb" "$build/other.rgb"

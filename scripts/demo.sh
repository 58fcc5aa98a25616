#!/usr/bin/env bash
# Shows the library at work: installs what is missing, builds it and the player, and plays.
#
#   scripts/demo.sh                       plays the media in tests/media
#   scripts/demo.sh FILE KEYS [OPTION...] plays FILE with the keys of the JWK Set KEYS; options as of drmplay
#   scripts/demo.sh --controls            plays under media controls (MPRIS), on a session bus of its own
#   scripts/demo.sh --gstreamer           plays in GStreamer's playbin, with keys of a file and of a license server
#   scripts/demo.sh --browser             plays in headless Chromium with keys from the license server, and photographs it
#   scripts/demo.sh --policy              plays under a license of a few seconds, renews it, and is denied more
#
# NATIVE_DRM_BUILD_DIR: where to build (build/demo).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"

build=${NATIVE_DRM_BUILD_DIR:-$root/build/demo}
drmplay=$build/examples/drmplay
media=$root/tests/media
systems="com.clearplay.drm org.w3.clearkey"
schemes="cenc cens cbc1 cbcs"
work=""
ports=() server=""
good="ok "
bad="BAD"
bold=""
plain=""

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m'
    plain=$'\e[0m'
    good=$'\e[32mok \e[0m'
    bad=$'\e[31mBAD\e[0m'
fi

heading() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

fail() {
    printf 'demo.sh: %s\n' "$1" >&2
    [ -z "${2:-}" ] || sed 's/^/    /' "$2" >&2
    exit 1
}

need_cargo() {
    command -v cargo >/dev/null 2>&1 && return
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    command -v cargo >/dev/null 2>&1 || fail "Rust is missing: install it from your distribution or with rustup, then start again"
}

build_player() {
    need_cargo
    require cmd:cc=gcc cmd:c++=g++ cmd:cmake=cmake cmd:make=make cmd:pkg-config=pkg-config pc:libavformat=libavformat-dev \
        pc:libavcodec=libavcodec-dev pc:libavutil=libavutil-dev pc:libswscale=libswscale-dev \
        pc:libswresample=libswresample-dev pc:libcjson=libcjson-dev
    printf 'Building library and player (release) ... '
    mkdir -p "$build"
    local log=$build/demo-build.log seconds=$SECONDS
    if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_BUILD_EXAMPLES=ON \
        -DNATIVE_DRM_BUILD_TESTS=OFF -DNATIVE_DRM_BUILD_GSTREAMER=OFF && cmake --build "$build" -j "$(nproc)"; } >"$log" 2>&1; then
        echo "failed"
        tail -n 30 "$log" >&2
        fail "the build failed; all of it is in $log"
    fi
    [ -x "$drmplay" ] || fail "the build left the player out; the reason is in $log"
    echo "done in $((SECONDS - seconds)) s"
}

# quietly STEP ARGUMENT... runs the player; what it printed is in $work/said.
quietly() {
    local step=$1
    shift
    "$drmplay" "$@" >"$work/said" 2>&1 || fail "$step did not work" "$work/said"
}

# compare FILE: prints how many packets equal the original's; fails if any differs.
compare() {
    local all equal
    all=$(grep -vc '^#' "$work/clear.md5")
    equal=$(grep -v '^#' "$1" | grep -cxFf "$work/clear.md5" || true)
    printf '%s of %s packets equal the original' "$equal" "$all"
    [ "$equal" -eq "$all" ] && cmp -s "$work/clear.md5" "$1"
}

play_schemes() {
    local scheme system result worst=0
    heading "1. Every encryption scheme, with both key systems"
    echo "   Files of tests/media, video and audio with a key each; MD5 of every decrypted packet."
    echo
    "$drmplay" "$media/clear.mp4" --packet-md5 "$work/clear.md5" --quiet || fail "the clear original does not play"
    for system in $systems; do
        for scheme in $schemes; do
            quietly "$scheme with $system" "$media/$scheme.mp4" --keys "$media/keys.json" --system "$system" \
                --packet-md5 "$work/packets.md5"
            if result=$(compare "$work/packets.md5"); then
                printf '   %s %-18s %s   %s\n' "$good" "$system" "$scheme" "$result"
            else
                printf '   %s %-18s %s   %s\n' "$bad" "$system" "$scheme" "$result"
                worst=1
            fi
        done
    done
    [ $worst -eq 0 ] || fail "decrypted packets differ from the original's"
}

draw_picture() {
    local picture=$build/contact-sheet.png
    heading "2. One of them in full: cbcs, video and audio"
    "$drmplay" "$media/cbcs.mp4" --keys "$media/keys.json" --picture "$picture" --output "$build/clear.mp4" ||
        fail "cbcs.mp4 does not play"
    echo "   With and without the key, as pictures:  $picture"
    echo "   Decrypted, to play anywhere:            $build/clear.mp4"
}

# step TEXT: prints what the player said of stored keys.
step() {
    local line first=1
    grep -E '^(stored|restored|released) ' "$work/said" | while read -r line; do
        if [ $first -eq 1 ]; then printf '   %s %-8s %s\n' "$good" "$1" "$line"; else printf '       %-8s %s\n' "" "$line"; fi
        first=0
    done
}

stored_keys() {
    local system result
    heading "3. Stored keys: download once, play without a server, give back"
    echo "   Each step is a process of its own; the store is a temporary directory."
    for system in $systems; do
        printf '\n   %s\n' "$system"
        quietly "storing" "$media/cenc.mp4" --offline --keys "$media/keys.json" --system "$system"
        step store
        quietly "restoring" "$media/cenc.mp4" --offline --system "$system" --packet-md5 "$work/packets.md5"
        step restore
        result=$(compare "$work/packets.md5") || fail "with restored keys $result"
        printf '   %s %-8s without any server: %s\n' "$good" play "$result"
        quietly "releasing" "$media/cenc.mp4" --release --system "$system"
        step release
        if "$drmplay" "$media/cenc.mp4" --offline --system "$system" >"$work/said" 2>&1; then
            fail "the file still plays after its keys were released"
        fi
        printf '   %s %-8s refused, as it must be: %s\n' "$good" play "$(sed -n 's/^drmplay: //p' "$work/said" | head -n 1)"
    done
}

controls() {
    require cmd:dbus-run-session=dbus cmd:playerctl=playerctl
    heading "The player on media controls: drmplay plays, playerctl controls"
    echo
    dbus-run-session -- "$root/scripts/lib/controls_demo.sh" "$drmplay" "$media"
}

policy() {
    heading "A license of a few seconds: issued, renewed once, denied, over in the middle of playing"
    echo
    sed 's/^/   /' "$root/examples/drmplay/demo-policy.json"
    printf '\n   $ drmplay cbcs.mp4 --keys keys.json --policy demo-policy.json --renewals 1\n'
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    NATIVE_DRM_STORAGE_DIR=$work "$drmplay" "$media/cbcs.mp4" --keys "$media/keys.json" \
        --policy "$root/examples/drmplay/demo-policy.json" --renewals 1 --quiet 2>"$work/said" ||
        fail "playing under a policy did not work" "$work/said"
    sed 's/^/   /' "$work/said"
    local wanted
    for wanted in "renewal: the service answers 200" "renewal: the service answers 403" "EVENT_KEY_EXPIRED" "is EXPIRED"; do
        grep -q "$wanted" "$work/said" || fail "the player did not say \"$wanted\""
    done
    printf '\n   %s the license was enforced to its second\n' "$good"
}

gstreamer() {
    require cmd:gst-launch-1.0=gstreamer1.0-tools pc:gstreamer-1.0=libgstreamer1.0-dev \
        pc:gstreamer-video-1.0=libgstreamer-plugins-base1.0-dev cmd:python3=python3 \
        "works:gst-inspect-1.0 qtdemux=gstreamer1.0-plugins-good" "works:gst-inspect-1.0 playbin=gstreamer1.0-plugins-base" \
        "works:gst-inspect-1.0 dashdemux=gstreamer1.0-plugins-bad" "works:gst-inspect-1.0 avdec_h264=gstreamer1.0-libav"
    printf 'Building library, plugin and license server (release) ... '
    mkdir -p "$build"
    local log=$build/demo-gstreamer-build.log seconds=$SECONDS
    if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DNATIVE_DRM_BUILD_GSTREAMER=ON \
        -DNATIVE_DRM_BUILD_TESTS=OFF && cmake --build "$build" --target native_drm_gstreamer &&
        cargo build --release --locked -p native-drm-license-server --manifest-path "$root/Cargo.toml" \
            --target-dir "$build/cargo"; } >"$log" 2>&1; then
        echo "failed"
        tail -n 30 "$log" >&2
        fail "the build failed; all of it is in $log"
    fi
    echo "done in $((SECONDS - seconds)) s"
    heading "GStreamer: encrypted files and streams in playbin, which finds the elements by itself"
    "$root/scripts/lib/gstreamer_demo.sh" "$build/lib/gstreamer-1.0" "$build/cargo/release/native-drm-license-server" "$media" "$build"
}

browser() {
    local program page
    # shellcheck source=scripts/lib/browser.sh
    . "$root/scripts/lib/browser.sh"
    PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    require cmd:chromium=chromium cmd:python3=python3 cmd:node=nodejs cmd:npm=npm
    heading "A license in a browser: Chromium, W3C Clear Key, the license server at another origin"
    build=$root/build/browser
    mkdir -p "$build"
    trap browser_end EXIT
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" -p native-drm-license-server
    program=${CARGO_TARGET_DIR:-$root/target}/debug/native-drm-license-server
    browser_players || fail "the players cannot be downloaded from npm"
    browser_site 1
    browser_server "$program" --allow-origin "http://127.0.0.1:${ports[0]}"
    page="http://127.0.0.1:${ports[0]}/index.html?server=$server"
    browser_visit "$page&content=cbcs&player=eme&play=1" "$build/page.png" || fail "the browser did not finish" "$build/chromium.log"
    # A page that fails is photographed, too: what it has posted counts.
    [ "$(sed -n 2p "$build/results")" = '{"played":true}' ] || fail "the page did not play; it says:" "$build/results"
    [ -s "$build/page.png" ] || fail "there is no photograph" "$build/chromium.log"
    printf '\n   %s the page played cbcs under its license: %s\n' "$good" "$build/page.png"
    if [ -t 0 ]; then
        printf '   Look at it yourself, until you press Enter:\n   %s\n' "$page"
        read -r
    fi
}

case ${1:-} in
    --gstreamer)
        [ $# -eq 1 ] || fail "usage: demo.sh --gstreamer"
        need_cargo
        require cmd:cc=gcc cmd:c++=g++ cmd:cmake=cmake cmd:make=make cmd:pkg-config=pkg-config
        gstreamer
        exit 0
        ;;
    --browser)
        [ $# -eq 1 ] || fail "usage: demo.sh --browser"
        browser
        exit 0
        ;;
    --policy)
        [ $# -eq 1 ] || fail "usage: demo.sh --policy"
        build_player
        policy
        exit 0
        ;;
    --controls)
        [ $# -eq 1 ] || fail "usage: demo.sh --controls"
        build_player
        controls
        exit 0
        ;;
    -h | --help)
        sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
esac
if [ $# -eq 1 ]; then
    fail "usage: demo.sh [FILE KEYS [OPTION...]]"
fi
if [ $# -ge 2 ]; then
    file=$1
    keys=$2
    shift 2
    [ -r "$file" ] || fail "cannot read $file"
    [ -r "$keys" ] || fail "cannot read $keys"
    build_player
    exec "$drmplay" "$file" --keys "$keys" "$@"
fi

build_player
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NATIVE_DRM_STORAGE_DIR=$work/store
play_schemes
draw_picture
stored_keys
printf '\nEverything worked. Play your own: scripts/demo.sh FILE KEYS.json\n'

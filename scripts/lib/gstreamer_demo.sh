#!/usr/bin/env bash
# The demo of the GStreamer elements: gst-launch-1.0 plays the media with playbin, which finds the elements by itself, headless.
#
#   scripts/lib/gstreamer_demo.sh PLUGIN_DIRECTORY LICENSE_SERVER MEDIA OUTPUT
set -euo pipefail

plugin=$1
server=$2
media=$3
output=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
children=()

finish() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

fail() {
    printf 'demo.sh: %s\n' "$1" >&2
    [ -z "${2:-}" ] || tail -n 20 "$2" | sed 's/^/    /' >&2
    exit 1
}

export GST_PLUGIN_PATH=$plugin GST_REGISTRY=$work/registry.bin NATIVE_DRM_STORAGE_DIR=$work/store
unset NATIVE_DRM_KEYS NATIVE_DRM_LICENSE_URL

# play NAME PLAYER URI: the pictures go to $work/NAME, the sound to $work/NAME.wav.
play() {
    mkdir -p "$work/$1"
    timeout 120 gst-launch-1.0 -q "$2" "uri=$3" \
        "video-sink=videoconvert ! video/x-raw,format=RGB ! pngenc ! multifilesink location=$work/$1/%02d.png" \
        "audio-sink=audioconvert ! audio/x-raw,format=S16LE ! wavenc ! filesink location=$work/$1.wav" \
        >"$work/said" 2>&1 || fail "$1 does not play in $2" "$work/said"
}

# same NAME WHAT: says that the pictures equal the original's, and WHAT else; fails if they do not.
same() {
    diff -rq "$work/clear" "$work/$1" >/dev/null || fail "$1: its pictures differ from the original's"
    printf '   ok  %-16s %s pictures equal the original%s\n' "$1" "$(find "$work/$1" -name '*.png' | wc -l)" "$2"
}

# same_sound NAME [ORIGINAL]: fails if the sound differs from the original's.
same_sound() {
    cmp -s "$work/${2:-clear}.wav" "$work/$1.wav" || fail "$1: its sound differs from the original's"
}

# sheet NAME FILE: nine pictures side by side.
sheet() {
    local sources=() number x y pads=()
    for number in 0 1 2 3 4 5 6 7 8; do
        x=$((number % 3 * 324 + 4)) y=$((number / 3 * 184 + 4))
        pads+=("sink_$number::xpos=$x" "sink_$number::ypos=$y")
        sources+=(filesrc "location=$work/$1/$(printf %02d $((number * 9))).png" ! pngdec ! videoconvert ! "m.sink_$number")
    done
    gst-launch-1.0 -q compositor name=m background=black "${pads[@]}" ! video/x-raw,width=976,height=556 ! videoconvert ! \
        pngenc snapshot=true ! filesink "location=$2" "${sources[@]}" >"$work/said" 2>&1 ||
        fail "the contact sheet was not made" "$work/said"
}

printf '\nWith keys from a file: NATIVE_DRM_KEYS=%s gst-launch-1.0 playbin uri=...\n\n' "${media##*/}/keys.json"
play clear playbin "file://$media/clear.mp4"
for scheme in cenc cens cbc1 cbcs; do
    NATIVE_DRM_KEYS=$media/keys.json play "$scheme" playbin "file://$media/$scheme.mp4"
    same_sound "$scheme"
    same "$scheme" ", and so does the sound"
done
NATIVE_DRM_KEYS=$media/keys.json play cbcs-playbin3 playbin3 "file://$media/cbcs.mp4"
same_sound cbcs-playbin3
same cbcs-playbin3 ", and so does the sound"
sheet cbcs "$output/gstreamer-contact-sheet.png"
cp "$work/cbcs.wav" "$output/gstreamer-sound.wav"
printf '       pictures: %s\n       sound:    %s\n' "$output/gstreamer-contact-sheet.png" "$output/gstreamer-sound.wav"

printf '\nA DASH stream over HTTP, with keys from the license server: NATIVE_DRM_LICENSE_URL=.../clearkey\n\n'
mkdir "$work/stream"
python3 "$here/gstreamer_dash.py" "$media" "$work/stream"
"$server" --listen 127.0.0.1:0 --memory --trust-everyone --clear-key --catalog "$work/stream/catalog.json" >"$work/server" 2>"$work/server.log" &
children+=($!)
python3 -u "$here/gstreamer_dash.py" --serve "$work/stream" >"$work/http" 2>/dev/null &
children+=($!)
ready() { [ -s "$work/server" ] && [ -s "$work/http" ]; }
for _ in $(seq 600); do
    ready && break
    for child in "${children[@]}"; do
        kill -0 "$child" 2>/dev/null || fail "a server ended" "$work/server.log"
    done
    sleep 0.1
done
ready || fail "the servers did not start in a minute" "$work/server.log"
license=$(head -n 1 "$work/server")
stream=$(head -n 1 "$work/http")
NATIVE_DRM_LICENSE_URL=$license/clearkey play dash playbin "$stream/cenc.mpd"
# Out of segments the sound begins with the encoder's run-in, which is cut off where a file is played.
play clear-dash playbin "$stream/clear.mpd"
same_sound dash clear-dash
same dash ", and so does the sound; keys by $license/clearkey"

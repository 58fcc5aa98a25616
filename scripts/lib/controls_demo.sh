#!/usr/bin/env bash
# The demo of media controls: drmplay at one end of a session bus, playerctl at the other. Runs on a bus of its own:
#
#   dbus-run-session -- scripts/lib/controls_demo.sh DRMPLAY MEDIA
set -euo pipefail

drmplay=$1
media=$2
work=$(mktemp -d)
player=""
seen=0

finish() {
    [ -z "$player" ] || kill "$player" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

fail() {
    printf 'demo.sh: %s\n' "$1" >&2
    sed 's/^/    /' "$work/drmplay" >&2
    exit 1
}

# awaits WHAT COMMAND...: until the command succeeds.
awaits() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        ! "$@" || return 0
        kill -0 "$player" 2>/dev/null || break
        sleep 0.05
    done
    fail "$what: in vain"
}

line() { printf '   %-10s %s\n' "$1" "$2"; }
ctl() { playerctl --player=drmplay "$@"; }
has_said() { [ "$(grep -c '^controls:' "$work/drmplay")" -gt "$seen" ]; }
is() { [ "$(ctl status 2>/dev/null)" = "$1" ]; }
plays() { [ "$(ctl metadata title 2>/dev/null)" = "$1" ]; }
is_at() { [ "$(ctl position 2>/dev/null)" = "$1" ]; }

# shows: what playerctl sees.
shows() {
    line "playerctl" "$(ctl metadata --format \
        '{{lc(status)}} at {{position}} us of {{mpris:length}} us, "{{title}}"' | awk '{
            $3 = sprintf("%.2f", $3 / 1000000); $4 = "s"; $6 = sprintf("%.2f", $6 / 1000000); $7 = "s,"; print }')"
}

# orders ARGUMENT...: gives an order with playerctl and shows how drmplay takes it.
orders() {
    printf '\n   $ playerctl %s\n' "$*"
    ctl "$@"
    awaits "an answer to \"playerctl $*\"" has_said
    seen=$((seen + 1))
    line "drmplay" "$(grep '^controls:' "$work/drmplay" | sed -n "${seen}s/^controls: //p")"
}

printf '   $ drmplay --controls cenc.mp4 cens.mp4 cbcs.mp4 --keys keys.json\n'
"$drmplay" --controls "$media/cenc.mp4" "$media/cens.mp4" "$media/cbcs.mp4" --keys "$media/keys.json" --quiet \
    >"$work/drmplay" 2>&1 &
player=$!
awaits "drmplay on the media controls" is Playing
shows

sleep 0.7 # of music
orders pause
awaits "a pause" is Paused
shows
frozen=$(ctl position)
sleep 0.3
[ "$(ctl position)" = "$frozen" ] || fail "the position moves in a pause"

orders position 0.5
awaits "the new position" is_at 0.500000
shows

orders play
awaits "playing" is Playing
sleep 0.7
shows

orders next
awaits "the next file" plays cens.mp4
shows

orders play-pause
awaits "a pause" is Paused
orders next
awaits "the next file" plays cbcs.mp4
shows
printf '\n   $ playerctl next\n'
if ctl next 2>"$work/refusal"; then
    fail "there is something after the last file"
fi
line "playerctl" "$(cat "$work/refusal")"

orders stop
wait "$player" || fail "drmplay ended with status $?"
player=""
[ "$(playerctl --list-all 2>/dev/null)" = "" ] || fail "drmplay is still on the media controls"
line "playerctl" "$(ctl status 2>&1 || true)"

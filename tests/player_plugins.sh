#!/usr/bin/env bash
# The player with the key systems of examples/plugins: player_plugins.sh DRMPLAY DIRECTORY, where the plugins are. Needs python3.
# Whatever files it plays must give the packets of their clear originals. NATIVE_DRM_ISOLATE is passed on.
set -uo pipefail

drmplay=${1:?usage: player_plugins.sh DRMPLAY DIRECTORY}
plugins=${2:?usage: player_plugins.sh DRMPLAY DIRECTORY}
tests=$(cd "$(dirname "$0")" && pwd) || exit 1
media=$tests/media
keys=$media/keys.json
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export NATIVE_DRM_STORAGE_DIR=$work/store
unset NATIVE_DRM_LOG NATIVE_DRM_PLUGIN_PATH
# A build tree may be writable for others, who could have made the plugins; a folder of the test's own is not.
mkdir -m 700 "$work/plugins" && cp "$plugins/text_plugin.so" "$plugins/xor_plugin.so" "$work/plugins" || exit 1
chmod 755 "$work"/plugins/*.so
text=$work/plugins/text_plugin.so
xor=$work/plugins/xor_plugin.so
passed=0
failed=0

ok() { passed=$((passed + 1)); }

not_ok() {
    failed=$((failed + 1))
    echo "FAILED: $1" >&2
    sed 's/^/    /' "$work/stdout" "$work/stderr" 2>/dev/null | tail -n 20 >&2
}

play() {
    timeout 120 "$drmplay" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
    status=$?
}

# plays NAME CLEAR ARGUMENT...: the packets must be those in the list CLEAR, and something must have been decrypted.
plays() {
    local name=$1 clear=$2
    shift 2
    rm -f "$work/packets"
    play "$@" --packet-md5 "$work/packets"
    if [ $status -ne 0 ] || grep -q '^drmplay:' "$work/stderr"; then
        not_ok "$name: exit status $status"
    elif ! grep -qE ' (cenc|cens|cbc1|cbcs)( [0-9:]+)? +[1-9][0-9]* +[1-9]' "$work/stdout"; then
        not_ok "$name: nothing was decrypted"
    elif ! cmp -s "$work/packets" "$clear"; then
        not_ok "$name: other packets than those of the clear file"
    else
        ok
    fi
}

# refuses NAME STATUS WORDS ARGUMENT...
refuses() {
    local name=$1 wanted=$2 words=$3
    shift 3
    play "$@"
    if [ $status -eq "$wanted" ] && grep '^drmplay:' "$work/stderr" | grep -qF -- "$words"; then ok; else
        not_ok "$name: exit status $status instead of $wanted, or no sentence with \"$words\""
    fi
}

clear=$work/clear.packets
play "$media/clear.mp4" --packet-md5 "$clear" --quiet
[ $status -eq 0 ] || not_ok "the clear file"
[ "$(grep -cv '^#' "$clear")" -gt 200 ] || not_ok "the clear file has too few packets"

echo "com.example.text: the library decrypts"
for scheme in cenc cens cbc1 cbcs; do
    plays "$scheme" "$clear" "$media/$scheme.mp4" --keys "$keys" --plugin "$text" --system com.example.text
done
NATIVE_DRM_PLUGIN_PATH=$work/plugins plays "from a folder" "$clear" "$media/cbcs.mp4" --keys "$keys" --system com.example.text
plays "to be stored" "$clear" "$media/cbcs.mp4" --keys "$keys" --plugin "$text" --system com.example.text --offline
# The license of both keys is stored under the id of the last one, so that the player does not find the other.
play "$media/cbcs.mp4" --plugin "$text" --system com.example.text --offline --packet-md5 "$work/packets"
if [ $status -eq 0 ] && grep -q "restored the stored key" "$work/stderr" && cmp -s "$work/packets" "$clear"; then ok; else not_ok stored; fi
play "$media/cbcs.mp4" --plugin "$text" --system com.example.text --release
if [ $status -eq 0 ]; then ok; else not_ok "giving back"; fi
refuses "given back" 1 "no key is stored" "$media/cbcs.mp4" --plugin "$text" --system com.example.text --offline

echo "com.example.xor: the plugin decrypts"
python3 -B "$tests/player_xor.py" "$media/cenc.mp4" "$media/clear.mp4" "$keys" "$work/xor.mp4" || not_ok "XOR"
for time in first second; do
    plays "$time time" "$clear" "$work/xor.mp4" --keys "$keys" --plugin "$xor" --system com.example.xor
done
NATIVE_DRM_PLUGIN_PATH=$work/plugins plays "from a folder" "$clear" "$work/xor.mp4" --keys "$keys" --system com.example.xor
# The same file is nothing for a key system whose cipher is AES.
play "$work/xor.mp4" --keys "$keys" --no-decode --packet-md5 "$work/packets" --quiet
if [ $status -eq 0 ] && ! cmp -s "$work/packets" "$clear"; then ok; else not_ok "XOR with AES"; fi

echo "What must be refused"
refuses "a plugin that is not there" 1 "cannot load the plugin" "$media/cenc.mp4" --keys "$keys" --plugin "$work/none.so"
refuses "a plugin that is none" 1 "cannot load the plugin" "$media/cenc.mp4" --keys "$keys" --plugin "$keys"
refuses "a plugin twice" 1 "cannot load the plugin" "$media/cenc.mp4" --keys "$keys" --plugin "$text" --plugin "$text"
refuses "its key system without the plugin" 1 "there is no key system com.example.text" "$media/cenc.mp4" --keys "$keys" \
    --system com.example.text
refuses "no value" 2 "--plugin needs a value" "$media/cenc.mp4" --plugin
refuses "no keys" 1 "the file is encrypted" "$media/cenc.mp4" --plugin "$text" --system com.example.text
refuses "policies" 1 "does not know how to answer" "$media/cenc.mp4" --keys "$keys" --system com.policyplay.drm

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]

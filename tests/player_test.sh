#!/usr/bin/env bash
# Tests the player: drmplay's path is the argument. Needs ffmpeg (Debian package ffmpeg).
set -uo pipefail

drmplay=${1:?usage: player_test.sh DRMPLAY}
case $drmplay in /*) ;; *) drmplay=$PWD/$drmplay ;; esac
media=$(cd "$(dirname "$0")/media" && pwd) || exit 1
[ -x "$drmplay" ] || { echo "$drmplay is not a program" >&2; exit 1; }
command -v ffmpeg >/dev/null || { echo "player_test.sh needs ffmpeg (Debian package ffmpeg)" >&2; exit 1; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export NATIVE_DRM_STORAGE_DIR=$work/store
unset NATIVE_DRM_LOG
schemes="cenc cens cbc1 cbcs"
systems="com.clearplay.drm org.w3.clearkey"
passed=0
failed=0

ok() { passed=$((passed + 1)); }

not_ok() {
    failed=$((failed + 1))
    echo "FAILED: $1" >&2
    sed 's/^/    /' "$work/stdout" "$work/stderr" 2>/dev/null | tail -n 20 >&2
}

# play ARGUMENT... runs the player; its output is in $work/stdout and $work/stderr, its exit status in $status.
play() {
    timeout 60 "$drmplay" "$@" >"$work/stdout" 2>"$work/stderr" </dev/null
    status=$?
}

# plays NAME ARGUMENT...: the player must succeed and complain about nothing.
plays() {
    local name=$1
    shift
    play "$@"
    if [ $status -eq 0 ] && ! grep -q '^drmplay:' "$work/stderr"; then ok; else not_ok "$name: exit status $status"; fi
}

# refuses NAME STATUS WORDS ARGUMENT...: the player must end with that status and a sentence that holds the words.
refuses() {
    local name=$1 wanted=$2 words=$3
    shift 3
    play "$@"
    if [ $status -eq "$wanted" ] && grep '^drmplay:' "$work/stderr" | grep -qF -- "$words"; then
        ok
    else
        not_ok "$name: exit status $status instead of $wanted, or no sentence with \"$words\""
    fi
}

same() {
    if cmp -s "$2" "$3"; then ok; else not_ok "$1: $2 and $3 differ"; fi
}

absent() {
    if [ ! -e "$2" ] && [ ! -e "$2.part" ]; then ok; else not_ok "$1: it left $2 behind"; fi
}

says() {
    if grep -qF -- "$2" "$work/stdout" "$work/stderr"; then ok; else not_ok "$1: it does not say \"$2\""; fi
}

# "stream size md5" of each packet, sorted, from drmplay's and from FFmpeg's lists.
packet_columns() { grep -v '^#' "$1" | tr -d ' ' | awk -F, '{ print $1, $3, $4 }' | sort; }
framemd5_columns() { sed 's/, S=.*//' "$1" | grep -v '^#' | tr -d ' ' | awk -F, '{ print $1, $5, $6 }' | sort; }

echo "References from ffmpeg"
ffmpeg -nostdin -v error -i "$media/clear.mp4" -c copy -f framemd5 "$work/reference.packets" || exit 1
ffmpeg -nostdin -v error -i "$media/clear.mp4" -f framemd5 "$work/reference.frames" || exit 1
framemd5_columns "$work/reference.packets" >"$work/reference.columns"
plays "clear file" "$media/clear.mp4" --packet-md5 "$work/clear.packets" --frame-md5 "$work/clear.frames"
packet_columns "$work/clear.packets" >"$work/clear.columns"
same "packets of the clear file" "$work/reference.columns" "$work/clear.columns"
same "frames of the clear file" "$work/reference.frames" "$work/clear.frames"

echo "Shipped files: every scheme with every key system"
for scheme in $schemes; do
    for system in $systems; do
        name="$scheme with $system"
        plays "$name" "$media/$scheme.mp4" --keys "$media/keys.json" --system "$system" --packet-md5 "$work/packets" \
            --frame-md5 "$work/frames"
        says "$name" "$system"
        same "packets of $name" "$work/clear.packets" "$work/packets"
        same "frames of $name" "$work/reference.frames" "$work/frames"
    done
done

echo "Other outputs"
plays "output" "$media/cbcs.mp4" --keys "$media/keys.json" --output "$work/out.mp4" --picture "$work/sheet.png" --quiet
ffmpeg -nostdin -v error -y -i "$work/out.mp4" -c copy -f framemd5 "$work/out.packets" || not_ok "ffmpeg cannot read the output"
framemd5_columns "$work/out.packets" >"$work/out.columns"
same "packets of the output" "$work/reference.columns" "$work/out.columns"
ffmpeg -nostdin -v error -i "$work/out.mp4" -f null - 2>"$work/stderr"
if [ ! -s "$work/stderr" ]; then ok; else not_ok "the output does not decode"; fi
if grep -qaE 'encv|enca|sinf|senc' "$work/out.mp4"; then not_ok "the output still has boxes of encryption"; else ok; fi
if ffmpeg -nostdin -v error -i "$work/sheet.png" -f null - 2>"$work/stderr" && [ ! -s "$work/stderr" ]; then ok; else not_ok "picture"; fi
play "$media/cenc.mp4" --keys "$media/keys.json" --packet-md5 - --quiet
same "packets on standard output" "$work/clear.packets" "$work/stdout"
play --help
if [ $status -eq 0 ] && grep -q -- '--packet-md5' "$work/stdout"; then ok; else not_ok "--help"; fi

echo "Files that ffmpeg encrypts with random keys"
random_hex() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
# shellcheck disable=SC2001 # a back reference is wanted
base64url() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | base64 | tr '+/' '-_' | tr -d '='; }
for flags in "-movflags +faststart" "-brand isom"; do
    key=$(random_hex)
    kid=$(random_hex)
    echo "    key id $kid, key $key, options $flags"
    # shellcheck disable=SC2086 # two words
    ffmpeg -nostdin -v error -y -i "$media/clear.mp4" -c copy $flags -encryption_scheme cenc-aes-ctr \
        -encryption_key "$key" -encryption_kid "$kid" "$work/random.mp4" || not_ok "ffmpeg"
    printf '{"keys":[{"kty":"oct","kid":"%s","k":"%s"}]}' "$(base64url "$kid")" "$(base64url "$key")" >"$work/random.json"
    for system in $systems; do
        plays "encrypted by ffmpeg ($flags), $system" "$work/random.mp4" --keys "$work/random.json" --system "$system" \
            --packet-md5 "$work/random.packets"
        says "encrypted by ffmpeg ($flags), $system" "$kid"
        packet_columns "$work/random.packets" >"$work/random.columns"
        same "packets of the file that ffmpeg encrypted ($flags), $system" "$work/reference.columns" "$work/random.columns"
    done
done

# Other packagers, codecs and containers, as far as the files are there; a wrong byte would not decode.
vectors=${NATIVE_DRM_TEST_VECTORS:-${media%/*}/vectors}
if [ -r "$vectors/manifest.json" ] && command -v python3 >/dev/null; then
    echo "Files of other packagers"
    python3 - "$vectors" "$work" >"$work/vectors" <<'END' || not_ok "the manifest of the vectors cannot be read"
import base64, json, os, sys

directory, work = sys.argv[1:]
wanted = """shaka-packager/encryption-cens-video shaka-packager/encryption-cbc-1-video
    shaka-packager/webm-vp8-clear-lead shaka-packager/webm-vp8-vorbis shaka-packager/opus-vp9-audio
    shaka-packager/explicit-pssh-audio generated/vp9-altref-subsample generated/av1-cenc generated/hevc-cbcs-iv16
    generated/aac-cenc-iv16-wrap64 generated/slices90-cenc generated/b4-cbcs""".split()
manifest = json.load(open(os.path.join(directory, "manifest.json")))
for number, vector in enumerate(manifest["vectors"] if isinstance(manifest, dict) else manifest):
    if vector["id"] in wanted and len(vector["files"]) == 1:
        def encode(text):
            return base64.urlsafe_b64encode(bytes.fromhex(text)).decode().rstrip("=")

        keys = [{"kty": "oct", "kid": encode(key["kid"]), "k": encode(key["key"])} for key in vector["keys"]]
        path = os.path.join(work, f"vector{number}.json")
        json.dump({"keys": keys}, open(path, "w"))
        print(os.path.join(directory, vector["files"][0]), path)
END
    while read -r file jwk; do
        for system in $systems; do
            plays "${file#"$vectors/"} with $system" "$file" --keys "$jwk" --system "$system"
            if grep -qE '^ +[0-9]+ +(video|audio) .* (cenc|cens|cbc1|cbcs) ' "$work/stdout"; then ok; else
                not_ok "${file#"$vectors/"} with $system: nothing was decrypted"
            fi
        done
    done <"$work/vectors"
    echo "    $(wc -l <"$work/vectors") files"
fi

echo "What must be refused"
keys=$media/keys.json
refuses "no argument" 2 "no file to play"
refuses "unknown option" 2 "unknown option --nonsense" "$media/cenc.mp4" --nonsense
refuses "option without value" 2 "--keys needs a value" "$media/cenc.mp4" --keys
refuses "two files" 2 "one file at a time" "$media/cenc.mp4" "$media/cbcs.mp4"
refuses "no such file" 1 "$work/none.mp4" "$work/none.mp4" --keys "$keys"
refuses "a directory" 1 "$work" "$work" --keys "$keys"
: >"$work/empty.mp4"
refuses "an empty file" 1 "cannot play" "$work/empty.mp4" --keys "$keys"
# The same noise each time: FFmpeg takes some noise for a format without a header.
openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 4096 >"$work/noise.mp4" || true
refuses "noise" 1 "noise.mp4" "$work/noise.mp4" --keys "$keys"
refuses "unknown key system" 1 "there is no key system com.example.none" "$media/cenc.mp4" --keys "$keys" --system com.example.none
refuses "encrypted, no keys" 1 "the file is encrypted" "$media/cenc.mp4"
refuses "no such key file" 1 "$work/none.json" "$media/cenc.mp4" --keys "$work/none.json"
refuses "key file without JSON" 1 "is not JSON" "$media/cenc.mp4" --keys "$media/README.md"
echo '{"keys":[{"kty":"oct","kid":"AAAA","k":"AAAA"}]}' >"$work/short.json"
refuses "short key id" 1 "key id of key 1" "$media/cenc.mp4" --keys "$work/short.json"
refuses "keys of another file" 1 "no key for key id" "$media/cenc.mp4" --keys "$work/random.json" --packet-md5 "$work/refused.md5"
absent "keys of another file" "$work/refused.md5"

# The key of one track only: the other is reported, and no output appears.
tr -d ' \n' <"$keys" | sed 's/},{.*}]/}]/' >"$work/one.json"
refuses "key of the video only" 1 "131 of 131 samples could not be decrypted" "$media/cenc.mp4" --keys "$work/one.json" \
    --output "$work/refused.mp4"
absent "key of the video only" "$work/refused.mp4"

# Every key replaced by another.
sed 's/"k": "[^"]*"/"k": "AAECAwQFBgcICQoLDA0ODw"/' "$keys" >"$work/wrong.json"
for scheme in $schemes; do
    refuses "wrong keys, $scheme" 1 "the key is probably wrong" "$media/$scheme.mp4" --keys "$work/wrong.json" \
        --frame-md5 "$work/refused.md5"
    absent "wrong keys, $scheme" "$work/refused.md5"
done

size=$(stat -c %s "$media/cenc.mp4")
for bytes in 4 40 900 2000 $((size / 2)) $((size - 1)); do
    head -c "$bytes" "$media/cenc.mp4" >"$work/cut.mp4"
    refuses "cut after $bytes bytes" 1 "cut.mp4" "$work/cut.mp4" --keys "$keys" --output "$work/refused.mp4"
    absent "cut after $bytes bytes" "$work/refused.mp4"
done
refuses "output into no directory" 1 "cannot write" "$media/cenc.mp4" --keys "$keys" --output "$work/none/out.mp4"
refuses "packets to a full disk" 1 "cannot write /dev/full" "$media/cenc.mp4" --keys "$keys" --packet-md5 /dev/full

echo "The life of stored keys, each step a new process"
for system in $systems; do
    name="stored keys of $system"
    rm -rf "$NATIVE_DRM_STORAGE_DIR"
    file=$media/cbcs.mp4
    refuses "$name before storing" 1 "no key is stored" "$file" --offline --system "$system"
    plays "$name, storing" "$file" --offline --keys "$keys" --system "$system" --packet-md5 "$work/packets"
    says "$name, storing" "stored the key"
    plays "$name, restoring" "$file" --offline --system "$system" --packet-md5 "$work/packets"
    says "$name, restoring" "restored the stored key"
    same "$name, restored" "$work/clear.packets" "$work/packets"
    refuses "$name, another file" 1 "no key is stored" "$media/cens.mp4" --offline --system "$system"
    refuses "$name, online" 1 "the file is encrypted" "$file" --system "$system"
    plays "$name, releasing" "$file" --release --system "$system"
    says "$name, releasing" "released the stored key"
    refuses "$name after the release" 1 "key" "$file" --offline --system "$system"
    plays "$name, storing again" "$file" --offline --keys "$keys" --system "$system" --quiet
    plays "$name, restoring again" "$file" --offline --system "$system" --quiet
done
refuses "nothing to release" 1 "no key of this file is stored" "$media/cens.mp4" --release
rm -rf "$NATIVE_DRM_STORAGE_DIR"
: >"$NATIVE_DRM_STORAGE_DIR"
refuses "a store that is no directory" 1 "error 24700201" "$media/cbcs.mp4" --offline --keys "$keys"

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]

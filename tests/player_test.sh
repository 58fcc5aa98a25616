#!/usr/bin/env bash
# Tests the player: drmplay's path is the argument. Needs ffmpeg, openssl and python3.
set -uo pipefail

drmplay=${1:?usage: player_test.sh DRMPLAY}
case $drmplay in /*) ;; *) drmplay=$PWD/$drmplay ;; esac
media=$(cd "$(dirname "$0")/media" && pwd) || exit 1
[ -x "$drmplay" ] || { echo "$drmplay is not a program" >&2; exit 1; }
for program in ffmpeg openssl python3; do
    command -v $program >/dev/null || { echo "player_test.sh needs $program (Debian package $program)" >&2; exit 1; }
done

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

echo "Every codec, with its clear twin"
# compare NAME FILE CLEAR KEYS: every packet of FILE, and of what --output makes of it, must equal the clear file's.
compare() {
    local name=$1 file=$2 clear=$3 jwk=$4
    local out=$work/out.${file##*.}
    rm -f "$work"/*.packets "$out"
    plays "$name" "$file" --keys "$jwk" --packet-md5 "$work/packets" --output "$out" --quiet
    plays "$name, clear" "$clear" --packet-md5 "$work/clear.packets" --quiet
    same "packets of $name" "$work/clear.packets" "$work/packets"
    plays "$name, output" "$out" --packet-md5 "$work/out.packets" --quiet
    packet_columns "$work/clear.packets" >"$work/clear.columns"
    packet_columns "$work/out.packets" >"$work/out.columns"
    same "packets of the output of $name" "$work/clear.columns" "$work/out.columns"
    ffmpeg -nostdin -v error -i "$clear" -map 0 -c copy -f framemd5 "$work/reference.packets"
    framemd5_columns "$work/reference.packets" >"$work/reference.columns"
    same "packets of $name as ffmpeg reads them" "$work/reference.columns" "$work/clear.columns"
}
twins=${media%/*}/vectors/player
for clear in "$twins"/*-clear.*; do
    file=${clear/-clear/}
    compare "${file##*/}" "$file" "$clear" "$twins/keys.json"
done
plays "no decoding" "$twins/vp9.mp4" --keys "$twins/keys.json" --no-decode --output "$work/no-decode.mp4"
if grep -qE ' vp9 +cenc +20 +20 +[0-9.]+ kB +0 +0 ' "$work/stdout"; then ok; else not_ok "no decoding: there are frames"; fi
ffmpeg -nostdin -v error -i "$work/no-decode.mp4" -f null - 2>"$work/stderr"
if [ ! -s "$work/stderr" ]; then ok; else not_ok "what was written without decoding does not decode"; fi

plays "clear file" "$media/clear.mp4" --packet-md5 "$work/clear.packets" --quiet
echo "Encryption information in other places"
for scheme in $schemes; do
    python3 "${media%/*}/player_variants.py" "$media/$scheme.mp4" "$scheme" "$work" >"$work/names" || not_ok "variants of $scheme"
    while read -r name; do
        plays "$name" "$work/$name.mp4" --keys "$media/keys.json" --packet-md5 "$work/packets" --quiet
        same "packets of $name" "$work/clear.packets" "$work/packets"
    done <"$work/names"
done

echo "Playlists"
for scheme in $schemes; do
    python3 "${media%/*}/player_playlists.py" "$media/$scheme.mp4" "$work" >"$work/names" || not_ok "playlists of $scheme"
    while read -r name; do
        plays "playlist $name of $scheme" "$work/$name.m3u8" --keys "$media/keys.json" --packet-md5 "$work/packets" --quiet
        same "packets of playlist $name of $scheme" "$work/clear.packets" "$work/packets"
    done <"$work/names"
done
sed 's/1.m4s/none.m4s/' "$work/files.m3u8" >"$work/gap.m3u8"
refuses "playlist with a lost segment" 1 "media/none.m4s" "$work/gap.m3u8" --keys "$media/keys.json"
sed 's/BYTERANGE="[0-9]*/BYTERANGE="x/' "$work/ranges.m3u8" >"$work/range.m3u8"
refuses "playlist with a range that is none" 1 "EXT-X-MAP has no usable" "$work/range.m3u8" --keys "$media/keys.json"

echo "Streams that say themselves how they are encrypted"
# frame_columns FILE...: "stream size md5" of each frame, in the order of each stream.
frame_columns() { grep -hv '^#' "$@" | tr -d ' ' | awk -F, '{ print $1, $5, $6 }' | sort -s -k 1,1; }
# plays_units NAME FILE KEYS SCHEME CLEAR...: the frames of FILE, and of what --output makes of it, must be those of the clear files.
plays_units() {
    local name=$1 file=$2 jwk=$3 scheme=$4 clear number=0
    shift 4
    rm -f "$work"/*.twin "$work/units.mp4"
    for clear in "$@"; do
        number=$((number + 1))
        ffmpeg -nostdin -v error -i "$clear" -f framemd5 "$work/$number.twin" || not_ok "ffmpeg cannot read $clear"
    done
    frame_columns "$work"/*.twin >"$work/reference.columns"
    for system in $systems; do
        plays "$name with $system" "$file" --keys "$jwk" --system "$system" --frame-md5 "$work/units.frames"
        if grep -qE " $scheme +[1-9][0-9]* +[1-9]" "$work/stdout"; then ok; else not_ok "$name with $system: nothing was decrypted"; fi
        frame_columns "$work/units.frames" >"$work/columns"
        same "frames of $name with $system" "$work/reference.columns" "$work/columns"
    done
    plays "$name, output" "$file" --keys "$jwk" --output "$work/units.mp4" --no-decode --quiet
    ffmpeg -nostdin -v error -y -i "$work/units.mp4" -f framemd5 "$work/units.frames" 2>"$work/stderr"
    if [ ! -s "$work/stderr" ]; then ok; else not_ok "$name: the output does not decode"; fi
    frame_columns "$work/units.frames" >"$work/columns"
    same "frames of the output of $name" "$work/reference.columns" "$work/columns"
}
mkdir -p "$work/units" "$work/cei"
python3 "${media%/*}/player_streams.py" sample-aes "$work/units" >"$work/names" || not_ok "streams with SAMPLE-AES"
while read -r name clear; do
    # shellcheck disable=SC2046,SC2086 # several names
    plays_units "$name" "$work/units/$name" "$work/units/keys.json" SAMPLE-AES $(printf "$work/units/%s " $clear)
done <"$work/names"
if [ "$(wc -l <"$work/names")" -ge 16 ]; then ok; else not_ok "there are too few streams with SAMPLE-AES"; fi

echo "Sound that is apart from the pictures"
audio() { printf '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="%s",NAME="%s",LANGUAGE="%s"%s\n' "$@"; }
{
    printf '#EXTM3U\n'
    audio other Français fr ',DEFAULT=YES,URI="none.m3u8"'
    audio sound English en ',URI="aac.aac.m3u8"'
    audio sound Deutsch de ',DEFAULT=YES,URI="ac3.ac3.m3u8"'
    audio sound "In TS" nl ',URI="ec3.ts.m3u8"'
    printf '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="other"\nnone.m3u8\n'
    printf '#EXT-X-STREAM-INF:BANDWIDTH=2000,AUDIO="sound"\nh264.ts.m3u8\n'
} >"$work/units/apart.m3u8"
ffmpeg -nostdin -v error -i "$work/units/clear-h264.ts" -f framemd5 "$work/pictures" || not_ok "ffmpeg cannot read the pictures"
while read -r clear arguments; do
    name="apart, ${arguments:-the usual sound}"
    ffmpeg -nostdin -v error -y -i "$work/units/clear-$clear" -f framemd5 "$work/sound" || not_ok "ffmpeg cannot read $clear"
    { frame_columns "$work/pictures" && frame_columns "$work/sound" | sed 's/^0 /1 /'; } >"$work/reference.columns"
    # shellcheck disable=SC2086 # an option and its value
    plays "$name" "$work/units/apart.m3u8" --keys "$work/units/keys.json" $arguments --frame-md5 "$work/apart.frames" \
        --output "$work/apart.mp4"
    if [ "$(grep -cE ' SAMPLE-AES +[1-9][0-9]* +[1-9]' "$work/stdout")" -eq 2 ]; then ok; else not_ok "$name: not both were decrypted"; fi
    frame_columns "$work/apart.frames" >"$work/columns"
    same "frames of $name" "$work/reference.columns" "$work/columns"
    ffmpeg -nostdin -v error -y -i "$work/apart.mp4" -f framemd5 "$work/apart.frames" 2>"$work/stderr"
    if [ ! -s "$work/stderr" ]; then ok; else not_ok "$name: the output does not decode"; fi
    frame_columns "$work/apart.frames" >"$work/columns"
    same "frames of the output of $name" "$work/reference.columns" "$work/columns"
done <<END
ac3.ac3
aac.aac --rendition English
aac.aac --rendition en
ec3.ts --rendition nl
END
refuses "apart, no such sound" 1 "there is no audio rendition Français" "$work/units/apart.m3u8" --keys "$work/units/keys.json" \
    --rendition Français
refuses "a rendition of a file" 1 "has no audio rendition that is apart" "$media/cenc.mp4" --keys "$media/keys.json" --rendition en
sed 's/ac3.ac3/none/' "$work/units/apart.m3u8" >"$work/units/lost.m3u8"
refuses "apart, the sound is not there" 1 "none.m3u8" "$work/units/lost.m3u8" --keys "$work/units/keys.json"

for codec in h264 h265; do
    ffmpeg -nostdin -v error -i "$media/clear.mp4" -an -t 2 -s 320x180 -c:v "libx${codec#h}" -bf 2 -b:v 600k "$work/cei/$codec.ts" \
        2>"$work/stderr" || not_ok "ffmpeg cannot encode $codec"
    python3 "${media%/*}/player_streams.py" cei $codec "$work/cei/$codec.ts" "$work/cei" || not_ok "CEI in $codec"
    plays_units "CEI in $codec" "$work/cei/cei-$codec.ts" "$work/cei/keys.json" CEI "$work/cei/$codec.ts"
    plays_units "CEI in $codec without a descriptor" "$work/cei/bare-$codec.ts" "$work/cei/keys.json" CEI "$work/cei/$codec.ts"
    plays_units "CEI in $codec in HLS" "$work/cei/cei-$codec.m3u8" "$work/cei/keys.json" CEI "$work/cei/$codec.ts"
done
jwk=$work/units/keys.json
refuses "TS with SAMPLE-AES without its playlist" 1 "whose keys and IVs are in the playlist" "$work/units/encrypted-h264.ts" --keys "$jwk"
refuses "SAMPLE-AES without a key id" 1 "it has no KEYID and no pssh box" "$work/units/no-id.m3u8" --keys "$jwk"
refuses "SAMPLE-AES with several key ids" 1 "no KEYID says which one" "$work/units/many-ids.m3u8" --keys "$jwk"
refuses "SAMPLE-AES with a long IV" 1 "IV of the EXT-X-KEY tag" "$work/units/bad-iv.m3u8" --keys "$jwk"
refuses "SAMPLE-AES without the key" 1 "without its key" "$work/units/no-key.m3u8" --keys "$jwk"
refuses "SAMPLE-AES with METHOD=NONE" 1 "the playlist has no EXT-X-KEY tag" "$work/units/untagged.m3u8" --keys "$jwk"
refuses "segments of text" 1 "neither MPEG-TS nor AAC" "$work/units/foreign.m3u8" --keys "$jwk"
refuses "packed audio that is cut off" 1 "cannot be read to its end" "$work/units/short.m3u8" --keys "$jwk" --output "$work/short.mp4"
absent "packed audio that is cut off" "$work/short.mp4"
python3 - "$work/cei/keys.json" "$work/cei/first.json" <<'END'
import json, sys

keys = json.load(open(sys.argv[1]))["keys"]
json.dump({"keys": keys[:1]}, open(sys.argv[2], "w"))
END
refuses "CEI without the second key" 1 "there is no key for key id 0000010000000000000300000200aa00" "$work/cei/cei-h265.ts" \
    --keys "$work/cei/first.json" --output "$work/half.mp4"
absent "CEI without the second key" "$work/half.mp4"

# Other packagers, codecs and containers, as far as the files are there.
vectors=${NATIVE_DRM_TEST_VECTORS:-${media%/*}/vectors}
echo "Files of other packagers"
python3 - "$vectors" "$work" >"$work/vectors" <<'END' || not_ok "the manifest of the vectors cannot be read"
import base64, json, os, sys

directory, work = sys.argv[1:]
manifest = json.load(open(os.path.join(directory, "manifest.json")))
for number, vector in enumerate(manifest["vectors"] if isinstance(manifest, dict) else manifest):
    if "tracks" not in vector or "verified_tracks" in vector:  # those have tracks that do not decode
        continue

    def encode(text):
        return base64.urlsafe_b64encode(bytes.fromhex(text)).decode().rstrip("=")

    keys = [{"kty": "oct", "kid": encode(key["kid"]), "k": encode(key["key"])} for key in vector["keys"]]
    path = os.path.join(work, f"vector{number}")
    json.dump({"keys": keys}, open(path + ".json", "w"))
    path += os.path.splitext(vector["files"][0])[1]
    with open(path, "wb") as whole:  # initialization section and segments
        for part in vector["files"]:
            with open(os.path.join(directory, part), "rb") as file:
                whole.write(file.read())
    tracks = [track for track in vector["tracks"] if track.get("type") != "clcp"]
    # FFmpeg writes no VP8 to MP4.
    clear = "webm" if any("vp08" in track.get("sample_entries", []) for track in tracks) else path.rsplit(".", 1)[1]
    encrypted = any(track.get("samples", 1) > track.get("clear_lead_or_unprotected", 0) for track in tracks)
    for index, track in enumerate(tracks):
        print(vector["id"], path, clear, "encrypted" if encrypted else "clear", index, track["clear_sha256"])
END
previous=
while read -r name file clear samples track sum; do
    if [ "$file" != "$previous" ]; then
        for system in $systems; do
            plays "$name with $system" "$file" --keys "${file%.*}.json" --system "$system" --output "$work/out.$clear"
            if [ "$samples" = clear ] || grep -qE '^ +[0-9]+ +(video|audio) .* (cenc|cens|cbc1|cbcs) ' "$work/stdout"; then ok; else
                not_ok "$name with $system: nothing was decrypted"
            fi
        done
    fi
    previous=$file
    all=()
    [ "$clear" = webm ] || all=(-ignore_editlist 1)
    found=$(ffmpeg -nostdin -v error "${all[@]}" -i "$work/out.$clear" -map "0:$track" -c copy -f data - | sha256sum)
    if [ "${found%% *}" = "$sum" ]; then ok; else not_ok "$name: the data of track $track differ from the clear original's"; fi
done <"$work/vectors"
echo "    $(wc -l <"$work/vectors") tracks"
playlist=$vectors/shaka-packager/multi-drms-audio/stream_0.m3u8
[ ! -r "$playlist" ] || plays "playlist of Shaka Packager" "$playlist" --keys "$(grep -l MTIzNDU2Nzg5MDEyMzQ1Ng "$work"/vector*.json | head -n 1)"

echo "A request for each pssh box"
python3 - "$media/cenc.mp4" "$work/boxes.mp4" <<'END'
import struct, sys

data = open(sys.argv[1], "rb").read()
system = bytes.fromhex("47a10ff0ca3c49c69c12a764ffde091f")
moov = data.index(b"moov") - 4
end = moov + struct.unpack_from(">I", data, moov)[0]
own = data.index(b"\1\0\0\0" + system) - 8  # one box with two key ids, and the last one of moov
size, = struct.unpack_from(">I", data, own)
ids = [data[own + 32 + 16 * i:own + 48 + 16 * i] for i in range(2)]
boxes = b"".join(struct.pack(">I4sI16sI16sI", 52, b"pssh", 1 << 24, system, 1, each, 0) for each in ids + ids)
assert own + size == end
out = bytearray(data[:own] + boxes + data[end:])
struct.pack_into(">I", out, moov, own - moov + len(boxes))
open(sys.argv[2], "wb").write(out)
END
NATIVE_DRM_LOG=debug play "$work/boxes.mp4" --keys "$media/keys.json" --packet-md5 "$work/packets" --quiet
same "packets of a file with several boxes" "$work/clear.packets" "$work/packets"
requests=$(grep -c 'media key request' "$work/stderr")
if [ "$requests" -eq 2 ]; then ok; else not_ok "$requests requests for two key ids in two boxes, each there twice"; fi

if command -v readelf >/dev/null; then
    echo "Where the player looks for the library"
    if readelf -d "$drmplay" | sed -n 's/.*RUNPATH.*\[\(.*\)\]/\1/p' | tr ':' '\n' | grep -v '^[$]ORIGIN' | grep -q .; then
        not_ok "the player's RUNPATH has an absolute path: $(readelf -d "$drmplay" | grep RUNPATH)"
    else
        ok
    fi
fi

echo "What must be refused"
keys=$media/keys.json
refuses "no argument" 2 "no file to play"
refuses "unknown option" 2 "unknown option --nonsense" "$media/cenc.mp4" --nonsense
refuses "option without value" 2 "--keys needs a value" "$media/cenc.mp4" --keys
refuses "two files" 2 "one file at a time" "$media/cenc.mp4" "$media/cbcs.mp4"
refuses "frames without decoding" 2 "--no-decode has no frames" "$media/cenc.mp4" --no-decode --frame-md5 "$work/frames"
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
# Boxes that lie: whatever comes of it, the player ends by itself, and soon.
python3 - "$media/cbcs.mp4" "$work" <<'END'
import random, struct, sys

path, work = sys.argv[1:]
data = open(path, "rb").read()
chance = random.Random(1)
at, places = 0, []
while at < len(data):
    size, kind = struct.unpack_from(">I4s", data, at)
    if kind != b"mdat":
        places += range(at + 8, at + size - 4)
    at += size
for number in range(60):
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        value = chance.choice((0, 1, 2, 0xffff, 0x10001, 0x7fffffff, 0xffffffff, chance.getrandbits(32)))
        struct.pack_into(">I", damaged, chance.choice(places), value)
    open(f"{work}/damaged{number}.mp4", "wb").write(damaged)
END
for number in {0..59}; do
    play "$work/damaged$number.mp4" --keys "$keys" --no-decode --output "$work/damaged.out.mp4"
    if [ $status -le 1 ]; then ok; else not_ok "damaged file $number: exit status $status"; fi
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

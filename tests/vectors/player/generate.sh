#!/usr/bin/env bash
# Makes the files of this directory that are its own: generate.sh PACKAGER (Shaka Packager 3; and ffmpeg with its encoders).
# Each X-clear goes the same way as X, without encryption.
set -euo pipefail
packager=${1:?usage: generate.sh PACKAGER}
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key=00112233445566778899aabbccddeeff
kid=0123456789abcdef0123456789abcdef
sound=(-f lavfi -i sine=frequency=440:sample_rate=48000:duration=0.6)
pictures=(-f lavfi -i testsrc=size=128x72:rate=25:duration=0.8 -pix_fmt yuv420p)
encode() { ffmpeg -nostdin -v error -y "${@:1:$#-1}" -fflags +bitexact -flags +bitexact -strict experimental "${@: -1}"; }

encode "${sound[@]}" -c:a eac3 -b:a 64k "$work/eac3.mp4"
encode "${sound[@]}" -c:a libmp3lame -b:a 48k "$work/mp3.mp4"
encode "${sound[@]}" -c:a flac "$work/flac.mp4"
encode "${sound[@]}" -c:a aac -b:a 32k "$work/aac.mp4"
encode "${sound[@]}" -c:a libopus -b:a 32k "$work/opus.mp4"
encode "${sound[@]}" -c:a libvorbis -b:a 48k "$work/vorbis.webm"
encode "${sound[@]}" -c:a libvorbis -b:a 48k "$work/vorbis.mp4"
encode "${pictures[@]}" -c:v libvpx -b:v 60k "$work/vp8.webm"
encode "${pictures[@]}" -c:v libvpx-vp9 -b:v 60k "$work/vp9.webm"
encode "${pictures[@]}" -c:v libaom-av1 -cpu-used 8 -b:v 60k "$work/av1.mp4"
encode "${pictures[@]}" -c:v libx264 -g 10 -bf 2 -b:v 60k "$work/avc.mp4"
encode "${pictures[@]}" -c:v libx265 -tag:v hvc1 -x265-params log-level=none:pools=1 -b:v 60k "$work/hevc.mp4"

# pack NAME INPUT KIND SCHEME OPTION...: makes NAME and its clear twin.
pack() {
    local name=$1 input=$work/$2 kind=$3 scheme=$4
    shift 4
    "$packager" --quiet "in=$input,stream=$kind,output=${name%.*}-clear.${name##*.}"
    "$packager" --quiet "in=$input,stream=$kind,output=$name" --enable_raw_key_encryption --clear_lead 0 \
        --keys "label=:key_id=$kid:key=$key" --protection_scheme "$scheme" --protection_systems Common "$@"
}
pack eac3.mp4 eac3.mp4 audio cbcs
pack opus.mp4 opus.mp4 audio cenc
pack vorbis.webm vorbis.webm audio cenc
pack vp8.webm vp8.webm video cenc
pack vp9.webm vp9.webm video cenc
pack vp9.mp4 vp9.webm video cenc
pack av1.mp4 av1.mp4 video cbcs
pack hevc.mp4 hevc.mp4 video cenc

# ffmpeg's own encryption where the packager has none.
for name in mp3 flac vorbis; do
    encode -i "$work/$name.mp4" -c copy "$name-clear.mp4"
    encode -i "$work/$name.mp4" -c copy -encryption_scheme cenc-aes-ctr -encryption_key "$key" -encryption_kid "$kid" "$name.mp4"
done

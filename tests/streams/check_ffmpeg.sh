#!/bin/sh
# Checks tests/streams/sample-aes with FFmpeg's HLS demuxer, which decrypts SAMPLE-AES by itself (from 5.0 on): it gives the same
# elementary streams of the encrypted segments as of the clear ones. Exits with 77, which ctest takes for skipped, where there
# is no such ffmpeg. Packed AC-3 and E-AC-3 are left out: FFmpeg's demuxers for them do not give whole frames to decrypt.
set -eu
streams=$(cd "$(dirname "$0")" && pwd)/sample-aes
command -v ffmpeg > /dev/null || { echo "ffmpeg is not installed"; exit 77; }
major=$(ffmpeg -version | sed -n '1s/^ffmpeg version n\{0,1\}\([0-9]*\)\..*/\1/p')
[ "${major:-99}" -ge 5 ] || { echo "ffmpeg $major does not decrypt SAMPLE-AES"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf ' !"#$%%&'\''()*+,-./' > "$work/key" # 20 to 2f

stream() { # clear|encrypted FILE
    cp "$streams/$1/$2" "$work/"
    {
        printf '#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:2\n'
        [ "$1" = clear ] ||
            printf '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key",IV=0x303132333435363738393a3b3c3d3e3f,KEYFORMAT="identity"\n'
        # Twice: FFmpeg does not decrypt what it only gives out at the end of the last segment.
        printf '#EXTINF:1.0,\n%s\n#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\n%s\n#EXT-X-ENDLIST\n' "$2" "$2"
    } > "$work/$1.m3u8"
    ffmpeg -v quiet -allowed_extensions ALL -i "$work/$1.m3u8" -map 0 -c copy -f data "$work/$1.out"
}

failed=0
for name in h264.ts slices.ts prevention.ts aac.ts ac3.ts ec3.ts aac.aac; do
    rm -f "$work"/*.out
    stream clear "$name"
    stream encrypted "$name"
    half=$(($(wc -c < "$work/clear.out") / 2))
    if [ "$half" -gt 3000 ] && cmp -s -n "$half" "$work/clear.out" "$work/encrypted.out" &&
        ! cmp -s "$streams/clear/$name" "$streams/encrypted/$name"; then
        echo "$name: $half bytes"
    else
        echo "$name: FFmpeg gives another stream than the packager's clear output has"
        failed=1
    fi
done
exit $failed

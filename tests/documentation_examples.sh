#!/usr/bin/env bash
# Compiles every C block of a Markdown file, runs it and compares what the README's first one prints.
# Arguments: directory of the library's build tree (with libnative_drm.so.0), Markdown files.
set -euo pipefail
library=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
for document in "$@"; do
    awk -v prefix="$work/$(basename "$document" .md)" '
        /^```c$/ { n++; inside = 1; next }
        /^```/ { inside = 0 }
        inside { print > (prefix "-" n ".c") }' "$document"
done
for source in "$work"/*.c; do
    program=${source%.c}
    ${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror \
        -I"$root/include/multimedia/drm_framework" -I"$root/include/multimedia/player_framework" \
        -I"$root/include/multimedia/av_session" \
        "$source" -o "$program" -L"$library" -l:libnative_drm.so.0
    output=$(LD_LIBRARY_PATH="$library" "$program")
    if [[ $(basename "$program") == README-1 && $output != 'Hello, encrypted world!' ]]; then
        echo "the README's example printed: $output" >&2
        exit 1
    fi
    count=$((count + 1))
done
if ((count == 0)); then
    echo 'no C example found' >&2
    exit 1
fi
echo "$count C examples compiled and ran"

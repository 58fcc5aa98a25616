#!/usr/bin/env bash
# Holds the documentation against what there is:
# - every C++ block of the Markdown files given compiles, every C block compiles and runs, and the READMEs' first one prints what they say;
#   every Python block runs, every JSON block is JSON;
# - in all documents, links lead to files and headings that exist, files of the source tree that are named exist, and functions that are
#   named are declared in the headers.
# Arguments: directory of the library's build tree (with libnative_drm.so.0), Markdown files.
set -euo pipefail
library=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export NATIVE_DRM_STORAGE_DIR=$work/storage
count=0
# The name of a document's files in $work.
name_of() {
    local name=${1#"$root/"}
    name=${name%.md}
    echo "${name//\//-}"
}
for document in "$@"; do
    awk -v prefix="$work/$(name_of "$document")" '
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
    if [[ $(basename "$program") == README*-1 && $output != 'Hello, encrypted world!' ]]; then
        echo "the README's example printed: $output" >&2
        exit 1
    fi
    count=$((count + 1))
done
# C++ blocks compile; what they need of a player is theirs to say in parameters.
for document in "$@"; do
    source=$work/$(name_of "$document").cpp
    awk '/^```cpp$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$document" >"$source"
    if [[ -s $source ]]; then
        ${CXX:-c++} -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$root/include" "$source"
        count=$((count + 1))
    fi
done
for document in "$@"; do
    awk -v prefix="$work/$(name_of "$document")" '
        /^```(python|json)$/ { n++; kind = substr($0, 4); next }
        /^```/ { kind = "" }
        kind { print > (prefix "-" n "." kind) }' "$document"
done
shopt -s nullglob
for source in "$work"/*.python; do
    python3 "$source" >/dev/null
    count=$((count + 1))
done
for source in "$work"/*.json; do
    python3 -m json.tool "$source" >/dev/null
    count=$((count + 1))
done
if ((count == 0)); then
    echo 'no C example found' >&2
    exit 1
fi

shopt -s globstar nullglob
cd "$root"
faults=0
fault() {
    echo "$1" >&2
    faults=$((faults + 1))
}
# The names by which links reach the headings of a document.
headings() { sed -nE 's/^#+ //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'; }
documents=(*.md docs/**/*.md examples/*.md bindings/*/README.md tests/*/README.md)
# Kits of OpenHarmony that players have to do with and that are not mirrored here.
other_kits='OH_AVPlayer|OH_AVDemuxer|OH_VideoDecoder'
cat include/*.h include/multimedia/*/*.h >"$work/headers"
for document in "${documents[@]}"; do
    # Links, without those to the web.
    while read -r link; do
        target=$document
        if [[ ${link%%#*} ]]; then
            target=$(dirname "$document")/${link%%#*}
        fi
        if [[ ! -e $target ]]; then
            fault "$document: there is no $target"
        elif [[ $link == *#* ]] && ! headings "$target" | grep -qxF -- "${link#*#}"; then
            fault "$document: no heading of $target is #${link#*#}"
        fi
    done < <(awk '/^```/ { inside = !inside } !inside' "$document" | grep -oE '\]\([^)]+\)' | sed -E 's/^\]\((.*)\)$/\1/' | grep -vE '^(https?|mailto):' || true)
    # Files of the tree in backticks, perhaps with *.
    while read -r name; do
        if ! compgen -G "$name" >/dev/null; then
            fault "$document: there is no $name"
        fi
    done < <(grep -oE '`(\.github|benches|bindings|c_tests|cmake|crates|docs|examples|fuzz|include|packaging|scripts|server|src|tests)/[A-Za-z0-9_./*-]+`' \
        "$document" | tr -d '`' | sort -u || true)
    while read -r name; do
        if ! grep -qE "\b$name\b" "$work/headers"; then
            fault "$document: no header has $name"
        fi
    done < <(grep -oE '\bOH_[A-Za-z]+_[A-Za-z0-9]+\b' "$document" | grep -vE "^($other_kits)_" | sort -u || true)
done
lines=$(wc -l <README.md)
if ((lines > 150)); then
    fault "README.md has $lines lines; what does not belong into 150 belongs into docs/"
fi
if ((faults > 0)); then
    exit 1
fi
echo "$count examples compiled, those in C and Python ran; ${#documents[@]} documents name only what is there"

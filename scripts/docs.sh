#!/usr/bin/env bash
# Builds the documentation site: guides (Zensical), the headers' reference (Doxygen), man pages, search, pictures. Installs what is missing.
# Any warning, such as a broken link, fails it.
#   scripts/docs.sh [DIRECTORY]    default: build/site; open its index.html
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib/install.sh
source scripts/lib/install.sh
site=${1:-build/site}
mkdir -p "$(dirname "$site")"
require cmd:doxygen=doxygen cmd:mandoc=mandoc py:ensurepip=python3-venv cmd:git=git
tools=$(realpath -m "${NATIVE_DRM_SITE_TOOLS:-build/site-tools}")
if ! cmp -s docs/site/requirements.txt "$tools/installed"; then
    python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --requirement docs/site/requirements.txt
    cp docs/site/requirements.txt "$tools/installed"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Documents and their pictures.
git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard -- '*.md' 'docs/*.svg' 'docs/*.png' 'docs/*.json' |
    grep -vE '^(docs/site|fuzz|\.github)/' |
    xargs python3 docs/site/stage.py "$work"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
(cat docs/site/Doxyfile && echo "OUTPUT_DIRECTORY = $work" && echo "PROJECT_NUMBER = $version") | doxygen -
(cd "$work" && "$tools/bin/zensical" build --strict)
cp -r "$work/api" "$work/site/api"
mkdir "$work/site/man"
cp docs/site/man.css "$work/site/man"
for page in packaging/*/*.[1-8]; do
    mandoc -W warning -T html -I os= -O 'man=%N.%S.html,style=man.css' "$page" >"$work/site/man/${page##*/}.html" 2>"$work/said" || true
    # Of what the generator of most pages writes, dates and breaks are not as mandoc likes them.
    if grep -vE 'WARNING: (missing date|cannot parse date|skipping paragraph macro: br)|see above the output for WARNING' "$work/said" >&2; then
        exit 1
    fi
done
python3 docs/site/check_links.py "$work/site"
rm -rf "$site"
cp -r "$work/site" "$site"
echo "$site/index.html"

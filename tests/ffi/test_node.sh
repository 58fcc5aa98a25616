#!/bin/sh
# test_node.sh LIBRARY DIRECTORY: installs koffi below DIRECTORY as the lock file says and runs test_node.mjs there.
set -eu
library=$1
directory=$2
source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for program in node npm; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "$program is missing (Debian packages: nodejs npm)" >&2
        exit 1
    fi
done
mkdir -p "$directory"
cp "$source"/package.json "$source"/package-lock.json "$source"/*.mjs "$directory"/
cd "$directory"
# Kept from an earlier run if the lock file is the same. koffi's prebuilt module is a package of its own: no scripts.
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --ignore-scripts --no-audit --no-fund
    cp package-lock.json node_modules/.installed
fi
exec node test_node.mjs "$library"

#!/usr/bin/env bash
# Packs the package for Node.js, with the library inside; installs what is missing.
#
#   scripts/build-npm.sh [--target x86_64|aarch64] [libnative_drm.so]      native-drm-host is beside it
#
# Without an argument scripts/portable-library.sh makes the library (glibc 2.17). The tarball is written to build/bindings/dist,
# one for another machine to a directory of its own there.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"
# shellcheck source=scripts/lib/tools.sh
. "$root/scripts/lib/tools.sh"

package_machine "$@"
library=${arguments[0]:-}
if [[ -z $library ]]; then
    library=$root/build/bindings/$machine/libnative_drm.so
    "$root/scripts/portable-library.sh" --target "$machine" "$library"
fi
require cmd:node=nodejs cmd:npm=npm
declare -A processors=([x86_64]=x64 [aarch64]=arm64)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for name in README.md index.js index.mjs index.d.ts lib package.json; do
    cp -r "$root/bindings/node/$name" "$work"
done
cp "$root/LICENSE" "$root/packaging/THIRD-PARTY.txt" "$work"
mkdir "$work/native"
cp "$library" "$work/native/libnative_drm.so"
"$strip" "$work/native/libnative_drm.so"
# One of the places where the library looks for it (src/isolation/places.rs).
install -D "$(dirname "$library")/native-drm-host" "$work/native/native_drm/native-drm-host"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
(
    cd "$work"
    npm pkg set "version=$version" "cpu[0]=${processors[$machine]}"
    npm pack --silent >/dev/null
)
mkdir -p "$dist"
rm -f "$dist"/*.tgz
mv "$work"/native-drm-*.tgz "$dist"
tarball=$(echo "$dist"/*.tgz)
size=$(stat --format %s "$tarball")
echo "$(basename "$tarball"): $size bytes"
if ((size > 4 * 1000 * 1000)); then
    echo "that is more than 4 MB" >&2
    exit 1
fi

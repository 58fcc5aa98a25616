#!/usr/bin/env bash
# Builds the wheel of the Python package, with the library inside; installs what is missing.
#
#   scripts/build-wheel.sh [--target x86_64|aarch64] [libnative_drm.so]      native-drm-host is beside it
#
# Without an argument scripts/portable-library.sh makes the library (glibc 2.17). auditwheel decides which tag the wheel gets, and refuses
# a library that no tag is for. The wheel is written to build/bindings/dist,
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
build_tools
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$root/bindings/python" "$work/package"
find "$work/package" -name __pycache__ -prune -exec rm -rf {} +
cp "$root/LICENSE" "$root/packaging/THIRD-PARTY.txt" "$work/package"
cp "$library" "$work/package/src/native_drm/libnative_drm.so"
"$strip" "$work/package/src/native_drm/libnative_drm.so"
# One of the places where the library looks for it (src/isolation/places.rs).
install -D "$(dirname "$library")/native-drm-host" "$work/package/src/native_drm/native_drm/native-drm-host"
NATIVE_DRM_VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
export NATIVE_DRM_VERSION
# Instead of the machine that Python itself is for.
export _PYTHON_HOST_PLATFORM=linux-$machine
"$tools/python" -m build --wheel --no-isolation --outdir "$work/built" "$work/package" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
mkdir -p "$dist"
rm -f "$dist"/*.whl
PATH=$tools:$PATH auditwheel repair --plat auto --only-plat --wheel-dir "$dist" "$work/built"/*.whl >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
wheel=$(echo "$dist"/*.whl)
size=$(stat --format %s "$wheel")
echo "$(basename "$wheel"): $size bytes"
if ((size > 4 * 1000 * 1000)); then
    echo "that is more than 4 MB" >&2
    exit 1
fi

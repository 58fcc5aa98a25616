#!/usr/bin/env bash
# Builds the packages for Python and Node.js and tests them as they are installed: in an empty virtual environment and an empty folder.
# Installs what is missing.
#
#   scripts/test-bindings.sh [libnative_drm.a]      the static library to link; without it cargo builds it
#   scripts/test-bindings.sh --bench                what a decrypt costs more than from C, for packages that were tested before
#
# Packages: build/bindings/dist.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"
build=$root/build/bindings
mkdir -p "$build"

require cmd:gcc=gcc cmd:strip=binutils cmd:python3=python3 py:ensurepip=python3-venv cmd:node=nodejs cmd:npm=npm

if [[ ${1:-} == --bench ]]; then
    export NATIVE_DRM_STORAGE_DIR=$build/storage/bench
    "$build/python/bin/python" "$root/bindings/python/bench.py"
    echo
    node "$root/bindings/node/bench.js" "$build/node"
    exit
fi

python3 "$root/scripts/gen_bindings.py" --check
"$root/scripts/portable-library.sh" "$build/libnative_drm.so" "$@"

# The tests must not reach the source of the package, the user's stored keys or a session bus.
export DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent PYTHONDONTWRITEBYTECODE=1
unset PYTHONPATH NODE_PATH NATIVE_DRM_LIBRARY
rm -rf "$build/storage"

python_package() {
    "$root/scripts/build-wheel.sh" "$build/libnative_drm.so"
    local environment=$build/python wanted=$root/bindings/python/requirements-test.txt
    if ! cmp -s "$wanted" "$environment/installed"; then
        rm -rf "$environment"
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
        cp "$wanted" "$environment/installed"
    fi
    "$environment/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-index --no-deps "$build"/dist/*.whl
    mkdir -p "$build/empty"
    cd "$build/empty"
    NATIVE_DRM_STORAGE_DIR=$build/storage/python "$environment/bin/python" -m pytest -q -p no:cacheprovider "$root/bindings/python/tests"
}

node_package() {
    "$root/scripts/build-npm.sh" "$build/libnative_drm.so"
    local folder=$build/node
    mkdir -p "$folder"
    rm -f "$folder"/*.mjs "$folder"/*.ts
    cp "$root"/bindings/node/test/* "$folder"
    cd "$folder"
    # koffi's prebuilt module is a package of its own: no scripts. What is installed already is not fetched again, but the package is unpacked.
    rm -rf node_modules/native-drm node_modules/.package-lock.json
    npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefer-offline --install-links "$build"/dist/*.tgz
    node_modules/.bin/tsc --strict --noEmit --target es2022 --module node16 --moduleResolution node16 typed.ts
    NATIVE_DRM_README=$root/bindings/node/README.md NATIVE_DRM_FACTS=$root/c_tests/abi NATIVE_DRM_STORAGE_DIR=$build/storage/node \
        node --test native-drm.test.mjs isolated.test.mjs workers.test.mjs readme.test.mjs
}

# Both at the same time: each waits a lot.
(node_package) >"$build/node.log" 2>&1 &
node=$!
# No condition, in which set -e would not hold.
set +e
(
    set -e
    python_package
)
status=$?
set -e
wait "$node" || status=1
cat "$build/node.log"
exit "$status"

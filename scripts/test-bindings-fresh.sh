#!/usr/bin/env bash
# Tries the packages for Python and Node.js in a fresh Debian without Rust, compiler and source, as root; installs what is missing.
#
#   scripts/test-bindings-fresh.sh      after scripts/test-bindings.sh, whose packages it takes
#
# Debian's own Python and Node.js, in a system made by debootstrap: the packages are installed as their READMEs say, and every example of the
# READMEs is run. Needs Debian's mirror and the npm registry (for koffi); not a part of scripts/test.sh.
#
# NATIVE_DRM_DEBIAN: a directory with such a system, to be copied in place of a new one. NATIVE_DRM_DEB_MIRROR, NATIVE_DRM_DEB_SUITE: whence
# and what; bookworm. NATIVE_DRM_NPM_REGISTRY: another registry.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/lib/install.sh
. "$root/scripts/lib/install.sh"
fail() {
    echo "test-bindings-fresh.sh: $*" >&2
    exit 1
}
[[ $(id -u) -eq 0 ]] || fail "debootstrap and chroot are root's: start again as root"
dist=$root/build/bindings/dist
# Those for another machine are in directories below.
wheel=$(find "$dist" -maxdepth 1 -name '*.whl' 2>/dev/null) tarball=$(find "$dist" -maxdepth 1 -name '*.tgz' 2>/dev/null)
[[ -n $wheel && -n $tarball ]] || fail "there are no packages: scripts/test-bindings.sh makes them"
require cmd:debootstrap=debootstrap cmd:python3=python3

work=$(mktemp -d)
debian=$work/debian
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    if mountpoint -q "$debian/proc"; then umount "$debian/proc"; fi
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
in_debian() {
    chroot "$debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        NATIVE_DRM_STORAGE_DIR=/root/store DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent "$@"
}
# quietly WHAT COMMAND...
quietly() {
    local what=$1
    shift
    "$@" >"$work/log" 2>&1 || {
        tail -n 30 "$work/log" >&2
        fail "$what"
    }
}

if [[ -n ${NATIVE_DRM_DEBIAN:-} ]]; then
    cp -a --one-file-system "$NATIVE_DRM_DEBIAN" "$debian"
else
    quietly debootstrap debootstrap --variant=minbase "${NATIVE_DRM_DEB_SUITE:-bookworm}" "$debian" "${NATIVE_DRM_DEB_MIRROR:-http://deb.debian.org/debian}"
    quietly "installing Python and Node.js" in_debian sh -c \
        'apt-get -qq update && apt-get -qq -y install --no-install-recommends python3 python3-venv nodejs npm ca-certificates'
fi
mount -t proc proc "$debian/proc"
for program in gcc cc clang rustc cargo; do
    if in_debian sh -c "command -v $program" >/dev/null; then
        fail "there is $program: this proves nothing"
    fi
done

# examples LANGUAGE README SUFFIX: writes the code blocks, and says how many there are.
examples() {
    python3 - "$1" "$2" "$debian/root/$1" "$3" <<'END'
import pathlib, re, sys
language, readme, folder, suffix = sys.argv[1:]
blocks = re.findall(rf"^```{language}\n(.*?)^```$", pathlib.Path(readme).read_text(), re.DOTALL | re.MULTILINE)
pathlib.Path(folder).mkdir(exist_ok=True)
for number, block in enumerate(blocks):
    pathlib.Path(folder, f"example{number}.{suffix}").write_text(block)
assert len(blocks) >= 5, "examples are missing"
print(len(blocks))
END
}

count=$(examples python "$root/bindings/python/README.md" py)
cp "$wheel" "$debian/root/python"
quietly "pip install" in_debian sh -ec 'cd /root/python; python3 -m venv environment; environment/bin/pip install --no-index *.whl'
for ((number = 0; number < count; number++)); do
    quietly "Python: example $number" in_debian sh -c "cd /root/python; environment/bin/python -W error example$number.py"
done
echo "Python $(in_debian python3 -c 'import platform; print(platform.python_version())'): $count examples of the README ran"

count=$(examples js "$root/bindings/node/README.md" mjs)
cp "$tarball" "$debian/root/js/native-drm.tgz"
cp -L /etc/resolv.conf "$debian/etc/resolv.conf"
# Behind a proxy this machine may trust more authorities than a fresh one.
cp /etc/ssl/certs/ca-certificates.crt "$debian/root/js/authorities.pem"
registry=${NATIVE_DRM_NPM_REGISTRY:-https://registry.npmjs.org/}
quietly "npm install" in_debian sh -ec 'cd /root/js; npm install --cafile authorities.pem --registry "$1" --no-audit --no-fund ./native-drm.tgz' sh "$registry"
for ((number = 0; number < count; number++)); do
    quietly "Node.js: example $number" in_debian sh -c "cd /root/js; node example$number.mjs"
done
echo "Node.js $(in_debian node --version): $count examples of the README ran"
